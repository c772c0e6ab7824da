"""What a cell of text says: present or absent, nothing, or a number; read alike wherever a table lives."""

import math
import re

SAID = {
    **dict.fromkeys(("true", "yes", "present", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "absent", "0", "0.0"), False),
}
"""The words for present and absent where they are written as text."""
NOT_SAID = ("", "unknown", "null", "none", "nan", "na")
"""The words for not known."""
BLANKS = "\t\n\v\f\r "
"""What may stand around a word."""
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)", re.ASCII | re.IGNORECASE)


def truth_in(text: str) -> float:
    """
    1 for present and 0 for absent; NaN where text says neither.

    >>> truth_in(" Yes "), truth_in("absent"), truth_in("perhaps")
    (1.0, 0.0, nan)
    """
    said = SAID.get(text.strip(BLANKS).lower())
    return math.nan if said is None else float(said)


def number_in(text: str) -> float:
    """
    The number that text says, NaN where it says none; one that is written as no number lies beyond every other, as databases have it.

    >>> number_in(" 46.5 "), number_in("1e3"), number_in("16 wk"), number_in("nan")
    (46.5, 1000.0, nan, inf)
    """
    bare = text.strip(BLANKS)
    if not _NUMBER.fullmatch(bare):
        return math.nan
    number = float(bare)
    return math.inf if math.isnan(number) else number


def is_said(text: str) -> bool:
    """
    Whether text says anything at all.

    >>> is_said("no"), is_said(" unknown ")
    (True, False)
    """
    return text.strip(BLANKS).lower() not in NOT_SAID
