"""
One patient, forward-chained by experta: the only module that knows experta.

The rules are a program (``program``) that stands behind experta's seam as its matcher: whenever a fact opens a stratum, it works that stratum
out and hands over which rules hold, as activations. experta's agenda and ``run`` fire them; a right-hand side writes down that its rule fired
and of whom, and declares what it concludes; only what was declared counts in the next stratum. No NOT, no retraction, no patient state in a
rule; engines belong to one thread, and one that failed is thrown away. The strategy is our own: the stock one remembers patients.
"""

import importlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from mps_rules.chaining.program import program_of
from mps_rules.chaining.values import Values
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Subject
from mps_rules.patient.facts import Facts

_EXPERTA = os.environ.get("MPS_RULES_EXPERTA", "mps_rules._vendor.experta")
"""The package that is experta: the copy carried along, or a compatible one that its user installed and names, as its licence grants."""

experta: Any = importlib.import_module(_EXPERTA)
_Activation = importlib.import_module(f"{_EXPERTA}.activation").Activation
_abstract = importlib.import_module(f"{_EXPERTA}.abstract")
_FactList = importlib.import_module(f"{_EXPERTA}.factlist").FactList


class Opened(experta.Fact):  # type: ignore[misc]
    """That everything below a stratum has been said."""

    @classmethod
    def light(cls) -> "Opened":
        """The fact without experta's freezing: it holds nothing."""
        return cls.__new__(cls)

    def validate(self) -> None:
        """Nothing to check: no caller made it."""


class Concluded(experta.Fact):  # type: ignore[misc]
    """What a rule concluded: where it is declared, and of whom, as bits."""

    @classmethod
    def light(cls, about: Subject, store: int, of: int) -> "Concluded":
        """The fact without experta's freezing: numbers and a word need none."""
        fact = cls.__new__(cls)
        dict.__init__(fact, about=about, store=store, of=of)
        return fact

    def validate(self) -> None:
        """Nothing to check: a rule made it."""


class _Facts(_FactList):  # type: ignore[misc,valid-type]
    """experta's list of facts, which looks for no duplicates: each is declared once."""

    def declare(self, fact: Any) -> Any:
        fact.__factid__ = self.last_index
        self[self.last_index] = fact
        self.last_index += 1
        self.added.append(fact)
        return fact


class _Held(_Activation):  # type: ignore[misc,valid-type]
    """experta's activation: a rule that holds, and of whom; its facts are the patient's values."""

    def __init__(self, rule: Any, context: dict[str, int]) -> None:
        self.rule, self.facts, self.key, self.context = rule, (), None, context


class ProgramMatcher(_abstract.Matcher):  # type: ignore[misc,name-defined]
    """Runs the program one stratum on for each that is opened; facts are only ever added, each once."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        rules = [rule.new_conditions(*rule) for rule in engine.get_rules()]
        self.rules = rules[: len(engine.base.rules)]
        self.of_patient = [_Held(rule, {}) for rule in self.rules]
        """The activations of rules about the patient, which are alike for every patient."""
        self.closings = [_Held(rule, {}) for rule in rules[len(self.rules) :]]
        self.values: Values | None = None

    def reset(self) -> None:
        self.values = None

    def changes(self, adding: Any = None, deleting: Any = None) -> tuple[list[Any], list[Any]]:
        if deleting:
            message = "facts are never taken back"
            raise TypeError(message)
        values, found = self.values, []
        for fact in adding or ():
            if isinstance(fact, Concluded):
                values.declare(fact["about"], fact["store"], fact["of"])  # type: ignore[union-attr]
            else:
                found = self._stratum(values)  # type: ignore[arg-type]
        return found, []

    def _stratum(self, values: Values) -> list[Any]:
        held = values.stage()
        if values.stratum > values.program.depth + 1:
            return []
        rules, of_patient = self.rules, self.of_patient
        found = [_Held(rules[number], {"of": of}) if of else of_patient[number] for number, of in held]
        found.append(self.closings[values.stratum - 1])
        return found


class InOrder(_abstract.Strategy):  # type: ignore[misc,name-defined]
    """Fires a stratum in the order in which it was handed over: by rule, then what closes it; remembers nothing."""

    def _update_agenda(self, agenda: Any, added: Iterable[Any], removed: Iterable[Any]) -> None:
        if removed:
            message = "nothing that held stops holding"
            raise TypeError(message)
        if added:
            agenda.activations[:0] = reversed(list(added))


class _PatientEngine(experta.KnowledgeEngine):  # type: ignore[misc]
    """experta's engine with one patient's session; subclassed once for each knowledge base."""

    base: KnowledgeBase

    def get_deffacts(self) -> list[Any]:
        return []

    def chain(self, facts: Facts) -> Values:
        """Everything the rules conclude from one patient's facts."""
        self.reset()
        self.facts = _Facts()
        self.fired: dict[int, int] = {}
        values = self.matcher.values = Values(self.base, facts)
        self.facts.declare(Opened.light())
        self.run()
        values.fired = self.fired
        self.matcher.values = None
        del self.fired
        return values


def _experta_rules(base: KnowledgeBase) -> Iterator[Any]:
    """The rules as experta has them, in their order, and what closes each stratum."""
    program = program_of(base)
    for number, rule in enumerate(base.rules):
        act = _conclude(number, program.derives[number])
        yield experta.Rule(Opened(), salience=-2 * rule.stratum)(_of_patient(act) if rule.about == "patient" else _of_subjects(act))
    for stratum in range(program.depth + 1):
        yield experta.Rule(Opened(), salience=-2 * stratum - 1)(_open_next())


def _conclude(number: int, derives: tuple[tuple[Subject, int], ...]) -> Callable[[Any, int], None]:
    def act(engine: Any, of: int) -> None:
        engine.fired[number] = of
        for about, store in derives:
            engine.facts.declare(Concluded.light(about, store, of or 2))

    return act


def _of_patient(act: Callable[[Any, int], None]) -> Callable[..., None]:
    def right_hand_side(engine: Any) -> None:
        act(engine, 0)

    return right_hand_side


def _of_subjects(act: Callable[[Any, int], None]) -> Callable[..., None]:
    def right_hand_side(engine: Any, of: int) -> None:
        act(engine, of)

    return right_hand_side


def _open_next() -> Callable[..., None]:
    def right_hand_side(engine: Any) -> None:
        engine.facts.declare(Opened.light())

    return right_hand_side


# --- engines ----------------------------------------------------------------------------------------------------------

_BUILDING = threading.Lock()
_THREAD = threading.local()


@lru_cache(maxsize=8)
def _engine_class(base: KnowledgeBase) -> type:
    """The engine class of a knowledge base, built once: experta never forgets a class it has seen."""
    rules = {f"r{number:06d}": rule for number, rule in enumerate(_experta_rules(base))}
    return type("PatientEngine", (_PatientEngine,), {"__matcher__": ProgramMatcher, "__strategy__": InOrder, "base": base, **rules})


def chain(base: KnowledgeBase, facts: Facts) -> Values:
    """What the rules conclude of one patient, forward-chained by experta."""
    engines = _THREAD.__dict__.setdefault("engines", {})
    engine = engines.pop(base.digest, None)
    if engine is None:
        with _BUILDING:
            engine = _engine_class(base)()
        while len(engines) >= 8:
            engines.pop(next(iter(engines)))
    values: Values = engine.chain(facts)
    engines[base.digest] = engine
    return values
