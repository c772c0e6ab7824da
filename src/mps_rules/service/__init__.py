"""
The rules over HTTP: hooks, page, settings, store; and at the other doors of programs: a notebook's cell, an assistant's pipe.

Bounded, logged by listed fields, and nothing that says who.
For others: ``serving.serve``, ``app.create_app``, ``assistants``, ``cds_hooks``, ``json_api``, ``notebook.widget``, ``page``, ``settings``, ``store``.
"""

import warnings
from importlib import import_module
from typing import Any

_OF_APP = frozenset(
    (
        "HEADERS",
        "JsonLines",
        "LOG",
        "Line",
        "Outcome",
        "PROBE_S",
        "RETRY_S",
        "T",
        "TOO_LONG",
        "close",
        "create_app",
    )
)
"""What stood in the module of this name before it became a room; importable from here for one version."""


def __getattr__(name: str) -> Any:
    if name not in _OF_APP:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"{__name__}.{name} is now {__name__}.app.{name}", DeprecationWarning, stacklevel=2)
    return getattr(import_module(f"{__name__}.app"), name)
