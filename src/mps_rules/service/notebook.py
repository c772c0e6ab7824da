"""The page in a notebook, as the library offers it; what it needs is imported when it is asked for."""

from typing import TYPE_CHECKING, Any

from mps_rules.api import rules_of
from mps_rules.knowledge.pack import KnowledgeBase

if TYPE_CHECKING:
    from mps_rules.service.framed import PageWidget


def widget(kb: KnowledgeBase | None = None, findings: Any = None) -> "PageWidget":
    """
    The page in a notebook: click where it hurts and answer what is asked; what is known lives in ``findings`` and ``assessment``.

    >>> one = widget(findings={"saddle_anaesthesia": True})
    >>> one.assessment.urgency, one.findings
    ('emergency', {'saddle_anaesthesia': True})

    Args:
        kb: the rules; left out, the packaged ones.
        findings: what is known already, as ``evaluate`` takes it.

    Raises:
        FindingError: every fault of the findings.
        UnsupportedError: anywidget is not installed.

    """
    from mps_rules.service.framed import PageWidget

    return PageWidget(rules_of(kb), findings)
