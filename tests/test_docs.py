"""Every example in a docstring or a page is run: none is passed over because nobody collects it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from doctest import DocTestParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if "_vendor" not in path.parts)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """The file of every example that is run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", "src", "docs", "README.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return [line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line]


def _docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.name))
def test_every_example_of_a_docstring_is_run(path: Path, collected: list[str]) -> None:
    examples = sum(len(DocTestParser().get_examples(text)) for text in _docstrings(path))

    assert collected.count(path.relative_to(ROOT).as_posix()) == examples


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.name))
def test_every_python_block_of_a_page_is_run(path: Path, collected: list[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    examples = sum(len(DocTestParser().get_examples(block)) or 1 for block in blocks)

    assert collected.count(path.relative_to(ROOT).as_posix()) == examples


def test_there_are_examples_to_run(collected: list[str]) -> None:
    assert {"README.md", "src/mps_rules/api.py"} <= set(collected)


def test_the_answer_that_the_readme_shows_is_the_one_that_is_printed() -> None:
    said = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(
        r"All of it for `examples/facet_label\.yaml`, but for the last line, which names the rules:\n\n```\n(.+?)```", said, re.DOTALL
    )
    printed = (ROOT / "tests" / "examples" / "facet_label.txt").read_text(encoding="utf-8")

    assert shown
    assert printed.startswith(shown[1])
