"""What a notebook shows: the page of an assessment, and the example notebooks executed."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import mps_rules as mps
from mps_rules.language.reading import read_text

EXAMPLES = Path(__file__).parents[1] / "examples"


class _Balance(HTMLParser):
    """Counts what is opened and closed, and refuses what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("br", "img", "meta"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()


def page(name: str) -> str:
    path = EXAMPLES / f"{name}.yaml"
    findings: Any = read_text(path.read_text(encoding="utf-8"), path.name).data
    shown = mps.evaluate(findings)._repr_html_()

    assert shown is not None
    return shown


@pytest.mark.parametrize("name", ["facet_label", "widespread_pain", "cauda_equina"])
def test_the_page_is_whole_and_holds_nothing_that_runs_or_loads(name: str) -> None:
    reader = _Balance()
    reader.feed(page(name))

    assert [] == reader.open
    assert not reader.seen & {"script", "iframe", "link", "object", "embed", "form"}
    assert not {name for name in reader.attributes if name.startswith("on") or name in ("src", "href")}


def test_the_page_of_an_emergency_leads_with_it() -> None:
    shown = page("cauda_equina")

    assert shown.index("EMERGENCY: Possible cauda equina") < shown.index("Hypotheses")
    assert 'role="alert"' in shown


def test_an_assessment_without_its_rules_shows_no_page() -> None:
    read_back = mps.Assessment.from_dict(mps.evaluate({"pain": ["low_back.left"]}).to_dict())

    assert read_back._repr_html_() is None


@pytest.mark.parametrize("name", ["one_patient", "referral_graph"])
def test_the_example_notebooks_run_and_show_something(name: str) -> None:
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    kinds = {kind for cell in notebook.cells for output in cell.get("outputs", ()) for kind in output.get("data", {})}

    assert {"image/svg+xml", "text/plain"} <= kinds
