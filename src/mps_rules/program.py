"""
The rules as one straight-line program over small integers: what a patient is chained by, and what every answer reads.

A truth of the patient is two bits: 3 true, 1 not known, 0 false (upper bit: it is true; lower bit: it may be), so that Kleene's *and* and
*or* are ``&`` and ``|``. A truth of all muscles is one integer, a plane: the true ones as bits from 0, those that may be true as bits from
``width`` on; a truth of all diagnoses likewise. The program runs stratum by stratum and says which rules hold; what they conclude it reads
only from what was declared of them. A part of the network that reads nothing that is known of a patient keeps the values of nobody.
It decides nothing that ``conditions.judge`` would not. No patient here, and no experta.
"""

import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import groupby
from types import CodeType
from typing import Any, TypeAlias, assert_never

from mps_rules import conditions as c
from mps_rules.circuit import ESTABLISHED, KNOWN, NEGATED, PLAIN, TRUTHS, Circuit, Ref
from mps_rules.model import SIDES, KnowledgeBase, Subject, muscle_subject
from mps_rules.packaged import kept_beside

FALSE, UNKNOWN, TRUE = 0, 1, 3
CODES: dict[c.Truth, int] = {False: FALSE, None: UNKNOWN, True: TRUE}
VERDICTS: tuple[c.Truth, ...] = (False, None, None, True)
"""The truth behind each code."""
NOT = (3, 1, 1, 0)
"""The code of the opposite, by code; the program reads the same table under this name."""

ALWAYS = 1
"""The part of a cone that stands for muscles and diagnoses: what reads them is worked out for every patient."""
BLOCK = 24
"""About how many nodes are skipped, or worked out, together."""

Node: TypeAlias = tuple[Subject, int]
"""Of which kind of subject, and its number among the nodes of that kind."""
Input: TypeAlias = tuple[Subject, int, int]
"""A node as the input of another, with the way in which it counts."""
Tree: TypeAlias = "tuple[Subject, int, bool, tuple[Tree, ...]]"
"""Where the truth of a condition is held: the kind of its subject, its number, whether turned round; and the same of its parts."""

LEAF, MEASURED, PRESENT, GATE, OF_MUSCLES, OF_ROW = range(6)
"""What a node is: a leaf, one that bounds a measure, one that follows from others or is excluded; a gate over inputs of its own subject, of all muscles, of a row."""

_LETTERS: dict[Subject, str] = {"patient": "p", "muscle": "m", "label": "q"}
_LISTS: dict[Subject, str] = {"patient": "V", "muscle": "M", "label": "Q"}


def expanded(condition: c.Condition) -> tuple[c.Condition, ...]:
    """The parts of a condition, a list of words, places or diagnoses taken one by one."""
    match condition:
        case c.Words(term, values) if len(values) > 1:
            return tuple(c.Words(term, (value,)) for value in values)
        case c.PainAt(regions, side) if len(regions) > 1:
            return tuple(c.PainAt((region,), side) for region in regions)
        case c.Label(ids) if len(ids) > 1:
            return tuple(c.Label((id_,)) for id_ in ids)
    return c.parts(condition)


def items(name: str, base: KnowledgeBase) -> Iterator[str]:
    """Every finding that a number, or a measure, is worked out from; ``pain.region`` for a place."""
    yield name
    measure = base.vocabulary.measures.get(name)
    if measure is None:
        return
    for item in (*measure.sum, *((measure.also_total,) if measure.also_total else ())):
        yield from items(item, base)
    for leaf in (leaf for condition in measure.count for leaf in c.walk(condition)):
        yield from leaf_names(leaf, base)


def leaf_names(leaf: c.Condition, base: KnowledgeBase) -> Iterator[str]:
    """The names of what a leaf of the patient reads."""
    match leaf:
        case c.Present(term) | c.Words(term) | c.Compare(term):
            yield from items(term, base)
        case c.PainAt(regions):
            yield from (f"pain.{region}" for region in regions)
        case c.Label(ids):
            yield from (f"labels.{id_}" for id_ in ids)
        case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle():
            return
        case c.Derived() | c.MuscleIs() | c.LabelIs():
            return
        case _:
            assert_never(leaf)


def others(base: KnowledgeBase) -> list[c.Condition]:
    """What may be asked of a patient beside the rules' own conditions: the two steps of red flags, and what measures are made of."""
    words = base.vocabulary
    found = [part for rule in base.rules for part in (rule.trigger, rule.qualifier) if part]
    found += [condition for measure in words.measures.values() for condition in measure.count]
    summed = (item for measure in words.measures.values() for item in measure.sum if item not in words.measures)
    return found + [c.Present(item) for item in summed if words.terms[item].kind == "boolean"]


class _Compiler:
    """Writes the program of a knowledge base: ``plain`` is all of it, as data that marshal keeps."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.circuit = Circuit(base)
        self.tables = self.circuit.tables
        self.trees: dict[c.Condition, Tree] = {}
        self.names: dict[str, int] = {}
        self.width, self.label_width = len(_muscle_subjects(base)), len(base.vocabulary.diagnoses)
        self.low, self.label_low = (1 << self.width) - 1, (1 << self.label_width) - 1
        self.rules = [self.circuit.rules[rule.id] for rule in base.rules]
        for condition in others(base):
            self.circuit.ref(condition)
        self.stage: dict[Node, int] = {}
        self.order: list[Node] = []
        self._sort()
        self.cones: dict[Node, int] = {}
        self._measure_cones()
        for label in base.vocabulary.diagnoses:
            self._name(f"given.{label}")
        self.numbers: dict[Node, int] = {}
        self.counts: dict[Subject, int] = dict.fromkeys(self.tables, 0)
        for about, table in self.tables.items():
            for leaf in table.leaves:
                self._number((about, leaf))
        self.leaves = dict(self.counts)
        self.stores: dict[Subject, dict[str, int]] = {about: {} for about in self.tables}
        self.local: set[Node] = set()
        self.source = self._written()

    # --- in which order

    def _sort(self) -> None:
        """Every node after its inputs, and in the stratum from which on it can be worked out."""
        for about, table in self.tables.items():
            for number in range(len(table.conditions)):
                stack: list[tuple[Node, bool]] = [((about, number), False)]
                while stack:
                    node, ready = stack.pop()
                    if node in self.stage:
                        continue
                    inputs = [(of, one) for of, one, _ in self.tables[node[0]].inputs.get(node[1], ())]
                    if ready:
                        self.stage[node] = self._stage_of(node, inputs)
                        self.order.append(node)
                    else:
                        stack.append((node, True))
                        stack += [(one, False) for one in reversed(inputs) if one not in self.stage]

    def _stage_of(self, node: Node, inputs: Iterable[Node]) -> int:
        condition = self.tables[node[0]].conditions[node[1]]
        below = max((self.stage[one] for one in inputs), default=0)
        if isinstance(condition, c.Derived):
            return max(below, 1 + max(rule.stratum for rule in self.base.concluding[condition.id]))
        return below

    def _name(self, name: str) -> int:
        return self.names.setdefault(name, 2 << len(self.names))

    def _measure_cones(self) -> None:
        """What each node rests on; what holds of everybody rests on having been declared, for every patient."""
        for node in self.order:
            about, number = node
            table = self.tables[about]
            inputs = table.inputs.get(number)
            if about != "patient":
                cone = ALWAYS
            elif inputs is None:
                cone = 0
                for name in leaf_names(table.conditions[number], self.base):
                    cone |= self._name(name)
            else:
                cone = ALWAYS if isinstance(table.conditions[number], c.Derived) and TRUTHS[table.truth[number]] else 0
                for of, one, _ in inputs:
                    cone |= self.cones[of, one]
            self.cones[node] = cone

    # --- writing

    def _number(self, node: Node) -> int:
        self.numbers[node] = self.counts[node[0]]
        self.counts[node[0]] += 1
        return self.numbers[node]

    def _value(self, node: Node) -> str:
        """The truth of a node where it is read: of this block, or kept from before."""
        about = node[0]
        return f"{_LETTERS[about]}{self.numbers[node]}" if node in self.local else f"{_LISTS[about]}[{self.numbers[node]}]"

    def _input(self, ref: Ref, about: Subject) -> str:
        of, number, way = ref
        value = self._value((of, number))
        if of == "patient":
            value = {PLAIN: value, NEGATED: f"NOT[{value}]", ESTABLISHED: f"EST[{value}]", KNOWN: f"KNW[{value}]"}[way]
            return {"patient": value, "muscle": f"BM[{value}]", "label": f"BL[{value}]"}[about]
        width, low, full = (self.width, self.low, "FULL") if of == "muscle" else (self.label_width, self.label_low, "LFULL")
        both = 1 | 1 << width
        if way == PLAIN:
            return value
        if way == NEGATED:
            return f"((({value} & {low}) << {width} | {value} >> {width}) ^ {full}2)"
        if way == ESTABLISHED:
            return f"(({value} & {low}) * {both})"
        return f"((({value} & {low}) | ({value} >> {width} ^ {full})) * {both})"

    def _gate(self, node: Node) -> list[str]:
        """The lines that work out one gate."""
        about, number = node
        table = self.tables[about]
        condition, inputs, need = table.conditions[number], table.inputs[number], table.need[number]
        self._number(node)
        name = f"{_LETTERS[about]}{self.numbers[node]}"
        form = self._form(node)
        if form == OF_MUSCLES:
            return [
                f"x = {self._input(inputs[0], 'muscle')}",
                *_reaching(name, f"(x & {self.low}).bit_count()", f"(x >> {self.width}).bit_count()", need),
            ]
        if form == OF_ROW:
            row = f"    {name} |= both if x & row else may if x >> {self.width} & row else 0"
            return [f"x = {self._input(inputs[0], 'muscle')}", f"{name} = 0", "for row, both, may in ROWS:", row]
        parts = [self._input(ref, about) for ref in inputs]
        if isinstance(condition, c.Derived):
            store = self.stores[about].setdefault(condition.id, len(self.stores[about]))
            declared, may = {"patient": ("D", "1"), "muscle": ("DM", "MAY"), "label": ("DL", "LMAY")}[about]
            return [f"{name} = ({' | '.join(parts)}) & {may} | {declared}[{store}]"]
        if need == len(parts):
            return [f"{name} = {' & '.join(parts)}"]
        if need == 1:
            return [f"{name} = {' | '.join(parts)}"]
        return _counted(name, [(1, part) for part in parts], need) if about == "patient" else _plane_counted(name, parts, need)

    def _form(self, node: Node) -> int:
        about, number = node
        table = self.tables[about]
        condition, inputs = table.conditions[number], table.inputs.get(number)
        if inputs is not None:
            elsewhere = inputs[0][0] == "muscle" and about != "muscle"
            return (OF_MUSCLES if about == "patient" else OF_ROW) if elsewhere else GATE
        if isinstance(condition, c.Compare) and condition.term in self.base.vocabulary.measures:
            return MEASURED
        return PRESENT if isinstance(condition, c.Present) and about == "patient" else LEAF

    def _written(self) -> str:
        """The program: a function for each stratum, and one for what stands above the last rules."""
        depth = max((rule.stratum for rule in self.base.rules), default=0)
        self.depth = depth
        rules = sorted(range(len(self.base.rules)), key=lambda number: self.base.rules[number].stratum)
        of_stage = {stage: list(found) for stage, found in groupby(rules, key=lambda number: self.base.rules[number].stratum)}
        lines: list[str] = []
        for stage in range(depth + 2):
            nodes = [node for node in self.order if node[1] in self.tables[node[0]].inputs and min(self.stage[node], depth + 1) == stage]
            lines += self._stage(stage, nodes, of_stage.get(stage, []))
        return "\n".join(lines) + "\n"

    def _stage(self, stage: int, nodes: Sequence[Node], rules: Iterable[int]) -> list[str]:
        checks: dict[Node, list[int]] = {}
        of_everybody: list[int] = []
        for number in rules:
            about, one, _ = self.rules[number]
            if about == "patient" and self.base.rules[number].about != "patient":
                of_everybody.append(number)
            else:
                checks.setdefault((about, one), []).append(number)
        own = set(nodes)
        nodes = [*(node for node in checks if node not in own), *nodes]
        skipped = [node for node in nodes if not self.cones[node] & ALWAYS]
        functions: list[str] = []
        body: list[str] = []
        for first in range(0, len(skipped), BLOCK):
            block = skipped[first : first + BLOCK]
            cone, name = 0, f"b{stage}_{first}"
            for node in block:
                cone |= self.cones[node]
            functions += [f"def {name}(V, D, F):", *(f"    {line}" for line in self._block(block, checks)), ""]
            body += [f"if T & {cone}:", f"    {name}(V, D, F)"]
            held = [(number, 0) for node in block for number in checks.get(node, ()) if self._holds_of_nobody(number)]
            if held:
                body += ["else:", f"    F += {held}"]
        others = [node for node in nodes if self.cones[node] & ALWAYS]
        for labels, group in groupby(others, key=lambda node: node[0] == "label"):
            lines = self._block(list(group), checks)
            body += ["if LFULL:", *(f"    {line}" for line in lines)] if labels else lines
        body += [line for number in of_everybody for line in self._check(number)]
        arguments = "V, M, Q, T, F, D, DM, DL, FULL, FULL2, MAY, BM, LFULL, LFULL2, LMAY, BL, ROWS"
        return [*functions, f"def s{stage}({arguments}):", *(f"    {line}" for line in body or ["pass"]), ""]

    def _block(self, nodes: Sequence[Node], checks: dict[Node, list[int]]) -> list[str]:
        """The lines that work out some nodes and keep them, and say which rules hold by them."""
        lines: list[str] = []
        new: dict[Subject, list[Node]] = {about: [] for about in self.tables}
        for node in nodes:
            if node not in self.numbers:
                lines += self._gate(node)
                self.local.add(node)
                new[node[0]].append(node)
            for number in checks.get(node, ()):
                lines += self._check(number)
        for about, made in new.items():
            if made:
                first = self.numbers[made[0]]
                values = ", ".join(self._value(node) for node in made)
                lines.append(f"{_LISTS[about]}[{first}:{first + len(made)}] = {values},")
        self.local.clear()
        return lines

    def _check(self, number: int) -> list[str]:
        """The lines that say that a rule holds, and of whom."""
        about = self.base.rules[number].about
        held = self._input(self.rules[number], about)
        if about == "patient":
            return [f"if {held} == 3: F.append({(number, 0)})"]
        return [f"x = {held} & {self.low if about == 'muscle' else self.label_low}", f"if x: F.append(({number}, x))"]

    def _holds_of_nobody(self, number: int) -> bool:
        about, one, way = self.rules[number]
        return self.tables[about].truth[one] == (0 if way == NEGATED else 2)

    # --- as data

    def _renumbered(self, ref: Ref) -> Input:
        return ref[0], self.numbers[ref[0], ref[1]], ref[2]

    def _tree(self, condition: c.Condition) -> Tree:
        found = self.trees.get(condition)
        if found is None:
            about, number, way = self._renumbered(self.circuit.ref(condition))
            found = (about, number, way == NEGATED, tuple(self._tree(part) for part in expanded(condition)))
            self.trees[condition] = found
        return found

    def plain(self) -> dict[str, Any]:
        """Everything that a program is made of, as plain data."""
        nodes: dict[Subject, list[Any]] = {about: [None] * count for about, count in self.counts.items()}
        leaves: dict[Subject, list[Any]] = {about: [None] * count for about, count in self.leaves.items()}
        nobody = [UNKNOWN] * self.counts["patient"]
        for (about, old), new in self.numbers.items():
            table = self.tables[about]
            form = self._form((about, old))
            inputs = tuple(self._renumbered(ref) for ref in table.inputs.get(old, ()))
            nodes[about][new] = (form, table.need[old], inputs)
            if new < self.leaves[about]:
                leaves[about][new] = _leaf(table.conditions[old])
            if about == "patient":
                nobody[new] = CODES[TRUTHS[table.truth[old]]]
        sources = {
            self.numbers["patient", number]: tuple(ref and self._renumbered(ref) for ref in refs)
            for number, refs in self.circuit.sources.items()
        }
        return {
            "code": compile(self.source, "<program>", "exec"),
            "depth": self.depth,
            "names": tuple(self.names),
            "nodes": nodes,
            "leaves": leaves,
            "nobody": bytes(nobody),
            "sources": sources,
            "stores": self.stores,
            "concluded": {id_: self._renumbered(ref)[:2] for id_, ref in self.circuit.concluded.items()},
            "rules": [self._tree(rule.when) for rule in self.base.rules],
            "others": [self._tree(condition) for condition in others(self.base)],
        }


def _reaching(name: str, true: str, may: str, need: int) -> list[str]:
    """The lines for a sum that must reach so much: what is certain, and what it may come to."""
    return [f"{name} = ({true} >= {need}) << 1 | ({may} >= {need})"]


def _counted(name: str, parts: Sequence[tuple[int, str]], need: int) -> list[str]:
    """
    The lines for a weighted count of the patient's truths that must reach so much.

    What counts for it may still come; what counts against it counts only where it is certain.
    """
    lines = [f"x{n} = {part}" for n, (_, part) in enumerate(parts)]
    true = " + ".join(f"(x{n} >> 1)" if weight == 1 else f"{weight} * (x{n} >> 1)" for n, (weight, _) in enumerate(parts))
    may = " + ".join(
        f"(x{n} & 1)" if weight == 1 else f"{weight} * (x{n} & 1)" if weight > 0 else f"{weight} * (x{n} >> 1)"
        for n, (weight, _) in enumerate(parts)
    )
    return [*lines, *_reaching(name, f"({true})", f"({may})", need)]


def _plane_counted(name: str, parts: Sequence[str], need: int) -> list[str]:
    """The same over planes: ``y1`` holds those that one part so far is true of, ``y2`` two."""
    lines = [f"y{n} = 0" for n in range(1, need + 1)]
    for part in parts:
        lines.append(f"x = {part}")
        lines += [f"y{n} |= y{n - 1} & x" if n > 1 else "y1 |= x" for n in range(need, 0, -1)]
    return [*lines, f"{name} = y{need}"]


def _leaf(condition: c.Condition) -> tuple[Any, ...]:
    """A leaf as plain data."""
    match condition:
        case c.Present(term):
            return ("present", term)
        case c.Words(term, (word,)):
            return ("word", term, word)
        case c.Compare(term):
            return ("compare", term, condition.at_least, condition.above, condition.at_most, condition.below)
        case c.PainAt((region,), side):
            return ("pain", region, side)
        case c.Label((label,)):
            return ("label", label)
        case c.MuscleIs(ids):
            return ("muscle_is", ids)
        case c.LabelIs(field, values):
            return ("label_is", field, values)
        case c.Words() | c.PainAt() | c.Label() | c.Derived() | c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item():
            raise TypeError(f"not a leaf: {condition!r}")
        case c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle():
            raise TypeError(f"not a leaf: {condition!r}")
        case _:
            assert_never(condition)


@lru_cache(maxsize=8)
def _muscle_subjects(base: KnowledgeBase) -> dict[tuple[str, str | None], int]:
    """The bit of every muscle, or group of muscles, and side; those that every patient has come first, in the order of the vocabulary."""
    words = base.vocabulary
    fixed = [(muscle, side) for muscle in words.muscles for side in SIDES]
    found: dict[tuple[str, str | None], int] = {who: number for number, who in enumerate(fixed)}
    for name in dict.fromkeys((*words.muscles, *words.groups)):
        for side in (*SIDES, None):
            found.setdefault((name, side), len(found))
    return found


Stage: TypeAlias = Callable[..., None]


class Program:
    """
    A knowledge base compiled once, shared by all threads; it holds no patient.

    ``kept`` is what ``_Compiler.plain`` wrote.
    """

    def __init__(self, base: KnowledgeBase, kept: dict[str, Any]) -> None:
        self.base = base
        self.depth: int = kept["depth"]
        self.names: dict[str, int] = {name: 2 << number for number, name in enumerate(kept["names"])}
        self.nodes: dict[Subject, list[tuple[int, int, tuple[Input, ...]]]] = kept["nodes"]
        self.leaves: dict[Subject, list[tuple[Any, ...]]] = kept["leaves"]
        self.nobody: list[int] = list(kept["nobody"])
        self.sources: dict[int, tuple[Input | None, Input | None]] = kept["sources"]
        self.stores: dict[Subject, dict[str, int]] = kept["stores"]
        self.concluded: dict[str, Node] = kept["concluded"]
        self.rules: list[Tree] = kept["rules"]
        self.others: list[Tree] = kept["others"]
        self.stages = _functions(kept["code"], self.depth + 2)
        words = base.vocabulary
        self.bits = _muscle_subjects(base)
        self.fixed = len(words.muscles) * len(SIDES)
        self.all_fixed = (1 << self.fixed) - 1
        self.width = len(self.bits)
        self.low = (1 << self.width) - 1
        self.subjects = [muscle_subject(muscle, side) for muscle, side in self.bits]
        self.bit_of = {subject: bit for bit, subject in enumerate(self.subjects)}
        self.labels = list(words.diagnoses)
        self.label_bits = {label: bit for bit, label in enumerate(self.labels)}
        self.label_width = len(self.labels)
        self.label_low = (1 << self.label_width) - 1
        self.number_of = {rule.id: number for number, rule in enumerate(base.rules)}
        self._cones: dict[int, int] = {}

    @cached_property
    def derives(self) -> list[tuple[tuple[Subject, int], ...]]:
        """What each rule concludes, where it is declared."""
        return [tuple((rule.about, self.stores[rule.about][id_]) for id_ in rule.derives()) for rule in self.base.rules]

    def cone(self, about: Subject, number: int) -> int:
        """What a node rests on: the names of findings as bits; muscles and diagnoses are one."""
        if about != "patient":
            return ALWAYS
        found = self._cones.get(number)
        if found is None:
            form, _, inputs = self.nodes["patient"][number]
            found = 0
            if form in (LEAF, MEASURED, PRESENT):
                for name in leaf_names(condition_of(self.leaves["patient"][number]), self.base):
                    found |= self.names[name]
            for of, one, _ in inputs:
                found |= self.cone(of, one)
            self._cones[number] = found
        return found


def condition_of(leaf: tuple[Any, ...]) -> c.Condition:
    """A leaf of the patient that was kept as plain data."""
    match leaf:
        case ("present", term):
            return c.Present(term)
        case ("word", term, word):
            return c.Words(term, (word,))
        case ("compare", term, *bounds):
            return c.Compare(term, *bounds)
        case ("pain", region, side):
            return c.PainAt((region,), side)
        case ("label", label):
            return c.Label((label,))
    raise TypeError(f"not a leaf of the patient: {leaf!r}")


def _functions(code: CodeType, stages: int) -> tuple[Stage, ...]:
    space: dict[str, Any] = {"NOT": NOT, "EST": (0, 0, 0, 3), "KNW": (3, 0, 0, 3)}
    exec(code, space)  # noqa: S102 - written above, from checked rules
    return tuple(space[f"s{stage}"] for stage in range(stages))


def compiled(base: KnowledgeBase) -> bytes:
    """The program of a knowledge base as bytes, to be kept for as long as the rules, this library and Python stay what they are."""
    return marshal.dumps(_Compiler(base).plain())


@lru_cache(maxsize=8)
def program_of(base: KnowledgeBase) -> Program:
    """The program of a knowledge base, compiled once."""
    kept = kept_beside(base, "program", lambda: compiled(base))
    return Program(base, marshal.loads(kept))  # noqa: S302 - written by this user for these rules, this library and this Python
