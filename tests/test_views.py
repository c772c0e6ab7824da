"""The text of an assessment: short lines, alerts first, plain British words, and every source named."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

import mps_rules as mps
from mps_rules.cases import read_cases
from mps_rules.manifest import written_id
from mps_rules.model import Assessment, KnowledgeBase, lowered
from mps_rules.rows import shown_whole
from test_evaluate import EXAMPLES, assessed, example, patients

SECTIONS = (
    "Urgency",
    "EMERGENCY",
    "URGENT",
    "SOON",
    "OPEN, EMERGENCY",
    "OPEN, URGENT",
    "OPEN, SOON",
    "Red flags",
    "HYPOTHESES",
    "MUSCLES that could send this pain",
    "PUBLISHED DEFINITIONS MET",
    "CAUTIONS",
    "CONSIDER",
    "ASK OR EXAMINE NEXT",
    "SOURCES (in full",
    "For clinicians, beside their own judgement; no diagnosis. Rules",
)
AMERICAN = (
    r"\b(anesthe\w*|analyze\w*|behavior\w*|center\w*|color\w*|diarrhea|edema\w*|esophag\w*|favor\w*|fecal|fiber\w*|gray|gynecolog\w*"
    r"|hematuria|hemorrhag\w*|labor|leukemi\w*|localiz\w*|generaliz\w*|recogniz\w*|orthopedic|paresthesi\w*|pediatric\w*|tumor\w*)\b"
)


def body(text: str) -> str:
    """The text without its list of sources, on one line."""
    return " ".join(text.partition("\nSOURCES")[0].split())


@pytest.fixture(scope="module")
def texts(kb: KnowledgeBase) -> Mapping[str, str]:
    """The text of a patient in whom a rule fires, for every third rule that is written, and of every example; by title."""
    firing = {written_id(kb.by_id[case.rule]): case for case in read_cases(kb) if case.expect.fires is True}
    cases = {case.case: case.findings for case in list(firing.values())[::3] if isinstance(case.findings, dict)}
    return {title: mps.evaluate(findings).text() for title, findings in (cases | {name: example(name) for name in EXAMPLES}).items()}


@pytest.fixture(scope="module")
def sentences(texts: Mapping[str, str], kb: KnowledgeBase) -> Mapping[str, str]:
    """What can be said to anybody: those texts, and the words of every rule, by title or id."""
    words = {rule.id: f"{rule.title}. {shown_whole([attrs.asdict(one) for one in rule.then])} {rule.limits}" for rule in kb.rules}
    return {**texts, **words}


def _with(pattern: str, texts: Mapping[str, str]) -> dict[str, list[str]]:
    found = {title: re.findall(pattern, body(text), re.IGNORECASE) for title, text in texts.items()}
    return {title: words for title, words in found.items() if words}


# --- how it is laid out -----------------------------------------------------------------------------------------------


def test_no_line_of_any_case_is_longer_than_100_characters(texts: Mapping[str, str]) -> None:
    expected: list[str] = []

    assert expected == [line for text in texts.values() for line in text.splitlines() if len(line) > 100]


@settings(max_examples=50)
@given(patients())
def test_no_line_of_any_patient_is_longer_than_100_characters(findings: dict[str, object]) -> None:
    expected: list[str] = []

    assert expected == [line for line in assessed(findings).text().splitlines() if len(line) > 100]


def test_no_line_ends_in_a_space_and_the_text_ends_in_one_line_break(texts: Mapping[str, str]) -> None:
    assert texts
    for text in texts.values():
        assert [line for line in text.splitlines() if line != line.rstrip()] == []
        assert text == text.rstrip() + "\n"


def test_sections_stand_in_their_order_alerts_first(texts: Mapping[str, str]) -> None:
    assert texts
    for text in texts.values():
        headings = [line.partition(":")[0] for line in text.splitlines() if line[:1].isupper()]
        ranks = [SECTIONS.index(heading) for heading in headings if heading in SECTIONS]

        assert ranks == sorted(ranks)
        assert {"Urgency", "Red flags"} <= set(headings)


def test_the_first_line_names_the_urgency_and_the_alert_that_leads() -> None:
    assessment = mps.evaluate(example("cauda_equina"))
    first = body(assessment.text()).partition(" Leading: ")[0]

    assert first.startswith(f"Urgency: EMERGENCY: {assessment.alerts[0].label}, and 2 more; 2 open;")


def test_every_alert_says_what_to_do_or_what_to_ask() -> None:
    text = body(mps.evaluate(example("cauda_equina")).text())

    assert "EMERGENCY: Possible cauda equina syndrome Arrange the same-day emergency MRI pathway. Act within: now." in text
    assert "OPEN, EMERGENCY: Suspected spinal epidural abscess Not enough is known to clear it. Ask: " in text


def test_a_muscle_is_named_with_its_place() -> None:
    text = body(mps.evaluate(example("facet_label")).text())

    assert "Gluteus medius, left: active trigger point" in text
    assert "pain in the low back (lumbar) <- gluteus medius, which lies in the upper buttock" in text


def test_a_recognised_point_that_misses_the_pain_stands_apart_from_one_that_reaches_it() -> None:
    signs = dict.fromkeys(("taut_band", "hypersensitive_spot", "pain_recognition"), True)
    exam = [{"muscle": "gluteus_medius", "side": "bilateral", **signs}]
    text = body(mps.evaluate({"pain": ["low_back.left"], "exam": exam}).text())

    assert "Gluteus medius, left: active trigger point pain in the low back" in text
    assert "Gluteus medius, right: active trigger point the charted zones of gluteus medius, which lies" in text
    assert "do not reach the pain that is listed" in text


def test_a_muscle_on_both_sides_is_named_once_among_the_fewest() -> None:
    text = body(mps.evaluate({"pain": ["low_back.bilateral"]}).text())

    assert "Fewest muscles that explain all of the listed pain: Gluteus medius (left and right)." in text


def test_competing_hypotheses_and_what_is_undecided_stand_in_the_text() -> None:
    text = body(mps.evaluate(example("widespread_pain")).text())

    assert "Fibromyalgia: PROBABLE" in text
    assert "Myofascial pain: POSSIBLE" in text
    assert "Nothing for or against yet, yet what is unknown could make them probable: axial spondyloarthritis;" in text


def test_a_patient_of_whom_nothing_is_known_gets_a_text_too() -> None:
    text = mps.evaluate({}).text()

    assert "Leading:  no hypothesis has an argument yet." in text
    assert "SOURCES" not in text


def test_the_text_ends_with_whom_it_is_for_and_which_rules_gave_it(texts: Mapping[str, str], kb: KnowledgeBase) -> None:
    expected = (
        f"For clinicians, beside their own judgement; no diagnosis. Rules {kb.pack.id} {kb.pack.version}, {kb.pack.status}, "
        f"digest {kb.digest[:12]}."
    )
    assert texts
    for text in texts.values():
        assert " ".join(text.split()).endswith(expected)


def test_the_same_patient_gives_the_same_text() -> None:
    for name in EXAMPLES:
        expected = mps.evaluate(example(name)).text()

        assert expected == mps.evaluate(example(name)).text()


# --- in which words ---------------------------------------------------------------------------------------------------


def test_labels_are_shown_and_no_ids(texts: Mapping[str, str], kb: KnowledgeBase) -> None:
    known = {kb.pack.id.partition(".")[0], *kb.references}
    words = {word for text in texts.values() for word in re.findall(r"\w*_\w*", text)}

    assert words - known == set()


@settings(max_examples=50)
@given(patients())
def test_labels_are_shown_and_no_ids_whatever_was_found(findings: dict[str, object]) -> None:
    known = {"mps_rules", *mps.load().references}

    assert set(re.findall(r"\w*_\w*", assessed(findings).text())) - known == set()


def test_the_spelling_is_british(sentences: Mapping[str, str]) -> None:
    expected: dict[str, list[str]] = {}

    assert expected == _with(AMERICAN, sentences)


def test_the_vocabulary_is_spelt_as_in_britain(kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    named: tuple[Any, ...] = (
        *words.terms.values(),
        *words.regions.values(),
        *words.muscles.values(),
        *words.diagnoses.values(),
        *words.suspects.values(),
    )
    expected: list[str] = []

    assert expected == [one.label for one in named if re.search(AMERICAN, one.label, re.IGNORECASE)]


def test_nobody_is_told_what_they_have(sentences: Mapping[str, str]) -> None:
    expected: dict[str, list[str]] = {}

    assert expected == _with(r"\byou have\b|(?<!whether )\bthe diagnosis is\b(?! not)|\bpatient has\b", sentences)


def test_no_cure_is_promised(sentences: Mapping[str, str]) -> None:
    expected: dict[str, list[str]] = {}

    assert expected == _with(r"(?<!not )\bcure[sd]?\b", sentences)


# --- from which sources -----------------------------------------------------------------------------------------------


def cited(text: str, base: KnowledgeBase) -> Iterator[str]:
    """Every reference that the body of a text names in square brackets."""
    for bracket in re.findall(r"\[([^\]]*)\]", body(text)):
        for word in bracket.split(", "):
            if word in base.references:
                yield word


def _sources(text: str) -> list[str]:
    after = text.partition("\nSOURCES")[2].partition("\n\n")[0].splitlines()[1:]
    return [line.strip().partition(":")[0] for line in after]


def test_every_reference_that_is_cited_stands_among_the_sources_and_no_other(texts: Mapping[str, str], kb: KnowledgeBase) -> None:
    assert texts
    for text in texts.values():
        assert sorted(set(cited(text, kb))) == _sources(text)


def test_every_bracket_cites_references_that_exist(texts: Mapping[str, str], kb: KnowledgeBase) -> None:
    brackets = {bracket for text in texts.values() for bracket in re.findall(r"\[([A-Z][A-Z0-9_, ]+)\]", body(text))}

    assert brackets
    assert {word for bracket in brackets for word in bracket.split(", ")} <= set(kb.references)


def _references(assessment: Assessment) -> set[str]:
    shown: tuple[Any, ...] = (*assessment.alerts, *assessment.cautions, *assessment.recommendations)
    return {reference for one in shown for reference in one.references}


def test_every_alert_caution_and_recommendation_cites_its_references(kb: KnowledgeBase) -> None:
    for name in EXAMPLES:
        assessment = mps.evaluate(example(name))

        assert _references(assessment) <= set(cited(assessment.text(), kb))


# --- the note for the chart -------------------------------------------------------------------------------------------


def test_a_note_holds_what_was_told_and_found_before_what_is_said_of_it() -> None:
    told, _, said = mps.evaluate(example("facet_label")).note().partition("\n\n")
    told, said = " ".join(told.split()), " ".join(said.split())

    assert told.startswith("Pain: low back (lumbar), left 6/10. Told: age: 46 years; sex assigned at birth: female; time since this pain")
    assert "16 weeks; how it began: insidious." in told
    assert "Absent: history of cancer; " in told
    assert (
        "Diagnoses: Facet (zygapophyseal) syndrome (treatment of the label gave no relief, what the label rests on: imaging only)" in told
    )
    assert "Gluteus medius, left: very tender spot; patient recognises it as the usual pain; taut band felt." in told
    assert said.startswith("Red flags: none raised; only partly asked about. Considered: Myofascial pain probable")
    assert "Muscles: Gluteus medius, left: active trigger point" in said


def test_a_note_of_an_emergency_names_no_muscle_and_what_to_do_first() -> None:
    said = " ".join(mps.evaluate(example("cauda_equina")).note().partition("\n\n")[2].split())

    assert said.startswith("RED FLAG, emergency: Possible cauda equina syndrome. Arrange the same-day emergency MRI pathway. (now)")
    assert "(now) Meanwhile: No stretching, pressure, exercise or reassurance until this is excluded." in said
    assert "Muscles: only once the red flag is excluded." in said
    assert "Examine" not in said


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ({}, "Considered: no hypothesis has an argument yet."),
        ({"pain": ["low_back.left", "low_back.right"]}, "Pain: low back (lumbar), left and right."),
        (
            {"pain": [{"region": "calf", "side": "left", "present": False}], "pain_map_complete": True},
            "Pain: none in calf, left; everything that",
        ),
        ({"symptom_duration": "4 days"}, "time since this pain began: 4 days."),
        ({"symptom_duration": "0 days"}, "time since this pain began: 0 weeks."),
        ({"pain_quality": {"dull": True, "burning": False}}, "dull, not burning"),
        ({"labels": {"facet_syndrome": {"label_treated_without_relief": False}}}, "gave no relief: absent)"),
        ({"pain": ["calf.left"], "saddle_anaesthesia": True}, "- Give return advice"),
        ({"labels": {"fibromyalgia": False}}, "Diagnoses: Fibromyalgia denied."),
    ],
)
def test_a_note_says_in_words_what_was_told(findings: dict[str, Any], line: str) -> None:
    assert line in " ".join(mps.evaluate(findings).note().split())


@settings(max_examples=50)
@given(patients())
def test_no_note_has_a_longer_line_and_every_finding_that_was_told_stands_in_it(kb: KnowledgeBase, findings: dict[str, object]) -> None:
    assessment = assessed(findings)
    note = assessment.note()
    flat = " ".join(note.split())

    assert [line for line in note.splitlines() if len(line) > 100] == []
    for one in assessment.findings.patient:
        label = lowered(kb.vocabulary.terms[one.term].label)
        assert one.follows_from or " ".join(label.split()) in flat
