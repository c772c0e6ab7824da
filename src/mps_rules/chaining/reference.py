"""
The definition of chaining, executed to the letter: every rule judged for every subject, stratum by stratum.

Slow and plain. Every other executor must give the same ``Chain``.
"""

from mps_rules.chaining.chains import Chained, Derivation
from mps_rules.chaining.premises import premises
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language.conditions import Truth, grounds, judge, some
from mps_rules.patient.facts import Facts


def chain(base: KnowledgeBase, facts: Facts) -> Chained:
    """What the rules say of one patient, by ``conditions.judge`` alone."""
    decided: dict[str, dict[str, bool]] = {}
    conclusions: dict[str, dict[str, bool]] = {}
    derivations: list[Derivation] = []

    def concluded(id_: str, subject: str) -> Truth:
        return conclusions.get(subject, {}).get(id_, conclusions.get(PATIENT, {}).get(id_))

    waiting = {id_: len(rules) for id_, rules in base.concluding.items()}
    for rule in base.rules:
        for subject in facts.subjects(rule.about):
            view = facts.view(subject, concluded)
            verdict = judge(rule.when, view)
            if verdict is not None:
                decided.setdefault(subject, {})[rule.id] = verdict
            if verdict:
                because = premises(grounds(rule.when, view), facts)
                derivations.append(Derivation(rule.id, subject, rule.stratum, rule.concludes(), because))
        for id_ in rule.derives():
            waiting[id_] -= 1
            if waiting[id_] == 0:
                rules = base.concluding[id_]
                for subject in facts.subjects(rule.about):
                    holds = some(decided.get(subject, {}).get(one.id) for one in rules)
                    if holds is not None:
                        conclusions.setdefault(subject, {})[id_] = holds
    return Chained(decided, conclusions, {}, tuple(sorted(derivations, key=lambda d: (d.stratum, d.rule, d.subject))))
