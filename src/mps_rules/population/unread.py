"""Rows that cannot be read, and findings that an undecided rule waits for: what the formulas say beside the rules."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import assert_never

from mps_rules.chaining.subjects import subject_kind
from mps_rules.knowledge.vocabulary import PATIENT, Term
from mps_rules.language import conditions as c
from mps_rules.population.formulas import ENDS, FALSE, FINITE, TRUE, UNKNOWN, Flaw, Formula
from mps_rules.population.rules import Rules


class Formulas(Rules):
    """
    What the rules say of the patients of a table.

    Raises:
        FindingError: columns that are no address of a finding, or of the wrong kind; all of them.

    """

    # --- what is waited for

    def waiting(self, conditions: Sequence[c.Condition], wanted: Formula) -> dict[str, Formula]:
        """For each finding of the patient that conditions wait for, where they do; ``pain`` and ``exam`` stand for all of theirs."""
        sheet = self.sheet
        order = self._parts_first(conditions)
        waits: dict[c.Condition, list[Formula]] = {condition: [wanted] for condition in conditions}
        found: dict[str, list[Formula]] = {}
        for condition in reversed(order):
            open_ = self.of(condition) if subject_kind(condition, self.base, self._whose) == "patient" else UNKNOWN
            here = sheet.every((sheet.some(waits.get(condition, ())), sheet.negation(sheet.settled(open_))))
            if here == FALSE:
                continue
            for part, where in self._asked_of(condition):
                waits.setdefault(part, []).append(sheet.every((here, where)))
            for name, known in self._named(condition):
                if (unknown := sheet.every((here, sheet.negation(known)))) != FALSE:
                    found.setdefault(name, []).append(unknown)
        return {name: sheet.some(formulas) for name, formulas in found.items()}

    def _parts_first(self, conditions: Iterable[c.Condition]) -> list[c.Condition]:
        order: dict[c.Condition, None] = {}

        def visit(condition: c.Condition) -> None:
            if condition not in order:
                for part, _ in self._asked_of(condition):
                    visit(part)
                order[condition] = None

        for condition in conditions:
            visit(condition)
        return list(order)

    def _asked_of(self, condition: c.Condition) -> Iterator[tuple[c.Condition, Formula]]:
        """The conditions of the patient that an undecided one waits for, and where it does."""
        match condition:
            case c.Derived(id):
                yield from ((rule.when, TRUE) for rule in self.base.concluding[id])
            case c.CountMuscles() | c.LabelMuscle() | c.AnyLabel():
                return
            case c.Compare(term) if term in self.words.measures:
                yield from ((part, TRUE) for part in self.words.measures[term].count)
            case c.Suspicion(_, _, profiles) | c.InReach(_, _, profiles):
                yield from self._cues_asked_of(profiles)
            case _:
                yield from ((part, TRUE) for part in c.parts(condition))

    def _cues_asked_of(self, profiles: Sequence[c.Profile]) -> Iterator[tuple[c.Condition, Formula]]:
        """The cues that could raise a score, where their profile is considered; those of few points where no others are."""
        telling, raising = (
            self.base.scale.telling,
            {profile: [cue for group in profile.cues for cue in group if cue.points > 0] for profile in profiles},
        )
        strong = self.sheet.some(self.tally(one).considered for one, cues in raising.items() if any(cue.points >= telling for cue in cues))
        for one, cues in raising.items():
            considered = self.tally(one).considered
            for cue in cues:
                weak = TRUE if cue.points >= telling else self.sheet.negation(strong)
                yield cue.when, self.sheet.every((considered, weak))

    def _named(self, condition: c.Condition) -> Iterator[tuple[str, Formula]]:
        """The findings that an undecided condition names itself, and where each is known all the same."""
        match condition:
            case c.Present(term) | c.Words(term) | c.Compare(term) if self.words.terms[term].subject == "muscle":
                yield "exam", FALSE
            case c.Compare(term) if term in self.words.measures:
                yield from self._items_of(term)
            case c.Present(term) | c.Words(term) | c.Compare(term):
                yield term, FALSE
            case c.PainAt():
                yield "pain", FALSE
            case c.Label(ids):
                yield from ((f"labels.{label}", self.sheet.settled(self.label(label))) for label in ids)
            case c.CountMuscles() | c.LabelMuscle():
                yield "exam", FALSE
            case c.Derived() | c.MuscleIs() | c.LabelIs():
                pass
            case c.PainNamed() | c.PainApart():
                yield "pain", FALSE
            case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.Established() | c.Known():
                pass
            case c.AnyLabel() | c.Suspicion() | c.InReach():
                pass
            case _:
                assert_never(condition)

    def _items_of(self, measure: str) -> Iterator[tuple[str, Formula]]:
        """The items that a measure adds up, those of measures among them, and where each is known."""
        for item in self.words.measures[measure].sum:
            given = self._is_told(item)
            if item in self.words.measures:
                low, high = self.interval(item)
                settled = self.sheet.some((given, self.sheet.reaches(low, high)))
                for part, known in self._items_of(item):
                    yield part, self.sheet.some((settled, known))
            else:
                yield item, self.sheet.settled(self.present(item)) if self.words.terms[item].kind == "boolean" else given

    # --- rows that cannot be read

    def flaws(self) -> Iterator[Flaw]:
        """What makes a row one that ``read_findings`` would refuse."""
        sheet = self.sheet
        for column, kind in self.columns.items():
            if kind in ("written truth", "written number"):
                yield Flaw(
                    sheet.cell("unreadable", column, two_valued=True), column, f"cannot be read as a {kind.removeprefix('written ')}"
                )
            if kind in ("integer", "number") and column not in self._numbers:
                yield Flaw(sheet.cell("not_a_truth", column, two_valued=True), column, "expected true or false")
        for (_, term), column in self.own.items():
            known = self.words.terms[term]
            if known.kind in ("number", "duration"):
                outside = sheet.cell("outside", column, known.range or FINITE, two_valued=True)
                yield Flaw(outside, column, self._outside(known))
            if known.values:
                yield Flaw(sheet.cell("unlisted", column, known.values, two_valued=True), column, f"no such value of {term!r}")
        yield from self._false_ranges()
        for label, column in self.given.items():
            denied = sheet.established(sheet.negation(self._truth_in(column)))
            said = sheet.some(sheet.cell("given", one, two_valued=True) for one in self._columns_of(label))
            yield Flaw(sheet.every((denied, said)), column, "is denied, but something is said about it")
        yield from self._two_words()
        yield from self._contradictions()

    def _false_ranges(self) -> Iterator[Flaw]:
        """Ranges that are not whole, turned round, or beside the number itself."""
        sheet = self.sheet
        for key, columns in self.ends.items():
            known, own = self.words.terms[key[1]], self.own.get(key)
            for column in columns.values():
                yield Flaw(sheet.cell("outside", column, known.range or FINITE, two_valued=True), column, self._outside(known))
            told = [sheet.cell("given", columns[name], two_valued=True) if name in columns else FALSE for name in ENDS]
            where = next(iter(columns.values())).rpartition(".")[0]
            yield Flaw(sheet.every((sheet.some(told), sheet.negation(sheet.every(told)))), where, "expected at_least and at_most")
            allowed = self.range(key[1])
            low, high = (sheet.cell_or(columns[name], allowed.lowest, allowed) if name in columns else sheet.amount(0) for name in ENDS)
            yield Flaw(sheet.every((*told, sheet.exceeds(low, high))), where, "at_least is more than at_most")
            if own is not None:
                both = sheet.every((sheet.cell("given", own, two_valued=True), sheet.some(told)))
                yield Flaw(both, own, "is told as a number and as a range")

    def _outside(self, term: Term) -> str:
        """What is said of a number where it cannot lie."""
        if term.range is None:
            return "is not a number"
        return f"lies outside {term.range[0]:g} to {term.range[1]:g}{self.words.shown_unit(term.id)}"

    def _two_words(self) -> Iterator[Flaw]:
        """Words with columns of their own that contradict each other, or the column of the finding."""
        sheet = self.sheet
        for key, columns in self.spelt.items():
            own = {word: sheet.established(self._own_word(key, word)) for word in self.words.terms[key[1]].values}
            apart = self._apart(key)
            for word, truth in apart.items():
                denied = sheet.every((own[word], sheet.established(sheet.negation(truth))))
                yield Flaw(denied, columns[word], "is said to hold and not to hold")
            if self.words.terms[key[1]].kind == "one_of":
                said = [sheet.some((own[word], sheet.established(apart.get(word, UNKNOWN)))) for word in own]
                yield Flaw(sheet.at_least(2, said), next(iter(columns.values())).rpartition(".")[0], "takes one value")

    @cached_property
    def _numbers(self) -> frozenset[str]:
        own = (column for (_, term), column in self.own.items() if self.words.terms[term].kind in ("number", "duration"))
        return frozenset((*own, *(column for ends in self.ends.values() for column in ends.values())))

    def _contradictions(self) -> Iterator[Flaw]:
        sheet = self.sheet
        for term in self.words.terms.values():
            if term.implied_by or term.denied_by:
                implied, denied = self._sources(term)
                column = self.own.get((PATIENT, term.id))
                own = self._truth_in(column) if column else UNKNOWN
                true = sheet.some((sheet.established(own), implied))
                false = sheet.some((sheet.established(sheet.negation(own)), denied))
                yield Flaw(sheet.every((true, false)), term.id, "what is given contradicts what follows from other findings")
            for other in term.excludes:
                both = (sheet.established(self.present(one)) for one in (term.id, other))
                if term.subject == "patient":
                    yield Flaw(sheet.every(both), term.id, f"cannot be present together with {other}")
        for entry in self.entries:
            if entry.pain.side != "midline":
                free = self.is_free(entry.pain.region, entry.pain.side)
                yield Flaw(
                    sheet.every((entry.hurts, free)), "pain", f"{entry.pain.region} is said to hurt, but every part of it to be free"
                )
        yield from self._false_totals()

    def _false_totals(self) -> Iterator[Flaw]:
        sheet = self.sheet
        forms: dict[str, list[str]] = {}
        for one in self.words.measures.values():
            for total in filter(None, (one.id, one.also_total)):
                forms.setdefault(total, []).append(one.id)
        for total, measures in forms.items():
            if (PATIENT, total) not in {*self.own, *self.ends}:
                continue
            low, high = self._stated(PATIENT, total)
            fits = []
            for measure in measures:
                lowest, highest = self.items(measure)
                fits.append(sheet.every((sheet.reaches(high, lowest), sheet.reaches(highest, low))))
            yield Flaw(sheet.every((self._is_told(total), sheet.negation(sheet.some(fits)))), total, "a total that its items do not allow")

    def _is_told(self, term: str) -> Formula:
        """Whether a number of the patient is given, or a range of it."""
        columns = [self.own[PATIENT, term]] if (PATIENT, term) in self.own else []
        columns += self.ends.get((PATIENT, term), {}).values()
        return self.sheet.some(self.sheet.cell("given", column, two_valued=True) for column in columns)
