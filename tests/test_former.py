"""Paths that the documents named before the rooms lead to the same modules for one version, with a warning."""

import sys
from importlib import import_module

import pytest

from mps_rules.former import FORMER


@pytest.mark.parametrize("name", sorted(FORMER))
def test_a_former_path_warns_and_gives_the_module_that_took_its_place(name: str) -> None:
    present = import_module(f"mps_rules.{FORMER[name]}")
    sys.modules.pop(f"mps_rules.{name}", None)
    with pytest.warns(DeprecationWarning, match=f"mps_rules.{name} is now mps_rules.{FORMER[name]}"):
        former = import_module(f"mps_rules.{name}")
    assert present is former


def test_the_former_module_of_the_service_lends_its_names_to_the_room() -> None:
    from mps_rules import service
    from mps_rules.service.app import create_app

    with pytest.warns(DeprecationWarning, match="create_app is now"):
        former = service.create_app
    assert create_app is former


def test_a_name_that_the_service_never_had_is_missing_and_nothing_warns() -> None:
    from mps_rules import service

    assert not hasattr(service, "no_such_name")


def test_a_name_that_never_was_a_module_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        import_module("mps_rules.no_such_module")
