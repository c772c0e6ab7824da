"""
A condition as it is written becomes a ``Condition``; every fault is kept.

A new form is added here, in ``language.conditions`` and in its wording, nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mps_rules.errors import Fault, Misfit, closest, shown
from mps_rules.errors import Path as Steps
from mps_rules.knowledge.causes import Cause
from mps_rules.knowledge.shelf import Place
from mps_rules.knowledge.vocabulary import SIDES, Subject, Term, Vocabulary
from mps_rules.language import conditions as c

BOUNDS = ("at_least", "above", "at_most", "below")
FORMS = (
    "all", "any", "not", "at_least", "pain_at", "label", "derived", "muscle", "label_is", "label_muscle", "any_muscle",
    "count_muscles", "established", "known", "item", "any_label", "suspicion",
)  # fmt: skip


class ConditionParser:
    """Reads conditions as they are written; every fault is kept, and a faulty part becomes a placeholder."""

    def __init__(
        self,
        words: Vocabulary,
        place: Place,
        causes: Mapping[str, Cause] | None = None,
        shared: dict[c.Condition, c.Condition] | None = None,
    ) -> None:
        self.words = words
        self.place = place
        self.shared = {} if shared is None else shared
        self.causes = causes or {}
        self.faults: list[Fault] = []

    def parse(self, data: object, path: Steps, scope: Subject) -> c.Condition:
        """A condition; equal ones are one value, which makes them quick to look up."""
        made = self._parsed(data, path, scope)
        return self.shared.setdefault(made, made)

    def _parsed(self, data: object, path: Steps, scope: Subject) -> c.Condition:
        if isinstance(data, str):
            return self._term(data, None, path, scope)
        if not isinstance(data, dict) or len(data) != 1:
            joined = "; of a list say whether all: [...] or any: [...] of it holds" if isinstance(data, list) else ""
            return self._fault(path, f"a condition has exactly one form, got {shown(data)}{joined}")
        (form, value), *_ = data.items()
        if form in FORMS:
            return self._form(form, value, (*path, form), scope)
        return self._term(form, value, (*path, form), scope)

    def _fault(self, path: Steps, what: str, near: str | None = None) -> c.Condition:
        self.faults.append(Fault(self.place(path), what, near))
        return c.Present("")

    def _form(self, form: str, value: Any, path: Steps, scope: Subject) -> c.Condition:
        match form:
            case "all" | "any":
                of = self._several(value, path, scope)
                return (c.All if form == "all" else c.Any)(of)
            case "not":
                return c.Not(self.parse(value, path, scope))
            case "established":
                return c.Established(self.parse(value, path, scope))
            case "known":
                return c.Known(self.parse(value, path, scope))
            case "at_least":
                keys = self._keys(value, path, ("n", "of"))
                if keys is None:
                    return c.Present("")
                of = self._several(keys["of"], (*path, "of"), scope)
                if not isinstance(keys["n"], int) or isinstance(keys["n"], bool) or not 1 <= keys["n"] <= len(of):
                    return self._fault((*path, "n"), f"n must be a number from 1 to {len(of)}, got {shown(keys['n'])}")
                return c.AtLeast(keys["n"], of)
            case "item":
                keys = self._keys(value, path, ("id", "label", "is"))
                if keys is None:
                    return c.Present("")
                return c.Item(str(keys["id"]), str(keys["label"]), self.parse(keys["is"], (*path, "is"), scope))
            case "pain_at":
                return self._pain_at(value, path)
            case "label":
                return c.Label(self._ids(value, path, "diagnosis", self.words.diagnoses))
            case "derived":
                return c.Derived(value) if isinstance(value, str) else self._fault(path, f"expected an id, got {shown(value)}")
            case "muscle":
                self._only("muscle", scope, path)
                return c.MuscleIs(self._ids(value, path, "muscle", {*self.words.muscles, *self.words.groups}))
            case "label_is":
                self._only("label", scope, path)
                field = "id" if isinstance(value, dict) and "id" in value else "kind"
                keys = self._keys(value, path, (field,))
                known = sorted({getattr(d, field) for d in self.words.diagnoses.values()})
                what = "diagnosis" if field == "id" else "kind of diagnosis"
                return c.LabelIs(field, self._ids(keys[field], (*path, field), what, known)) if keys else c.Present("")
            case "label_muscle":
                self._only("label", scope, path)
                return c.LabelMuscle(self.parse(value, path, "muscle"))
            case "any_label":
                return c.AnyLabel(self.parse(value, path, "label"))
            case "suspicion":
                return self._suspicion(value, path)
            case "any_muscle" | "count_muscles":
                return self._muscles(form, value, path)
        raise AssertionError(f"a form that nobody reads: {form}")

    def _muscles(self, form: str, value: Any, path: Steps) -> c.Condition:
        wanted = ("where", "has") if form == "any_muscle" else ("where", "has", "at_least")
        keys = self._keys(value, path, wanted)
        if keys is None:
            return c.Present("")
        n = keys.get("at_least", 1)
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            return self._fault((*path, "at_least"), f"expected a whole number from 1, got {shown(n)}")
        return c.CountMuscles(c.All(tuple(self.parse(keys[key], (*path, key), "muscle") for key in ("where", "has"))), n)

    def _suspicion(self, value: Any, path: Steps) -> c.Condition:
        keys = self._keys(value, path, ("of", "at_least"))
        if keys is None:
            return c.Present("")
        n, of = keys["at_least"], keys["of"]
        if not isinstance(n, int) or isinstance(n, bool):
            return self._fault((*path, "at_least"), f"expected a whole number of points, got {shown(n)}")
        if not isinstance(of, str) or of not in self.causes:
            return self._fault((*path, "of"), f"no cause {shown(of)}", closest(str(of), self.causes))
        return c.Suspicion(of, n, self.causes[of].counted)

    def _pain_at(self, value: Any, path: Steps) -> c.Condition:
        side = None
        if isinstance(value, dict):
            keys = self._keys(value, path, ("regions", "side"))
            if keys is None:
                return c.Present("")
            value, side = keys["regions"], keys["side"]
            if side not in (*SIDES, c.WHOLE):
                return self._fault((*path, "side"), f"no side {side!r}", closest(side, (*SIDES, c.WHOLE)))
        return c.PainAt(self._ids(value, path, "region", self.words.regions), side)

    def _several(self, value: Any, path: Steps, scope: Subject) -> tuple[c.Condition, ...]:
        if not isinstance(value, list) or not value:
            return (self._fault(path, f"expected a list of conditions, got {shown(value)}"),)
        return tuple(self.parse(part, (*path, index), scope) for index, part in enumerate(value))

    def _keys(self, value: Any, path: Steps, wanted: Sequence[str]) -> dict[str, Any] | None:
        if isinstance(value, dict) and set(value) == set(wanted):
            return value
        given = sorted(value) if isinstance(value, dict) else shown(value)
        self._fault(path, f"expected the keys {', '.join(wanted)}, got {given}")
        return None

    def _ids(self, value: Any, path: Steps, kind: str, known: Iterable[str]) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            self._fault(path, f"expected a list of ids, got {shown(value)}")
            return ()
        for index, word in enumerate(value):
            if not isinstance(word, str) or word not in known:
                self._fault((*path, index), f"no {kind} {shown(word)}", closest(word, known))
        return tuple(str(word) for word in value)

    def _only(self, wanted: Subject, scope: Subject, path: Steps) -> None:
        if scope != wanted:
            self._fault(path, f"stands only in a rule about a {wanted}")

    def _term(self, word: str, value: Any, path: Steps, scope: Subject) -> c.Condition:
        term = self.words.terms.get(word)
        if term is None:
            return self._fault(path, f"no finding {word!r} in the vocabulary", closest(word, {*self.words.terms, *FORMS}))
        if term.subject not in ("patient", scope):
            where = "any_muscle or a rule about a muscle" if term.subject == "muscle" else f"a rule about a {term.subject}"
            return self._fault(path, f"{word!r} is a finding of a {term.subject}; it stands only in {where}")
        if term.kind == "boolean":
            if value is not None:
                return self._fault(path, f"{word!r} is a yes/no finding: write it alone, or under not")
            return c.Present(word)
        if term.kind in ("one_of", "many_of"):
            return c.Words(word, term.values if value == "any" else self._ids(value, path, f"value of {word!r}", term.values))
        return self._compare(term, value, path)

    def _compare(self, term: Term, value: Any, path: Steps) -> c.Condition:
        if not isinstance(value, dict) or not value:
            return self._fault(path, f"expected bounds ({', '.join(BOUNDS)}), got {shown(value)}")
        bounds: dict[str, float] = {}
        words: list[str] = []
        for key, bound in value.items():
            if key not in BOUNDS:
                self._fault((*path, key), f"no bound {key!r}", closest(key, BOUNDS))
                continue
            try:
                bounds[key], told = self.words.limit(key, bound, term)
            except Misfit as misfit:
                self._fault((*path, key), str(misfit), misfit.near)
                continue
            words += [f"{c.BOUND_WORDS[key]} {told}"] if told else []
        return c.Compare(term.id, **bounds, told=" and ".join(words) if len(words) == len(bounds) else "")
