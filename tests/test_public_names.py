"""Whatever a public function gives or takes has a public name, and no name hides a module."""

import typing
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from inspect import isfunction
from typing import Any

import pytest

import mps_rules as mps
from mps_rules import schemas

INSIDE = (
    mps.KnowledgeBase,
    mps.Rule,
    mps.Cause,
    mps.Vocabulary,
    mps.Pack,
    mps.ReferralMap,
    mps.Term,
    mps.Diagnosis,
    mps.Muscle,
    mps.Region,
)
"""What holds the rules themselves: its parts are the rules' own, and described with them."""
ASIDE = {"Chain"}
"""What only somebody who writes an executor meets."""


def _types_in(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and annotation.__module__.startswith("mps_rules"):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _types_in(part)


def _hints(of: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(of)
    except NameError:  # names that are only there for a type checker
        return {}


def _met(public: Any) -> Iterator[tuple[type, str]]:
    """The types of the fields of a public type, and of what its methods and a public function take and give."""
    if not isinstance(public, type):
        yield from ((kind, f"{public.__name__}: {name}") for name, hint in _hints(public).items() for kind in _types_in(hint))
        return
    yield from (
        (kind, f"{public.__name__}.{name}") for name, hint in _hints(public).items() if not name.startswith("_") for kind in _types_in(hint)
    )
    for name, method in vars(public).items():
        if callable(method) and not name.startswith("_"):
            yield from ((kind, f"{public.__name__}.{name}()") for kind in _types_in(_hints(method).get("return")))


def test_every_type_that_a_caller_meets_is_exported() -> None:
    every = [getattr(mps, name) for name in mps.__all__]
    waiting = [one for one in every if isinstance(one, type) or isfunction(one)]
    met: dict[type, str] = {}
    while waiting:
        public = waiting.pop()
        if public in INSIDE:
            continue
        for kind, where in _met(public):
            if kind not in met:
                met[kind] = where
                waiting.append(kind)
    unnamed = {kind.__name__: where for kind, where in met.items() if kind.__name__ not in {*mps.__all__, *ASIDE}}

    assert len(met) > 30
    assert unnamed == {}


@pytest.mark.parametrize("name", mps.__all__)
def test_no_public_name_hides_a_module(name: str) -> None:
    assert find_spec(f"mps_rules.{name}") is None


@pytest.mark.parametrize(
    "door",
    [
        lambda kb: mps.poster("low_back", kb=kb),
        lambda kb: mps.plot_referrals(kb=kb),
        lambda kb: mps.muscle_picture("soleus", kb=kb),
        mps.prove,
        schemas.findings,
    ],
    ids=["poster", "plot_referrals", "muscle_picture", "prove", "schema"],
)
def test_what_are_no_rules_is_said_to_be_none(door: Callable[[Any], Any]) -> None:
    with pytest.raises(mps.FindingError, match="expected rules"):
        door({})
