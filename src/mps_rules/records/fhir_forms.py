"""What the answers of a FHIR form (QuestionnaireResponse) say."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import attrs

from mps_rules.patient.addresses import Address, meant
from mps_rules.records import fhir_json as f
from mps_rules.records.claims import EXAMINED, Moment
from mps_rules.records.codes import Own
from mps_rules.records.fhir_values import MAP_COMPLETE, Record, Values, known_side

DEEPEST = 20
"""Levels of items in a form; deeper ones are not read."""


class Forms(Values):
    """What the answers of a form say: items inside items, and groups that stand for a muscle, a diagnosis or a place."""

    def _record(self, where: str, kind: str, when: f.Span | None, doubt: str = "") -> Record:
        """A record on its way; a date that cannot be read is as good as none, and puts it in doubt."""
        unread = "" if when else "its date cannot be read"
        return Record(where, Moment(*(when or f.UNTOLD)), kind, self.doubt or doubt or unread)

    # --- forms

    def _answers(self, resource: Mapping[str, Any], where: str) -> None:
        if resource.get("status") == "stopped":
            self.doubt = self.doubt or "its status is stopped"
        if not self._is_live(resource, where, "completed", "amended", "in-progress", "stopped"):
            return
        record = self._record(where, "QuestionnaireResponse", f.when(resource, "authored"))
        if not self._is_past(record.when, where):
            return
        form = f.text(resource.get("questionnaire")).partition("|")[0]
        if form.startswith(f"{self.base.codes.canonical}:questionnaire"):
            for item, at in self._items(resource, record):
                self._own_item(item, at)
            return
        links = codes_by_link(self.forms.get(form) or self.forms.get(form.rpartition("/")[2]) or {})
        for item, at in self._items(resource, record):
            link = f.text(item.get("linkId"))
            concept = {"coding": links.get(link) or [{"system": form, "code": link}]}
            answers = f.mappings(item.get("answer"))
            if not answers and not item.get("item"):
                self._skip(at.where, "", "holds no answer")
            for answer in answers:
                self._observed(at, concept, f.value_of(answer))

    def _items(self, resource: Mapping[str, Any], record: Record) -> Iterator[tuple[Mapping[str, Any], Record]]:
        """Every item of a form, those within items and answers too."""
        waiting = deque((item, record.within(f"item[{number}]"), 1) for number, item in enumerate(f.listed(resource.get("item"))))
        while waiting:
            item, at, depth = waiting.popleft()
            if not isinstance(item, Mapping):
                self._skip(at.where, "", "is no item")
                continue
            if item.get("modifierExtension"):
                at = attrs.evolve(at, doubt=at.doubt or "it holds a modifier that is not known here")
            yield item, at
            inner = [
                *f.listed(item.get("item")),
                *(one for answer in f.mappings(item.get("answer")) for one in f.listed(answer.get("item"))),
            ]
            if inner and depth >= DEEPEST:
                self._skip(at.where, "", "its items are nested too deep")
            elif not self._is_structured(item):
                waiting.extend((one, at.within(f"item[{number}]"), depth + 1) for number, one in enumerate(inner))

    def _is_structured(self, item: Mapping[str, Any]) -> bool:
        return f.text(item.get("linkId")) in ("pain", "exam", "labels")

    def _own_item(self, item: Mapping[str, Any], at: Record) -> None:
        """An item of a form that was made from this vocabulary."""
        link = f.text(item.get("linkId"))
        values = [f.value_of(answer) for answer in f.mappings(item.get("answer"))]
        if self._is_structured(item):
            self._own_group(link, f.mappings(item.get("item")), at)
        elif link == MAP_COMPLETE:
            for value in values:
                self._say_truth(at, "", self._patient_at(MAP_COMPLETE), self._truth_of(value, at))
        elif values:
            name, _, word = link.rpartition(".")
            term = self.words.terms.get(name.rpartition(".")[2])
            target = meant(name if term and word in term.values else link, self.words)
            if target is None:
                self._skip(at.where, "", "no question of these rules")
                return
            for value in values:
                if term and word in term.values:
                    self._say_word(at, "", target, word, self._truth_of(value, at), value=value)
                else:
                    self._tell(at, "", target, self._in_own_unit(value, target.term))

    def _own_group(self, kind: str, items: list[Mapping[str, Any]], at: Record) -> None:
        """One painful place, one muscle examined, or one diagnosis given: which, and what is said of it."""
        said = {
            f.text(item.get("linkId")).partition(".")[2]: [f.value_of(answer) for answer in f.mappings(item.get("answer"))]
            for item in flattened(items)
        }

        def named(own: Own, known: Collection[str]) -> tuple[str, str | None]:
            concept = {"coding": [coding for value in said.get(own, ()) for coding in value.codings]}
            sides = {"coding": [coding for value in said.get("side", ()) for coding in value.codings]}
            name, _, side = self._own(concept, own).partition(".")
            if name not in known:
                self._skip(at.where, "", f"names no {own} of these rules")
                return "", None
            return name, known_side(side or self._own(sides, "answer"))

        if kind == "pain":
            name, side = named("region", self.words.regions)
            if name:
                self._own_pain(attrs.evolve(at, region=name, side=side), said)
        elif kind == "exam":
            name, side = named("muscle", {*self.words.muscles, *self.words.groups})
            if name:
                self._say(at, "", Address("muscle", name, EXAMINED, side), "", True)
                self._own_parts(at, lambda term: Address("muscle", name, term, side), "muscle", said)
        else:
            name, _ = named("diagnosis", self.words.diagnoses)
            told = next((self._truth_of(value, at) for value in said.get("given", ())), None)
            if name:
                self._say_truth(at, "", Address("given", name), told)
            if name and told is not None:
                self._own_parts(at, lambda term: Address("label", name, term), "label", said)

    def _own_pain(self, at: Record, said: Mapping[str, list[f.Value]]) -> None:
        told = next((self._truth_of(value, at) for value in said.get("present", ())), None)
        levels = [value for value in said.get("intensity", ()) if value.number is not None]
        if told is not None or not levels:
            self._say_truth(at, "", Address("pain", at.region, side=at.side), told)
        if told is False and levels:
            self._skip(at.where, "", "how strong a pain is that is said to be absent")
            return
        for level in levels:
            self._pain_level(at, "", level)

    def _own_parts(self, at: Record, about: Callable[[str], Address], subject: str, said: Mapping[str, list[f.Value]]) -> None:
        """What is said of a muscle or a diagnosis, finding by finding."""
        for key, values in said.items():
            name, _, word = key.partition(".")
            term = self.words.terms.get(name)
            if term is None or term.subject != subject or term.fact:
                continue
            for value in values:
                if word in term.values:
                    self._say_word(at, "", about(name), word, self._truth_of(value, at))
                else:
                    self._tell(at, "", about(name), self._in_own_unit(value, name))


def flattened(items: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Items and the items within them."""
    waiting = [(item, 1) for item in items]
    while waiting:
        item, depth = waiting.pop()
        yield item
        if depth < DEEPEST:
            waiting += [(mapping, depth + 1) for mapping in f.mappings(item.get("item"))]


def codes_by_link(form: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The codes of a Questionnaire's items by their link."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    waiting = [(item, 1) for item in f.mappings(form.get("item"))]
    while waiting:
        item, depth = waiting.pop()
        if codes := f.mappings(item.get("code")):
            found[f.text(item.get("linkId"))] = codes
        if depth < DEEPEST:
            waiting += [(mapping, depth + 1) for mapping in f.mappings(item.get("item"))]
    return found
