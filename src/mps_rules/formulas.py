"""
The rules laid flat: what each of them says, as a formula of the columns of a table, one subject beside the other.

A row is a patient, a column what one address says (``fever``, ``pain.low_back.left``, ``gluteus_medius.left.taut_band``). Equal formulas
are one formula, and what the columns cannot say is unknown and folds away. It decides nothing that ``conditions.judge`` would not. No ibis here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, TypeAlias, assert_never

import attrs

from mps_rules import conditions as c
from mps_rules.addresses import Address, address
from mps_rules.errors import Fault, FindingError
from mps_rules.facts import ANYTHING, Facts, terrain_of
from mps_rules.model import PATIENT, SIDES, Findings, KnowledgeBase, Pain, Rule, Subject, Term, Vocabulary, muscle_subject
from mps_rules.painmap import Place
from mps_rules.subjects import whose

Kind: TypeAlias = Literal["boolean", "integer", "number", "text", "words", "written truth", "written number", "date", "other", "empty"]
"""
What the cells of a column are: a truth, a whole number, a number, text, a list of words, a truth or a number written as text, a date or a time,
something else that says nothing of a patient, or nothing.
"""
Formula: TypeAlias = int
"""A three-valued truth of a row, by its number in the sheet."""
Amount: TypeAlias = int
"""A number of a row, by its number in the sheet; never missing."""

TRUTHS: tuple[Kind, ...] = ("boolean", "integer", "number", "text")
"""What the cells of a yes/no column may be; numbers are 0 and 1."""
CELLS: Mapping[str, tuple[Kind, ...]] = {
    "boolean": TRUTHS,
    "number": ("number", "integer", "text"),
    "duration": ("number", "integer", "text"),
    "one_of": ("text",),
    "many_of": ("text", "words"),
}
"""By the kind of a finding, what the cells of its column may be."""
LISTED = 20
"""After so many faulty columns no more are looked at: a table with that many is not the table that was meant."""
FINITE = (-1e300, 1e300)
"""Where a number without a range lies."""
End: TypeAlias = Literal["at_least", "at_most"]
ENDS: tuple[End, End] = ("at_least", "at_most")
"""The columns of a number of which only the range is known are called by its address and one of these."""
FALSE, UNKNOWN, TRUE = 0, 1, 2
CONSTANTS: dict[c.Truth, Formula] = {False: FALSE, None: UNKNOWN, True: TRUE}


@attrs.frozen
class Node:
    """One operation: its name, the formulas and amounts that it takes, and what else it needs to know."""

    op: str
    args: tuple[int, ...] = ()
    data: Any = None


class Sheet:
    """Formulas over columns, each once; what is constant is folded while it is written."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.known: dict[Node, int] = {}
        self.two_valued: list[bool] = []
        self.bounds: dict[Amount, c.Interval] = {}
        for truth in (False, None, True):
            self._node(Node("constant", data=truth), two_valued=truth is not None)

    def _node(self, node: Node, *, two_valued: bool = False) -> int:
        found = self.known.get(node)
        if found is None:
            found = self.known[node] = len(self.nodes)
            self.nodes.append(node)
            self.two_valued.append(two_valued)
        return found

    # --- truths

    def cell(self, op: str, column: str, data: Any = None, *, two_valued: bool = False) -> Formula:
        """What one cell says: of itself (``column``), of a word, or of a bound."""
        return self._node(Node(op, data=(column, data)), two_valued=two_valued)

    def negation(self, formula: Formula) -> Formula:
        """Kleene's NOT."""
        if formula in CONSTANTS.values():
            return 2 - formula
        node = self.nodes[formula]
        if node.op == "not":
            return node.args[0]
        return self._node(Node("not", (formula,)), two_valued=self.two_valued[formula])

    def every(self, formulas: Iterable[Formula]) -> Formula:
        """Kleene's AND."""
        return self._joined("and", formulas, neutral=TRUE, decisive=FALSE)

    def some(self, formulas: Iterable[Formula]) -> Formula:
        """Kleene's OR."""
        return self._joined("or", formulas, neutral=FALSE, decisive=TRUE)

    def _joined(self, op: str, formulas: Iterable[Formula], *, neutral: Formula, decisive: Formula) -> Formula:
        parts: dict[Formula, None] = {}
        for formula in formulas:
            if formula == decisive:
                return decisive
            if formula != neutral:
                parts[formula] = None
        if len(parts) < 2:
            return next(iter(parts), neutral)
        two_valued = all(self.two_valued[part] for part in parts)
        if two_valued and any(self.negation(part) in parts for part in parts if self.nodes[part].op == "not"):
            return decisive
        return self._node(Node(op, tuple(sorted(parts))), two_valued=two_valued)

    def established(self, formula: Formula) -> Formula:
        """Whether it is true."""
        if self.two_valued[formula] or formula == UNKNOWN:
            return FALSE if formula == UNKNOWN else formula
        return self._node(Node("established", (formula,)), two_valued=True)

    def settled(self, formula: Formula) -> Formula:
        """Whether it is true or false."""
        if self.two_valued[formula] or formula == UNKNOWN:
            return FALSE if formula == UNKNOWN else TRUE
        return self._node(Node("settled", (formula,)), two_valued=True)

    def either(self, true: Formula, false: Formula) -> Formula:
        """True where the first holds, else false where the second does, else unknown; both are two-valued."""
        if false == self.negation(true):
            return true
        return self.some((true, self.every((self.negation(false), UNKNOWN))))

    def at_least(self, n: int, formulas: Sequence[Formula]) -> Formula:
        """Kleene's count, a formula that stands several times counted as often."""
        rest = [formula for formula in formulas if formula not in (FALSE, TRUE)]
        n -= sum(formula == TRUE for formula in formulas)
        if n <= 0 or len(rest) < n:
            return TRUE if n <= 0 else FALSE
        if n == 1 or n == len(rest):
            return self.some(rest) if n == 1 else self.every(rest)
        low = self.total([self.counted(formula) for formula in rest])
        high = self.total([self.countable(formula) for formula in rest])
        wanted = self.amount(n)
        return self.either(self.reaches(low, wanted), self.negation(self.reaches(high, wanted)))

    # --- amounts

    def amount(self, value: float) -> Amount:
        """A fixed number."""
        return self._amount(Node("literal", data=float(value)), c.Interval(value, value))

    def _amount(self, node: Node, bounds: c.Interval) -> Amount:
        found = self._node(node)
        self.bounds[found] = bounds
        return found

    def cell_or(self, column: str, missing: float, bounds: c.Interval) -> Amount:
        """The number in a cell, or another where there is none."""
        return self._amount(Node("number", data=(column, missing)), bounds)

    def counted(self, formula: Formula, weight: float = 1) -> Amount:
        """A weight where it is true, else nothing."""
        formula = self.established(formula)
        if formula in (FALSE, TRUE):
            return self.amount(weight if formula == TRUE else 0)
        return self._amount(Node("weight", (formula,), float(weight)), c.Interval(0, weight))

    def countable(self, formula: Formula) -> Amount:
        """One where it may be true, else nothing."""
        return self.counted(self.negation(self.established(self.negation(formula))))

    def total(self, amounts: Sequence[Amount]) -> Amount:
        """The sum."""
        fixed = sum(self.nodes[one].data for one in amounts if self.nodes[one].op == "literal")
        rest = tuple(sorted(one for one in amounts if self.nodes[one].op != "literal"))
        if not rest or (len(rest) == 1 and not fixed):
            return rest[0] if rest else self.amount(fixed)
        bounds = c.Interval(fixed, fixed)
        for one in rest:
            bounds += self.bounds[one]
        return self._amount(Node("sum", rest, float(fixed)), bounds)

    def minus(self, amount: Amount, other: Amount) -> Amount:
        """One less the other."""
        if self.nodes[other].op == "literal":
            return self.total([amount, self.amount(-self.nodes[other].data)])
        a, b = self.bounds[amount], self.bounds[other]
        return self._amount(Node("minus", (amount, other)), c.Interval(a.lowest - b.highest, a.highest - b.lowest))

    def reaches(self, amount: Amount, other: Amount) -> Formula:
        """Whether one is at least as large as the other."""
        return self._compared("ge", amount, other, self.bounds[amount].lowest >= self.bounds[other].highest)

    def exceeds(self, amount: Amount, other: Amount) -> Formula:
        """Whether one is larger than the other."""
        return self._compared("gt", amount, other, self.bounds[amount].lowest > self.bounds[other].highest)

    def _compared(self, op: str, amount: Amount, other: Amount, certain: bool) -> Formula:  # noqa: FBT001 - a verdict, not a flag
        a, b = self.bounds[amount], self.bounds[other]
        impossible = a.highest < b.lowest or (op == "gt" and a.highest == b.lowest)
        if certain or impossible:
            return TRUE if certain else FALSE
        return self._node(Node(op, (amount, other)), two_valued=True)

    def larger(self, amount: Amount, other: Amount) -> Amount:
        """The larger of two."""
        if self.bounds[other].lowest >= self.bounds[amount].highest:
            amount, other = other, amount
        if self.bounds[amount].lowest >= self.bounds[other].highest:
            return amount
        a, b = self.bounds[amount], self.bounds[other]
        return self._amount(Node("larger", (amount, other)), c.Interval(max(a.lowest, b.lowest), max(a.highest, b.highest)))

    def smaller(self, amount: Amount, other: Amount) -> Amount:
        """The smaller of two."""
        if self.bounds[other].highest <= self.bounds[amount].lowest:
            amount, other = other, amount
        if self.bounds[amount].highest <= self.bounds[other].lowest:
            return amount
        a, b = self.bounds[amount], self.bounds[other]
        return self._amount(Node("smaller", (amount, other)), c.Interval(min(a.lowest, b.lowest), min(a.highest, b.highest)))

    def where(self, formula: Formula, amount: Amount, other: Amount) -> Amount:
        """One amount where a two-valued formula holds, else the other."""
        if formula in (FALSE, TRUE) or amount == other:
            return other if formula == FALSE else amount
        a, b = self.bounds[amount], self.bounds[other]
        bounds = c.Interval(min(a.lowest, b.lowest), max(a.highest, b.highest))
        return self._amount(Node("where", (formula, amount, other)), bounds)


@attrs.frozen
class Column:
    """
    What a column speaks of: an address (None: whether the pain map is complete); and which word of it, where each has a column.

    ``end`` is the end of the range of a number of which only that is known.
    """

    at: Address | None
    word: str | None = None
    end: End | None = None

    def __str__(self) -> str:
        at = "pain_map_complete" if self.at is None else str(self.at)
        part = self.word or self.end
        return f"{at}.{part}" if part else at


def column_of(name: str, words: Vocabulary) -> Column:
    """
    What a column of that name speaks of.

    >>> from mps_rules import load
    >>> str(column_of("low_back.left", load().vocabulary)), column_of("pain_quality.dull", load().vocabulary).word
    ('pain.low_back.left', 'dull')
    >>> column_of("age_years.at_least", load().vocabulary).end
    'at_least'

    Raises:
        FindingError: nothing that can be given of a patient; says the closest word.

    """
    if name == "pain_map_complete":
        return Column(None)
    before, _, word = name.rpartition(".")
    spelt = words.terms.get(before.rpartition(".")[2])
    if spelt and word in spelt.values:
        return Column(address(before, words), word)
    if spelt and spelt.kind in ("number", "duration") and word in ENDS:
        return Column(address(before, words), end=ENDS[ENDS.index(word)])
    at = address(name, words)
    if at.kind == "pain" and at.side:
        sides = words.regions[at.name].sides
        if at.side == "midline" and not sides:
            at = attrs.evolve(at, side=None)
        elif at.side not in sides:
            raise FindingError([Fault(name, f"{at.side!r} is impossible for {at.name}")])
    if at.term and words.terms[at.term].fact and at.term != "examined":
        raise FindingError([Fault(name, "is worked out from the pain map and the examination, not given")])
    return Column(at)


@attrs.frozen
class Entry:
    """One place of which a column may say that it hurts: where it says so, and where it says that it does not."""

    pain: Pain
    hurts: Formula
    free: Formula


@attrs.frozen
class Flaw:
    """What is wrong with a row where a two-valued formula holds; the column, and the fault in words."""

    formula: Formula
    where: str
    what: str


@attrs.frozen
class Tally:
    """
    The score of one profile of a cause.

    Whether it is considered, and whether it may be; its lowest and highest score; whether a cue for it holds, one against it, one for
    it may, and a telling one holds; what each step could still add.
    """

    considered: Formula
    possible: Formula
    low: Amount
    high: Amount
    speaks: Formula
    against: Formula
    may_speak: Formula
    telling: Formula
    gains: tuple[Amount, ...]


class Formulas:
    """
    What the rules say of the patients of a table.

    Raises:
        FindingError: columns that are no address of a finding, or of the wrong kind; all of them.

    """

    def __init__(self, base: KnowledgeBase, columns: Mapping[str, Kind]) -> None:
        self.base, self.words = base, base.vocabulary
        self.terrain = terrain_of(base)
        self.tree, self.referral = self.terrain.tree, self.terrain.referral
        self.sheet = Sheet()
        self.columns = dict(columns)
        self.own: dict[tuple[str, str], str] = {}
        self.ends: dict[tuple[str, str], dict[End, str]] = {}
        self.spelt: dict[tuple[str, str], dict[str, str]] = {}
        self.places: dict[tuple[str, str | None], str] = {}
        self.given: dict[str, str] = {}
        self._read_columns()
        self._whose: dict[c.Condition, Subject] = {}
        self._formulas: dict[tuple[c.Condition, str], Formula] = {}
        self._existing: dict[str, Formula] = {PATIENT: TRUE}
        self._tallies: dict[c.Profile, Tally] = {}
        self._relations: dict[tuple[str, str | None, str], Formula] = {}
        self._nothing = Facts(self.terrain, Findings()).view()

    # --- columns

    def _read_columns(self) -> None:
        faults: list[Fault] = []
        for number, name in enumerate(self.columns):
            if len(faults) >= LISTED:
                faults.append(Fault("", f"and {len(self.columns) - number:,} more columns were not looked at"))
                break
            try:
                faults += self._read_column(name)
            except FindingError as error:
                faults += error.faults
        if faults:
            raise FindingError(faults)

    def _read_column(self, name: str) -> Iterator[Fault]:
        column = column_of(name, self.words)
        at = column.at
        kinds = TRUTHS if at is None or column.word or not at.term else CELLS[self.words.terms[at.term].kind]
        if self.columns[name] not in (*kinds, "empty"):
            yield Fault(name, f"expected a column of {' or '.join(kinds)}, got {self.columns[name]}")
        if self.columns[name] == "text" and kinds[0] in ("boolean", "number"):
            self.columns[name] = "written truth" if kinds[0] == "boolean" else "written number"
        if self.columns[name] != "empty" and at is not None and (taken := self._taken(name, at, column)) != name:
            yield Fault(name, f"says what the column {taken} says")

    def _taken(self, name: str, at: Address, column: Column) -> str:
        """The column that says what this one says: itself, where it is the first."""
        if column.word:
            return self.spelt.setdefault((at.subject, at.term), {}).setdefault(column.word, name)
        if column.end:
            return self.ends.setdefault((at.subject, at.term), {}).setdefault(column.end, name)
        match at.kind:
            case "pain":
                return self.places.setdefault((at.name, at.side), name)
            case "given":
                return self.given.setdefault(at.name, name)
        return self.own.setdefault((at.subject, at.term), name)

    def _truth_in(self, column: str) -> Formula:
        op = {"boolean": "column", "written truth": "said"}.get(self.columns[column], "one")
        return self.sheet.cell(op, column)

    @cached_property
    def muscles(self) -> tuple[tuple[str, str | None], ...]:
        """Every muscle and side, and the groups and unsided muscles that have columns."""
        every: dict[tuple[str, str | None], None] = {(m, side): None for m in self.words.muscles for side in SIDES}
        for subject, term in (*self.own, *self.spelt, *self.ends):
            if self.words.terms[term].subject == "muscle":
                muscle, _, side = subject.partition(".")
                every[muscle, side or None] = None
        return tuple(every)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The diagnoses of which some column speaks."""
        about = {subject for subject, term in (*self.own, *self.spelt, *self.ends) if self.words.terms[term].subject == "label"}
        return tuple(label for label in self.words.diagnoses if label in self.given or label in about)

    @cached_property
    def _columns_about(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for (subject, _), column in self.own.items():
            found.setdefault(subject, []).append(column)
        for (subject, _), words in self.spelt.items():
            found.setdefault(subject, []).extend(words.values())
        for (subject, _), ends in self.ends.items():
            found.setdefault(subject, []).extend(ends.values())
        return {subject: tuple(columns) for subject, columns in found.items()}

    def _columns_of(self, subject: str) -> tuple[str, ...]:
        """The columns that say something about a muscle or a diagnosis."""
        return self._columns_about.get(subject, ())

    # --- subjects

    def exists(self, subject: str) -> Formula:
        """Whether there is such a subject: a muscle and side always, a group of muscles where examined, a diagnosis where given."""
        if subject not in self._existing:
            self._existing[subject] = self._exists(subject)
        return self._existing[subject]

    def _exists(self, subject: str) -> Formula:
        if subject in self.words.diagnoses:
            return self.sheet.established(self.label(subject))
        muscle, _, side = subject.partition(".")
        return TRUE if side and muscle in self.words.muscles else self.examined(subject)

    def subjects(self, about: Subject) -> tuple[str, ...]:
        """Everything a rule of that kind is asked about."""
        if about == "label":
            return self.labels
        return (PATIENT,) if about == "patient" else tuple(muscle_subject(muscle, side) for muscle, side in self.muscles)

    def examined(self, subject: str) -> Formula:
        """Whether anything was found, or found absent, in a muscle."""
        plainly = self.own.get((subject, "examined"))
        cells = [self.sheet.cell("given", column, two_valued=True) for column in self._columns_of(subject) if column != plainly]
        said = [self.sheet.established(self._truth_in(plainly))] if plainly else []
        return self.sheet.some((*said, *cells))

    def label(self, label: str) -> Formula:
        """Whether a diagnosis was given; anything said about it says so."""
        cells = [self.sheet.cell("given", column, two_valued=True) for column in self._columns_of(label)]
        return self.sheet.some((self._truth_in(self.given[label]) if label in self.given else UNKNOWN, *cells))

    # --- what rules and conclusions say

    def verdict(self, rule: Rule) -> Formula:
        """Whether a rule holds: of the patient, of some muscle, or of some diagnosis given."""
        return self.of_some(rule.when, rule.about)

    def concluded(self, id: str) -> Formula:
        """Whether something was concluded: of the patient, of some muscle, or of some diagnosis given."""
        return self.of_some(c.Derived(id), self.base.concluding[id][0].about)

    def of_some(self, condition: c.Condition, about: Subject) -> Formula:
        """Whether a condition holds of some subject that there is."""
        return self.sheet.some(self.sheet.every((self.exists(one), self.of(condition, one))) for one in self.subjects(about))

    def of(self, condition: c.Condition, subject: str = PATIENT) -> Formula:
        """The formula of a condition, of a subject."""
        if whose(condition, self.base, self._whose) == "patient":
            subject = PATIENT
        found = self._formulas.get((condition, subject))
        if found is None:
            found = self._formulas[condition, subject] = self._of(condition, subject)
        return found

    def _of(self, condition: c.Condition, subject: str) -> Formula:
        sheet = self.sheet
        match condition:
            case c.Present(term):
                return self.present(term, subject)
            case c.Words(term, values):
                return sheet.some(self._word(term, value, subject) for value in values)
            case c.Compare(term):
                return self._compare(condition, subject)
            case c.PainAt(regions, side):
                return sheet.some(self.pain_at(region, side) for region in regions)
            case c.PainNamed(regions):
                return self._named_pain(regions)
            case c.PainApart(areas, n):
                return sheet.at_least(n, [self._named_pain(regions) for regions in areas])
            case c.Label(ids):
                return sheet.some(self.label(id_) for id_ in ids)
            case c.Derived(id):
                return sheet.some(self.of(rule.when, subject) for rule in self.base.concluding[id])
            case c.MuscleIs(ids):
                muscle = subject.partition(".")[0]
                row = self.words.muscles.get(muscle)
                return TRUE if muscle in ids or (row is not None and row.group in ids) else FALSE
            case c.LabelIs(field, values):
                return TRUE if getattr(self.words.diagnoses[subject], field) in values else FALSE
            case c.All(of):
                return sheet.every(self.of(part, subject) for part in sorted(of, key=_read_late))
            case c.Any(of):
                return sheet.some(self.of(part, subject) for part in of)
            case c.Not(of):
                return sheet.negation(self.of(of, subject))
            case c.AtLeast(n, of):
                return sheet.at_least(n, [self.of(part, subject) for part in of])
            case c.Item(_, _, of):
                return self.of(of, subject)
            case c.Established(of):
                return sheet.established(self.of(of, subject))
            case c.Known(of):
                return sheet.settled(self.of(of, subject))
            case c.CountMuscles(of, n):
                return sheet.at_least(n, list(self._of_muscles(of, self.subjects("muscle"))))
            case c.LabelMuscle(of):
                row_of = set(self.words.diagnoses[subject].muscles)
                return sheet.some(self._of_muscles(of, [one for one in self.subjects("muscle") if one.partition(".")[0] in row_of]))
            case c.AnyLabel(of):
                return sheet.some(sheet.every((self.exists(label), self.of(of, label))) for label in self.labels)
            case c.Suspicion(_, n, profiles):
                wanted, tallies = sheet.amount(n), [self.tally(profile) for profile in profiles]
                true = sheet.some(sheet.every((one.considered, one.speaks, sheet.reaches(one.low, wanted))) for one in tallies)
                reachable = (sheet.every((one.may_speak, sheet.reaches(one.high, wanted))) for one in tallies)
                possible = (
                    sheet.every((one.possible, sheet.some((sheet.negation(one.considered), still))))
                    for one, still in zip(tallies, reachable, strict=True)
                )
                return sheet.either(true, sheet.negation(sheet.some(possible)))
            case c.InReach(_, n, profiles):
                return self._in_reach(n, [self.tally(profile) for profile in profiles])
            case _:
                assert_never(condition)

    def _of_muscles(self, condition: c.Condition, muscles: Iterable[str]) -> Iterator[Formula]:
        for muscle in muscles:
            yield self.sheet.every((self.exists(muscle), self.of(condition, muscle)))

    # --- scores of causes

    def tally(self, profile: c.Profile) -> "Tally":
        """The score of a profile, as amounts."""
        if profile not in self._tallies:
            self._tallies[profile] = self._tally(profile)
        return self._tallies[profile]

    def _tally(self, profile: c.Profile) -> "Tally":
        sheet = self.sheet
        place = TRUE if profile.place is None else self.of(profile.place)
        barred = FALSE if profile.only_if is None else sheet.established(sheet.negation(self.of(profile.only_if)))
        considered = sheet.every((sheet.established(place), sheet.negation(barred)))
        possible = sheet.every((sheet.negation(sheet.established(sheet.negation(place))), sheet.negation(barred)))
        groups = [[(cue, self.of(cue.when)) for cue in group] for group in profile.cues] if possible != FALSE else []
        worth = [self._worth(group) for group in groups]
        prior = sheet.amount(profile.prior)
        low, high = (sheet.total([prior, *(one[side] for one in worth)]) for side in (0, 1))
        for_ = [truth for group in groups for cue, truth in group if cue.points > 0]
        speaks = sheet.some(sheet.established(truth) for truth in for_)
        may_speak = sheet.some(sheet.negation(sheet.established(sheet.negation(truth))) for truth in for_)
        telling = sheet.some(sheet.established(truth) for group in groups for cue, truth in group if cue.telling)
        gains: dict[str, list[Amount]] = {}
        for group, (sure, _) in zip(groups, worth, strict=True):
            for step in dict.fromkeys(cue.step for cue, _ in group if cue.step):
                of_step = [(cue, truth) for cue, truth in group if cue.step == step and cue.points > 0]
                open_ = [(cue.points, sheet.negation(sheet.settled(truth))) for cue, truth in of_step]
                if any(formula != FALSE for _, formula in open_):
                    most = self._highest(open_)
                    more = sheet.larger(sheet.minus(most, sure), sheet.amount(0))
                    gains.setdefault(step, []).append(sheet.where(sheet.some(formula for _, formula in open_), more, sheet.amount(0)))
        against = sheet.some(sheet.exceeds(sheet.amount(0), one[0]) for one in worth)
        return Tally(considered, possible, low, high, speaks, against, may_speak, telling, tuple(sheet.total(of) for of in gains.values()))

    def _highest(self, points: Iterable[tuple[int, Formula]]) -> Amount:
        """The most points of those that hold, none where none does; the formulas are two-valued."""
        found = self.sheet.amount(0)
        for worth, formula in sorted(points):
            found = self.sheet.where(formula, self.sheet.amount(worth), found)
        return found

    def _worth(self, group: Sequence[tuple[c.Cue, Formula]]) -> tuple[Amount, Amount]:
        """What a group of cues adds at least, and at most."""
        sheet = self.sheet
        against = sheet.amount(0)
        for cue, truth in sorted(((cue, truth) for cue, truth in group if cue.points < 0), key=lambda one: -one[0].points):
            against = sheet.where(sheet.established(truth), sheet.amount(cue.points), against)
        low = high = against
        for cue, truth in sorted(((cue, truth) for cue, truth in group if cue.points > 0), key=lambda one: one[0].points):
            low = sheet.where(sheet.established(truth), sheet.amount(cue.points), low)
            high = sheet.where(sheet.negation(sheet.established(sheet.negation(truth))), sheet.amount(cue.points), high)
        return low, high

    def _in_reach(self, n: int, tallies: Sequence["Tally"]) -> Formula:
        sheet, wanted = self.sheet, self.sheet.amount(n)
        reached = sheet.some(sheet.every((one.considered, sheet.reaches(one.low, wanted))) for one in tallies)
        near = (
            sheet.every(
                (one.considered, one.telling, sheet.some(sheet.reaches(sheet.total([one.low, gain]), wanted) for gain in one.gains))
            )
            for one in tallies
        )
        return sheet.every((sheet.negation(reached), sheet.some(near)))

    # --- findings

    def present(self, term: str, subject: str = PATIENT) -> Formula:
        """A yes/no finding: what was given, or what follows from others."""
        known = self.words.terms[term]
        if known.subject == "muscle":
            match term:
                case "examined":
                    return self.examined(subject)
                case "refers_to_pain" | "lies_in_pain" | "remote_from_pain" | "explains_all":
                    muscle, _, side = subject.partition(".")
                    return self._relation(muscle, side or None, term)
        column = self.own.get((subject if known.subject != "patient" else PATIENT, term))
        own = self._truth_in(column) if column else UNKNOWN
        if not (known.implied_by or known.denied_by):
            return own
        implied, denied = self._sources(known)
        sheet = self.sheet
        given = sheet.settled(own)
        true = sheet.some((sheet.established(own), sheet.every((sheet.negation(given), implied))))
        false = sheet.some((sheet.established(sheet.negation(own)), sheet.every((sheet.negation(given), denied))))
        return sheet.either(true, false)

    def _sources(self, term: Term) -> tuple[Formula, Formula]:
        """Where a finding follows from others, and where its absence does."""
        sources = (term.implied_by, term.denied_by)
        implied, denied = (self.sheet.established(self.of(one)) if one else FALSE for one in sources)
        return implied, denied

    def _word(self, term: str, word: str, subject: str) -> Formula:
        key = (subject if self.words.terms[term].subject != "patient" else PATIENT, term)
        own, apart = self._own_word(key, word), self._apart(key)
        if not apart:
            return own
        sheet, said = self.sheet, apart.get(word, UNKNOWN)
        true = sheet.some((sheet.established(own), sheet.established(said)))
        false = [sheet.established(sheet.negation(own)), sheet.established(sheet.negation(said))]
        if self.words.terms[term].kind == "one_of":
            false += [sheet.established(truth) for name, truth in apart.items() if name != word]
        return sheet.either(true, sheet.some(false))

    def _own_word(self, key: tuple[str, str], word: str) -> Formula:
        """What the column of a finding says of one of its words; where several may hold, one that is not named is not denied."""
        column = self.own.get(key)
        if column is None:
            return UNKNOWN
        has = self.sheet.cell("has_word" if self.columns[column] == "words" else "is_word", column, word)
        return has if self.words.terms[key[1]].kind == "one_of" else self.sheet.either(self.sheet.established(has), FALSE)

    def _apart(self, key: tuple[str, str]) -> dict[str, Formula]:
        """What the columns of single words say."""
        return {word: self._truth_in(column) for word, column in self.spelt.get(key, {}).items()}

    def range(self, term: str) -> c.Interval:
        """The range in which a number can lie at all."""
        allowed = self.words.terms[term].range
        return c.Interval(*allowed) if allowed else ANYTHING

    def _compare(self, condition: c.Compare, subject: str) -> Formula:
        term, sheet = condition.term, self.sheet
        if term not in self.words.measures:
            always = self.range(term).satisfies(**condition.bounds())
            key = (subject if self.words.terms[term].subject != "patient" else PATIENT, term)
            column = self.own.get(key)
            if always is not None or (column is None and key not in self.ends):
                return CONSTANTS[always]
            if column is not None and key not in self.ends:
                return sheet.every(sheet.cell("bound", column, bound) for bound in condition.bounds().items())
            low, high = self._stated(*key)
        else:
            low, high = self.interval(term)
        verdicts = []
        for name, bound in condition.bounds().items():
            limit = sheet.amount(bound)
            if name in ("at_least", "above"):
                passes = sheet.reaches if name == "at_least" else sheet.exceeds
                certain, possible = passes(low, limit), passes(high, limit)
            else:
                within = sheet.reaches if name == "at_most" else sheet.exceeds
                certain, possible = within(limit, high), within(limit, low)
            verdicts.append(sheet.either(certain, sheet.negation(possible)))
        return sheet.every(verdicts)

    def _stated(self, subject: str, term: str) -> tuple[Amount, Amount]:
        """What a number is said to be, or between what: its range where nothing is said."""
        sheet, allowed, column = self.sheet, self.range(term), self.own.get((subject, term))
        ends = self.ends.get((subject, term), {})

        def end(name: End, furthest: float) -> Amount:
            told = sheet.cell_or(ends[name], furthest, allowed) if name in ends else sheet.amount(furthest)
            if column is None:
                return told
            whole = sheet.cell_or(column, furthest, allowed)
            return sheet.where(sheet.cell("given", column, two_valued=True), whole, told) if name in ends else whole

        return end("at_least", allowed.lowest), end("at_most", allowed.highest)

    def interval(self, term: str) -> tuple[Amount, Amount]:
        """The lowest and highest that a number or measure can be."""
        stated = self._stated(PATIENT, term)
        measure = self.words.measures.get(term)
        if measure is None:
            return stated
        low, high = self.items(term)
        for narrower in (stated, self.interval(measure.also_total)) if measure.also_total else (stated,):
            new_low, new_high = self.sheet.larger(low, narrower[0]), self.sheet.smaller(high, narrower[1])
            fits = self.sheet.reaches(new_high, new_low)
            low, high = self.sheet.where(fits, new_low, low), self.sheet.where(fits, new_high, high)
        return low, high

    def items(self, measure: str) -> tuple[Amount, Amount]:
        """What the items of a measure alone allow, whatever total was stated."""
        definition = self.words.measures[measure]
        truths = [self.of(condition) for condition in definition.count]
        intervals = []
        for item in definition.sum:
            if self.words.terms[item].kind == "boolean":
                truths.append(self.present(item))
            else:
                intervals.append(self.interval(item))
        low = [*(self.sheet.counted(one) for one in truths), *(one[0] for one in intervals)]
        high = [*(self.sheet.countable(one) for one in truths), *(one[1] for one in intervals)]
        return self.sheet.total(low), self.sheet.total(high)

    # --- pain map

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every place of which some column speaks; a finding that stands for pain in a region counts as one."""
        sheet = self.sheet
        found = []
        for (region, side), column in sorted(self.places.items(), key=lambda item: (item[0][0], item[0][1] or "")):
            said = self._truth_in(column)
            found.append(Entry(Pain(region, side), sheet.established(said), sheet.established(sheet.negation(said))))
        for term in self.words.terms.values():
            if term.stands_for is not None and ((PATIENT, term.id) in self.own or (PATIENT, term.id) in self.spelt):
                found += [self._standing(place, said, found, term) for place, said in self._named_by(term)]
        return tuple(found)

    def _named_by(self, term: Term) -> list[tuple[str, Formula]]:
        """The regions that a finding stands for, each with whether the finding says so."""
        if term.stands_for == "regions":
            return [(word, self._word(term.id, word, PATIENT)) for word in term.values]
        return [(term.stands_for, self._truth_in(self.own[PATIENT, term.id]))] if term.stands_for else []

    def _standing(self, place: str, said: Formula, found: Sequence[Entry], term: Term) -> Entry:
        sheet = self.sheet
        drawn = term.drawn_as if term.stands_for == place else {place}
        within = sheet.some(one.hurts for one in found if drawn & self.tree.around[one.pain.region])
        hurts = sheet.every((sheet.established(said), sheet.negation(within)))
        return Entry(Pain(place), hurts, sheet.established(sheet.negation(said)) if term.means_its_region else FALSE)

    @cached_property
    def hurts(self) -> Formula:
        """Whether it hurts anywhere."""
        return self.sheet.some(entry.hurts for entry in self.entries)

    @cached_property
    def _free(self) -> dict[Place, Formula]:
        return {}

    def _free_place(self, leaf: str, side: str | None) -> Formula:
        if (leaf, side) not in self._free:
            sheet, around = self.sheet, self.tree.around[leaf]
            here = [entry for entry in self.entries if entry.pain.region in around]
            said = [e.free for e in here if e.pain.side in (None, side) or (side is None and e.pain.side == "midline")]
            covers = [e.hurts for e in here if side is None or e.pain.side not in SIDES or e.pain.side == side]
            complete = self._truth_in("pain_map_complete") if self.columns.get("pain_map_complete", "empty") != "empty" else FALSE
            elsewhere = sheet.every((sheet.established(complete), sheet.negation(sheet.some(covers))))
            self._free[leaf, side] = sheet.some((*said, elsewhere))
        return self._free[leaf, side]

    def is_free(self, region: str, side: str | None = None) -> Formula:
        """Whether every place of a region (on that side, and where there are no sides) is known to be free."""
        return self.sheet.every(
            self._free_place(leaf, own)
            for leaf in self.tree.leaves[region]
            for own in self.tree.sides(leaf)
            if side is None or own is None or own == side
        )

    def _named_pain(self, regions: Sequence[str]) -> Formula:
        """Whether pain is recorded for one of these regions itself."""
        return self.sheet.some(entry.hurts for entry in self.entries if entry.pain.region in regions)

    def pain_at(self, region: str, side: str | None = None) -> Formula:
        """Whether there is pain in a region."""
        around = self.tree.around
        if side == c.WHOLE:
            return self.sheet.either(self.sheet.some(e.hurts for e in self.entries if e.pain.region == region), self.is_free(region))
        hurts = [e.hurts for e in self.entries if region in around[e.pain.region] and (side is None or e.pain.side == side)]
        return self.sheet.either(self.sheet.some(hurts), self.is_free(region, side))

    # --- muscles and the pain

    def _relation(self, muscle: str, side: str | None, term: str) -> Formula:
        key = (muscle, side, term)
        if key not in self._relations:
            self._relations[key] = self._related(muscle, side, term)
        return self._relations[key]

    def _related(self, muscle: str, side: str | None, term: str) -> Formula:
        sheet = self.sheet
        match term:
            case "refers_to_pain":
                matched = [e.hurts for e in self.entries if self.referral.explains(muscle, side, e.pain)]
                edges = self.referral.edges(muscle)
                free = [self.is_free(edge.region, side if edge.laterality != "bilateral" else None) for edge in edges]
                return sheet.either(sheet.some(matched), sheet.every(free) if free else FALSE)
            case "lies_in_pain":
                return sheet.some(e.hurts for e in self.entries if self.referral.lies_in(muscle, side, e.pain))
            case "remote_from_pain":
                refers, lies = (self._relation(muscle, side, one) for one in ("refers_to_pain", "lies_in_pain"))
                return sheet.every((sheet.established(refers), sheet.negation(lies)))
        explained = sheet.total([sheet.counted(e.hurts) for e in self.entries if self.referral.explains(muscle, side, e.pain)])
        every = sheet.total([sheet.counted(e.hurts) for e in self.entries])
        return sheet.every((self.hurts, sheet.reaches(explained, every)))

    # --- what is waited for

    def waiting(self, conditions: Sequence[c.Condition], wanted: Formula) -> dict[str, Formula]:
        """For each finding of the patient that conditions wait for, where they do; ``pain`` and ``exam`` stand for all of theirs."""
        sheet = self.sheet
        order = self._parts_first(conditions)
        waits: dict[c.Condition, list[Formula]] = {condition: [wanted] for condition in conditions}
        found: dict[str, list[Formula]] = {}
        for condition in reversed(order):
            open_ = self.of(condition) if whose(condition, self.base, self._whose) == "patient" else UNKNOWN
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
            {one: [cue for group in one.cues for cue in group if cue.points > 0] for one in profiles},
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


def _read_late(condition: c.Condition) -> bool:
    """What a muscle or diagnosis is comes first: it decides most conjunctions before anything else need be written."""
    return not isinstance(condition, c.MuscleIs | c.LabelIs)
