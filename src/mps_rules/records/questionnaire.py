"""
The vocabulary as a FHIR R4 Questionnaire (SDC): present, absent or not known, words, numbers with their units.

A form for everything, for one part of the body, or for what an assessment still asks. A question's link is the address of the finding that
it asks for, so that answers read back (``fhir_in``) without a table of their own.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from mps_rules.answer.values import Assessment
from mps_rules.errors import Fault, FindingError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.knowledge.vocabulary import SIDES, Term, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.patient.addresses import as_row, of_finding
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.patient.values import Exam, Finding, Findings, GivenLabel, Pain
from mps_rules.records.codes import own_system

EXTENSION = "http://hl7.org/fhir/StructureDefinition"
UCUM = "http://unitsofmeasure.org"
MOST_WORDS = 20
"""A list of more words than that is one question of which several may be chosen; a shorter one asks for each word."""

Resource = dict[str, Any]


def whole_form(kb: KnowledgeBase) -> Resource:
    """
    A form for every finding of the vocabulary.

    >>> from mps_rules import load
    >>> [item["linkId"] for item in whole_form(load())["item"]][:4]
    ['pain', 'pain_map_complete', 'labels', 'exam']
    """
    form = _Form(kb)
    terms = [term for term in kb.vocabulary.terms.values() if term.subject == "patient" and not (term.fact or term.of_record)]
    muscles = sorted({*kb.vocabulary.muscles, *kb.vocabulary.groups})
    return form.made(
        "whole", kb.pack.title, [*form.structured(kb.vocabulary.regions, kb.vocabulary.diagnoses, muscles), *form.by_category(terms)]
    )


def form_for_region(kb: KnowledgeBase, region: str) -> Resource:
    """
    A form for a patient with pain in a region: the findings that rules read there, the muscles that send pain there or lie there.

    What follows from the pain map is not asked again, nor what only rules about other places and diagnoses read.

    >>> from mps_rules import load
    >>> form_for_region(load(), "low_back")["url"]
    'urn:mps-rules:questionnaire:region:low_back'

    Raises:
        FindingError: no region of that id; says the closest.

    """
    words = kb.vocabulary
    if region not in words.regions:
        raise FindingError([Fault("region", "no region of that id", closest(region, words.regions))])
    around = terrain_of(kb).tree.around

    def touches(other: str) -> bool:
        return region in around[other] or other in around[region]

    sources = {edge.muscle for edge in kb.referrals if touches(edge.region)}
    sources |= {muscle.id for muscle in words.muscles.values() if any(map(touches, muscle.lies_in))}
    labels = [diagnosis.id for diagnosis in words.diagnoses.values() if sources & set(diagnosis.muscles)]
    flagged = {rule.alert.id: rule.alert.regions for rule in kb.rules if rule.alert}

    def bears(rule: Rule) -> bool:
        """Whether a rule may speak of a patient with pain there: its flag, its places, its diagnoses; not the cause that all are held against."""
        if rule.cause == kb.scale.against:
            return False
        alert = rule.alert.id if rule.alert else rule.open_alert
        places = [flagged.get(alert or "", ()), *(leaf.regions for leaf in c.walk(rule.when) if isinstance(leaf, c.PainAt))]
        about = [set(leaf.values) for leaf in c.walk(rule.when) if isinstance(leaf, c.LabelIs) and leaf.field == "id"]
        named = [region for regions in places for region in regions]
        return (not named or any(map(touches, named))) and (not about or any(one & set(labels) for one in about))

    read = _with_sources({id_ for rule in kb.rules if bears(rule) for id_ in _read(rule.when)}, words)
    terms = [
        t
        for t in words.terms.values()
        if t.subject == "patient" and t.id in read and not (t.fact or t.of_record or (t.implied_by and t.denied_by))
    ]
    form = _Form(kb)
    title = f"{kb.pack.title}: {words.regions[region].label}"
    return form.made(f"region:{region}", title, [*form.structured(words.regions, labels, sorted(sources)), *form.by_category(terms)])


def form_for_questions(assessment: Assessment, kb: KnowledgeBase) -> Resource:
    """
    A form for what an assessment still asks, a group for each question, the most useful first.

    >>> from mps_rules import evaluate, load
    >>> form = form_for_questions(evaluate({"pain": ["low_back.left"]}), load())
    >>> form["item"][0]["item"][0]["linkId"]
    'saddle_anaesthesia'
    """
    form, asked, groups = _Form(kb), set[str](), []
    for number, question in enumerate(assessment.questions, 1):
        items = []
        for id_ in question.terms:
            term, at = kb.vocabulary.terms.get(id_), str(of_finding(question.subject, id_, kb.vocabulary))
            if term is not None and not term.fact and at not in asked:
                asked.add(at)
                items.append(form.item(term, at))
        if items:
            groups.append({"linkId": f"question-{number}", "text": question.text, "type": "group", "item": items})
    return form.made("questions", f"{kb.pack.title}: open questions", groups)


def answers(form: Mapping[str, Any], findings: Mapping[str, Any], kb: KnowledgeBase, *, patient: str, written: datetime) -> Resource:
    """
    A form filled in with what is known; what the form does not ask is left out.

    >>> from datetime import UTC
    >>> from mps_rules import load
    >>> told = answers(whole_form(load()), {"fever": False}, load(), patient="Patient/1", written=datetime(2026, 1, 1, tzinfo=UTC))
    >>> told["item"][0]["item"][0]["answer"][0]["valueCoding"]["code"]
    'absent'

    Raises:
        FindingError: the findings cannot be read.

    """
    filler = _Filler(kb, read_findings(findings, terrain_of(kb)))
    items = [one for item in form.get("item", ()) for one in filler.filled(item)]
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{form['url']}|{form['version']}",
        "status": "completed",
        "subject": {"reference": patient},
        "authored": written.isoformat(timespec="seconds"),
        **({"item": items} if items else {}),
    }


def _read(condition: c.Condition) -> Iterator[str]:
    for leaf in c.walk(condition):
        if isinstance(leaf, c.Present | c.Words | c.Compare):
            yield leaf.term


def _with_sources(read: set[str], words: Vocabulary) -> set[str]:
    """The findings read, and those from which they follow or of which they are the sum."""
    found, waiting = set[str](), list(read)
    while waiting:
        id_ = waiting.pop()
        if id_ in found:
            continue
        found.add(id_)
        term, measure = words.terms.get(id_), words.measures.get(id_)
        sources = [one for one in (term.implied_by, term.denied_by) if one] if term else []
        waiting += [*(leaf for source in sources for leaf in _read(source)), *(measure.sum if measure else ())]
    return found


@attrs.frozen
class _Form:
    """Makes the items of a form from the words of a knowledge base."""

    base: KnowledgeBase

    def made(self, name: str, title: str, items: list[Resource]) -> Resource:
        asked = {item["linkId"] for item in _every(items)}
        for item in _every(items):
            conditions = [one for one in item.get("enableWhen", ()) if one["question"] in asked]
            if "enableWhen" in item and not conditions:
                del item["enableWhen"]
                item.pop("enableBehavior", None)
        return {
            "resourceType": "Questionnaire",
            "url": f"{self.base.codes.canonical}:questionnaire:{name}",
            "version": self.base.pack.version,
            "name": "".join(part.capitalize() for part in f"{self.base.pack.id}_{name}".replace(":", "_").split("_")),
            "title": title,
            "status": "draft",
            "subjectType": ["Patient"],
            "purpose": f"{self.base.pack.intended_use} Rules: {self.base.pack.status}, digest {self.base.digest}.",
            **({"item": items} if items else {}),
        }

    def by_category(self, terms: Iterable[Term]) -> list[Resource]:
        found: dict[str, list[Resource]] = {}
        for term in terms:
            found.setdefault(term.category, []).append(self.item(term, term.id))
        return [
            {"linkId": f"category-{name}", "text": name.replace("_", " ").capitalize(), "type": "group", "item": items}
            for name, items in found.items()
        ]

    def structured(self, regions: Iterable[str], diagnoses: Iterable[str], muscles: Iterable[str]) -> list[Resource]:
        """The pain map, the diagnoses given and the muscles examined: a group that repeats for each entry."""
        words = self.base.vocabulary
        sides = self._choice("side", [self._coding("answer", side, side) for side in (*SIDES, "midline")], text="Side")
        where = [self._coding("region", region, words.regions[region].label) for region in regions]
        given = [self._coding("diagnosis", diagnosis, words.diagnoses[diagnosis].label) for diagnosis in diagnoses]
        examined = [self._coding("muscle", muscle, words.muscle_label(muscle)) for muscle in muscles]
        pain = [
            self._choice("pain.region", where, text="Where"),
            {**sides, "linkId": "pain.side"},
            self._yes_no("pain.present", "Pain there", "asked"),
        ]
        if "pain_intensity" in words.terms:
            level = self.item(words.terms["pain_intensity"], "pain.intensity")
            pain.append({**level, "enableWhen": [self._when("pain.present", "present")]})
        labels = [self._choice("labels.diagnosis", given, text="Diagnosis"), self._yes_no("labels.given", "Has been given", "asked")]
        labels += [
            {**self.item(term, f"labels.{term.id}"), "enableWhen": [self._when("labels.given", "present")]}
            for term in self._terms_of("label")
        ]
        exam = [self._choice("exam.muscle", examined, text="Muscle"), {**sides, "linkId": "exam.side"}]
        exam += [self.item(term, f"exam.{term.id}") for term in self._terms_of("muscle")]
        whole = self._yes_no("pain_map_complete", "Everywhere else is free of pain", "asked")
        return [
            {"linkId": "pain", "text": "Where it hurts, and where it does not", "type": "group", "repeats": True, "item": pain},
            whole,
            {"linkId": "labels", "text": "Diagnoses given", "type": "group", "repeats": True, "item": labels},
            {"linkId": "exam", "text": "Muscles examined", "type": "group", "repeats": True, "item": exam},
        ]

    def _terms_of(self, subject: str) -> list[Term]:
        return [term for term in self.base.vocabulary.terms.values() if term.subject == subject and not term.fact]

    def item(self, term: Term, link: str) -> Resource:
        """The question for a finding."""
        if term.kind == "boolean":
            item = self._yes_no(link, term.label, term.cost)
        elif term.kind in ("number", "duration"):
            item = self._decimal(term, link)
        elif term.kind == "many_of" and len(term.values) <= MOST_WORDS:
            parts = [self._yes_no(f"{link}.{word}", word.replace("_", " "), term.cost) for word in term.values]
            item = {"linkId": link, "text": term.label, "type": "group", "item": parts}
        else:
            words = [self._coding("value", f"{term.id}.{word}", word.replace("_", " ")) for word in term.values]
            item = self._choice(link, words, text=term.label)
            if term.kind == "many_of":
                item["repeats"] = True
        item["code"] = self._codes(term)
        if isinstance(term.denied_by, c.Words) and len(term.denied_by.values) == 1:
            other, word = term.denied_by.term, term.denied_by.values[0]
            answer = self._coding("value", f"{other}.{word}", word.replace("_", " "))
            item["enableWhen"] = [
                {"question": other, "operator": "exists", "answerBoolean": False},
                {"question": other, "operator": "!=", "answerCoding": answer},
            ]
            item["enableBehavior"] = "any"
        return item

    def _decimal(self, term: Term, link: str) -> Resource:
        unit = term.unit or "1"
        shown = self.base.vocabulary.shown_unit(term.id).strip()
        coding = {"system": UCUM, "code": unit, **({"display": shown} if shown else {})}
        extensions: list[Resource] = [{"url": f"{EXTENSION}/questionnaire-unit", "valueCoding": coding}]
        for name, limit in zip(("minValue", "maxValue"), term.range or (), strict=False):
            extensions.append({"url": f"{EXTENSION}/{name}", "valueDecimal": limit})
        return {"extension": extensions, "linkId": link, "text": term.label, "type": "decimal"}

    def _yes_no(self, link: str, text: str, cost: str) -> Resource:
        unknown = "not known" if cost == "asked" else "not examined"
        options = [self._coding("answer", *one) for one in (("present", "present"), ("absent", "absent"), ("unknown", unknown))]
        return self._choice(link, options, text=text)

    def _choice(self, link: str, options: Iterable[Resource], *, text: str) -> Resource:
        return {"linkId": link, "text": text, "type": "choice", "answerOption": [{"valueCoding": option} for option in options]}

    def _when(self, question: str, answer: str) -> Resource:
        return {"question": question, "operator": "=", "answerCoding": self._coding("answer", answer, answer)}

    def _codes(self, term: Term) -> list[Resource]:
        uris = {system.id: system.uri for system in reversed(self.base.codes.systems)}
        more = [{"system": uris[name], "code": code} for name, code in term.codes.items() if name in uris and name != "icd10cm"]
        return [self._coding("finding", term.id, term.label), *more]

    def _coding(self, kind: Any, code: str, display: str) -> Resource:
        return {"system": own_system(self.base, kind), "code": code, "display": display}


def _every(items: Iterable[Resource]) -> Iterator[Resource]:
    for item in items:
        yield item
        yield from _every(item.get("item", ()))


class _Filler:
    """Fills a form in; used once."""

    def __init__(self, base: KnowledgeBase, findings: Findings) -> None:
        self.base, self.words, self.known = base, base.vocabulary, findings
        self.row = as_row(findings, base.vocabulary)
        for finding in findings.patient:
            if not finding.follows_from:
                self.row |= _cells(finding.term, finding)

    def filled(self, item: Mapping[str, Any]) -> list[Resource]:
        """The item with its answers, once, several times, or not at all."""
        link = item["linkId"]
        if link == "pain":
            rows = [self._pain(entry) for entry in self.known.pain]
        elif link == "labels":
            rows = [self._label(given) for given in self.known.labels]
        elif link == "exam":
            rows = [self._exam(exam) for exam in self.known.exam]
        else:
            return self._with(item, self.row)
        return [one for row in rows for one in self._with(item, row)]

    def _with(self, item: Mapping[str, Any], row: Mapping[str, Any]) -> list[Resource]:
        link, kept = item["linkId"], {name: item[name] for name in ("linkId", "text") if name in item}
        if item["type"] == "group":
            parts = [one for part in item["item"] for one in (self.filled(part) if row is self.row else self._with(part, row))]
            return [{**kept, "item": parts}] if parts else []
        value = row.get(link)
        if item["type"] == "decimal":
            return [{**kept, "answer": [{"valueDecimal": value}]}] if isinstance(value, int | float) else []
        if isinstance(value, bool):
            value = ("present",) if value else ("absent",)
        chosen = (value,) if isinstance(value, str) else value or ()
        options = {option["valueCoding"]["code"].rpartition(".")[2]: option for option in item["answerOption"]}
        given = [options[word] for word in chosen if word in options]
        return [{**kept, "answer": given}] if given else []

    def _pain(self, entry: Pain) -> dict[str, Any]:
        return {"pain.region": entry.region, "pain.side": entry.side, "pain.present": entry.present, "pain.intensity": entry.intensity}

    def _label(self, given: GivenLabel) -> dict[str, Any]:
        row = {"labels.diagnosis": given.label, "labels.given": given.present}
        for finding in given.findings:
            row |= _cells(f"labels.{finding.term}", finding)
        return row

    def _exam(self, exam: Exam) -> dict[str, Any]:
        row: dict[str, Any] = {"exam.muscle": exam.muscle, "exam.side": exam.side}
        for finding in exam.findings:
            row |= _cells(f"exam.{finding.term}", finding)
        return row


def _cells(link: str, finding: Finding) -> dict[str, Any]:
    """What the questions for a finding are answered with: its value, its words, and each word by itself."""
    if finding.value is not None:
        return {link: finding.value}
    single = {f"{link}.{word}": word in finding.words for word in (*finding.words, *finding.denied)}
    return {link: finding.words, **single}
