"""The assessments of several patients: a list that shows itself as a table, and becomes a frame with the caller's own columns and index."""

from collections.abc import Mapping, Sequence
from typing import Any

from mps_rules.answer.values import Assessment
from mps_rules.language.conditions import Truth
from mps_rules.language.listing import SHOWN, Library, frame_of, table

MET: Mapping[str, Truth] = {"met": True, "not_met": False}


class Assessments(list[Assessment]):
    """
    What the rules say of several patients, in their order; ``kept`` are the columns that were carried along, ``row_labels`` the index of a frame.

    >>> from mps_rules import evaluate_many
    >>> evaluate_many([{"saddle_anaesthesia": True}, {}])
    <2 assessments: 1 emergency, 1 none>
    """

    def __init__(self, found: Sequence[Assessment] = (), kept: Mapping[str, Sequence[Any]] | None = None, index: Any = None) -> None:
        super().__init__(found)
        self.kept = dict(kept or {})
        self.row_labels = index

    def rows(self) -> list[dict[str, Any]]:
        """
        A row for each patient: what was carried along, urgency, screening, red flags, what leads, and whether each published definition is met.
        """
        return [{name: cells[number] for name, cells in self.kept.items()} | row_of(one) for number, one in enumerate(self)]

    def to_frame(self, library: Library | None = None) -> Any:
        """
        The rows as a frame; whether a definition is met is a nullable boolean, missing where it is undecided.

        Raises:
            UnsupportedError: no library for frames is installed, or not the one that was asked for.

        """
        return frame_of(self.rows(), library, self.row_labels)

    def __repr__(self) -> str:
        urgencies = [one.urgency for one in self]
        told = ", ".join(f"{urgencies.count(urgency)} {urgency}" for urgency in dict.fromkeys(sorted(urgencies)))
        return f"<{len(self)} assessments{f': {told}' if told else ''}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        shown = Assessments(self[:SHOWN], {name: cells[:SHOWN] for name, cells in self.kept.items()}).rows()
        short = (*self.kept, "urgency", "screening", "red_flags", "leading", "status")
        return table([{name: row[name] for name in short} for row in shown], len(self))


def row_of(assessment: Assessment) -> dict[str, Any]:
    """One assessment as a row of plain cells; a definition that is asked of each muscle is met where it is met of any."""
    first = assessment.hypotheses[0] if assessment.hypotheses and assessment.hypotheses[0].supports else None
    met: dict[str, Truth] = {}
    for result in assessment.criteria:
        found = MET.get(result.status)
        before = met.setdefault(result.id, found)
        met[result.id] = True if True in (found, before) else None if None in (found, before) else False
    return {
        "urgency": assessment.urgency,
        "screening": assessment.screening,
        "red_flags": [alert.id for alert in assessment.alerts if alert.status == "raised"],
        "open_red_flags": [alert.id for alert in assessment.alerts if alert.status == "open"],
        "leading": first.id if first else None,
        "status": first.status if first else None,
        "muscles": [f"{one.muscle}.{one.side}" if one.side else one.muscle for one in assessment.muscles[:3]],
        **met,
    }
