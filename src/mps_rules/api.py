"""
The doors of the library: load rules, evaluate a patient, run cases, lint.

``evaluate`` is a function of its arguments: no clock, no files, no hidden state (with ``kb`` left out, the packaged rules,
read once).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from os import PathLike
from typing import TYPE_CHECKING, Any

import attrs

from mps_rules.answer import explain
from mps_rules.answer.assess import Assessor
from mps_rules.answer.differences import difference
from mps_rules.answer.flips import Target, Through, flips
from mps_rules.answer.many import Assessments
from mps_rules.answer.questions import questions
from mps_rules.answer.values import Assessment, Difference, Flips, Fragile, Proof, Question, Shortfall, Svg, WhatIf
from mps_rules.chaining.chains import Chain
from mps_rules.chaining.circuit import circuit_of
from mps_rules.errors import Fault, FindingError, closest, shown
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import PACKAGED, load_named, load_packaged, packaged_rules
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.patient.addresses import Address, changed
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Findings
from mps_rules.views import derivations, text
from mps_rules.views.brief import brief
from mps_rules.views.note import note

if TYPE_CHECKING:
    import networkx as nx

    from mps_rules.authoring.proved import Proved
    from mps_rules.knowledge.referral import ReferralMap
    from mps_rules.population.tables import Backend, Dates

Folder = str | PathLike[str]


def load(folders: Folder | Sequence[Folder] | None = None) -> KnowledgeBase:
    """
    The packaged rules, those of a folder, or those of several folders laid on top of each other.

    >>> load()
    <KnowledgeBase mps_rules 0.2.0, ...>

    Args:
        folders: a folder; or several, where a later one may replace a rule with ``replaces: id``; ``packaged`` names the packaged rules.

    Raises:
        KnowledgeError: every fault of every file, with file, line and path; of several folders, with the folder too.
        FindingError: what is given is no folder, nor a list of them.

    """
    if folders is None:
        return _packaged()
    if isinstance(folders, str | PathLike):
        folders = [folders]
    if not _are_folders(folders):
        raise FindingError([Fault("folders", f"expected a folder, or a list of folders, got {shown(folders)}")])
    if not folders:
        raise FindingError([Fault("folders", f"names no folder; left out, or {PACKAGED!r}, it is the packaged rules")])
    if [str(folder) for folder in folders] == [PACKAGED]:
        return _packaged()
    return load_named(folders)


def _are_folders(given: object) -> bool:
    return isinstance(given, Sequence) and all(isinstance(folder, str | PathLike) for folder in given)


def rules_of(kb: object, otherwise: str = "load them: mps.load()") -> KnowledgeBase:
    """
    The rules that a caller gave, or the packaged ones.

    Raises:
        FindingError: what was given are no rules; ``otherwise`` says what was perhaps meant.

    """
    if kb is None:
        return load()
    if not isinstance(kb, KnowledgeBase):
        raise FindingError([Fault("kb", f"expected rules, got {shown(kb)}; {otherwise}")])
    return kb


@lru_cache(maxsize=1)
def _packaged() -> KnowledgeBase:
    return load_packaged(packaged_rules())


def referral_map(kb: KnowledgeBase | None = None) -> "ReferralMap":
    """
    The graph of where muscles send pain, to be asked directly.

    >>> ("scalene_anterior", "left") in referral_map().muscles_referring_to("thumb", "left")
    True
    """
    return terrain_of(rules_of(kb)).referral


def prove(kb: KnowledgeBase | None = None, invariants: Sequence[str] = ()) -> "tuple[Proved, ...]":
    """
    Every invariant that the rules state (or those named), proved over all patients or refuted with a patient; it takes some minutes.

    Args:
        kb: the rules, with what they state under ``invariants.yaml``; left out, the packaged ones.
        invariants: the ids of those that are asked for; empty, all.

    Raises:
        FindingError: a name of no invariant; says the closest.
        UnsupportedError: python-sat is not installed.

    """
    from mps_rules.authoring import prove as proofs  # brings in all that reads rules

    return proofs.prove(rules_of(kb), invariants)


def muscle_picture(muscle: str, side: str = "left", kb: KnowledgeBase | None = None) -> str:
    """
    Where one muscle sends pain, as SVG text in the manner of a trigger point chart.

    >>> muscle_picture("soleus").startswith("<svg")
    True

    Raises:
        FindingError: no muscle of that id, or no such side; names the closest.

    """
    from mps_rules.views import pictures

    base = rules_of(kb)
    known = base.vocabulary.muscles
    faults = [Fault("muscle", f"no muscle {muscle!r}", closest(muscle, known))] if muscle not in known else []
    faults += [Fault("side", f"no side {side!r} of a muscle", closest(side, SIDES))] if side not in SIDES else []
    if faults:
        raise FindingError(faults)
    return Svg(pictures.muscle_picture(base, muscle, side))


def poster(region: str, side: str = "left", kb: KnowledgeBase | None = None) -> str:
    """
    All muscles that send pain to a place on one sheet of A3, as SVG text: for the wall.

    >>> poster("low_back").startswith("<svg")
    True

    Raises:
        FindingError: no region of that id, or no such side; names the closest.

    """
    from mps_rules.views import posters

    base = rules_of(kb)
    known = base.vocabulary.regions
    faults = [Fault("region", f"no region {region!r}", closest(region, known))] if region not in known else []
    faults += [Fault("side", f"no side {side!r} of a muscle", closest(side, SIDES))] if side not in SIDES else []
    if faults:
        raise FindingError(faults)
    return Svg(posters.poster(base, region, side))


def plot_referrals(of: str | Sequence[str] | None = None, side: str = "left", kb: KnowledgeBase | None = None, *, ax: Any = None) -> Any:
    """
    The referral graph drawn on the body: muscles at their places, lines to where they send pain.

    >>> plot_referrals("soleus").startswith("<svg")
    True

    Args:
        of: a muscle or several, or a group; or a place: what sends pain there. Left out, every muscle.
        side: of the muscles.
        kb: the rules; left out, the packaged ones.
        ax: axes of matplotlib to draw on; they are given back.

    Returns:
        SVG text, which a notebook draws; or the axes.

    Raises:
        FindingError: no muscle, group or place of that id, or no such side; names the closest.

    """
    from mps_rules.views import network

    base = rules_of(kb)
    words = base.vocabulary
    asked = [of] if isinstance(of, str) else list(of or ())
    known = {*words.muscles, *words.groups, *words.regions}
    faults = [Fault("of", f"no muscle, group or place {name!r}", closest(name, known)) for name in asked if name not in known]
    faults += [Fault("side", f"no side {side!r} of a muscle", closest(side, SIDES))] if side not in SIDES else []
    if faults:
        raise FindingError(faults)
    regions = [name for name in asked if name in words.regions]
    muscles = [muscle for name in asked if name not in words.regions for muscle in words.groups.get(name, (name,))]
    terrain = terrain_of(base)
    senders = [muscle for region in regions for muscle, own in terrain.referral.muscles_referring_to(region, side) if own == side]
    wanted = list(dict.fromkeys([*muscles, *senders])) if asked else list(words.muscles)
    layout = network.laid_out(base, wanted, side, regions)
    return network.svg(layout) if ax is None else network.on_axes(layout, ax)


@attrs.frozen(eq=False)
class _Tools:
    """What an assessment needs to explain itself: the rules, the facts, what was chained from them, and who assessed it."""

    assessor: Assessor

    @property
    def base(self) -> KnowledgeBase:
        return self.assessor.base

    @property
    def facts(self) -> Facts:
        return self.assessor.facts

    @property
    def chain(self) -> Chain:
        return self.assessor.chain

    def why(self, assessment: Assessment, id: str) -> Proof:
        return explain.why(assessment, self.base, self.facts, self.chain, id)

    def why_not(self, assessment: Assessment, id: str) -> Shortfall:
        return explain.why_not(self.assessor, assessment, id)

    def flip(self, assessment: Assessment, id: str, through: Through, work: int) -> Flips:  # noqa: ARG002 - the facts are at hand
        if through not in ("unknown", "any"):
            raise FindingError([Fault("through", f"expected unknown or any, got {shown(through)}")])
        return flips(circuit_of(self.base), self.facts, self.assessor.focus, id, through, work)

    def what_if(self, assessment: Assessment, changes: Mapping[str, Any]) -> WhatIf:
        if not isinstance(changes, Mapping):
            raise FindingError([Fault("changes", f"expected changes by their addresses, got {shown(changes)}")])
        after = evaluate(changed(assessment.findings, changes, self.base.vocabulary), self.base)
        return WhatIf(after, difference(assessment, after))

    def robustness(self, assessment: Assessment, id: str | None) -> tuple[Fragile, ...]:
        if id is not None:
            Target.named(self.base, id)
        return tuple(self._fragile(assessment, id))

    def _fragile(self, assessment: Assessment, id: str | None) -> Iterator[Fragile]:
        """Each sign of poor agreement that was found, and what would change without it."""
        for exam in assessment.findings.exam:
            for finding in exam.findings:
                term = self.base.vocabulary.terms[finding.term]
                if finding.value is not True or term.agreement is None or not term.agreement.poor:
                    continue
                address = Address("muscle", exam.muscle, term.id, exam.side)
                found = self.what_if(assessment, {str(address): False})
                change = found.difference if id is None else _about(assessment, found, id, self.base)
                if change:
                    yield Fragile(str(address), address.words(self.base.vocabulary), str(term.agreement), change)

    def questions(self, assessment: Assessment) -> tuple[Question, ...]:
        return questions(self.assessor, assessment)

    def text(self, assessment: Assessment, full: bool) -> str:  # noqa: FBT001 - as the protocol has it
        return text.full(assessment, self.base) if full else brief(assessment, self.base)

    def note(self, assessment: Assessment) -> str:
        return note(assessment, self.base)

    def html(self, assessment: Assessment) -> str:
        from mps_rules.views import notebook

        return notebook.html(assessment, self.base)

    def body_map(self, assessment: Assessment) -> str:
        from mps_rules.views.pictures import body_map

        return body_map(assessment, self.base)

    def muscle_charts(self, assessment: Assessment) -> str:
        from mps_rules.views.posters import candidates

        return candidates(assessment, self.base)

    def derivation_graph(self, assessment: Assessment) -> "nx.DiGraph[derivations.Node]":
        return derivations.derivation_graph(assessment, self.base)

    def derivation_svg(self, assessment: Assessment, id: str | None) -> str:
        return derivations.svg(assessment, self.base, id)

    def derivation_mermaid(self, assessment: Assessment, id: str | None) -> str:
        return derivations.mermaid(assessment, self.base, id)


def _about(before: Assessment, changed_answer: WhatIf, id: str, base: KnowledgeBase) -> Difference:
    """What of a change concerns one conclusion: its status, or whether it holds."""
    words = base.vocabulary

    def standing(assessment: Assessment) -> str:
        status = {h.id: h.status for h in assessment.hypotheses if h.supports or h.opposes}
        held = (
            {alert.id for alert in assessment.alerts}
            | {caution.id for caution in assessment.cautions}
            | {criterion.id for criterion in assessment.criteria if criterion.status == "met"}
        )
        held |= {id_ for d in assessment.trace for id_ in (d.rule, *base.by_id[d.rule].derives())}
        return str(status.get(id, "holds" if id in held else "does not hold"))

    was, now = standing(before), standing(changed_answer.assessment)
    label = words.suspects[id].label if id in words.suspects else base.by_id[id].title if id in base.by_id else words.name("derived", id)
    return Difference((f"{label}: {now}, {was} before.",), ("",)) if was != now else Difference(())


def evaluate(findings: Any, kb: KnowledgeBase | None = None, *, on: date | None = None) -> Assessment:
    """
    What the rules say of one patient.

    >>> assessment = evaluate({"pain": ["low_back.left"], "pain_dull_deep_ache": True})
    >>> assessment.hypotheses[0].id, assessment.hypotheses[0].status, assessment.screening
    ('myofascial_pain', 'possible', 'not_done')

    Args:
        findings: term id to value, the structured keys ``pain``, ``pain_map_complete``, ``labels``, ``exam``, and addresses
            (``pain.low_back.left``, ``gluteus_medius.left.taut_band``, ``labels.facet_syndrome``); or a value with such fields (attrs, a data
            class, pydantic). What is left out, None, NaN or a missing cell of a frame is not known; 0 and 1 say no and yes.
        kb: the rules; left out, the packaged ones.
        on: the day on which the findings are read, for a time told by when it began (``"since 2021-05"``).

    Raises:
        FindingError: every fault of the findings, each with its place, and the closest known word.

    """
    base = rules_of(kb, "findings come first: evaluate(findings, kb)")
    if on is not None and not isinstance(on, date):
        raise FindingError([Fault("on", f"expected a day (datetime.date), got {shown(on)}")])
    return _evaluated(base, read_findings(findings, terrain_of(base), on))


def _evaluated(base: KnowledgeBase, findings: Findings) -> Assessment:
    tools = _Tools(_assessor(base, findings))
    return tools.assessor.assessment().with_tools(tools)


def _assessor(base: KnowledgeBase, findings: Findings) -> Assessor:
    from mps_rules.chaining import engine

    facts = Facts(terrain_of(base), findings)
    return Assessor(base, facts, engine.chain(base, facts))


def evaluate_many(
    rows: Any, kb: KnowledgeBase | None = None, *, person: str | None = None, keep: Sequence[str] = (), on: date | None = None
) -> Assessments:
    """
    What the rules say of a few patients: mappings, or the rows of a pandas or Polars frame.

    >>> [a.urgency for a in evaluate_many([{"saddle_anaesthesia": True}, {}])]
    ['emergency', 'none']

    A column is the address of a finding, as in ``evaluate``; a missing cell (None, NaN) is not known.

    Args:
        rows: mappings, or a frame.
        kb: the rules; left out, the packaged ones.
        person: the column that says who; it is carried along unread.
        keep: other columns to carry along unread.
        on: the day on which the findings are read, as in ``evaluate``.

    Returns:
        A list of assessments; its ``to_frame()`` has the person, what was kept, and the index of a pandas frame.

    Raises:
        FindingError: every fault of every row, each place beginning with the row's number from 0; a column that is not there.

    """
    base = rules_of(kb)
    aside = tuple(dict.fromkeys((*([person] if person else ()), *keep)))
    found: list[Assessment] = []
    kept: dict[str, list[Any]] = {name: [] for name in aside}
    faults: list[Fault] = []
    for number, row in enumerate(_rows(rows)):
        try:
            findings, told = _parted(row, aside)
            found.append(evaluate(findings, base, on=on))
        except FindingError as error:
            faults += [
                Fault(f"row {number}, {fault.where}" if fault.where else f"row {number}", fault.what, fault.closest)
                for fault in error.faults
            ]
            continue
        for name, value in told.items():
            kept[name].append(value)
    if faults:
        raise FindingError(faults)
    return Assessments(found, kept, rows.index if hasattr(rows, "itertuples") else None)


def _parted(row: Any, aside: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """A row without the columns that are carried along, and these."""
    if not aside or not isinstance(row, Mapping):
        return row, dict.fromkeys(aside)
    absent = [name for name in aside if name not in row]
    if absent:
        raise FindingError([Fault(name, "no such column", closest(name, map(str, row))) for name in absent])
    return {key: value for key, value in row.items() if key not in aside}, {name: row[name] for name in aside}


def _rows(rows: Any) -> Iterable[Any]:
    if hasattr(rows, "iter_rows"):
        polars_rows: Iterable[Any] = rows.iter_rows(named=True)
        return polars_rows
    if hasattr(rows, "itertuples"):
        names = [str(name) for name in (rows.columns if hasattr(rows, "columns") else ())]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise FindingError([Fault(name, "is the name of several columns") for name in twice])
        pandas_rows: Iterable[Any] = rows.to_dict("records")
        return pandas_rows
    try:
        if not isinstance(rows, Mapping | str | bytes):
            patients: Iterator[Any] = iter(rows)
            return patients
    except TypeError:  # as an array of no dimension has it, though it looks iterable
        pass
    raise FindingError([Fault("", "expected several patients: a list of mappings or a data frame")])


def evaluate_cohort(
    table: Any,
    kb: KnowledgeBase | None = None,
    *,
    conclusions: Sequence[str] | None = None,
    explain: bool = False,
    person: str = "person",
    keep: Sequence[str] = (),
    backend: "Backend" = "polars",
    dates: "Dates" = "ISO",
) -> Any:
    """
    What the rules say of every row of a table: a table of the same kind, a row for every row.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, None], "pain.low_back": [True, True]})
    >>> evaluate_cohort(rows).select("person", "rejected", "urgency").rows()
    [(1, False, 'emergency'), (2, False, 'none')]

    A column is the address of a finding (``fever``, ``pain.low_back.left``, ``labels.facet_syndrome``, ``gluteus_medius.left.taut_band``,
    ``pain_quality.dull``), a number in the finding's own unit; a missing cell is not known. A long table has a row for each thing said:
    person, ``term``, ``value``, and ``region``, ``muscle``, ``label``, ``side``, ``date`` as they apply.

    Args:
        table: an ibis table, a Polars or pandas frame, an Arrow table, or the path of a Parquet or CSV file (a Polars frame comes back).
        kb: the rules; left out, the packaged ones.
        conclusions: ids of hypotheses, alerts, criteria, other conclusions, cautions or rules; left out, all but the rules, with urgency
            and the leading hypothesis. Only what these rest on is computed.
        explain: a column ``rules.ID`` beside each conclusion: the ids of the rules that fired for it.
        person: the column that says who.
        keep: other columns to carry along unread.
        backend: where frames and files are computed: ``polars``, ``duckdb`` or ``spark``. An ibis table stays where it lives.
        dates: how a long table writes dates as text, beside 2026-02-01: ``ISO`` (only so), ``day-first`` or ``month-first``.

    Returns:
        The person; ``rejected``: the row cannot be read, as its findings contradict each other or lie outside their range, and nothing is
        concluded (``mps_rules.population.cohort.rejects`` says why); for each conclusion true, false or missing (undecided); for each hypothesis its status.
        What is concluded of a muscle or a diagnosis is true where it is of any.

    Raises:
        FindingError: columns or conclusions that name nothing, or columns of the wrong kind; all of them.
        UnsupportedError: ibis or the backend is not installed.

    """
    from mps_rules.population import cohort

    base = rules_of(kb)
    return cohort.evaluate_cohort(
        table, base, conclusions=conclusions, explain=explain, person=person, keep=keep, backend=backend, dates=dates
    )


def attach(assessment: Assessment, kb: KnowledgeBase | None = None) -> Assessment:
    """
    An assessment that was read back or unpickled, able to explain itself again.

    Raises:
        FindingError: these are not the rules that gave it.

    """
    base = rules_of(kb)
    if not isinstance(assessment, Assessment):
        raise FindingError([Fault("assessment", f"expected an assessment, got {shown(assessment)}")])
    if base.digest != assessment.knowledge.digest:
        given, made = base.digest[:12], assessment.knowledge.digest[:12]
        raise FindingError([Fault("knowledge.digest", f"these rules ({given}) did not give this assessment ({made})")])
    return assessment.with_tools(_Tools(_assessor(base, assessment.findings)))
