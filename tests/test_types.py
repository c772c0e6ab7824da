"""Types and schemas of what goes in and what comes out: as fresh as the vocabulary, caught by type checkers, taken by pydantic and FastAPI."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import mps_rules as mps
from mps_rules import schemas
from mps_rules import types as generated
from mps_rules.authoring.typegen import types_module
from mps_rules.authoring.vignettes import read_vignettes
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient import forms
from mps_rules.patient.addresses import as_mapping, as_row
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings

VIGNETTES = Path(__file__).parent / "vignettes"
PARTS = 8
"""So many tests share the vignettes."""
RIGHT = """
import mps_rules as mps
from mps_rules.types import AssessmentData, FindingsDict

told: FindingsDict = {
    "fever": True,
    "age_years": 54,
    "symptom_duration": "6 weeks",
    "sex_at_birth": "female",
    "pain": ["low_back.left", {"region": "buttock", "side": "left", "intensity": 6}],
    "pain_quality": {"dull": True, "burning": None},
    "labels": {"facet_syndrome": {"label_treated_without_relief": True}, "disc_herniation": False},
    "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True}],
}
mps.evaluate(told)


def first(answer: AssessmentData) -> str:
    return answer["hypotheses"][0]["label"]
"""
WRONG = {
    "a finding that is none": '{"fevr": True}',
    "a word that is none": '{"sex_at_birth": "M"}',
    "a truth that is text": '{"fever": "yes"}',
    "a place that is none": '{"pain": ["lowback"]}',
    "a side that is impossible": '{"pain": ["sternum.left"]}',
    "a diagnosis that is none": '{"labels": {"facet": True}}',
    "a sign that is none": '{"exam": [{"muscle": "soleus", "taut": True}]}',
    "an entry of no muscle": '{"exam": [{"side": "left"}]}',
}
CHECKED = (
    "from mps_rules.types import FindingsDict\n"
    + "\n".join(f"told_{number}: FindingsDict = {text}" for number, text in enumerate(WRONG.values()))
    + "\n"
)
LINES = list(range(2, 2 + len(WRONG)))


@pytest.fixture(scope="module")
def fitting(kb: KnowledgeBase) -> jsonschema.Draft202012Validator:
    schema = schemas.findings(kb)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def answering() -> jsonschema.Draft202012Validator:
    schema = schemas.assessment()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_types_are_those_of_the_packaged_vocabulary(kb: KnowledgeBase) -> None:
    assert types_module(kb.vocabulary) == Path(generated.__file__).read_text(encoding="utf-8"), "make docs"


def test_the_schema_of_findings_is_the_one_that_the_command_prints(kb: KnowledgeBase) -> None:
    assert forms.schema(kb) == schemas.findings(kb)


def test_importing_the_library_brings_in_neither_types_nor_schemas() -> None:
    code = "import sys, mps_rules; print([name for name in ('mps_rules.types', 'mps_rules.schemas', 'pydantic') if name in sys.modules])"
    assert "[]" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


# --- schemas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(PARTS))
def test_the_findings_of_every_vignette_and_its_answer_fit_the_schemas(
    part: int, kb: KnowledgeBase, fitting: jsonschema.Draft202012Validator, answering: jsonschema.Draft202012Validator
) -> None:
    charts = read_vignettes(VIGNETTES, kb)[part::PARTS]

    assert charts
    for vignette in charts:
        said = read_findings(vignette.findings, terrain_of(kb))
        for written in (vignette.findings, as_mapping(said), as_row(said, kb.vocabulary)):
            assert [] == faults_of(fitting, written)
        assert [] == faults_of(answering, json.loads(mps.evaluate(vignette.findings, kb).to_json()))


def faults_of(schema: jsonschema.Draft202012Validator, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in schema.iter_errors(data)]


@pytest.mark.parametrize(
    "told",
    [
        {"pain": "low_back.left"},
        {"pain.low_back.left": True, "gluteus_medius.left.taut_band": True, "labels.facet_syndrome.label_treated_without_relief": True},
        {"labels": "facet_syndrome", "label_treated_without_relief": True},
        {"low_back": True, "labels.facet_syndrome": False},
        {"age_years": {"at_least": 50, "at_most": 60}, "symptom_duration": {"at_least": "6 weeks", "at_most": "3 months"}},
        {"age_years.at_least": 50, "pain_quality.dull": True},
    ],
)
def test_what_evaluate_takes_at_addresses_fits_the_schema(told: Mapping[str, Any], fitting: jsonschema.Draft202012Validator) -> None:
    mps.evaluate(told)
    assert [] == [error.message for error in fitting.iter_errors(told)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pain.lowback.left": True},
        {"gluteus_medius.left.taut": True},
        {"labels.facet": True},
        {"pain": "lowback"},
        {"low_back.left": "yes"},
        {"gluteus_medius.left.fever": True},
    ],
)
def test_what_evaluate_refuses_at_addresses_does_not_fit_the_schema(
    wrong: Mapping[str, Any], fitting: jsonschema.Draft202012Validator
) -> None:
    with pytest.raises(mps.FindingError):
        mps.evaluate(wrong)
    assert [] != list(fitting.iter_errors(wrong))


def test_an_answer_with_a_field_more_or_less_does_not_fit(answering: jsonschema.Draft202012Validator) -> None:
    answer = json.loads(mps.evaluate({"fever": True}).to_json())
    assert [] == list(answering.iter_errors(answer))
    assert [] != list(answering.iter_errors({**answer, "more": 1}))
    del answer["urgency"]
    assert [] != list(answering.iter_errors(answer))


# --- type checkers ----------------------------------------------------------------------------------------------------


def found_by(*command: str) -> list[int]:
    """The lines on which a type checker finds an error."""
    ran = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    lines = [line for line in ran.stdout.splitlines() if " error:" in line or "- error" in line]
    return sorted({int(line.split(".py:")[1].split(":")[0]) for line in lines})


def test_mypy_catches_what_is_no_finding_and_lets_pass_what_is(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT, encoding="utf-8")
    wrong.write_text(CHECKED, encoding="utf-8")
    mypy = ("mypy", "--strict", "--no-error-summary", f"--cache-dir={tmp_path / 'cache'}", "--follow-imports=silent")

    assert [] == found_by(*mypy, str(right))
    assert LINES == found_by(*mypy, str(wrong))


def starts(*command: str) -> bool:
    """Whether a module of this environment can be run at all."""
    try:
        return subprocess.run([sys.executable, "-m", *command], capture_output=True, timeout=90, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@pytest.mark.skipif(find_spec("pyright") is None or shutil.which("node") is None, reason="pyright, or the node that it runs on, is absent")
def test_pyright_catches_what_is_no_finding_and_lets_pass_what_is(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT, encoding="utf-8")
    wrong.write_text(CHECKED, encoding="utf-8")
    pyright = ("pyright", f"--pythonpath={sys.executable}")
    if not starts("pyright", "--version"):
        pytest.skip("pyright cannot have its own program here: it is fetched by npm when first used")

    assert [] == found_by(*pyright, str(right))
    assert LINES == found_by(*pyright, str(wrong))


# --- pydantic and FastAPI ---------------------------------------------------------------------------------------------


def test_pydantic_takes_the_types_for_what_goes_in_and_what_comes_out() -> None:
    pydantic = pytest.importorskip("pydantic", reason="pydantic is absent")
    told = {"fever": True, "sex_at_birth": "female", "pain": ["low_back.left"], "exam": [{"muscle": "soleus", "side": "left"}]}
    takes = pydantic.TypeAdapter(generated.FindingsDict)

    assert told == takes.validate_python(told)
    for wrong in ({"sex_at_birth": "M"}, {"pain": ["lowback"]}, {"exam": [{"side": "left"}]}):
        with pytest.raises(pydantic.ValidationError):
            takes.validate_python(wrong)
    answer = mps.evaluate(told).to_dict()
    assert answer == pydantic.TypeAdapter(generated.AssessmentData).validate_python(answer)


def test_fastapi_answers_with_an_assessment_and_describes_it() -> None:
    fastapi = pytest.importorskip("fastapi", reason="FastAPI is absent")
    from starlette.testclient import TestClient

    app = fastapi.FastAPI()

    def evaluate(findings: generated.FindingsDict) -> dict[str, Any]:
        return mps.evaluate(findings).to_dict()

    app.post("/evaluate", response_model=generated.AssessmentData)(evaluate)
    client = TestClient(app)
    answer = client.post("/evaluate", json={"saddle_anaesthesia": True})

    assert (200, "emergency") == (answer.status_code, answer.json()["urgency"])
    assert json.loads(mps.evaluate({"saddle_anaesthesia": True}).to_json()) == answer.json()
    assert 422 == client.post("/evaluate", json={"sex_at_birth": "M"}).status_code
    assert {"AssessmentData", "FindingsDict", "HypothesisData"} <= set(client.get("/openapi.json").json()["components"]["schemas"])
