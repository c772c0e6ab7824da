"""
Published definitions, stated a second time from the gathered facts: as plain conditions without a counter.

``at least n of`` is written out as every choice of n, so that the counter of the rule language is not used to check itself. Where a rule reads a
definition in another way on purpose, ``reading`` says how, and the condition here says exactly that: that part was taken from the rule, so that for
it the equality shows that nothing else differs, and no more.
"""

from itertools import combinations
from typing import Any

import attrs

Condition = Any


@attrs.frozen
class Restated:
    """A published definition: of whom it speaks, when it is met, and how the pack reads what the paper leaves open."""

    id: str
    when: Condition
    about: str = "patient"
    reading: str = ""


def every(*of: Condition) -> Condition:
    return {"all": list(of)}


def one_of(*of: Condition) -> Condition:
    return {"any": list(of)}


def some(n: int, *of: Condition) -> Condition:
    return one_of(*(every(*choice) for choice in combinations(of, n)))


def absent(of: Condition) -> Condition:
    return {"not": of}


def known(of: Condition) -> Condition:
    return {"established": of}


def number(term: str, **bound: float | str) -> Condition:
    return {term: bound}


def pain_of(*places: str) -> Condition:
    return known({"pain_at": list(places)})


HERE = "read only where pain is recorded in the part concerned, which the definition takes for granted"
LONG = number("symptom_duration", at_least="90 d")
"""Three months: 90 days, 13 weeks and 3 months all count, so that the shortest of them is the bound."""
YOUNG_AT_ONSET = number("age_at_onset", below=40)


def fibromyalgia(score: str, low: int) -> Condition:
    return one_of(
        every(number("wpi", at_least=7), number(score, at_least=5)),
        every(number("wpi", at_least=low), number("wpi", at_most=6), number(score, at_least=9)),
    )


SIJ_FOUR = ("sij_distraction", "sij_thigh_thrust", "sij_compression", "sij_sacral_thrust")
BACK_PAIN = {"pain_at": ["trunk_posterior", "buttock"]}

RESTATED = (
    Restated(
        "trp_simons_1999",
        every(one_of("taut_band", known(absent("muscle_accessible"))), "tender_nodule_in_band", "pain_recognition", "painful_limit_to_stretch"),
        "muscle",
        "the band is waived where the muscle is known to be out of reach, not where nobody says whether it is",
    ),
    Restated(
        "mps_simons_1990",
        every(
            "pain_regional",
            one_of("referral_in_expected_zone", "refers_to_pain"),
            "taut_band",
            "hypersensitive_spot",
            "rom_restricted",
            one_of(
                "pain_recognition",
                "local_twitch_response",
                every("relief_stretch_or_pressure", "tried_stretching"),
                every("relief_stretch_or_pressure", "tried_injection"),
            ),
        ),
        "muscle",
        "the complaint in the charted zone meets the second; relief counts where stretching or injecting was tried, since pressing alone does not",
    ),
    Restated(
        "mps_rivers_2015",
        every(
            "hypersensitive_spot",
            "pain_recognition",
            some(3, "muscle_stiffness_or_spasm", "rom_restricted", "pain_worse_stress", one_of("taut_band", "tender_nodule_in_band")),
        ),
        "muscle",
    ),
    Restated("trp_delphi_2018", some(2, "taut_band", "hypersensitive_spot", "referred_pain_on_pressure"), "muscle"),
    Restated(
        "fm_acr_1990",
        every(
            LONG,
            one_of({"derived": "widespread_pain_1990"}, every("pain_widespread", absent({"known": {"derived": "widespread_pain_1990"}}))),
            number("tender_point_count_1990", at_least=11),
        ),
        reading="where the pain map decides whether the pain is widespread, it does; the word of the chart counts where the map does not",
    ),
    Restated(
        "fm_acr_2010",
        every(fibromyalgia("sss_2010", 3), "symptoms_similar_3_months", absent("other_disorder_explains_pain")),
    ),
    Restated(
        "fm_acr_2011",
        every(fibromyalgia("sss_2016", 3), "symptoms_similar_3_months", absent("other_disorder_explains_pain")),
    ),
    Restated(
        "fm_acr_2016",
        every(fibromyalgia("sss_2016", 4), number("generalised_pain_regions", at_least=4), "symptoms_similar_3_months"),
    ),
    Restated(
        "fm_aapt_2019",
        every(number("aapt_sites", at_least=6), one_of("sleep_problem_moderate_severe", "fatigue_moderate_severe"), LONG),
    ),
    Restated(
        "ibp_asas_2009",
        every(LONG, some(4, YOUNG_AT_ONSET, "onset_insidious", "relief_exercise", absent("relief_rest"), "pain_night_relief_on_getting_up")),
    ),
    Restated(
        "ibp_calin_1977",
        some(
            4,
            YOUNG_AT_ONSET,
            number("symptom_duration", above="3 mo"),
            "onset_insidious",
            "morning_stiffness_present",
            "relief_exercise",
        ),
        reading="minutes of stiffness are stiffness, so that the word alone is read",
    ),
    Restated(
        "ibp_berlin_2006",
        every(
            LONG,
            number("age_years", below=50),
            some(
                2,
                number("morning_stiffness_min", above=30),
                every("relief_exercise", absent("relief_rest")),
                "pain_wakes_second_half_night",
                "pain_alternating_buttock",
            ),
        ),
    ),
    Restated(
        "axspa_asas_2009",
        every(
            LONG,
            number("age_at_onset", below=45),
            one_of(
                every(
                    "imaging_sacroiliitis",
                    one_of(
                        "hla_b27_positive", {"derived": "ibp_asas_2009"}, "peripheral_arthritis_enthesitis", "uveitis", "psoriasis",
                        "inflammatory_bowel_disease", "nsaid_good_response", "family_history_spa", every("crp_raised", BACK_PAIN),
                    ),
                ),
                every(
                    "hla_b27_positive",
                    some(
                        2, {"derived": "ibp_asas_2009"}, "peripheral_arthritis_enthesitis",
                        some(2, "arthritis_peripheral", "enthesitis_heel", "dactylitis"), "uveitis", "psoriasis", "inflammatory_bowel_disease",
                        "nsaid_good_response", "family_history_spa", every("crp_raised", BACK_PAIN),
                    ),
                ),
            ),
        ),
        reading="arthritis, enthesitis and dactylitis are three features; of which only one part is told, one",
    ),
    Restated(
        "sij_laslett_2005",
        every(
            pain_of("low_back", "sacroiliac", "sacrum", "iliac_crest", "hip_girdle", "groin"),
            absent(known("centralisation")),
            one_of(
                number("sij_positive_tests", at_least=3),
                every(number("sij_positive_tests", at_least=2), some(2, *SIJ_FOUR)),
            ),
        ),
        reading="pain of the back, pelvis or groin is asked for; centralisation excludes where it was found, and silence about it does not",
    ),
    Restated(
        "facet_revel_1998",
        every(
            pain_of("low_back", "lower_thoracic_back", "sacroiliac", "hip_girdle"),
            "relief_lying_down",
            some(
                4, number("age_years", above=65), absent("pain_cough_sneeze"), absent("pain_lumbar_flexion"), absent("pain_rising_from_flexion"),
                absent("pain_lumbar_extension"), absent("pain_extension_rotation"),
            ),
        ),
        reading=HERE,
    ),
    Restated(
        "stenosis_cook_2011",
        every(
            pain_of("low_back", "lower_limb"),
            some(
                4, "bilateral_leg_pain", "leg_pain_worse_than_back", one_of("pain_walking", "pain_prolonged_standing"),
                "relief_sitting_or_bending_forward", number("age_years", above=48),
            ),
        ),
        reading=HERE,
    ),
    Restated(
        "hip_oa_acr_1991",
        every(
            {"pain_at": ["hip_girdle", "groin"]},
            one_of(
                every(
                    number("hip_internal_rotation_deg", below=15),
                    one_of(
                        number("esr", at_most=45),
                        every(absent({"known": number("esr", at_most=45)}), number("hip_flexion_deg", at_most=115)),
                    ),
                ),
                every(
                    number("hip_internal_rotation_deg", at_least=15), "hip_internal_rotation_painful",
                    one_of(number("morning_stiffness_min", at_most=60), absent("morning_stiffness_present")), number("age_years", above=50),
                ),
            ),
        ),
        reading="no stiffness at all is at most 60 minutes of it",
    ),
    Restated(
        "gtps_clinical",
        every(
            {"pain_at": ["hip_lateral"]},
            "tender_greater_trochanter",
            one_of("single_leg_stance_30s_pain", "resisted_abduction_pain", "trendelenburg_positive"),
        ),
    ),
    Restated(
        "deep_gluteal_hopayian_2018",
        every(
            {"pain_at": ["buttock"]}, "pain_prolonged_sitting", "tender_greater_sciatic_notch", "piriformis_tension_pain",
            absent({"derived": "nerve_root_signs"}), absent(known({"derived": "radiculopathy_lumbar"})),
            absent(known("imaging_nerve_root_contact")),
        ),
        reading="other causes of sciatica are excluded where no nerve sign is left open and neither a root picture nor contact on imaging is known",
    ),
    Restated(
        "radiculopathy_cervical_wainner_2003",
        every(
            pain_of("neck", "upper_limb", "upper_back", "interscapular", "medial_scapular_border", "scapula"),
            some(3, "ulnt_a_positive", number("cervical_rotation_deg", below=60), "distraction_relief", "spurling_positive"),
        ),
        reading=HERE,
    ),
    Restated(
        "cervical_myelopathy_cook_2010",
        some(3, "gait_unsteady", "hoffmann_positive", "inverted_supinator_sign", "babinski_positive", number("age_years", above=45)),
    ),
)  # fmt: skip
