"""
Draft orders of FHIR R4 become the kinds of order that the pack knows, and the problems that they are ordered for.

An order that is not known, not to be carried out, or already revoked is no kind of order; nothing is concluded from its text.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from mps_rules.knowledge.code_tables import OrderKind
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.records import fhir_json as f
from mps_rules.records.codes import code_book

OFF = ("revoked", "entered-in-error", "cancelled", "stopped")


@attrs.frozen
class Order:
    """One order: what kinds it is of, and the codes of the problems that it is for, each as a concept."""

    kinds: tuple[OrderKind, ...]
    reasons: tuple[Mapping[str, Any], ...]


def read_orders(drafts: Any, kb: KnowledgeBase, *, selected: Iterable[Any] | None = None) -> tuple[Order, ...]:
    """
    The orders of a Bundle of drafts that are of a kind the pack knows; where some are selected, those alone.

    >>> from mps_rules import load
    >>> oxycodone = {"system": "http://www.whocc.no/atc", "code": "N02AA05"}
    >>> order = {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": {"coding": [oxycodone]}}
    >>> drafts = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    >>> [kind.id for order in read_orders(drafts, load()) for kind in order.kinds]
    ['opioid']
    >>> read_orders(drafts, load(), selected=["MedicationRequest/2"])
    ()
    """
    resources = [f.mapping(entry.get("resource")) for entry in f.mappings(f.mapping(drafts).get("entry"))]
    named = {_name(resource): resource for resource in resources}
    chosen = None if selected is None else {f.text(one) for one in selected}
    book, found = code_book(kb), []
    for order in resources:
        if (chosen is not None and _name(order) not in chosen) or order.get("doNotPerform") is True or f.text(order.get("status")) in OFF:
            continue
        kinds = {
            kind.id: kind
            for coding in f.codings(list(_concepts(order, named)))
            for kind in book.orders(f.text(coding.get("system")), f.text(coding.get("code")))
        }
        if kinds:
            found.append(Order(tuple(kinds.values()), tuple(f.mappings(order.get("reasonCode")))))
    return tuple(found)


def _name(resource: Mapping[str, Any]) -> str:
    return f"{f.text(resource.get('resourceType'))}/{f.text(resource.get('id'))}"


def _concepts(order: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> Iterator[Any]:
    """Everything that says in codes what is ordered."""
    yield from f.listed(order.get("code"))
    yield from f.listed(order.get("category"))
    yield from f.listed(order.get("medicationCodeableConcept"))
    reference = f.text(f.mapping(order.get("medicationReference")).get("reference"))
    inside = {f"#{f.text(mapping.get('id'))}": mapping for mapping in f.mappings(order.get("contained"))}
    yield from f.listed(f.mapping(inside.get(reference) or named.get(reference)).get("code"))
