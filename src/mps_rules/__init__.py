"""Clinical decision support for muscle pain: the public names, nothing else."""

from mps_rules.answer.differences import Changed, RulesDiff, diff_rules
from mps_rules.answer.differences import difference as diff
from mps_rules.answer.many import Assessments
from mps_rules.answer.values import (
    Alert,
    Argument,
    Assessment,
    Caution,
    Closing,
    Covering,
    CriterionItem,
    CriterionResult,
    Difference,
    Flip,
    FlipChange,
    Flips,
    Fragile,
    Hypothesis,
    KnowledgeUsed,
    MuscleCandidate,
    NearMiss,
    PointsShort,
    Proof,
    Question,
    Recommendation,
    ScorePart,
    Screened,
    Shortfall,
    Status,
    Unscreened,
    WhatIf,
)
from mps_rules.api import (
    attach,
    evaluate,
    evaluate_cohort,
    evaluate_many,
    load,
    muscle_picture,
    plot_referrals,
    poster,
    prove,
    referral_map,
)
from mps_rules.authoring.cases import Case, Expectation, Outcome, run_cases
from mps_rules.authoring.lint import Issue, lint
from mps_rules.chaining.chains import Derivation, Premise
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, SettingsError, UnattachedError, UnsupportedError
from mps_rules.former import keep_former_paths
from mps_rules.knowledge.causes import Cause
from mps_rules.knowledge.pack import KnowledgeBase, Pack, Reference, Referral
from mps_rules.knowledge.referral import ReferralMap
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import Diagnosis, Muscle, Region, Term, Vocabulary
from mps_rules.patient.values import Exam, Finding, Findings, GivenLabel, Pain, RegionExam
from mps_rules.service.notebook import widget
from mps_rules.turns import Interview, Turn, interview

__version__ = "0.2.0"

__all__ = [
    "Alert",
    "Argument",
    "Assessment",
    "Assessments",
    "Case",
    "Cause",
    "Caution",
    "Changed",
    "Closing",
    "Covering",
    "CriterionItem",
    "CriterionResult",
    "Derivation",
    "Diagnosis",
    "Difference",
    "Exam",
    "Expectation",
    "Fault",
    "Finding",
    "FindingError",
    "Findings",
    "Flip",
    "FlipChange",
    "Flips",
    "Fragile",
    "GivenLabel",
    "Hypothesis",
    "Interview",
    "Issue",
    "KnowledgeBase",
    "KnowledgeError",
    "KnowledgeUsed",
    "MpsRulesError",
    "Muscle",
    "MuscleCandidate",
    "NearMiss",
    "Outcome",
    "Pack",
    "Pain",
    "PointsShort",
    "Premise",
    "Proof",
    "Question",
    "Recommendation",
    "Reference",
    "Referral",
    "ReferralMap",
    "Region",
    "RegionExam",
    "Rule",
    "RulesDiff",
    "ScorePart",
    "Screened",
    "SettingsError",
    "Shortfall",
    "Status",
    "Term",
    "Turn",
    "UnattachedError",
    "Unscreened",
    "UnsupportedError",
    "Vocabulary",
    "WhatIf",
    "attach",
    "diff",
    "diff_rules",
    "evaluate",
    "evaluate_cohort",
    "evaluate_many",
    "interview",
    "lint",
    "load",
    "muscle_picture",
    "plot_referrals",
    "poster",
    "prove",
    "referral_map",
    "run_cases",
    "widget",
]

keep_former_paths()
