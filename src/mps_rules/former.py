"""
The paths under which public modules stood before the rooms: importable for one version, each with a ``DeprecationWarning``.
"""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

FORMER = {
    "cds_hooks": "service.cds_hooks",
    "cohort": "population.cohort",
    "docgen": "authoring.docgen",
    "fhir_in": "records.fhir_in",
    "fhir_out": "records.fhir_out",
    "json_api": "service.json_api",
    "omop": "population.omop",
    "overview": "population.overview",
    "page": "service.page",
    "questionnaire": "records.questionnaire",
    "serving": "service.serving",
    "settings": "service.settings",
}
"""Former name to present name, both below ``mps_rules``."""


class _Former(MetaPathFinder, Loader):
    """Finds a former name, warns, and gives the module under its present name."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - a finder's
        package, _, name = fullname.partition(".")
        return ModuleSpec(fullname, self) if package == __package__ and name in FORMER else None

    def exec_module(self, module: ModuleType) -> None:
        present = f"{__package__}.{FORMER[module.__name__.partition('.')[2]]}"
        warnings.warn(f"{module.__name__} is now {present}", DeprecationWarning, stacklevel=2)
        sys.modules[module.__name__] = import_module(present)


def keep_former_paths() -> None:
    """Make the former paths importable; asked for once, by the package."""
    if not any(isinstance(finder, _Former) for finder in sys.meta_path):
        sys.meta_path.append(_Former())
