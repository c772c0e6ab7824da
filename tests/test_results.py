"""Results show themselves: in a line, as a table, as a frame, as plain data; they pickle and copy without more work than was asked for."""

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import attrs
import networkx as nx
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest

import mps_rules as mps
from mps_rules.answer import values
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.listing import Listed

SCREEN = 1600
"""So many letters fit a screen: twenty lines of eighty."""
CHART: Mapping[str, Any] = {
    "pain": ["low_back.left", "buttock.left"],
    "pain_dull_deep_ache": True,
    "age_years": 46,
    "labels": {"facet_syndrome": {"label_treated_without_relief": True}},
    "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True, "hypersensitive_spot": True}],
}


@pytest.fixture(scope="module")
def assessment() -> mps.Assessment:
    return mps.evaluate(CHART)


def shown(a: mps.Assessment, kb: KnowledgeBase) -> dict[str, Any]:
    """One of everything that a caller is given."""
    changed = a.what_if({"fever": True})
    found = {field: getattr(a, field) for field in ("alerts", "hypotheses", "muscles", "criteria", "cautions", "recommendations", "trace")}
    return found | {
        "assessment": a, "findings": a.findings, "kb": kb, "vocabulary": kb.vocabulary, "rule": kb.rules[0], "what_if": changed,
        "difference": changed.difference, "flips": a.flip("fibromyalgia"), "why": a.why("myofascial_pain"), "why_not": a.why_not("fibromyalgia"),
        "turn": next(mps.interview(findings=CHART)), "questions": a.questions, "many": mps.evaluate_many([CHART] * 3), "fragile": a.robustness(),
        "referral map": mps.referral_map(kb), "unscreened": a.unscreened, "coverings": a.coverings,
        "diff of rules": mps.diff_rules(kb, kb, {"one": CHART}),
    }  # fmt: skip


def test_the_repr_of_everything_fits_a_screen(assessment: mps.Assessment, kb: KnowledgeBase) -> None:
    long = {name: len(repr(one)) for name, one in shown(assessment, kb).items() if len(repr(one)) > SCREEN}

    assert {} == long


def test_a_value_of_an_assessment_says_what_it_is_in_one_line(assessment: mps.Assessment) -> None:
    expected = {
        "Hypothesis": "<Hypothesis myofascial_pain: possible,",
        "MuscleCandidate": "<MuscleCandidate gluteus_medius.left: trigger_point,",
    }
    found = {type(one).__name__: repr(one) for one in (assessment.hypotheses[0], assessment.muscles[0])}

    assert expected == {name: found[name][: len(start)] for name, start in expected.items()}
    assert "urgency none" in repr(assessment)
    assert "screening not done" in repr(assessment)
    assert "Myofascial pain (possible)" in repr(assessment)


def test_an_urgency_leads_the_line(kb: KnowledgeBase) -> None:
    assert repr(mps.evaluate({"saddle_anaesthesia": True}, kb)).startswith("<Assessment: urgency emergency, ")


def test_what_a_notebook_shows_is_small_and_says_what_leads(assessment: mps.Assessment, kb: KnowledgeBase) -> None:
    pages = {name: html for name, one in shown(assessment, kb).items() if (html := getattr(one, "_repr_html_", lambda: None)())}

    assert {} == {name: len(html) for name, html in pages.items() if len(html.encode()) > 60_000}
    assert {"assessment", "what_if", "flips", "many", "hypotheses", "muscles", "criteria", "alerts", "why", "why_not"} <= set(pages)
    assert "Myofascial pain" in pages["assessment"]
    assert "<svg" not in pages["assessment"]


def test_a_picture_is_drawn_by_a_notebook_when_it_is_asked_for(assessment: mps.Assessment) -> None:
    for picture in (
        assessment.body_map(),
        assessment.muscle_charts(),
        assessment.derivation_svg(),
        mps.muscle_picture("soleus"),
        mps.poster("calf"),
    ):
        assert picture == picture._repr_svg_()  # type: ignore[attr-defined]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("field", ["hypotheses", "muscles", "alerts", "criteria", "questions", "cautions"])
def test_a_list_gives_a_frame(field: str, library: Any, assessment: mps.Assessment) -> None:
    values_ = getattr(assessment, field)
    frame = values_.to_frame(library)
    names = [a.name for a in attrs.fields(type(values_[0])) if not a.name.startswith("_")] if values_ else []

    assert (len(values_), names) == (len(frame), list(frame.columns))
    assert type(frame).__module__.startswith(library)


def test_the_first_of_a_list_are_a_list_again(assessment: mps.Assessment) -> None:
    assert isinstance(assessment.hypotheses[:2], Listed)
    assert assessment.hypotheses[:2] == tuple(assessment.hypotheses)[:2]


def test_a_truth_in_a_frame_is_a_nullable_boolean() -> None:
    frames = (Listed(attrs.make_class("Row", ["met"])(value) for value in (True, None)).to_frame(one) for one in ("pandas", "polars"))

    assert ["boolean", "Boolean"] == [str(frame["met"].dtype) for frame in frames]


def test_several_patients_keep_their_person_their_columns_and_their_index() -> None:
    table = pd.DataFrame({"who": ["a", "b"], "ward": [3, 4], "saddle_anaesthesia": [True, None]}, index=[10, 20])

    frame = mps.evaluate_many(table, person="who", keep=["ward"]).to_frame()

    assert [10, 20] == list(frame.index)
    assert [("a", 3, "emergency"), ("b", 4, "none")] == list(frame[["who", "ward", "urgency"]].itertuples(index=False, name=None))
    assert {"boolean"} == {str(frame[id_].dtype) for id_ in frame.columns if id_.startswith("fm_")} or frame["fm_acr_2016"].isna().all()


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(mps.FindingError, match="row 0, whoo: no such column; closest is 'who'"):
        mps.evaluate_many(pl.DataFrame({"who": [1]}), person="whoo")


@pytest.mark.parametrize("told", [[True, False], [True, None], [None, None]])
def test_conclusions_of_a_pandas_table_are_nullable_booleans(told: list[bool | None]) -> None:
    table = pd.DataFrame({"person": [1, 2], "saddle_anaesthesia": pd.array(told, dtype="boolean")})

    frame = mps.evaluate_cohort(table, conclusions=["fm_acr_2016", "rf_cauda_equina"])

    assert {"boolean"} == {str(frame[one].dtype) for one in ("rejected", "fm_acr_2016", "rf_cauda_equina")}


# --- plain data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", [CHART, {}, {"saddle_anaesthesia": True, "fever": True, "pain": ["low_back", "chest"]}])
def test_a_brief_answer_is_plain_data_of_no_more_than_twenty_thousand_letters(chart: Mapping[str, Any]) -> None:
    assessment = mps.evaluate(chart)
    brief = assessment.brief()

    assert brief == json.loads(json.dumps(brief))
    assert len(json.dumps(brief)) < 20_000
    assert "urgency" == next(iter(brief))
    assert [alert.id for alert in assessment.alerts] == [alert["id"] for alert in brief["alerts"]]
    assert (5, 5, 3) >= (len(brief["hypotheses"]), len(brief["muscles"]), len(brief["questions"]))


# --- copies -----------------------------------------------------------------------------------------------------------


def test_neither_a_pickle_nor_a_copy_works_out_the_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    assessment = mps.evaluate(CHART)
    tools = type(assessment._tools)
    monkeypatch.setattr(tools, "questions", lambda *_: pytest.fail("the questions were worked out"))

    assert assessment == pickle.loads(pickle.dumps(assessment))
    assert assessment == copy.copy(assessment) == copy.deepcopy(assessment)


def test_questions_that_were_worked_out_are_in_the_pickle() -> None:
    assessment = mps.evaluate(CHART)
    expected = assessment.questions

    assert expected == pickle.loads(pickle.dumps(assessment)).questions


def test_a_copy_keeps_its_tools(assessment: mps.Assessment) -> None:
    assert [assessment.text()] * 2 == [copy.copy(assessment).text(), copy.deepcopy([assessment])[0].text()]


def test_what_needs_the_rules_says_so_in_an_error_of_this_library(assessment: mps.Assessment) -> None:
    read_back = pickle.loads(pickle.dumps(mps.evaluate(CHART)))

    for needing in (read_back.text, lambda: read_back.questions, lambda: read_back.why("myofascial_pain")):
        with pytest.raises(mps.UnattachedError, match="attach"):
            needing()
    assert assessment.text() == mps.attach(read_back).text()


def test_lists_read_back_as_lists(assessment: mps.Assessment) -> None:
    read_back = mps.Assessment.from_dict(assessment.to_dict())

    assert assessment == read_back
    assert isinstance(read_back.hypotheses, Listed)


def test_every_public_kind_of_value_is_exported() -> None:
    told = {name for name, one in vars(values).items() if attrs.has(one) and one.__module__ == values.__name__}

    assert {"Alert", "Hypothesis", "MuscleCandidate", "Question", "CriterionResult"} <= told & set(mps.__all__)


def test_frames_are_no_part_of_the_import() -> None:
    code = "import sys, mps_rules; mps_rules.evaluate({}); print({'pandas', 'polars', 'numpy'} & set(sys.modules))"

    assert "set()" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_graph_says_what_it_is() -> None:
    assert isinstance(mps.referral_map().graph, nx.MultiDiGraph)
    assert "ReferralMap" in repr(mps.referral_map())
