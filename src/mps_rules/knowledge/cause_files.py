"""
A file of a cause becomes a ``Cause``, with every fault and its place; a cause becomes the rules that its points make.

The rules made here say nothing that the points of the cause do not.
"""

from collections.abc import Callable, Iterator, Mapping

import attrs

from mps_rules.errors import Fault, closest
from mps_rules.errors import Path as Steps
from mps_rules.knowledge.causes import GRADES, Cause, Grade, Ground, Picture, Scale, Sign
from mps_rules.knowledge.rules import KINDS_OF_CARE, Conclusion, Evidence, RaiseAlert, Review, Rule, Support
from mps_rules.knowledge.vocabulary import KINDS_OF_HYPOTHESIS, Vocabulary, lowered
from mps_rules.language import conditions as c
from mps_rules.language.reading import Document

BASES = ("published", "guideline", "textbook", "convention")
GRADES_OF_BASIS = {"published": "diagnostic_study", "guideline": "guideline", "textbook": "textbook", "convention": "expert_opinion"}

Parse = Callable[[object, Steps], c.Condition]


@attrs.frozen
class SignRow:
    """A cue as it is written."""

    when: object
    points: int
    lr: float | None = None
    odds_ratio: float | None = None
    lr_recall: float | None = None
    refs: tuple[str, ...] = ()
    basis: str = ""
    key: bool = False


@attrs.frozen
class GroupRow:
    """A cue, or several of which the strongest counts."""

    best_of: tuple[SignRow, ...] = ()
    when: object = None
    points: int | None = None
    lr: float | None = None
    odds_ratio: float | None = None
    lr_recall: float | None = None
    refs: tuple[str, ...] = ()
    basis: str = ""
    key: bool = False

    @property
    def alone(self) -> SignRow:
        """The one cue, where it is not a group."""
        return SignRow(self.when, self.points or 0, self.lr, self.odds_ratio, self.lr_recall, self.refs, self.basis, self.key)


@attrs.frozen
class ProfileRow:
    """A profile as it is written; what it leaves out is that of its cause."""

    prior: int
    cues: tuple[GroupRow, ...]
    where: tuple[str, ...] = ()
    only_if: object = None
    kind: str | None = None
    urgency: str | None = None
    action: str = ""
    refs: tuple[str, ...] = ()


@attrs.frozen
class CauseRow:
    """A file of a cause."""

    id: str
    label: str
    kind: str
    urgency: str
    title: str
    profiles: tuple[ProfileRow, ...]
    action: str
    confirm: str
    limits: str
    basis: str
    reviewed: Review
    summary: str = ""
    synonyms: tuple[str, ...] = ()
    nonspecific: bool = False
    probable_if: object = None
    replaces: str | None = None
    care: str = ""
    offers: tuple[str, ...] = ()


@attrs.frozen
class ScaleFile:
    """The file of the scale."""

    scale: Scale


class CauseReader:
    """Reads the causes of a pack; every fault is kept."""

    def __init__(self, words: Vocabulary, ground: Ground, references: Mapping[str, object]) -> None:
        self.words, self.ground, self.references = words, ground, references
        self.faults: list[Fault] = []

    def cause(self, raw: CauseRow, document: Document, within: str, parse: Parse) -> Cause:
        """The cause of a file; ``within`` is its path in its folder."""
        place = document.place
        path = within.removesuffix(".yaml")
        if path.rpartition("/")[2] != raw.id:
            self.faults.append(Fault(place(("id",)), f"id {raw.id!r} is not the name of its file", path.rpartition("/")[2]))
        self._one_of(raw.kind, KINDS_OF_HYPOTHESIS, "kind", place(("kind",)))
        self._one_of(raw.urgency, GRADES, "urgency", place(("urgency",)))
        self._one_of(raw.basis, BASES, "basis", place(("basis",)))
        self.faults += [
            Fault(place((key,)), f"a cause needs {key}")
            for key in ("label", "title", "action", "confirm", "limits")
            if not getattr(raw, key)
        ]
        for kind in raw.offers:
            self._one_of(kind, KINDS_OF_CARE, "kind of care", place(("offers",)))
        if bool(raw.offers) != bool(raw.care):
            self.faults.append(
                Fault(place(("offers",)), "a cause that offers care says which, under care, and of which kinds, under offers")
            )
        if not raw.profiles:
            self.faults.append(Fault(place(("profiles",)), "a cause needs a profile"))
        pictures = tuple(self._picture(row, raw, ("profiles", number), document, parse) for number, row in enumerate(raw.profiles))
        probable_if = None if raw.probable_if is None else parse(raw.probable_if, ("probable_if",))
        return Cause(
            raw.id, raw.label, raw.kind, _grade(raw.urgency), raw.title, raw.summary, pictures, raw.action, raw.confirm, raw.limits, raw.basis,
            raw.nonspecific, probable_if, raw.synonyms, raw.care, raw.offers, path.replace("/", "."), raw.reviewed.on, raw.reviewed.by,
            document.source,
        )  # fmt: skip

    def _picture(self, row: ProfileRow, raw: CauseRow, path: Steps, document: Document, parse: Parse) -> Picture:
        place = document.place
        before = len(self.faults)
        for number, region in enumerate(row.where):
            self._one_of(region, self.words.regions, "region", place((*path, "where", number)))
        urgency, kind = row.urgency or raw.urgency, row.kind or raw.kind
        self._one_of(urgency, GRADES, "urgency", place((*path, "urgency")))
        self._one_of(kind, KINDS_OF_HYPOTHESIS, "kind", place((*path, "kind")))
        self._cited(row.refs, place((*path, "refs")))
        groups = tuple(self._group(entry, (*path, "cues", number), document, parse) for number, entry in enumerate(row.cues))
        only_if = None if row.only_if is None else parse(row.only_if, (*path, "only_if"))
        picture = Picture(row.prior, groups, kind, _grade(urgency), row.where, only_if, row.action, row.refs)
        if len(self.faults) > before:
            return picture
        counted = self.ground.counted(picture, nonspecific=raw.nonspecific)
        self._check_lines(counted, urgency, place(path))
        return attrs.evolve(picture, counted=counted)

    def _check_lines(self, counted: c.Profile, urgency: str, where: str) -> None:
        """A suspicion needs a cue that holds, and can be reached."""
        line = self.ground.scale.line(urgency)
        if urgency != "none" and counted.prior >= line:
            self.faults.append(Fault(where, f"the prior {counted.prior} alone reaches the line {line} of {urgency}"))
        most = counted.prior + sum(max([0, *(cue.points for cue in group)]) for group in counted.cues)
        if most < line:
            self.faults.append(Fault(where, f"all its points ({most}) do not reach the line {line}"))

    def _group(self, entry: GroupRow, path: Steps, document: Document, parse: Parse) -> tuple[Sign, ...]:
        place = document.place
        if bool(entry.best_of) == (entry.when is not None):
            self.faults.append(Fault(place(path), "expected either a cue (when, points) or best_of"))
            return ()
        rows = [((*path, "best_of", number), row) for number, row in enumerate(entry.best_of)] or [(path, entry.alone)]
        return tuple(self._sign(row, where, document, parse) for where, row in rows)

    def _sign(self, row: SignRow, path: Steps, document: Document, parse: Parse) -> Sign:
        place = document.place
        if not row.points:
            self.faults.append(Fault(place(path), "a cue needs points, for (above 0) or against"))
        if row.basis:
            self._one_of(row.basis, BASES, "basis", place((*path, "basis")))
        self._cited(row.refs, place((*path, "refs")))
        when = parse(row.when, (*path, "when"))
        return Sign(when, row.points, row.lr, row.odds_ratio, row.lr_recall, row.refs, row.basis, row.key)

    def _cited(self, refs: tuple[str, ...], where: str) -> None:
        for ref in refs:
            self._one_of(ref, self.references, "reference", where)

    def _one_of(self, word: str, known: "Mapping[str, object] | tuple[str, ...]", what: str, where: str) -> None:
        if word not in known:
            self.faults.append(Fault(where, f"no {what} {word!r}", closest(word, known)))


def _grade(word: str) -> Grade:
    return next((grade for grade in GRADES if grade == word), "none")


def rules_of(cause: Cause, scale: Scale, root: str) -> Iterator[tuple[Rule, c.Condition | None]]:
    """
    The rules that the points of a cause make: red flags, each with what opens it; or, of an ordinary cause, that it is possible.

    Where its profiles call for different urgencies there is one for each, and only the most urgent at its line speaks.
    """
    if not cause.urgencies:
        reached = c.Suspicion(cause.id, scale.line("none"), cause.counted)
        yield _rule(cause, cause.address, reached, Support(cause.id, "moderate")), None
    above: list[c.Condition] = []
    for urgency in cause.urgencies:
        if urgency == "none":
            continue
        first = not above
        profiles, line = cause.of_urgency(urgency), scale.line(urgency)
        reached, near = c.Suspicion(cause.id, line, profiles), c.InReach(cause.id, line, profiles)
        spoken = scale.spoken[urgency]
        alert = RaiseAlert(
            id=f"suspected_{cause.id}" + ("" if first else f"_{urgency}"),
            label=spoken.label.replace("{label}", lowered(cause.label)),
            urgency=urgency,
            condition=cause.id,
            act_within=spoken.act_within,
            action=cause.action_of(urgency),
            regions=cause.places or (root,),
            meanwhile=spoken.meanwhile,
            graded=True,
            forbids=spoken.forbids,
            beside=cause.care,
            offers=cause.offers,
        )
        when = _unless(reached, above)
        rule = attrs.evolve(_rule(cause, cause.address + ("" if first else f".{urgency}"), when, alert), trigger=when)
        yield rule, _unless(near, above)
        above.append(reached)


def _rule(cause: Cause, id_: str, when: c.Condition, conclusion: Conclusion) -> Rule:
    return Rule(
        id=id_,
        title=cause.title,
        status="active",
        about="patient",
        summary=cause.summary,
        evidence=Evidence(GRADES_OF_BASIS[cause.basis], cause.references),
        when=when,
        then=(conclusion,),
        limits=cause.limits,
        reviewed=Review(cause.reviewed_on, cause.reviewed_by) if cause.reviewed_on else None,
        written=None if id_ == cause.address else cause.address,
        cause=cause.id,
        source=cause.source,
    )


def _unless(condition: c.Condition, above: list[c.Condition]) -> c.Condition:
    return c.All((condition, *(c.Not(c.Established(one)) for one in above))) if above else condition
