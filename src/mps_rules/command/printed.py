"""
What is printed is text and nothing else: a control character in a name, a label or a code is shown, not obeyed by the terminal.
"""

import re
from functools import partial

_ORDERS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""Control characters of both sets, other ends of lines, changes of the direction of writing, and halves of characters."""


def _shown(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


printable = partial(re.compile(f"[{_ORDERS}]").sub, _shown)
in_one_line = partial(re.compile(f"[{_ORDERS}\\n\\t]").sub, _shown)
