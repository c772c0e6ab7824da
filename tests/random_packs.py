"""
Random rules over a real vocabulary, and random patients to try them on: the same seed gives the same pack.

Conditions are drawn as they are written in YAML and go through the loader's own parser and stratification, so that every pack
is one that a folder could hold.
"""

from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any

import attrs

from mps_rules.errors import FindingError
from mps_rules.knowledge.cause_files import rules_of
from mps_rules.knowledge.causes import GRADES, Cause, Grade, Ground, Picture, Scale, Sign, Spoken, Worth
from mps_rules.knowledge.loading import Loader, with_open_alerts
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.parser import BOUNDS, ConditionParser
from mps_rules.knowledge.regions import RegionTree
from mps_rules.knowledge.rules import URGENCIES, Conclusion, Derive, Evidence, RaiseAlert, Recommend, Rule, Urgency
from mps_rules.knowledge.strata import under_the_law
from mps_rules.knowledge.vocabulary import SIDES, Subject, Term, Vocabulary
from mps_rules.language import conditions as c
from mps_rules.language.conditions import All, Condition
from mps_rules.patient.facts import Facts, Terrain
from mps_rules.patient.findings import read_findings

FACTS = ("examined", "refers_to_pain", "lies_in_pain", "remote_from_pain", "explains_all")
LEVELS = 4


def seeded(seed: int) -> Random:
    """The same seed, the same draws."""
    return Random(seed)  # noqa: S311 - nothing secret is drawn


def few_muscles(base: KnowledgeBase) -> KnowledgeBase:
    """The same words with a dozen muscles of the low back and hip only, for packs that take a moment instead of a second."""
    kept = {id_: muscle for id_, muscle in base.vocabulary.muscles.items() if muscle.area in ("hip", "low_back")}
    diagnoses = {
        id_: attrs.evolve(diagnosis, muscles=tuple(muscle for muscle in diagnosis.muscles if muscle in kept))
        for id_, diagnosis in base.vocabulary.diagnoses.items()
    }
    return attrs.evolve(
        base,
        vocabulary=attrs.evolve(base.vocabulary, muscles=kept, diagnoses=diagnoses),
        referrals=tuple(edge for edge in base.referrals if edge.muscle in kept),
        rules=(),
        causes={},
        scale=SCALE,
        digest=f"{base.digest} with few muscles",
    )


@attrs.frozen
class Words:
    """The few words that one pack and its patients use, so that they meet."""

    booleans: tuple[str, ...]
    lists: tuple[Term, ...]
    numbers: tuple[Term, ...]
    regions: tuple[str, ...]
    labels: tuple[str, ...]
    muscles: tuple[str, ...]
    groups: tuple[str, ...]
    muscle_booleans: tuple[str, ...]
    muscle_others: tuple[Term, ...]
    label_booleans: tuple[str, ...]
    label_others: tuple[Term, ...]


def words_of(vocabulary: Vocabulary, random: Random, read: Collection[str] = (), share: int = 1) -> Words:
    """
    A handful of words of every kind.

    ``read``: the words to choose from, where only these are of use; ``share``: how many handfuls.
    """

    def terms(subject: str, *kinds: str) -> list[Term]:
        found = [
            term
            for term in vocabulary.terms.values()
            if term.subject == subject and term.kind in kinds and not (term.fact or term.of_record)
        ]
        return [term for term in found if term.id in read] or found

    def some(pool: Sequence[Any], count: int) -> tuple[Any, ...]:
        return tuple(random.sample(list(pool), min(count * share, len(pool))))

    measures = [vocabulary.terms[id_] for id_ in vocabulary.measures]
    sources = ("fever", "pain_low_back", "pain_neck", "wpi_neck", "wpi_hip_left", "motor_deficit", "neuro_exam_normal", "pain_widespread")
    lists = [term for term in terms("patient", "one_of", "many_of") if len(term.values) < 20]
    return Words(
        booleans=(*some([term.id for term in terms("patient", "boolean")], 4), *some(sources, 2)),
        lists=some(lists, 2),
        numbers=(*some(terms("patient", "number", "duration"), 2), *some(measures, 1)),
        regions=some(list(vocabulary.regions), 5),
        labels=some([id_ for id_ in vocabulary.diagnoses if id_ in read] or list(vocabulary.diagnoses), 3),
        muscles=some(list(vocabulary.muscles), 4),
        groups=some([group for group, parts in vocabulary.groups.items() if len(parts) > 1], 2),
        muscle_booleans=some([term.id for term in terms("muscle", "boolean")], 3),
        muscle_others=some(terms("muscle", "one_of", "many_of", "number"), 2),
        label_booleans=some([term.id for term in terms("label", "boolean")], 2),
        label_others=some(terms("label", "one_of", "many_of", "number"), 1),
    )


def words_read(base: KnowledgeBase, random: Random) -> Words:
    """Some of the words that the rules of a base read, enough of them for a patient of whom the rules have something to say."""
    read: set[str] = set()
    for leaf in (leaf for rule in base.rules for leaf in c.walk(rule.when)):
        match leaf:
            case c.Present(term) | c.Words(term) | c.Compare(term):
                read.add(term)
            case c.Label(ids) | c.LabelIs(_, ids):
                read.update(ids)
    return words_of(base.vocabulary, random, read, share=4)


# --- rules ------------------------------------------------------------------------------------------------------------


@attrs.define
class _Author:
    """Writes conditions; ``readable`` are the conclusions that may be read, by the kind of their subject."""

    words: Words
    vocabulary: Vocabulary
    random: Random
    readable: Mapping[str, list[str]]
    causes: Mapping[str, Cause] = attrs.Factory(dict)

    def condition(self, scope: Subject, depth: int) -> Any:
        draw = self.random.random()
        if depth == 0 or draw < 0.3:
            return self.leaf(scope)
        if draw < 0.75:
            form = self.random.choice(("all", "any", "any", "not", "at_least", "item"))
            if form == "not":
                return {"not": self.condition(scope, depth - 1)}
            if form == "item":
                return {"item": {"id": "i", "label": "a line", "is": self.condition(scope, depth - 1)}}
            of = [self.condition(scope, depth - 1) for _ in range(self.random.randint(1, 3))]
            if self.random.random() < 0.1:
                of.append(of[0])
            return {form: {"n": self.random.randint(1, len(of)), "of": of}} if form == "at_least" else {form: of}
        if draw < 0.88:
            return {self.random.choice(("established", "known")): self.condition(scope, depth - 1)}
        if draw < 0.91:
            return {"any_label": self.condition("label", depth - 1)}
        if scope == "label" and draw < 0.95:
            return {"label_muscle": self.condition("muscle", depth - 1)}
        where = self.random.choice(("examined", self.condition("muscle", 0)))
        has = self.condition("muscle", depth - 1)
        if self.random.random() < 0.5:
            return {"any_muscle": {"where": where, "has": has}}
        return {"count_muscles": {"where": where, "has": has, "at_least": self.random.randint(1, 3)}}

    def leaf(self, scope: Subject) -> Any:
        random, words = self.random, self.words
        kinds = ["boolean", "boolean", "list", "number", "pain", "label", "derived", "derived"]
        if scope != "patient":
            kinds += ["own", "own", "own", "own_other", "which"]
        if self.causes:
            kinds += ["suspicion", "suspicion"]
        match random.choice(kinds):
            case "boolean":
                return random.choice(words.booleans)
            case "list":
                return self._of(random.choice(words.lists))
            case "number":
                return self._of(random.choice(words.numbers))
            case "pain":
                regions = random.sample(words.regions, random.randint(1, 2))
                return {"pain_at": {"regions": regions, "side": random.choice(SIDES)} if random.random() < 0.3 else regions}
            case "suspicion":
                return {"suspicion": {"of": random.choice(list(self.causes)), "at_least": random.randint(-3, 4)}}
            case "label":
                return {"label": random.sample(words.labels, random.randint(1, 2))}
            case "derived" if ids := self.readable["patient"] + (self.readable[scope] if scope != "patient" else []):
                return {"derived": random.choice(ids)}
            case "own" if scope == "muscle":
                return random.choice((*words.muscle_booleans, *FACTS))
            case "own" if scope == "label":
                return random.choice(words.label_booleans)
            case "own_other" if scope != "patient":
                return self._of(random.choice(words.muscle_others if scope == "muscle" else words.label_others))
            case "which" if scope == "muscle":
                return {"muscle": random.sample((*words.muscles, *words.groups), random.randint(1, 2))}
            case "which" if scope == "label":
                return {"label_is": {"kind": [random.choice(sorted({row.kind for row in self.vocabulary.diagnoses.values()}))]}}
        return random.choice(words.booleans)

    def _of(self, term: Term) -> Any:
        if term.kind in ("one_of", "many_of"):
            return {term.id: self.random.sample(term.values, self.random.randint(1, min(3, len(term.values))))}
        names = self.random.sample(BOUNDS, self.random.choice((1, 1, 2)))
        return {term.id: {name: some_number(term, self.random) for name in names}}


def some_number(term: Term, random: Random) -> float:
    """A number within the term's range, often a small whole one."""
    low, high = term.range or (0.0, 1.0)
    return float(min(high, low + random.choice((0, 1, 2, 3, 5, 10)))) if random.random() < 0.7 else round(random.uniform(low, high), 1)


def random_pack(base: KnowledgeBase, seed: int, *, counts_within_muscles: bool = False) -> tuple[KnowledgeBase, Words]:
    """
    A dozen random rules over the words of a base; conclusions are read only from a higher level than they are drawn on.

    ``counts_within_muscles``: whether a rule about one muscle may count muscles.
    """
    random = seeded(seed)
    words = words_of(base.vocabulary, random)
    subjects: list[Subject] = ["patient", "patient", "muscle", "muscle", "label"]
    drawn: list[tuple[str, Subject, int]] = [(f"d{number}", random.choice(subjects), random.randrange(LEVELS)) for number in range(8)]
    rules: list[Rule] = []
    names = [f"random.r{number:02d}" for number in range(40)]
    random.shuffle(names)
    for id_, about, level in drawn:
        readable = {
            kind: [other for other, own, below in drawn if own == kind and below < level] for kind in ("patient", "muscle", "label")
        }
        author = _Author(words, base.vocabulary, random, readable)
        for _ in range(random.choice((1, 1, 2, 3))):
            when = _parsed(_fitting(author, about, counts_within_muscles=counts_within_muscles), base.vocabulary, about)
            rules.append(_rule(names.pop(), about, when, (Derive(id_),)))
    base = attrs.evolve(base, scale=SCALE, causes=_random_causes(base, words, random, _all(drawn), range(len(URGENCIES))))
    author = _Author(words, base.vocabulary, random, _all(drawn), base.causes)
    for number in range(3):
        when = _parsed(author.condition("patient", 2), base.vocabulary, "patient", base.causes)
        rules.append(_rule(names.pop(), "patient", when, (Derive(f"suspected{number}"),)))
    rules += [_red_flag(names.pop(), urgency, author, base.vocabulary) for urgency in random.sample(URGENCIES, 2)]
    when = _parsed(author.condition("patient", 2), base.vocabulary, "patient", base.causes)
    rules.append(_rule(names.pop(), "patient", when, (Recommend("self_care", "Rest."),)))
    return with_rules(base, rules, f"random pack {seed} of {base.digest}"), words


def _all(drawn: Sequence[tuple[str, Subject, int]]) -> dict[str, list[str]]:
    return {kind: [id_ for id_, about, _ in drawn if about == kind] for kind in ("patient", "muscle", "label")}


def _fitting(author: _Author, about: Subject, *, counts_within_muscles: bool) -> Any:
    while True:
        drawn = author.condition(about, 3)
        if counts_within_muscles or about != "muscle" or "_muscle" not in str(drawn):
            return drawn


SCALE = Scale(
    whole_part=-1,
    unexplained=-1,
    unexplained_areas=2,
    areas=("trunk_posterior", "lower_limb", "buttock", "head"),
    spoken={urgency: Spoken("Suspected {label}", "soon") for urgency in URGENCIES},
    worth=Worth(3, 6, -8, {"strong": 2, "moderate": 1, "weak": 0}, {"strong": -2, "moderate": -1, "weak": 0}),
)


def _random_causes(
    base: KnowledgeBase, words: Words, random: Random, readable: Mapping[str, list[str]], count: Collection[int]
) -> dict[str, Cause]:
    """A few causes over the words of a pack, urgent ones and an ordinary one, with places, gates, groups, and cues that read conclusions."""
    author = _Author(words, base.vocabulary, random, readable)
    tree = RegionTree(base.vocabulary)
    steps = {term: random.choice(("history", "examination")) for term in base.vocabulary.terms}
    ground = Ground(tree.around, tree.leaves, steps, SCALE)
    ids = random.sample([one.id for one in base.vocabulary.suspects.values() if one.kind != "prompt"], len(count) + 1)

    def sign() -> Sign:
        when = _parsed(author.condition("patient", random.choice((0, 0, 1))), base.vocabulary, "patient")
        return Sign(when, random.choice((-3, -2, -1, 1, 1, 2, 2, 3, 4)))

    def picture(urgency: Grade) -> Picture:
        cues = tuple(tuple(sign() for _ in range(random.choice((1, 1, 2, 3)))) for _ in range(random.randint(2, 5)))
        where = tuple(random.sample(words.regions, random.randint(1, 3))) if random.random() < 0.6 else ()
        gate = _parsed(author.leaf("patient"), base.vocabulary, "patient") if random.random() < 0.3 else None
        made = Picture(random.randint(-4, -2 if urgency != "none" else 1), cues, "serious", urgency, where, gate)
        return attrs.evolve(made, counted=ground.counted(made, nonspecific=False))

    def cause(id_: str, urgencies: Sequence[Grade]) -> Cause:
        return Cause(id_, id_, "serious", urgencies[0], id_, "", tuple(map(picture, urgencies)), "Go.", "Look.", "None.", "textbook",
                     address=f"causes.random.{id_}")  # fmt: skip

    urgent = [cause(id_, [random.choice(URGENCIES) for _ in range(random.choice((1, 1, 2, 3)))]) for id_ in ids[1:]]
    return {one.id: one for one in (*urgent, cause(ids[0], [GRADES[-1]]))}


def _parsed(data: Any, vocabulary: Vocabulary, about: Subject, causes: Mapping[str, Cause] | None = None) -> Condition:
    parser = ConditionParser(vocabulary, str, causes)
    condition = parser.parse(data, (), about)
    assert not parser.faults, (data, parser.faults)
    return condition


def _rule(id: str, about: Subject, when: Condition, then: tuple[Conclusion, ...]) -> Rule:
    return Rule(
        id=id,
        title=f"Rule {id}",
        status="active",
        about=about,
        summary="",
        evidence=Evidence("textbook", ()),
        when=when,
        then=then,
        limits="",
        reviewed=None,
    )


def _red_flag(id: str, urgency: Urgency, author: _Author, vocabulary: Vocabulary) -> Rule:
    trigger, qualifier = (_parsed(author.condition("patient", 2), vocabulary, "patient", author.causes) for _ in range(2))
    alert = RaiseAlert(f"rf_{urgency}", "Flag", urgency, next(iter(vocabulary.suspects)), "now", "Go.", ())
    made = _rule(id, "patient", All((trigger, qualifier)), (alert,))
    return attrs.evolve(made, trigger=trigger, qualifier=qualifier)


def with_rules(base: KnowledgeBase, rules: Sequence[Rule], digest: str) -> KnowledgeBase:
    """The base with these rules instead of its own, expanded and put in strata as the loader does."""
    loader = Loader([])
    graded = [pair for cause in base.causes.values() for pair in rules_of(cause, base.scale, "body")]
    made = with_open_alerts([*((rule, None) for rule in rules), *graded], base.vocabulary)
    live = under_the_law(made)
    loader._check_scopes(live)
    assert not loader.faults, loader.faults
    return attrs.evolve(base, rules=loader._in_strata(live), shelved=(), digest=digest)


# --- patients ---------------------------------------------------------------------------------------------------------


def random_patient(words: Words, terrain: Terrain, random: Random) -> Facts:
    """What is known of some patient in these words; a draw that contradicts itself is drawn again."""
    while True:
        try:
            return Facts(terrain, read_findings(_mapping(words, terrain.vocabulary, random), terrain))
        except FindingError:
            continue


def _mapping(words: Words, vocabulary: Vocabulary, random: Random) -> dict[str, Any]:
    spoken = random.choice((0.2, 0.5, 0.9))

    def said() -> bool:
        return random.random() < spoken

    mapping: dict[str, Any] = {term: random.random() < 0.5 for term in words.booleans if said()}
    mapping |= {term.id: _value(term, random) for term in (*words.lists, *words.numbers) if said() and term.id not in vocabulary.measures}
    mapping["pain"] = [_pain(region, vocabulary, random) for region in words.regions if said()]
    mapping["pain"] += [_pain(random.choice(("low_back", "buttock", "thigh_posterior")), vocabulary, random)] if said() else []
    doubted = [word for term in vocabulary.terms.values() if term.of_record for word in term.values if word in words.booleans]
    mapping |= {"in_doubt": random.sample(doubted, min(2, len(doubted)))} if doubted and random.random() < 0.3 else {}
    mapping["pain_map_complete"] = random.choice((True, False, None))
    mapping["labels"] = {
        label: random.choice(
            (True, False, {**{term: random.random() < 0.5 for term in words.label_booleans if said()},
                           **{term.id: _value(term, random) for term in words.label_others if said()}})
        )
        for label in words.labels
        if said()
    }  # fmt: skip
    mapping["exam"] = [
        {
            "muscle": muscle,
            "side": random.choice(("left", "right", "bilateral", None)),
            **{term: random.random() < 0.6 for term in words.muscle_booleans if said()},
            **{term.id: _value(term, random) for term in words.muscle_others if said()},
        }
        for muscle in (*words.muscles, *words.groups)
        if said()
    ]
    return mapping


def _value(term: Term, random: Random) -> Any:
    if term.kind == "one_of":
        return random.choice(term.values)
    if term.kind == "many_of":
        return {word: random.random() < 0.5 for word in random.sample(term.values, random.randint(1, len(term.values)))}
    return some_number(term, random)


def _pain(region: str, vocabulary: Vocabulary, random: Random) -> dict[str, Any]:
    sides = [side for side in vocabulary.regions[region].sides if side != "midline"]
    return {"region": region, "side": random.choice([*sides, None]), "present": random.random() < 0.75}


def in_ranges(said: dict[str, Any], base: KnowledgeBase, random: Random) -> dict[str, Any]:
    """The same chart, of whose numbers only a range is known."""

    def wider(key: str, value: Any) -> Any:
        term = base.vocabulary.terms.get(key)
        if term is None or term.kind not in ("number", "duration"):
            return value
        lowest, highest = term.range or (value, value)
        return {"at_least": max(lowest, value - random.choice((0, 1, 4))), "at_most": min(highest, value + random.choice((0, 1, 4)))}

    own = {key: wider(key, value) for key, value in said.items() if key not in ("exam", "labels")}
    exam = [{key: wider(key, value) for key, value in one.items()} for one in said.get("exam", ())]
    return {**said, **own, **({"exam": exam} if exam else {})}
