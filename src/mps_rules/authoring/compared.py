"""
In what two versions of the rules differ for anybody: what both conclude alike of every patient, and of whom only one concludes what.

The patients are those of both versions: clauses over the same columns, in which equal formulas are one. What is found is run through both.
"""

from collections.abc import Iterator, Sequence

import attrs

from mps_rules.authoring.encoding import Copy, Encoding
from mps_rules.authoring.encoding import Literal as Lit
from mps_rules.authoring.prove import Search, Seen, seen
from mps_rules.authoring.proved import Findings, in_words
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import URGENCIES, RaiseAlert, Rule


@attrs.frozen
class Apart:
    """A patient, in both versions, of whom only one concludes something; ``before`` whether that is the one before."""

    conclusion: str
    before: bool
    findings: Findings
    words: str


@attrs.frozen
class Compared:
    """What two versions conclude alike of everybody, of whom they differ, who is judged less urgent by which red flag, and what was not decided."""

    same: tuple[str, ...]
    apart: tuple[Apart, ...]
    milder: tuple[Apart, ...]
    undecided: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.same)} conclusions are the same for every patient."]
        lines += [f"  {one.conclusion}: {'no longer' if one.before else 'now'} of somebody, as here: {one.words}" for one in self.apart]
        lines.append(
            "Nobody is judged less urgent than before." if not self.milder and not self.undecided else "Judged less urgent than before:"
        )
        lines += [f"  without {one.conclusion}, as here: {one.words}" for one in self.milder]
        lines += [f"  not decided: {one}" for one in self.undecided]
        return "\n".join(lines)


def compare(before: KnowledgeBase, after: KnowledgeBase) -> Compared:
    """
    What changes for anybody when one version of the rules replaces another; it takes some minutes.

    Raises:
        UnsupportedError: python-sat is not installed.

    """
    with _Pair(before, after) as pair:
        return pair.compared()


class _Pair(Search):
    """Two versions of the rules over the same patients."""

    def __init__(self, before: KnowledgeBase, after: KnowledgeBase) -> None:
        first = Encoding(before, others=(after,))
        self.versions = (first, Encoding(after, beside=first))
        self.undecided: list[str] = []
        super().__init__(first.clauses, first.cells)

    def compared(self) -> Compared:
        ids = sorted({id_ for one in self.versions for id_ in one.base.concluding})
        literals = {id_: [self._some(one, one.base.concluding.get(id_, ())) for one in self.versions] for id_ in ids}
        apart = [found for id_, (old, new) in literals.items() if old != new for found in self._apart(id_, old, new)]
        differ = {*(one.conclusion for one in apart), *self.undecided}
        return Compared(tuple(id_ for id_ in ids if id_ not in differ), tuple(apart), tuple(self._milder()), tuple(self.undecided))

    def _some(self, version: Encoding, rules: Sequence[Rule]) -> Lit:
        return self.clauses.some(version.anybody.fires(rule) for rule in rules)

    def _apart(self, id_: str, old: Lit, new: Lit) -> Iterator[Apart]:
        for number, wanted in enumerate(((old, -new), (-old, new))):
            found = self._found(id_, wanted)
            if found is not None:
                shown = [_concludes(one, id_) for one in self._seen(found)]
                if shown != [number == 0, number == 1]:
                    raise AssertionError(f"the engine does not show what the solver claims of {id_}: {found}")
                yield Apart(id_, number == 0, found[number], in_words(found[number], self.versions[number].base))

    def _milder(self) -> Iterator[Apart]:
        """Of every red flag before, somebody who has it and is judged less urgent than that after."""
        before, after = self.versions
        for rule, flag in _flags(before.base):
            as_urgent = [other for other, one in _flags(after.base) if URGENCIES.index(one.urgency) <= URGENCIES.index(flag.urgency)]
            found = self._found(f"urgency without {rule.id}", (before.anybody.fires(rule), -self._some(after, as_urgent)))
            if found is not None:
                yield Apart(rule.id, True, found[0], in_words(found[0], before.base))

    def _found(self, what: str, wanted: Sequence[Lit]) -> tuple[Findings, Findings] | None:
        """Somebody, as the findings that each version reads."""
        patients: list[Copy] = [one.anybody for one in self.versions]
        sought = [*wanted, *(one.sound for one in patients)]
        if (there := self.solve(sought)) is None:
            self.undecided.append(what)
        if not there:
            return None
        model = self.smaller(sought)
        old, new = (one.mapping(model, patient) for one, patient in zip(self.versions, patients, strict=True))
        return old, new

    def _seen(self, found: tuple[Findings, Findings]) -> list[Seen]:
        return [seen(version.base, findings) for version, findings in zip(self.versions, found, strict=True)]


def _concludes(one: Seen, id_: str) -> bool:
    return any(one.verdict(rule) for rule in one.base.concluding.get(id_, ()))


def _flags(base: KnowledgeBase) -> Iterator[tuple[Rule, RaiseAlert]]:
    return ((rule, rule.alert) for rule in base.rules if rule.alert is not None)
