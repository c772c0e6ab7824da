"""
The rules laid flat: what each of them says, as a formula of the columns of a table, one subject beside the other.

A row is a patient, a column what one address says (``fever``, ``pain.low_back.left``, ``gluteus_medius.left.taut_band``). Equal formulas
are one formula, and what the columns cannot say is unknown and folds away. It decides nothing that ``conditions.judge`` would not. No ibis here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import assert_never

import attrs

from mps_rules.chaining.subjects import subject_kind
from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import Place, atlas_of
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Subject, Term, muscle_subject
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import Address
from mps_rules.patient.facts import ANYTHING, Facts, terrain_of
from mps_rules.patient.painmap import drawn_in
from mps_rules.patient.values import Findings, Pain
from mps_rules.population.formulas import (
    CELLS,
    CONSTANTS,
    FALSE,
    TRUE,
    TRUTHS,
    UNKNOWN,
    Amount,
    Column,
    End,
    Entry,
    Formula,
    Kind,
    Sheet,
    column_of,
)

LISTED = 20
"""After so many faulty columns no more are looked at: a table with that many is not the table that was meant."""


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


class Rules:
    """What the rules say of the patients of a table; a row that cannot be read is not known here."""

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
        return self.sheet.some(self.sheet.every((self.exists(subject), self.of(condition, subject))) for subject in self.subjects(about))

    def of(self, condition: c.Condition, subject: str = PATIENT) -> Formula:
        """The formula of a condition, of a subject."""
        if subject_kind(condition, self.base, self._whose) == "patient":
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
                return sheet.every(self.of(part, subject) for part in sorted(of, key=read_late))
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
                true = sheet.some(sheet.every((tally.considered, tally.speaks, sheet.reaches(tally.low, wanted))) for tally in tallies)
                reachable = (sheet.every((tally.may_speak, sheet.reaches(tally.high, wanted))) for tally in tallies)
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
        reached = sheet.some(sheet.every((tally.considered, sheet.reaches(tally.low, wanted))) for tally in tallies)
        near = (
            sheet.every(
                (tally.considered, tally.telling, sheet.some(sheet.reaches(sheet.total([tally.low, gain]), wanted) for gain in tally.gains))
            )
            for tally in tallies
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
        implied, denied = (self.sheet.established(self.of(source)) if source else FALSE for source in sources)
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
        low = [*(self.sheet.counted(truth) for truth in truths), *(interval[0] for interval in intervals)]
        high = [*(self.sheet.countable(truth) for truth in truths), *(interval[1] for interval in intervals)]
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
        for term, area, holding in atlas_of(self.tree).areas:
            if (PATIENT, term.id) in self.own:
                found += self._of_area(area, holding, self._truth_in(self.own[PATIENT, term.id]), found)
        return tuple(found)

    def _of_area(self, area: c.PainAt, holding: str, said: Formula, found: Sequence[Entry]) -> list[Entry]:
        """What a finding says that is pain in one of several places: pain in the region that holds them, or freedom of each."""
        sheet = self.sheet
        within = sheet.some(one.hurts for one in found if drawn_in(area, one.pain, self.tree.around))
        hurts = sheet.every((sheet.established(said), sheet.negation(within)))
        free = sheet.established(sheet.negation(said))
        return [Entry(Pain(holding, area.side), hurts, FALSE), *(Entry(Pain(region, area.side), FALSE, free) for region in area.regions)]

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


def read_late(condition: c.Condition) -> bool:
    """What a muscle or diagnosis is comes first: it decides most conjunctions before anything else need be written."""
    return not isinstance(condition, c.MuscleIs | c.LabelIs)
