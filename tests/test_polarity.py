"""Which reading of a finding raises red flags is read from the rules, through everything that lies between them and the flag."""

import pytest

from mps_rules.model import KnowledgeBase
from mps_rules.polarity import bounds, dangerous


@pytest.mark.parametrize(
    ("key", "danger"),
    [
        ("saddle_anaesthesia", "present"),
        ("neuro_exam_normal", "absent"),
        ("crp", "higher"),
        ("haemoglobin", "lower"),
        ("body_temperature", "higher"),
        ("age_years", "either"),
        ("pain.chest", "present"),
        ("smoking_status.never", "absent"),
    ],
)
def test_the_dangerous_reading_is_found_through_what_follows_and_what_is_concluded(key: str, danger: str, kb: KnowledgeBase) -> None:
    assert danger == dangerous(kb)[key]


def test_what_no_flag_reads_is_not_named(kb: KnowledgeBase) -> None:
    read = {rule.id for rule in kb.rules if rule.alert}

    assert read
    assert {"taut_band", "pain_quality.dull"}.isdisjoint(dangerous(kb))


def test_every_bound_of_a_number_is_one_that_some_flag_sets(kb: KnowledgeBase) -> None:
    found = bounds(kb)

    assert {"crp", "haemoglobin", "age_years"} <= set(found)
    assert all(bound.term == key for key, of in found.items() for bound, _ in of)
