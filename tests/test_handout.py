"""The sheet for the patient: none while a red flag presses; plain words; nothing on it that the answer does not give."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

import mps_rules as mps
from mps_rules.answer.values import Assessment
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_examples
from mps_rules.knowledge.rules import PRESSING, Recommend
from mps_rules.language.reading import read_text
from mps_rules.views.handout import Handout, handout
from test_evaluate import assessed, patients

READING_AGE = 12
AGE_OF_FIRST_GRADE = 6


def example(name: str, kb: KnowledgeBase) -> Assessment:
    path = next(path for path in packaged_examples() if path.stem == name)
    return mps.evaluate(read_text(path.read_text(encoding="utf-8"), path.name).data, kb)


def texts(sheet: Handout) -> Iterator[str]:
    yield from sheet.found
    yield from (one.text for one in sheet.care)
    yield from (f"{one.begins} {when}." for one in sheet.back for when in one.when)


def plain_texts(kb: KnowledgeBase) -> list[str]:
    """All that a sheet may say, with the names of muscles left out."""
    rows = kb.vocabulary.handout.values()
    found = [
        text.format(muscle="the muscle", how="") for row in rows for text in (row.text, row.stretch, row.release) if text and not row.back
    ]
    return [*found, *(f"{row.text} {when}." for row in rows for when in row.back), *(f"It is {one.plain}." for one in kb.vocabulary.called.values() if one.plain)]  # fmt: skip


def syllables(word: str) -> int:
    spoken = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^td])ed$|(?<=[^sxz])es$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", spoken)))


def grade(text: str) -> float:
    """The grade of Flesch and Kincaid (1975)."""
    sentences = [one for one in re.split(r"[.:;?!]\s*", text) if one.strip()]
    words = re.findall(r"[a-z']+|\d+", text.lower())
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.parametrize("name", ["arm_pain", "cauda_equina"])
def test_there_is_none_while_a_red_flag_presses_raised_or_open(name: str, kb: KnowledgeBase) -> None:
    assessment = example(name, kb)
    sheet = handout(assessment, kb)

    assert sheet.withheld == tuple(alert.label for alert in assessment.alerts if alert.urgency in PRESSING)
    assert (sheet.found, sheet.care, sheet.back) == ((), (), ())


@settings(max_examples=25)
@given(patients())
def test_whatever_is_known_a_pressing_flag_withholds_it_and_its_care_is_that_of_the_answer(findings: dict[str, Any]) -> None:
    assessment = assessed(findings)
    sheet = handout(assessment, mps.load())
    pressing = [alert.label for alert in assessment.alerts if alert.urgency in PRESSING]
    advised = [one for one in assessment.recommendations if one.kind == "self_care"]

    assert list(sheet.withheld) == pressing
    if pressing:
        assert list(texts(sheet)) == []
    else:
        assert {f"{one.muscle}.{one.side}".strip(".") for one in sheet.care if one.muscle} <= {s for one in advised for s in one.subjects}
        assert len({one.text for one in sheet.care}) <= sum(max(1, len(one.subjects)) for one in advised)
        assert not any("_" in text or "{" in text for text in texts(sheet))


def test_it_says_what_was_found_what_to_do_and_when_to_come_back(kb: KnowledgeBase) -> None:
    sheet = handout(example("facet_label", kb), kb)

    assert sheet.found == (
        "It hurts here: low back, on the left.",
        "A sore spot was found in the muscle at the side of the hip, on the left (gluteus medius). It may send the pain that you feel.",
    )
    assert [(one.muscle, one.side) for one in sheet.care if one.muscle] == [("gluteus_medius", "left")] * 2
    assert [one.begins for one in sheet.back] == ["Come back at once if", "Come back if"]
    assert sheet.unsaid == ()


def test_every_self_care_of_the_rules_and_every_return_advice_has_plain_words(kb: KnowledgeBase) -> None:
    told = kb.vocabulary.handout
    care = {rule.id for rule in kb.rules for one in rule.then if isinstance(one, Recommend) and one.kind == "self_care"}
    returns = {rule.id for rule in kb.rules if rule.id.startswith("management.return_advice")}
    said = {id_ for id_ in care if id_ in told or {id_.rpartition(".")[0], id_.rpartition(".")[2]} <= set(told)}

    assert care - said == set()
    assert {id_ for id_ in returns if not told[id_].back} == set()
    assert {id_ for row in kb.vocabulary.care.values() for id_ in [row.id] if bool(row.stretch) != bool(told[id_].stretch) or bool(row.release) != bool(told[id_].release)} == set()  # fmt: skip


def test_every_plain_row_is_of_something_that_the_rules_know(kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    known = {rule.id for rule in kb.rules} | {rule.id.rpartition(".")[0] for rule in kb.rules} | set(words.care) | set(words.suspects)

    assert set(words.handout) - known - {state.derived for state in kb.pack.muscle_states} == set()


def test_every_muscle_and_every_place_has_plain_words(kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    plain = {id_ for id_, called in words.called.items() if called.plain}

    assert {group for group in words.groups if group not in plain} == set()
    assert {id_ for id_, region in words.regions.items() if id_ not in plain and re.search(r"[(/]|incl\.|iliac|sacr|lumbar|thorac", region.label)} == set()  # fmt: skip


def test_the_words_are_for_a_reader_of_about_twelve(kb: KnowledgeBase) -> None:
    every = " ".join(plain_texts(kb))
    hard = {
        text: round(grade(text), 1)
        for text in plain_texts(kb)
        if len(text.split()) >= 12 and AGE_OF_FIRST_GRADE + grade(text) > READING_AGE + 1.5
    }

    assert hard == {}
    assert AGE_OF_FIRST_GRADE + grade(every) <= READING_AGE


def test_no_latin_stands_without_its_plain_word(kb: KnowledgeBase) -> None:
    words = kb.vocabulary
    names = {part.lower() for muscle in words.muscles.values() for part in re.findall(r"[A-Za-z]{5,}", f"{muscle.id} {muscle.label} {muscle.latin}".replace("_", " "))}  # fmt: skip
    english = {"upper", "lower", "middle", "front", "outer", "floor", "other", "inner", "short", "group", "superficial", "first", "chest", "belly", "sternal", "foot", "hand", "minor", "large", "clavicular", "muscle", "intercostals"}  # fmt: skip
    said = {word for text in plain_texts(kb) for word in re.findall(r"[a-z]{5,}", text.lower())}

    assert said & (names - english - {"diaphragm", "medial", "neck", "thigh", "sacral"}) == set()
    for example_name in ("facet_label", "widespread_pain"):
        for text in texts(handout(example(example_name, kb), kb)):
            bare = re.sub(r" \([^()]*\)", "", text)
            assert set(re.findall(r"[a-z]{5,}", bare.lower())) & (names - english) == set()
