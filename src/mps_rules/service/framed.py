"""
The page in a notebook: its own files in one frame, its questions answered by the kernel, its findings and their assessment live in Python.

Nothing of a patient goes into the state of the widget, which a notebook may save: findings are sent as messages. The only module that knows anywidget.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mps_rules.answer.values import Assessment
from mps_rules.api import evaluate
from mps_rules.errors import Fault, UnsupportedError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.addresses import as_mapping
from mps_rules.service import json_api

try:
    import anywidget
    import traitlets
except ModuleNotFoundError as error:
    raise UnsupportedError([Fault("", "the widget needs anywidget: pip install 'mps-rules[notebook]'")]) from error

OK = 200
STILL: Mapping[str, Callable[[KnowledgeBase], Any]] = {
    "vocabulary": json_api.vocabulary,
    "body": json_api.body,
    "examples": lambda _: json_api.examples(),
}
"""What does not change while the rules stay."""
WEB, OWN = (Path(__file__).with_name(name) for name in ("web", "web_notebook"))
_IMPORT = re.compile(r'^import (?:\{ (?P<names>[^}]+) \}|\* as (?P<all>\w+)) from "\./(?P<file>\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class|let) (\w+))", re.MULTILINE)
_STYLE, _SCRIPT = '<link rel="stylesheet" href="page.css">', '<script type="module" src="main.js"></script>'
_ICON = re.compile(r'^<link rel="icon".*\n', re.MULTILINE)


def bundled(first: str) -> str:
    """
    A module of the page and all that it imports as one script, each run once, after those that it imports; for a frame that has no server.

    >>> bundled("dom").startswith("const _dom = (() => {")
    True
    """
    return "\n".join(_Bundle().of(first))


class _Bundle:
    """Modules in the order in which they are run."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def of(self, name: str) -> Iterator[str]:
        if name in self._met:
            return
        self._met.add(name)
        path = OWN / f"{name}.js"
        text = (path if path.is_file() else WEB / f"{name}.js").read_text(encoding="utf-8")
        for found in _IMPORT.finditer(text):
            yield from self.of(found["file"])
        exported = ", ".join(name for _, name in _EXPORT.findall(text))
        body = _EXPORT.sub(r"\1", _IMPORT.sub(_taken, text))
        yield f"const _{name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _taken(found: "re.Match[str]") -> str:
    names = found["all"] or f"{{ {found['names'].replace(' as ', ': ')} }}"
    return f"const {names} = _{found['file']};"


def page() -> str:
    """The page as one document: its styles and scripts in it, its links leading into itself."""
    text = _ICON.sub("", (WEB / "index.html").read_text(encoding="utf-8")).replace(_SCRIPT, "")
    style = f'<base href="about:srcdoc"><style>{(WEB / "page.css").read_text(encoding="utf-8")}</style>'
    return text.replace(_STYLE, style).replace("</body>", f"<script>\n{bundled('frame')}\n</script>\n</body>")


def _front() -> str:
    inside = json.dumps(page(), ensure_ascii=False).replace("</", "<\\/")
    return (OWN / "widget.js").read_text(encoding="utf-8").replace('"{page}"', inside)


class PageWidget(anywidget.AnyWidget):
    """
    The page in a notebook: click where it hurts, answer what is asked; ``findings`` and ``assessment`` follow, and may be watched.

    Setting ``findings`` from a cell changes the page. ``height`` is that of the frame, as CSS has it.
    """

    _esm = _front()
    height = traitlets.Unicode("760px").tag(sync=True)
    findings = traitlets.Dict()
    assessment = traitlets.Instance(Assessment, read_only=True)

    def __init__(self, kb: KnowledgeBase, findings: Any = None) -> None:
        self._kb = kb
        self._by: Any = None
        """The page that says what is known; it is not told it again."""
        super().__init__()
        self.findings = findings if findings is not None else {}
        self.observe(self._tell, "findings")
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return f"<PageWidget: {len(self.findings)} findings; {self.assessment!r}>"

    @traitlets.validate("findings")
    def _read(self, proposal: Any) -> dict[str, Any]:
        """Findings as the page writes them; what cannot be read is refused, and everything stays as it was."""
        found = evaluate(proposal.value, self._kb)
        self.set_trait("assessment", found)
        return as_mapping(found.findings)

    def _tell(self, change: Any) -> None:
        self.send({"told": change.new, "by": self._by})

    def _heard(self, _: Any, asked: Any, __: Any) -> None:
        """A question of the page."""
        if not isinstance(asked, Mapping) or not isinstance(asked.get("operation"), str):
            return
        status, answer = self._answered(asked["operation"], asked.get("asked"))
        if asked["operation"] == "evaluate" and status == OK and asked.get("page"):
            self._by = asked["page"]
            try:
                self.findings = answer["findings"]
            finally:
                self._by = None
        self.send({"id": asked.get("id"), "status": status, "answer": answer})

    def _answered(self, operation: str, asked: Any) -> tuple[int, Any]:
        if operation in STILL:
            return OK, STILL[operation](self._kb)
        if operation == "findings":
            return OK, {"findings": self.findings}
        return json_api.answered(operation, asked, self._kb)
