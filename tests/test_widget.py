"""
The page in a notebook: findings and assessment live in Python; clicked in Chromium in a bare cell, and in JupyterLab where it is installed.
"""

import copy
import json
import pickle
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="anywidget is absent (extra notebook)")
import traitlets
from playwright.sync_api import Browser, Frame, FrameLocator, sync_playwright

import mps_rules as mps
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import json_api
from mps_rules.service.framed import WEB, PageWidget, bundled, page

CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]

ACHE: dict[str, Any] = {"pain.low_back.left": True, "pain_dull_deep_ache": True}
CELL = """<!doctype html><html><body><div id="cell"></div><script type="module">
const listeners = [];
window.tell = (message) => listeners.forEach((one) => one(message));
const model = {
  get: (name) => ({ height: "700px" })[name],
  send: async (message) => (await window.kernel(message)).forEach(window.tell),
  on: (name, listener) => name === "msg:custom" && listeners.push(listener),
  off: () => {},
};
const { default: widget } = await import("data:text/javascript;base64," + btoa(unescape(encodeURIComponent(await window.front()))));
widget.render({ model, el: document.getElementById("cell") });
</script></body></html>"""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a widget sends to its cell."""
    kept: list[dict[str, Any]] = []
    monkeypatch.setattr(PageWidget, "send", lambda _, content: kept.append(content))
    return kept


# --- in Python --------------------------------------------------------------------------------------------------------


def test_findings_and_assessment_follow_each_other_and_can_be_watched(kb: KnowledgeBase) -> None:
    widget = mps.widget(kb, ACHE)
    seen: list[tuple[Any, str]] = []
    widget.observe(lambda change: seen.append((change.new, widget.assessment.urgency)), "findings")
    widget.findings = {"saddle_anaesthesia": True}

    assert [({"saddle_anaesthesia": True}, "emergency")] == seen
    assert mps.evaluate({"saddle_anaesthesia": True}, kb) == widget.assessment
    with pytest.raises(traitlets.TraitError):
        widget.assessment = mps.evaluate({}, kb)


def test_findings_that_cannot_be_read_are_refused_and_everything_stays(kb: KnowledgeBase) -> None:
    widget = mps.widget(kb, ACHE)
    before = (widget.findings, widget.assessment)
    with pytest.raises(mps.FindingError, match="closest is 'fever'"):
        widget.findings = {"fevr": True}

    assert before == (widget.findings, widget.assessment)


def test_what_the_page_asks_is_answered_as_by_its_server_and_is_what_is_known(kb: KnowledgeBase, sent: list[dict[str, Any]]) -> None:
    widget = mps.widget(kb)
    for operation, asked in (
        ("vocabulary", {}),
        ("findings", {}),
        ("search", {"text": "sciatica"}),
        ("evaluate", {"findings": {"fever": True}}),
    ):
        widget._heard(widget, {"id": operation, "operation": operation, "asked": asked, "page": "a"}, [])
    widget._heard(widget, {"id": 1, "page": "a", "operation": "evaluate", "asked": {"findings": {"fevr": True}}}, [])

    found = {one["id"]: (one["status"], one["answer"]) for one in sent if "id" in one}
    assert (200, json_api.vocabulary(kb)) == found["vocabulary"]
    assert (200, {"findings": {}}) == found["findings"]
    assert json_api.answered("search", {"text": "sciatica"}, kb) == found["search"]
    assert json_api.answered("evaluate", {"findings": {"fever": True}}, kb) == found["evaluate"]
    assert 422 == found[1][0]
    assert {"fever": True} == widget.findings
    assert [{"told": {"fever": True}, "by": "a"}] == [one for one in sent if "told" in one], "the page that said it need not take it"


def test_a_page_that_has_just_opened_does_not_say_that_nothing_is_known(kb: KnowledgeBase, sent: list[dict[str, Any]]) -> None:
    widget = mps.widget(kb, {"fever": True})
    widget._heard(widget, {"id": 1, "page": None, "operation": "evaluate", "asked": {"findings": {}}}, [])

    assert {"fever": True} == widget.findings


def test_what_a_cell_sets_is_told_to_the_page(kb: KnowledgeBase, sent: list[dict[str, Any]]) -> None:
    widget = mps.widget(kb)
    widget.findings = {"fever": False}

    assert {"told": {"fever": False}, "by": None} == sent[-1]


def test_nothing_of_a_patient_is_in_the_state_that_a_notebook_saves(kb: KnowledgeBase) -> None:
    state = mps.widget(kb, {"saddle_anaesthesia": True, "age_years": 54}).get_state()

    assert {"_esm", "height"} <= set(state)
    assert not {"findings", "assessment"} & set(state)


def test_the_assessment_of_a_widget_can_be_copied_and_pickled(kb: KnowledgeBase) -> None:
    assessment = mps.widget(kb, ACHE).assessment

    assert str(assessment.why("myofascial_pain")) == str(copy.deepcopy(assessment).why("myofascial_pain"))
    assert assessment.brief()["hypotheses"] == mps.attach(pickle.loads(pickle.dumps(assessment)), kb).brief()["hypotheses"]


def test_importing_the_library_brings_in_no_widget_library() -> None:
    code = "import sys, mps_rules; print([name for name in ('anywidget', 'traitlets', 'mps_rules.service.framed') if name in sys.modules])"
    assert "[]" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_without_anywidget_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['anywidget'] = None\nimport mps_rules as mps\ntry: mps.widget()\nexcept mps.UnsupportedError as e: print(e)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "the widget needs anywidget: pip install 'mps-rules[notebook]'" == printed.strip()


def test_the_frame_holds_every_module_of_the_page_once_and_loads_nothing() -> None:
    whole = page()

    for path in WEB.glob("*.js"):
        assert 1 == whole.count(f"const _{path.stem} = (() => {{")
    assert not [part for part in ('src="', 'rel="stylesheet"', "import {", "import *", "export ") if part in whole.replace('href="', "")]
    assert bundled("dom") in whole


# --- in Chromium ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


def waits(true: Callable[[], bool], turn: Callable[[], Any], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        turn()


@in_chromium
def test_in_a_bare_cell_a_click_an_answer_and_a_cell_change_what_is_known(
    browser: Browser, kb: KnowledgeBase, sent: list[dict[str, Any]]
) -> None:
    widget = mps.widget(kb, {"fever": False})
    made = browser.new_page(viewport={"width": 1200, "height": 800})
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))

    def kernel(message: Any) -> list[Any]:
        sent.clear()
        widget._heard(widget, message, [])
        return json.loads(json.dumps(sent))  # type: ignore[no-any-return]

    made.expose_function("kernel", kernel)
    made.expose_function("front", lambda: PageWidget._esm)
    made.set_content(CELL)
    frame = made.frame_locator("iframe")
    frame.locator("#known-count").get_by_text("(1)").wait_for(state="attached", timeout=60_000)
    clicked(frame, lambda: "pain" in widget.findings, lambda: made.wait_for_timeout(50))
    assert {"fever": False, "pain": [{"region": "low_back", "side": "left"}]} == widget.findings
    assert "Myofascial pain" in frame.locator("#answer").inner_text()

    sent.clear()
    widget.findings = {**widget.findings, "saddle_anaesthesia": True}
    made.evaluate("(message) => window.tell(message)", sent[-1])
    frame.locator("#answer .alert.emergency").first.wait_for(timeout=60_000)
    assert "cauda equina" in frame.locator("#answer .alert.emergency").first.inner_text().lower()
    assert "emergency" == widget.assessment.urgency
    assert [] == complaints
    made.close()


def clicked(frame: FrameLocator | Frame, known: Callable[[], bool], turn: Callable[[], Any]) -> None:
    """A click on the low back, on the left, and the wait for its answer."""
    frame.locator("body[data-answered]").wait_for(timeout=90_000)
    frame.locator("[data-view=back] [data-place='low_back left']").click()
    waits(known, turn)
    frame.locator("#pains li").first.wait_for(timeout=60_000)
    frame.locator("body:not(.asking)").wait_for(timeout=60_000)


NOTEBOOK = "import mps_rules as mps\nw = mps.widget()\nw"


@in_chromium
@pytest.mark.skipif(find_spec("jupyterlab") is None, reason="JupyterLab is not installed")
def test_in_jupyterlab_a_click_reaches_python_and_a_cell_reaches_the_page(browser: Browser, tmp_path: Path) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": str(number), "metadata": {}, "execution_count": None, "outputs": [], "source": text}
        for number, text in enumerate(
            (NOTEBOOK, "print('KNOWN', w.findings, w.assessment.urgency)", "w.findings = {'saddle_anaesthesia': True}")
        )
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (tmp_path / "patient.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.token=t", "--ServerApp.port=0", f"--ServerApp.root_dir={tmp_path}"]  # fmt: skip
    log = tmp_path / "lab.log"
    with log.open("w") as written, subprocess.Popen(command, stdout=written, stderr=written) as lab:
        try:
            waits(lambda: "http://127.0.0.1" in log.read_text(), lambda: time.sleep(0.2), 120)
            address = re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())[0]
            made = browser.new_page(viewport={"width": 1400, "height": 1000})
            made.goto(f"{address}/lab/tree/patient.ipynb?token=t")
            made.get_by_text("| Idle").wait_for(timeout=120_000)
            run(made, 0)
            frame = made.frame_locator("iframe[title^='Muscle pain']")
            clicked(frame, lambda: True, lambda: None)
            run(made, 1)
            made.get_by_text("KNOWN {'pain': [{'region': 'low_back', 'side': 'left'}]} none").wait_for(timeout=60_000)
            run(made, 2)
            frame.locator("#answer .alert.emergency").first.wait_for(timeout=60_000)
            made.screenshot(path=tmp_path / "lab.png", full_page=True)
            made.close()
        finally:
            lab.terminate()


def run(page: Any, number: int) -> None:
    page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Shift+Enter")
