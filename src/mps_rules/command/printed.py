"""
What is printed is text and nothing else: a control character in a name, a label or a code is shown, not obeyed by the terminal.
"""

import re
import textwrap
from functools import partial

_ORDERS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""Control characters of both sets, other ends of lines, changes of the direction of writing, and halves of characters."""


def _shown(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


printable = partial(re.compile(f"[{_ORDERS}]").sub, _shown)
in_one_line = partial(re.compile(f"[{_ORDERS}\\n\\t]").sub, _shown)


def fitted(text: str, width: int) -> str:
    """
    Text with every line broken at a width, continued two deeper than it began; an address or a word is left whole.

    >>> print(fitted("  - pain swaps sides", 14))
      - pain swaps
        sides
    """
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width:
            lines.append(line)
            continue
        deeper = " " * (len(line) - len(line.lstrip()) + 2)
        lines += textwrap.wrap(line, max(width, NARROWEST), subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


NARROWEST = 12
"""The least width at which lines are broken."""
