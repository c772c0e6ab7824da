"""Published scores, each with its items as they are charted; the rule is written here from what was printed, not from the pack."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

Items: TypeAlias = Mapping[str, bool]
Said: TypeAlias = Mapping[str, Mapping[bool, Mapping[str, Any]]]
"""For each item the findings that say that it is present, and those that say that it is absent."""


@attrs.frozen
class Score:
    """
    A published score: what is true of everybody to whom it applies, how each item is charted, and the published rule.

    ``told``: items without which nobody knows whether it applies, or that stand only together.
    """

    rule: str
    applies: Mapping[str, Any]
    said: Said
    published: Callable[[Items], bool]
    told: tuple[str, ...] = ()


def plain(*terms: str) -> dict[str, dict[bool, dict[str, Any]]]:
    return {term: {True: {term: True}, False: {term: False}} for term in terms}


def number(term: str, present: float, absent: float) -> dict[bool, dict[str, Any]]:
    return {True: {term: present}, False: {term: absent}}


def pain(*places: str, free: str) -> dict[bool, dict[str, Any]]:
    return {True: {"pain": list(places)}, False: {"pain": [{"region": free, "present": False}]}}


def wells_pe(has: Items) -> bool:
    points = {"signs": 3, "clot_in_lung_most_likely": 3, "heart": 1.5, "immobility_or_surgery_recent": 1.5, "dvt_previous": 1.5}
    return sum(points.get(item, 1) for item, there in has.items() if there) > 4


def wells_dvt(has: Items) -> bool:
    return sum(-2 if item == "clot_in_leg_other_cause_as_likely" else 1 for item, there in has.items() if there) >= 2


def marburg(has: Items) -> bool:
    old = has["over_65"] or (has["man"] and has["over_55"])
    return (
        old
        + has["arterial_disease_known"]
        + has["pain_exertional"]
        + (not has["pressure_reproduces_pain_unnamed"])
        + has["pain_thought_cardiac"]
        >= 3
    )


def c_spine(has: Items) -> bool:
    if has["age"] or has["neck_trauma_dangerous_mechanism"] or has["paresthesia"]:
        return True
    low = ("rear_end_collision_simple", "sitting_when_seen", "walked_after_injury", "neck_pain_delayed_onset")
    if not any(has[item] for item in low) and has["midline_bony_tenderness"]:
        return True
    return not has["neck_rotates_45_both_sides"]


def ng65(has: Items) -> bool:
    further = sum(there for item, there in has.items() if item != "hla_b27_positive")
    return further >= 4 or (further == 3 and has["hla_b27_positive"])


def add_rs(has: Items) -> bool:
    conditions = has["aortic_disease_risk"] or has["aortic_procedure_recent"]
    kinds = has["sudden"] or has["pain_excruciating"] or has["pain_tearing"]
    signs = (
        "peripheral_pulses_reduced",
        "bp_difference_arms",
        "stroke_signs_sudden",
        "bilateral_neuro_deficit",
        "heart_murmur",
        "hypotension",
    )
    return conditions + kinds + any(has[sign] for sign in signs) >= 2


SCORES = (
    Score(
        "criteria.sah_ottawa_2013",
        {"pain": ["forehead"], "headache_peak_within_hour": True, "meningism": False},
        {
            "age": number("age_years", 40, 39),
            "neck": pain("neck_posterior", free="neck"),
            **plain("syncope", "headache_onset_exertion", "thunderclap_headache", "neck_flexion_limited"),
        },
        lambda has: any(has.values()),
    ),
    Score(
        "criteria.dvt_wells_2003",
        {"pain": ["calf.left"]},
        plain(
            "cancer_active", "leg_paralysed_or_cast", "immobility_or_surgery_recent", "calf_deep_tenderness", "leg_swelling_whole", "calf_swelling_unilateral",
            "leg_oedema_pitting", "leg_veins_collateral", "dvt_previous", "clot_in_leg_other_cause_as_likely",
        ),
        wells_dvt,
    ),
    Score(
        "criteria.pe_wells_2000",
        {"pain": ["chest_lateral.left"], "leg_oedema_pitting": True},
        {
            "signs": {True: {"calf_deep_tenderness": True}, False: {"calf_deep_tenderness": False}},
            "heart": number("heart_rate", 101, 100),
            **plain("clot_in_lung_most_likely", "immobility_or_surgery_recent", "dvt_previous", "haemoptysis", "cancer_active"),
        },
        wells_pe,
    ),
    Score(
        "criteria.pe_perc_2004",
        {"pain": ["chest_lateral.left"], "leg_swelling_whole": False, "leg_oedema_pitting": False, "trauma_severe": False},
        {
            "age": number("age_years", 50, 49),
            "heart": number("heart_rate", 100, 99),
            "oxygen": number("oxygen_saturation", 94, 95),
            "leg": {True: {"calf_swelling_unilateral": True}, False: {"calf_swelling_unilateral": False}},
            **plain("haemoptysis", "immobility_or_surgery_recent", "dvt_previous", "oestrogen_use"),
        },
        lambda has: any(has.values()),
    ),
    Score(
        "criteria.chd_marburg_2010",
        {"pain": ["sternum_region"], "chest_pain": True, "heart_disease_known": False},
        {
            "man": {True: {"sex_at_birth": "male"}, False: {"sex_at_birth": "female"}},
            "over_55": number("age_years", 55, 54),
            "over_65": number("age_years", 65, 64),
            **plain("arterial_disease_known", "pain_exertional", "pressure_reproduces_pain_unnamed", "pain_thought_cardiac"),
        },
        marburg,
        told=("man", "over_55", "over_65"),
    ),
    Score(
        "criteria.cspine_canadian_2001",
        {"pain": ["neck_posterior"], "recent_neck_trauma": True},
        {
            "age": number("age_years", 65, 64),
            **plain(
                "neck_trauma_dangerous_mechanism", "paresthesia", "rear_end_collision_simple", "sitting_when_seen", "walked_after_injury",
                "neck_pain_delayed_onset", "midline_bony_tenderness", "neck_rotates_45_both_sides",
            ),
        },
        c_spine,
    ),
    Score(
        "criteria.aortic_add_rs_2010",
        {"pain": ["mid_back"]},
        {
            "sudden": {True: {"onset_mode": "sudden"}, False: {"onset_mode": "insidious"}},
            **plain(
                "aortic_disease_risk", "aortic_procedure_recent", "pain_excruciating", "pain_tearing", "peripheral_pulses_reduced", "bp_difference_arms",
                "stroke_signs_sudden", "bilateral_neuro_deficit", "heart_murmur", "hypotension",
            ),
        },
        add_rs,
    ),
    Score(
        "criteria.axspa_referral_ng65",
        {"pain": ["low_back"], "symptom_duration": "9 mo", "relief_walking": False},
        {
            "began": number("age_at_onset", 34, 35),
            "buttock": pain("buttock.left", free="buttock"),
            **plain(
                "pain_wakes_second_half_night", "relief_exercise", "nsaid_good_response", "family_history_spa", "arthritis_peripheral", "enthesitis_heel",
                "psoriasis", "hla_b27_positive",
            ),
        },
        ng65,
        told=("began",),
    ),
)  # fmt: skip
