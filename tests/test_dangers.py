"""Which reading of a finding brings red flags nearer is read from the rules, through everything that lies between them and the flag."""

from typing import Any

import pytest

from mps_rules.knowledge.dangers import dangers_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language import conditions as c

WORDS: list[tuple[str, Any, Any, str]] = [
    ("saddle_anaesthesia", True, False, ""),
    ("neuro_exam_normal", False, True, ""),
    ("crp", 40.0, 4.0, ""),
    ("haemoglobin", 7.5, 14.0, ""),
    ("body_temperature", 39.2, 36.5, ""),
    ("body_temperature", 34.0, 36.5, ""),
    ("smoking_status", "former", "never", ""),
    ("pain_quality", True, False, "tearing"),
]
"""A finding, a dangerous reading of it, a harmless one, and which word of a list it speaks of."""


@pytest.mark.parametrize(("term", "danger", "harmless", "word"), WORDS)
def test_the_dangerous_reading_is_found_through_what_follows_and_what_is_concluded(
    term: str, danger: Any, harmless: Any, word: str, kb: KnowledgeBase
) -> None:
    read = dangers_of(kb)
    readings = read.of_term[term]

    assert read.helps(readings, danger, word)
    assert read.beats(readings, danger, harmless, word)
    assert not read.beats(readings, harmless, danger, word)


def test_of_two_readings_that_bring_different_flags_nearer_neither_beats_the_other(kb: KnowledgeBase) -> None:
    read = dangers_of(kb)

    assert [False, False] == [read.beats(read.of_term["body_temperature"], one, other) for one, other in ((34.0, 39.2), (39.2, 34.0))]


def test_what_no_flag_reads_is_not_named(kb: KnowledgeBase) -> None:
    found = dangers_of(kb).of_term

    assert "saddle_anaesthesia" in found
    assert {"daily_activities_limited", "pregnancy_previous"}.isdisjoint(found)


def test_every_bound_of_a_number_is_one_that_some_flag_sets(kb: KnowledgeBase) -> None:
    found = dangers_of(kb).of_term

    assert {"crp", "haemoglobin", "age_years"} <= set(found)
    assert c.Compare("crp", above=10.0) in {one.leaf for one in found["crp"]}
