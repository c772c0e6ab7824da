"""Clinical decision support for muscle pain: the public names, nothing else."""

from mps_rules.answer.differences import Changed, RulesDiff, diff_rules
from mps_rules.answer.differences import difference as diff
from mps_rules.answer.values import Assessment, Difference, Flips, Fragile, Hypothesis, Proof, Shortfall, Status, WhatIf
from mps_rules.api import attach, evaluate, evaluate_cohort, evaluate_many, load, muscle_picture, referral_map
from mps_rules.authoring.cases import run_cases
from mps_rules.authoring.lint import Issue, lint
from mps_rules.authoring.prove import prove
from mps_rules.chaining.chains import Derivation
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, SettingsError, UnsupportedError
from mps_rules.former import keep_former_paths
from mps_rules.interview import Turn, interview
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.patient.values import Finding

__version__ = "0.2.0"

__all__ = [
    "Assessment",
    "Changed",
    "Derivation",
    "Difference",
    "Fault",
    "Finding",
    "FindingError",
    "Flips",
    "Fragile",
    "Hypothesis",
    "Issue",
    "KnowledgeBase",
    "KnowledgeError",
    "MpsRulesError",
    "Proof",
    "Rule",
    "RulesDiff",
    "SettingsError",
    "Shortfall",
    "Status",
    "Turn",
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
