"""Clinical decision support for muscle pain: the public names, nothing else."""

from mps_rules.answer.differences import Changed, RulesDiff, diff_rules
from mps_rules.answer.differences import difference as diff
from mps_rules.answer.many import Assessments
from mps_rules.answer.values import (
    Alert,
    Argument,
    Assessment,
    Caution,
    Covering,
    CriterionResult,
    Difference,
    Flip,
    Flips,
    Fragile,
    Hypothesis,
    KnowledgeUsed,
    MuscleCandidate,
    NearMiss,
    Proof,
    Question,
    Recommendation,
    Shortfall,
    Status,
    Unscreened,
    WhatIf,
)
from mps_rules.api import attach, evaluate, evaluate_cohort, evaluate_many, load, muscle_picture, prove, referral_map
from mps_rules.authoring.cases import run_cases
from mps_rules.authoring.lint import Issue, lint
from mps_rules.chaining.chains import Derivation
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, SettingsError, UnattachedError, UnsupportedError
from mps_rules.former import keep_former_paths
from mps_rules.interview import Turn, interview
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.patient.values import Exam, Finding, Findings, GivenLabel, Pain

__version__ = "0.2.0"

__all__ = [
    "Alert",
    "Argument",
    "Assessment",
    "Assessments",
    "Caution",
    "Changed",
    "Covering",
    "CriterionResult",
    "Derivation",
    "Difference",
    "Exam",
    "Fault",
    "Finding",
    "FindingError",
    "Findings",
    "Flip",
    "Flips",
    "Fragile",
    "GivenLabel",
    "Hypothesis",
    "Issue",
    "KnowledgeBase",
    "KnowledgeError",
    "KnowledgeUsed",
    "MpsRulesError",
    "MuscleCandidate",
    "NearMiss",
    "Pain",
    "Proof",
    "Question",
    "Recommendation",
    "Rule",
    "RulesDiff",
    "SettingsError",
    "Shortfall",
    "Status",
    "Turn",
    "UnattachedError",
    "Unscreened",
    "UnsupportedError",
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
    "prove",
    "referral_map",
    "run_cases",
]

keep_former_paths()
