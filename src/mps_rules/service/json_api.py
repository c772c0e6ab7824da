"""
What a page asks of the rules, as functions from JSON to JSON.

Whoever asks sends what is known; the last few assessments are remembered in memory, so that a second question about one costs little, and
nothing else is kept. No clock: a day is given. What is wrong is told all at once, each fault with its
place and the closest known word; of what was sent no more than the faulty word is repeated.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import attrs

from mps_rules.answer.assess import concerns_the_pain
from mps_rules.answer.differences import difference
from mps_rules.answer.values import STATUSES, Assessment
from mps_rules.api import evaluate, muscle_picture
from mps_rules.authoring.proved import standing
from mps_rules.errors import Fault, FindingError, closest, listed
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_examples
from mps_rules.knowledge.rules import PRESSING, RECOMMENDATIONS, URGENCIES, RaiseAlert
from mps_rules.knowledge.vocabulary import COSTS
from mps_rules.language.plain import plain
from mps_rules.language.reading import DEEPEST, Unreadable, read_json, read_text
from mps_rules.patient import forms
from mps_rules.patient.addresses import as_mapping
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.records.fhir_in import read_bundle
from mps_rules.records.fhir_out import to_fhir
from mps_rules.records.questionnaire import answers, whole_form
from mps_rules.views import wording
from mps_rules.views.handout import handout
from mps_rules.views.places import drawing, muscle_zones, muscles_drawn, shading

Json: TypeAlias = dict[str, Any]
Operation: TypeAlias = Callable[[KnowledgeBase, Mapping[str, Any]], Json]

MUSCLES_DRAWN = 30
"""How many of the muscles that rank first are described with where they lie and where they send pain."""
FOUND = 12
"""How many words a search gives."""
REMEMBERED = 64
"""How many assessments are remembered."""
THROUGH = ("unknown", "any")


def answered(operation: str, asked: Any, kb: KnowledgeBase) -> tuple[int, Json]:
    """
    The HTTP status and the answer to one question.

    >>> from mps_rules import load
    >>> status, answer = answered("evaluate", {"findings": {"saddle_anaesthesia": True}}, load())
    >>> status, answer["assessment"]["urgency"]
    (200, 'emergency')
    >>> answered("evaluate", {"findings": {"sadle_anaesthesia": True}}, load())
    (422, {'faults': [{'where': 'findings.sadle_anaesthesia', 'what': "no finding 'sadle_anaesthesia' in the vocabulary", 'closest': 'saddle_anaesthesia'}]})

    Args:
        operation: one of ``OPERATIONS``.
        asked: the JSON object that was sent.
        kb: the rules.

    """
    if operation not in OPERATIONS:
        return 404, _faulty([Fault("", f"no operation {operation!r}", closest(operation, OPERATIONS))])
    if not isinstance(asked, Mapping):
        return 422, _faulty([Fault("", "expected a JSON object")])
    try:
        return 200, OPERATIONS[operation](kb, asked)
    except (FindingError, Unreadable) as error:
        return 422, _faulty(listed(error.faults))


def answered_text(operation: str, question: bytes, kb: KnowledgeBase) -> tuple[int, bytes]:
    """
    The HTTP status and the answer to one question, both as they are sent: JSON in UTF-8.

    >>> from mps_rules import load
    >>> answered_text("search", b"not JSON", load())[0], answered_text("search", b'{"text": "sciatica"}', load())[0]
    (400, 200)

    Args:
        operation: one of ``OPERATIONS``.
        question: what was sent.
        kb: the rules.

    """
    try:
        asked = read_json(question.decode(), "the question").data
    except (UnicodeDecodeError, Unreadable):
        return 400, as_sent(_faulty([Fault("", f"expected JSON in UTF-8, no key twice in an object, nested at most {DEEPEST} deep")]))
    status, answer = answered(operation, asked, kb)
    return status, as_sent(answer)


def as_sent(value: Json) -> bytes:
    """
    An answer as it is sent.

    >>> as_sent({"text": "45 °"}).decode()
    '{"text":"45 °"}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _faulty(faults: Any) -> Json:
    return {
        "faults": [{"where": fault.where, "what": fault.what, **({"closest": fault.closest} if fault.closest else {})} for fault in faults]
    }


# --- what does not change while the rules stay ------------------------------------------------------------------------


@lru_cache(maxsize=4)
def vocabulary(kb: KnowledgeBase) -> Json:
    """
    The words of the rules: units, findings, places, muscles, diagnoses, steps, sources; which rules they are; and of what kinds an answer is made.

    >>> from mps_rules import load
    >>> vocabulary(load())["terms"]["saddle_anaesthesia"]["label"]
    'Numb saddle area'
    """
    words = kb.vocabulary
    tree = terrain_of(kb).tree
    return {
        "rules": {"id": kb.pack.id, "version": kb.pack.version, "status": kb.pack.status, "digest": kb.digest, "proofs": standing(kb)},
        "units": {
            unit.id: {
                "label": unit.named,
                "also": list(unit.also),
                "dimension": unit.dimension,
                "factor": unit.factor,
            }
            for unit in words.units.values()
        },
        "terms": {
            term.id: {
                "label": term.label,
                "kind": term.kind,
                "subject": term.subject,
                "category": term.category,
                "cost": term.cost,
                "note": term.note,
                "unit": term.unit or "",
                "range": term.range,
                "drawn_as": sorted(term.drawn_as),
                "values": [{"id": value, "label": value.replace("_", " ")} for value in term.values],
                "follows": bool(term.fact or term.stands_for),
            }
            for term in words.terms.values()
            if not term.of_record
        },
        "regions": {
            region.id: {
                "label": region.label,
                "parent": region.parent or "",
                "sides": list(region.sides),
                "whole": tree.leaves[region.id] != (region.id,),
            }
            for region in words.regions.values()
        },
        "muscles": {
            muscle.id: {
                "label": muscle.label,
                "lies_in": [words.regions[region].label for region in muscle.lies_in],
                "access": muscle.access,
                "action": muscle.action,
                "aggravating": muscle.aggravating,
                "nerve": ", ".join(part for part in (muscle.nerve, muscle.roots) if part),
                "safety": muscle.safety,
            }
            for muscle in words.muscles.values()
        },
        "diagnoses": {
            diagnosis.id: {"label": diagnosis.label, "why_masks": diagnosis.why_masks, "examine": diagnosis.examine}
            for diagnosis in words.diagnoses.values()
        },
        "steps": {step.id: {"label": step.label, "terms": list(step.terms)} for step in kb.asking.steps},
        "at_hand": list(kb.asking.at_hand),
        "advice": [{"id": kind, "label": wording.ADVISED[kind], "waits": kind in wording.WAITING} for kind in RECOMMENDATIONS],
        "pressing": list(PRESSING),
        "urgencies": {urgency: wording.URGENT[urgency] for urgency in URGENCIES},
        "flags": wording.FLAGS,
        "screening": wording.SCREENED,
        "statuses": {status: {"label": wording.HELD[status], "stands": status in wording.STANDING} for status in STATUSES},
        "criteria": {status: {"label": label, "mark": mark} for status, (label, mark) in wording.DEFINED.items()},
        "muscle_states": wording.state_words(kb),
        "access": wording.ACCESS,
        "kinds": wording.LOOKED_UP,
        "lesser_changes": list(wording.LESSER_CHANGES),
        "costs": list(COSTS),
        "references": {reference.id: {"text": reference.text, "identifier": reference.identifier} for reference in kb.references.values()},
    }


@lru_cache(maxsize=4)
def body(kb: KnowledgeBase) -> Json:
    """
    The figure, view by view, and the muscles on it, as paths.

    >>> from mps_rules import load
    >>> [view["id"] for view in body(load())["views"]][:4]
    ['front', 'back', 'left', 'right']
    """
    return {"views": plain(drawing(kb)), "muscles": plain(muscles_drawn(kb))}


@lru_cache(maxsize=1)
def examples() -> Json:
    """
    The invented patients that ship with the rules.

    >>> [one["name"] for one in examples()["examples"]][:2]
    ['arm pain', 'cauda equina']
    """
    found = []
    for path in packaged_examples():
        text = path.read_text(encoding="utf-8")
        about = " ".join(line.removeprefix("#").strip() for line in text.splitlines()[:1])
        found.append({"name": path.stem.replace("_", " "), "about": about, "findings": read_text(text, path.name).data})
    return {"examples": found}


def still(kb: KnowledgeBase) -> Mapping[str, Json]:
    """
    All that stays the same as long as the rules do, by the name under which a page asks for it.

    >>> from mps_rules import load
    >>> list(still(load()))
    ['vocabulary', 'body', 'examples']
    """
    return {"vocabulary": vocabulary(kb), "body": body(kb), "examples": examples()}


# --- questions --------------------------------------------------------------------------------------------------------


def _evaluate(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The answer for what is known, what to ask next, and in what it differs from the answer for what was known before."""
    found = _assessed(kb, asked)
    before = _assessed(kb, asked, "before") if asked.get("before") is not None else found
    facts = Facts(terrain_of(kb), found.findings)
    matter = {rule.id for rule, _ in kb.told(RaiseAlert) if concerns_the_pain(kb, facts, rule)}
    waiting = sum(alert.status == "open" and alert.rule in matter for alert in found.alerts)
    told = found.to_dict()
    del told["trace"]
    return {
        "assessment": told,
        "findings": as_mapping(found.findings),
        "should_stop": found.should_stop,
        "screened": {"flags": len(matter), "open": len(found.unscreened) + waiting},
        "shading": shading(kb, facts),
        "reach": [
            {"muscle": muscle.muscle, "side": muscle.side, **muscle_zones(kb, muscle.muscle, muscle.side)}
            for muscle in found.muscles[:MUSCLES_DRAWN]
        ],
        "difference": list(difference(before, found).lines),
    }


def _why(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The proof of a conclusion, down to findings and sources."""
    return {"proof": _assessed(kb, asked).why(_text(asked, "id")).to_dict()}


def _why_not(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """Why something was not concluded."""
    return {"text": str(_assessed(kb, asked).why_not(_text(asked, "id")))}


def _flip(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The smallest changes that would reach a conclusion or undo it."""
    through = asked.get("through", "unknown")
    if through not in THROUGH:
        raise FindingError([Fault("through", "expected unknown or any")])
    return {"flips": _assessed(kb, asked).flip(_text(asked, "id"), through).to_dict()}


def _note(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """What goes into the chart, as text."""
    return {"text": _assessed(kb, asked).note()}


def _handout(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The sheet for the patient, or the red flags for which there is none."""
    return {"handout": plain(handout(_assessed(kb, asked), kb))}


def _picture(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """Where a muscle lies and where it sends pain, as a picture."""
    return {"svg": str(muscle_picture(_text(asked, "muscle"), _text(asked, "side"), kb))}


def _charts(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The first muscles that could send the pain, side by side, as a picture."""
    return {"svg": str(_assessed(kb, asked).muscle_charts())}


def _search(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """Findings, diagnoses, muscles and places by the words that people use, or by a code."""
    text = _text(asked, "text")
    looked = forms.look_up(kb, text)
    shown = [hit for hit in looked.hits if hit.kind in wording.LOOKED_UP][:FOUND]
    return {
        "found": [
            {"kind": hit.kind, "id": hit.entry.id, "label": hit.entry.label, **({"side": hit.side} if hit.side else {})} for hit in shown
        ],
        "all_words": looked.whole,
    }


def _read(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The findings of a patient file, in YAML or JSON."""
    return {"findings": as_mapping(evaluate(_findings(read_text(_text(asked, "text"), "the file").data), kb).findings)}


def _read_fhir(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The findings of a FHIR bundle, and what was used of it, what was not, and why."""
    findings, report = read_bundle(asked.get("bundle"), kb, on=_day(asked))
    return {"findings": as_mapping(evaluate(findings, kb).findings), "report": report.to_dict()}


def _write_fhir(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """The assessment as a FHIR bundle."""
    written = _instant(asked)
    return {"bundle": to_fhir(_assessed(kb, asked), kb, patient=_whose(asked), written=written)}


def _write_answers(kb: KnowledgeBase, asked: Mapping[str, Any]) -> Json:
    """What is known as the answers of a FHIR form, the form that asks for every finding."""
    findings = as_mapping(_assessed(kb, asked).findings)
    return {"response": answers(whole_form(kb), findings, kb, patient=_whose(asked), written=_instant(asked))}


OPERATIONS: Mapping[str, Operation] = {
    "evaluate": _evaluate,
    "why": _why,
    "why_not": _why_not,
    "flip": _flip,
    "note": _note,
    "handout": _handout,
    "picture": _picture,
    "charts": _charts,
    "search": _search,
    "read": _read,
    "read_fhir": _read_fhir,
    "write_fhir": _write_fhir,
    "write_answers": _write_answers,
}


def _assessed(kb: KnowledgeBase, asked: Mapping[str, Any], field: str = "findings") -> Assessment:
    try:
        return _remembered(kb, json.dumps(_findings(asked.get(field))))
    except FindingError as error:
        raise FindingError(
            [attrs.evolve(fault, where=f"{field}.{fault.where}" if fault.where else field) for fault in error.faults]
        ) from None


@lru_cache(maxsize=REMEMBERED)
def _remembered(kb: KnowledgeBase, findings: str) -> Assessment:
    return evaluate(json.loads(findings), kb)


def _findings(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise FindingError([Fault("", "expected the findings of a patient: an object")])
    return data


def _text(asked: Mapping[str, Any], field: str) -> str:
    value = asked.get(field)
    if not isinstance(value, str) or not value.strip():
        raise FindingError([Fault(field, "expected text")])
    return value


def _whose(asked: Mapping[str, Any]) -> str:
    return _text(asked, "patient") if "patient" in asked else "Patient/unnamed"


def _instant(asked: Mapping[str, Any]) -> datetime:
    try:
        written = datetime.fromisoformat(_text(asked, "written"))
    except ValueError:
        raise FindingError([Fault("written", "expected a time with its zone, as 2026-01-31T09:00:00Z")]) from None
    if written.tzinfo is None:
        raise FindingError([Fault("written", "needs a time zone")])
    return written


def _day(asked: Mapping[str, Any]) -> date | None:
    if asked.get("on") is None:
        return None
    try:
        return date.fromisoformat(_text(asked, "on"))
    except ValueError:
        raise FindingError([Fault("on", "expected a day, as 2026-01-31")]) from None
