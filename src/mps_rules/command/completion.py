"""
What the shell may complete: words of the rules that the command line names so far. Where these cannot be read, nothing, and no fault.
"""

from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from mps_rules import api
from mps_rules.errors import MpsRulesError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import PACKAGED
from mps_rules.knowledge.rules import GiveCaution
from mps_rules.knowledge.vocabulary import SIDES


def conclusions(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """What can be concluded: hypotheses, red flags, cautions, criteria, rules; and muscles."""
    base = _base(context)
    if base is None:
        return []
    named = {id_: suspect.label for id_, suspect in base.vocabulary.suspects.items()}
    named |= dict.fromkeys(base.concluding, "")
    for rule in base.rules:
        named[rule.id] = rule.title
        named |= {one.id: "" for one in rule.then if isinstance(one, GiveCaution)}
        named |= {rule.alert.id: rule.alert.label} if rule.alert else {}
    named |= {f"{id_}.{side}": muscle.label for id_, muscle in base.vocabulary.muscles.items() for side in SIDES}
    return _beginning(named.items(), begun)


def rules(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Rules and shelves by their ids."""
    base = _base(context)
    if base is None:
        return []
    ids = {rule.written or rule.id: rule.title for rule in (*base.rules, *base.shelved) if not rule.open_alert}
    shelves = dict.fromkeys(sorted({id_.partition(".")[0] for id_ in ids}), "")
    return _beginning((shelves | ids).items(), begun)


def addresses(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Findings, places and the signs of a muscle, up to the equals sign."""
    base = _base(context)
    if base is None:
        return []
    words = base.vocabulary
    named = {f"{term.id}=": term.label for term in words.terms.values() if term.subject == "patient" and not term.fact}
    named |= {f"pain.{id_}=": region.label for id_, region in words.regions.items()}
    named |= {f"pain.{id_}.{side}=": words.regions[id_].label for id_, sides in words.possible_sides.items() for side in sides}
    muscle = begun.partition(".")[0]
    if muscle in words.muscles:
        signs = [term for term in words.terms.values() if term.subject == "muscle" and not term.fact]
        named |= {f"{muscle}.{side}.{term.id}=": term.label for side in SIDES for term in signs}
    else:
        named |= {f"{id_}.": one.label for id_, one in words.muscles.items()}
    return _beginning(named.items(), begun)


def folders(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """``packaged``, and the folders here."""
    known = [CompletionItem(PACKAGED, help="the packaged rules")] if PACKAGED.startswith(begun) else []
    return [*known, CompletionItem(begun, type="dir")]


def _base(context: click.Context) -> KnowledgeBase | None:
    """The rules that were named so far, or the packaged ones."""
    named: tuple[Path, ...] = context.params.get("folders") or context.find_root().obj or ()
    try:
        return api.load(named or None)
    except MpsRulesError:
        return None


def _beginning(named: Iterable[tuple[str, str]], begun: str) -> list[CompletionItem]:
    return [CompletionItem(id_, help=label) for id_, label in named if id_.startswith(begun)]
