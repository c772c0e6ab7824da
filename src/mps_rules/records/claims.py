"""
Many records of one patient, some of the same finding, become one mapping of findings: the one place that says which of them wins.

The law, for every door (charts, hooks, long tables, OMOP):

1. *The latest wins.* Instants are compared with their offsets, to the second; a record of a day, a month or a year spans all of it, and one
   that is later begins after the other has ended. A day belongs to the place where it was written; where the zone of that is not told,
   a day may beside an instant begin 14 hours before the day in UTC and end 12 hours after it.
2. *Within doubt the danger wins.* Where none of two readings is later (the same instant, the same day, no time told, a time that goes on),
   that one stands which leaves every red flag of the pack at least as near as the other does, if it brings some flag nearer than silence
   would; else the finding is unknown. What brings a flag nearer is computed from the rules (``dangers``), so it holds whatever else is known.
3. *What clears is no older than what it clears.* Of findings that cannot hold together, one that brings no flag nearer counts only if it is
   later than the danger sign it would cancel, and of two danger signs the later one counts. Of two that bring no flag nearer and exclude
   each other the later one counts, and where neither is later both are unknown. The order of the records never decides.
4. *A denial ages.* After ``denial_lasts`` of its term a denial that nothing followed is unknown again. It still outweighs what came before
   it, but not what is said to go on. What has once been does not age.
5. *What is dropped in doubt opens.* A danger sign that is dropped without being outweighed by something later, or whose own record is in
   doubt (a date or a status that cannot be read), is named under ``in_doubt``, which opens the red flags that read it. So is a finding of
   which something is recorded that cannot be read (free text, an unknown unit, a bound that decides nothing), unless another reading of it,
   no older, brings a flag nearer anyway. A painful place in doubt counts as pain.

Whatever is left out is said, with its reason.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

import attrs

from mps_rules.errors import FindingError
from mps_rules.knowledge.dangers import HURTS, Dangers, Reading, dangers_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.language.conditions import Interval
from mps_rules.patient.addresses import Address
from mps_rules.patient.facts import Terrain, terrain_of
from mps_rules.patient.findings import read_findings

EXAMINED = "examined"
"""What is said of a muscle that was examined, whatever was found."""
LATER = "the same finding was recorded later, or better"
OUTWEIGHED = "cannot hold together with what was recorded later"
EARLIEST, LATEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
"""Where a day begins first, and where it ends last."""


@attrs.frozen
class Moment:
    """
    When something was recorded: from its first to its last instant or day, None where an end is not told.

    Of an instant both are the same aware datetime; of a day, a month or a year both are dates; ``goes_on`` where it began and has no end.

    >>> Moment.of(date(2026, 3, 1)), Moment()
    (Moment(first=datetime.date(2026, 3, 1), last=datetime.date(2026, 3, 1)), Moment(first=None, last=None))
    """

    first: datetime | date | None = None
    last: datetime | date | None = None

    @classmethod
    def of(cls, at: datetime | date | None) -> "Moment":
        """The moment of one instant, or of one day."""
        return cls(at, at)

    @property
    def ends(self) -> date | None:
        """The day of its end as it was written, where one is told."""
        return self.last.date() if isinstance(self.last, datetime) else self.last

    @property
    def begins(self) -> date | None:
        """The day of its beginning as it was written, where one is told."""
        return self.first.date() if isinstance(self.first, datetime) else self.first


@attrs.frozen
class Noted:
    """One thing that a report says: of which resource and code, and what."""

    where: str
    code: str
    what: str

    def __str__(self) -> str:
        return f"{self.where} ({self.code}): {self.what}" if self.code else f"{self.where}: {self.what}"


@attrs.frozen
class Statement:
    """
    One thing that a record says of the patient: of what, its value, when, and where it stands.

    ``value`` is None where what was recorded cannot be read, which whoever read it has said already. ``part`` is a word of a list, or "intensity" of a pain; a lower ``rank`` goes before a higher one, whatever the dates (a poorer source).
    ``doubt`` is why the record itself is in doubt, ``stale`` why it says nothing of the day on which it is read, ``goes_on`` that it is said to hold
    still. "" and false where not.
    """

    at: Address
    part: str
    value: bool | float | str | Interval | None
    when: Moment
    rank: int
    where: str
    code: str
    doubt: str = ""
    stale: str = ""
    goes_on: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Claims of one key speak of the same finding."""
        return str(self.at), self.part

    def __str__(self) -> str:
        value = (
            str(self.value).lower()
            if isinstance(self.value, bool)
            else f"{self.value:g}"
            if isinstance(self.value, float)
            else str(self.value)
        )
        return f"{self.at}{'.' if self.part else ''}{self.part} = {value}"


@attrs.frozen
class Settled:
    """
    The claims that stand, and why the others do not: another one holds, or they are in doubt.

    ``in_doubt`` are the findings that red flags read and that were dropped without being outweighed, in order.
    """

    standing: tuple[Statement, ...]
    superseded: tuple[Noted, ...]
    doubted: tuple[Noted, ...]
    in_doubt: tuple[str, ...] = ()

    def findings(self, base: KnowledgeBase) -> dict[str, Any]:
        """What stands as the mapping that a caller writes, what is in doubt included."""
        doubted = next((term.id for term in base.vocabulary.terms.values() if term.of_record), None)
        return as_findings(self.standing) | ({doubted: list(self.in_doubt)} if doubted and self.in_doubt else {})


def settled(claims: Iterable[Statement], base: KnowledgeBase, on: date | None = None, zone: tzinfo | None = None) -> Settled:
    """
    One claim for each finding, all of which can hold together, by the law of this module.

    ``on`` is the day as of which they are read; without it no denial ages. ``zone`` is that of the place where they were written, if it is known.
    """
    given = [_aged(claim, base, on) if on else claim for claim in claims]
    settler = _Settler(terrain_of(base), dangers_of(base), _Line.through([one.when for one in given], zone))
    standing = settler.fitting(settler.with_fitting_levels(given))
    held = {one.at.term for one in standing if one.at.kind == "patient" and settler.is_danger(one)}
    flagged = {word for term in base.vocabulary.terms.values() if term.of_record for word in term.values}
    opened = sorted(({one.at.term for one in settler.dropped if one.at.kind == "patient"} - held) & flagged)
    turn = {one: number for number, one in reversed([*enumerate(given)])}
    standing.sort(key=turn.__getitem__)
    return Settled(tuple(standing), tuple(settler.superseded), tuple(settler.doubted), tuple(opened))


@attrs.frozen
class _Line:
    """The line of time on which moments lie: where days may begin and end, in the place where they were written."""

    begins: tuple[tzinfo, ...]

    @classmethod
    def through(cls, moments: Iterable[Moment], zone: tzinfo | None) -> "_Line":
        """
        By the zone of the place where it is told (UTC is the zone of machines, not of a place); beside instants a day may else begin anywhere.
        """
        if zone is not None and zone.tzname(datetime(2000, 1, 1)) != "UTC":  # noqa: DTZ001 - only the name is asked for
            return cls((zone,))
        has_instants = any(isinstance(at, datetime) for moment in moments for at in (moment.first, moment.last))
        return cls((EARLIEST, LATEST) if has_instants else (UTC,))

    def first(self, moment: Moment) -> datetime | None:
        """The earliest instant that a moment may mean; None where it may be any."""
        if moment.first is None or isinstance(moment.first, datetime):
            return moment.first
        return min(datetime.combine(moment.first, time(), zone) for zone in self.begins)

    def last(self, moment: Moment) -> datetime | None:
        """The latest instant that a moment may mean; None where it may be any."""
        if moment.last is None or isinstance(moment.last, datetime):
            return moment.last
        return max(datetime.combine(moment.last, time(23, 59, 59), zone) for zone in self.begins)

    def is_later(self, moment: Moment, other: Moment) -> bool:
        """Whether a moment is certainly later than another."""
        if _are_days(moment) and _are_days(other):
            return moment.first is not None and other.last is not None and moment.first > other.last
        first, last = self.first(moment), self.last(other)
        return first is not None and last is not None and first > last


def _are_days(moment: Moment) -> bool:
    return not isinstance(moment.first, datetime) and not isinstance(moment.last, datetime)


def _aged(claim: Statement, base: KnowledgeBase, on: date) -> Statement:
    """A denial, or the presence of what only speaks against red flags, that is older than it lasts says nothing of that day."""
    term, day = base.vocabulary.terms.get(claim.at.term), claim.when.ends
    if claim.at.kind != "patient" or term is None or term.denial_lasts is None or day is None or not isinstance(claim.value, bool):
        return claim
    clears = claim.value is dangers_of(base).only_clears(term.id)
    if claim.stale or not clears or (on - day).days <= term.denial_lasts:
        return claim
    return attrs.evolve(claim, stale=f"was denied more than {term.denial_lasts:g} days ago: unknown again")


class _Settler:
    """Settles the claims of one patient; used once."""

    def __init__(self, terrain: Terrain, read: Dangers, line: _Line) -> None:
        self.terrain, self.read, self.line = terrain, read, line
        self.superseded: list[Noted] = []
        self.doubted: list[Noted] = []
        self.dropped: list[Statement] = []
        self.alike: list[Statement] = []
        self.outweighed: list[tuple[Statement, Statement, Noted]] = []
        self.agreeing: dict[tuple[str, str], list[Statement]] = {}

    # --- which reading is the more dangerous

    def readings(self, claim: Statement) -> tuple[Reading, ...]:
        """The places where red flags read what a claim speaks of."""
        if self.is_pain(claim):
            return HURTS
        return self.read.of_label.get(claim.at.name, ()) if claim.at.kind == "given" else self.read.of_term.get(claim.at.term, ())

    def is_pain(self, claim: Statement) -> bool:
        """Whether a claim speaks of pain in a place."""
        term = self.terrain.vocabulary.terms.get(claim.at.term)
        return (claim.at.kind == "pain" and not claim.part) or bool(term and term.draws)

    def is_danger(self, claim: Statement) -> bool:
        """Whether a claim can bring some red flag nearer; what cannot be read may."""
        if claim.value is None:
            return bool(self.readings(claim))
        return self.read.helps(self.readings(claim), claim.value, claim.part)

    def beats(self, statement: Statement, other: Statement) -> bool:
        """Whether a claim leaves every red flag at least as near as another of the same finding; as what cannot be read, any danger does."""
        if statement.value is None or other.value is None:
            return other.value is None and self.is_danger(statement)
        return self.read.beats(self.readings(statement), statement.value, other.value, statement.part)

    def worst(self, claims: Sequence[Statement]) -> Statement | None:
        """Of claims none of which is later, the one that leaves every red flag nearest, if there is one and it brings some flag nearer."""
        readings, part, values = self.readings(claims[0]), claims[0].part, dict.fromkeys(one.value for one in claims)
        weighed: dict[Any, tuple[float, ...]] = {value: self.read.weights(readings, value, part) for value in values if value is not None}
        nearest = tuple(
            max(one) for one in zip(*weighed.values(), strict=True)
        )  # each value is weighed once, however often it was recorded
        best = [claim for claim in claims if weighed.get(claim.value) == nearest] if weighed else list(claims)
        if not best or not self.is_danger(best[0]):
            return None
        numbers = [one.value for one in best if isinstance(one.value, float)]
        highest = any(reading.rises for reading in self.readings(best[0]))
        wanted = (max if highest else min)(numbers) if numbers else min((one.value for one in best), key=str)
        return min((one for one in best if one.value == wanted), key=self._order)

    # --- of one finding

    def with_fitting_levels(self, claims: Sequence[Statement]) -> list[Statement]:
        """Of each finding the claim that wins, without the intensity of a pain where that is recorded otherwise."""
        won = self.latest(claim for claim in claims if claim.part != "intensity")
        present = {str(one.at): one.value for one in won if one.at.kind == "pain"}
        levels = [claim for claim in claims if claim.part == "intensity"]
        fitting = [level for level in levels if (level.value != 0) == present.get(str(level.at), level.value == 0)]
        kept = set(fitting)
        self._note(self.superseded, [level for level in levels if level not in kept], LATER)
        return [*won, *self.latest(fitting)]

    def latest(self, claims: Iterable[Statement]) -> list[Statement]:
        """Of each finding the claim that wins."""
        groups: dict[tuple[str, str], list[Statement]] = {}
        for claim in claims:
            groups.setdefault(claim.key, []).append(claim)
        return [won for group in groups.values() if (won := self._winner(group))]

    def _winner(self, group: Sequence[Statement]) -> Statement | None:
        first = min(one.rank for one in group)
        sound = [one for one in group if one.rank == first and not one.doubt]
        top = self._unsurpassed(sound)
        won = self._of_top([one for one in top if not one.stale])
        if top and all(one.stale for one in top):
            won = self._of_top(self._unsurpassed([one for one in sound if one.goes_on and not one.stale]))
            self.superseded += [Noted(one.where, one.code, one.stale) for one in top]
        won = self._despite(self._unsurpassed([one for one in group if one.doubt and not one.stale], by=sound), won)
        resource = won.where.partition(".")[0] if won else ""
        ahead = set(top)
        passed = [one for one in group if one is not won and not one.doubt and (one not in ahead or (won and one.value == won.value))]
        others = [one for one in passed if won is None or one.value != won.value or one.where.partition(".")[0] != resource]
        self.superseded += [Noted(other.where, other.code, other.stale or LATER) for other in others]
        return won

    def _of_top(self, top: Sequence[Statement]) -> Statement | None:
        """What stands of claims none of which is later."""
        if len({one.value for one in top}) <= 1:
            return min(top, key=self._order, default=None)
        won = self.worst(top)
        said = "the reading that leaves more red flags is taken" if won else "left unknown"
        self._note(self.doubted, top, f"{top[0].at} is recorded differently elsewhere, at the same time or undated: {said}")
        if won is None and any(map(self.is_danger, top)):
            self.dropped += filter(self.is_danger, top)
        return won

    def _despite(self, doubtful: Sequence[Statement], won: Statement | None) -> Statement | None:
        """What stands beside claims whose own record is in doubt: a danger among them leaves a reading that would clear it unknown."""
        for one in doubtful:
            self._note(self.doubted, [one] if one.value is not None else [], f"{one.at}: {one.doubt}")
        dangers = [one for one in doubtful if self.is_danger(one)]
        feared = [danger for danger in dangers if won is None or not self.beats(won, danger)]
        if not feared:
            if won and dangers:
                self.agreeing[won.key] = dangers
            return won
        if hurting := [one for one in feared if self.is_pain(one) and one.value is not None]:
            return min(hurting, key=self._order)
        self.dropped += feared
        if won:
            self._note(self.doubted, [won], f"{won.at} is recorded otherwise where it cannot be told when or whether: left unknown")
        return None

    def _unsurpassed(self, claims: Sequence[Statement], by: Sequence[Statement] | None = None) -> list[Statement]:
        """The claims than which no other is certainly later; no other of these, or of those in ``by``."""
        others = claims if by is None else by
        days = [other.when.first for other in others if _are_days(other.when) and other.when.first is not None]
        instants = [at for other in others if not _are_days(other.when) and (at := self.line.first(other.when))]
        every = [at for other in others if (at := self.line.first(other.when))]
        last_day, last_instant, last = max(days, default=None), max(instants, default=None), max(every, default=None)

        def is_surpassed(statement: Statement) -> bool:
            end = self.line.last(statement.when)
            if end is None:
                return False
            if _are_days(statement.when):
                return bool(last_day and last_day > statement.when.last) or bool(last_instant and last_instant > end)  # type: ignore[operator]
            return bool(last and last > end)

        return [claim for claim in claims if not is_surpassed(claim)]

    # --- of all findings together

    def fitting(self, claims: list[Statement]) -> list[Statement]:
        """The claims that can hold together, without what would clear a danger sign that was dropped in doubt and is no older."""
        held = self._without_what_excludes_each_other(sorted(claims, key=self._order))
        for sign in map(self._feared, self.dropped):
            for one in [] if self._fits([*held, sign]) else list(held):
                if not self.is_danger(one) and not self.line.is_later(one.when, sign.when) and not self._fits([one, sign]):
                    held.remove(one)
                    self._note(self.doubted, [one], f"{one.at} would clear {sign.at}, which is in doubt: left unknown")
        for one, against, note in self.outweighed:
            if against not in held and self._fits([*held, one]):
                held.append(one)
                self.superseded.remove(note)
        return held

    def _without_what_excludes_each_other(self, claims: list[Statement]) -> list[Statement]:
        """The claims that are accepted; of those that bring no flag nearer and exclude each other, none later, none is."""
        unknown: dict[Statement, None] = {}
        while True:
            said = [(notes, len(notes)) for notes in (self.superseded, self.doubted, self.dropped, self.outweighed)]
            held = self._accepted([], [claim for claim in claims if claim not in unknown])
            if not self.alike:
                break
            unknown |= dict.fromkeys(self.alike)
            self.alike = []
            for notes, length in said:
                del notes[length:]
        for one in list(held) if unknown else ():
            contrary = [other for other in unknown if not self._fits([one, other])]
            if not self.is_danger(one) and any(not self.line.is_later(one.when, other.when) for other in contrary):
                held.remove(one)
                unknown[one] = None
        for one in unknown:
            self._note(self.doubted, [one], f"{one.at} excludes what is recorded at the same time, or undated: both are left unknown")
        return held

    def _feared(self, sign: Statement) -> Statement:
        """A sign that was dropped, as what it may be at worst where it cannot be read."""
        worst = (attrs.evolve(sign, value=value) for value in (True, False))
        return next((one for one in worst if self.is_danger(one)), sign) if sign.value is None and self._is_truth(sign) else sign

    def _is_truth(self, claim: Statement) -> bool:
        term = self.terrain.vocabulary.terms.get(claim.at.term)
        return term is not None and term.kind == "boolean"

    def _order(self, claim: Statement) -> tuple[float, bool, str, str]:
        """The latest first: what brings a flag nearer by when it may last have been so, what does not by when it may first have been."""
        danger = self.is_danger(claim)
        at = self.line.last(claim.when) if danger else self.line.first(claim.when)
        when = (float("inf") if danger else float("-inf")) if at is None else at.timestamp()
        return (-when, not danger, str(claim.key), str(claim.value))

    def _accepted(self, held: list[Statement], more: list[Statement]) -> list[Statement]:
        if not more or self._fits([*held, *more]):
            return [*held, *more]
        if len(more) == 1:
            self._refuse(more[0], held)
            return held
        half = len(more) // 2
        return self._accepted(self._accepted(held, more[:half]), more[half:])

    def _refuse(self, statement: Statement, held: Sequence[Statement]) -> None:
        """A claim that cannot hold beside the others: outweighed by a later one, or dropped in doubt."""
        fits, fails = 0, len(held)
        while fits < fails:
            middle = (fits + fails) // 2
            if self._fits([*held[:middle], statement]):
                fits = middle + 1
            else:
                fails = middle
        against = held[fits - 1] if fits else None
        if against and self.line.is_later(against.when, statement.when):
            self._note(self.superseded, [statement], f"{statement.at} {OUTWEIGHED}")
            agreeing = [other for other in self.agreeing.get(statement.key, ()) if not self.line.is_later(against.when, other.when)]
            self.dropped += agreeing
            if not agreeing:
                self.outweighed.append((statement, against, self.superseded[-1]))
            return
        if against and not self.is_danger(statement) and not self.is_danger(against) and not self._fits([against, statement]):
            self.alike += [against, statement]
            return
        self._note(self.doubted, [statement], f"{statement.at} contradicts what else is recorded, or cannot be: left unknown")
        if self.is_danger(statement):
            self.dropped.append(statement)

    def _fits(self, claims: Sequence[Statement]) -> bool:
        try:
            read_findings(as_findings(claims), self.terrain)
        except FindingError:
            return False
        return True

    def _note(self, notes: list[Noted], claims: Iterable[Statement], what: str) -> None:
        notes += [Noted(claim.where, claim.code, what) for claim in claims]


def as_findings(claims: Iterable[Statement]) -> dict[str, Any]:
    """The claims as the mapping that a caller writes."""
    data: dict[str, Any] = {}
    pain: dict[tuple[str, str | None], dict[str, Any]] = {}
    labels: dict[str, Any] = {}
    exam: dict[tuple[str, str | None], dict[str, Any]] = {}
    for claim in sorted(claims, key=lambda one: (one.key, one.where)):
        at, value = claim.at, _written(claim.value)
        match at.kind:
            case "patient":
                _put(data, at.term, claim.part, value)
            case "pain":
                entry = pain.setdefault((at.name, at.side), {"region": at.name, **({"side": at.side} if at.side else {})})
                entry["intensity" if claim.part else "present"] = value
            case "given":
                labels[at.name] = False if value is False else (labels.get(at.name) or True)
            case "label" if labels.get(at.name) is not False:
                about = labels[at.name] if isinstance(labels.get(at.name), dict) else {}
                _put(about, at.term, claim.part, value)
                labels[at.name] = about
            case "muscle":
                entry = exam.setdefault((at.name, at.side), {"muscle": at.name, **({"side": at.side} if at.side else {})})
                if at.term != EXAMINED:
                    _put(entry, at.term, claim.part, value)
    return data | {key: part for key, part in (("pain", [*pain.values()]), ("labels", labels), ("exam", [*exam.values()])) if part}


def _written(value: bool | float | str | Interval | None) -> Any:  # noqa: FBT001 - a value, no flag
    if isinstance(value, Interval):
        return {"at_least": _written(value.lowest), "at_most": _written(value.highest)}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _put(data: dict[str, Any], term: str, word: str, value: Any) -> None:
    """A value of a finding, or, of a word of a list, whether it holds; a value that denies the rest makes single denials idle."""
    if not word:
        data[term] = value
    elif not isinstance(data.get(term), str):
        data[term] = {**data.get(term, {}), word: value}
