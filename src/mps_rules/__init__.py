"""Clinical decision support for muscle pain: the public names, nothing else."""

from mps_rules.api import attach, evaluate, evaluate_many, load, muscle_picture, referral_map
from mps_rules.cases import run_cases
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, UnsupportedError
from mps_rules.lint import Issue, lint
from mps_rules.model import Assessment, Derivation, Finding, Hypothesis, KnowledgeBase, Proof, Rule, Status

__version__ = "0.1.0"

__all__ = [
    "Assessment",
    "Derivation",
    "Fault",
    "Finding",
    "FindingError",
    "Hypothesis",
    "Issue",
    "KnowledgeBase",
    "KnowledgeError",
    "MpsRulesError",
    "Proof",
    "Rule",
    "Status",
    "UnsupportedError",
    "attach",
    "evaluate",
    "evaluate_many",
    "lint",
    "load",
    "muscle_picture",
    "referral_map",
    "run_cases",
]
