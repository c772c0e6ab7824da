"""
A finding's address names one thing that can be known of a patient, and says how to change it.

``fever``; ``low_back.left`` (pain there); ``gluteus_medius.left.taut_band``; ``facet_syndrome.label_treated_without_relief``;
``labels.facet_syndrome`` (that the diagnosis was given; ``labels.facet_syndrome.label_treated_without_relief`` is read too). What is changed is the caller's own mapping, which is then read like any other.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs

from mps_rules.errors import Fault, FindingError, closest
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Vocabulary, lowered, muscle_subject, placed
from mps_rules.patient.values import Finding, Findings, is_missing


@attrs.frozen
class Address:
    """Of what kind a thing known is, of whom, and which; ``side`` belongs to pain and muscles."""

    kind: Literal["patient", "muscle", "label", "pain", "given"]
    name: str
    term: str = ""
    side: str | None = None

    def __str__(self) -> str:
        match self.kind:
            case "patient":
                return self.term
            case "pain":
                return f"pain.{muscle_subject(self.name, self.side)}"
            case "given":
                return f"labels.{self.name}"
            case "muscle":
                return f"{muscle_subject(self.name, self.side)}.{self.term}"
        return f"{self.name}.{self.term}"

    @property
    def subject(self) -> str:
        """Of whom the finding is: the patient, a muscle and side, or a diagnosis."""
        if self.kind == "muscle":
            return muscle_subject(self.name, self.side)
        return self.name if self.kind == "label" else PATIENT

    def words(self, vocabulary: Vocabulary) -> str:
        """
        The address as people say it.

        >>> from mps_rules import load
        >>> words = load().vocabulary
        >>> address("gluteus_medius.left.taut_band", words).words(words)
        'gluteus medius (left): taut band felt'
        """
        if self.kind == "pain" and vocabulary.regions[self.name].parent is None:
            return "pain anywhere"
        if self.kind == "pain":
            return f"pain {placed(vocabulary.name('region', self.name))}" + (f", {self.side}" if self.side else "")
        if self.kind == "given":
            return f"diagnosis given: {lowered(vocabulary.diagnoses[self.name].label)}"
        label = lowered(vocabulary.terms[self.term].label)
        return label if self.kind == "patient" else f"{lowered(vocabulary.subject_label(self.subject))}: {label}"


def address(text: str, words: Vocabulary) -> Address:
    """
    The address that a text names.

    >>> from mps_rules import load
    >>> str(address("low_back.left", load().vocabulary)), address("fever", load().vocabulary).kind
    ('pain.low_back.left', 'patient')

    Raises:
        FindingError: it names nothing that can be known of a patient; says the closest word.

    """
    found = meant(text, words)
    if found is None:
        first, *rest = str(text).split(".")
        wrong, known = _misplaced(first, rest, words)
        near = closest(wrong, {*known} - {wrong})
        raise FindingError([Fault(str(text)[:120], "names no finding, painful place, muscle's finding or diagnosis", near)])
    return found


def meant(text: str, words: Vocabulary) -> Address | None:
    """The address that a text names, or None: for whoever needs no closest word, which costs far more."""
    first, *rest = str(text).split(".")
    term = words.terms.get(rest[-1] if rest else first)
    if not rest and term and term.subject == "patient" and not term.fact:
        return Address("patient", PATIENT, first)
    if term and rest and term.subject == "muscle" and first in {*words.muscles, *words.groups} and _side(rest[:-1], SIDES):
        return Address("muscle", first, term.id, rest[0] if len(rest) > 1 else None)
    if term and len(rest) == 1 and term.subject == "label" and first in words.diagnoses:
        return Address("label", first, term.id)
    if first == "labels" and rest and rest[0] in words.diagnoses:
        if len(rest) == 1:
            return Address("given", rest[0])
        return Address("label", rest[0], term.id) if term and term.subject == "label" and len(rest) == 2 else None
    region, *side = rest if first == "pain" and rest else (first, *rest)
    if region in words.regions and _side(side, (*SIDES, "midline")):
        return Address("pain", region, side=side[0] if side else None)
    return None


def of_finding(subject: str, term: str, words: Vocabulary) -> Address:
    """The address of a finding of a subject: the patient, a muscle and side, or a diagnosis."""
    known = words.terms.get(term)
    if subject == PATIENT or known is None or known.subject == "patient":
        return Address("patient", PATIENT, term)
    if known.subject == "label":
        return Address("label", subject, term)
    muscle, _, side = subject.partition(".")
    return Address("muscle", muscle, term, side or None)


def _misplaced(first: str, rest: list[str], words: Vocabulary) -> tuple[str, Iterable[str]]:
    """The part of an address that does not belong where it stands, and what could stand there."""
    if first == "labels" and rest[1:] and rest[0] in words.diagnoses:
        return rest[-1], [term.id for term in words.terms.values() if term.subject == "label"]
    if first == "labels" and rest:
        return rest[0], words.diagnoses
    if first == "pain" and rest:
        first, rest = rest[0], rest[1:]
        return (rest[0], (*SIDES, "midline")) if rest and first in words.regions else (first, words.regions)
    if first in words.regions and rest:
        return rest[0], (*SIDES, "midline")
    if first in {*words.muscles, *words.groups} and rest:
        if rest[:-1] and not _side(rest[:-1], SIDES):
            return rest[0], SIDES
        return rest[-1], [term.id for term in words.terms.values() if term.subject == "muscle"]
    if first in words.diagnoses and rest:
        return rest[-1], [term.id for term in words.terms.values() if term.subject == "label"]
    return first, {*words.terms, *words.regions, *words.muscles, *words.groups, *words.diagnoses}


def _side(parts: list[str], possible: tuple[str, ...]) -> bool:
    return not parts or (len(parts) == 1 and parts[0] in possible)


def as_mapping(findings: Findings) -> dict[str, Any]:
    """The mapping that reads back as these findings; what only follows from others is left out."""
    data: dict[str, Any] = {f.term: _written(f) for f in findings.patient if not f.follows_from}
    if findings.pain:
        data["pain"] = [
            {key: value for key, value in attrs.asdict(entry).items() if value is not None and (key, value) != ("present", True)}
            for entry in findings.pain
        ]
    if findings.pain_map_complete is not None:
        data["pain_map_complete"] = findings.pain_map_complete
    if findings.labels:
        data["labels"] = {g.label: {f.term: _written(f) for f in g.findings} if g.present else False for g in findings.labels}
    if findings.exam:
        data["exam"] = [
            {"muscle": exam.muscle, **({"side": exam.side} if exam.side else {}), **{f.term: _written(f) for f in exam.findings}}
            for exam in findings.exam
        ]
    if findings.somewhere:
        data["exam"] = data.get("exam", []) + [
            {"region": one.region, **({"side": one.side} if one.side else {}), **{f.term: _written(f) for f in one.findings}}
            for one in findings.somewhere
        ]
    return data


def _written(finding: Finding) -> Any:
    if finding.value is not None:
        return finding.value
    if finding.between is not None:
        return dict(zip(("at_least", "at_most"), finding.between, strict=True))
    return {**dict.fromkeys(finding.words, True), **dict.fromkeys(finding.denied, False)}


def as_row(findings: Findings, words: Vocabulary) -> dict[str, Any]:
    """
    The findings as one row of a table: address to value, a word to a column of its own where several may hold.

    A number of which only a range is known has two columns, its ends. The intensity of a pain, and what was found in some muscle of a region,
    are left out: no table of patients asks for them.
    What only follows from others is left out too.
    """
    row: dict[str, Any] = {}
    for finding in findings.patient:
        if not finding.follows_from:
            row |= _cells(finding.term, finding, words)
    for pain in findings.pain:
        row[str(Address("pain", pain.region, side=pain.side))] = pain.present
    if findings.pain_map_complete is not None:
        row["pain_map_complete"] = findings.pain_map_complete
    for given in findings.labels:
        row[str(Address("given", given.label))] = given.present
        for finding in given.findings:
            row |= _cells(str(Address("label", given.label, finding.term)), finding, words)
    for exam in findings.exam:
        row[str(Address("muscle", exam.muscle, "examined", exam.side))] = True
        for finding in exam.findings:
            row |= _cells(str(Address("muscle", exam.muscle, finding.term, exam.side)), finding, words)
    return row


def _cells(at: str, finding: Finding, words: Vocabulary) -> dict[str, Any]:
    if finding.value is not None:
        return {at: finding.value}
    if finding.between is not None:
        return {f"{at}.{end}": amount for end, amount in zip(("at_least", "at_most"), finding.between, strict=True)}
    if finding.words and words.terms[finding.term].kind == "one_of":
        return {at: finding.words[0]}
    return {f"{at}.{word}": word in finding.words for word in (*finding.words, *finding.denied)}


def changed(findings: Findings, changes: Mapping[str, Any], words: Vocabulary) -> dict[str, Any]:
    """
    The mapping of the findings with changes made in it; None, or a missing cell of a frame, makes a finding unknown. It is not checked here.

    Raises:
        FindingError: addresses that name nothing; all of them.

    """
    data = as_mapping(findings)
    faults: list[Fault] = []
    for text, value in changes.items():
        try:
            _change(data, address(text, words), None if is_missing(value) else value)
        except FindingError as error:
            faults += error.faults
    if faults:
        raise FindingError(faults)
    return data


def _change(data: dict[str, Any], at: Address, value: Any) -> None:
    match at.kind:
        case "patient":
            data[at.term] = value
        case "given":
            labels = data.setdefault("labels", {})
            if value is not True or not isinstance(labels.get(at.name), dict):
                labels[at.name] = value
        case "label":
            labels = data.setdefault("labels", {})
            about = labels.get(at.name)
            if value is not None or isinstance(about, dict):
                labels[at.name] = {**(about if isinstance(about, dict) else {}), at.term: value}
        case "pain":
            entries = data.setdefault("pain", [])
            found = next((e for e in entries if (e["region"], e.get("side")) == (at.name, at.side)), None)
            if found is None or found.get("present", True) is not value:
                entry = {"region": at.name, **({"side": at.side} if at.side else {}), "present": value}
                data["pain"] = [e for e in entries if e is not found] + ([] if value is None else [entry])
        case "muscle":
            entries = data.setdefault("exam", [])
            found = next((e for e in entries if (e.get("muscle"), e.get("side")) == (at.name, at.side)), None)
            if found is None and value is not None:
                found = {"muscle": at.name, **({"side": at.side} if at.side else {})}
                entries.append(found)
            if found is not None:
                found[at.term] = value
