"""The same input gives the same bytes: under any hash seed, in any process, from any thread."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import mps_rules as mps
from test_evaluate import EXAMPLES, example

ROOT = Path(__file__).parents[1]
SEEDS = ("0", "12345")
THREADS = 4
PROGRAM = """
import mps_rules as mps
from mps_rules.authoring import docgen
from mps_rules.patient import forms
from mps_rules.language.reading import read_text

base = mps.load()
for name in {names!r}:
    assessment = mps.evaluate(read_text(open("examples/" + name + ".yaml", encoding="utf-8").read(), name).data)
    print(assessment.to_json())
    print(assessment.text())
    for hypothesis in assessment.hypotheses:
        print(assessment.why(hypothesis.id))
print(base.digest, [rule.id for rule in base.rules])
print(forms.schema(base), forms.blank_form(base), docgen.article_page(base))
"""
CHECKS = """
import mps_rules as mps
from mps_rules.authoring.cases import read_cases, run_case

base = mps.load()
for case in read_cases(base)[::16]:
    outcome = run_case(base, case)
    print(outcome.case.place, outcome.verdict, outcome.differences)
print(mps.lint([{base!r}, {bad!r}]))
"""
TABLES = """
import polars as pl
import mps_rules as mps
from mps_rules.population import cohort

base = mps.load()
wide = pl.DataFrame({"person": [1, 2, 3], "saddle_anaesthesia": [True, None, False], "fever": [True, False, True],
                     "body_temperature": [39.0, 39.0, None], "pain.low_back.left": [1, 0, None], "labels.facet_syndrome": [True, None, True],
                     "gluteus_medius.left.taut_band": [True, True, None], "pain_quality": [["dull"], None, ["dul"]]})
long = pl.DataFrame({"who": ["b", "b", "a", "c", "c"], "term": ["fever", "fevr", "saddle_anaesthesia", "fever", "fever"],
                     "value": ["yes", "no", "true", "true", "false"]})
for table, person in ((wide, "person"), (long, "who")):
    for backend in ("polars", "duckdb"):
        print(mps.evaluate_cohort(table, person=person, backend=backend, explain=True, conclusions=["rf_cauda_equina", "fibromyalgia"]).rows())
        print(cohort.rejects(table, base, person=person, backend=backend).rows())
    print(cohort.missing(table, base, ["rf_cauda_equina", "fm_acr_2016"], person=person))
found = mps.evaluate_cohort(wide)
print(found.columns, found.rows(), cohort.listed(found).rows())
"""


def _printed(program: str) -> list[bytes]:
    """What a program prints under each hash seed."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for seed in SEEDS
    ]
    ended = [(*process.communicate(), process.returncode) for process in running]
    assert [(0, b"")] * len(SEEDS) == [(code, errors) for _, errors, code in ended]
    return [printed for printed, _, _ in ended]


@pytest.fixture(scope="module")
def checks() -> str:
    """A program that runs every sixteenth case, and lints a pack that has an issue."""
    folder = ROOT / "tests" / "lint"
    return CHECKS.format(base=str(folder / "base"), bad=str(folder / "case-fails" / "bad"))


def test_two_hash_seeds_give_the_same_assessments_byte_by_byte() -> None:
    first, second = _printed(PROGRAM.format(names=EXAMPLES))

    assert first
    assert first == second


def test_two_hash_seeds_give_the_same_outcomes_of_cases_and_lint(checks: str) -> None:
    first, second = _printed(checks)

    assert b"case_fails" in first
    assert first == second


def test_two_hash_seeds_give_the_same_tables() -> None:
    first, second = _printed(TABLES)

    assert b"rf_cauda_equina" in first
    assert first == second


def test_another_process_gives_the_same_json_as_this_one() -> None:
    program = "import sys, json, mps_rules as mps; print(mps.evaluate(json.load(sys.stdin)).to_json())"
    findings = '{"pain": ["low_back.left"], "fever": true}'
    done = subprocess.run([sys.executable, "-c", program], input=findings, capture_output=True, text=True, check=True)

    assert mps.evaluate({"pain": ["low_back.left"], "fever": True}).to_json() + "\n" == done.stdout


def test_threads_give_the_same_json_as_one() -> None:
    findings = [example(name) for name in EXAMPLES] * 2
    expected = [mps.evaluate(one).to_json() for one in findings]
    together = Barrier(THREADS)

    def evaluated(number: int) -> list[str]:
        together.wait()
        made = {place: mps.evaluate(findings[place]).to_json() for place in (*range(number, len(findings)), *range(number))}
        return [made[place] for place in range(len(findings))]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(evaluated, range(THREADS)))

    assert answers == [expected] * THREADS


def test_one_patient_leaves_no_trace_in_the_next() -> None:
    expected = mps.evaluate({"pain": ["low_back.left"]}).to_json()

    mps.evaluate(example("cauda_equina"))
    with pytest.raises(mps.FindingError):
        mps.evaluate({"pain": ["nowhere"]})

    assert expected == mps.evaluate({"pain": ["low_back.left"]}).to_json()


def test_importing_the_library_brings_in_no_heavy_one_and_leaves_no_trace() -> None:
    code = (
        "import sys, logging, collections, mps_rules; "
        "print([name for name in ('yaml', 'cattrs', 'mps_rules._vendor.experta', 'networkx', 'ibis') if name in sys.modules], "
        "logging.root.handlers, hasattr(collections, 'Mapping'))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[] [] False"
