"""
What is known of one patient as the values of a program's leaves, and what its nodes came to.

``Slots`` is the same for every patient of a pack: where a finding goes, and places and muscles as bits. ``Values`` is one patient: first what
was said, then, stratum by stratum, the truth of every node. Whoever asks of the rules afterwards reads it here; nothing is judged twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, compress
from typing import Any, TypeAlias

from mps_rules.chaining.chains import Chain, Derivation, Premise
from mps_rules.chaining.premises import premise
from mps_rules.chaining.program import (
    ALWAYS,
    CODES,
    DRAWN,
    EXAMINED,
    FALSE,
    NOT,
    TRUE,
    UNKNOWN,
    VERDICTS,
    Tree,
    condition_of,
    expanded,
    items,
    others,
    program_of,
)
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.regions import Spot, atlas_of
from mps_rules.knowledge.vocabulary import PATIENT, SIDES, Subject
from mps_rules.language import conditions as c
from mps_rules.patient.facts import ANYTHING, Facts, terrain_of
from mps_rules.patient.painmap import Hurting
from mps_rules.patient.values import Finding, Findings

Fired: TypeAlias = tuple[int, int]
"""A rule by its number, and of which muscles or diagnoses it holds, as bits (0: of the patient)."""
TRUTHY = bytes.maketrans(b"01", b"\0\1")
"""Turns the digits of bits into what ``compress`` reads."""


class Slots:
    """Where in a program's lists what is said of a patient goes; it holds no patient."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base, self.words = base, base.vocabulary
        self.terrain = terrain_of(base)
        self.program = program = program_of(base)
        self.places = atlas_of(self.terrain.tree)
        self.present: dict[str, int] = {}
        self.word: dict[str, dict[str, int]] = {}
        self.numbers: dict[str, list[tuple[int, Any, Any, Any, Any]]] = {}
        self.pains: dict[Spot, int] = {}
        self.labels: dict[str, int] = {}
        self.named: dict[str, list[int]] = {}
        """What is true where a region itself is drawn."""
        self.lying: dict[str, list[int]] = {}
        """The places of profiles that hurt where a region hurts."""
        self.of_profiles: list[tuple[int, int]] = []
        """The places of profiles, each with what must be free for it to be."""
        self.apart: dict[tuple[tuple[str, ...], ...], list[tuple[int, int]]] = {}
        self.of_measure: dict[str, list[tuple[int, dict[str, float]]]] = {}
        for slot, leaf in enumerate(program.leaves["patient"]):
            match leaf:
                case ("present", term):
                    self.present[term] = slot
                case ("word", term, word):
                    self.word.setdefault(term, {})[word] = slot
                case ("compare", term, *bounds) if term in self.words.measures:
                    self.of_measure.setdefault(term, []).append((slot, c.Compare(term, *bounds).bounds()))
                case ("compare", term, *bounds):
                    self.numbers.setdefault(term, []).append((slot, *bounds))
                case ("pain", region, side):
                    self.pains[region, side] = slot
                case ("label", label):
                    self.labels[label] = slot
                case ("named", regions):
                    for region in regions:
                        self.named.setdefault(region, []).append(slot)
                case ("place", here, whole):
                    self._take_place(slot, here, whole)
                case ("apart", areas, n):
                    self.apart.setdefault(areas, []).append((slot, n))
        self.areas: dict[str, list[tuple[int, int]]] = {}
        for number, areas in enumerate(self.apart):
            for place, regions in enumerate(areas):
                for region in regions:
                    self.areas.setdefault(region, []).append((number, 1 << place))
        self.counts = list(self.apart.values())
        self.needed = [(slot, self.places.needed[place]) for place, slot in self.pains.items()]
        self.measures = [_Measured(measure, leaves, self) for measure, leaves in self.of_measure.items()]
        self._muscle_leaves()
        self._label_leaves()
        self._near: dict[Spot, tuple[int, int, int]] = {}
        self.regions = [
            (bit, tuple({self.places.needed[region, side] for side in (None, *SIDES)}))
            for name, bit in program.names.items()
            for region in (name.removeprefix("pain."),)
            if name.startswith("pain.")
        ]
        """The places of pain that rules read, each with what must be free for it to be free, on either side or on one."""
        self.readers_of_pain = [(bit, program.readers.get(name, 0)) for name, bit in program.names.items() if name.startswith("pain.")]

    def _take_place(self, slot: int, here: Iterable[str], whole: Iterable[str]) -> None:
        needed = 0
        for region in here:
            self.lying.setdefault(region, []).append(slot)
            needed |= self.places.needed[region, None]
        for region in whole:
            self.named.setdefault(region, []).append(slot)
        self.of_profiles.append((slot, needed))

    def _muscle_leaves(self) -> None:
        program = self.program
        self.kinds: list[tuple[int, int]] = []
        """Leaves that ask which muscle it is, each with the muscles that it names."""
        self.related: dict[str, int] = {}
        """Leaves that are worked out of how a muscle stands to the pain, and whether it was examined."""
        self.own: dict[str, list[tuple[int, c.Condition]]] = {}
        self.start: list[int] = []
        """The code of each leaf for a muscle that nobody examined; that of a leaf in ``kinds`` does not count."""
        for slot, leaf in enumerate(program.leaves["muscle"]):
            code = UNKNOWN
            match leaf:
                case ("muscle_is", ids):
                    named = 0
                    for (muscle, _), bit in program.bits.items():
                        row = self.words.muscles.get(muscle)
                        named |= 1 << bit if muscle in ids or (row is not None and row.group in ids) else 0
                    self.kinds.append((slot, named))
                case ("present", term) if self.words.terms[term].fact:
                    self.related[term] = slot
                case _:
                    condition = condition_of(leaf)
                    code = self._unsaid(condition)
                    self.own.setdefault(leaf[1], []).append((slot, condition))
            self.start.append(code)
        self.fixed = self._planes(program.all_fixed)
        self.edges = [self._needed_for(muscle, side) for muscle, side in program.bits]
        """For each muscle, the places that must be free for all of its zones to be."""

    def _needed_for(self, muscle: str, side: str | None) -> int:
        needed = 0
        for edge in self.terrain.referral.edges(muscle):
            needed |= self.places.needed[edge.region, side if edge.laterality != "bilateral" else None]
        return needed

    def _planes(self, full: int) -> list[int]:
        width = self.program.width
        of_code = {FALSE: 0, UNKNOWN: full << width, TRUE: full * (1 | 1 << width)}
        planes = [of_code[code] for code in self.start]
        for slot, named in self.kinds:
            planes[slot] = (named & full) * (1 | 1 << width)
        return planes

    def _label_leaves(self) -> None:
        program = self.program
        self.label_start: list[tuple[int | None, int]] = []
        """For each leaf, the diagnoses of which it is true, whatever is known; or the code of what nobody said."""
        self.label_own: dict[str, list[tuple[int, c.Condition]]] = {}
        for slot, leaf in enumerate(program.leaves["label"]):
            match leaf:
                case ("label_is", field, values):
                    named = 0
                    for label, bit in program.label_bits.items():
                        named |= 1 << bit if getattr(self.words.diagnoses[label], field) in values else 0
                    self.label_start.append((named, FALSE))
                case _:
                    condition = condition_of(leaf)
                    self.label_start.append((None, self._unsaid(condition)))
                    self.label_own.setdefault(leaf[1], []).append((slot, condition))
        self.rows: dict[str, int] = {}
        for label, row in self.words.diagnoses.items():
            names, mask = set(row.muscles), 0
            for (muscle, _), bit in program.bits.items():
                mask |= 1 << bit if muscle in names else 0
            self.rows[label] = mask

    def _unsaid(self, condition: c.Condition) -> int:
        """The code of a leaf of a muscle or a diagnosis before anything is known of it."""
        if not isinstance(condition, c.Compare):
            return UNKNOWN
        allowed = self.words.terms[condition.term].range
        return CODES[(c.Interval(*allowed) if allowed else ANYTHING).satisfies(**condition.bounds())]

    def near(self, place: Spot) -> tuple[int, int, int]:
        """The muscles that send pain all over a place, that may send it there, and that lie there."""
        found = self._near.get(place)
        if found is None:
            refers = possible = lies = 0
            for who, near in self.terrain.referral.near(*place).items():
                bit = 1 << self.program.bits[who]
                lies |= bit if near.lies_there else 0
                refers |= bit if near.reached and near.certain else 0
                possible |= bit if near.reached and not near.certain else 0
            found = self._near[place] = (refers, possible, lies)
        return found


class _Measured:
    """A measure that some rule bounds: its leaves, what it is worked out from, and, where it only counts plainly, what it counts."""

    def __init__(self, measure: str, leaves: list[tuple[int, dict[str, float]]], slots: Slots) -> None:
        self.id, self.leaves = measure, leaves
        self.reads = frozenset(items(measure, slots.base))
        self.reads_pain = any(name.startswith("pain.") for name in self.reads)
        definition = slots.words.measures[measure]
        self.counted: list[tuple[str, tuple[Spot, ...], int]] | None = None
        if not definition.sum and not definition.also_total:
            counted = [self._counted(condition, slots) for condition in definition.count]
            self.counted = None if None in counted else [one for one in counted if one]

    def _counted(self, condition: c.Condition, slots: Slots) -> tuple[str, tuple[Spot, ...], int] | None:
        match condition:
            case c.Present(term):
                return term, (), 0
            case c.PainAt(regions, side):
                needed = 0
                for region in regions:
                    needed |= slots.places.needed[region, side]
                return "", tuple((region, side) for region in regions), needed
        return None

    def interval(self, values: "Values") -> c.Interval | None:
        """The range of the measure, or None where it is that of nobody."""
        if self.counted is None or self.id in values.given:
            touched = not self.reads.isdisjoint(values.given) or (self.reads_pain and (values.pain.entries or values.pain.free))
            return values.facts.interval(self.id) if touched else None
        low = high = 0
        for term, places, needed in self.counted:
            code = UNKNOWN
            if term:
                known = values.booleans.get(term)
                code = UNKNOWN if known is None else TRUE if known else FALSE
            elif not values.pain.spots.isdisjoint(places):
                code = TRUE
            elif values.pain.free and not needed & ~values.pain.free:
                code = FALSE
            low, high = low + (code == TRUE), high + (code != FALSE)
        return c.Interval(low, high) if low or high < len(self.counted) else None


def _take_own(
    findings: Iterable[Finding], slots: Mapping[str, list[tuple[int, c.Condition]]], planes: list[int], bit: int, width: int
) -> None:
    """What was found of one muscle, or of one diagnosis, goes into its bit of the planes."""
    may = bit << width
    for finding in findings:
        for slot, condition in slots.get(finding.term, ()):
            truth = _said(finding, condition)
            planes[slot] = (
                planes[slot] | bit | may if truth else planes[slot] & ~(bit | may) if truth is False else (planes[slot] | may) & ~bit
            )


def _said(finding: Finding, condition: c.Condition) -> c.Truth:
    """What a finding says of a leaf that reads it."""
    match condition:
        case c.Present():
            return finding.value if isinstance(finding.value, bool) else None
        case c.Words(_, (word,)):
            return True if word in finding.words else False if word in finding.denied else None
        case c.Compare() if finding.between is not None:
            return c.Interval(*finding.between).satisfies(**condition.bounds())
        case c.Compare() if finding.value is not None:
            return c.Interval(float(finding.value), float(finding.value)).satisfies(**condition.bounds())
        case _:
            raise TypeError(f"not a leaf of one muscle or diagnosis: {condition!r}")


@lru_cache(maxsize=8)
def slots_of(base: KnowledgeBase) -> Slots:
    """The slots of a knowledge base, built once."""
    return Slots(base)


class Values:
    """
    One patient: what is known, and the truth of every node as far as the strata have been run.

    ``stage`` runs one stratum on and says which rules hold by it; what they conclude counts from ``declare`` on.
    """

    def __init__(self, base: KnowledgeBase, facts: Facts) -> None:
        self.base, self.facts = base, facts
        self.slots = slots = slots_of(base)
        self.program = program = slots.program
        findings = facts.findings
        self.given = {finding.term: finding for finding in findings.patient}
        self.booleans: dict[str, bool] = {}
        self.patient = program.nobody[:]
        self.pain = Hurting(slots.places, findings, self.given)
        self._take_findings(findings)
        self._take_pain()
        self.labels = {given.label: given.present for given in findings.labels}
        for label, present in self.labels.items():
            slot = slots.labels.get(label)
            if slot is not None:
                self.patient[slot] = TRUE if present else FALSE
        for measured in slots.measures:
            interval = measured.interval(self)
            if interval is not None:
                for slot, bounds in measured.leaves:
                    self.patient[slot] = CODES[interval.satisfies(**bounds)]
        self._take_muscles(findings)
        self._take_labels(findings)
        self.touched = self._touched()
        self.declared: dict[Subject, list[int]] = {about: [0] * len(found) for about, found in program.stores.items()}
        self.scores = program.scores[:]
        self.fired: dict[int, int] = {}
        self.stratum = 0

    # --- what is known

    def _take_findings(self, findings: Findings) -> None:
        slots, patient = self.slots, self.patient
        for finding in findings.patient:
            term, value = finding.term, finding.value
            if value is True or value is False:
                self.booleans[term] = value
                slot = slots.present.get(term)
                if slot is not None:
                    patient[slot] = TRUE if value else FALSE
            elif value is not None:
                for slot, at_least, above, at_most, below in slots.numbers.get(term, ()):
                    missed = (
                        (at_least is not None and value < at_least)
                        or (above is not None and value <= above)
                        or (at_most is not None and value > at_most)
                        or (below is not None and value >= below)
                    )
                    patient[slot] = FALSE if missed else TRUE
            elif finding.between is not None:
                interval = c.Interval(*finding.between)
                for slot, at_least, above, at_most, below in slots.numbers.get(term, ()):
                    patient[slot] = CODES[interval.satisfies(at_least=at_least, above=above, at_most=at_most, below=below)]
            if finding.words or finding.denied:
                of_word = slots.word.get(term, {})
                for word in finding.denied:
                    if word in of_word:
                        patient[of_word[word]] = FALSE
                for word in finding.words:
                    if word in of_word:
                        patient[of_word[word]] = TRUE

    def _take_pain(self) -> None:
        patient, free = self.patient, self.pain.free
        if free:
            for slot, needed in self.slots.needed:
                if not needed & ~free:
                    patient[slot] = FALSE
        pains = self.slots.pains
        for place in self.pain.spots:
            if place in pains:
                patient[pains[place]] = TRUE
        if self.pain.entries:
            self._take_drawn({entry.region for entry in self.pain.entries})

    def _take_drawn(self, drawn: Iterable[str]) -> None:
        """Where pain is recorded, every other place is free, or not known to hurt."""
        slots, patient, free = self.slots, self.patient, self.pain.free
        for slot, needed in slots.of_profiles:
            patient[slot] = FALSE if free and not needed & ~free else UNKNOWN
        for region, side in self.pain.spots:
            if side is None:
                for slot in slots.lying.get(region, ()):
                    patient[slot] = TRUE
        for region in drawn:
            for slot in slots.named.get(region, ()):
                patient[slot] = TRUE
        self._take_areas(drawn)

    def _take_areas(self, drawn: Iterable[str]) -> None:
        slots = self.slots
        found = [0] * len(slots.counts)
        for region in drawn:
            for number, area in slots.areas.get(region, ()):
                found[number] |= area
        for several, areas in zip(slots.counts, found, strict=True):
            for slot, n in several:
                self.patient[slot] = TRUE if areas.bit_count() >= n else FALSE

    def _take_muscles(self, findings: Findings) -> None:
        slots, program = self.slots, self.program
        self.exams = {(exam.muscle, exam.side): exam for exam in findings.exam}
        examined = 0
        for who in self.exams:
            examined |= 1 << program.bits[who]
        self.full = full = program.all_fixed | examined
        both = 1 | 1 << program.width
        muscle = slots.fixed[:] if full == program.all_fixed else slots._planes(full)  # noqa: SLF001 - its own module
        refers = possible = lies = 0
        explains = full if self.pain.entries else 0
        for entry in self.pain.entries:
            all_over, some_of_it, there = slots.near((entry.region, entry.side))
            refers |= all_over
            possible |= some_of_it
            lies |= there
            explains &= all_over
        self.refers, self.possible, self.lies = refers & full, possible & full, lies & full
        related = {
            "examined": examined * both,
            "lies_in_pain": self.lies * both,
            "explains_all": explains * both,
            "remote_from_pain": (self.refers & ~self.lies) * both,
            "refers_to_pain": self.refers | (full & ~self._sends_none(full)) << program.width,
        }
        for term, slot in slots.related.items():
            muscle[slot] = related[term]
        for who, exam in self.exams.items():
            _take_own(exam.findings, slots.own, muscle, 1 << program.bits[who], program.width)
        self.muscle = muscle + [0] * (len(program.nodes["muscle"]) - len(muscle))

    def _sends_none(self, full: int) -> int:
        """The muscles all of whose zones are known to be free."""
        if not self.pain.free:
            return 0
        elsewhere, none = self.slots.places.everywhere & ~self.pain.free, 0
        for bit, needed in enumerate(self.slots.edges):
            if needed and not needed & elsewhere:
                none |= 1 << bit
        return none & full & ~self.refers

    def _take_labels(self, findings: Findings) -> None:
        slots, program = self.slots, self.program
        self.given_labels = tuple(given.label for given in findings.labels if given.present)
        full = 0
        for label in self.given_labels:
            full |= 1 << program.label_bits[label]
        self.label_full = full
        self.rows: list[tuple[int, int, int]] = []
        if not full:
            self.label = [0] * len(program.nodes["label"])
            return
        width = program.label_width
        both = 1 | 1 << width
        of_code = {FALSE: 0, UNKNOWN: full << width, TRUE: full * both}
        planes = [of_code[code] if named is None else (named & full) * both for named, code in slots.label_start]
        for given in findings.labels:
            if given.present:
                bit = 1 << program.label_bits[given.label]
                self.rows.append((slots.rows[given.label] & self.full, bit | bit << width, bit << width))
                _take_own(given.findings, slots.label_own, planes, bit, width)
        self.label = planes + [0] * (len(program.nodes["label"]) - len(planes))

    def _touched(self) -> int:
        """The names of everything that is known, as bits, and the blocks that read any of it; muscles and diagnoses are always worked out."""
        known = [*self.given, *(f"labels.{label}" for label in self.labels), *(f"given.{label}" for label in self.given_labels)]
        if self.pain.entries or self.pain.free:
            known.append(DRAWN)
        if self.exams:
            known.append(EXAMINED)
        known += [f"pain.{region}" for region, side in self.pain.spots if side is None]
        names, touched = self.program.names, ALWAYS
        for name in known:
            touched |= names.get(name, 0)
        free = self.pain.free
        for bit, needed in self.slots.regions if free else ():
            for one in needed:
                if not one & ~free:
                    touched |= bit
        self.blocks = self._blocks(known, touched)
        return touched

    def _blocks(self, known: Iterable[str], touched: int) -> list[list[Any]]:
        """The blocks that are to be worked out, by level."""
        readers, found = self.program.readers, 0
        for name in known:
            found |= readers.get(name, 0)
        if self.pain.free:
            for bit, blocks in self.slots.readers_of_pain:
                if touched & bit:
                    found |= blocks
        awake = []
        for level in self.program.blocks:
            awake.append(list(compress(level, f"{found:b}"[::-1].encode().translate(TRUTHY))))
            found >>= len(level)
        return awake

    # --- stratum by stratum

    def stage(self) -> list[Fired]:
        """Works out the next stratum: the rules that hold by it, in their order."""
        program, full, labels = self.program, self.full, self.label_full
        width, label_width = program.width, program.label_width
        both, label_both = full | full << width, labels | labels << label_width
        held: list[Fired] = []
        program.stages[self.stratum](
            self.patient, self.muscle, self.label, self.scores, self.touched, self.blocks, held,
            self.declared["patient"], self.declared["muscle"], self.declared["label"],
            full, both, full << width, (0, full << width, 0, both),
            labels, label_both, labels << label_width, (0, labels << label_width, 0, label_both),
            self.rows,
        )  # fmt: skip
        self.stratum += 1
        held.sort()
        return held

    def declare(self, about: Subject, store: int, of: int) -> None:
        """A conclusion was declared: of the patient, or of these muscles or diagnoses."""
        self.declared[about][store] |= of

    # --- what came of it

    def code(self, about: Subject, number: int, subject: str) -> int:
        """The truth of a node of a subject; what is not of the patient is asked of a muscle that there is, or of a diagnosis given."""
        if about == "patient":
            return self.patient[number]
        if about == "muscle":
            bit, plane, width = self.program.bit_of[subject], self.muscle[number], self.program.width
        else:
            bit, plane, width = self.program.label_bits[subject], self.label[number], self.program.label_width
        return (plane >> bit & 1) << 1 | (plane >> (bit + width) & 1)

    def bits_of(self, about: Subject, subject: str) -> int:
        """A subject as it is declared of."""
        if about == "patient":
            return 2
        return 1 << (self.program.bit_of[subject] if about == "muscle" else self.program.label_bits[subject])

    def verdict(self, rule: str, subject: str = PATIENT) -> c.Truth:
        """Whether a rule holds of a subject."""
        number = self.program.number_of.get(rule)
        if number is None or not self._is_asked(self.base.rules[number].about, subject):
            return None
        about, node, turned, _ = self.program.rules[number]
        code = self.code(about, node, subject)
        return VERDICTS[NOT[code] if turned else code]

    def concluded(self, id: str, subject: str = PATIENT) -> c.Truth:
        """Whether something was concluded of a subject (or of the patient), is ruled out, or stays open."""
        found = self.program.concluded.get(id)
        if found is None:
            return None
        about, number = found
        if about != "patient" and not self._is_asked(about, subject):
            return None
        return VERDICTS[self.code(about, number, subject)]

    def _is_asked(self, about: Subject, subject: str) -> bool:
        """Whether rules of a kind are asked about a subject."""
        if about == "patient":
            return subject == PATIENT
        if about == "label":
            return subject in self.program.label_bits and bool(self.label_full >> self.program.label_bits[subject] & 1)
        bit = self.program.bit_of.get(subject)
        return bit is not None and bool(self.full >> bit & 1)

    # --- the parts of a rule

    @cached_property
    def parts(self) -> "Parts":
        """The rules' conditions, part by part."""
        return parts_of(self.base)

    def part(self, part: "Part", subject: str) -> int:
        """The code of a part of a rule, of a subject."""
        code = self.patient[part.number] if part.about == "patient" else self.code(part.about, part.number, subject)
        return NOT[code] if part.turned else code

    def truth(self, condition: c.Condition, subject: str = PATIENT) -> c.Truth:
        """The truth of a condition that stands in a rule, of a subject."""
        return VERDICTS[self.part(self.parts.of(condition), subject)]

    def muscles_at(self, part: "Part", code: int) -> int:
        """The muscles of which a part has that code, as bits."""
        full = self.full
        if part.about == "patient":
            return full if self.part(part, PATIENT) == code else 0
        plane = self.muscle[part.number]
        true, may = plane & self.program.low, plane >> self.program.width
        if part.turned:
            true, may = full & ~may, full & ~true
        return true if code == TRUE else may & ~true if code == UNKNOWN else full & ~may

    def in_order(self, muscles: int) -> list[str]:
        """The muscles of a set of bits, in the muscles' own order."""
        program, found = self.program, []
        fixed = muscles & program.all_fixed
        while fixed:
            low = fixed & -fixed
            found.append(program.subjects[low.bit_length() - 1])
            fixed ^= low
        if muscles >> program.fixed:
            for who in self.exams:
                bit = program.bits[who]
                if bit >= program.fixed and muscles >> bit & 1:
                    found.append(program.subjects[bit])
        return found

    def subjects_of(self, number: int) -> list[str]:
        """Of whom a rule fired."""
        of, about = self.fired[number], self.base.rules[number].about
        if about == "patient":
            return [PATIENT]
        return (
            self.in_order(of) if about == "muscle" else [label for label in self.given_labels if of >> self.program.label_bits[label] & 1]
        )

    # --- why

    @cached_property
    def _grounds(self) -> dict[tuple[int, str], tuple[Premise, ...]]:
        return {}

    def because(self, number: int, subject: str) -> tuple[Premise, ...]:
        """What a rule that fired of a subject rests on."""
        return self.grounds(self.parts.rules[number], subject, TRUE)

    def grounds(self, part: "Part", subject: str, code: int) -> tuple[Premise, ...]:
        """The premises on which the truth of a part rests, in order, each once; as ``conditions.grounds`` has them."""
        key = (part.key, subject)
        found = self._grounds.get(key)
        if found is None:
            found = self._grounds[key] = self._found_grounds(part, subject, code)
        return found

    def _found_grounds(self, part: "Part", subject: str, code: int) -> tuple[Premise, ...]:
        form = part.form
        if form in COMBINED:
            return _each_once([self.grounds(one, subject, code) for one in part.parts if self.part(one, subject) == code])
        if form is c.Not:
            return self.grounds(part.parts[0], subject, NOT[code])
        if form is c.Item:
            return self.grounds(part.parts[0], subject, code)
        if form in (c.Established, c.Known):
            known = self.part(part.parts[0], subject)
            if known != UNKNOWN:
                return self.grounds(part.parts[0], subject, known)
        elif form in (c.CountMuscles, c.LabelMuscle) and code != FALSE:
            (of,) = part.parts
            muscles = self.muscles_at(of, code)
            if form is c.LabelMuscle:
                muscles &= self.slots.rows[subject]
            return _each_once([self.grounds(of, muscle, code) for muscle in self.in_order(muscles)])
        elif form is c.AnyLabel and code != FALSE:
            (of,) = part.parts
            return _each_once([self.grounds(of, label, code) for label in self.given_labels if self.part(of, label) == code])
        elif form in (c.Suspicion, c.InReach):
            return _each_once([self.grounds(cue, subject, self.part(cue, subject)) for cue in self._that_count(part, code)])
        return (self.parts.premise(part, subject, code, self.facts),)

    def _that_count(self, part: "Part", code: int) -> "Iterator[Part]":
        """The cues on which the verdict over a score rests, as ``conditions.grounds`` has them."""
        in_play = [number for number in self.program.scored[part.number] if self.considered(number) == TRUE]
        if code == TRUE:
            in_play = [max(in_play, key=lambda number: (self.scores[number][2] == TRUE, self.scores[number][0]))] if in_play else []
        for number in in_play:
            for points, cue in (pair for group in self.parts.cues(number) for pair in group):
                holds = self.part(cue, PATIENT)
                if (holds == UNKNOWN and points > 0) if code == UNKNOWN else (holds == TRUE and (points > 0) is (code == TRUE)):
                    yield cue

    def considered(self, profile: int) -> int:
        """The code of whether a profile is considered: its place must be known to hurt, and its gate must not be ruled out."""
        place, gate, _ = self.program.profiles[profile]
        if gate is not None and (NOT[self.patient[gate[0]]] if gate[1] else self.patient[gate[0]]) == FALSE:
            return FALSE
        if place is None:
            return TRUE
        return NOT[self.patient[place[0]]] if place[1] else self.patient[place[0]]

    @cached_property
    def derivations(self) -> tuple[Derivation, ...]:
        """Every rule that fired, of whom, and why, by stratum, rule and subject."""
        rules = self.base.rules
        return tuple(
            Derivation(rule.id, subject, rule.stratum, self.parts.concludes[number], self.because(number, subject))
            for number in sorted(self.fired, key=lambda one: (rules[one].stratum, rules[one].id))
            for rule in (rules[number],)
            for subject in sorted(self.subjects_of(number))
        )


def _each_once(found: Sequence[tuple[Premise, ...]]) -> tuple[Premise, ...]:
    if len(found) == 1:
        return found[0]
    return tuple(dict.fromkeys(chain.from_iterable(found)))


PREMISES_KEPT = 8192
"""How many premises are shared between patients."""


class _ONE_OF:  # noqa: N801 - stands beside the classes of conditions
    """The form of a leaf that names several words, places or diagnoses."""


COMBINED = frozenset({c.All, c.Any, c.AtLeast, _ONE_OF})
"""The forms whose truth rests on those of their parts that have it, too."""


class Part:
    """A condition as it was written, or one of its parts: where its truth is held, and what it rests on."""

    __slots__ = ("about", "condition", "cone", "form", "key", "number", "parts", "turned")

    def __init__(self, condition: c.Condition, tree: Tree, parts: "tuple[Part, ...]", cone: int, key: int) -> None:
        self.condition, self.parts, self.cone, self.key = condition, parts, cone, key
        self.form = _ONE_OF if parts and isinstance(condition, c.Words | c.PainAt | c.Label) else type(condition)
        self.about, self.number, self.turned, _ = tree


class Parts:
    """The conditions of a pack's rules, part by part, as far as they were asked for; and the premises that every patient shares."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base, self.program = base, program_of(base)
        self._of: dict[c.Condition, Part] = {}
        self._made = 0
        self._premises: dict[tuple[int, str, int], Premise] = {}
        self.rules = _Rules(self)
        self.concludes = [rule.concludes() for rule in base.rules]
        self._cues: dict[int, tuple[tuple[tuple[int, Part], ...], ...]] = {}
        self._profiles = {
            number: profile
            for cause in base.causes.values()
            for number, profile in zip(self.program.causes[cause.id][0], cause.counted, strict=True)
        }
        for condition, tree in zip(others(base), self.program.others, strict=True):
            self.add(condition, tree)

    def add(self, condition: c.Condition, tree: Tree) -> Part:
        """The part of a condition, its parts added before it."""
        found = self._of.get(condition)
        if found is None or not _told_alike(found.condition, condition):
            parts = tuple(self.add(one, below) for one, below in zip(expanded(condition), tree[3], strict=True))
            found = Part(condition, tree, parts, self.program.cone(tree[0], tree[1]), self._made)
            self._made += 1
            self._of.setdefault(condition, found)
        return found

    def cues(self, profile: int) -> "tuple[tuple[tuple[int, Part], ...], ...]":
        """The cues of a profile in groups, each with its points."""
        found = self._cues.get(profile)
        if found is None:
            groups = zip(self._profiles[profile].cues, self.program.profiles[profile][2], strict=True)
            found = self._cues[profile] = tuple(
                tuple((cue.points, self.add(cue.when, kept[1])) for cue, kept in zip(group, held, strict=True)) for group, held in groups
            )
        return found

    def of(self, condition: c.Condition) -> Part:
        """The part of a condition that stands in a rule, in a measure, or as a step of a red flag."""
        found = self._of.get(condition)
        if found is None:
            for number in range(len(self.base.rules)):
                self.rules[number]
            found = self._of[condition]
        return found

    def premise(self, part: Part, subject: str, code: int, facts: Facts) -> Premise:
        """A leaf, or a silence, in words; where they tell of the patient's own numbers or sources, they are not shared."""
        match part.condition:
            case c.Compare():
                own = True
            case c.Present(term):
                own = term in facts.given and bool(facts.given[term].follows_from)
            case _:
                own = False
        key = (part.key, subject, code)
        found = None if own else self._premises.get(key)
        if found is None:
            found = premise(c.Ground(subject, part.condition, VERDICTS[code]), facts)
            if not own:
                if len(self._premises) >= PREMISES_KEPT:
                    self._premises.clear()
                self._premises[key] = found
        return found


def _told_alike(one: c.Condition, other: c.Condition) -> bool:
    """Whether two equal conditions are told in the same words: one author writes 3 months, another as many days."""
    return one is other or all(
        a.told == b.told for a, b in zip(c.walk(one), c.walk(other), strict=True) if isinstance(a, c.Compare) and isinstance(b, c.Compare)
    )


class _Rules(dict[int, Part]):
    """The part of each rule's condition, by the rule's number."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = parts

    def __missing__(self, number: int) -> Part:
        found = self[number] = self._parts.add(self._parts.base.rules[number].when, self._parts.program.rules[number])
        return found


@lru_cache(maxsize=8)
def parts_of(base: KnowledgeBase) -> Parts:
    """The parts of a knowledge base's rules."""
    return Parts(base)


def straight(base: KnowledgeBase, facts: Facts) -> Values:
    """The program run to its end without experta: every rule that holds is taken as fired."""
    values = Values(base, facts)
    derives = values.program.derives
    while values.stratum <= values.program.depth:
        for number, of in values.stage():
            values.fired[number] = of
            for about, store in derives[number]:
                values.declare(about, store, of or 2)
    values.stage()
    return values


def lent(base: KnowledgeBase, facts: Facts, chained: Chain) -> Values:
    """The values where somebody else has chained: what is concluded, and which rules fired, is theirs."""
    values = Values(base, facts)
    program, number_of = values.program, values.program.number_of
    concluded = {id_: rules[0] for id_, rules in base.concluding.items()}
    while values.stratum <= program.depth:
        values.stage()
        for id_, rule in concluded.items():
            for subject in facts.subjects(rule.about):
                if chained.concluded(id_, subject):
                    values.declare(rule.about, program.stores[rule.about][id_], values.bits_of(rule.about, subject))
    values.stage()
    for derivation in chained.derivations:
        number = number_of[derivation.rule]
        about = base.rules[number].about
        values.fired[number] = values.fired.get(number, 0) | (values.bits_of(about, derivation.subject) if about != "patient" else 0)
    return values
