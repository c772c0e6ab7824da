"""The page without a server, in a real browser: it answers as the library does, asks nobody, and opens without a network; the checks of the site catch what they must."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import api_page
import build
import docs_tree
import mps_rules as mps
import pictures
import static_page
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.service import json_api

CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE = 120_000
"""Milliseconds for the library to load, on a machine with much else to do."""
in_chromium = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif(shutil.which("npm") is None or shutil.which("node") is None, reason="Node and npm are not installed"),
    pytest.mark.xdist_group("static page"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def with_browser(test: Any) -> Any:
    for mark in in_chromium:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("static")
    try:
        packages = build.installed(tmp_path_factory.mktemp("npm"))
    except SystemExit as failed:
        pytest.skip(f"the packages of website/package-lock.json cannot be had here: {str(failed.code)[:400]}")
    static_page.build(made / "try", packages)
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with pictures.served(folder) as given:
        yield f"{given}try/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def asked(context: BrowserContext) -> list[str]:
    """Every address that anything of the page asked."""
    found: list[str] = []
    context.on("request", lambda request: found.append(request.url))
    return found


@pytest.fixture(scope="module")
def page(context: BrowserContext, asked: list[str], address: str) -> Page:
    """The page, opened once, with the library in it."""
    opened = context.new_page()
    opened.on("dialog", lambda dialog: dialog.accept())
    opened.goto(address)
    opened.wait_for_selector("body[data-answered]")
    return opened


def told(page: Page, operation: str, question: Any) -> tuple[int, Any]:
    """What the library in the browser answers."""
    script = "async ([operation, body]) => { const { send } = await import('./transport.js'); const found = await send(operation, { body }); return [found.status, await found.text()]; }"
    status, text = page.evaluate(script, [operation, json.dumps(question)])
    return status, json.loads(text)


@with_browser
def test_every_example_is_answered_as_the_library_answers_it(page: Page, kb: KnowledgeBase) -> None:
    examples = [one["findings"] for one in json_api.examples()["examples"]]

    here = [json_api.answered("evaluate", {"findings": findings}, mps.load()) for findings in examples]

    assert [json.loads(json.dumps(one)) for one in here] == [list(told(page, "evaluate", {"findings": findings})) for findings in examples]
    assert mps.load().digest == kb.digest


@with_browser
@pytest.mark.parametrize("operation", sorted(json_api.OPERATIONS))
def test_every_question_of_the_page_is_answered(page: Page, operation: str) -> None:
    question = {
        "findings": {"pain": ["low_back.left"]},
        "id": "fibromyalgia",
        "text": "pain: [low_back.left]",
        "bundle": {"resourceType": "Bundle", "type": "searchset", "entry": []},
        "written": "2026-01-31T09:00:00Z",
        "on": "2026-01-31",
        "muscle": "piriformis",
        "side": "left",
    }
    status, answer = json_api.answered(operation, question, mps.load())

    assert (status, json.loads(json.dumps(answer))) == told(page, operation, question)


@with_browser
def test_a_wrong_word_is_refused_with_the_closest_one(page: Page) -> None:
    status, answer = told(page, "evaluate", {"findings": {"fevr": True}})

    assert (422, "fever") == (status, answer["faults"][0]["closest"])


@with_browser
def test_a_click_is_answered(page: Page) -> None:
    number = page.evaluate("document.body.dataset.answered")
    page.locator("[data-view=back] [data-place='low_back left']").click()
    page.wait_for_selector(f"body:not([data-answered='{number}']):not(.asking)")

    assert "Myofascial pain" in page.locator("#result").inner_text()


@with_browser
def test_nobody_else_is_asked_and_nobody_could_be(page: Page, context: BrowserContext, asked: list[str], address: str) -> None:
    tried = "fetch('https://elsewhere.example/').then(() => 'asked', () => 'refused')"
    in_worker = f"""() => new Promise((told) => {{
      const worker = new Worker(URL.createObjectURL(new Blob([`{tried}.then((found) => postMessage(found))`])));
      worker.onmessage = ({{ data }}) => told(data);
    }})"""
    before = [url for url in asked if not url.startswith((address, "blob:"))]

    assert ["refused", "refused"] == [page.evaluate(tried), page.evaluate(in_worker)]
    assert before == []
    assert len(asked) > 20
    assert context.cookies() == []


@with_browser
def test_it_opens_without_a_network_once_it_was_open(page: Page, context: BrowserContext) -> None:
    page.wait_for_selector("body[data-offline=ready]")
    context.set_offline(True)
    try:
        page.reload()
        page.wait_for_selector("body[data-answered]")
        status, answer = told(page, "evaluate", {"findings": {"saddle_anaesthesia": True}})
    finally:
        context.set_offline(False)

    assert (200, "emergency") == (status, answer["assessment"]["urgency"])


@with_browser
def test_the_page_can_be_used_by_everybody(page: Page) -> None:
    found = Axe().run(page).response

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


@with_browser
def test_what_is_not_asked_is_not_shipped(page: Page, folder: Path) -> None:
    files = {path.relative_to(folder / "try").as_posix() for path in (folder / "try").rglob("*") if path.is_file()}

    assert {"transport.js", "worker.js", "offline.js", "library.zip", "licences.txt", "pyodide/pyodide.asm.wasm"} <= files
    assert not any(name.endswith((".yaml", ".py", "openapi.json")) for name in files)


# --- the checks of the site -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ('<a href="there.html#here">', []),
        ('<a href="gone.html">', ["index.html: gone.html is not there"]),
        ('<a href="there.html#gone">', ["index.html: there.html#gone has no such heading"]),
        ('<img src="https://elsewhere.example/a.png">', ["index.html loads https://elsewhere.example/a.png"]),
        ('<link rel="stylesheet" href="https://elsewhere.example/a.css">', ["index.html loads https://elsewhere.example/a.css"]),
        ('<a href="https://elsewhere.example/">', []),
    ],
)
def test_a_link_that_leads_nowhere_and_a_file_from_elsewhere_are_found(tmp_path: Path, link: str, fault: list[str]) -> None:
    (tmp_path / "index.html").write_text(link, "utf-8")
    (tmp_path / "there.html").write_text('<h2 id="here">Here</h2>', "utf-8")

    assert docs_tree.broken(tmp_path) == fault


def test_every_page_can_be_reached_and_a_new_one_too() -> None:
    settings = (build.HERE / "zensical.toml").read_text("utf-8")
    pages = docs_tree.written()

    assert all(f'"{page}"' in build.completed(settings, pages) for page in pages)
    assert '{ "More" = ["new.md"] },\n  { "Changes"' in build.completed(settings, ["index.md", "new.md"])


def test_the_page_of_the_python_interface_is_fresh() -> None:
    written = (docs_tree.ROOT / "docs" / "api.md").read_text("utf-8")

    assert api_page.page() == written, "docs/api.md is behind the docstrings: make docs"


def test_the_picture_of_the_answer_is_fresh() -> None:
    assert pictures.answer() == pictures.ANSWER.read_text("utf-8"), "docs/answer.svg is behind: python website/pictures.py answer"


def test_the_python_interface_names_everything_public() -> None:
    headings = {line.lstrip("# ") for line in api_page.page().splitlines() if line.startswith("### ")}

    assert set(mps.__all__) <= headings


def test_nothing_of_a_machine_stands_in_the_lock_of_npm() -> None:
    lock = json.loads((static_page.HERE / "package-lock.json").read_text("utf-8"))

    assert all("integrity" in one for name, one in lock["packages"].items() if name)
    assert "resolved" not in json.dumps(lock)


def test_a_compiler_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "no such module")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)

    with pytest.raises(SystemExit, match="no such module"):
        static_page._compile(tmp_path, tmp_path, tmp_path)
