"""
The page ``docs/api.md``: every public name with its signature and its docstring, so that nothing is written twice.

``python website/api_page.py > docs/api.md``. Examples stand in docstrings and are run there.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any, get_args

import attrs

import mps_rules

HEAD = """\
# The Python interface

Every name that `import mps_rules as mps` gives, from its docstring (`make docs`). Each example is run as a test where it stands. What may
change between versions, and what not, says [the policy on versions](policy.md).
"""
SECTION = re.compile(r"^(Args|Raises|Returns|Yields):$")
ENTRY = re.compile(r"^\s{4}([\w*]+): (.+)$")


def page() -> str:
    """The page as Markdown."""
    public: dict[str, Any] = {name: getattr(mps_rules, name) for name in mps_rules.__all__}
    lines = [HEAD, "## Functions", ""]
    for name in filter(lambda one: inspect.isfunction(public[one]), public):
        lines += _function(name, public[name], "###")
    lines += ["## Values", ""]
    for name in filter(lambda one: inspect.isclass(public[one]) and not issubclass(public[one], Exception), public):
        lines += _value(name, public[name])
    lines += ["## Faults", ""]
    for name in filter(lambda one: inspect.isclass(public[one]) and issubclass(public[one], Exception), public):
        lines += [f"### {name}", "", *_told(inspect.getdoc(public[name]) or ""), ""]
    others = [name for name, one in public.items() if not inspect.isfunction(one) and not inspect.isclass(one)]
    if others:
        lines += ["## Words", ""]
    for name in others:
        lines += [f"### {name}", "", f"One of {', '.join(f'`{word}`' for word in get_args(public[name]))}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _function(name: str, function: Any, heading: str) -> Iterator[str]:
    yield f"{heading} {name.rpartition('.')[2]}"
    yield ""
    yield "```py"
    yield _signature(name, function)
    yield "```"
    yield ""
    yield from _told(inspect.getdoc(function) or "")
    yield ""


def _signature(name: str, function: Any) -> str:
    """How a function is called, a parameter a line where one line would be long."""
    signature = inspect.signature(function)
    parameters = [one for one in signature.parameters.values() if one.name != "self"]
    plain = re.sub(r"\b(?:mps_rules|collections\.abc|typing|os|datetime)\.(?:\w+\.)*", "", str(signature.replace(parameters=parameters)))
    plain = plain.replace("'", "") if "'" in plain and '"' not in plain else plain
    if len(name) + len(plain) < 100:
        return f"{name}{plain}"
    shown = [re.sub(r"\b(?:mps_rules|collections\.abc|typing|os|datetime)\.(?:\w+\.)*", "", str(one)) for one in parameters]
    returned = plain.rpartition(" -> ")[2] if " -> " in plain else "None"
    starred = next((number for number, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY), None)
    if starred is not None and not any(one.kind is one.VAR_POSITIONAL for one in parameters):
        shown.insert(starred, "*")
    return "\n".join([f"{name}(", *(f"    {one}," for one in shown), f") -> {returned}"])


def _value(name: str, kind: Any) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield from _told(inspect.getdoc(kind) or "")
    yield ""
    if attrs.has(kind):
        fields = [one for one in attrs.fields(kind) if not one.name.startswith("_")]
        if fields:
            yield "| field | type |"
            yield "|---|---|"
            yield from (f"| `{one.name}` | `{_kind(one.type)}` |" for one in fields)
            yield ""
    for method, one in vars(kind).items():
        if method.startswith("_") or not inspect.getdoc(one):
            continue
        if isinstance(one, property):
            yield f"#### {name}.{method}"
            yield ""
            yield from _told(inspect.getdoc(one) or "")
            yield ""
        elif inspect.isfunction(one) or isinstance(one, classmethod | staticmethod):
            plain = one.__func__ if isinstance(one, classmethod | staticmethod) else one
            yield from (line.replace(f"#### {method}", f"#### {name}.{method}") for line in _function(f"{name}.{method}", plain, "####"))


def _kind(kind: Any) -> str:
    told = kind if isinstance(kind, str) else str(kind) if "[" in str(kind) or "|" in str(kind) else getattr(kind, "__name__", str(kind))
    return re.sub(r"\b(?:mps_rules|collections\.abc|typing|datetime)\.(?:\w+\.)*", "", told).replace("|", "\\|")


def _told(text: str) -> Iterator[str]:
    """A docstring as Markdown: examples in fences, arguments and errors as lists, literals as code."""
    fenced = False
    listed = False
    for line in text.splitlines():
        if line.lstrip().startswith(">>>") and not fenced:
            yield "```pycon"
            fenced = True
        if fenced:
            if line.strip():
                yield line.strip() if line.lstrip().startswith((">>>", "...")) else line
                continue
            yield "```"
            fenced = False
        section = SECTION.match(line)
        entry = ENTRY.match(line) if listed else None
        if section:
            listed = True
            yield f"**{section[1]}**"
            yield ""
        elif entry:
            yield f"- `{entry[1]}`: {_coded(entry[2])}"
        else:
            listed = listed and (not line.strip() or line.startswith("    "))
            yield _coded(line.removeprefix("    ") if listed else line)
    if fenced:
        yield "```"


def _coded(text: str) -> str:
    return text.replace("``", "`")


if __name__ == "__main__":
    sys.stdout.write(page())
