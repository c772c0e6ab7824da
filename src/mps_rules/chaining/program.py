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
from itertools import chain, groupby
from typing import Any, TypeAlias, assert_never

from mps_rules.chaining.circuit import ESTABLISHED, KNOWN, NEGATED, PLAIN, TRUTHS, Circuit, Ref
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import kept_beside
from mps_rules.knowledge.vocabulary import SIDES, Subject, muscle_subject
from mps_rules.language import conditions as c

FALSE, UNKNOWN, TRUE = 0, 1, 3
CODES: dict[c.Truth, int] = {False: FALSE, None: UNKNOWN, True: TRUE}
VERDICTS: tuple[c.Truth, ...] = (False, None, None, True)
"""The truth behind each code."""
NOT = (3, 1, 1, 0)
"""The code of the opposite, by code; the program reads the same table under this name."""

ALWAYS = 1
"""The part of a cone that stands for muscles and diagnoses: what reads them is worked out for every patient."""
BLOCK = 12
"""About how many nodes are skipped, or worked out, together."""

Node: TypeAlias = tuple[Subject, int]
"""Of which kind of subject, and its number among the nodes of that kind."""
Input: TypeAlias = tuple[Subject, int, int]
"""A node as the input of another, with the way in which it counts."""
Score: TypeAlias = tuple[int, int, int]
"""Of a profile the least and the most points that it can come to, and the code of whether a cue for it holds."""
Tree: TypeAlias = "tuple[Subject, int, bool, tuple[Tree, ...]]"
"""Where the truth of a condition is held: the kind of its subject, its number, whether turned round; and the same of its parts."""

Held: TypeAlias = tuple[int, bool]
"""Where a truth of the patient is held, and whether turned round."""
Cue: TypeAlias = tuple[int, Tree, str, bool]
"""Its points, where it is held, its step of asking, and whether it is telling."""

LEAF, MEASURED, PRESENT, GATE, OF_MUSCLES, OF_ROW, OF_LABELS, REACHED, NEAR = range(9)
"""
What a node is: a leaf, one that bounds a measure, one that follows from others or is excluded; a gate over inputs of its own subject, of all
muscles, of a row, of the diagnoses given; a score that reaches so many points, or is one step short of them.
"""
DRAWN, EXAMINED = "pain", "exam"
"""Under these names stands that pain is recorded or denied anywhere, and that a muscle was examined."""
FAR_OFF = 100_000
"""More points than any profile collects: below them stands what is not considered, above them what cannot be told."""
NEVER, OPEN = (-FAR_OFF, -FAR_OFF, FALSE), (-FAR_OFF, FAR_OFF, UNKNOWN)
"""What stands for a profile that is not considered, and for one of which that is not known."""

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
        case c.PainNamed() | c.PainApart():
            yield DRAWN
        case c.Label(ids):
            yield from (f"labels.{id_}" for id_ in ids)
        case c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item() | c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle():
            return
        case c.Derived() | c.MuscleIs() | c.LabelIs() | c.AnyLabel() | c.Suspicion() | c.InReach():
            return
        case _:
            assert_never(leaf)


def others(base: KnowledgeBase) -> list[c.Condition]:
    """What may be asked of a patient beside the rules' own conditions: the steps of red flags, what measures and firm causes are made of."""
    words = base.vocabulary
    found = [part for rule in base.rules for part in (rule.trigger, rule.qualifier) if part]
    found += [condition for measure in words.measures.values() for condition in measure.count]
    found += [cause.probable_if for cause in base.causes.values() if cause.probable_if is not None]
    summed = (item for measure in words.measures.values() for item in measure.sum if item not in words.measures)
    return found + [c.Present(item) for item in summed if words.terms[item].kind == "boolean"]


class _Compiler:
    """Writes the program of a knowledge base: ``plain`` is all of it, as data that marshal keeps."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self.circuit = Circuit(base)
        self.regions = set(base.vocabulary.regions)
        self.tables = self.circuit.tables
        self.trees: dict[c.Condition, Tree] = {}
        self.profiles: dict[c.Profile, int] = {}
        self.names: dict[str, int] = {}
        self.width, self.label_width = len(_muscle_subjects(base)), len(base.vocabulary.diagnoses)
        self.low, self.label_low = (1 << self.width) - 1, (1 << self.label_width) - 1
        self.rules = [self.circuit.rules[rule.id] for rule in base.rules]
        for condition in others(base):
            self.circuit.ref(condition)
        for part in (part for cause in base.causes.values() for profile in cause.counted for part in c.parts_of(profile)):
            self.circuit.ref(part)
        for profile in self._every_profile():
            self.profiles.setdefault(profile, len(self.profiles))
        self.nobody = [self._nobody_scores(profile) for profile in self.profiles]
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
        self.places = {number: place for number, one in enumerate(self.tables["patient"].conditions) if (place := self._is_place(one))}
        for number in self.places:
            self._number(("patient", number))
        self.leaves = dict(self.counts)
        self.blocks: list[tuple[str, int, int]] = []
        self.levels = 0
        self.stores: dict[Subject, dict[str, int]] = {about: {} for about in self.tables}
        self.local: set[Node] = set()
        self.scoring: dict[int, list[str]] = {}
        self.gaining: dict[int, list[str]] = {}
        self.counted_here: set[int] = set()
        self.source = self._written()

    def _is_place(self, condition: c.Condition) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Of the place of a profile the regions that hurt there, and those that hold it when they are drawn as a whole."""
        match condition:
            case c.Any((c.PainAt(here, None), c.PainNamed(whole), c.Not(c.PainNamed(every)))) if set(every) == self.regions:
                return here, whole
        return None

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
        if isinstance(condition, c.Derived) and not self._is_lent(node):
            return max(below, 1 + max(rule.stratum for rule in self.base.concluding[condition.id]))
        return below + (isinstance(condition, c.AnyLabel | c.CountMuscles) and not self._is_lent(node))

    def _is_lent(self, node: Node) -> bool:
        """Whether a node lends a truth of the patient to every muscle or diagnosis."""
        about, number = node
        return about != "patient" and self.circuit.about(self.tables[about].conditions[number]) != about

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
                cone = self._cone_of(table.conditions[number], node, inputs)
            self.cones[node] = cone

    def _cone_of(self, condition: c.Condition, node: Node, inputs: Iterable[Ref]) -> int:
        """What a gate of the patient rests on."""
        cone = 0
        if isinstance(condition, c.AnyLabel):
            for label in self.base.vocabulary.diagnoses:
                cone |= self._name(f"given.{label}")
            return cone
        if isinstance(condition, c.CountMuscles) and self._is_of_nobody_false(condition):
            for leaf in c.walk(condition.of):
                cone |= self._cone_of_counted(leaf)
            return cone
        if isinstance(condition, c.Derived) and TRUTHS[self.tables["patient"].truth[node[1]]]:
            cone = ALWAYS
        for of, one, _ in inputs if not self._is_steady(condition) else self._moving(condition):
            cone |= self.cones[of, one]
        return cone

    def _is_of_nobody_false(self, condition: c.CountMuscles) -> bool:
        """Whether a count of muscles is false of nobody, and reads no more than findings: it is worked out only where it may be anything else."""
        apart = c.Derived | c.CountMuscles | c.AnyLabel | c.Suspicion | c.InReach
        reads = any(isinstance(leaf, apart) for leaf in c.walk(condition.of))
        return not reads and c.judge(condition, self.circuit.nobody.view()) is False

    def _cone_of_counted(self, leaf: c.Condition) -> int:
        """What a leaf rests on that is asked of every muscle."""
        match leaf:
            case c.Present(term) | c.Words(term) | c.Compare(term) if self.base.vocabulary.terms[term].subject == "muscle":
                return self._name(EXAMINED) | (self._name(DRAWN) if self.base.vocabulary.terms[term].fact else 0)
        cone = 0
        for name in leaf_names(leaf, self.base):
            cone |= self._name(name)
        return cone

    def _is_steady(self, condition: c.Condition) -> bool:
        """
        Whether what is said of a score stays what it is of nobody for as long as no cue is touched, wherever else it hurts.

        Of nobody every place is true; pain elsewhere makes it unknown, which changes nothing where the score is open all the same.
        """
        match condition:
            case c.Suspicion(_, n, profiles):
                return any(
                    self.nobody[self.profiles[profile]][1] >= n and self.nobody[self.profiles[profile]][2] for profile in profiles
                ) and not any(
                    self.nobody[self.profiles[profile]][0] >= n and self.nobody[self.profiles[profile]][2] == TRUE for profile in profiles
                )
            case c.InReach(_, n, profiles):
                return not any(self._is_telling(profile) for profile in profiles) and all(
                    self.nobody[self.profiles[profile]][0] < n for profile in profiles
                )
        return False

    def _is_telling(self, profile: c.Profile) -> bool:
        """Whether a telling cue of a profile holds of nobody."""
        return any(cue.telling and self._of_nobody(cue.when) for group in profile.cues for cue in group)

    def _moving(self, condition: c.Condition) -> Iterator[Ref]:
        """The inputs of a steady score that may move it: all but that its place is drawn as a whole, or that nothing is drawn."""
        profiles = condition.profiles if isinstance(condition, c.Suspicion | c.InReach) else ()
        for profile in profiles:
            yield from (self.circuit.ref(cue.when) for group in profile.cues for cue in group)
            if profile.only_if is not None:
                yield self.circuit.ref(profile.only_if)
            match profile.place:
                case c.Any((c.PainAt() as here, c.PainNamed(), c.Not(c.PainNamed()))):
                    yield self.circuit.ref(here)
                case None:
                    pass
                case _:
                    yield self.circuit.ref(profile.place)

    def _every_profile(self) -> Iterator[c.Profile]:
        for cause in self.base.causes.values():
            yield from cause.counted
        for table in self.tables.values():
            for condition in table.conditions:
                if isinstance(condition, c.Suspicion | c.InReach):
                    yield from condition.profiles

    def _of_nobody(self, condition: c.Condition) -> c.Truth:
        """The truth of a condition of the patient before anything is known."""
        _, number, way = self.circuit.ref(condition)
        truth = self.tables["patient"].truth[number]
        return TRUTHS[2 - truth if way == NEGATED else truth]

    def _nobody_scores(self, profile: c.Profile) -> Score:
        score, cue = c.profile_score(profile, self._of_nobody), c.speaks(profile, self._of_nobody)
        if c.considered(profile, self._of_nobody) is not True:
            return OPEN if c.considered(profile, self._of_nobody) is None else NEVER
        return int(score.lowest), int(score.highest), CODES[cue]

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
        if form == OF_LABELS:
            x = self._input(inputs[0], "label")
            return [f"x = {x}", f"{name} = (x & {self.label_low} != 0) << 1 | (x >> {self.label_width} != 0)"]
        if isinstance(condition, c.Suspicion) and about == "patient":
            return self._reached(name, condition)
        if isinstance(condition, c.InReach) and about == "patient":
            return self._near(name, condition)
        if form == OF_ROW:
            row = f"    {name} |= both if x & row else may if x >> {self.width} & row else 0"
            return [f"x = {self._input(inputs[0], 'muscle')}", f"{name} = 0", "for row, both, may in ROWS:", row]
        parts = [self._input(ref, about) for ref in inputs]
        if isinstance(condition, c.Derived) and not self._is_lent(node):
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
        if isinstance(condition, c.Suspicion | c.InReach) and about == "patient":
            return REACHED if isinstance(condition, c.Suspicion) else NEAR
        if inputs is not None:
            if inputs[0][0] == "label" and about == "patient":
                return OF_LABELS
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
        gates: dict[int, list[Node]] = {}
        for node in self.order:
            if node[1] in self.tables[node[0]].inputs and node not in self.numbers:
                gates.setdefault(self.stage[node], []).append(node)
        lines: list[str] = []
        for stage in range(depth + 1):
            lines += self._stage(stage, [(gates.get(stage, []), of_stage.get(stage, []))])
        above: list[tuple[list[Node], list[int]]] = [(gates[stage], []) for stage in sorted(gates) if stage > depth]
        lines += self._stage(depth + 1, above)
        scoring = [line for several in (self.scoring, self.gaining) for function in several.values() for line in function]
        return "\n".join([*scoring, *lines]) + "\n"

    def _stage(self, stage: int, levels: Iterable[tuple[Sequence[Node], Iterable[int]]]) -> list[str]:
        """The function of a stratum; what stands above the last rules may have several levels."""
        functions: list[str] = []
        body: list[str] = []
        for nodes, rules in levels:
            made, lines = self._level(nodes, rules)
            functions += made
            body += lines
        if stage > self.depth:
            body += self._left_over()
        arguments = "V, M, Q, S, T, B, F, D, DM, DL, FULL, FULL2, MAY, BM, LFULL, LFULL2, LMAY, BL, ROWS"
        return [*functions, f"def s{stage}({arguments}):", *(f"    {line}" for line in body or ["pass"]), ""]

    def _readers(self) -> dict[str, int]:
        """The blocks that read each finding, as bits."""
        names = tuple(self.names)
        found: dict[str, int] = {}
        for number, (_, _, cone) in enumerate(self.blocks):
            left = cone >> 1
            while left:
                low = left & -left
                left ^= low
                name = names[low.bit_length() - 1]
                found[name] = found.get(name, 0) | 1 << number
        return found

    def _left_over(self) -> list[str]:
        """The lines that count the profiles of which no condition speaks."""
        lines = []
        for profile, number in self.profiles.items():
            if number not in self.scoring:
                cone = 0
                for part in c.parts_of(profile):
                    of, one, _ = self.circuit.ref(part)
                    cone |= self.cones[of, one]
                self._score(profile)
                lines += [f"p{number}(V, S)"] if cone & ALWAYS else [f"if T & {cone}:", f"    p{number}(V, S)"]
        return lines

    def _level(self, nodes: Sequence[Node], rules: Iterable[int]) -> tuple[list[str], list[str]]:
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
        functions: list[str] = []
        body: list[str] = []
        for cone, block in self._blocks([node for node in nodes if not self.cones[node] & ALWAYS]):
            name = f"b{len(self.blocks)}"
            self.blocks.append((name, self.levels, cone))
            functions += [
                f"def {name}(V, M, Q, S, D, F, FULL, FULL2, LFULL, LFULL2):",
                *(f"    {line}" for line in self._block(block, checks)),
                "",
            ]
            held = [(number, 0) for node in block for number in checks.get(node, ()) if self._holds_of_nobody(number)]
            if held:
                body.append(f"if not T & {cone}: F += {held}")
        if self.blocks and self.blocks[-1][1] == self.levels:
            body += [f"for block in B[{self.levels}]:", "    block(V, M, Q, S, D, F, FULL, FULL2, LFULL, LFULL2)"]
        self.levels += 1
        others = [node for node in nodes if self.cones[node] & ALWAYS]
        for labels, group in groupby(others, key=lambda node: node[0] == "label"):
            lines = self._block(list(group), checks)
            body += ["if LFULL:", *(f"    {line}" for line in lines)] if labels else lines
        body += [line for number in of_everybody for line in self._check(number)]
        return functions, body

    def _blocks(self, nodes: Iterable[Node]) -> Iterator[tuple[int, list[Node]]]:
        """
        What is worked out or skipped together, with what it all rests on.

        What reads findings alone comes first, by what it reads; each cause begins a block, and what stands behind its score ends it.
        """
        early: list[Node] = []
        late: list[Node] = []
        for node in nodes:
            numbered = node in self.numbers
            plain = not numbered and all(one not in self.tables[of].inputs for of, one, _ in self.tables["patient"].inputs[node[1]])
            (early if plain and self._form(node) == GATE else late).append(node)
        early.sort(key=lambda node: self.cones[node])
        block: list[Node] = []
        cone, of = 0, ""
        for node in chain(early, late):
            scored = self._scored_of(node)
            beside = bool(of) and scored != of and (bool(scored) or bool(self.cones[node] & ~cone))
            if block and (len(block) >= BLOCK or beside or (scored and not of)):
                yield cone, block
                block, cone, of = [], 0, ""
            block.append(node)
            cone, of = cone | self.cones[node], of or scored
        if block:
            yield cone, block

    def _scored_of(self, node: Node) -> str:
        """The cause of which a node says whether its score reaches a line, empty for any other node."""
        condition = self.tables[node[0]].conditions[node[1]]
        return condition.of if isinstance(condition, c.Suspicion | c.InReach) and node[0] == "patient" else ""

    def _block(self, nodes: Sequence[Node], checks: dict[Node, list[int]]) -> list[str]:
        """The lines that work out some nodes and keep them, and say which rules hold by them."""
        lines: list[str] = []
        self.counted_here.clear()
        made: list[Node] = []
        for node in nodes:
            if node not in self.numbers:
                if self._scored_of(node):
                    lines += self._kept(made)
                lines += self._gate(node)
                self.local.add(node)
                made.append(node)
            for number in checks.get(node, ()):
                lines += self._check(number)
        return lines + self._kept(made)

    def _kept(self, made: list[Node]) -> list[str]:
        """The lines that put what was worked out where others read it."""
        lines = []
        for about in self.tables:
            new = [node for node in made if node[0] == about]
            if new:
                first = self.numbers[new[0]]
                values = ", ".join(self._value(node) for node in new)
                lines.append(f"{_LISTS[about]}[{first}:{first + len(new)}] = {values},")
        self.local.clear()
        made.clear()
        return lines

    # --- scores

    def _scores(self, profiles: Sequence[c.Profile]) -> list[str]:
        """The lines that count some profiles, each once in a block."""
        lines = []
        for number in dict.fromkeys(self._score(profile) for profile in profiles):
            if number not in self.counted_here:
                self.counted_here.add(number)
                lines.append(f"p{number}(V, S)")
        return lines

    def _reached(self, name: str, condition: c.Suspicion) -> list[str]:
        numbers, n = [self.profiles[profile] for profile in condition.profiles], condition.at_least
        true = " or ".join(f"S[{number}][0] >= {n} and S[{number}][2] == 3" for number in numbers) or "False"
        may = " or ".join(f"S[{number}][1] >= {n} and S[{number}][2]" for number in numbers) or "False"
        return [*self._scores(condition.profiles), f"{name} = 3 if {true} else 1 if {may} else 0"]

    def _near(self, name: str, condition: c.InReach) -> list[str]:
        numbers, n = [self.profiles[profile] for profile in condition.profiles], condition.at_least
        for profile in condition.profiles:
            self._gain(profile)
        short = " and ".join(f"S[{number}][0] < {n}" for number in numbers) or "True"
        near = " or ".join(f"S[{number}][0] > -{FAR_OFF} and g{number}(V, {n} - S[{number}][0])" for number in numbers) or "False"
        return [*self._scores(condition.profiles), f"{name} = 3 if {short} and ({near}) else 0"]

    def _code(self, condition: c.Condition) -> str:
        """The code of a condition of the patient that has been worked out."""
        of, number, way = self.circuit.ref(condition)
        value = f"V[{self.numbers[of, number]}]"
        return f"NOT[{value}]" if way == NEGATED else value

    def _score(self, profile: c.Profile) -> int:
        """The function that counts a profile, written once."""
        number = self.profiles[profile]
        if number in self.scoring:
            return number
        lines = []
        if profile.only_if is not None:
            lines += [f"if not {self._code(profile.only_if)}:", f"    S[{number}] = {NEVER}", "    return"]
        if profile.place is not None:
            lines += [f"x = {self._code(profile.place)}", "if x != 3:", f"    S[{number}] = {OPEN} if x else {NEVER}", "    return"]
        low, high, speaks, at = [str(profile.prior)], [str(profile.prior)], [], 0
        for group in profile.cues:
            names = [f"x{at + n}" for n in range(len(group))]
            lines += [f"{one} = {self._code(cue.when)}" for one, cue in zip(names, group, strict=True)]
            speaks += [one for one, cue in zip(names, group, strict=True) if cue.points > 0]
            sure, most = _worth(names, group)
            if len(group) > 1:
                lines.append(f"y{at} = {sure}")
                sure, most = f"y{at}", most.replace("SURE", f"y{at}")
            low.append(sure)
            high.append(most)
            at += len(group)
        lines.append(f"S[{number}] = {' + '.join(low)}, {' + '.join(high)}, {' | '.join(speaks) or '0'}")
        self.scoring[number] = [f"def p{number}(V, S):", *(f"    {line}" for line in lines), ""]
        return number

    def _gain(self, profile: c.Profile) -> None:
        """The function that says whether the cues of one step bring a profile that is considered so many points nearer, written once."""
        number = self.profiles[profile]
        if number in self.gaining:
            return
        telling = [self._code(cue.when) for group in profile.cues for cue in group if cue.telling]
        steps: dict[str, int] = {}
        for cue in (cue for group in profile.cues for cue in group):
            if cue.step and cue.points > 0:
                steps.setdefault(cue.step, len(steps))
        lines = ["return False"]
        if telling and steps:
            lines = [f"if not ({' or '.join(f'{code} == 3' for code in telling)}):", "    return False"]
            lines.append(" = ".join(f"s{step}" for step in steps.values()) + " = 0")
            for group in profile.cues:
                if any(cue.step and cue.points > 0 for cue in group):
                    lines += self._gained(group, steps)
            lines.append(f"return {' or '.join(f's{step} >= short' for step in steps.values())}")
        self.gaining[number] = [f"def g{number}(V, short):", *(f"    {line}" for line in lines), ""]

    def _gained(self, group: Sequence[c.Cue], steps: dict[str, int]) -> list[str]:
        """The lines that add to each step what the best cue of a group that it holds would add."""
        if len(group) == 1:
            return [f"if {self._code(group[0].when)} == 1:", f"    s{steps[group[0].step]} += {group[0].points}"]
        names = [f"x{n}" for n in range(len(group))]
        lines = [f"{one} = {self._code(cue.when)}" for one, cue in zip(names, group, strict=True)]
        lines.append(f"y = {_worth(names, group)[0]}")
        for step in dict.fromkeys(cue.step for cue in group if cue.step and cue.points > 0):
            asked = [(cue.points, one) for one, cue in zip(names, group, strict=True) if cue.step == step and cue.points > 0]
            asked.sort(reverse=True)
            best = " else ".join(f"{points} if {one} == 1" for points, one in asked)
            lines += [f"x = {best} else y", f"if x > y: s{steps[step]} += x - y"]
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

    def _place(self, condition: c.Condition | None) -> tuple[int, bool] | None:
        if condition is None:
            return None
        _, number, way = self._renumbered(self.circuit.ref(condition))
        return number, way == NEGATED

    def _cone_of_cues(self, profiles: Iterable[c.Profile]) -> int:
        """What the cues of a cause rest on; every patient where one holds of nobody."""
        cone = 0
        for cue in (cue for profile in profiles for group in profile.cues for cue in group):
            of, one, _ = self.circuit.ref(cue.when)
            cone |= self.cones[of, one] | (ALWAYS if self._of_nobody(cue.when) else 0)
        return cone

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
            form = LEAF if about == "patient" and old in self.places else self._form((about, old))
            inputs = () if about == "patient" and old in self.places else tuple(self._renumbered(ref) for ref in table.inputs.get(old, ()))
            condition = table.conditions[old]
            need = condition.at_least if form in (REACHED, NEAR) and isinstance(condition, c.Suspicion | c.InReach) else table.need[old]
            nodes[about][new] = (form, need, inputs)
            if about == "patient" and old in self.places:
                leaves[about][new] = ("place", *self.places[old])
            elif new < self.leaves[about]:
                leaves[about][new] = _leaf(table.conditions[old])
            if about == "patient":
                nobody[new] = CODES[TRUTHS[table.truth[old]]]
        sources = {
            self.numbers["patient", number]: tuple(ref and self._renumbered(ref) for ref in refs)
            for number, refs in self.circuit.sources.items()
        }
        profiles = [
            (
                self._place(profile.place),
                self._place(profile.only_if),
                tuple(tuple((cue.points, self._tree(cue.when), cue.step, cue.telling) for cue in group) for group in profile.cues),
            )
            for profile in self.profiles
        ]
        scored = {
            self.numbers["patient", number]: tuple(self.profiles[one] for one in condition.profiles)
            for number, condition in enumerate(self.tables["patient"].conditions)
            if isinstance(condition, c.Suspicion | c.InReach)
        }
        return {
            "blocks": [(name, level) for name, level, _ in self.blocks],
            "readers": self._readers(),
            "levels": self.levels,
            "profiles": profiles,
            "scores": self.nobody,
            "scored": scored,
            "causes": {
                cause.id: (tuple(self.profiles[one] for one in cause.counted), self._cone_of_cues(cause.counted))
                for cause in self.base.causes.values()
            },
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


def _worth(names: Sequence[str], group: Sequence[c.Cue]) -> tuple[str, str]:
    """What a group of cues adds, as ``conditions.worth`` has it: what is certain, and at most; ``SURE`` stands there for what is certain."""
    by_points = sorted(zip((cue.points for cue in group), names, strict=True), reverse=True)
    for_ = [(points, one) for points, one in by_points if points > 0]
    against = [(points, one) for points, one in reversed(by_points) if points < 0]
    if len(group) == 1:
        ((points, one),) = by_points
        sure = f"{points} * ({one} >> 1)"
        return sure, f"{points} * ({one} & 1)" if points > 0 else sure
    sure = " else ".join(f"{points} if {one} > 1" for points, one in (*for_, *against))
    most = " else ".join(f"{points} if {one}" for points, one in for_)
    return f"({sure} else 0)", f"({most} else SURE)" if most else "SURE"


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
        case c.PainNamed(regions):
            return ("named", regions)
        case c.PainApart(areas, n):
            return ("apart", areas, n)
        case c.MuscleIs(ids):
            return ("muscle_is", ids)
        case c.LabelIs(field, values):
            return ("label_is", field, values)
        case c.Words() | c.PainAt() | c.Label() | c.Derived() | c.All() | c.Any() | c.Not() | c.AtLeast() | c.Item():
            raise TypeError(f"not a leaf: {condition!r}")
        case c.Established() | c.Known() | c.CountMuscles() | c.LabelMuscle() | c.AnyLabel() | c.Suspicion() | c.InReach():
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
        self.profiles: list[tuple[Held | None, Held | None, tuple[tuple[Cue, ...], ...]]] = kept["profiles"]
        """Of each profile where its place and its gate are held, and its cues in groups."""
        self.scores: list[Score] = kept["scores"]
        self.scored: dict[int, tuple[int, ...]] = kept["scored"]
        """The profiles of each node that speaks of a score."""
        self.causes: dict[str, tuple[tuple[int, ...], int]] = kept["causes"]
        """The profiles of each cause, and what its cues rest on."""
        self.stores: dict[Subject, dict[str, int]] = kept["stores"]
        self.concluded: dict[str, Node] = kept["concluded"]
        self.rules: list[Tree] = kept["rules"]
        self.others: list[Tree] = kept["others"]
        space: dict[str, Any] = {"NOT": NOT, "EST": (0, 0, 0, 3), "KNW": (3, 0, 0, 3)}
        exec(kept["code"], space)  # noqa: S102 - written above, from checked rules
        self.stages: tuple[Stage, ...] = tuple(space[f"s{stage}"] for stage in range(self.depth + 2))
        self.blocks: list[list[Stage]] = [[] for _ in range(kept["levels"])]
        """What is worked out or skipped together, by level, in order."""
        for name, level in kept["blocks"]:
            self.blocks[level].append(space[name])
        self.readers: dict[str, int] = kept["readers"]
        """The blocks that read each finding, as bits: those of the first level lowest."""
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
                for leaf in c.walk(condition_of(self.leaves["patient"][number])):
                    for name in leaf_names(leaf, self.base):
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
        case ("named", regions):
            return c.PainNamed(regions)
        case ("apart", areas, n):
            return c.PainApart(areas, n)
        case ("place", here, whole):
            return c.Any((c.PainAt(here), c.PainNamed(whole)))
        case ("label", label):
            return c.Label((label,))
    raise TypeError(f"not a leaf of the patient: {leaf!r}")


def compiled(base: KnowledgeBase) -> bytes:
    """The program of a knowledge base as bytes, to be kept for as long as the rules, this library and Python stay what they are."""
    return marshal.dumps(_Compiler(base).plain())


@lru_cache(maxsize=8)
def program_of(base: KnowledgeBase) -> Program:
    """The program of a knowledge base, compiled once."""
    kept = kept_beside(base, "program", lambda: compiled(base))
    return Program(base, marshal.loads(kept))  # noqa: S302 - written by this user for these rules, this library and this Python
