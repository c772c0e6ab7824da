"""
What the examples print is kept beside the tests, so that a change of the rules or the wording shows in a review.

``python tests/test_examples.py`` writes the kept outputs anew.
"""

import re
import runpy
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from mps_rules.command.cli import main

EXAMPLES = Path(__file__).parents[1] / "examples"
KEPT = Path(__file__).parent / "examples"


def _evaluated(name: str) -> str:
    result = CliRunner().invoke(main, ["evaluate", str(EXAMPLES / f"{name}.yaml")])
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def _run(name: str) -> str:
    printed = StringIO()
    with redirect_stdout(printed):
        runpy.run_path(str(EXAMPLES / f"{name}.py"))
    return printed.getvalue()


PRINTED: Mapping[str, Callable[[], str]] = {
    **{name: partial(_evaluated, name) for name in ("facet_label", "cauda_equina", "widespread_pain", "simple_back_pain", "arm_pain")},
    "from_python": partial(_run, "from_python"),
}


def masked(text: str) -> str:
    """The text without the digest of the rules, which any edit of a rule changes."""
    return re.sub(r"(digest\s+)[0-9a-f]{12}", r"\1xxxxxxxxxxxx", text)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_was_kept(name: str) -> None:
    kept = (KEPT / f"{name}.txt").read_text(encoding="utf-8")

    assert kept == masked(PRINTED[name]()), "if the new output is right, keep it: python tests/test_examples.py"


def test_every_example_has_its_kept_output() -> None:
    examples = {path.stem for path in EXAMPLES.iterdir() if path.suffix in (".yaml", ".py")}

    assert examples == set(PRINTED) == {path.stem for path in KEPT.iterdir()}


if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    for name, output in PRINTED.items():
        (KEPT / f"{name}.txt").write_text(masked(output()), encoding="utf-8")
