"""Which muscles may be the source: ranked in the open, laterality kept, covered with few."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mps_rules as mps
from mps_rules.answer.values import Assessment, MuscleCandidate
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.addresses import as_mapping
from mps_rules.patient.facts import Terrain
from mps_rules.patient.painmap import PainMap

ARM = ["arm_lateral.left", "forearm_radial.left", "thumb.left", "fingers_radial.left", "hand_dorsum.left"]
OTHER = {"left": "right", "right": "left"}


def groups(assessment: Assessment) -> list[str]:
    return list(dict.fromkeys(muscle.group for muscle in assessment.muscles))


def named(assessment: Assessment, muscle: str, side: str) -> MuscleCandidate:
    return next(one for one in assessment.muscles if (one.muscle, one.side) == (muscle, side))


def test_low_back_pain_brings_the_buttock_the_flank_and_the_back_among_the_first_six() -> None:
    assessment = mps.evaluate({"pain": ["low_back.left"]})

    assert {"gluteus_medius", "quadratus_lumborum", "deep_spinal", "erector_spinae_superficial"} <= set(groups(assessment)[:6])
    assert (
        "pain in the low back (lumbar) <- gluteus medius, which lies in the upper buttock"
        in named(assessment, "gluteus_medius", "left").path[0]
    )


def test_a_buttock_known_to_be_free_lowers_gluteus_medius() -> None:
    silent = mps.evaluate({"pain": ["low_back.left"]})
    free = mps.evaluate({"pain": ["low_back.left", {"region": "buttock", "side": "left", "present": False}]})

    assert named(free, "gluteus_medius", "left").score < named(silent, "gluteus_medius", "left").score
    assert any(part.name == "predicted_free" for part in named(free, "gluteus_medius", "left").terms)


def test_arm_and_hand_pain_with_a_free_neck_brings_the_scalenes_first_or_second() -> None:
    assessment = mps.evaluate({"pain": [*ARM, {"region": "neck", "present": False}]})

    assert "scalenes" in groups(assessment)[:2]


def test_pain_down_the_back_of_thigh_and_calf_brings_gluteus_minimus_and_piriformis_and_asks_for_the_nerve_screen() -> None:
    assessment = mps.evaluate({"pain": ["thigh_posterior.left", "knee_posterior.left", "calf.left"]})

    assert "gluteus_minimus_posterior" == assessment.muscles[0].muscle
    assert any(one.muscle == "piriformis" for one in assessment.muscles)
    assert "nerve_screen_missing" in {caution.id for caution in assessment.cautions}
    assert any("motor_deficit" in question.terms for question in assessment.questions[:12])


def test_every_muscles_own_main_zones_bring_it_or_its_group_among_the_first_five(kb: KnowledgeBase, terrain: Terrain) -> None:
    ranks = {}
    for muscle in kb.vocabulary.muscles.values():
        zones = [edge for edge in terrain.referral.edges(muscle.id) if edge.zone == "essential"]
        sides = {"ipsilateral": ".left", "bilateral": ".bilateral", "midline": ".midline"}
        pain = [e.region + (sides[e.laterality] if kb.vocabulary.regions[e.region].sides else "") for e in zones]
        ranks[muscle.id] = groups(mps.evaluate({"pain": pain}, kb)).index(muscle.group) + 1

    assert [] == [muscle for muscle, rank in ranks.items() if rank > 5]
    assert sum(rank <= 3 for rank in ranks.values()) >= 0.95 * len(ranks)


def test_a_score_is_the_sum_of_its_terms_and_each_term_says_why() -> None:
    findings = {
        "pain": ["low_back.left", "buttock.left", {"region": "thigh", "side": "left", "present": False}],
        "pain_rolling_in_bed": True,
        "exam": [
            {"muscle": "quadratus_lumborum_deep", "side": "left", "taut_band": True, "hypersensitive_spot": False, "pain_recognition": True}
        ],
    }
    assessment = mps.evaluate(findings)

    assert all(one.score == pytest.approx(sum(part.value for part in one.terms)) for one in assessment.muscles)
    assert all(part.text for one in assessment.muscles for part in one.terms)
    assert {"clue", "examination"} <= {part.name for part in named(assessment, "quadratus_lumborum_deep", "left").terms}


def test_an_examined_active_muscle_outranks_an_unexamined_one_and_a_silent_one_falls() -> None:
    pain = {"pain": ["low_back.left"]}
    signs = ("taut_band", "hypersensitive_spot", "pain_recognition")
    active = mps.evaluate(pain | {"exam": [{"muscle": "psoas_major", "side": "left", **dict.fromkeys(signs, True)}]})
    silent = mps.evaluate(pain | {"exam": [{"muscle": "gluteus_medius", "side": "left", **dict.fromkeys(signs, False)}]})

    assert ("psoas_major", "active") == (active.muscles[0].muscle, active.muscles[0].status)
    assert named(silent, "gluteus_medius", "left").score < 0.5


SIGNS = dict.fromkeys(("taut_band", "hypersensitive_spot", "pain_recognition"), True)


def order(assessment: Assessment) -> list[tuple[str, str | None]]:
    return [(one.muscle, one.side) for one in assessment.muscles]


def test_a_recognised_point_whose_charted_zones_miss_the_pain_ranks_after_one_that_reaches_it_and_before_the_unexamined() -> None:
    exam = [{"muscle": "soleus", "side": "right", **SIGNS}, {"muscle": "psoas_major", "side": "left", **SIGNS}]
    assessment = mps.evaluate({"pain": ["low_back.left"], "exam": exam})

    assert [("psoas_major", "left"), ("soleus", "right"), ("multifidus_lumbar", "left")] == order(assessment)[:3]


def test_a_recognised_point_whose_charted_zones_miss_the_pain_says_so_and_gains_by_its_examination_alone() -> None:
    soleus = named(
        mps.evaluate({"pain": ["low_back.left"], "exam": [{"muscle": "soleus", "side": "right", **SIGNS}]}),
        "soleus",
        "right",
    )

    assert ((), ()) == (soleus.explains, soleus.might_explain)
    assert {"examination"} == {part.name for part in soleus.terms}
    assert [True] == [path.endswith("do not reach the pain that is listed") for path in soleus.path]


def test_without_a_pain_listed_no_muscle_is_said_to_miss_it() -> None:
    soleus = named(mps.evaluate({"exam": [{"muscle": "soleus", "side": "right", **SIGNS}]}), "soleus", "right")

    assert soleus.path == ()


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(SIGNS | {"pain_recognition": False}, id="not the familiar pain"),
        pytest.param(dict.fromkeys(SIGNS, False), id="no trigger point"),
        pytest.param({"taut_band": True}, id="not settled"),
    ],
)
def test_a_muscle_that_misses_the_pain_and_holds_no_recognised_point_stays_last_without_a_score(found: dict[str, bool]) -> None:
    assessment = mps.evaluate({"pain": ["low_back.left"], "exam": [{"muscle": "soleus", "side": "right", **found}]})

    assert ("soleus", "right") == order(assessment)[-1]
    assert (0.0, ()) == (assessment.muscles[-1].score, assessment.muscles[-1].terms)


def test_pain_on_both_sides_of_a_zone_that_crosses_is_counted_once() -> None:
    one_side = named(mps.evaluate({"pain": ["low_back.left"]}), "rectus_abdominis_lower", "left")
    both = named(mps.evaluate({"pain": ["low_back.bilateral"]}), "rectus_abdominis_lower", "left")
    expected = ["pain in the low back (lumbar), left and the low back (lumbar), right lies in its main zone (confidence high)"]

    assert one_side.score == both.score
    assert expected == [part.text for part in both.terms if part.name == "explains"]


def test_low_back_pain_on_both_sides_ranks_the_muscles_as_pain_on_one_side_does() -> None:
    one_side, both = (mps.evaluate({"pain": [place]}) for place in ("low_back.left", "low_back.bilateral"))
    expected = list(dict.fromkeys(muscle for muscle, _ in order(one_side)))

    assert "multifidus_lumbar" == expected[0]
    assert expected == list(dict.fromkeys(muscle for muscle, _ in order(both)))


def test_pain_in_a_part_and_in_the_whole_around_it_counts_a_zone_once(kb: KnowledgeBase, terrain: Terrain) -> None:
    terms = named(mps.evaluate({"pain": ["hip_girdle.left", "lower_limb.left"]}), "gluteus_medius", "left").terms
    parts, leaves = [part.value for part in terms if part.name == "might_explain"], terrain.tree.leaves
    mid_buttock, two_lesser_zones = kb.ranking.zones["essential"], 2 * kb.ranking.zones["spillover"] * kb.ranking.confidences["moderate"]
    expected = [mid_buttock / len(leaves["hip_girdle"]), two_lesser_zones / len(leaves["lower_limb"])]

    assert parts == pytest.approx([kb.ranking.within_group * share for share in expected], abs=1e-6)


def test_pain_on_both_sides_is_covered_by_a_muscle_on_both_before_one_whose_zone_crosses() -> None:
    first, second = mps.evaluate({"pain": ["low_back.bilateral"]}).coverings

    assert ("multifidus_lumbar.left", "multifidus_lumbar.right") == first.muscles
    assert (("rectus_abdominis_lower.left",), (("rectus_abdominis_lower.right",),)) == (second.muscles, second.alternatives)
    assert () == first.unexplained == second.unexplained


def test_an_active_muscle_whose_zone_crosses_covers_pain_on_both_sides_first() -> None:
    exam = [{"muscle": "rectus_abdominis_lower", "side": "left", **SIGNS}]
    first, *_ = mps.evaluate({"pain": ["low_back.bilateral"], "exam": exam}).coverings

    assert ("rectus_abdominis_lower.left",) == first.muscles


def test_both_sides_of_a_muscle_count_as_two_where_no_place_hurts_on_both() -> None:
    coverings = mps.evaluate({"pain": ["low_back.left", "calf.right"]}).coverings

    assert ("soleus.left", "soleus.right") not in [covering.muscles for covering in coverings]
    assert "multifidus_lumbar.left" in coverings[0].muscles


def test_a_muscle_that_lies_in_the_pain_is_a_candidate_behind_those_whose_zone_reaches_it() -> None:
    assessment = mps.evaluate({"pain": ["shoulder_top.left"]})
    reaching = named(assessment, "trapezius_middle", "left")
    lying = [one for one in assessment.muscles if not (one.explains or one.might_explain)]

    assert reaching.explains
    assert lying
    assert all(one.path == (f"{one.label[0].lower()}{one.label[1:]} lies where it hurts",) for one in lying)
    assert max(one.score for one in lying) < reaching.score


def test_what_points_to_a_muscle_counts_as_much_as_its_zone_and_not_without_it() -> None:
    said = {"pain_lying_on_side": True}
    main, lesser = (
        named(mps.evaluate({"pain": ["low_back.left"], **said}), muscle, "left") for muscle in ("gluteus_medius", "quadratus_lumborum_deep")
    )
    elsewhere = mps.evaluate({"pain": ["thumb.left"], **said})

    assert [0.666] == [part.value for part in main.terms if part.name == "clue"]
    assert not [part for part in lesser.terms if part.name == "clue"]
    assert not [one for one in elsewhere.muscles if one.muscle == "gluteus_medius"]


def test_pain_in_a_whole_leg_never_counts_as_pain_in_each_of_its_parts() -> None:
    assessment = mps.evaluate({"pain": ["lower_limb.left"]})

    assert assessment.muscles
    assert all(one.explains == () and one.might_explain for one in assessment.muscles)
    assert assessment.coverings == ()


def test_two_distant_pains_are_covered_by_two_muscles_and_nothing_is_left_over() -> None:
    assessment = mps.evaluate({"pain": ["thumb.left", "low_back.right"]})
    best = assessment.coverings[0]

    assert 2 == len(best.muscles)
    assert ((), {"thumb.left", "low_back.right"}) == (best.unexplained, set(best.explains))


def test_what_no_three_muscles_explain_is_named() -> None:
    assessment = mps.evaluate({"pain": ["thumb.left", "low_back.right", "temple.left", "heel.right", "knee_anterior.left"]})

    assert assessment.coverings
    assert all(len(covering.muscles) == 3 and covering.unexplained for covering in assessment.coverings)


def test_a_covering_holds_no_muscle_that_it_could_do_without(terrain: Terrain) -> None:
    assessment = mps.evaluate({"pain": ["thumb.left", "low_back.right", "temple.left"]})
    reach = {f"{one.muscle}.{one.side}": set(one.explains) for one in assessment.muscles}

    assert assessment.coverings
    for covering in assessment.coverings:
        for left_out in covering.muscles:
            rest = set().union(*(reach[muscle] for muscle in covering.muscles if muscle != left_out))

            assert not set().union(*(reach[muscle] for muscle in covering.muscles)) <= rest


def places(kb: KnowledgeBase) -> st.SearchStrategy[list[str]]:
    groups_of = {region.parent for region in kb.vocabulary.regions.values()}
    leaves = [r for r in kb.vocabulary.regions.values() if r.id not in groups_of]
    choices = [f"{leaf.id}.{side}" if leaf.sides else leaf.id for leaf in leaves for side in ("left", "right")]
    return st.lists(st.sampled_from(sorted(set(choices))), min_size=1, max_size=5, unique=True)


KB = mps.load()


@settings(max_examples=25, deadline=None)
@given(places(KB), st.data())
def test_a_region_free_of_pain_never_raises_a_muscle_that_sends_pain_there(pain: list[str], data: st.DataObject) -> None:
    free = data.draw(places(KB).map(lambda found: [place for place in found if place not in pain][:1]))
    before = {(m.muscle, m.side): m.score for m in mps.evaluate({"pain": pain}).muscles}
    entries: list[Any] = [*pain, *({"region": p.partition(".")[0], "side": p.partition(".")[2] or None, "present": False} for p in free)]
    after = mps.evaluate({"pain": entries}).muscles

    assert [] == [one for one in after if one.score > before.get((one.muscle, one.side), one.score)]


@settings(max_examples=25, deadline=None)
@given(places(KB))
def test_every_side_of_a_covering_explains_what_the_rest_of_it_does_not(terrain: Terrain, pain: list[str]) -> None:
    assessment = mps.evaluate({"pain": pain})
    pain_map = PainMap(terrain.tree, tuple(assessment.findings.pain), complete=False)

    assert [] == [one for one in assessment.coverings if len({muscle.partition(".")[0] for muscle in one.muscles}) > 3]
    for covering in assessment.coverings:
        parts = [muscle.split(".") for muscle in covering.muscles]
        reach = [{match.pain for match in terrain.referral.explain(muscle, side, pain_map).matches} for muscle, side in parts]

        assert all(set().union(*reach[:number], *reach[number + 1 :]) < set().union(*reach) for number in range(len(reach)))


def mirrored(place: str) -> str:
    region, dot, side = place.partition(".")
    return f"{region}{dot}{OTHER.get(side, side)}"


@settings(max_examples=25, deadline=None)
@given(places(KB))
def test_the_mirror_image_of_a_patient_gives_the_mirror_image_of_the_scores(pain: list[str]) -> None:
    here = {(m.muscle, m.side): m.score for m in mps.evaluate({"pain": pain}).muscles}
    there = {(m.muscle, OTHER[m.side or ""]): m.score for m in mps.evaluate({"pain": [mirrored(p) for p in pain]}).muscles}

    assert here == there


@settings(max_examples=25, deadline=None)
@given(places(KB), st.randoms(use_true_random=False))
def test_the_order_in_which_pain_is_listed_does_not_matter(pain: list[str], random: Any) -> None:
    shuffled = random.sample(pain, len(pain))

    assert mps.evaluate({"pain": pain}).muscles == mps.evaluate({"pain": shuffled}).muscles


def test_a_picture_of_a_muscle_nobody_knows_is_refused_with_the_closest_name() -> None:
    with pytest.raises(mps.FindingError) as caught:
        mps.muscle_picture("gluteus_medus", "lefft")

    assert [fault.closest for fault in caught.value.faults] == ["gluteus_medius", "left"]


def test_a_poster_of_a_place_nobody_knows_is_refused_with_the_closest_name() -> None:
    with pytest.raises(mps.FindingError) as caught:
        mps.poster("low_bck", "lefft")

    assert [fault.closest for fault in caught.value.faults] == ["low_back", "left"]


# --- found in some muscle of a region -----------------------------------------------------------------------------------

SOMEWHERE = {"exam": [{"region": "groin", "side": "left", "pain_on_resisted_contraction": True}]}


def test_what_is_found_in_some_muscle_is_possible_of_those_that_lie_there(kb: KnowledgeBase) -> None:
    found = mps.evaluate(SOMEWHERE, kb).muscles

    assert {"groin"} <= {place for one in found for place in kb.vocabulary.muscles[one.muscle].lies_in}
    assert all("groin" in kb.vocabulary.muscles[one.muscle].lies_in for one in found)
    assert {("left", "not_examined")} == {(one.side, one.status) for one in found}


def test_what_is_found_in_some_muscle_is_found_in_none(kb: KnowledgeBase) -> None:
    said = {"pain": ["groin.left"], "age_years": 40}
    plain, told = mps.evaluate(said, kb), mps.evaluate({**said, **SOMEWHERE}, kb)
    score = {(one.muscle, one.side): one.score for one in plain.muscles}
    more = {(one.muscle, one.side): round(one.score - score[one.muscle, one.side], 6) for one in told.muscles}

    assert plain.hypotheses == told.hypotheses
    assert plain.criteria == told.criteria
    assert {0.0, round(kb.ranking.within_group * kb.ranking.clue, 6)} == set(more.values())
    assert all(("groin" in kb.vocabulary.muscles[muscle].lies_in and side == "left") is (gain > 0) for (muscle, side), gain in more.items())


def test_a_muscle_that_was_examined_itself_is_told_by_its_own_examination(kb: KnowledgeBase) -> None:
    exam = [*SOMEWHERE["exam"], {"muscle": "pectineus", "side": "left", "pain_on_resisted_contraction": False}]
    (pectineus,) = [one for one in mps.evaluate({"exam": exam}, kb).muscles if one.muscle == "pectineus"]

    assert [] == [term for term in pectineus.terms if "some muscle" in term.text]


def test_what_is_found_in_some_muscle_reads_back_and_stays_in_a_what_if(kb: KnowledgeBase) -> None:
    before = mps.evaluate(SOMEWHERE, kb)
    after = before.what_if({"fever": True, "soleus.left.taut_band": True}).assessment

    assert before.findings.somewhere == after.findings.somewhere
    assert mps.evaluate(as_mapping(before.findings), kb).findings == before.findings
    assert "Some muscle in the groin, left: pain when muscle works against resistance" in before.note()


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"region": "grion", "taut_band": True}, "exam[0].region: no region 'grion'; closest is 'groin'"),
        ({"region": "groin", "muscle": "pectineus"}, "exam[0].region: a muscle is named, so its place is known: leave one of them out"),
        ({"region": "sacrum", "side": "left"}, "exam[0].side: 'left' is impossible: sacrum has no sides"),
        ({"region": "groin", "fever": True}, "exam[0].fever: is not a finding of one muscle; write it beside 'exam' and 'labels'"),
    ],
)
def test_an_entry_of_a_region_that_does_not_fit_is_named(entry: dict[str, object], fault: str, kb: KnowledgeBase) -> None:
    with pytest.raises(mps.FindingError) as raised:
        mps.evaluate({"exam": [entry]}, kb)

    assert [fault] == [str(one) for one in raised.value.faults]
