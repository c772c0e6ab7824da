"""Causes: points for and against, what is not known, places, profiles, lines; and what a file of a cause must hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mps_rules as mps
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Cue, Interval, Present, Profile, Truth

FEVER, CHILLS, RASH = Present("fever"), Present("chills"), Present("rash")


def truths(**said: Truth) -> Callable[[c.Condition], Truth]:
    return lambda condition: said.get(condition.term) if isinstance(condition, Present) else None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Interval(0, 3)),
        ({"fever": True}, Interval(3, 3)),
        ({"chills": True}, Interval(1, 3)),
        ({"fever": False, "chills": True}, Interval(1, 1)),
        ({"rash": True}, Interval(-2, 3)),
        ({"fever": False, "chills": False, "rash": True}, Interval(-2, -2)),
        ({"fever": True, "rash": True}, Interval(3, 3)),
    ],
)
def test_of_a_group_the_strongest_for_counts_else_the_strongest_against(said: dict[str, Truth], expected: Interval) -> None:
    group = [Cue(3, FEVER), Cue(1, CHILLS), Cue(-2, RASH)]

    assert expected == c.worth(group, truths(**said))


def test_a_score_is_the_prior_and_what_holds_up_to_what_may_yet_hold() -> None:
    profile = Profile(-4, ((Cue(3, FEVER),), (Cue(2, CHILLS),), (Cue(-1, RASH),)))

    assert Interval(-4, 1) == c.score([profile], truths())
    assert Interval(-2, 0) == c.score([profile], truths(fever=True, chills=False, rash=True)) + Interval(0, 2)


def test_a_profile_is_considered_only_where_its_place_is_known_to_hurt() -> None:
    profile = Profile(0, ((Cue(2, CHILLS),),), place=FEVER)

    assert c.OPEN == c.profile_score(profile, truths(chills=True))
    assert c.NEVER == c.profile_score(profile, truths(chills=True, fever=False))
    assert Interval(2, 2) == c.profile_score(profile, truths(chills=True, fever=True))


def test_a_profile_is_not_considered_where_its_gate_is_known_to_be_false() -> None:
    profile = Profile(0, ((Cue(2, CHILLS),),), only_if=FEVER)

    assert Interval(2, 2) == c.profile_score(profile, truths(chills=True))
    assert c.NEVER == c.profile_score(profile, truths(chills=True, fever=False))


def test_a_cause_is_its_best_profile() -> None:
    profiles = [Profile(-5, ((Cue(2, FEVER),),)), Profile(-2, ((Cue(1, CHILLS),),))]

    assert Interval(-2, -1) == c.score(profiles, truths(fever=True))


def test_no_cause_is_reached_without_a_cue_that_holds() -> None:
    profile = Profile(1, ((Cue(1, FEVER),),))

    assert (None, True, False) == tuple(c.reaches(0, [profile], truths(fever=said)) for said in (None, True, False))


def test_a_cause_is_in_reach_by_the_findings_of_one_step_only_and_where_a_telling_cue_holds() -> None:
    cues = ((Cue(2, FEVER, telling=True),), (Cue(2, CHILLS, "one"),), (Cue(2, RASH, "other"),))

    assert c.in_reach(0, [Profile(-4, cues)], truths(fever=True))
    assert not c.in_reach(0, [Profile(-5, cues)], truths(fever=True))
    assert not c.in_reach(0, [Profile(-4, cues)], truths(fever=None))
    assert not c.in_reach(0, [Profile(-2, cues)], truths(fever=True)), "it is reached already"


@given(
    prior=st.integers(-5, 2),
    groups=st.lists(
        st.lists(st.tuples(st.integers(-4, 4).filter(bool), st.sampled_from("abcdef")), min_size=1, max_size=3), min_size=1, max_size=4
    ),
    known=st.dictionaries(st.sampled_from("abcdef"), st.booleans()),
    later=st.dictionaries(st.sampled_from("abcdef"), st.booleans(), min_size=6),
)
def test_what_becomes_known_never_lifts_a_score_above_its_highest(
    prior: int, groups: list[list[tuple[int, str]]], known: dict[str, bool], later: dict[str, bool]
) -> None:
    profile = Profile(prior, tuple(tuple(Cue(points, Present(term)) for points, term in group) for group in groups))
    before, after = (c.score([profile], truths(**said)) for said in (known, {**later, **known}))

    assert after.lowest <= before.highest
    assert after.highest <= before.highest


# --- the packaged causes ----------------------------------------------------------------------------------------------


def test_every_cause_that_calls_for_something_needs_a_cue_and_can_be_reached(kb: KnowledgeBase) -> None:
    assert len(kb.causes) > 250
    for cause in kb.causes.values():
        for picture in cause.profiles:
            line = kb.scale.line(picture.urgency)
            most = picture.counted.prior + sum(max(0, *(cue.points for cue in group)) for group in picture.counted.cues if group)
            assert picture.urgency == "none" or picture.counted.prior < line, cause.id
            assert most >= line, cause.id


YOUNG = {
    "age_years": 26,
    "age_at_onset": 25,
    "pain": ["low_back"],
    "symptom_duration": "9 mo",
    "relief_exercise": True,
    "relief_rest": False,
    "pain_worse_after_rest": True,
    "crp": 36,
}


def test_a_partial_picture_raises_a_suspicion_and_leads() -> None:
    found = mps.evaluate(YOUNG)
    first = found.hypotheses[0]

    assert "axial_spondyloarthritis" == first.id
    assert first.status in ("possible", "probable")
    assert first.score is not None
    assert first.score >= 0
    assert "axial_spondyloarthritis" in {alert.condition for alert in found.alerts if alert.status == "raised"}


def test_the_points_of_a_hypothesis_are_those_of_its_arguments_and_its_prior() -> None:
    first = mps.evaluate({**YOUNG, "relief_rest": None, "age_at_onset": None, "symptom_duration": "2 mo"}).hypotheses[0]
    told = sum(one.points or 0 for one in (*first.supports, *first.opposes))

    assert first.prior is not None
    assert first.score == first.prior + told


def test_a_muscle_stays_possible_until_a_trigger_point_was_examined() -> None:
    said: dict[str, Any] = {
        "pain": ["low_back"],
        "pressure_reproduces_pain_unnamed": True,
        "muscle_tender_unnamed": True,
        "pain_dull_deep_ache": True,
        "relief_stretch_or_pressure": True,
    }
    found = next(one for one in mps.evaluate(said).hypotheses if one.id == "myofascial_pain")

    assert (found.score or 0) >= 2
    assert "possible" == found.status


def test_what_points_to_an_open_suspicion_is_named_whichever_profile_has_most_points() -> None:
    (alert,) = [one for one in mps.evaluate({"bone_swelling": True}).alerts if one.id == "suspected_bone_or_soft_tissue_tumour"]

    assert alert.status == "open"
    assert [premise.id for premise in alert.because] == ["bone_swelling"]


def test_at_its_line_without_a_cue_one_cue_is_what_would_change_it() -> None:
    assessment = mps.evaluate({"pain": ["low_back.left"]})
    found = assessment.flip("myofascial_pain")

    assert not found.reached
    assert found.sets
    for one in found.sets:
        (change,) = one.changes
        after = assessment.what_if({change.address: change.value}).assessment
        assert "causes.general.myofascial_pain" in {derivation.rule for derivation in after.trace}


def test_a_graded_alert_says_its_points_and_withholds_care() -> None:
    hand: dict[str, Any] = {"age_years": 33, "pain": ["fingers_radial.right"], "symptom_duration": "2 d", "rom_restricted": True}
    wound = dict.fromkeys(("open_wound_or_infection_site", "swelling_reported", "local_warmth_or_redness", "fever"), True)
    found = mps.evaluate({**hand, **wound})
    graded = {alert.id: alert.points for alert in found.alerts if alert.graded and alert.status == "raised"}

    assert "emergency" == found.urgency
    assert graded["suspected_septic_arthritis"] == 2
    assert not [one for one in found.recommendations if one.kind == "self_care"]


# --- files ------------------------------------------------------------------------------------------------------------

HEAD = "id: few\nlabel: Few\nkind: serious\nurgency: soon\ntitle: T\naction: A\nconfirm: C\nlimits: L\nbasis: textbook\nreviewed: {on: '2026-11-30', by: authors}\n"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("profiles:\n  - {prior: 0, cues: [{when: fever, points: 2}]}\n", "the prior 0 alone reaches the line 0 of soon"),
        ("profiles:\n  - {prior: -9, cues: [{when: fever, points: 2}]}\n", "all its points (-7) do not reach the line 0"),
        ("profiles:\n  - {prior: -1, cues: [{when: fevr, points: 2}]}\n", "no finding 'fevr' in the vocabulary; closest is 'fever'"),
        ("profiles:\n  - {prior: -1, cues: [{when: fever, points: 0}]}\n", "a cue needs points"),
        ("profiles:\n  - {prior: -1, cues: [{points: 2}]}\n", "expected either a cue (when, points) or best_of"),
        ("profiles:\n  - {prior: -1, where: [low_bak], cues: [{when: fever, points: 2}]}\n", "no region 'low_bak'; closest is 'low_back'"),
        ("profiles:\n  - {prior: -1, cues: [{when: fever, points: 2, refs: [NOBODY]}]}\n", "no reference 'NOBODY'"),
    ],
)
def test_a_faulty_file_of_a_cause_says_where_and_what(kb: KnowledgeBase, tmp_path: Path, written: str, fault: str) -> None:
    folder = tmp_path / "causes" / "general"
    folder.mkdir(parents=True)
    (folder / "few.yaml").write_text(HEAD + written)

    with pytest.raises(mps.errors.KnowledgeError) as raised:
        mps.load([*kb.folders, tmp_path])

    assert any("causes/general/few.yaml line" in str(one) and fault in str(one) for one in raised.value.faults)


def test_a_cause_takes_part_in_the_digest(kb: KnowledgeBase) -> None:
    from mps_rules.knowledge.digest import digest

    first = next(iter(kb.causes.values()))
    changed = {**kb.causes, first.id: attrs.evolve(first, label="Another")}

    assert digest(kb) == kb.digest
    assert digest(attrs.evolve(kb, causes=changed)) != kb.digest
