"""What Hypothesis draws: conditions, pictures of a patient to judge them by, and data as a careless caller sends it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs
from hypothesis import strategies as st

from mps_rules.knowledge.regions import Place
from mps_rules.knowledge.vocabulary import SIDES
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Condition, Interval, Truth
from mps_rules.patient.values import Pain

TERMS = ("a", "b", "c")
OWN = ("own_a", "own_b")
"""Yes/no findings of one muscle; everything else is the patient's."""
NUMBERS = ("n", "m")
WORDS = ("x", "y", "z")
MUSCLES = ("soleus.left", "soleus.right", "psoas.left")
ROW = ("soleus.left", "soleus.right")
LARGEST = 6

Key = tuple[str, str, str]
"""Of whom, which kind of leaf, which word."""

TRUTHS = st.sampled_from((True, False, None))
MOSTLY_UNKNOWN = st.sampled_from((None, None, None, True, False))


@attrs.frozen
class Picture:
    """A ``conditions.View`` that answers from a table; what is not in the table is not known."""

    table: Mapping[Key, Truth]
    numbers: Mapping[str, Interval]
    subject: str = "patient"

    def _at(self, kind: str, word: str, subject: str = "patient") -> Truth:
        return self.table.get((subject, kind, word))

    def present(self, term: str) -> Truth:
        return self._at("term", term, self.subject if term in OWN else "patient")

    def word(self, term: str, value: str) -> Truth:
        return self._at("word", f"{term}: {value}")

    def interval(self, term: str) -> Interval:
        return self.numbers.get(term, Interval(0, LARGEST))

    def pain_at(self, region: str, side: str | None) -> Truth:
        return self._at("pain", f"{region}.{side}")

    def pain_named(self, regions: Sequence[str]) -> bool:
        return any(self._at("named", region) for region in regions)

    def label(self, label: str) -> Truth:
        return self._at("label", label)

    def derived(self, id: str) -> Truth:
        return self._at("derived", id)

    def is_muscle(self, ids: Sequence[str]) -> bool:
        return self.subject in ids

    def is_label(self, field: str, values: Sequence[str]) -> bool:
        return field == "kind" and "article" in values

    def muscles(self) -> Iterator["Picture"]:
        return (attrs.evolve(self, subject=muscle) for muscle in MUSCLES)

    def label_muscles(self) -> Iterator["Picture"]:
        return (attrs.evolve(self, subject=muscle) for muscle in ROW)

    def labels(self) -> Iterator["Picture"]:
        return (attrs.evolve(self, subject=label) for label in WORDS if self.label(label))


KEYS: tuple[Key, ...] = (
    *(("patient", "term", term) for term in TERMS),
    *((muscle, "term", term) for muscle in MUSCLES for term in OWN),
    *(("patient", "word", f"w: {word}") for word in WORDS),
    *(("patient", "pain", f"back.{side}") for side in (None, "left")),
    ("patient", "pain", "leg.None"),
    *(("patient", "label", word) for word in WORDS),
    *(("patient", "derived", word) for word in ("p", "q")),
)

_INTERVALS = st.tuples(st.integers(0, LARGEST), st.integers(0, LARGEST)).map(lambda two: Interval(min(two), max(two)))


def pictures(truths: st.SearchStrategy[Truth] = TRUTHS) -> st.SearchStrategy[Picture]:
    """What is known: of each leaf, that it is so, that it is not so, or nothing; numbers as intervals."""
    table = st.tuples(*(truths for _ in KEYS)).map(lambda drawn: dict(zip(KEYS, drawn, strict=True)))
    return st.builds(Picture, table, st.fixed_dictionaries(dict.fromkeys(NUMBERS, _INTERVALS)))


@st.composite
def pictures_and_more_known(draw: st.DrawFn) -> tuple[Picture, Picture]:
    """A picture, and one in which more is known: nothing that was known has changed."""
    before = draw(pictures())
    table = {key: truth if truth is not None else draw(TRUTHS) for key, truth in before.table.items()}
    numbers = {}
    for name, interval in before.numbers.items():
        low = draw(st.integers(int(interval.lowest), int(interval.highest)))
        numbers[name] = Interval(low, draw(st.integers(low, int(interval.highest))))
    return before, Picture(table, numbers)


def bounds() -> st.SearchStrategy[dict[str, float]]:
    """At least one bound of a comparison, in halves, so that no bound is met by chance alone."""
    half = st.integers(-1, 2 * LARGEST + 1).map(lambda number: number / 2)
    names = st.lists(st.sampled_from(("at_least", "above", "at_most", "below")), min_size=1, max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries(dict.fromkeys(chosen, half)))


def _some(words: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=3).map(tuple)


def leaves() -> st.SearchStrategy[Condition]:
    """A condition without parts."""
    return st.one_of(
        st.sampled_from((*TERMS, *OWN)).map(c.Present),
        st.builds(c.Words, st.just("w"), _some(WORDS)),
        st.builds(lambda term, limits: c.Compare(term, **limits), st.sampled_from(NUMBERS), bounds()),
        st.builds(c.PainAt, _some(("back", "leg")), st.just(None)),
        st.just(c.PainAt(("back",), "left")),
        st.builds(c.Label, _some(WORDS)),
        st.sampled_from(("p", "q")).map(c.Derived),
        st.builds(c.MuscleIs, _some(MUSCLES)),
        st.builds(c.LabelIs, st.just("kind"), _some(("article", "other"))),
    )


def _gates(part: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(part, min_size=1, max_size=4).map(tuple)
    counted = several.flatmap(lambda of: st.integers(1, len(of)).map(lambda n: c.AtLeast(n, of)))
    return st.one_of(
        several.map(c.All),
        several.map(c.Any),
        part.map(c.Not),
        counted,
        part.map(lambda of: c.Item("i", "an item", of)),
    )


def _closings(part: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.one_of(part.map(c.Established), part.map(c.Known), _muscle_closings(part))


def _muscle_closings(part: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.one_of(st.builds(c.CountMuscles, part, st.integers(1, 3)), part.map(c.LabelMuscle))


def conditions() -> st.SearchStrategy[Condition]:
    """Any condition of the rule language."""
    return st.recursive(leaves(), lambda part: st.one_of(_gates(part), _closings(part)), max_leaves=12)


def open_conditions() -> st.SearchStrategy[Condition]:
    """A condition that does not read silence: no ``established``, no ``known``."""
    return st.recursive(leaves(), lambda part: st.one_of(_gates(part), _muscle_closings(part)), max_leaves=12)


def keys_under(condition: Condition, subjects: Iterable[str]) -> Iterator[Key]:
    """Every entry of a picture's table that a condition reads, asked of these subjects."""
    subjects = tuple(subjects)
    match condition:
        case c.Present(term):
            yield from ((subject if term in OWN else "patient", "term", term) for subject in subjects)
        case c.Words(term, values):
            yield from (("patient", "word", f"{term}: {value}") for value in values)
        case c.PainAt(regions, side):
            yield from (("patient", "pain", f"{region}.{side}") for region in regions)
        case c.Label(ids):
            yield from (("patient", "label", label) for label in ids)
        case c.Derived(id):
            yield "patient", "derived", id
        case c.CountMuscles(of):
            yield from keys_under(of, MUSCLES)
        case c.LabelMuscle(of):
            yield from keys_under(of, ROW)
        case _:
            for part in c.parts(condition):
                yield from keys_under(part, subjects)


def numbers_under(condition: Condition) -> set[str]:
    """Every number that a condition reads."""
    return {part.term for part in c.walk(condition) if isinstance(part, c.Compare)}


def plain_data(extra: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Any]:
    """Nested data such as JSON gives, with odd numbers and odd keys among it."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.text(max_size=12),
        *([extra] if extra is not None else []),
    )
    keys = st.one_of(st.text(max_size=8), *([extra] if extra is not None else []))
    return st.recursive(
        scalars,
        lambda part: st.one_of(st.lists(part, max_size=4), st.dictionaries(keys, part, max_size=4)),
        max_leaves=15,
    )


# --- the body of the small pack ---------------------------------------------------------------------------------------

LEAVES: Mapping[str, tuple[str | None, ...]] = {
    "low_back": SIDES,
    "sacrum": (None,),
    "calf": SIDES,
    "foot": SIDES,
    "sternum": (None,),
    "ribs": SIDES,
}
WITHIN = {"body": tuple(LEAVES), "back": ("low_back", "sacrum"), "leg": ("calf", "foot"), "chest": ("sternum", "ribs")}
REGIONS = (*WITHIN, *LEAVES)
SIDED = ("low_back", "leg", "calf", "foot", "chest", "ribs")
PLACES: tuple[Place, ...] = tuple((leaf, side) for leaf, sides in LEAVES.items() for side in sides)
BODIES = st.sets(st.sampled_from(PLACES)).map(frozenset)
"""Where some patient really hurts."""


def lies_within(place: Place, region: str, side: str | None) -> bool:
    """Whether a place is part of a region, and on that side if it has one."""
    leaf, own = place
    return leaf in WITHIN.get(region, (region,)) and (side is None or own is None or own == side)


@st.composite
def true_entries(draw: st.DrawFn, body: frozenset[Place]) -> list[Pain]:
    """What a patient who hurts in just these places may truly say."""
    asked = st.tuples(st.sampled_from(SIDED), st.sampled_from((None, "left", "right")))
    asked |= st.tuples(st.sampled_from(("body", "back", "sacrum", "sternum")), st.none())
    return [Pain(*entry, present=any(lies_within(place, *entry) for place in body)) for entry in draw(st.lists(asked, max_size=4))]


@st.composite
def pain_maps(draw: st.DrawFn) -> tuple[tuple[Pain, ...], bool]:
    """The entries of some possible patient, and whether they cover all the pain there is."""
    body = draw(BODIES)
    entries = draw(true_entries(body))
    complete = draw(st.booleans())
    if complete:
        painful = [(entry.region, entry.side) for entry in entries if entry.present]
        entries += [Pain(*place) for place in sorted(body, key=str) if not any(lies_within(place, *entry) for entry in painful)]
    return tuple(entries), complete


def possible_bodies(entries: Iterable[Pain], *, complete: bool) -> Iterator[frozenset[Place]]:
    """Every set of painful places that fits what was said."""
    painful = [(entry.region, entry.side) for entry in entries if entry.present]
    denied = [(entry.region, entry.side) for entry in entries if not entry.present]
    free = {place for place in PLACES for entry in denied if lies_within(place, *entry) and entry[1] in (None, place[1])}
    if complete:
        free |= {place for place in PLACES if not any(lies_within(place, *entry) for entry in painful)}
    open_ = [place for place in PLACES if place not in free]
    for choice in product((False, True), repeat=len(open_)):
        body = frozenset(place for place, chosen in zip(open_, choice, strict=True) if chosen)
        if all(any(lies_within(place, *entry) for place in body) for entry in painful):
            yield body
