"""
What may be written of one patient (``...Dict``), and what an answer is as plain data (``...Data``), for type checkers, pydantic and FastAPI.

Written by ``make docs`` from the vocabulary of the packaged rules; a test tells when it is old. What is left out, or None, is not known.
Findings may stand at addresses too (``gluteus_medius.left.taut_band``), which these types do not list: ``exam`` says the same.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Required, TypeAlias, TypeVar

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    try:
        from typing_extensions import TypedDict  # which pydantic asks for before Python 3.12
    except ModuleNotFoundError:
        from typing import TypedDict

Truth: TypeAlias = bool | None
"""Present, absent, or not known."""
Word = TypeVar("Word", bound=str)
Words: TypeAlias = Word | Sequence[Word] | Mapping[Word, Truth] | None
"""A word of a finding, several, or each with whether it holds."""


class RangeDict(TypedDict):
    """A number of which only the range is known."""

    at_least: float | str
    at_most: float | str


Amount: TypeAlias = float | str | RangeDict | None
"""A number in the finding's own unit, text with a unit, or a range."""
Region: TypeAlias = Literal[
    "body",
    "head",
    "face",
    "neck",
    "trunk_posterior",
    "trunk_anterior",
    "chest",
    "abdomen",
    "pelvis_perineum",
    "upper_limb",
    "shoulder",
    "upper_arm",
    "elbow",
    "forearm",
    "wrist",
    "hand",
    "lower_limb",
    "hip_girdle",
    "buttock",
    "thigh",
    "knee",
    "lower_leg",
    "ankle",
    "foot",
    "vertex",
    "forehead",
    "temple",
    "occiput",
    "mastoid",
    "ear",
    "eye_region",
    "nose",
    "cheek",
    "tmj",
    "jaw",
    "chin",
    "teeth_upper",
    "teeth_lower",
    "mouth_tongue",
    "neck_posterior",
    "neck_lateral",
    "neck_anterior",
    "neck_shoulder_angle",
    "shoulder_top",
    "shoulder_anterior",
    "shoulder_lateral",
    "shoulder_posterior",
    "axilla",
    "arm_anterior",
    "arm_lateral",
    "arm_posterior",
    "arm_medial",
    "elbow_anterior",
    "elbow_posterior",
    "elbow_lateral",
    "elbow_medial",
    "forearm_radial",
    "forearm_ulnar",
    "forearm_volar",
    "forearm_dorsal",
    "wrist_volar",
    "wrist_dorsal",
    "wrist_radial",
    "wrist_ulnar",
    "thumb",
    "thenar",
    "palm",
    "hand_dorsum",
    "fingers_radial",
    "fingers_ulnar",
    "upper_back",
    "interscapular",
    "medial_scapular_border",
    "scapula",
    "mid_back",
    "lower_thoracic_back",
    "flank",
    "low_back",
    "sacroiliac",
    "sacrum",
    "coccyx",
    "iliac_crest",
    "chest_upper",
    "sternum_region",
    "breast",
    "chest_lateral",
    "chest_lower",
    "epigastrium",
    "abdomen_upper_lateral",
    "periumbilical",
    "abdomen_lower_lateral",
    "suprapubic",
    "groin",
    "pelvis_deep",
    "perineum",
    "genitalia",
    "anorectal",
    "buttock_upper",
    "buttock_mid",
    "buttock_lower",
    "hip_lateral",
    "hip_anterior",
    "hip_posterior",
    "thigh_anterior",
    "thigh_lateral",
    "thigh_medial",
    "thigh_posterior",
    "knee_anterior",
    "knee_medial",
    "knee_lateral",
    "knee_posterior",
    "leg_anterior",
    "leg_lateral",
    "leg_medial",
    "calf",
    "ankle_anterior",
    "ankle_lateral",
    "ankle_medial",
    "ankle_posterior",
    "heel",
    "foot_arch",
    "forefoot_plantar",
    "foot_dorsum",
    "great_toe",
    "lesser_toes",
]
Place: TypeAlias = Literal[
    "body",
    "body.left",
    "body.right",
    "body.bilateral",
    "head",
    "head.left",
    "head.right",
    "head.bilateral",
    "face",
    "face.left",
    "face.right",
    "face.midline",
    "face.bilateral",
    "neck",
    "neck.left",
    "neck.right",
    "neck.bilateral",
    "trunk_posterior",
    "trunk_posterior.left",
    "trunk_posterior.right",
    "trunk_posterior.bilateral",
    "trunk_anterior",
    "trunk_anterior.left",
    "trunk_anterior.right",
    "trunk_anterior.bilateral",
    "chest",
    "chest.left",
    "chest.right",
    "chest.midline",
    "chest.bilateral",
    "abdomen",
    "abdomen.left",
    "abdomen.right",
    "abdomen.bilateral",
    "pelvis_perineum",
    "pelvis_perineum.left",
    "pelvis_perineum.right",
    "pelvis_perineum.bilateral",
    "upper_limb",
    "upper_limb.left",
    "upper_limb.right",
    "upper_limb.bilateral",
    "shoulder",
    "shoulder.left",
    "shoulder.right",
    "shoulder.bilateral",
    "upper_arm",
    "upper_arm.left",
    "upper_arm.right",
    "upper_arm.bilateral",
    "elbow",
    "elbow.left",
    "elbow.right",
    "elbow.bilateral",
    "forearm",
    "forearm.left",
    "forearm.right",
    "forearm.bilateral",
    "wrist",
    "wrist.left",
    "wrist.right",
    "wrist.bilateral",
    "hand",
    "hand.left",
    "hand.right",
    "hand.bilateral",
    "lower_limb",
    "lower_limb.left",
    "lower_limb.right",
    "lower_limb.bilateral",
    "hip_girdle",
    "hip_girdle.left",
    "hip_girdle.right",
    "hip_girdle.bilateral",
    "buttock",
    "buttock.left",
    "buttock.right",
    "buttock.bilateral",
    "thigh",
    "thigh.left",
    "thigh.right",
    "thigh.bilateral",
    "knee",
    "knee.left",
    "knee.right",
    "knee.bilateral",
    "lower_leg",
    "lower_leg.left",
    "lower_leg.right",
    "lower_leg.bilateral",
    "ankle",
    "ankle.left",
    "ankle.right",
    "ankle.bilateral",
    "foot",
    "foot.left",
    "foot.right",
    "foot.bilateral",
    "vertex",
    "vertex.left",
    "vertex.right",
    "vertex.midline",
    "vertex.bilateral",
    "forehead",
    "forehead.left",
    "forehead.right",
    "forehead.midline",
    "forehead.bilateral",
    "temple",
    "temple.left",
    "temple.right",
    "temple.bilateral",
    "occiput",
    "occiput.left",
    "occiput.right",
    "occiput.midline",
    "occiput.bilateral",
    "mastoid",
    "mastoid.left",
    "mastoid.right",
    "mastoid.bilateral",
    "ear",
    "ear.left",
    "ear.right",
    "ear.bilateral",
    "eye_region",
    "eye_region.left",
    "eye_region.right",
    "eye_region.midline",
    "eye_region.bilateral",
    "nose",
    "nose.midline",
    "cheek",
    "cheek.left",
    "cheek.right",
    "cheek.midline",
    "cheek.bilateral",
    "tmj",
    "tmj.left",
    "tmj.right",
    "tmj.bilateral",
    "jaw",
    "jaw.left",
    "jaw.right",
    "jaw.bilateral",
    "chin",
    "chin.midline",
    "teeth_upper",
    "teeth_upper.left",
    "teeth_upper.right",
    "teeth_upper.midline",
    "teeth_upper.bilateral",
    "teeth_lower",
    "teeth_lower.left",
    "teeth_lower.right",
    "teeth_lower.midline",
    "teeth_lower.bilateral",
    "mouth_tongue",
    "mouth_tongue.midline",
    "neck_posterior",
    "neck_posterior.left",
    "neck_posterior.right",
    "neck_posterior.midline",
    "neck_posterior.bilateral",
    "neck_lateral",
    "neck_lateral.left",
    "neck_lateral.right",
    "neck_lateral.bilateral",
    "neck_anterior",
    "neck_anterior.left",
    "neck_anterior.right",
    "neck_anterior.midline",
    "neck_anterior.bilateral",
    "neck_shoulder_angle",
    "neck_shoulder_angle.left",
    "neck_shoulder_angle.right",
    "neck_shoulder_angle.midline",
    "neck_shoulder_angle.bilateral",
    "shoulder_top",
    "shoulder_top.left",
    "shoulder_top.right",
    "shoulder_top.bilateral",
    "shoulder_anterior",
    "shoulder_anterior.left",
    "shoulder_anterior.right",
    "shoulder_anterior.bilateral",
    "shoulder_lateral",
    "shoulder_lateral.left",
    "shoulder_lateral.right",
    "shoulder_lateral.bilateral",
    "shoulder_posterior",
    "shoulder_posterior.left",
    "shoulder_posterior.right",
    "shoulder_posterior.bilateral",
    "axilla",
    "axilla.left",
    "axilla.right",
    "axilla.bilateral",
    "arm_anterior",
    "arm_anterior.left",
    "arm_anterior.right",
    "arm_anterior.bilateral",
    "arm_lateral",
    "arm_lateral.left",
    "arm_lateral.right",
    "arm_lateral.bilateral",
    "arm_posterior",
    "arm_posterior.left",
    "arm_posterior.right",
    "arm_posterior.bilateral",
    "arm_medial",
    "arm_medial.left",
    "arm_medial.right",
    "arm_medial.bilateral",
    "elbow_anterior",
    "elbow_anterior.left",
    "elbow_anterior.right",
    "elbow_anterior.bilateral",
    "elbow_posterior",
    "elbow_posterior.left",
    "elbow_posterior.right",
    "elbow_posterior.bilateral",
    "elbow_lateral",
    "elbow_lateral.left",
    "elbow_lateral.right",
    "elbow_lateral.bilateral",
    "elbow_medial",
    "elbow_medial.left",
    "elbow_medial.right",
    "elbow_medial.bilateral",
    "forearm_radial",
    "forearm_radial.left",
    "forearm_radial.right",
    "forearm_radial.bilateral",
    "forearm_ulnar",
    "forearm_ulnar.left",
    "forearm_ulnar.right",
    "forearm_ulnar.bilateral",
    "forearm_volar",
    "forearm_volar.left",
    "forearm_volar.right",
    "forearm_volar.bilateral",
    "forearm_dorsal",
    "forearm_dorsal.left",
    "forearm_dorsal.right",
    "forearm_dorsal.bilateral",
    "wrist_volar",
    "wrist_volar.left",
    "wrist_volar.right",
    "wrist_volar.bilateral",
    "wrist_dorsal",
    "wrist_dorsal.left",
    "wrist_dorsal.right",
    "wrist_dorsal.bilateral",
    "wrist_radial",
    "wrist_radial.left",
    "wrist_radial.right",
    "wrist_radial.bilateral",
    "wrist_ulnar",
    "wrist_ulnar.left",
    "wrist_ulnar.right",
    "wrist_ulnar.bilateral",
    "thumb",
    "thumb.left",
    "thumb.right",
    "thumb.bilateral",
    "thenar",
    "thenar.left",
    "thenar.right",
    "thenar.bilateral",
    "palm",
    "palm.left",
    "palm.right",
    "palm.bilateral",
    "hand_dorsum",
    "hand_dorsum.left",
    "hand_dorsum.right",
    "hand_dorsum.bilateral",
    "fingers_radial",
    "fingers_radial.left",
    "fingers_radial.right",
    "fingers_radial.bilateral",
    "fingers_ulnar",
    "fingers_ulnar.left",
    "fingers_ulnar.right",
    "fingers_ulnar.bilateral",
    "upper_back",
    "upper_back.left",
    "upper_back.right",
    "upper_back.midline",
    "upper_back.bilateral",
    "interscapular",
    "interscapular.left",
    "interscapular.right",
    "interscapular.midline",
    "interscapular.bilateral",
    "medial_scapular_border",
    "medial_scapular_border.left",
    "medial_scapular_border.right",
    "medial_scapular_border.midline",
    "medial_scapular_border.bilateral",
    "scapula",
    "scapula.left",
    "scapula.right",
    "scapula.midline",
    "scapula.bilateral",
    "mid_back",
    "mid_back.left",
    "mid_back.right",
    "mid_back.midline",
    "mid_back.bilateral",
    "lower_thoracic_back",
    "lower_thoracic_back.left",
    "lower_thoracic_back.right",
    "lower_thoracic_back.midline",
    "lower_thoracic_back.bilateral",
    "flank",
    "flank.left",
    "flank.right",
    "flank.bilateral",
    "low_back",
    "low_back.left",
    "low_back.right",
    "low_back.midline",
    "low_back.bilateral",
    "sacroiliac",
    "sacroiliac.left",
    "sacroiliac.right",
    "sacroiliac.midline",
    "sacroiliac.bilateral",
    "sacrum",
    "sacrum.midline",
    "coccyx",
    "coccyx.midline",
    "iliac_crest",
    "iliac_crest.left",
    "iliac_crest.right",
    "iliac_crest.midline",
    "iliac_crest.bilateral",
    "chest_upper",
    "chest_upper.left",
    "chest_upper.right",
    "chest_upper.midline",
    "chest_upper.bilateral",
    "sternum_region",
    "sternum_region.midline",
    "breast",
    "breast.left",
    "breast.right",
    "breast.midline",
    "breast.bilateral",
    "chest_lateral",
    "chest_lateral.left",
    "chest_lateral.right",
    "chest_lateral.bilateral",
    "chest_lower",
    "chest_lower.left",
    "chest_lower.right",
    "chest_lower.midline",
    "chest_lower.bilateral",
    "epigastrium",
    "epigastrium.midline",
    "abdomen_upper_lateral",
    "abdomen_upper_lateral.left",
    "abdomen_upper_lateral.right",
    "abdomen_upper_lateral.midline",
    "abdomen_upper_lateral.bilateral",
    "periumbilical",
    "periumbilical.midline",
    "abdomen_lower_lateral",
    "abdomen_lower_lateral.left",
    "abdomen_lower_lateral.right",
    "abdomen_lower_lateral.midline",
    "abdomen_lower_lateral.bilateral",
    "suprapubic",
    "suprapubic.midline",
    "groin",
    "groin.left",
    "groin.right",
    "groin.midline",
    "groin.bilateral",
    "pelvis_deep",
    "pelvis_deep.midline",
    "perineum",
    "perineum.midline",
    "genitalia",
    "genitalia.left",
    "genitalia.right",
    "genitalia.midline",
    "genitalia.bilateral",
    "anorectal",
    "anorectal.midline",
    "buttock_upper",
    "buttock_upper.left",
    "buttock_upper.right",
    "buttock_upper.bilateral",
    "buttock_mid",
    "buttock_mid.left",
    "buttock_mid.right",
    "buttock_mid.bilateral",
    "buttock_lower",
    "buttock_lower.left",
    "buttock_lower.right",
    "buttock_lower.bilateral",
    "hip_lateral",
    "hip_lateral.left",
    "hip_lateral.right",
    "hip_lateral.bilateral",
    "hip_anterior",
    "hip_anterior.left",
    "hip_anterior.right",
    "hip_anterior.bilateral",
    "hip_posterior",
    "hip_posterior.left",
    "hip_posterior.right",
    "hip_posterior.bilateral",
    "thigh_anterior",
    "thigh_anterior.left",
    "thigh_anterior.right",
    "thigh_anterior.bilateral",
    "thigh_lateral",
    "thigh_lateral.left",
    "thigh_lateral.right",
    "thigh_lateral.bilateral",
    "thigh_medial",
    "thigh_medial.left",
    "thigh_medial.right",
    "thigh_medial.bilateral",
    "thigh_posterior",
    "thigh_posterior.left",
    "thigh_posterior.right",
    "thigh_posterior.bilateral",
    "knee_anterior",
    "knee_anterior.left",
    "knee_anterior.right",
    "knee_anterior.bilateral",
    "knee_medial",
    "knee_medial.left",
    "knee_medial.right",
    "knee_medial.bilateral",
    "knee_lateral",
    "knee_lateral.left",
    "knee_lateral.right",
    "knee_lateral.bilateral",
    "knee_posterior",
    "knee_posterior.left",
    "knee_posterior.right",
    "knee_posterior.bilateral",
    "leg_anterior",
    "leg_anterior.left",
    "leg_anterior.right",
    "leg_anterior.bilateral",
    "leg_lateral",
    "leg_lateral.left",
    "leg_lateral.right",
    "leg_lateral.bilateral",
    "leg_medial",
    "leg_medial.left",
    "leg_medial.right",
    "leg_medial.bilateral",
    "calf",
    "calf.left",
    "calf.right",
    "calf.bilateral",
    "ankle_anterior",
    "ankle_anterior.left",
    "ankle_anterior.right",
    "ankle_anterior.bilateral",
    "ankle_lateral",
    "ankle_lateral.left",
    "ankle_lateral.right",
    "ankle_lateral.bilateral",
    "ankle_medial",
    "ankle_medial.left",
    "ankle_medial.right",
    "ankle_medial.bilateral",
    "ankle_posterior",
    "ankle_posterior.left",
    "ankle_posterior.right",
    "ankle_posterior.bilateral",
    "heel",
    "heel.left",
    "heel.right",
    "heel.bilateral",
    "foot_arch",
    "foot_arch.left",
    "foot_arch.right",
    "foot_arch.bilateral",
    "forefoot_plantar",
    "forefoot_plantar.left",
    "forefoot_plantar.right",
    "forefoot_plantar.bilateral",
    "foot_dorsum",
    "foot_dorsum.left",
    "foot_dorsum.right",
    "foot_dorsum.bilateral",
    "great_toe",
    "great_toe.left",
    "great_toe.right",
    "great_toe.bilateral",
    "lesser_toes",
    "lesser_toes.left",
    "lesser_toes.right",
    "lesser_toes.bilateral",
]
Muscle: TypeAlias = Literal[
    "rectus_abdominis_upper",
    "rectus_abdominis_middle",
    "rectus_abdominis_lower",
    "pyramidalis",
    "external_oblique",
    "internal_oblique",
    "transversus_abdominis",
    "coracobrachialis",
    "biceps_brachii",
    "brachialis",
    "triceps_long_head",
    "triceps_medial_head",
    "triceps_lateral_head",
    "serratus_anterior",
    "pectoralis_major_clavicular",
    "pectoralis_major_sternal",
    "pectoralis_minor",
    "subclavius",
    "sternalis",
    "intercostals",
    "diaphragm",
    "extensor_digitorum_brevis",
    "extensor_hallucis_brevis",
    "abductor_hallucis",
    "flexor_digitorum_brevis",
    "abductor_digiti_minimi_foot",
    "quadratus_plantae",
    "adductor_hallucis",
    "flexor_hallucis_brevis",
    "foot_interossei",
    "anconeus",
    "brachioradialis",
    "extensor_carpi_radialis_longus",
    "extensor_carpi_radialis_brevis",
    "extensor_carpi_ulnaris",
    "extensor_digitorum",
    "extensor_indicis",
    "supinator",
    "palmaris_longus",
    "flexor_carpi_radialis",
    "flexor_carpi_ulnaris",
    "flexor_digitorum_superficialis",
    "flexor_digitorum_profundus",
    "flexor_pollicis_longus",
    "pronator_teres",
    "adductor_pollicis",
    "opponens_pollicis",
    "first_dorsal_interosseous",
    "hand_interossei",
    "abductor_digiti_minimi_hand",
    "masseter_superficial",
    "masseter_deep",
    "temporalis",
    "medial_pterygoid",
    "lateral_pterygoid",
    "digastric_posterior",
    "digastric_anterior",
    "orbicularis_oculi",
    "zygomaticus_major",
    "buccinator",
    "platysma",
    "frontalis",
    "occipitalis",
    "psoas_major",
    "iliacus",
    "gluteus_maximus",
    "gluteus_medius",
    "gluteus_minimus_anterior",
    "gluteus_minimus_posterior",
    "piriformis",
    "deep_hip_rotators_other",
    "tensor_fasciae_latae",
    "popliteus",
    "iliocostalis_lumborum",
    "longissimus_thoracis",
    "multifidus_lumbar",
    "multifidus_sacral",
    "quadratus_lumborum_superficial",
    "quadratus_lumborum_deep",
    "plantaris",
    "gastrocnemius",
    "soleus",
    "tibialis_posterior",
    "tibialis_anterior",
    "peroneus_longus",
    "peroneus_brevis",
    "peroneus_tertius",
    "extensor_digitorum_longus",
    "extensor_hallucis_longus",
    "flexor_digitorum_longus",
    "flexor_hallucis_longus",
    "latissimus_dorsi",
    "serratus_posterior_inferior",
    "iliocostalis_thoracis",
    "spinalis_thoracis",
    "semispinalis_thoracis",
    "multifidus_thoracic",
    "rotatores",
    "scm_sternal",
    "scm_clavicular",
    "splenius_capitis",
    "splenius_cervicis",
    "semispinalis_capitis",
    "semispinalis_cervicis",
    "multifidus_cervical",
    "suboccipitals",
    "longus_colli",
    "levator_scapulae",
    "trapezius_upper",
    "scalene_anterior",
    "scalene_medius",
    "scalene_posterior",
    "scalene_minimus",
    "obturator_internus",
    "levator_ani",
    "coccygeus",
    "sphincter_ani",
    "bulbospongiosus",
    "ischiocavernosus",
    "supraspinatus",
    "infraspinatus",
    "teres_minor",
    "teres_major",
    "subscapularis",
    "deltoid_anterior",
    "deltoid_middle",
    "deltoid_posterior",
    "sartorius",
    "pectineus",
    "adductor_longus",
    "adductor_brevis",
    "adductor_magnus",
    "gracilis",
    "rectus_femoris",
    "vastus_medialis",
    "vastus_intermedius",
    "vastus_lateralis",
    "biceps_femoris",
    "semitendinosus",
    "semimembranosus",
    "trapezius_middle",
    "trapezius_lower",
    "rhomboids",
    "serratus_posterior_superior",
    "rectus_abdominis",
    "abdominal_wall",
    "triceps_brachii",
    "pectoralis_major",
    "foot_intrinsics_dorsal",
    "foot_intrinsics_plantar",
    "forearm_extensors",
    "forearm_flexors",
    "thumb_intrinsics",
    "hypothenar",
    "masseter",
    "pterygoids",
    "digastric",
    "facial_muscles",
    "occipitofrontalis",
    "iliopsoas",
    "gluteus_minimus",
    "deep_hip_rotators",
    "erector_spinae_superficial",
    "deep_spinal",
    "quadratus_lumborum",
    "triceps_surae",
    "deep_leg_flexors",
    "leg_extensors",
    "peroneals",
    "sternocleidomastoid",
    "splenii",
    "posterior_cervical",
    "prevertebral",
    "trapezius",
    "scalenes",
    "pelvic_floor",
    "rotator_cuff",
    "deltoid",
    "hip_adductors",
    "quadriceps",
    "hamstrings",
]
Diagnosis: TypeAlias = Literal[
    "lumbar_strain",
    "facet_syndrome",
    "disc_herniation",
    "sacroiliac_joint_dysfunction",
    "spondylolisthesis",
    "spondylolysis",
    "osteoarthritis",
    "nonspecific_low_back_pain",
    "lumbar_radiculopathy",
    "spinal_stenosis",
    "piriformis_deep_gluteal_syndrome",
    "trochanteric_pain_syndrome",
    "hip_osteoarthritis",
    "axial_spondyloarthritis",
    "coccydynia",
    "meralgia_paresthetica",
    "ischial_hamstring_tendinopathy",
    "failed_back_surgery_syndrome",
    "thoracic_radiculopathy",
    "fibromyalgia",
    "polymyalgia_rheumatica",
    "appendicitis_like_abdominal_pain",
    "nephrolithiasis_like_flank_pain",
    "gallbladder_or_upper_gi_like_pain",
    "interstitial_cystitis_bps",
    "chronic_pelvic_pain",
    "groin_strain_or_hernia",
    "angina_like_chest_pain",
    "costochondritis",
    "intercostal_neuralgia",
    "frozen_shoulder",
    "rotator_cuff_impingement",
    "bicipital_tendinopathy",
    "cervical_radiculopathy",
    "cervical_spondylosis",
    "whiplash_associated",
    "thoracic_outlet_syndrome",
    "carpal_tunnel_syndrome",
    "ulnar_neuropathy",
    "lateral_epicondylitis",
    "medial_epicondylitis",
    "de_quervain",
    "tension_type_headache",
    "migraine",
    "cervicogenic_headache",
    "occipital_neuralgia",
    "temporomandibular_disorder",
    "sinusitis_like_facial_pain",
    "dental_pain",
    "otalgia_unexplained",
    "vestibular_dizziness",
    "patellofemoral_pain",
    "knee_osteoarthritis",
    "iliotibial_band_syndrome",
    "shin_splints",
    "achilles_tendinopathy",
    "plantar_fasciitis",
    "metatarsalgia_morton",
    "tarsal_tunnel_syndrome",
    "dvt_like_calf_pain",
    "nonspecific_neck_pain",
    "nonspecific_thoracic_pain",
    "lumbar_instability",
    "core_weakness",
    "muscle_strain_other",
    "postsurgical_pain",
    "neuropathic_pain",
    "trigeminal_autonomic_headache",
    "connective_tissue_disease",
    "renal_cause_of_flank_pain",
    "depression_anxiety",
    "undiagnosed_visceral_pain",
    "myofascial_pain",
]
Side: TypeAlias = Literal["left", "right", "bilateral"]
SexAtBirth: TypeAlias = Literal["female", "male", "other"]
"""Sex assigned at birth: its words."""
OnsetMode: TypeAlias = Literal["insidious", "sudden", "after_trauma", "after_overload", "after_surgery", "after_illness"]
"""How it began: its words."""
ActivityAtOnset: TypeAlias = Literal["bend_twist_lift", "prolonged_sitting", "prolonged_stoop", "fall", "road_accident", "sport", "none"]
"""What was being done at onset: its words."""
SymptomCourse: TypeAlias = Literal["acute", "subacute", "chronic", "acute_on_chronic"]
"""Course, when no exact time is known: its words."""
OccupationType: TypeAlias = Literal["sedentary", "standing", "driving", "heavy_manual", "repetitive_hand", "military", "not_working"]
"""Kind of work (many): its words."""
PriorLabelBasis: TypeAlias = Literal["imaging_only", "clinical_exam", "both"]
"""What the label rests on: its words."""
SensorySymptomRegions: TypeAlias = Literal[
    "body",
    "head",
    "face",
    "neck",
    "trunk_posterior",
    "trunk_anterior",
    "chest",
    "abdomen",
    "pelvis_perineum",
    "upper_limb",
    "shoulder",
    "upper_arm",
    "elbow",
    "forearm",
    "wrist",
    "hand",
    "lower_limb",
    "hip_girdle",
    "buttock",
    "thigh",
    "knee",
    "lower_leg",
    "ankle",
    "foot",
    "vertex",
    "forehead",
    "temple",
    "occiput",
    "mastoid",
    "ear",
    "eye_region",
    "nose",
    "cheek",
    "tmj",
    "jaw",
    "chin",
    "teeth_upper",
    "teeth_lower",
    "mouth_tongue",
    "neck_posterior",
    "neck_lateral",
    "neck_anterior",
    "neck_shoulder_angle",
    "shoulder_top",
    "shoulder_anterior",
    "shoulder_lateral",
    "shoulder_posterior",
    "axilla",
    "arm_anterior",
    "arm_lateral",
    "arm_posterior",
    "arm_medial",
    "elbow_anterior",
    "elbow_posterior",
    "elbow_lateral",
    "elbow_medial",
    "forearm_radial",
    "forearm_ulnar",
    "forearm_volar",
    "forearm_dorsal",
    "wrist_volar",
    "wrist_dorsal",
    "wrist_radial",
    "wrist_ulnar",
    "thumb",
    "thenar",
    "palm",
    "hand_dorsum",
    "fingers_radial",
    "fingers_ulnar",
    "upper_back",
    "interscapular",
    "medial_scapular_border",
    "scapula",
    "mid_back",
    "lower_thoracic_back",
    "flank",
    "low_back",
    "sacroiliac",
    "sacrum",
    "coccyx",
    "iliac_crest",
    "chest_upper",
    "sternum_region",
    "breast",
    "chest_lateral",
    "chest_lower",
    "epigastrium",
    "abdomen_upper_lateral",
    "periumbilical",
    "abdomen_lower_lateral",
    "suprapubic",
    "groin",
    "pelvis_deep",
    "perineum",
    "genitalia",
    "anorectal",
    "buttock_upper",
    "buttock_mid",
    "buttock_lower",
    "hip_lateral",
    "hip_anterior",
    "hip_posterior",
    "thigh_anterior",
    "thigh_lateral",
    "thigh_medial",
    "thigh_posterior",
    "knee_anterior",
    "knee_medial",
    "knee_lateral",
    "knee_posterior",
    "leg_anterior",
    "leg_lateral",
    "leg_medial",
    "calf",
    "ankle_anterior",
    "ankle_lateral",
    "ankle_medial",
    "ankle_posterior",
    "heel",
    "foot_arch",
    "forefoot_plantar",
    "foot_dorsum",
    "great_toe",
    "lesser_toes",
]
"""Regions with numbness or tingling (many): its words."""
WeakRootLevels: TypeAlias = Literal["C5", "C6", "C7", "C8", "T1", "L2", "L3", "L4", "L5", "S1"]
"""Root levels found weak (many): its words."""
PainMainRegion: TypeAlias = Literal[
    "body",
    "head",
    "face",
    "neck",
    "trunk_posterior",
    "trunk_anterior",
    "chest",
    "abdomen",
    "pelvis_perineum",
    "upper_limb",
    "shoulder",
    "upper_arm",
    "elbow",
    "forearm",
    "wrist",
    "hand",
    "lower_limb",
    "hip_girdle",
    "buttock",
    "thigh",
    "knee",
    "lower_leg",
    "ankle",
    "foot",
    "vertex",
    "forehead",
    "temple",
    "occiput",
    "mastoid",
    "ear",
    "eye_region",
    "nose",
    "cheek",
    "tmj",
    "jaw",
    "chin",
    "teeth_upper",
    "teeth_lower",
    "mouth_tongue",
    "neck_posterior",
    "neck_lateral",
    "neck_anterior",
    "neck_shoulder_angle",
    "shoulder_top",
    "shoulder_anterior",
    "shoulder_lateral",
    "shoulder_posterior",
    "axilla",
    "arm_anterior",
    "arm_lateral",
    "arm_posterior",
    "arm_medial",
    "elbow_anterior",
    "elbow_posterior",
    "elbow_lateral",
    "elbow_medial",
    "forearm_radial",
    "forearm_ulnar",
    "forearm_volar",
    "forearm_dorsal",
    "wrist_volar",
    "wrist_dorsal",
    "wrist_radial",
    "wrist_ulnar",
    "thumb",
    "thenar",
    "palm",
    "hand_dorsum",
    "fingers_radial",
    "fingers_ulnar",
    "upper_back",
    "interscapular",
    "medial_scapular_border",
    "scapula",
    "mid_back",
    "lower_thoracic_back",
    "flank",
    "low_back",
    "sacroiliac",
    "sacrum",
    "coccyx",
    "iliac_crest",
    "chest_upper",
    "sternum_region",
    "breast",
    "chest_lateral",
    "chest_lower",
    "epigastrium",
    "abdomen_upper_lateral",
    "periumbilical",
    "abdomen_lower_lateral",
    "suprapubic",
    "groin",
    "pelvis_deep",
    "perineum",
    "genitalia",
    "anorectal",
    "buttock_upper",
    "buttock_mid",
    "buttock_lower",
    "hip_lateral",
    "hip_anterior",
    "hip_posterior",
    "thigh_anterior",
    "thigh_lateral",
    "thigh_medial",
    "thigh_posterior",
    "knee_anterior",
    "knee_medial",
    "knee_lateral",
    "knee_posterior",
    "leg_anterior",
    "leg_lateral",
    "leg_medial",
    "calf",
    "ankle_anterior",
    "ankle_lateral",
    "ankle_medial",
    "ankle_posterior",
    "heel",
    "foot_arch",
    "forefoot_plantar",
    "foot_dorsum",
    "great_toe",
    "lesser_toes",
]
"""Region that hurts most: its words."""
PainQuality: TypeAlias = Literal[
    "dull",
    "deep_ache",
    "sharp",
    "burning",
    "electric",
    "throbbing",
    "cramping",
    "tingling",
    "numb",
    "stabbing",
    "tearing",
    "pressing",
]
"""Words for the pain (many): its words."""
PainSeverityWord: TypeAlias = Literal["mild", "moderate", "severe", "worst_ever"]
"""Severity in words: its words."""
TrpStatus: TypeAlias = Literal["active", "latent", "none", "not_examined"]
"""Trigger point state: its words."""
TenderRegions: TypeAlias = Literal[
    "body",
    "head",
    "face",
    "neck",
    "trunk_posterior",
    "trunk_anterior",
    "chest",
    "abdomen",
    "pelvis_perineum",
    "upper_limb",
    "shoulder",
    "upper_arm",
    "elbow",
    "forearm",
    "wrist",
    "hand",
    "lower_limb",
    "hip_girdle",
    "buttock",
    "thigh",
    "knee",
    "lower_leg",
    "ankle",
    "foot",
    "vertex",
    "forehead",
    "temple",
    "occiput",
    "mastoid",
    "ear",
    "eye_region",
    "nose",
    "cheek",
    "tmj",
    "jaw",
    "chin",
    "teeth_upper",
    "teeth_lower",
    "mouth_tongue",
    "neck_posterior",
    "neck_lateral",
    "neck_anterior",
    "neck_shoulder_angle",
    "shoulder_top",
    "shoulder_anterior",
    "shoulder_lateral",
    "shoulder_posterior",
    "axilla",
    "arm_anterior",
    "arm_lateral",
    "arm_posterior",
    "arm_medial",
    "elbow_anterior",
    "elbow_posterior",
    "elbow_lateral",
    "elbow_medial",
    "forearm_radial",
    "forearm_ulnar",
    "forearm_volar",
    "forearm_dorsal",
    "wrist_volar",
    "wrist_dorsal",
    "wrist_radial",
    "wrist_ulnar",
    "thumb",
    "thenar",
    "palm",
    "hand_dorsum",
    "fingers_radial",
    "fingers_ulnar",
    "upper_back",
    "interscapular",
    "medial_scapular_border",
    "scapula",
    "mid_back",
    "lower_thoracic_back",
    "flank",
    "low_back",
    "sacroiliac",
    "sacrum",
    "coccyx",
    "iliac_crest",
    "chest_upper",
    "sternum_region",
    "breast",
    "chest_lateral",
    "chest_lower",
    "epigastrium",
    "abdomen_upper_lateral",
    "periumbilical",
    "abdomen_lower_lateral",
    "suprapubic",
    "groin",
    "pelvis_deep",
    "perineum",
    "genitalia",
    "anorectal",
    "buttock_upper",
    "buttock_mid",
    "buttock_lower",
    "hip_lateral",
    "hip_anterior",
    "hip_posterior",
    "thigh_anterior",
    "thigh_lateral",
    "thigh_medial",
    "thigh_posterior",
    "knee_anterior",
    "knee_medial",
    "knee_lateral",
    "knee_posterior",
    "leg_anterior",
    "leg_lateral",
    "leg_medial",
    "calf",
    "ankle_anterior",
    "ankle_lateral",
    "ankle_medial",
    "ankle_posterior",
    "heel",
    "foot_arch",
    "forefoot_plantar",
    "foot_dorsum",
    "great_toe",
    "lesser_toes",
]
"""Regions tender on pressure (many): its words."""
TriggerPointUnnamedRegions: TypeAlias = Literal[
    "body",
    "head",
    "face",
    "neck",
    "trunk_posterior",
    "trunk_anterior",
    "chest",
    "abdomen",
    "pelvis_perineum",
    "upper_limb",
    "shoulder",
    "upper_arm",
    "elbow",
    "forearm",
    "wrist",
    "hand",
    "lower_limb",
    "hip_girdle",
    "buttock",
    "thigh",
    "knee",
    "lower_leg",
    "ankle",
    "foot",
    "vertex",
    "forehead",
    "temple",
    "occiput",
    "mastoid",
    "ear",
    "eye_region",
    "nose",
    "cheek",
    "tmj",
    "jaw",
    "chin",
    "teeth_upper",
    "teeth_lower",
    "mouth_tongue",
    "neck_posterior",
    "neck_lateral",
    "neck_anterior",
    "neck_shoulder_angle",
    "shoulder_top",
    "shoulder_anterior",
    "shoulder_lateral",
    "shoulder_posterior",
    "axilla",
    "arm_anterior",
    "arm_lateral",
    "arm_posterior",
    "arm_medial",
    "elbow_anterior",
    "elbow_posterior",
    "elbow_lateral",
    "elbow_medial",
    "forearm_radial",
    "forearm_ulnar",
    "forearm_volar",
    "forearm_dorsal",
    "wrist_volar",
    "wrist_dorsal",
    "wrist_radial",
    "wrist_ulnar",
    "thumb",
    "thenar",
    "palm",
    "hand_dorsum",
    "fingers_radial",
    "fingers_ulnar",
    "upper_back",
    "interscapular",
    "medial_scapular_border",
    "scapula",
    "mid_back",
    "lower_thoracic_back",
    "flank",
    "low_back",
    "sacroiliac",
    "sacrum",
    "coccyx",
    "iliac_crest",
    "chest_upper",
    "sternum_region",
    "breast",
    "chest_lateral",
    "chest_lower",
    "epigastrium",
    "abdomen_upper_lateral",
    "periumbilical",
    "abdomen_lower_lateral",
    "suprapubic",
    "groin",
    "pelvis_deep",
    "perineum",
    "genitalia",
    "anorectal",
    "buttock_upper",
    "buttock_mid",
    "buttock_lower",
    "hip_lateral",
    "hip_anterior",
    "hip_posterior",
    "thigh_anterior",
    "thigh_lateral",
    "thigh_medial",
    "thigh_posterior",
    "knee_anterior",
    "knee_medial",
    "knee_lateral",
    "knee_posterior",
    "leg_anterior",
    "leg_lateral",
    "leg_medial",
    "calf",
    "ankle_anterior",
    "ankle_lateral",
    "ankle_medial",
    "ankle_posterior",
    "heel",
    "foot_arch",
    "forefoot_plantar",
    "foot_dorsum",
    "great_toe",
    "lesser_toes",
]
"""Regions with a trigger point, muscle not named (many): its words."""
SmokingStatus: TypeAlias = Literal["never", "former", "current"]
"""Smoking: its words."""
SeriousDiseaseRecorded: TypeAlias = Literal[
    "cauda_equina_syndrome",
    "spinal_cord_disease",
    "aortic_dissection_or_rupture",
    "compartment_syndrome",
    "infected_blocked_kidney",
    "spinal_fracture",
    "hip_or_pelvic_fracture",
    "fracture_elsewhere",
    "spinal_infection",
    "bone_or_joint_infection",
    "kidney_infection",
    "cancer_in_bone",
    "giant_cell_arteritis",
    "muscle_disease",
    "clot_in_vein_or_lung",
    "endocarditis",
]
"""Serious disease on record: its words."""
InDoubt: TypeAlias = Literal[
    "aapt_sites",
    "abdominal_aortic_aneurysm_known",
    "abdominal_distension",
    "abdominal_guarding",
    "abdominal_surgery_previous",
    "abdominal_tenderness",
    "abdominal_wall_bruise",
    "activity_at_onset",
    "activity_change_recent",
    "acute_inflammatory_arthritis",
    "acute_muscle_tear",
    "acute_testicular_pain",
    "age_at_onset",
    "age_years",
    "alcohol_excess",
    "alkaline_phosphatase",
    "ana_positive",
    "anal_tone_reduced",
    "anca_positive",
    "ankle_brachial_index",
    "antalgic_list",
    "anti_ccp_positive",
    "anticoagulant_or_bleeding_disorder",
    "aortic_disease_risk",
    "appetite_loss",
    "arm_blue_or_distended_veins",
    "arm_claudication",
    "arm_immobilised_recent",
    "aromatase_inhibitor_use",
    "arthritis_peripheral",
    "asbestos_exposure",
    "ataxia",
    "atrial_fibrillation",
    "attack_length_min",
    "babinski_positive",
    "bariatric_surgery_or_malabsorption",
    "better_off_the_drug",
    "bilateral_hand_symptoms",
    "bilateral_leg_pain",
    "bilateral_neuro_deficit",
    "bisphosphonate_or_denosumab_long",
    "bladder_volume_ml",
    "bloating_persistent",
    "blood_culture_positive",
    "blood_in_stool",
    "blood_tests_normal",
    "bmi",
    "body_temperature",
    "bone_swelling",
    "bowel_habit_change",
    "bp_difference_arms",
    "breast_lump_or_change",
    "breath_sounds_reduced",
    "bruises_of_different_age",
    "calf_deep_tenderness",
    "calf_squeeze_test_positive",
    "calf_swelling_unilateral",
    "calf_warm_red",
    "cancer_active",
    "cancer_history",
    "cancer_in_remission",
    "cannot_bear_weight",
    "cardiac_exam_normal",
    "carnett_positive",
    "central_venous_line",
    "cervical_motion_tenderness",
    "cervical_rotation_deg",
    "chest_crackles_or_rub",
    "chest_imaging_abnormal",
    "chest_pain",
    "child_refuses_to_walk_or_sit",
    "chills_or_rigors",
    "chronic_kidney_disease",
    "co_exposure_suspected",
    "cognitive_fog",
    "cold_intolerance",
    "cold_or_colour_changing_fingers",
    "collapse_or_hypotension",
    "confusion_or_drowsiness",
    "constipation",
    "contact_lens_or_eye_injury",
    "contusion_or_abrasion",
    "cord_signs_summary",
    "corticosteroid_prolonged",
    "corticosteroid_recent_short",
    "costovertebral_tenderness",
    "cough_new",
    "cough_persistent",
    "creatine_kinase",
    "cremasteric_reflex_absent",
    "crepitus_under_skin",
    "crossed_slr_positive",
    "crp",
    "crp_raised",
    "dactylitis",
    "dark_urine",
    "days_since_needling",
    "deformity_after_injury",
    "diabetes",
    "diabetes_new",
    "diarrhoea",
    "diplopia",
    "dizziness",
    "down_syndrome",
    "dream_enactment",
    "drooling_or_cannot_swallow",
    "drop_arm_positive",
    "drop_attack",
    "drops_things",
    "drug_raising_intracranial_pressure",
    "drug_started_before_pain",
    "dry_eyes_or_mouth",
    "dural_puncture_recent",
    "dvt_previous",
    "dysarthria",
    "dysphagia",
    "dyspnoea",
    "dysuria_frequency",
    "ear_discharge",
    "ear_exam_normal",
    "ear_fullness",
    "eardrum_red_or_bulging",
    "easy_bruising",
    "ecg_new_change",
    "ectopic_pregnancy_risk",
    "endocarditis_risk",
    "enthesitis_heel",
    "erectile_dysfunction",
    "erythema_migrans",
    "esr",
    "esr_raised",
    "external_rotation_lag",
    "eye_movement_abnormal",
    "eye_red",
    "eye_watering_or_redness",
    "facial_numbness",
    "facial_or_neck_swelling",
    "facial_weakness",
    "faecal_incontinence_new",
    "falls_recent",
    "family_history_autoimmune",
    "family_history_cancer",
    "family_history_muscle_disease",
    "family_history_spa",
    "fasciculation",
    "fatigue",
    "fatigue_moderate_severe",
    "feels_unsafe_or_harmed",
    "femoral_stretch_positive",
    "ferritin",
    "fetal_movements_reduced",
    "fever",
    "finger_clubbing",
    "finger_locks_or_clicks",
    "finger_or_elbow_movement_lost",
    "fluoroquinolone_recent",
    "foot_drop",
    "foot_rest_pain_night",
    "foot_temperature_difference_2c",
    "fragility_fracture_previous",
    "fulcrum_test_positive",
    "gait_abnormal_other",
    "gait_limp",
    "gait_unsteady",
    "gallstones_known",
    "general_exam_normal",
    "generalised_pain_regions",
    "generalised_tenderness",
    "gestation_weeks",
    "glandular_fever_recent",
    "gout",
    "groin_pain_deep",
    "haematuria",
    "haemoglobin",
    "haemoptysis",
    "hair_loss",
    "hand_clumsiness",
    "hard_to_change_posture",
    "head_feels_unstable_or_clunks",
    "head_injury_recent",
    "head_neck_radiotherapy",
    "headache_aura_or_light_sensitivity",
    "headache_new_over_50",
    "headache_onset_exertion",
    "headache_pattern_changed",
    "headache_peak_within_hour",
    "headache_recurrent",
    "headache_type_previous",
    "headache_worse_lying_or_straining",
    "headache_worse_upright",
    "hearing_reduced",
    "heart_disease_known",
    "heart_murmur",
    "heart_rate",
    "heartburn",
    "heat_intolerance",
    "heel_squeeze_positive",
    "hernia_irreducible",
    "hernia_known",
    "hip_flexor_short",
    "hip_held_flexed",
    "hip_impingement_test_positive",
    "hip_internal_rotation_deg",
    "hip_internal_rotation_limited",
    "hip_internal_rotation_painful",
    "hip_replacement",
    "hiv_positive_or_risk",
    "hla_b27_positive",
    "hoarse_voice",
    "hoffmann_positive",
    "hop_test_positive",
    "horner_sign",
    "hyperreflexia_or_clonus",
    "hypotension",
    "imaging_alignment_change",
    "imaging_cord_compression",
    "imaging_disc_protrusion_extrusion",
    "imaging_fracture",
    "imaging_hip_oa",
    "imaging_infection",
    "imaging_malignancy",
    "imaging_nerve_root_contact",
    "imaging_normal",
    "imaging_sacroiliitis",
    "imaging_stenosis",
    "imaging_tendon_change",
    "imaging_vessel_disease",
    "immobility_or_surgery_recent",
    "immune_checkpoint_inhibitor",
    "immunosuppressed",
    "implanted_device",
    "infections_recurrent",
    "inflammatory_bowel_disease",
    "injury_at_onset",
    "injury_previous",
    "injury_story_mismatch",
    "inverted_supinator_sign",
    "irritable_bowel",
    "isotretinoin_use",
    "itching_generalised",
    "iv_drug_use",
    "jaundice",
    "jaw_claudication",
    "jaw_clicks_or_locks",
    "joint_crystals",
    "joint_exam_normal",
    "joint_hypermobility",
    "joint_line_tender",
    "joint_locking",
    "joint_redness_or_warmth",
    "joint_stiffness",
    "kanavel_signs",
    "kidney_stone_previous",
    "knee_flexion_deg",
    "knee_laxity",
    "lactate_dehydrogenase",
    "late_onset_asthma",
    "leg_cold_pulseless",
    "leg_gives_way",
    "leg_oedema_pitting",
    "leg_pain_worse_than_back",
    "leg_paralysed_or_cast",
    "leg_short_external_rotated",
    "leg_swelling_whole",
    "legs_heavy_or_stiff",
    "lhermitte_positive",
    "light_sensitive_rash",
    "limb_bony_tenderness",
    "limb_cold_pale",
    "limb_colour_or_temperature_change",
    "limb_in_cast_or_crushed",
    "limb_skin_red_spreading",
    "lipase_or_amylase_raised",
    "little_sun_covered_skin",
    "liver_disease_chronic",
    "liver_enlarged",
    "local_warmth_or_redness",
    "low_energy_intake_or_amenorrhoea",
    "low_mood",
    "lump_growing_deep_or_large",
    "lymph_nodes_enlarged",
    "manual_treatment_before_onset",
    "mcp_squeeze_painful",
    "meningism",
    "midline_bony_tenderness",
    "missed_period",
    "morning_stiffness_min",
    "morning_stiffness_present",
    "motor_deficit",
    "motor_deficit_progressive",
    "mouth_opening_limited",
    "mouth_ulcer_or_patch_persistent",
    "mouth_ulcers",
    "movement_slow",
    "murphy_sign",
    "muscle_atrophy",
    "muscle_power_mrc",
    "muscle_stiffness_or_spasm",
    "muscle_tender_unnamed",
    "muscle_tone_increased",
    "nail_pitting",
    "nasal_crusting_or_bleeding",
    "nasal_discharge_purulent",
    "nausea",
    "navicular_tender",
    "neck_flexion_limited",
    "neck_pain_unlike_any_before",
    "neck_rotation_limited",
    "needs_help_to_walk",
    "nerve_trunk_tender",
    "neuro_deficit_previous",
    "neuro_exam_normal",
    "neurogenic_claudication",
    "night_sweats",
    "no_comfortable_position",
    "node_supraclavicular",
    "not_improving_over_1_month",
    "nsaid_good_response",
    "nsaid_or_aspirin_use",
    "numbness",
    "nystagmus",
    "obesity",
    "occupation_type",
    "oestrogen_use",
    "one_leg_extension_pain",
    "onset_after_awkward_sleep",
    "onset_after_immobility",
    "onset_everyday_movement",
    "onset_insidious",
    "onset_mode",
    "onset_with_violence_or_severe_stress",
    "open_wound_or_infection_site",
    "osteoporosis_known",
    "ovarian_cyst_known",
    "oxygen_saturation",
    "pain_alternating_buttock",
    "pain_band_across_back",
    "pain_below_knee",
    "pain_builds_through_day",
    "pain_burning_electric",
    "pain_colicky",
    "pain_constant",
    "pain_constant_progressive",
    "pain_cough_sneeze",
    "pain_cyclic_with_menses",
    "pain_deep_breath",
    "pain_dermatomal",
    "pain_diffuse_hard_to_localise",
    "pain_disproportionate",
    "pain_dull_deep_ache",
    "pain_excruciating",
    "pain_exertional",
    "pain_extension_rotation",
    "pain_first_steps_morning",
    "pain_gone_when_sitting",
    "pain_gripping_or_lifting",
    "pain_in_many_joints",
    "pain_intensity",
    "pain_intensity_worst",
    "pain_intermittent",
    "pain_into_foot",
    "pain_jaw_use",
    "pain_low_back",
    "pain_lumbar_extension",
    "pain_lumbar_flexion",
    "pain_lying_flat",
    "pain_lying_on_shoulder",
    "pain_lying_on_side",
    "pain_neck",
    "pain_neck_extension",
    "pain_neck_flexion",
    "pain_neck_rotation",
    "pain_night",
    "pain_night_relief_on_getting_up",
    "pain_night_unremitting",
    "pain_on_defecation",
    "pain_on_eye_movement",
    "pain_on_movement",
    "pain_one_sided",
    "pain_overhead_reach",
    "pain_passive_digit_stretch",
    "pain_progressive",
    "pain_prolonged_sitting",
    "pain_prolonged_standing",
    "pain_quality",
    "pain_radiates",
    "pain_regional",
    "pain_related_to_meals",
    "pain_rolling_in_bed",
    "pain_severity_word",
    "pain_sharp_on_movement",
    "pain_shifts_sides",
    "pain_shooting",
    "pain_side_bending",
    "pain_site_no_local_source",
    "pain_sport_movement",
    "pain_spot_small",
    "pain_squatting_or_kneeling",
    "pain_stairs",
    "pain_tearing",
    "pain_thoracic_spine",
    "pain_triggered_by_light_touch",
    "pain_trunk_rotation",
    "pain_unrelated_to_movement",
    "pain_wakes_second_half_night",
    "pain_walking",
    "pain_weight_bearing",
    "pain_widespread",
    "pain_with_activity",
    "pain_with_intercourse",
    "pain_worse_after_rest",
    "pain_worse_cold",
    "pain_worse_morning",
    "pain_worse_stress",
    "painful_arc",
    "pallor_or_anaemia",
    "palpable_mass",
    "palpitations",
    "papilloedema",
    "paraspinal_tenderness",
    "paresthesia",
    "passive_range_full",
    "pelvic_discharge",
    "pelvic_radiotherapy",
    "pericardial_rub",
    "peripheral_arthritis_enthesitis",
    "peripheral_pulses_reduced",
    "personality_or_behaviour_change_new",
    "pf_footwear_or_foot_shape",
    "pf_hypothyroid",
    "pf_low_iron",
    "pf_low_vitamin_d",
    "pf_repetitive_load",
    "pf_statin_or_myotoxic_drug",
    "pf_stress_anxiety",
    "photophobia",
    "phq9_score",
    "platelet_count",
    "pop_or_snap_at_onset",
    "popliteal_swelling",
    "postmenopausal",
    "pregnant",
    "pressure_reproduces_pain_unnamed",
    "previous_similar_episodes",
    "probe_to_bone",
    "prostate_tender",
    "prosthetic_joint",
    "protein_electrophoresis_abnormal",
    "proteinuria",
    "pseudogout_known",
    "psoriasis",
    "ptosis",
    "pulled_by_the_arm",
    "pulsatile_abdominal_mass",
    "pulsatile_tinnitus",
    "pupil_fixed_or_irregular",
    "rash_myositis",
    "rash_non_blanching",
    "rash_vesicular",
    "raw_dairy_or_livestock_exposure",
    "recent_infection_or_procedure",
    "recent_neck_trauma",
    "recent_surgery_site",
    "reflex_reduced",
    "relief_analgesics",
    "relief_antacid",
    "relief_arm_raised",
    "relief_change_of_position",
    "relief_exercise",
    "relief_heat",
    "relief_lying_down",
    "relief_nitrate",
    "relief_rest",
    "relief_sitting_or_bending_forward",
    "relief_standing",
    "relief_stretch_or_pressure",
    "relief_walking",
    "respiratory_rate",
    "rheumatoid_arthritis_known",
    "rheumatoid_factor_positive",
    "rib_spring_painful",
    "rom_restricted",
    "romberg_positive",
    "saddle_anaesthesia",
    "scalp_tenderness",
    "scapular_winging",
    "seizure_new",
    "self_harm_plan_or_attempt",
    "self_harm_thoughts",
    "sensation_reduced_site",
    "sensory_change_patch",
    "sensory_deficit_dermatomal",
    "sensory_level_trunk",
    "sensory_loss_other",
    "sensory_symptom_regions",
    "sensory_symptoms_reported",
    "serious_disease_recorded",
    "serum_calcium",
    "serum_creatinine",
    "serum_phosphate",
    "serum_potassium",
    "serum_sodium",
    "serum_urate",
    "severe_pain_tense_compartment",
    "sex_at_birth",
    "sexual_dysfunction_new",
    "shoulder_abduction_limited",
    "shoulder_capsular_pattern",
    "shoulder_external_rotation_limited",
    "shoulder_hip_girdle_stiffness",
    "sickle_cell_disease",
    "sij_compression",
    "sij_distraction",
    "sij_thigh_thrust",
    "single_heel_raise_impossible",
    "skin_bullae_or_necrosis",
    "skin_change_hands",
    "skin_darkening",
    "skin_pinch_painful",
    "sleep_unrefreshing",
    "slr_positive",
    "slump_positive",
    "smell_lost",
    "smoking_pack_years",
    "smoking_status",
    "sore_throat",
    "spasticity",
    "speech_disturbance_new",
    "spinal_deformity_new",
    "spinal_infection_previous",
    "spinal_surgery_previous",
    "spleen_enlarged",
    "splinter_or_embolic_signs",
    "sport_regular",
    "spreading_bruise",
    "spurling_positive",
    "step_off_palpable",
    "steroid_prompt_relief",
    "steroid_stopped_or_missed",
    "stiffness_of_painful_part",
    "straight_leg_raise_impossible",
    "stridor",
    "stroke_signs_sudden",
    "subfertility",
    "supports_head_with_hands",
    "surgery_breast_or_chest_previous",
    "sweating_nausea_with_pain",
    "sweating_or_hair_nail_change",
    "swelling_reported",
    "swelling_within_2_hours",
    "symptom_duration",
    "symptoms_worse_with_heat",
    "syncope",
    "systemic_inflammatory_disease_known",
    "systemically_unwell",
    "systolic_bp",
    "tender_cord_vein",
    "tender_fingertip_spot",
    "tender_greater_trochanter",
    "tender_points_many_bilateral",
    "tender_regions",
    "tender_temporal_artery",
    "tendon_gap_palpable",
    "tendon_insertion_tender",
    "testicular_pain_or_lump",
    "testis_high_or_hard",
    "thirst_polyuria",
    "thunderclap_headache",
    "thyroid_lump",
    "thyroid_tender",
    "tick_bite",
    "tinel_elbow_positive",
    "tinel_phalen_positive",
    "tinnitus",
    "tooth_tender_or_decayed",
    "toothache_or_dental_infection",
    "tragus_tender",
    "trauma_minor_at_risk",
    "trauma_severe",
    "tremor",
    "tremor_at_rest",
    "trendelenburg_positive",
    "tried_acupuncture",
    "tried_dry_needling",
    "tried_injection",
    "trips_or_drags_foot",
    "trismus",
    "tropical_travel",
    "tsh",
    "tuberculosis_risk",
    "urge_to_move_legs",
    "urinary_incontinence_new",
    "urinary_retention_new",
    "urinary_stream_poor",
    "urinary_urgency_new",
    "urine_blood_on_test",
    "urine_infection_signs",
    "uveitis",
    "vaginal_bleeding_abnormal",
    "varicose_veins",
    "vascular_claudication",
    "vascular_risk_factors",
    "vibration_or_temperature_sense_reduced",
    "viral_hepatitis_chronic",
    "visceral_workup_negative",
    "visual_blurring",
    "visual_haloes",
    "visual_loss",
    "visual_loss_sudden",
    "voice_muffled",
    "vomiting",
    "walking_tolerance_min",
    "weak_root_levels",
    "weakness_ascending",
    "weakness_fatigable",
    "weakness_on_testing_other",
    "weakness_proximal",
    "weakness_reported",
    "weeks_since_birth",
    "weight_gain_recent",
    "weight_loss_unexplained",
    "white_cell_count",
    "wide_based_gait",
    "windlass_positive",
    "work_stopped_for_pain",
    "wpi",
    "wpi_abdomen",
    "wpi_chest",
    "wpi_hip_left",
    "wpi_hip_right",
    "wpi_jaw_left",
    "wpi_jaw_right",
    "wpi_lower_arm_left",
    "wpi_lower_arm_right",
    "wpi_lower_back",
    "wpi_lower_leg_left",
    "wpi_lower_leg_right",
    "wpi_neck",
    "wpi_shoulder_girdle_left",
    "wpi_shoulder_girdle_right",
    "wpi_upper_arm_left",
    "wpi_upper_arm_right",
    "wpi_upper_back",
    "wpi_upper_leg_left",
    "wpi_upper_leg_right",
]
"""Recorded in doubt: its words."""
TreatmentResponse: TypeAlias = Literal["better", "same", "worse"]
"""Response to a treatment: its words."""
TreatmentRelief: TypeAlias = Literal["none", "slight", "partial", "short_lived", "good"]
"""Best relief so far from any treatment: its words."""


class PainDict(TypedDict, total=False):
    """One place of the pain map."""

    region: Required[Region]
    side: Side | Literal["midline"] | None
    present: Truth
    intensity: Amount


class LabelDict(TypedDict, total=False):
    """What is known of a diagnosis that was given."""

    prior_label_basis: Words[PriorLabelBasis]
    """What the label rests on."""
    label_treated_without_relief: Truth
    """Treatment of the label gave no relief."""
    imaging_done: Truth
    """Spinal imaging done."""
    imaging_matches_side_level: Truth
    """Imaging finding fits side and level of symptoms."""
    diagnostic_block_positive: Truth
    """Diagnostic block relieved the pain."""


class ExamDict(TypedDict, total=False):
    """What was found in one muscle, or group of muscles, on one side."""

    muscle: Required[Muscle]
    side: Side | None
    painful_limit_to_stretch: Truth
    """Painful limit to full stretch."""
    weakness_without_atrophy: Truth
    """Weak without wasting."""
    muscle_accessible: Truth
    """Muscle can be palpated."""
    taut_band: Truth
    """Taut band felt."""
    hypersensitive_spot: Truth
    """Very tender spot."""
    tender_nodule_in_band: Truth
    """Tender nodule within the band."""
    referred_pain_on_pressure: Truth
    """Pressure makes pain or altered feeling elsewhere."""
    referral_in_expected_zone: Truth
    """Referral falls in the expected zone."""
    pain_recognition: Truth
    """Patient recognises it as the usual pain."""
    local_twitch_response: Truth
    """Band twitches on snapping or needle."""
    ltr_on_imaging: Truth
    """Twitch seen on ultrasound with needle."""
    spontaneous_electrical_activity: Truth
    """End-plate noise on needle EMG."""
    jump_sign: Truth
    """Winces or jerks on pressure."""
    trp_status: Words[TrpStatus]
    """Trigger point state."""
    palpation_force: Amount
    """Pressure used, in kg/cm2."""
    pressure_pain_threshold: Amount
    """Pressure pain threshold, in kg/cm2."""
    skin_changes_over_spot: Truth
    """Sweating, gooseflesh or colour change over spot."""
    pain_on_resisted_contraction: Truth
    """Pain when muscle works against resistance."""
    pain_on_passive_stretch: Truth
    """Pain when muscle is stretched."""


class FindingsDict(LabelDict, total=False):
    """Findings of one patient, as ``evaluate`` takes them; a finding of a diagnosis at the top is of the one that is given."""

    pain: Place | Sequence[Place | PainDict] | None
    """Where it hurts, and where it does not."""
    pain_map_complete: Truth
    """Whether every place that is not listed is free of pain."""
    labels: Diagnosis | Sequence[Diagnosis] | Mapping[Diagnosis, Truth | LabelDict] | None
    """Diagnoses already given (or, with False, denied)."""
    exam: Sequence[ExamDict] | None
    """One entry for each muscle, or group of muscles, and side examined."""
    age_years: Amount
    """Age, in years."""
    sex_at_birth: Words[SexAtBirth]
    """Sex assigned at birth."""
    pregnant: Truth
    """Pregnant."""
    bmi: Amount
    """Body mass index, in kg/m2."""
    symptom_duration: Amount
    """Time since this pain began, in weeks."""
    age_at_onset: Amount
    """Age when the back pain began, in years."""
    onset_mode: Words[OnsetMode]
    """How it began."""
    activity_at_onset: Words[ActivityAtOnset]
    """What was being done at onset."""
    previous_similar_episodes: Truth
    """Similar episodes before."""
    symptom_course: Words[SymptomCourse]
    """Course, when no exact time is known."""
    occupation_type: Words[OccupationType]
    """Kind of work (many)."""
    sport_regular: Truth
    """Regular sport or training."""
    injury_at_onset: Truth
    """Any injury at onset."""
    injury_previous: Truth
    """Older injury of the area."""
    activity_change_recent: Truth
    """New or increased activity, sport, load or equipment before onset."""
    onset_everyday_movement: Truth
    """Began with an ordinary everyday movement."""
    onset_after_immobility: Truth
    """Began on getting going after immobility or bed rest."""
    onset_after_awkward_sleep: Truth
    """Noticed on waking, after awkward sleep."""
    onset_with_violence_or_severe_stress: Truth
    """Began around violence, abuse or severe stress."""
    manual_treatment_before_onset: Truth
    """Manual treatment shortly before onset."""
    daily_activities_limited: Truth
    """Daily activities limited by the pain."""
    work_stopped_for_pain: Truth
    """Off work because of the pain."""
    repeated_workup_no_answer: Truth
    """Several consultations or stays without an answer."""
    surgery_proposed: Truth
    """Surgery has been proposed."""
    pregnancy_previous: Truth
    """Has been pregnant before."""
    postmenopausal: Truth
    """After the menopause."""
    disability_score_odi: Amount
    """Oswestry Disability Index, in %."""
    ankle_sprain_previous: Truth
    """Ankle sprained before."""
    arm_immobilised_recent: Truth
    """Arm kept still before onset (sling, cast or stroke)."""
    asbestos_exposure: Truth
    """Asbestos exposure."""
    bariatric_surgery_or_malabsorption: Truth
    """Stomach or bowel surgery for weight, coeliac disease or other malabsorption."""
    better_off_the_drug: Truth
    """Better after stopping the suspected medicine."""
    contact_lens_or_eye_injury: Truth
    """Contact lens, foreign body or eye injury."""
    cycling_or_riding: Truth
    """Cycles or rides a horse often."""
    days_since_needling: Amount
    """Days since needling, acupuncture or injection near the pain, in days."""
    down_syndrome: Truth
    """Down syndrome."""
    drug_raising_intracranial_pressure: Truth
    """Tetracycline, retinoid, lithium or growth hormone medicine."""
    dural_puncture_recent: Truth
    """Lumbar puncture, epidural or spinal within the last month."""
    family_history_muscle_disease: Truth
    """Muscle disease in the family."""
    gestation_weeks: Amount
    """Weeks of pregnancy, in weeks."""
    little_sun_covered_skin: Truth
    """Little sun on the skin (covered, indoors or dark skin in the north)."""
    low_energy_intake_or_amenorrhoea: Truth
    """Low energy intake, eating disorder or missed periods with training."""
    nsaid_or_aspirin_use: Truth
    """Takes an anti-inflammatory or aspirin."""
    pop_or_snap_at_onset: Truth
    """Pop, snap or kick felt at onset."""
    pulled_by_the_arm: Truth
    """Child was pulled or lifted by the arm."""
    racquet_or_throwing_sport: Truth
    """Plays a racquet, bat or throwing sport."""
    raw_dairy_or_livestock_exposure: Truth
    """Raw milk or cheese, or work with livestock."""
    shoulder_dislocated_before: Truth
    """Shoulder has been out before."""
    slip_or_split_of_legs: Truth
    """Began when a leg slipped sideways, or on breaking a fall."""
    subfertility: Truth
    """Difficulty conceiving."""
    swelling_within_2_hours: Truth
    """Joint swelled within 2 hours of the injury."""
    swimming_or_rowing: Truth
    """Swims, rows, climbs or does pull-ups often."""
    tropical_travel: Truth
    """Stay where malaria, brucellosis or other tropical infection is common."""
    typing_or_keyboard: Truth
    """Types, uses a mouse or plays an instrument for long."""
    vibration_exposure: Truth
    """Regular work with vibrating tools."""
    weeks_since_birth: Amount
    """Weeks since giving birth, in weeks."""
    pain_thought_cardiac: Truth
    """The patient thinks that the pain comes from the heart."""
    neck_trauma_dangerous_mechanism: Truth
    """Neck injured by a fall of 1 metre or 5 stairs, a load on the head, a fast crash, rollover, ejection, motorised recreational vehicle or bicycle."""
    rear_end_collision_simple: Truth
    """Simple rear-end collision: not pushed into traffic, no bus or lorry, no rollover, not at high speed."""
    walked_after_injury: Truth
    """Has walked at any time since the injury."""
    neck_pain_delayed_onset: Truth
    """Neck pain began later, not at once, after the injury."""
    sitting_when_seen: Truth
    """Was sitting when first seen after the injury."""
    clot_in_leg_other_cause_as_likely: Truth
    """Something else explains the leg at least as well as a clot."""
    clot_in_lung_most_likely: Truth
    """No other diagnosis is more likely than a clot in the lung."""
    wpi: Amount
    """Widespread Pain Index."""
    wpi_jaw_left: Truth
    """WPI: jaw, left."""
    wpi_shoulder_girdle_left: Truth
    """WPI: shoulder girdle, left."""
    wpi_upper_arm_left: Truth
    """WPI: upper arm, left."""
    wpi_lower_arm_left: Truth
    """WPI: lower arm, left."""
    wpi_hip_left: Truth
    """WPI: hip (buttock, trochanter), left."""
    wpi_upper_leg_left: Truth
    """WPI: upper leg, left."""
    wpi_lower_leg_left: Truth
    """WPI: lower leg, left."""
    wpi_jaw_right: Truth
    """WPI: jaw, right."""
    wpi_shoulder_girdle_right: Truth
    """WPI: shoulder girdle, right."""
    wpi_upper_arm_right: Truth
    """WPI: upper arm, right."""
    wpi_lower_arm_right: Truth
    """WPI: lower arm, right."""
    wpi_hip_right: Truth
    """WPI: hip (buttock, trochanter), right."""
    wpi_upper_leg_right: Truth
    """WPI: upper leg, right."""
    wpi_lower_leg_right: Truth
    """WPI: lower leg, right."""
    wpi_neck: Truth
    """WPI: neck."""
    wpi_upper_back: Truth
    """WPI: upper back."""
    wpi_lower_back: Truth
    """WPI: lower back."""
    wpi_chest: Truth
    """WPI: chest."""
    wpi_abdomen: Truth
    """WPI: abdomen."""
    sss: Amount
    """Symptom Severity Scale."""
    sss_fatigue: Amount
    """SSS fatigue, last week."""
    sss_waking_unrefreshed: Amount
    """SSS waking unrefreshed, last week."""
    sss_cognitive: Amount
    """SSS thinking trouble, last week."""
    sss_somatic_2010: Amount
    """SSS somatic symptom burden (2010 form)."""
    sss_headache: Truth
    """Headaches in last 6 months."""
    sss_abdominal_pain: Truth
    """Lower belly pain or cramps in last 6 months."""
    sss_depression: Truth
    """Depression in last 6 months."""
    fs_score: Amount
    """Fibromyalgia severity score (WPI + SSS)."""
    generalised_pain_regions: Amount
    """Pain regions of five (ACR 2016)."""
    symptoms_similar_3_months: Truth
    """Symptoms at similar level 3 months or more."""
    other_disorder_explains_pain: Truth
    """Another disorder would explain the pain."""
    aapt_sites: Amount
    """AAPT pain sites of nine."""
    sleep_problem_moderate_severe: Truth
    """Moderate or severe sleep problem."""
    fatigue_moderate_severe: Truth
    """Moderate or severe fatigue."""
    fatigue: Truth
    """Fatigue."""
    sleep_unrefreshing: Truth
    """Unrefreshing sleep."""
    cognitive_fog: Truth
    """Thinking or memory trouble."""
    irritable_bowel: Truth
    """Irritable bowel."""
    headache_recurrent: Truth
    """Recurrent headache."""
    family_history_widespread_pain: Truth
    """Family history of widespread pain."""
    low_mood: Truth
    """Low mood."""
    low_mood_before_pain: Truth
    """Low mood before the pain began."""
    phq9_score: Amount
    """PHQ-9."""
    sss_2010: Amount
    """Symptom Severity Scale, physician form 2010."""
    sss_2016: Amount
    """Symptom Severity Scale, self-report form 2011 and 2016."""
    post_exertional_malaise: Truth
    """Worse the day after exertion."""
    onset_insidious: Truth
    """Began gradually."""
    uveitis: Truth
    """Uveitis."""
    psoriasis: Truth
    """Psoriasis."""
    inflammatory_bowel_disease: Truth
    """Crohn or colitis."""
    family_history_spa: Truth
    """Family history of spondyloarthritis."""
    peripheral_arthritis_enthesitis: Truth
    """Swollen joints, heel enthesitis or dactylitis (one or more, which not said)."""
    arthritis_peripheral: Truth
    """Swollen peripheral joint (synovitis)."""
    enthesitis_heel: Truth
    """Heel enthesitis."""
    dactylitis: Truth
    """Sausage finger or toe."""
    nsaid_good_response: Truth
    """Clear NSAID response."""
    hla_b27_positive: Truth
    """HLA-B27 positive."""
    crp: Amount
    """C-reactive protein, in mg/L."""
    esr: Amount
    """Sedimentation rate, in mm/h."""
    joint_redness_or_warmth: Truth
    """Joint red or warm."""
    swelling_reported: Truth
    """Swelling noticed by the patient, not examined."""
    systemic_inflammatory_disease_known: Truth
    """Known systemic inflammatory disease."""
    gout: Truth
    """Gout."""
    dry_eyes_or_mouth: Truth
    """Dry eyes or mouth."""
    mouth_ulcers: Truth
    """Recurrent mouth ulcers."""
    light_sensitive_rash: Truth
    """Rash after sun."""
    cold_or_colour_changing_fingers: Truth
    """Fingers go cold and change colour."""
    hair_loss: Truth
    """Hair loss."""
    skin_change_hands: Truth
    """Skin change on the hands."""
    family_history_autoimmune: Truth
    """Family history of autoimmune disease."""
    bony_finger_nodes: Truth
    """Bony nodes at finger joints or thumb base."""
    gut_or_genital_infection_recent: Truth
    """Gut or genital infection in the last 6 weeks."""
    late_onset_asthma: Truth
    """Asthma that began in adult life."""
    mcp_squeeze_painful: Truth
    """Squeezing across the knuckles or toes (MCP, MTP joints) hurts."""
    nail_pitting: Truth
    """Pitted or lifted nails."""
    nasal_crusting_or_bleeding: Truth
    """Bloody crusts in the nose or nosebleeds, lasting."""
    pseudogout_known: Truth
    """Known calcium crystal arthritis (pseudogout)."""
    rash_myositis: Truth
    """Violet eyelids, or raised red patches over the knuckles."""
    rheumatoid_arthritis_known: Truth
    """Known rheumatoid arthritis."""
    muscles_examined_before: Truth
    """Muscles were palpated before."""
    imaging_disc_bulge: Truth
    """Disc bulge."""
    imaging_disc_protrusion_extrusion: Truth
    """Disc protrusion or extrusion."""
    imaging_nerve_root_contact: Truth
    """Nerve root compressed."""
    imaging_facet_arthropathy: Truth
    """Facet arthropathy."""
    imaging_disc_degeneration: Truth
    """Disc degeneration."""
    imaging_spondylolysis: Truth
    """Pars defect."""
    imaging_spondylolisthesis_grade: Amount
    """Slip grade (Meyerding)."""
    imaging_stenosis: Truth
    """Canal stenosis."""
    imaging_sacroiliitis: Truth
    """Sacroiliitis on imaging."""
    imaging_hip_oa: Truth
    """Hip osteophytes or joint narrowing."""
    imaging_fracture: Truth
    """Fracture on imaging."""
    imaging_normal: Truth
    """Imaging of the painful area normal."""
    imaging_infection: Truth
    """Infection on imaging."""
    imaging_malignancy: Truth
    """Tumour or metastasis on imaging."""
    chest_imaging_abnormal: Truth
    """Chest imaging abnormal."""
    imaging_vessel_disease: Truth
    """Vessel disease on imaging."""
    imaging_postsurgical_change: Truth
    """Changes after surgery on imaging."""
    imaging_alignment_change: Truth
    """Spinal alignment changed on imaging."""
    imaging_tendon_change: Truth
    """Tendon change on imaging."""
    imaging_other_finding: Truth
    """Other finding on imaging."""
    imaging_cord_compression: Truth
    """Spinal cord compressed on imaging."""
    blood_tests_normal: Truth
    """Routine blood tests normal."""
    crp_raised: Truth
    """CRP raised, number not known."""
    esr_raised: Truth
    """ESR raised, number not known."""
    white_cell_count: Amount
    """White cell count, in 10*9/L."""
    haemoglobin: Amount
    """Haemoglobin, in g/dL."""
    serum_calcium: Amount
    """Calcium, total, in mg/dL."""
    serum_creatinine: Amount
    """Creatinine, in mg/dL."""
    alkaline_phosphatase: Amount
    """Alkaline phosphatase, in U/L."""
    lactate_dehydrogenase: Amount
    """Lactate dehydrogenase, in U/L."""
    ana_positive: Truth
    """Antinuclear antibody positive."""
    rheumatoid_factor_positive: Truth
    """Rheumatoid factor positive."""
    anti_ccp_positive: Truth
    """Anti-CCP positive."""
    protein_electrophoresis_abnormal: Truth
    """Protein electrophoresis abnormal."""
    urine_infection_signs: Truth
    """Urine test suggests infection."""
    urine_blood_on_test: Truth
    """Blood on urine test."""
    platelet_count: Amount
    """Platelet count, in 10*9/L."""
    serum_potassium: Amount
    """Potassium, in mmol/L."""
    serum_sodium: Amount
    """Sodium, in mmol/L."""
    anca_positive: Truth
    """ANCA positive."""
    ankle_brachial_index: Amount
    """Ankle-brachial pressure index."""
    blood_culture_positive: Truth
    """Blood culture positive."""
    joint_crystals: Truth
    """Crystals in joint fluid."""
    lipase_or_amylase_raised: Truth
    """Lipase or amylase raised."""
    proteinuria: Truth
    """Protein in the urine."""
    serum_phosphate: Amount
    """Phosphate, in mg/dL."""
    serum_urate: Amount
    """Urate (uric acid), in mg/dL."""
    rom_restricted: Truth
    """Range of motion limited."""
    muscle_stiffness_or_spasm: Truth
    """Muscle stiffness or spasm."""
    muscle_atrophy: Truth
    """Muscle wasting."""
    contralateral_side_bend_limited: Truth
    """Side-bending away is limited."""
    hip_internal_rotation_deg: Amount
    """Hip internal rotation, in degrees."""
    hip_flexion_deg: Amount
    """Hip flexion, in degrees."""
    hip_internal_rotation_painful: Truth
    """Hip internal rotation hurts."""
    shoulder_capsular_pattern: Truth
    """Passive external rotation of shoulder limited."""
    painful_arc: Truth
    """Painful arc of abduction."""
    cervical_rotation_deg: Amount
    """Neck rotation to the painful side, in degrees."""
    hip_flexor_short: Truth
    """Hip extension limited."""
    antalgic_list: Truth
    """Trunk shifts to one side."""
    gait_limp: Truth
    """Limps or walks so as to avoid pain."""
    gait_abnormal_other: Truth
    """Gait abnormal, kind not stated."""
    needs_help_to_walk: Truth
    """Cannot walk without help."""
    movement_control_poor: Truth
    """Movement poorly controlled."""
    passive_range_full: Truth
    """Passive range full where active range is limited."""
    spinal_segments_stiff: Truth
    """Spinal segments stiff on testing."""
    hip_internal_rotation_limited: Truth
    """Hip internal rotation limited, degrees not known."""
    hip_flexion_limited: Truth
    """Hip flexion limited, degrees not known."""
    shoulder_external_rotation_limited: Truth
    """Shoulder external rotation limited, active or not stated."""
    shoulder_abduction_limited: Truth
    """Shoulder abduction limited."""
    neck_rotation_limited: Truth
    """Neck rotation limited, degrees not known."""
    weakness_on_testing_other: Truth
    """Weak on testing, not in a root pattern."""
    weakness_proximal: Truth
    """Weak hips or shoulders: rising, stairs, arms overhead."""
    weakness_reported: Truth
    """Reports weakness, not tested."""
    drops_things: Truth
    """Drops things or loses grip."""
    leg_gives_way: Truth
    """Leg gives way."""
    joint_exam_normal: Truth
    """Joint and ligament tests normal."""
    general_exam_normal: Truth
    """Rest of the examination normal."""
    ankle_gives_way: Truth
    """The ankle gives way."""
    cannot_reach_behind_back: Truth
    """Cannot reach behind the back."""
    deformity_after_injury: Truth
    """Bone or joint out of shape after an injury."""
    finger_locks_or_clicks: Truth
    """Finger or thumb locks, catches or clicks."""
    finger_or_elbow_movement_lost: Truth
    """One finger joint or the elbow cannot be bent or straightened actively after a pop or injury."""
    head_tilt_fixed: Truth
    """Head held tilted or turned and cannot be straightened."""
    hip_held_flexed: Truth
    """Hip held bent, painful to straighten."""
    jaw_clicks_or_locks: Truth
    """Jaw clicks, sticks or locks."""
    joint_locking: Truth
    """Joint clicks, locks or catches."""
    knee_flexion_deg: Amount
    """Knee flexion, in degrees."""
    mouth_opening_limited: Truth
    """Mouth does not open fully."""
    scapular_winging: Truth
    """Shoulder blade stands out (winging)."""
    single_heel_raise_impossible: Truth
    """Cannot rise on the toes of that foot."""
    stiff_neck_turns_whole_body: Truth
    """Turns the whole body to look sideways."""
    straight_leg_raise_impossible: Truth
    """Cannot raise the straight leg, knee extension lost."""
    sudden_loss_of_arm_elevation: Truth
    """Cannot lift the arm since an injury."""
    supports_head_with_hands: Truth
    """Holds the head with the hands."""
    trips_or_drags_foot: Truth
    """Trips over the toes or drags the foot."""
    trismus: Truth
    """Mouth hardly opens, new within days."""
    neck_rotates_45_both_sides: Truth
    """Turns the head 45 degrees to both sides."""
    slr_positive: Truth
    """Straight leg raise brings leg pain."""
    crossed_slr_positive: Truth
    """Raising the other leg brings the leg pain."""
    slump_positive: Truth
    """Slump test positive."""
    femoral_stretch_positive: Truth
    """Femoral nerve stretch positive."""
    motor_deficit: Truth
    """Myotomal weakness."""
    motor_deficit_progressive: Truth
    """Weakness getting worse."""
    sensory_deficit_dermatomal: Truth
    """Numb in a dermatome."""
    reflex_reduced: Truth
    """Reflex reduced or lost."""
    paresthesia: Truth
    """Tingling."""
    numbness: Truth
    """Numbness."""
    bilateral_neuro_deficit: Truth
    """Neurological signs in both legs."""
    saddle_anaesthesia: Truth
    """Numb saddle area."""
    anal_tone_reduced: Truth
    """Anal tone reduced."""
    urinary_retention_new: Truth
    """New trouble passing or feeling urine."""
    urinary_incontinence_new: Truth
    """New urine leakage."""
    faecal_incontinence_new: Truth
    """New bowel leakage."""
    sexual_dysfunction_new: Truth
    """New loss of sexual sensation or function."""
    hoffmann_positive: Truth
    """Hoffmann sign."""
    babinski_positive: Truth
    """Up-going plantar."""
    inverted_supinator_sign: Truth
    """Inverted supinator sign."""
    hyperreflexia_or_clonus: Truth
    """Brisk reflexes or clonus."""
    gait_unsteady: Truth
    """Unsteady or spastic gait."""
    wide_based_gait: Truth
    """Wide-based gait."""
    hand_clumsiness: Truth
    """Clumsy hands."""
    romberg_positive: Truth
    """Romberg positive."""
    neurogenic_claudication: Truth
    """Leg symptoms on walking, gone on sitting."""
    spurling_positive: Truth
    """Spurling positive."""
    ulnt_a_positive: Truth
    """Upper limb neural tension A positive."""
    distraction_relief: Truth
    """Neck distraction relieves."""
    tinel_phalen_positive: Truth
    """Tinel or Phalen at wrist positive."""
    neuro_exam_normal: Truth
    """Neurological examination normal."""
    sensory_symptom_regions: Words[SensorySymptomRegions]
    """Regions with numbness or tingling (many)."""
    sensory_symptoms_reported: Truth
    """Reports altered feeling, kind not stated."""
    sensory_loss_other: Truth
    """Feeling reduced on examination, not in a dermatome."""
    sensory_change_patch: Truth
    """Altered feeling in a small patch."""
    sensory_level_trunk: Truth
    """Sensory level on the trunk."""
    vibration_or_temperature_sense_reduced: Truth
    """Vibration or temperature sense reduced."""
    weak_root_levels: Words[WeakRootLevels]
    """Root levels found weak (many)."""
    spasticity: Truth
    """Spasticity."""
    cord_signs_summary: Truth
    """Signs of spinal cord trouble, not itemised."""
    neuro_deficit_previous: Truth
    """Earlier nerve deficit, now stable or treated."""
    tinel_elbow_positive: Truth
    """Tinel at the elbow positive."""
    lhermitte_positive: Truth
    """Neck flexion sends a shock down the spine."""
    erectile_dysfunction: Truth
    """Erectile dysfunction, new or old."""
    headache_aura_or_light_sensitivity: Truth
    """Headache with aura, nausea or light sensitivity."""
    headache_type_previous: Truth
    """Earlier headache disorder of another kind."""
    eye_watering_or_redness: Truth
    """Eye waters or reddens with the headache."""
    eye_movement_abnormal: Truth
    """Eye position or movement abnormal."""
    nerve_trunk_tender: Truth
    """Nerve trunk tender on palpation."""
    bilateral_hand_symptoms: Truth
    """Both hands numb, tingling or clumsy."""
    dream_enactment: Truth
    """Acts out dreams in sleep."""
    ear_fullness: Truth
    """Blocked or full feeling in the ear."""
    facial_weakness: Truth
    """Face droops on one side."""
    falls_recent: Truth
    """New falls or trips."""
    fasciculation: Truth
    """Muscle twitches by itself."""
    flick_sign: Truth
    """Shakes the hand to ease night symptoms."""
    foot_drop: Truth
    """Foot drop."""
    head_feels_unstable_or_clunks: Truth
    """Head feels too heavy, unstable or clunks."""
    hearing_reduced: Truth
    """Hearing change or loss."""
    legs_heavy_or_stiff: Truth
    """Legs heavy, stiff or weak on walking, new."""
    movement_slow: Truth
    """Movements slow or small."""
    muscle_power_mrc: Amount
    """Lowest muscle power found (MRC grade 0 to 5)."""
    papilloedema: Truth
    """Swollen optic discs."""
    personality_or_behaviour_change_new: Truth
    """New change of personality or behaviour."""
    ptosis: Truth
    """Drooping eyelid."""
    pulsatile_tinnitus: Truth
    """Whooshing in the ear with the pulse."""
    pupil_fixed_or_irregular: Truth
    """Pupil fixed, mid-dilated or irregular."""
    speech_disturbance_new: Truth
    """New trouble finding or understanding words."""
    stroke_signs_sudden: Truth
    """Sudden weak or numb face, arm or leg, or lost speech, even if brief."""
    symptoms_worse_with_heat: Truth
    """Nerve symptoms worse when hot."""
    tinel_ankle_positive: Truth
    """Tinel behind the inner ankle positive."""
    tinnitus: Truth
    """Ringing in the ear."""
    tremor_at_rest: Truth
    """Tremor at rest."""
    urge_to_move_legs: Truth
    """Urge to move the legs in the evening, eased by moving."""
    urinary_urgency_new: Truth
    """New urgency to pass urine."""
    weakness_ascending: Truth
    """Weakness spreading up from the feet over days."""
    weakness_fatigable: Truth
    """Weakness comes with use and eases with rest."""
    wrist_or_finger_drop: Truth
    """Cannot lift the wrist or fingers."""
    sij_distraction: Truth
    """SIJ distraction painful."""
    sij_thigh_thrust: Truth
    """Thigh thrust painful."""
    sij_compression: Truth
    """SIJ compression painful."""
    sij_sacral_thrust: Truth
    """Sacral thrust painful."""
    sij_gaenslen_right: Truth
    """Gaenslen right painful."""
    sij_gaenslen_left: Truth
    """Gaenslen left painful."""
    centralisation: Truth
    """Repeated movement centralises pain."""
    faber_positive: Truth
    """FABER painful."""
    fair_test_positive: Truth
    """FAIR test brings buttock or leg pain."""
    seated_piriformis_test: Truth
    """Seated piriformis stretch positive."""
    active_piriformis_test: Truth
    """Active piriformis test positive."""
    piriformis_tension_pain: Truth
    """Any manoeuvre tensing piriformis hurts."""
    slr_limited: Truth
    """Straight leg raise limited."""
    single_leg_stance_30s_pain: Truth
    """Lateral hip pain within 30 s on one leg."""
    trendelenburg_positive: Truth
    """Trendelenburg positive."""
    resisted_abduction_pain: Truth
    """Pain on resisted hip abduction."""
    leg_length_difference_mm: Amount
    """Leg length difference, in mm."""
    windlass_positive: Truth
    """Windlass test positive."""
    tos_provocation_positive: Truth
    """Thoracic outlet provocation positive."""
    one_leg_extension_pain: Truth
    """Pain on one-leg lumbar extension."""
    facet_loading_positive: Truth
    """Facet loading brings the usual pain."""
    drop_arm_positive: Truth
    """Drop arm test positive."""
    hip_impingement_test_positive: Truth
    """Hip flexion with adduction and rotation hurts."""
    sij_positive_tests: Amount
    """Positive sacroiliac provocation tests, of six."""
    active_straight_leg_raise_heavy: Truth
    """Active straight leg raise heavy or painful in the pelvis."""
    apprehension_positive: Truth
    """Shoulder apprehension test positive."""
    beighton_score: Amount
    """Beighton score."""
    calf_squeeze_test_positive: Truth
    """Calf squeeze does not move the foot."""
    cozen_or_mill_positive: Truth
    """Resisted wrist extension or wrist stretch brings elbow pain."""
    cross_body_adduction_pain: Truth
    """Cross-body adduction hurts on top of the shoulder."""
    external_rotation_lag: Truth
    """Shoulder rotation lag sign."""
    finkelstein_positive: Truth
    """Finkelstein or Eichhoff test positive."""
    flexion_rotation_test_limited: Truth
    """Flexion-rotation test of the neck limited to one side."""
    fulcrum_test_positive: Truth
    """Fulcrum test of the thigh painful."""
    heel_squeeze_positive: Truth
    """Squeezing the heel from both sides hurts."""
    hooking_manoeuvre_positive: Truth
    """Hooking the rib margin forward hurts."""
    hop_test_positive: Truth
    """Hopping on that leg brings the pain."""
    knee_laxity: Truth
    """Knee ligament test lax."""
    mcmurray_positive: Truth
    """McMurray test positive."""
    pelvic_compression_test_relieves: Truth
    """Pressing the pelvis from the side eases the thigh symptoms."""
    rib_spring_painful: Truth
    """Springing the rib cage hurts at the same spot."""
    speed_or_yergason_positive: Truth
    """Speed or Yergason test positive."""
    web_space_squeeze_positive: Truth
    """Squeezing the forefoot or web space brings the pain."""
    pain_main_region: Words[PainMainRegion]
    """Region that hurts most."""
    pain_intensity: Amount
    """Pain now, 0-10."""
    pain_intensity_worst: Amount
    """Worst pain last week, 0-10."""
    pain_excruciating: Truth
    """Pain becomes excruciating."""
    pain_low_back: Truth
    """Low back pain present."""
    pain_site_no_local_source: Truth
    """Pressing where it hurts does not find the pain."""
    pain_widespread: Truth
    """Pain in many body areas."""
    pain_regional: Truth
    """Pain confined to one body region."""
    pain_diffuse_hard_to_localise: Truth
    """Pain vague, hard to point to."""
    pain_below_knee: Truth
    """Pain goes below the knee."""
    pain_into_foot: Truth
    """Pain reaches the foot."""
    pain_dermatomal: Truth
    """Pain in a dermatome stripe."""
    leg_pain_worse_than_back: Truth
    """Leg pain dominates back pain."""
    bilateral_leg_pain: Truth
    """Buttock or leg pain on both sides."""
    pain_alternating_buttock: Truth
    """Buttock pain swaps sides."""
    pain_thoracic_spine: Truth
    """Mid or upper back spine pain."""
    pain_neck: Truth
    """Neck pain present."""
    pain_one_sided: Truth
    """Pain on one side only."""
    pain_radiates: Truth
    """Pain spreads away from its main site."""
    pain_shifts_sides: Truth
    """Pain changes side."""
    pain_spot_small: Truth
    """Pain at one small spot."""
    pain_band_across_back: Truth
    """Pain runs as a band across both sides."""
    pain_in_many_joints: Truth
    """Pain in many joints."""
    pain_region_order_spread: Truth
    """Began in one area and spread to others."""
    pain_quality: Words[PainQuality]
    """Words for the pain (many)."""
    pain_dull_deep_ache: Truth
    """Dull or deep ache."""
    pain_sharp_on_movement: Truth
    """Sharp when moving."""
    pain_sharp_at_rest: Truth
    """Sharp at rest."""
    pain_burning_electric: Truth
    """Burning, shooting or electric."""
    pain_tearing: Truth
    """Tearing or ripping."""
    pain_colicky: Truth
    """Comes in waves."""
    pain_severity_word: Words[PainSeverityWord]
    """Severity in words."""
    pain_shooting: Truth
    """Shoots along a line."""
    pain_detect_score: Amount
    """painDETECT."""
    pain_disproportionate: Truth
    """Pain out of proportion to what is found."""
    teeth_sensitive: Truth
    """Teeth sensitive to heat, cold or tapping, without dental cause."""
    pain_constant_progressive: Truth
    """Constant, getting worse, not changed by posture."""
    pain_night: Truth
    """Pain at night."""
    pain_night_unremitting: Truth
    """Night pain no position eases."""
    pain_night_relief_on_getting_up: Truth
    """Night pain eases on getting up."""
    pain_wakes_second_half_night: Truth
    """Woken by back pain in second half of night."""
    morning_stiffness_min: Amount
    """Morning stiffness, in minutes."""
    pain_cyclic_with_menses: Truth
    """Pain follows menstrual cycle."""
    pain_constant: Truth
    """There all the time."""
    pain_intermittent: Truth
    """Comes and goes."""
    pain_progressive: Truth
    """Getting steadily worse."""
    pain_worse_morning: Truth
    """Worst in the morning."""
    pain_worse_after_rest: Truth
    """Worse after rest or inactivity."""
    pain_builds_through_day: Truth
    """Builds up through the day or at day's end."""
    morning_stiffness_present: Truth
    """Stiff in the morning, minutes not known."""
    stiffness_of_painful_part: Truth
    """The painful part feels stiff."""
    joint_stiffness: Truth
    """Joints feel stiff."""
    attack_length_min: Amount
    """Length of one attack of pain, in minutes."""
    calf_cramps_at_night: Truth
    """Cramps of the calf at night."""
    headache_days_per_month: Amount
    """Days with headache per month."""
    headache_worse_upright: Truth
    """Headache comes on upright and goes lying flat."""
    active_trp_count: Amount
    """Active trigger points found."""
    tender_point_count_1990: Amount
    """ACR 1990 tender points (of 18)."""
    generalised_tenderness: Truth
    """Tender nearly everywhere."""
    midline_bony_tenderness: Truth
    """Tender over the spinous process or bone."""
    tender_greater_sciatic_notch: Truth
    """Tender near the greater sciatic notch."""
    tender_greater_trochanter: Truth
    """Tender over greater trochanter."""
    tender_temporal_artery: Truth
    """Temporal artery tender, thick or pulseless."""
    step_off_palpable: Truth
    """Step felt between spinous processes."""
    carnett_positive: Truth
    """Abdominal tenderness worse on tensing the wall."""
    pulsatile_abdominal_mass: Truth
    """Pulsating belly mass."""
    tender_regions: Words[TenderRegions]
    """Regions tender on pressure (many)."""
    muscle_tender_unnamed: Truth
    """Tender muscle, not named."""
    paraspinal_tenderness: Truth
    """Tender muscles beside the spine."""
    pressure_reproduces_pain_unnamed: Truth
    """Pressure brings the usual pain, muscle not named."""
    trigger_point_unnamed_regions: Words[TriggerPointUnnamedRegions]
    """Regions with a trigger point, muscle not named (many)."""
    tender_points_many_bilateral: Truth
    """Many tender points on both sides, not counted."""
    muscle_tone_increased: Truth
    """Raised muscle tone."""
    tender_fingertip_spot: Truth
    """Tenderness no larger than a fingertip."""
    skin_pinch_painful: Truth
    """Skin pinch or skin roll hurts."""
    tendon_insertion_tender: Truth
    """Tendon insertion tender."""
    joint_line_tender: Truth
    """Joint line tender."""
    abdominal_tenderness: Truth
    """Abdomen tender, without guarding."""
    palpable_mass: Truth
    """Mass found on examination."""
    lymph_nodes_enlarged: Truth
    """Enlarged lymph nodes."""
    local_warmth_or_redness: Truth
    """Skin over the area warm or red."""
    abdominal_distension: Truth
    """Abdomen distended."""
    abdominal_wall_bruise: Truth
    """Bruise of the abdominal wall."""
    bone_swelling: Truth
    """Swelling or lump on a bone."""
    cervical_motion_tenderness: Truth
    """Pain on moving the cervix."""
    cremasteric_reflex_absent: Truth
    """Cremasteric reflex absent."""
    crepitus_under_skin: Truth
    """Crackling (air) under the skin of the painful part."""
    foot_temperature_difference_2c: Truth
    """Foot 2 °C or more warmer than the other."""
    hernia_irreducible: Truth
    """Hernia hard or tender, cannot be pushed back."""
    limb_bony_tenderness: Truth
    """Tender over a bone of a limb."""
    liver_enlarged: Truth
    """Liver enlarged."""
    lump_growing_deep_or_large: Truth
    """Lump growing, deep, or over 5 cm."""
    murphy_sign: Truth
    """Murphy sign."""
    navicular_tender: Truth
    """Navicular bone tender."""
    node_supraclavicular: Truth
    """Node above the collarbone."""
    popliteal_swelling: Truth
    """Swelling behind the knee."""
    probe_to_bone: Truth
    """Probe reaches bone in an ulcer."""
    prostate_tender: Truth
    """Prostate tender or boggy."""
    spleen_enlarged: Truth
    """Spleen enlarged."""
    sweating_or_hair_nail_change: Truth
    """Sweating, hair or nails changed in the painful limb."""
    tender_cord_vein: Truth
    """Tender cord along a surface vein."""
    tendon_gap_palpable: Truth
    """Gap felt in a tendon."""
    testis_high_or_hard: Truth
    """Testis high, transverse, swollen or hard."""
    thyroid_lump: Truth
    """Lump in the thyroid."""
    thyroid_tender: Truth
    """Thyroid tender."""
    tooth_tender_or_decayed: Truth
    """Tooth decayed or tender on tapping."""
    tragus_tender: Truth
    """Pressing the tragus or pulling the ear hurts."""
    pf_prolonged_sitting: Truth
    """Long sitting at work or wheel."""
    pf_poor_posture: Truth
    """Slumped or head-forward posture."""
    pf_repetitive_load: Truth
    """Repeated or sustained load."""
    pf_leg_length: Truth
    """Leg length or pelvic asymmetry."""
    pf_wallet_pocket: Truth
    """Wallet in back pocket."""
    pf_poor_sleep: Truth
    """Poor sleep."""
    pf_stress_anxiety: Truth
    """Stress or anxiety."""
    pf_deconditioning: Truth
    """Unfit or inactive."""
    pf_cold_exposure: Truth
    """Cold exposure."""
    pf_footwear_or_foot_shape: Truth
    """Footwear or foot shape."""
    pf_low_iron: Truth
    """Low iron."""
    pf_low_vitamin_d: Truth
    """Low vitamin D."""
    pf_low_vitamin_b12: Truth
    """Low vitamin B12."""
    pf_hypothyroid: Truth
    """Underactive thyroid."""
    pf_statin_or_myotoxic_drug: Truth
    """Statin or other muscle-toxic drug."""
    pf_visceral_disease: Truth
    """Visceral disease feeding the muscle."""
    pf_joint_dysfunction_nearby: Truth
    """Nearby joint problem feeding the muscle."""
    ferritin: Amount
    """Ferritin, in ng/mL."""
    tsh: Amount
    """TSH, in mIU/L."""
    vitamin_b12: Amount
    """Vitamin B12, in pg/mL."""
    creatine_kinase: Amount
    """Creatine kinase, in U/L."""
    pf_arms_held_out_in_front: Truth
    """Works or drives long with arms unsupported in front."""
    pf_bruxism: Truth
    """Clenches or grinds the teeth."""
    pf_chest_breathing: Truth
    """Breathes with the upper chest, or long laboured breathing."""
    pf_frowning_or_squinting: Truth
    """Frowns or squints much (worry, glare, unsuitable glasses)."""
    pf_head_down_work: Truth
    """Works long with the head forward or bent down (screen, reading, phone)."""
    pf_mouth_breathing: Truth
    """Breathes through the mouth."""
    pf_overhead_work: Truth
    """Works long with the arms overhead."""
    pf_phone_held_to_ear: Truth
    """Holds the telephone between ear and shoulder."""
    pf_sits_on_hard_edge: Truth
    """Hard seat or seat edge presses on thigh or buttock."""
    pf_sleeps_curled_up: Truth
    """Sleeps curled up with the hips bent."""
    pf_sleeps_on_stomach: Truth
    """Sleeps on the stomach."""
    pf_strap_or_bag_on_shoulder: Truth
    """Carries a bag, rucksack or tight strap on the shoulder."""
    pain_on_movement: Truth
    """Worse with movement."""
    bracing_when_standing: Truth
    """Braces or holds the back while standing."""
    bracing_sit_to_stand: Truth
    """Braces the back when rising from sitting."""
    pain_rising_from_chair: Truth
    """Pain on rising from sitting."""
    drops_to_all_fours: Truth
    """Goes down on hands and knees when severe."""
    pain_rolling_in_bed: Truth
    """Pain turning in bed."""
    pain_cough_sneeze: Truth
    """Worse with cough, sneeze or strain."""
    pain_lumbar_flexion: Truth
    """Worse bending forward."""
    pain_lumbar_extension: Truth
    """Worse bending back."""
    pain_extension_rotation: Truth
    """Worse on extension with rotation."""
    pain_rising_from_flexion: Truth
    """Worse coming up from a forward bend."""
    pain_side_bending: Truth
    """Worse side-bending."""
    pain_prolonged_sitting: Truth
    """Worse with long sitting."""
    pain_prolonged_standing: Truth
    """Worse with long standing."""
    pain_walking: Truth
    """Worse walking."""
    pain_stairs: Truth
    """Worse on stairs."""
    pain_lying_on_side: Truth
    """Worse lying on that side."""
    pain_single_leg_standing: Truth
    """Worse standing on that leg."""
    pain_crossing_legs: Truth
    """Worse crossing the legs."""
    pain_overhead_reach: Truth
    """Worse reaching overhead."""
    pain_neck_rotation: Truth
    """Worse turning the neck."""
    pain_jaw_use: Truth
    """Worse chewing or opening."""
    pain_deep_breath: Truth
    """Worse with a deep breath."""
    pain_worse_stress: Truth
    """Worse with emotional stress."""
    pain_worse_cold: Truth
    """Worse with cold or draught."""
    pain_first_steps_morning: Truth
    """Heel or foot pain with first steps."""
    pain_exertional: Truth
    """Comes on with exertion, eases with rest."""
    pain_related_to_meals: Truth
    """Related to meals."""
    pain_unrelated_to_movement: Truth
    """Movement and posture make no difference."""
    pain_with_activity: Truth
    """Worse with activity or work."""
    pain_driving: Truth
    """Worse driving."""
    pain_weight_bearing: Truth
    """Worse on weight bearing."""
    pain_trunk_rotation: Truth
    """Worse turning the trunk."""
    pain_neck_flexion: Truth
    """Worse bending the neck forward."""
    pain_neck_extension: Truth
    """Worse bending the neck back."""
    pain_sport_movement: Truth
    """Comes with one sport movement."""
    pain_lying_flat: Truth
    """Worse lying flat."""
    pain_lying_on_shoulder: Truth
    """Worse lying on that shoulder."""
    pain_gripping_or_lifting: Truth
    """Worse gripping or lifting."""
    pain_squatting_or_kneeling: Truth
    """Worse squatting or kneeling."""
    hard_to_change_posture: Truth
    """Hard to sit down, stand up or straighten."""
    no_comfortable_position: Truth
    """Finds no comfortable position."""
    sitting_tolerance_min: Amount
    """Can sit for, in minutes."""
    standing_tolerance_min: Amount
    """Can stand for, in minutes."""
    walking_tolerance_min: Amount
    """Can walk for, in minutes."""
    cannot_rest_head_on_pillow: Truth
    """Cannot bear the back of the head on a pillow."""
    pain_carrying_at_side: Truth
    """Worse carrying a weight hanging at the side."""
    pain_on_defecation: Truth
    """Pain with or after a bowel movement."""
    pain_on_eye_movement: Truth
    """Worse moving the eye."""
    pain_on_swallowing: Truth
    """Pain or a lump in the throat on swallowing."""
    pain_pinching_or_writing: Truth
    """Worse pinching, writing, sewing, texting or weeding."""
    pain_push_ups_or_bench_press: Truth
    """Push-ups or bench press, before onset or painful."""
    pain_running_downhill: Truth
    """Worse running or walking downhill."""
    pain_sit_ups_or_leg_raises: Truth
    """Sit-ups or straight-leg raises, before onset or painful."""
    pain_triggered_by_light_touch: Truth
    """Set off by light touch, washing, talking or wind."""
    pain_turning_doorknob: Truth
    """Worse turning a door knob or key, or shaking hands."""
    pain_twisting_or_screwdriving: Truth
    """Worse twisting the forearm (screwdriver, wringing)."""
    pain_walking_uphill: Truth
    """Worse walking uphill, on sand or on a slope."""
    pain_with_intercourse: Truth
    """Pain with or after intercourse or ejaculation."""
    rib_click: Truth
    """Click of a rib."""
    stitch_in_side: Truth
    """A stitch in the side when out of breath."""
    trauma_severe: Truth
    """Severe recent trauma."""
    trauma_minor_at_risk: Truth
    """Minor trauma with age over 50, osteoporosis or steroids."""
    contusion_or_abrasion: Truth
    """Bruise or graze over the spine."""
    corticosteroid_prolonged: Truth
    """Long steroid use."""
    osteoporosis_known: Truth
    """Known osteoporosis."""
    fragility_fracture_previous: Truth
    """Previous low-trauma fracture."""
    spinal_deformity_new: Truth
    """New spinal deformity or height loss."""
    cancer_history: Truth
    """History of cancer."""
    weight_loss_unexplained: Truth
    """Unexplained weight loss."""
    not_improving_over_1_month: Truth
    """No better after a month of care."""
    fever: Truth
    """Fever."""
    body_temperature: Amount
    """Temperature, in °C."""
    chills_or_rigors: Truth
    """Chills or rigors."""
    night_sweats: Truth
    """Night sweats."""
    iv_drug_use: Truth
    """Intravenous drug use."""
    immunosuppressed: Truth
    """Immune suppression."""
    recent_infection_or_procedure: Truth
    """Recent infection, spinal procedure or surgery."""
    diabetes: Truth
    """Diabetes."""
    tuberculosis_risk: Truth
    """Tuberculosis history or exposure."""
    systemically_unwell: Truth
    """Looks or feels generally ill."""
    vascular_risk_factors: Truth
    """Smoking, hypertension, arterial disease."""
    collapse_or_hypotension: Truth
    """Collapse or low blood pressure."""
    dizziness: Truth
    """Dizziness."""
    drop_attack: Truth
    """Drop attack."""
    diplopia: Truth
    """Double vision."""
    dysarthria: Truth
    """Slurred speech."""
    dysphagia: Truth
    """Trouble swallowing."""
    nystagmus: Truth
    """Nystagmus."""
    ataxia: Truth
    """Ataxia."""
    facial_numbness: Truth
    """Face numbness."""
    horner_sign: Truth
    """Drooping lid and small pupil."""
    neck_pain_unlike_any_before: Truth
    """Neck pain or headache unlike any before."""
    recent_neck_trauma: Truth
    """Recent neck trauma, even minor."""
    thunderclap_headache: Truth
    """Sudden worst headache."""
    headache_new_over_50: Truth
    """New headache at 50 or over."""
    scalp_tenderness: Truth
    """Scalp tenderness."""
    jaw_claudication: Truth
    """Jaw pain on chewing that stops with rest."""
    visual_loss: Truth
    """Vision loss or blurring."""
    meningism: Truth
    """True neck stiffness with fever or light sensitivity."""
    shoulder_hip_girdle_stiffness: Truth
    """Both shoulders or hips stiff in the morning, age 50 or over."""
    calf_swelling_unilateral: Truth
    """One calf swollen."""
    calf_warm_red: Truth
    """Calf warm or red."""
    immobility_or_surgery_recent: Truth
    """Recent immobility or surgery."""
    dvt_previous: Truth
    """Previous clot."""
    chest_pain: Truth
    """Chest pain."""
    dyspnoea: Truth
    """Short of breath."""
    sweating_nausea_with_pain: Truth
    """Sweating or nausea with the pain."""
    haematuria: Truth
    """Blood in urine."""
    dysuria_frequency: Truth
    """Burning or frequent urine."""
    costovertebral_tenderness: Truth
    """Kidney-angle tenderness."""
    vaginal_bleeding_abnormal: Truth
    """Abnormal vaginal bleeding."""
    missed_period: Truth
    """Missed period."""
    pelvic_discharge: Truth
    """Pelvic discharge."""
    abdominal_guarding: Truth
    """Guarding or rigid belly."""
    vomiting: Truth
    """Vomiting."""
    blood_in_stool: Truth
    """Blood or black stool."""
    bowel_habit_change: Truth
    """Change in bowel habit."""
    cannot_bear_weight: Truth
    """Cannot bear weight."""
    leg_short_external_rotated: Truth
    """Leg short and turned out."""
    groin_pain_deep: Truth
    """Deep groin pain."""
    alcohol_excess: Truth
    """Heavy alcohol use."""
    rash_vesicular: Truth
    """Blistering rash in a band."""
    breast_lump_or_change: Truth
    """Breast lump or change."""
    testicular_pain_or_lump: Truth
    """Testicular pain or lump."""
    acute_testicular_pain: Truth
    """Sudden severe testicular pain."""
    severe_pain_tense_compartment: Truth
    """Tense limb, pain on toe stretch."""
    leg_cold_pulseless: Truth
    """Cold or pulseless leg."""
    vascular_claudication: Truth
    """Calf pain on walking, eased by standing still."""
    smoking_status: Words[SmokingStatus]
    """Smoking."""
    smoking_pack_years: Amount
    """Pack-years smoked, in pack-years."""
    obesity: Truth
    """Obesity."""
    cough_persistent: Truth
    """Persistent cough."""
    haemoptysis: Truth
    """Coughs blood."""
    hoarse_voice: Truth
    """Hoarse voice."""
    appetite_loss: Truth
    """Poor appetite."""
    pallor_or_anaemia: Truth
    """Pale or anaemic."""
    easy_bruising: Truth
    """Bruises or bleeds easily."""
    constipation: Truth
    """Constipation."""
    diarrhoea: Truth
    """Diarrhoea."""
    nausea: Truth
    """Nausea, without sweating."""
    cancer_in_remission: Truth
    """Earlier cancer, last check clear."""
    surgery_breast_or_chest_previous: Truth
    """Earlier breast or chest surgery."""
    spinal_surgery_previous: Truth
    """Earlier spinal surgery, any level."""
    spinal_infection_previous: Truth
    """Earlier spinal infection."""
    corticosteroid_recent_short: Truth
    """Recent short steroid course."""
    chronic_kidney_disease: Truth
    """Chronic kidney disease."""
    viral_hepatitis_chronic: Truth
    """Chronic viral hepatitis."""
    liver_disease_chronic: Truth
    """Chronic liver disease."""
    heart_disease_known: Truth
    """Known heart disease."""
    heart_murmur: Truth
    """Heart murmur."""
    cardiac_exam_normal: Truth
    """Heart examination normal."""
    ecg_new_change: Truth
    """New change on ECG."""
    peripheral_pulses_reduced: Truth
    """Weak pulses in the limb."""
    visceral_workup_negative: Truth
    """Work-up for an organ cause was negative."""
    bladder_volume_ml: Amount
    """Bladder volume on scan, in mL."""
    family_history_cancer: Truth
    """Family history of cancer."""
    visual_loss_sudden: Truth
    """Sudden loss of vision."""
    visual_blurring: Truth
    """Blurred vision."""
    syncope: Truth
    """Fainted or collapsed."""
    hypotension: Truth
    """Low blood pressure."""
    systolic_bp: Amount
    """Systolic blood pressure, in mmHg."""
    heart_rate: Amount
    """Heart rate, in /min."""
    jaundice: Truth
    """Yellow skin or eyes."""
    dark_urine: Truth
    """Dark brown urine."""
    self_harm_thoughts: Truth
    """Thoughts of self-harm."""
    seizure_new: Truth
    """New seizure."""
    fetal_movements_reduced: Truth
    """Fewer fetal movements."""
    oestrogen_use: Truth
    """Oestrogen-containing medicine."""
    leg_oedema_pitting: Truth
    """Pitting oedema of one leg."""
    leg_paralysed_or_cast: Truth
    """Leg paralysed or in plaster."""
    oxygen_saturation: Amount
    """Oxygen saturation, in %."""
    respiratory_rate: Amount
    """Breaths per minute, in /min."""
    confusion_or_drowsiness: Truth
    """New confusion or drowsiness."""
    abdominal_surgery_previous: Truth
    """Earlier abdominal surgery, or a scar of the abdominal wall."""
    aortic_disease_risk: Truth
    """Marfan or similar disease, aortic valve disease (bicuspid), thoracic aneurysm, or aortic disease in the family."""
    arm_blue_or_distended_veins: Truth
    """Arm blue or with distended surface veins."""
    arm_claudication: Truth
    """Arm tires or hurts with use, eases with rest."""
    arm_swelling_unilateral: Truth
    """One arm swollen or heavy."""
    aromatase_inhibitor_use: Truth
    """Aromatase inhibitor medicine."""
    atrial_fibrillation: Truth
    """Atrial fibrillation."""
    bisphosphonate_or_denosumab_long: Truth
    """Bisphosphonate or denosumab for 3 years or more."""
    bloating_persistent: Truth
    """Bloated, or full after few bites, most days."""
    bp_difference_arms: Truth
    """Systolic pressure differs 20 mmHg or more between the arms."""
    breath_sounds_reduced: Truth
    """Breath sounds reduced on one side."""
    bruises_of_different_age: Truth
    """Bruises of different age or in unusual places."""
    calf_deep_tenderness: Truth
    """Tender along the deep veins of calf or thigh."""
    cancer_active: Truth
    """Cancer under treatment, or treated within 6 months."""
    central_venous_line: Truth
    """Central venous line, port or PICC in the arm or neck."""
    chest_crackles_or_rub: Truth
    """Crackles, bronchial breathing or pleural rub."""
    child_refuses_to_walk_or_sit: Truth
    """Child has stopped walking, sitting or using the limb."""
    co_exposure_suspected: Truth
    """Others at home have the same symptoms, or it clears away from home."""
    cold_intolerance: Truth
    """Always cold, or feels the cold more than before."""
    cough_new: Truth
    """New cough."""
    diabetes_new: Truth
    """Diabetes found within the last year."""
    drooling_or_cannot_swallow: Truth
    """Drools or cannot swallow saliva."""
    drug_started_before_pain: Truth
    """Pain began within weeks to 3 months after a new or raised medicine."""
    ear_discharge: Truth
    """Discharge from the ear."""
    ear_exam_normal: Truth
    """Ear looks normal."""
    eardrum_red_or_bulging: Truth
    """Eardrum red or bulging."""
    ectopic_pregnancy_risk: Truth
    """Earlier ectopic pregnancy, tubal surgery or coil in place."""
    endocarditis_risk: Truth
    """Artificial or diseased heart valve, heart device, or endocarditis before."""
    erythema_migrans: Truth
    """Red ring or patch that spreads (over 5 cm)."""
    eye_red: Truth
    """Red eye."""
    facial_or_neck_swelling: Truth
    """Swelling of face, jaw or neck."""
    feels_unsafe_or_harmed: Truth
    """Feels unsafe, or is being hurt by someone."""
    finger_clubbing: Truth
    """Finger clubbing."""
    fluoroquinolone_recent: Truth
    """Fluoroquinolone antibiotic in the last 3 months."""
    foot_rest_pain_night: Truth
    """Foot pain at night, eased by hanging the leg down."""
    gallstones_known: Truth
    """Known gallstones."""
    glandular_fever_recent: Truth
    """Glandular fever in the last 2 months."""
    head_injury_recent: Truth
    """Knock or injury to the head in the last 3 months."""
    head_neck_radiotherapy: Truth
    """Earlier radiotherapy of the head or neck."""
    headache_onset_exertion: Truth
    """Headache began on exertion, straining or sex."""
    headache_pattern_changed: Truth
    """Headache new, or clearly changed from the usual."""
    headache_peak_within_hour: Truth
    """Headache or neck pain at its worst within an hour of starting."""
    headache_worse_lying_or_straining: Truth
    """Headache worse lying down, stooping, coughing or straining."""
    heartburn: Truth
    """Heartburn or acid regurgitation."""
    heat_intolerance: Truth
    """Feels too hot, cannot bear heat."""
    hiv_positive_or_risk: Truth
    """HIV infection, or risk of it."""
    immune_checkpoint_inhibitor: Truth
    """Cancer immunotherapy (checkpoint inhibitor)."""
    infections_recurrent: Truth
    """Repeated infections."""
    injury_story_mismatch: Truth
    """Injury and story do not fit, changing story, or late help."""
    isotretinoin_use: Truth
    """Isotretinoin medicine."""
    itching_generalised: Truth
    """Itching all over."""
    kanavel_signs: Truth
    """Finger bent, swollen all along, tender along the sheath, worst on straightening (two or more)."""
    kidney_stone_previous: Truth
    """Earlier kidney stone."""
    leg_swelling_whole: Truth
    """Whole leg swollen."""
    limb_cold_pale: Truth
    """Arm or leg suddenly cold, pale, blue or mottled beside the other."""
    limb_colour_or_temperature_change: Truth
    """Painful limb differs from the other in colour or temperature, coming on slowly."""
    limb_in_cast_or_crushed: Truth
    """Limb in plaster or tight dressing, crushed, or operated on in the last days."""
    limb_skin_red_spreading: Truth
    """Red hot skin that spreads."""
    mouth_ulcer_or_patch_persistent: Truth
    """Mouth ulcer or patch for 3 weeks or more."""
    nasal_discharge_purulent: Truth
    """Coloured or purulent nasal discharge."""
    neck_flexion_limited: Truth
    """Chin cannot be brought to the chest."""
    nose_blocked: Truth
    """Blocked nose."""
    ovarian_cyst_known: Truth
    """Known ovarian cyst or mass."""
    pain_passive_digit_stretch: Truth
    """Severe pain when fingers or toes are moved for the patient."""
    palpitations: Truth
    """Palpitations."""
    pelvic_radiotherapy: Truth
    """Earlier radiotherapy of the pelvis."""
    pericardial_rub: Truth
    """Pericardial rub."""
    photophobia: Truth
    """Light hurts the eyes."""
    rash_non_blanching: Truth
    """Spots or purple rash that do not fade on pressing."""
    self_harm_plan_or_attempt: Truth
    """Plan or recent attempt of self-harm."""
    serious_disease_recorded: Words[SeriousDiseaseRecorded]
    """Serious disease on record."""
    sickle_cell_disease: Truth
    """Sickle cell disease."""
    skin_bullae_or_necrosis: Truth
    """Blisters, dusky or dead skin over the painful part."""
    skin_darkening: Truth
    """Skin darkened without sun (creases, gums, scars)."""
    smell_lost: Truth
    """Loss of smell."""
    sore_throat: Truth
    """Sore throat."""
    splinter_or_embolic_signs: Truth
    """Splinter haemorrhages or other embolic signs."""
    spreading_bruise: Truth
    """Large or spreading bruise or firm swelling without matching injury."""
    steroid_stopped_or_missed: Truth
    """Long steroid course stopped, lowered or missed."""
    stridor: Truth
    """Noisy breathing in."""
    swollen_hand_or_tight_ring: Truth
    """Hand puffy, or rings tight in the morning."""
    thirst_polyuria: Truth
    """Thirst and passing much urine."""
    tick_bite: Truth
    """Tick bite in the last months."""
    toothache_or_dental_infection: Truth
    """Toothache or known dental infection."""
    tremor: Truth
    """Tremor."""
    urinary_stream_poor: Truth
    """Poor urine stream, or getting up at night to pass urine."""
    varicose_veins: Truth
    """Varicose veins or venous skin change."""
    visual_haloes: Truth
    """Haloes around lights."""
    voice_muffled: Truth
    """Muffled voice."""
    weight_gain_recent: Truth
    """Recent weight gain."""
    leg_veins_collateral: Truth
    """Surface veins of the painful leg wider than on the other, not varicose."""
    aortic_procedure_recent: Truth
    """Aorta or heart valve operated on or reached by catheter in the last weeks."""
    arterial_disease_known: Truth
    """Known disease of the arteries of heart, brain or legs."""
    relief_lying_down: Truth
    """Eases lying down."""
    relief_sitting_or_bending_forward: Truth
    """Eases sitting or leaning forward."""
    pain_gone_when_sitting: Truth
    """No pain while seated."""
    relief_exercise: Truth
    """Eases with exercise."""
    relief_rest: Truth
    """Eases with rest."""
    relief_heat: Truth
    """Eases with heat."""
    relief_stretch_or_pressure: Truth
    """Eases with stretching or pressing the knot."""
    relief_standing: Truth
    """Eases on standing."""
    relief_walking: Truth
    """Eases on walking about."""
    relief_change_of_position: Truth
    """Eases with a change of position."""
    relief_unloading: Truth
    """Eases when load is taken off."""
    relief_arm_raised: Truth
    """Arm pain eases with the arm raised."""
    relief_analgesics: Truth
    """Eases with simple painkillers."""
    relief_nitrate: Truth
    """Chest pain eases with nitrate."""
    relief_antacid: Truth
    """Eases with an antacid."""
    sleeps_sitting_up: Truth
    """Sleeps propped up because of the pain."""
    steroid_prompt_relief: Truth
    """Steroid tablets brought quick relief (within days)."""
    anticoagulant_or_bleeding_disorder: Truth
    """Blood thinner or bleeding disorder."""
    recent_surgery_site: Truth
    """Recent surgery in the area."""
    open_wound_or_infection_site: Truth
    """Wound or infection in the area."""
    joint_hypermobility: Truth
    """Joints overly loose."""
    hip_replacement: Truth
    """Hip replacement."""
    acute_inflammatory_arthritis: Truth
    """Acutely inflamed joint."""
    acute_muscle_tear: Truth
    """Acute muscle tear."""
    abdominal_aortic_aneurysm_known: Truth
    """Known aortic aneurysm."""
    hernia_known: Truth
    """Abdominal or groin hernia."""
    implanted_device: Truth
    """Implanted device in the area."""
    sensation_reduced_site: Truth
    """Feeling reduced in the area."""
    in_doubt: Words[InDoubt]
    """Recorded in doubt."""
    prosthetic_joint: Truth
    """Artificial joint at the painful place."""
    treatment_response: Words[TreatmentResponse]
    """Response to a treatment."""
    tried_stretching: Truth
    """Stretching tried."""
    tried_self_pressure: Truth
    """Self-pressure tried."""
    tried_manual_therapy: Truth
    """Manual therapy tried."""
    tried_exercise: Truth
    """Exercise therapy tried."""
    tried_medication: Truth
    """Medicine tried."""
    tried_dry_needling: Truth
    """Dry needling tried."""
    tried_injection: Truth
    """Injection tried."""
    tried_surgery: Truth
    """Surgery tried."""
    tried_physiotherapy: Truth
    """Physiotherapy tried."""
    tried_heat_or_cold: Truth
    """Heat or cold tried."""
    tried_electrotherapy: Truth
    """Electrotherapy tried."""
    tried_acupuncture: Truth
    """Acupuncture tried."""
    treatment_relief: Words[TreatmentRelief]
    """Best relief so far from any treatment."""
    analgesic_days_per_month: Amount
    """Days with painkiller or triptan per month."""


class PremiseData(TypedDict):
    """One thing that a conclusion rests on, in words."""

    kind: str
    id: str
    subject: str
    text: str


class AlertData(TypedDict):
    """A red flag that is raised, or open because too little is known to clear it."""

    id: str
    label: str
    status: Literal["raised", "open"]
    urgency: Literal["emergency", "urgent", "soon"]
    condition: str
    condition_label: str
    act_within: str
    action: str
    meanwhile: str
    rule: str
    because: list[PremiseData]
    unknown: list[str]
    limits: str
    references: list[str]
    graded: bool
    points: int | None
    forbids: list[str]


class UnscreenedData(TypedDict):
    """A red flag that matters for where the pain is and that too little has been asked to clear; ``terms`` are still to ask."""

    id: str
    label: str
    urgency: Literal["emergency", "urgent", "soon"]
    terms: list[str]


class ScreenedData(TypedDict):
    """An emergency or urgent cause that can present where the pain is, and how far it has been asked for."""

    id: str
    label: str
    urgency: Literal["emergency", "urgent", "soon"]
    state: Literal["open", "due", "raised", "asked", "not_asked"]
    unasked: list[str]


class ArgumentData(TypedDict):
    """What a rule or a cue of a cause says for or against a hypothesis, and what it adds to its score."""

    rule: str
    title: str
    effect: Literal["support", "oppose", "confirm", "exclude"]
    strength: Literal["strong", "moderate", "weak"] | None
    subjects: list[str]
    because: list[PremiseData]
    unknown: list[str]
    grade: str
    references: list[str]
    points: int | None
    ratio: str


class HypothesisData(TypedDict):
    """A possible explanation with its arguments and its score; ``could_be`` is the worst and best status still possible."""

    id: str
    label: str
    kind: str
    status: Literal["confirmed", "probable", "possible", "undecided", "unlikely", "excluded"]
    conflict: bool
    supports: list[ArgumentData]
    opposes: list[ArgumentData]
    undecided: list[ArgumentData]
    could_be: list[Literal["confirmed", "probable", "possible", "undecided", "unlikely", "excluded"]]
    score: int | None
    prior: int | None


class ScorePartData(TypedDict):
    """One term of a muscle's score: its name, what it adds, and why in words."""

    name: str
    value: float
    text: str


class MuscleCandidateData(TypedDict):
    """A muscle that may be a source of the pain, and how it would explain it."""

    muscle: str
    label: str
    group: str
    side: str | None
    status: str
    score: float
    terms: list[ScorePartData]
    explains: list[str]
    might_explain: list[str]
    path: list[str]
    confidence: str
    side_assumed: bool
    access: str
    safety: str
    because: list[PremiseData]
    references: list[str]


class CoveringData(TypedDict):
    """A small set of muscles that together explain the pain; both sides of a muscle may count as one."""

    muscles: list[str]
    alternatives: list[list[str]]
    explains: list[str]
    unexplained: list[str]
    score: float


class CriterionItemData(TypedDict):
    """One line of a published definition; status met, not_met or undecided."""

    id: str
    label: str
    status: str


class CriterionResultData(TypedDict):
    """A published definition, line by line, for the patient or for one muscle."""

    id: str
    label: str
    hypothesis: str
    subject: str
    status: str
    items: list[CriterionItemData]
    references: list[str]


class CautionData(TypedDict):
    """A warning about reasoning, and why it is given here; ``short``: what a brief answer says of it."""

    id: str
    text: str
    rule: str
    subjects: list[str]
    because: list[PremiseData]
    limits: str
    references: list[str]
    short: str
    offers: list[str]


class RecommendationData(TypedDict):
    """Something to consider doing, and why; ``short``: what a brief answer says of it."""

    kind: str
    text: str
    rule: str
    subjects: list[str]
    because: list[PremiseData]
    limits: str
    references: list[str]
    short: str
    offers: list[str]


class DerivationData(TypedDict):
    """A rule that fired, for whom, and why."""

    rule: str
    subject: str
    stratum: int
    concludes: list[str]
    because: list[PremiseData]


class FindingData(TypedDict):
    """One finding: present or absent, a number in the term's own unit, or words that were given and words that were denied."""

    term: str
    value: bool | float | None
    words: list[str]
    denied: list[str]
    follows_from: str
    between: list[float] | None


class PainData(TypedDict):
    """One entry of the pain map; ``side`` None means not known which."""

    region: str
    side: str | None
    present: bool
    intensity: float | None


class GivenLabelData(TypedDict):
    """A diagnosis already given (or denied), with what is known about it."""

    label: str
    present: bool
    findings: list[FindingData]


class ExamData(TypedDict):
    """What was found in one muscle, or muscle group, on one side."""

    muscle: str
    side: str | None
    findings: list[FindingData]


class RegionExamData(TypedDict):
    """What was found in some muscle of a region on one side, and nobody says in which."""

    region: str
    side: str | None
    findings: list[FindingData]


class FindingsData(TypedDict):
    """Everything known of one patient, checked and normalised; what is not here is unknown."""

    patient: list[FindingData]
    pain: list[PainData]
    pain_map_complete: bool | None
    labels: list[GivenLabelData]
    exam: list[ExamData]
    somewhere: list[RegionExamData]


class KnowledgeUsedData(TypedDict):
    """Which rules gave an answer."""

    id: str
    version: str
    status: str
    digest: str


class QuestionData(TypedDict):
    """One step to ask or examine next; ``subject`` names the muscle or diagnosis it is about, ``gain`` what it could change for its cost."""

    terms: list[str]
    subject: str
    text: str
    why: str
    cost: str
    step: str
    gain: float


class AssessmentData(TypedDict):
    """An assessment as ``to_dict`` gives it."""

    format: str
    urgency: Literal["none", "soon", "urgent", "emergency"]
    screening: Literal["complete", "partial", "not_done"]
    alerts: list[AlertData]
    unscreened: list[UnscreenedData]
    screened: list[ScreenedData]
    beyond: list[str]
    hypotheses: list[HypothesisData]
    muscles: list[MuscleCandidateData]
    coverings: list[CoveringData]
    criteria: list[CriterionResultData]
    cautions: list[CautionData]
    recommendations: list[RecommendationData]
    trace: list[DerivationData]
    findings: FindingsData
    knowledge: KnowledgeUsedData
    questions: list[QuestionData]
