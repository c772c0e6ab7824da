"""
The assessment and its explanations as frozen values: plain data, ranked and explained.

Nothing here computes an opinion; how a value is worded stands in ``views.wording``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, get_args, get_origin

import attrs

if TYPE_CHECKING:
    import networkx as nx
from mps_rules.chaining.chains import Derivation, Premise
from mps_rules.errors import Fault, FindingError, UnattachedError, dotted
from mps_rules.knowledge.rules import Effect, Strength, Urgency
from mps_rules.knowledge.vocabulary import lowered
from mps_rules.language.listing import Listed
from mps_rules.language.plain import plain
from mps_rules.patient.values import Findings

Status: TypeAlias = Literal["confirmed", "probable", "possible", "undecided", "unlikely", "excluded"]
"""Of a hypothesis, in the order in which an assessment ranks them."""
STATUSES: tuple[Status, ...] = get_args(Status)
"""Of a hypothesis, the surest first."""
FLIP_WORK = 400_000
"""How many steps of work one question about what would turn a conclusion may take, unless said otherwise."""


class Source(Protocol):
    """Where a value has those of its fields from that are worked out when they are first looked at; the same object each time."""

    def field(self, name: str) -> Any:
        """The field of that name."""
        ...


_put = object.__setattr__


@attrs.frozen
class Alert:
    """
    A red flag that is raised, or open because too little is known to clear it.

    ``graded``: by the ``points`` of a cause, where no rule that somebody wrote is met. ``forbids``: the kinds of care that the answer
    does not offer while it is raised, or open and pressing.
    """

    id: str
    label: str
    status: Literal["raised", "open"]
    urgency: Urgency
    condition: str
    condition_label: str
    act_within: str
    action: str
    meanwhile: str
    rule: str
    because: tuple[Premise, ...]
    unknown: tuple[str, ...]
    limits: str
    references: tuple[str, ...]
    graded: bool = False
    points: int | None = None
    forbids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Alert {self.id}: {self.status}, {self.urgency}>"


@attrs.frozen
class Unscreened:
    """A red flag that matters for where the pain is and that too little has been asked to clear; ``terms`` are still to ask."""

    id: str
    label: str
    urgency: Urgency
    terms: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Unscreened {self.id}: {self.urgency}, {len(self.terms)} still to ask>"


Asked: TypeAlias = Literal["open", "due", "raised", "asked", "not_asked"]
"""How far something that must not be missed has been asked for."""
DUE: tuple[Asked, ...] = ("open", "due")
"""What is still to be asked before it is enough."""


@attrs.frozen
class Screened:
    """
    An emergency or urgent cause that can present where the pain is, and how far it has been asked for.

    ``open``: a finding points to it and too little is known to clear it; ``due``: answers to its key questions could still bring it to its line;
    ``raised``: it is suspected; ``asked``: its key questions have been answered, as far as they could; ``not_asked``: nothing points to it, and
    nobody asked. ``unasked`` are the addresses of what is not known of its key questions: never taken for absent.
    """

    id: str
    label: str
    urgency: Urgency
    state: Asked
    unasked: tuple[str, ...] = ()


@attrs.frozen
class Argument:
    """
    What a rule or a cue of a cause says for or against a hypothesis, and what it adds to its score.

    ``ratio`` is the published ratio that a cue rests on, in words.
    ``subjects`` are the muscles or diagnoses that a rule says it of.
    """

    rule: str
    title: str
    effect: Effect
    strength: Strength | None
    subjects: tuple[str, ...]
    because: tuple[Premise, ...]
    unknown: tuple[str, ...]
    grade: str
    references: tuple[str, ...]
    points: int | None = None
    ratio: str = ""
    _source: Source | None = attrs.field(default=None, init=False, eq=False, repr=False)

    @classmethod
    def later(
        cls,
        rule: str,
        title: str | Source,
        effect: Effect,
        strength: Strength | None,
        subjects: tuple[str, ...],
        because: tuple[Premise, ...] | Source,
        unknown: tuple[str, ...] | Source,
        grade: str,
        references: tuple[str, ...],
        points: int | None = None,
        ratio: str = "",
    ) -> "Argument":
        """An argument of which the title, ``because`` or ``unknown`` is worked out when it is first looked at."""
        made = cls.__new__(cls)
        _put(made, "rule", rule)
        _put(made, "effect", effect)
        _put(made, "strength", strength)
        _put(made, "subjects", subjects)
        for name, value in (("title", title), ("because", because), ("unknown", unknown)):
            if isinstance(value, tuple | str):
                _put(made, name, value)
            else:
                _put(made, "_source", value)
        _put(made, "grade", grade)
        _put(made, "references", references)
        _put(made, "points", points)
        _put(made, "ratio", ratio)
        return made

    def __getattr__(self, name: str) -> Any:
        """A field that nobody has looked at yet."""
        if name not in ("title", "because", "unknown"):
            raise AttributeError(name)
        value = self._source.field(name)  # type: ignore[union-attr]
        _put(self, name, value)
        return value

    def __getstate__(self) -> dict[str, Any]:
        return {a.name: getattr(self, a.name) for a in attrs.fields(type(self)) if a.name != "_source"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            _put(self, name, value)
        _put(self, "_source", None)

    def __repr__(self) -> str:
        return f"<Argument {self.rule}: {self.effect}{f', {self.strength}' if self.strength else ''}{f', {self.points:+d}' if self.points is not None else ''}>"


@attrs.frozen
class Hypothesis:
    """A possible explanation with its arguments and its score; ``could_be`` is the worst and best status still possible."""

    id: str
    label: str
    kind: str
    status: Status
    conflict: bool
    supports: tuple[Argument, ...]
    opposes: tuple[Argument, ...]
    undecided: tuple[Argument, ...]
    could_be: tuple[Status, Status]
    score: int | None = None
    prior: int | None = None

    @property
    def stands(self) -> bool:
        """Whether something speaks for it and it is at least possible."""
        return bool(self.supports) and self.status in ("confirmed", "probable", "possible")

    def __repr__(self) -> str:
        return (
            f"<Hypothesis {self.id}: {self.status}{f', {self.score:+d}' if self.score is not None else ''}, "
            f"{len(self.supports)} for, {len(self.opposes)} against>"
        )


@attrs.frozen
class ScorePart:
    """One term of a muscle's score: its name, what it adds, and why in words."""

    name: str
    value: float
    text: str


@attrs.frozen
class MuscleCandidate:
    """A muscle that may be a source of the pain, and how it would explain it."""

    muscle: str
    label: str
    group: str
    side: str | None
    status: str
    score: float
    terms: tuple[ScorePart, ...]
    explains: tuple[str, ...]
    might_explain: tuple[str, ...]
    path: tuple[str, ...]
    confidence: str
    side_assumed: bool
    access: str
    safety: str
    because: tuple[Premise, ...]
    references: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<MuscleCandidate {self.muscle}{f'.{self.side}' if self.side else ''}: {self.status}, score {self.score:.3g}>"


@attrs.frozen
class Covering:
    """
    A small set of muscles that together explain the pain; both sides of a muscle may count as one.

    ``muscles`` are subjects (``muscle.side``); ``alternatives`` holds, for each, others of the same reach; ``unexplained`` are
    painful entries (``region.side``) that no muscle of the set explains.
    """

    muscles: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...]
    explains: tuple[str, ...]
    unexplained: tuple[str, ...]
    score: float

    def __repr__(self) -> str:
        return f"<Covering {' + '.join(self.muscles)}: score {self.score:.3g}>"


@attrs.frozen
class CriterionItem:
    """One line of a published definition; status met, not_met or undecided."""

    id: str
    label: str
    status: str


@attrs.frozen
class CriterionResult:
    """A published definition, line by line, for the patient or for one muscle."""

    id: str
    label: str
    hypothesis: str
    subject: str
    status: str
    items: tuple[CriterionItem, ...]
    references: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<CriterionResult {self.id}: {self.status}{'' if self.subject == 'patient' else f', {self.subject}'}>"


@attrs.frozen
class Caution:
    """A warning about reasoning, and why it is given here; ``short``: what a brief answer says of it."""

    id: str
    text: str
    rule: str
    subjects: tuple[str, ...]
    because: tuple[Premise, ...]
    limits: str
    references: tuple[str, ...]
    short: str = ""
    offers: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Caution {self.id}>"


@attrs.frozen
class Recommendation:
    """Something to consider doing, and why; ``short``: what a brief answer says of it."""

    kind: str
    text: str
    rule: str
    subjects: tuple[str, ...]
    because: tuple[Premise, ...]
    limits: str
    references: tuple[str, ...]
    short: str = ""
    offers: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Recommendation {self.kind}: {(self.short or self.text)[:100]}>"


@attrs.frozen
class Question:
    """
    One step to ask or examine next; ``subject`` names the muscle or diagnosis it is about, ``gain`` what it could change for its cost.
    """

    terms: tuple[str, ...]
    subject: str
    text: str
    why: str
    cost: str
    step: str = ""
    gain: float = 0.0

    def __repr__(self) -> str:
        return f"<Question {self.text[:100]!r}>"


@attrs.frozen
class KnowledgeUsed:
    """Which rules gave an answer."""

    id: str
    version: str
    status: str
    digest: str


class Tools(Protocol):
    """What can be asked of an assessment when the rules that made it are at hand."""

    def why(self, assessment: "Assessment", id: str) -> "Proof":
        """The proof of a conclusion."""
        ...

    def why_not(self, assessment: "Assessment", id: str) -> "Shortfall":
        """Why something was not concluded."""
        ...

    def flip(self, assessment: "Assessment", id: str, through: Literal["unknown", "any"], work: int) -> "Flips":
        """The smallest changes that would reach or undo a conclusion."""
        ...

    def what_if(self, assessment: "Assessment", changes: Mapping[str, Any]) -> "WhatIf":
        """The assessment with findings changed, and the difference."""
        ...

    def robustness(self, assessment: "Assessment", id: str | None) -> "tuple[Fragile, ...]":
        """What rests on a single sign of poor agreement."""
        ...

    def questions(self, assessment: "Assessment") -> tuple[Question, ...]:
        """What to ask or examine next."""
        ...

    def text(self, assessment: "Assessment", full: bool) -> str:  # noqa: FBT001 - the only reader passes it on
        """The assessment as a clinician reads it, in brief or in full."""
        ...

    def note(self, assessment: "Assessment") -> str:
        """What goes into the chart."""
        ...

    def html(self, assessment: "Assessment") -> str:
        """The assessment as a block of HTML."""
        ...

    def body_map(self, assessment: "Assessment") -> str:
        """Where it hurts and which muscles could send the pain, as SVG."""
        ...

    def muscle_charts(self, assessment: "Assessment") -> str:
        """The first muscles that could send the pain, side by side, as SVG."""
        ...

    def derivation_graph(self, assessment: "Assessment") -> "nx.DiGraph[tuple[str, str]]":
        """How it was concluded, as a graph."""
        ...

    def derivation_svg(self, assessment: "Assessment", id: str | None) -> str:
        """How it was concluded, drawn."""
        ...

    def derivation_mermaid(self, assessment: "Assessment", id: str | None) -> str:
        """How it was concluded, for Mermaid."""
        ...


@singledispatch
def in_words(value: object) -> str:
    """A value as people read it; ``views.wording`` says how, kind by kind."""
    return repr(value)


def as_html(text: str) -> str:
    """Text as a notebook shows it."""
    return f"<pre>{escape(text)}</pre>"


@attrs.frozen
class Proof:
    """
    Why a conclusion holds: a statement, the rule that gave it, and the proofs of what it rests on.

    ``str(proof)`` is indented text down to findings and references.
    """

    statement: str
    kind: str
    id: str
    subject: str
    rule: str = ""
    title: str = ""
    references: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    limits: str = ""
    because: "tuple[Proof, ...]" = ()

    def to_dict(self) -> dict[str, Any]:
        """The proof as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    @property
    def short(self) -> str:
        """The proof in one sentence: what holds, and the nearest reasons, each once."""
        reasons = list(dict.fromkeys(lowered(proof.statement.rstrip(".")) for proof in self.because))
        more = f"; and {len(reasons) - 4} more" if len(reasons) > 4 else ""
        return f"{self.statement.rstrip('.')}" + (f", because {'; '.join(reasons[:4])}{more}." if reasons else ".")

    def __str__(self) -> str:
        return in_words(self)

    def __repr__(self) -> str:
        return f"<Proof {self.id}: {self.statement[:140]}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return as_html(str(self))


@attrs.frozen
class Closing:
    """Findings, in words, that together would add the points that a cause is short of, and the cost of the dearest."""

    findings: tuple[str, ...]
    points: tuple[int, ...]
    cost: str


@attrs.frozen
class PointsShort:
    """
    How far the points of a cause are from its line: ``score`` of ``line``, ``short`` points more are needed.

    ``counted`` and ``against`` are what counts so far, with its points; ``closing`` the sets of findings that would close the gap, cheapest
    first, of which ``more`` are not told; ``most`` is the score that everything not yet known could give.
    """

    score: int
    line: int
    short: int
    most: int
    counted: tuple[str, ...]
    against: tuple[str, ...]
    closing: tuple[Closing, ...]
    more: int = 0


@attrs.frozen
class NearMiss:
    """
    A rule that could have concluded something and did not.

    ``missing`` is about how many findings it still needs (one that it reads twice is counted twice), None where what is recorded
    rules it out; ``holds``, ``unknown`` and ``against`` say of its parts which stand, which are not known, and which are recorded
    against it; ``ask`` are the open findings in words. ``points``: of a cause, how many it is short.
    """

    rule: str
    title: str
    subject: str
    missing: int | None
    holds: tuple[str, ...]
    unknown: tuple[str, ...]
    against: tuple[str, ...]
    ask: tuple[str, ...]
    references: tuple[str, ...]
    points: PointsShort | None = None

    def __repr__(self) -> str:
        return f"<NearMiss {self.rule}: {'ruled out' if self.missing is None else f'{self.missing} missing'}>"


@attrs.frozen
class Shortfall:
    """Why something was not concluded: the rules that could have, nearest first."""

    id: str
    label: str
    status: str
    rules: tuple[NearMiss, ...]

    def to_dict(self) -> dict[str, Any]:
        """The shortfall as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    def __str__(self) -> str:
        return in_words(self)

    def __repr__(self) -> str:
        return f"<Shortfall {self.id}: {self.status}, {len(self.rules)} rules>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return as_html(str(self))


@attrs.frozen
class Difference:
    """In what two assessments differ, in words; ``rules`` names, for each line, the rule behind it where one is."""

    lines: tuple[str, ...]
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.lines) if self.lines else "Nothing changes."

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __repr__(self) -> str:
        return f"<Difference: {len(self.lines)} lines{f'; {self.lines[0][:100]}' if self.lines else ''}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return as_html(str(self))


@attrs.frozen
class WhatIf:
    """An assessment under changed findings, and in what it differs."""

    assessment: "Assessment"
    difference: Difference

    def __str__(self) -> str:
        return str(self.difference)

    def __repr__(self) -> str:
        return f"<WhatIf: {len(self.difference.lines)} lines{f'; {self.difference.lines[0][:100]}' if self.difference.lines else ''}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return as_html(str(self))


@attrs.frozen
class Fragile:
    """Something concluded that would change if one sign was misjudged: the sign, how well examiners agree on it, and what would change."""

    sign: str
    text: str
    agreement: str
    change: Difference

    def __repr__(self) -> str:
        return f"<Fragile {self.sign}: {len(self.change.lines)} lines would change>"


@attrs.frozen
class FlipChange:
    """One finding that would have to change: its address, the value it would take, both in words, and what it costs to obtain."""

    address: str
    value: Any
    text: str
    cost: str


@attrs.frozen
class Flip:
    """A smallest set of changes that turns a conclusion; ``cost`` is that of its dearest finding."""

    changes: tuple[FlipChange, ...]
    cost: str

    def __repr__(self) -> str:
        return f"<Flip {'; '.join(change.text for change in self.changes)[:140]}: {self.cost}>"


@attrs.frozen
class Flips:
    """
    What would reach a conclusion (``reached`` false) or undo it (true): the sets of changes, cheapest first.

    ``largest`` is the size up to which sets are exact; ``complete`` says that none of what was tried was left out, and ``untried``, in words,
    what else the conclusion depends on that no set changes.
    """

    id: str
    label: str
    reached: bool
    through: str
    sets: tuple[Flip, ...]
    complete: bool
    largest: int
    untried: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The sets as plain data."""
        data: dict[str, Any] = plain(self)
        return data

    def __str__(self) -> str:
        return in_words(self)

    def __repr__(self) -> str:
        return f"<Flips {self.id}: {len(self.sets)} ways to {'undo' if self.reached else 'reach'} it>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return as_html(str(self))


LEADING = 5
"""So many hypotheses and muscles stand in a brief answer."""
BEST = 3
"""So many reasons of each, and so many questions."""


class Svg(str):
    """SVG text that a notebook draws."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        """What a notebook draws."""
        return str(self)


def _reasons(because: Sequence[Premise]) -> list[str]:
    return [premise.text for premise in because[:LEADING]]


def counted(count: int, what: str) -> str:
    """
    So many of something.

    >>> counted(1, "cause"), counted(0, "cause")
    ('1 cause', '0 causes')
    """
    return f"{count} {what}" + ("" if count == 1 else "s")


def _listed(values: Iterable[Any]) -> Listed[Any]:
    return Listed(values)


@attrs.frozen
class Assessment:
    """
    What the rules say of one patient: plain data, ranked and explained.

    ``beyond`` lists, in words, pain and danger signs recorded that the red flags of these rules do not cover.

    Equality, hash, JSON and pickle ignore the tools; after ``from_dict`` or unpickling the methods that need the rules
    raise until ``with_tools`` has been called.
    """

    urgency: Literal["none", "soon", "urgent", "emergency"]
    screening: Literal["complete", "partial", "not_done"]
    alerts: Listed[Alert] = attrs.field(converter=_listed)
    unscreened: Listed[Unscreened] = attrs.field(converter=_listed)
    screened: Listed[Screened] = attrs.field(converter=_listed)
    beyond: tuple[str, ...]
    hypotheses: Listed[Hypothesis] = attrs.field(converter=_listed)
    muscles: Listed[MuscleCandidate] = attrs.field(converter=_listed)
    coverings: Listed[Covering] = attrs.field(converter=_listed)
    criteria: Listed[CriterionResult] = attrs.field(converter=_listed)
    cautions: Listed[Caution] = attrs.field(converter=_listed)
    recommendations: Listed[Recommendation] = attrs.field(converter=_listed)
    trace: Listed[Derivation] = attrs.field(converter=_listed)
    findings: Findings
    knowledge: KnowledgeUsed
    _questions: tuple[Question, ...] | None = attrs.field(default=None, eq=False, repr=False, alias="questions")
    _tools: Tools | None = attrs.field(default=None, eq=False, repr=False, alias="tools")
    _source: Source | None = attrs.field(default=None, init=False, eq=False, repr=False)

    @classmethod
    def later(
        cls, source: Source, urgency: Literal["none", "soon", "urgent", "emergency"], findings: Findings, knowledge: KnowledgeUsed
    ) -> "Assessment":
        """An assessment of which everything else is worked out when it is first looked at."""
        made = cls.__new__(cls)
        _put(made, "urgency", urgency)
        _put(made, "findings", findings)
        _put(made, "knowledge", knowledge)
        _put(made, "_questions", None)
        _put(made, "_tools", None)
        _put(made, "_source", source)
        return made

    def __getattr__(self, name: str) -> Any:
        """A field that nobody has looked at yet."""
        if name not in _LATER:
            raise AttributeError(name)
        value = self._source.field(name)  # type: ignore[union-attr]
        _put(self, name, value)
        return value

    FORMAT: ClassVar[str] = "mps_rules.assessment/1"

    def with_tools(self, tools: Tools | None) -> "Assessment":
        """The same assessment, able to explain itself."""
        if self._source is None:
            return attrs.evolve(self, tools=tools)
        made = Assessment.later(self._source, self.urgency, self.findings, self.knowledge)
        _put(made, "_tools", tools)
        return made

    @property
    def questions(self) -> Listed[Question]:
        """What to ask or examine next, most useful first; worked out when first asked for."""
        if not isinstance(self._questions, Listed):
            _put(self, "_questions", Listed(self._need_tools().questions(self) if self._questions is None else self._questions))
        return self._questions  # type: ignore[return-value]

    @property
    def should_stop(self) -> bool:
        """
        Whether enough has been asked here: an emergency calls for action first, or no emergency or urgent cause that can present where the
        pain is is due or open any more.

        What was not asked is not absent: it stays listed in ``screened`` and ``unscreened``.
        """
        return self.urgency == "emergency" or self.screening == "complete"

    @property
    def stop_reason(self) -> str:
        """Why it is enough, in words; empty while it is not."""
        if not self.should_stop:
            return ""
        of = {state: [one for one in self.screened if one.state == state] for state in ("raised", "asked", "not_asked")}
        more = f"{len(of['not_asked'])} more were not asked for: nothing points to them" if of["not_asked"] else "none is left unasked"
        if self.urgency == "none":
            return (
                f"Nothing alarming found; asked for {counted(len(of['asked']), 'emergency or urgent cause')} that can present here; {more}."
            )
        first = next((alert.label for alert in self.alerts if alert.status == "raised"), "A red flag")
        if self.screening != "complete":
            return f"{first}: act on it now; what was not asked stays open."
        return f"{first}; asked for {counted(len(of['asked']), 'other emergency or urgent cause')} that can present here; {more}."

    @property
    def outstanding(self) -> tuple[str, ...]:
        """The addresses of what is still to be asked before it is enough; there may be none where nothing that can be asked would do."""
        return tuple(dict.fromkeys(at for one in self.screened if one.state in DUE for at in one.unasked))

    def why(self, id: str) -> Proof:
        """
        The proof of a hypothesis, alert, caution, criterion, derived id, muscle or rule, down to findings and sources.

        Raises:
            FindingError: nothing of that id was concluded.

        """
        return self._need_tools().why(self, id)

    def why_not(self, id: str) -> "Shortfall":
        """
        Why something was not concluded: the rules that could have, what is recorded against them and what is not known, nearest first.

        Raises:
            FindingError: it was concluded, or nothing of that id can be.

        """
        return self._need_tools().why_not(self, id)

    def flip(self, id: str, through: Literal["unknown", "any"] = "unknown", *, work: int = FLIP_WORK) -> "Flips":
        """
        The smallest sets of findings, up to three, whose change would reach or undo a conclusion; cheapest first.

        Args:
            id: a hypothesis (reached from ``probable`` on; a cause where its points reach its line), alert, criterion, derived id, caution or rule.
            through: ``unknown``: only what is not known, that is, what to ask or examine; ``any``: also what is recorded, that is, on
                what the conclusion hangs.
            work: how many steps the search may take, a second or two as it stands; what it did not get to is named in ``untried``, and
                ``complete`` is false.

        Raises:
            FindingError: nothing of that id can be concluded.

        """
        return self._need_tools().flip(self, id, through, work)

    def what_if(self, changes: Mapping[str, Any]) -> "WhatIf":
        """
        A new assessment with findings changed, and the difference in words; this one stays as it is.

        Args:
            changes: address to value, None for not known: ``fever``, ``low_back.left``, ``gluteus_medius.left.taut_band``,
                ``facet_syndrome.label_treated_without_relief``, ``labels.facet_syndrome``.

        Raises:
            FindingError: an address names nothing, or a value does not fit or contradicts; all faults.

        """
        return self._need_tools().what_if(self, changes)

    def robustness(self, id: str | None = None) -> "tuple[Fragile, ...]":
        """
        What would change if a single palpation sign, on which examiners agree no better than chance in some study, was misjudged.

        Raises:
            FindingError: nothing of that id can be concluded.

        """
        return self._need_tools().robustness(self, id)

    def text(self, *, full: bool = False) -> str:
        """
        The assessment as plain text.

        Args:
            full: everything that is said, with reasons and sources; left out, what matters, in at most fifteen lines of 88 columns.

        """
        return self._need_tools().text(self, full)

    def brief(self) -> dict[str, Any]:
        """
        What matters of the assessment as plain data, small enough to send on: the urgency first, then alerts, the five leading hypotheses and
        muscles with their best reasons, cautions, recommendations and three questions.
        """
        return {
            "urgency": self.urgency,
            "screening": self.screening,
            "alerts": [
                {"id": a.id, "label": a.label, "status": a.status, "urgency": a.urgency, "act_within": a.act_within, "action": a.action,
                 "meanwhile": a.meanwhile, "because": _reasons(a.because)}
                for a in self.alerts
            ],
            "beyond": list(self.beyond),
            "hypotheses": [
                {"id": h.id, "label": h.label, "status": h.status, "score": h.score, "for": [a.title for a in h.supports[:BEST]],
                 "against": [a.title for a in h.opposes[:BEST]]}
                for h in self.hypotheses[:LEADING]
            ],
            "muscles": [
                {"muscle": m.muscle, "label": m.label, "side": m.side, "status": m.status, "score": m.score, "because": list(m.path[:BEST])}
                for m in self.muscles[:LEADING]
            ],
            "cautions": [{"id": c.id, "text": c.short or c.text} for c in self.cautions],
            "recommendations": [{"kind": r.kind, "text": r.short or r.text} for r in self.recommendations],
            "questions": [{"text": q.text, "why": q.why, "terms": list(q.terms)} for q in self.questions[:BEST]],
            "knowledge": plain(self.knowledge),
            "what_it_is": "Decision support for clinicians, beside their own judgement; no diagnosis.",
        }  # fmt: skip

    def note(self) -> str:
        """A note for the record as plain text, a paragraph each for what was told, what was found, what the rules say of it, and the plan."""
        return self._need_tools().note(self)

    def body_map(self) -> str:
        """Where it hurts and which muscles could send the pain, as SVG text, which a notebook draws."""
        return Svg(self._need_tools().body_map(self))

    def muscle_charts(self) -> str:
        """The first six muscles that could send the pain, each with its own zones, side by side, as SVG text, which a notebook draws."""
        return Svg(self._need_tools().muscle_charts(self))

    def derivation_graph(self) -> "nx.DiGraph[tuple[str, str]]":
        """How everything was concluded: findings, rules, conclusions and references as nodes ``(kind, id)`` with a ``label``."""
        return self._need_tools().derivation_graph(self)

    def derivation_svg(self, id: str | None = None) -> str:
        """
        What led to a conclusion, drawn in layers as SVG text; left out, the alerts and the leading hypothesis.

        Raises:
            FindingError: nothing of that id was concluded.

        """
        return Svg(self._need_tools().derivation_svg(self, id))

    def derivation_mermaid(self, id: str | None = None) -> str:
        """
        The same as Mermaid flowchart text.

        Raises:
            FindingError: nothing of that id was concluded.

        """
        return self._need_tools().derivation_mermaid(self, id)

    def _repr_html_(self) -> str | None:
        """What a notebook shows."""
        return self._tools.html(self) if self._tools else None

    def __repr__(self) -> str:
        raised = sum(alert.status == "raised" for alert in self.alerts)
        first = self.hypotheses[0] if self.hypotheses else None
        leading = f"leading {first.label} ({first.status})" if first and first.supports else "nothing leads"
        red = f"{raised} red flag{'' if raised == 1 else 's'} raised, screening {self.screening.replace('_', ' ')}"
        return f"<Assessment: urgency {self.urgency}, {red}; {leading}; {self.knowledge.id} {self.knowledge.version}>"

    def _need_tools(self) -> Tools:
        if self._tools is None:
            raise UnattachedError(
                [Fault("", "this assessment was read back or unpickled; give it the rules again: mps.attach(assessment, kb)")]
            )
        return self._tools

    def to_dict(self) -> dict[str, Any]:
        """The assessment as plain data, the names of its fields as keys."""
        return {"format": self.FORMAT, **plain(self), "questions": plain(self.questions)}

    def to_json(self) -> str:
        """The assessment as JSON text; the same input gives the same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @classmethod
    def from_dict(cls, data: Any) -> "Assessment":
        """
        The assessment that ``to_dict`` wrote.

        Raises:
            FindingError: the data is not that of an assessment; every fault is listed.

        """
        from mps_rules.language.structure import structure

        if not isinstance(data, Mapping) or data.get("format") != cls.FORMAT:
            raise FindingError([Fault("format", f"not an assessment of format {cls.FORMAT}")])
        value, faults = structure({key: part for key, part in data.items() if key != "format"}, cls, dotted)
        if value is None:
            raise FindingError(faults)
        return value

    def __getstate__(self) -> dict[str, Any]:
        return {a.name: getattr(self, a.name) for a in attrs.fields(type(self)) if a.name not in ("_tools", "_source")}

    def __copy__(self) -> "Assessment":
        """Itself: nothing in it can change."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Assessment":
        """Itself: nothing in it can change, and its tools stay at hand."""
        return self

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            _put(self, name, value)
        _put(self, "_tools", None)
        _put(self, "_source", None)


LISTED = frozenset(a.name for a in attrs.fields(Assessment) if get_origin(a.type) is Listed)
"""The fields that are lists."""
_LATER = frozenset(a.name for a in attrs.fields(Assessment) if not a.name.startswith("_"))
