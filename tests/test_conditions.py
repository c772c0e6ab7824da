"""Whether a condition holds: Kleene's laws, intervals, the normal form, and the grounds of a verdict."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mps_rules.language import conditions as c
from mps_rules.language.conditions import Condition, Ground, Interval, Truth, count_at_least, every, grounds, judge, normalise, some, walk
from strategies import (
    LARGEST,
    MOSTLY_UNKNOWN,
    MUSCLES,
    ROW,
    Picture,
    bounds,
    conditions,
    keys_under,
    leaves,
    numbers_under,
    open_conditions,
    pictures,
    pictures_and_more_known,
)

SEVERAL = st.lists(conditions(), min_size=1, max_size=4).map(tuple)
OPEN = st.lists(open_conditions(), min_size=1, max_size=4)
VERDICTS = st.lists(st.sampled_from((True, False, None)), max_size=6)
NOTHING_KNOWN = Picture({}, {})
FEVER, RASH = c.Present("a"), c.Present("b")


def _knowing(**truths: bool) -> Picture:
    return Picture({("patient", "term", term): truth for term, truth in truths.items()}, {})


# --- Kleene's logic ---------------------------------------------------------------------------------------------------


@given(conditions(), pictures())
def test_denying_twice_says_the_same(condition: Condition, picture: Picture) -> None:
    expected = judge(condition, picture)

    assert expected is judge(c.Not(c.Not(condition)), picture)


@given(SEVERAL, pictures())
def test_denying_all_is_some_denied_and_denying_some_is_all_denied(of: tuple[Condition, ...], picture: Picture) -> None:
    denied = tuple(c.Not(part) for part in of)

    assert judge(c.Any(denied), picture) is judge(c.Not(c.All(of)), picture)
    assert judge(c.All(denied), picture) is judge(c.Not(c.Any(of)), picture)


@given(SEVERAL, pictures(), st.data())
def test_the_order_of_parts_does_not_matter(of: tuple[Condition, ...], picture: Picture, data: st.DataObject) -> None:
    mixed = tuple(data.draw(st.permutations(of)))
    n = data.draw(st.integers(1, len(of)))

    assert judge(c.All(of), picture) is judge(c.All(mixed), picture)
    assert judge(c.Any(of), picture) is judge(c.Any(mixed), picture)
    assert judge(c.AtLeast(n, of), picture) is judge(c.AtLeast(n, mixed), picture)


@given(conditions(), pictures())
def test_saying_a_part_twice_in_all_or_any_changes_nothing(condition: Condition, picture: Picture) -> None:
    expected = judge(condition, picture)

    assert expected is judge(c.All((condition, condition)), picture)
    assert expected is judge(c.Any((condition, condition)), picture)


@given(conditions(), conditions(), pictures())
def test_a_part_absorbs_what_is_built_on_it(one: Condition, other: Condition, picture: Picture) -> None:
    expected = judge(one, picture)

    assert expected is judge(c.All((one, c.Any((one, other)))), picture)
    assert expected is judge(c.Any((one, c.All((one, other)))), picture)


@given(conditions(), conditions(), conditions(), pictures())
def test_all_and_any_distribute_over_each_other(one: Condition, other: Condition, third: Condition, picture: Picture) -> None:
    within = judge(c.All((one, c.Any((other, third)))), picture)
    spread = judge(c.Any((c.All((one, other)), c.All((one, third)))), picture)

    assert within is spread


@given(conditions(), pictures())
def test_a_condition_or_its_denial_holds_exactly_when_it_is_known(condition: Condition, picture: Picture) -> None:
    expected = True if judge(condition, picture) is not None else None

    assert expected is judge(c.Any((condition, c.Not(condition))), picture)


@given(SEVERAL, pictures())
def test_at_least_one_is_any_and_at_least_every_one_is_all(of: tuple[Condition, ...], picture: Picture) -> None:
    assert judge(c.Any(of), picture) is judge(c.AtLeast(1, of), picture)
    assert judge(c.All(of), picture) is judge(c.AtLeast(len(of), of), picture)


@given(st.integers(1, 6), VERDICTS)
def test_at_least_counts_what_each_unknown_might_still_be(n: int, verdicts: list[Truth]) -> None:
    unknown = [index for index, verdict in enumerate(verdicts) if verdict is None]
    possible = set()
    for choice in range(2 ** len(unknown)):
        completed = list(verdicts)
        for bit, index in enumerate(unknown):
            completed[index] = bool(choice >> bit & 1)
        possible.add(completed.count(True) >= n)
    expected = possible.pop() if len(possible) == 1 else None

    assert expected is count_at_least(n, verdicts)


@given(VERDICTS)
def test_every_and_some_are_the_least_and_the_greatest_of_false_unknown_true(verdicts: list[Truth]) -> None:
    order: list[Truth] = [False, None, True]
    ranks = [order.index(verdict) for verdict in verdicts]

    assert order[min(ranks, default=2)] is every(verdicts)
    assert order[max(ranks, default=0)] is some(verdicts)


def test_absent_fever_counts_but_unrecorded_fever_does_not() -> None:
    expected = [True, False, None]

    assert expected == [judge(c.Not(FEVER), picture) for picture in (_knowing(a=False), _knowing(a=True), NOTHING_KNOWN)]


def test_what_is_no_condition_is_refused() -> None:
    with pytest.raises(AssertionError, match="unreachable"):
        judge("fever", NOTHING_KNOWN)  # type: ignore[arg-type]


# --- what more knowledge does -----------------------------------------------------------------------------------------


@given(open_conditions(), pictures_and_more_known())
def test_more_knowledge_never_overturns_what_was_decided_without_reading_silence(
    condition: Condition, two: tuple[Picture, Picture]
) -> None:
    before, after = two
    expected = judge(condition, before)
    assume(expected is not None)

    assert expected is judge(condition, after)


def test_only_a_reading_of_silence_is_overturned_by_an_answer() -> None:
    silence = c.Not(c.Established(FEVER))

    assert judge(silence, NOTHING_KNOWN) is True
    assert judge(silence, _knowing(a=True)) is False


@given(conditions(), pictures())
def test_established_and_known_are_never_unknown(condition: Condition, picture: Picture) -> None:
    verdict = judge(condition, picture)

    assert (verdict is True) is judge(c.Established(condition), picture)
    assert (verdict is not None) is judge(c.Known(condition), picture)


@given(open_conditions(), pictures())
def test_a_muscle_count_counts_muscles(condition: Condition, picture: Picture) -> None:
    verdicts = [judge(condition, muscle) for muscle in picture.muscles()]

    for n in (1, 2, 3):
        assert count_at_least(n, verdicts) is judge(c.CountMuscles(condition, n), picture)


@given(open_conditions(), pictures())
def test_the_muscles_of_a_diagnosis_are_asked_one_by_one(condition: Condition, picture: Picture) -> None:
    expected = some(judge(condition, attrs.evolve(picture, subject=muscle)) for muscle in ROW)

    assert expected is judge(c.LabelMuscle(condition), picture)


@given(conditions(), pictures())
def test_naming_an_item_changes_nothing(condition: Condition, picture: Picture) -> None:
    expected = judge(condition, picture)

    assert expected is judge(c.Item("a", "a line", condition), picture)


# --- intervals --------------------------------------------------------------------------------------------------------


def _holds(value: float, limits: dict[str, float]) -> bool:
    return (
        value >= limits.get("at_least", value)
        and value <= limits.get("at_most", value)
        and ("above" not in limits or value > limits["above"])
        and ("below" not in limits or value < limits["below"])
    )


def _values(interval: Interval) -> list[float]:
    """Enough values of an interval with whole ends to tell bounds in halves apart."""
    return [quarter / 4 for quarter in range(int(4 * interval.lowest), int(4 * interval.highest) + 1)]


def _by_values(interval: Interval, limits: dict[str, float]) -> Truth:
    found = {_holds(value, limits) for value in _values(interval)}
    return found.pop() if len(found) == 1 else None


INTERVALS = st.tuples(st.integers(0, LARGEST), st.integers(0, LARGEST)).map(lambda two: Interval(min(two), max(two)))
ONE_BOUND = bounds().filter(lambda limits: len(limits) == 1)


@given(INTERVALS, ONE_BOUND)
def test_one_bound_is_judged_as_if_every_value_were_tried(interval: Interval, limits: dict[str, float]) -> None:
    expected = _by_values(interval, limits)

    assert expected is interval.satisfies(**limits)


@given(INTERVALS, bounds())
def test_several_bounds_that_some_value_meets_are_judged_as_if_every_value_were_tried(interval: Interval, limits: dict[str, float]) -> None:
    assume(any(_holds(value, limits) for value in _values(Interval(-2, LARGEST + 2))))
    expected = _by_values(interval, limits)

    assert expected is interval.satisfies(**limits)


@given(INTERVALS, bounds())
def test_a_decided_comparison_is_never_wrong_of_any_value(interval: Interval, limits: dict[str, float]) -> None:
    verdict = interval.satisfies(**limits)
    assume(verdict is not None)

    assert {verdict} == {_holds(value, limits) for value in _values(interval)}


def test_five_painful_areas_and_four_unasked_meet_five_fail_ten_and_leave_seven_open() -> None:
    wpi, expected = Interval(5, 9), [True, False, None]

    assert expected == [wpi.satisfies(at_least=bound) for bound in (5, 10, 7)]


@given(INTERVALS, INTERVALS)
def test_two_intervals_meet_in_the_values_they_share(one: Interval, other: Interval) -> None:
    shared = set(_values(one)) & set(_values(other))
    meeting = one & other

    assert shared == (set(_values(meeting)) if meeting else set())


@given(INTERVALS, INTERVALS)
def test_intervals_add_as_their_values_do(one: Interval, other: Interval) -> None:
    sums = {a + b for a in _values(one) for b in _values(other)}

    assert sums == set(_values(one + other))


def test_an_interval_reads_as_one_number_when_it_is_one() -> None:
    expected = ["7", "5 to 9", "0.5 to 2"]

    assert expected == [str(interval) for interval in (Interval(7, 7), Interval(5, 9), Interval(0.5, 2))]


@given(bounds())
def test_a_comparison_lists_only_the_bounds_it_has(limits: dict[str, Any]) -> None:
    assert limits == c.Compare("n", **limits).bounds()


# --- the normal form --------------------------------------------------------------------------------------------------


@given(conditions(), pictures())
def test_the_normal_form_holds_when_the_condition_does(condition: Condition, picture: Picture) -> None:
    expected = judge(condition, picture)

    assert expected is judge(normalise(condition), picture)


@given(conditions())
def test_the_normal_form_has_no_needless_counts_no_items_and_one_word_at_a_time(condition: Condition) -> None:
    parts = list(walk(normalise(condition)))

    assert [] == [one for one in parts if isinstance(one, c.Words) and len(one.values) > 1]
    assert [] == [one for one in parts if isinstance(one, c.PainAt) and len(one.regions) > 1]
    assert [] == [one for one in parts if isinstance(one, c.Label) and len(one.ids) > 1]
    assert [] == [one for one in parts if isinstance(one, c.Item) or (isinstance(one, c.AtLeast) and not 1 < one.n < len(one.of))]


@pytest.mark.parametrize("size", range(1, 6))
def test_a_count_in_normal_form_still_counts(size: int) -> None:
    of = tuple(c.Present(f"t{number}") for number in range(size))
    for n in range(1, size + 1):
        normal = normalise(c.AtLeast(n, of))
        for truths in product((True, False, None), repeat=size):
            picture = Picture({("patient", "term", part.term): truth for part, truth in zip(of, truths, strict=True)}, {})

            assert count_at_least(n, truths) is judge(normal, picture)


def test_a_count_stays_one_condition_in_normal_form() -> None:
    of = tuple(c.Present(f"t{number}") for number in range(60))

    assert c.AtLeast(30, of) == normalise(c.AtLeast(30, of))


# --- grounds ----------------------------------------------------------------------------------------------------------


def _keeping(picture: Picture, found: Iterable[Ground]) -> Picture:
    """What is left of a picture when everything but these grounds is forgotten."""
    table, numbers = {}, {}
    for ground in found:
        inside = MUSCLES if isinstance(ground.condition, c.CountMuscles | c.LabelMuscle) else (ground.subject,)
        for key in keys_under(ground.condition, inside):
            table[key] = picture.table.get(key)
        for name in numbers_under(ground.condition):
            numbers[name] = picture.interval(name)
    return attrs.evolve(picture, table=table, numbers=numbers)


@given(conditions(), pictures(), st.sampled_from(("patient", *MUSCLES)))
def test_a_verdict_stands_on_its_grounds_alone(condition: Condition, picture: Picture, subject: str) -> None:
    view = attrs.evolve(picture, subject=subject)
    expected = judge(condition, view)
    assume(expected is not None)
    kept = _keeping(view, grounds(condition, view))

    assert expected is judge(condition, kept)


@given(conditions(), pictures())
def test_each_ground_stands_as_it_says(condition: Condition, picture: Picture) -> None:
    found = list(grounds(condition, picture))

    assert [one.verdict for one in found] == [judge(one.condition, attrs.evolve(picture, subject=one.subject)) for one in found]


@given(SEVERAL, pictures(MOSTLY_UNKNOWN))
def test_what_is_unknown_rests_on_unknown_leaves(of: tuple[Condition, ...], picture: Picture) -> None:
    unknown = [condition for condition in of if judge(condition, picture) is None]
    assume(unknown)
    found = [list(grounds(condition, picture)) for condition in unknown]

    assert [{None}] * len(unknown) == [{ground.verdict for ground in one} for one in found]
    assert [] == [ground for one in found for ground in one if c.parts(ground.condition)]


@given(OPEN, pictures(MOSTLY_UNKNOWN), st.data())
def test_answering_every_unknown_ground_decides_an_open_condition(of: list[Condition], picture: Picture, data: st.DataObject) -> None:
    condition = next((one for one in of if judge(one, picture) is None), None)
    assume(condition is not None)
    assert condition is not None
    table, numbers = dict(picture.table), dict(picture.numbers)
    for ground in grounds(condition, picture):
        for key in keys_under(ground.condition, (ground.subject,)):
            table[key] = data.draw(st.booleans())
        for name in numbers_under(ground.condition):
            value = data.draw(st.integers(int(picture.interval(name).lowest), int(picture.interval(name).highest)))
            numbers[name] = Interval(value, value)

    assert judge(condition, Picture(table, numbers)) is not None


@given(leaves(), pictures())
def test_silence_under_established_is_itself_the_ground(leaf: Condition, picture: Picture) -> None:
    assume(judge(leaf, picture) is None)
    closing = c.Established(leaf)

    assert [Ground("patient", closing, False)] == list(grounds(closing, picture))


@given(leaves(), pictures())
def test_what_was_answered_under_established_or_known_is_the_ground_itself(leaf: Condition, picture: Picture) -> None:
    assume(judge(leaf, picture) is not None)
    expected = list(grounds(leaf, picture))

    assert expected == list(grounds(c.Established(leaf), picture))
    assert expected == list(grounds(c.Known(leaf), picture))


def test_every_alternative_that_holds_is_a_ground() -> None:
    found = list(grounds(c.Any((FEVER, RASH, c.Present("c"))), _knowing(a=True, b=True, c=False)))

    assert [Ground("patient", FEVER, True), Ground("patient", RASH, True)] == found


# --- in words ---------------------------------------------------------------------------------------------------------


def _name(kind: str, id: str) -> str:
    return "" if kind == "unit" else id


@given(conditions())
def test_a_condition_in_words_names_every_leaf(condition: Condition) -> None:
    text = c.describe(condition, _name)
    named: list[Any] = [part.label for part in walk(condition) if isinstance(part, c.Item)]
    if not named:
        named = [part.term for part in walk(condition) if isinstance(part, c.Present | c.Words | c.Compare)]

    assert any(word in text for word in named) or not named


def test_a_condition_in_words_reads_as_it_was_meant() -> None:
    condition = c.All((FEVER, c.Any((RASH, c.Not(c.Present("c")))), c.Compare("n", at_least=2, below=5)))

    expected = "all of: a; (any of: b; absent: c); n at least 2 and below 5"

    assert expected == c.describe(condition, _name)
