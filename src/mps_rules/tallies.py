"""
The score of a cause counted from the rails that are reached: only groups of cues of which something is known are looked at.

It gives no other score than ``conditions.profile_score``.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from mps_rules import conditions as c


def best(scores: Iterable[c.Interval]) -> c.Interval:
    """The score of a cause: that of its best profile."""
    found = list(scores)
    return c.Interval(
        max((one.lowest for one in found), default=c.NEVER.lowest), max((one.highest for one in found), default=c.NEVER.lowest)
    )


class Tally:
    """
    How one profile is counted.

    A condition's true rail is an odd number, its false rail the even one below; ``rail`` gives the one on which a condition holds.
    """

    def __init__(self, profile: c.Profile, rail: Callable[[c.Condition], int]) -> None:
        self.prior = profile.prior
        self.place = None if profile.place is None else rail(profile.place)
        self.gate = None if profile.only_if is None else rail(profile.only_if)
        self.groups = [tuple((cue.points, rail(cue.when), cue.step) for cue in group) for group in profile.cues]
        self.telling = frozenset(rail(cue.when) for group in profile.cues for cue in group if cue.telling)
        self.read = [frozenset(one for _, on, _ in group for one in (on, on ^ 1)) for group in self.groups]
        self.for_ = frozenset(rail(cue.when) for group in profile.cues for cue in group if cue.points > 0)
        self.most = [max([0, *(points for points, _, _ in group)]) for group in self.groups]
        self.highest = self.prior + sum(self.most)

    def considered(self, known: AbstractSet[int]) -> c.Truth:
        """Whether the profile is considered."""
        if self.gate is not None and self.gate ^ 1 in known:
            return False
        if self.place is None or self.place in known:
            return True
        return False if self.place ^ 1 in known else None

    def score(self, known: AbstractSet[int]) -> c.Interval:
        """The range in which its score must lie."""
        considered = self.considered(known)
        if considered is not True:
            return c.OPEN if considered is None else c.NEVER
        low, high = self.prior, self.highest
        for group, read, most in zip(self.groups, self.read, self.most, strict=True):
            if not known.isdisjoint(read):
                sure, possible = _worth(group, known)
                low, high = low + sure, high + possible - most
        return c.Interval(low, high)

    def reaches(self, n: int, score: c.Interval, known: AbstractSet[int]) -> c.Truth:
        """Whether its score is at least n, with a cue for it that holds."""
        if score.highest < n:
            return False
        if self.considered(known) is None:
            return None
        if not known.isdisjoint(self.for_):
            return True if score.lowest >= n else None
        return None if any(on ^ 1 not in known for on in self.for_) else False

    def in_reach(self, n: int, known: AbstractSet[int]) -> bool:
        """Whether a telling cue holds and the cues of one step that are not known would bring the score to n."""
        if self.considered(known) is not True:
            return False
        return not known.isdisjoint(self.telling) and self.score(known).lowest + self._gain(known) >= n

    def _gain(self, known: AbstractSet[int]) -> float:
        gains: dict[str, float] = {}
        for group in self.groups:
            sure, best_of = _worth(group, known)[0], dict[str, float]()
            for points, on, step in group:
                if step and points > max(sure, 0) and on not in known and on ^ 1 not in known:
                    best_of[step] = max(best_of.get(step, 0), points - sure)
            for step, more in best_of.items():
                gains[step] = gains.get(step, 0) + more
        return max(gains.values(), default=0)


def _worth(group: Iterable[tuple[int, int, str]], known: AbstractSet[int]) -> tuple[int, int]:
    most = least = possible = 0
    for points, on, _ in group:
        if on in known:
            most, least, possible = max(most, points), min(least, points), max(possible, points)
        elif on ^ 1 not in known:
            possible = max(possible, points)
    sure = most or least
    return sure, possible or sure
