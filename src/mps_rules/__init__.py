"""Clinical decision support for muscle pain: the public names, nothing else."""

from mps_rules.api import attach, evaluate, evaluate_many, load
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, UnsupportedError
from mps_rules.model import Assessment, Derivation, Finding, Hypothesis, KnowledgeBase, Proof, Rule

__version__ = "0.1.0"
