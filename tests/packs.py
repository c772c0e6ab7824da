"""A pack small enough to see whole, and the means to spoil it; and parts of a large one."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

import attrs

from mps_rules.knowledge.causes import Cause
from mps_rules.knowledge.loading import Loader
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Rule
from mps_rules.language import conditions as c

Layer = Mapping[str, str | bytes | None]
"""Files by name; None leaves a file out."""

SMALL: Mapping[str, str] = {
    "pack.yaml": """\
id: small
title: A small pack
version: "1"
status: not clinically reviewed
licence: Apache-2.0
owners: [nobody]
intended_users: Tests.
intended_use: Tests.
""",
    "causes/scale.yaml": """\
scale:
  worth:
    criterion: 3
    confirm: 6
    exclude: -8
    support: {strong: 2, moderate: 1, weak: 0}
    oppose: {strong: -2, moderate: -1, weak: 0}
""",
    "vocabulary/units.yaml": """\
units:
  - {id: d, dimension: time, factor: 86400, also: [day, days]}
  - {id: wk, dimension: time, factor: 604800, also: [week, weeks]}
  - {id: Cel, dimension: temperature, factor: 1}
  - {id: "{score}", dimension: score, factor: 1, shown: ""}
""",
    "vocabulary/findings/few.yaml": """\
category: few
findings:
  - {id: fever, label: Fever, cost: asked, synonyms: [hot], implied_by: {temperature: {at_least: 38}}}
  - {id: rash, label: Rash, cost: examined}
  - {id: cough, label: Cough, cost: asked}
  - {id: temperature, label: Temperature, kind: number, range: [30, 45], unit: Cel, cost: examined}
  - {id: duration, label: Since when, kind: duration, range: [0, 6000], unit: wk, cost: asked}
  - {id: quality, label: Words, kind: many_of, values: [dull, sharp, burning], cost: asked}
  - {id: onset, label: Onset, kind: one_of, values: [sudden, slow], cost: asked}
  - {id: pain_intensity, label: Pain now, kind: number, range: [0, 10], unit: "{score}", cost: asked}
  - {id: pain_low_back, label: Low back pain, cost: asked, from: {pain_at: [low_back]}, stands_for: low_back}
  - {id: score, label: Score, kind: number, range: [0, 2], unit: "{score}", cost: asked}
  - {id: taut_band, label: Taut band, subject: muscle, cost: examined}
  - {id: sore_spot, label: Sore spot, subject: muscle, cost: examined}
  - {id: basis, label: What it rests on, subject: label, kind: one_of, values: [imaging, clinic], cost: asked}
  - {id: failed, label: Treated without relief, subject: label, cost: asked}
  - {id: examined, label: Examined, subject: muscle, cost: examined, fact: true}
  - {id: refers_to_pain, label: Refers to the pain, subject: muscle, cost: asked, fact: true}
  - {id: lies_in_pain, label: Lies in the pain, subject: muscle, cost: asked, fact: true}
  - {id: remote_from_pain, label: Refers but lies elsewhere, subject: muscle, cost: asked, fact: true}
  - {id: explains_all, label: Explains all pain, subject: muscle, cost: asked, fact: true}
""",
    "vocabulary/measures.yaml": """\
measures:
  - {id: score, sum: [fever, cough]}
""",
    "vocabulary/regions.yaml": """\
regions:
  - {id: body, label: Whole body}
  - {id: back, label: Back, parent: body}
  - {id: low_back, label: Low back, parent: back, sides: [left, right, midline], adjacent: [sacrum]}
  - {id: sacrum, label: Sacrum, parent: back, adjacent: [low_back]}
  - {id: leg, label: Leg, parent: body, sides: [left, right]}
  - {id: calf, label: Calf, parent: leg, sides: [left, right], adjacent: [foot]}
  - {id: foot, label: Foot, parent: leg, sides: [left, right], adjacent: [calf]}
  - {id: chest, label: Chest, parent: body, sides: [left, right, midline]}
  - {id: sternum, label: Breastbone, parent: chest, adjacent: [ribs]}
  - {id: ribs, label: Ribs, parent: chest, sides: [left, right], adjacent: [sternum]}
""",
    "vocabulary/muscles/few.yaml": """\
muscles:
  - {id: alpha, label: Alpha, group: alpha, area: back, lies_in: [low_back], access: palpable}
  - {id: beta_deep, label: "Beta, deep", group: beta, area: leg, lies_in: [foot], access: deep}
  - {id: beta_long, label: "Beta, long", group: beta, area: leg, lies_in: [calf, foot], access: palpable}
  - {id: gamma, label: Gamma, group: gamma, area: chest, lies_in: [ribs], access: palpable}
""",
    "vocabulary/diagnoses.yaml": """\
diagnoses:
  - {id: strain, label: Strain, kind: article, muscles: [alpha, beta_deep]}
  - {id: lumbago, label: Lumbago, kind: other}
""",
    "vocabulary/hypotheses.yaml": """\
hypotheses:
  - {id: muscle_pain, label: Muscle pain, kind: myofascial}
  - {id: infection, label: Infection, kind: serious}
""",
    "referral/few.yaml": """\
referrals:
  - {muscle: alpha, region: low_back, zone: essential, confidence: high, references: [BOOK]}
  - {muscle: alpha, region: calf, zone: spillover, confidence: low}
  - {muscle: alpha, region: sacrum, zone: spillover, confidence: moderate, laterality: bilateral}
  - {muscle: beta_deep, region: calf, zone: essential, confidence: high}
  - {muscle: beta_deep, region: foot, zone: essential, confidence: high}
  - {muscle: beta_long, region: foot, zone: spillover, confidence: high}
  - {muscle: beta_long, region: low_back, zone: spillover, confidence: low, laterality: midline}
  - {muscle: gamma, region: sternum, zone: essential, confidence: high}
  - {muscle: gamma, region: ribs, zone: essential, confidence: high, laterality: bilateral}
""",
    "referral/ranking.yaml": """\
ranking:
  zones: {essential: 1.0, spillover: 0.5}
  confidences: {high: 1.0, moderate: 0.8, low: 0.4}
  within_group: 0.25
  predicted_free: 0.5
  findings: [{finding: taut_band, present: 0.25, absent: -0.25}]
  clue: 0.25
  references: [BOOK]
""",
    "evidence/references.yaml": """\
references:
  - {id: BOOK, class: textbook, text: "A book.", checked: "yes"}
""",
    "evidence/claims.yaml": """\
claims:
  - {id: C1, topic: t, claim: "Fever and rash go together.", conclusion: ill}
""",
}
"""A whole pack without rules: every kind of word once, and a body of ten places."""


def rule(
    id: str,
    when: str = "fever",
    then: str = "[derive: ill]",
    about: str = "patient",
    status: str = "active",
    more: str = "",
) -> dict[str, str]:
    """The file of one rule, complete in everything that the test does not speak of."""
    text = f"""\
id: {id}
title: A rule
status: {status}
about: {about}
summary: A summary.
evidence: {{grade: textbook, references: [BOOK], claims: [C1]}}
when: {when}
then: {then}
limits: None.
reviewed: {{on: 2026-11-22, by: authors}}
{more}"""
    return {f"{id.replace('.', '/')}.yaml": text}


def written(folder: Path, *layers: Layer) -> Path:
    """The folder, holding the files of these layers; a later layer replaces a file of an earlier one, None leaves it out."""
    files: dict[str, str | bytes | None] = {}
    for layer in layers:
        files |= layer
    for name, content in files.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


# --- parts of a large pack --------------------------------------------------------------------------------------------

SAMPLE = 40
"""How many of the written rules a part takes."""
CAUSES = 3
"""Of the causes so many, twice: each is as large as many rules, and experta's own matcher is slow."""


def closed(base: KnowledgeBase, ids: Iterable[str], random: Random | None = None) -> set[str]:
    """
    The ids of rules, and of all rules whose conclusions these read, however far.

    ``random``: of several rules that conclude the same, one by lot is enough.
    """
    kept: set[str] = set()
    waiting = list(ids)
    while waiting:
        id_ = waiting.pop()
        if id_ in kept:
            continue
        kept.add(id_)
        for read in dict.fromkeys(part.id for part in c.walk(base.by_id[id_].when) if isinstance(part, c.Derived)):
            concluding = [rule.id for rule in base.concluding[read]]
            if random is None:
                waiting += concluding
            elif not kept.intersection(concluding):
                waiting.append(random.choice(concluding))
    return kept


def part_of(base: KnowledgeBase, ids: Iterable[str]) -> KnowledgeBase:
    """The base with these of its rules only, in strata of their own; nothing they read may be missing."""
    kept = set(ids)
    rules = Loader([])._in_strata([rule for rule in base.rules if rule.id in kept])
    concluded = {id_ for rule in rules for id_ in rule.derives()}
    causes = {id_: cause for id_, cause in base.causes.items() if _reads(cause) <= concluded}
    return attrs.evolve(base, rules=rules, causes=causes, digest=f"of {base.digest} only {sorted(kept)}")


def _reads(cause: Cause) -> set[str]:
    """The conclusions that a cause reads."""
    under = (cause.probable_if, *(picture.only_if for picture in cause.profiles), *(sign.when for sign in cause.signs))
    return {leaf.id for condition in under if condition is not None for leaf in c.walk(condition) if isinstance(leaf, c.Derived)}


def random_part(base: KnowledgeBase, random: Random, telling: Iterable[str] = ()) -> KnowledgeBase:
    """
    Some forty of the written rules by lot (of a table one or two rows), and one rule for each conclusion that they read.

    ``telling``: rules that say something of the patients to come; half of the forty are taken from these.
    """
    written: dict[str, list[str]] = {}
    for rule in base.rules:
        written.setdefault(_written(rule), []).append(rule.id)
    causes = {cause.address for cause in base.causes.values()}
    told = sorted({_written(base.by_id[id_]) for id_ in telling})
    half = [*_some(random, [name for name in told if name not in causes], SAMPLE // 2 - CAUSES), *_some(random, causes & set(told), CAUSES)]
    plain = [name for name in written if name not in half and name not in causes]
    others = [*random.sample(plain, SAMPLE - CAUSES - len(half)), *_some(random, causes - set(half), CAUSES)]
    wanted = set(telling)
    chosen: list[str] = []
    for name in (*half, *others):
        rows = [id_ for id_ in written[name] if id_ in wanted] or written[name]
        chosen += random.sample(rows, min(2, len(rows)))
    return part_of(base, closed(base, chosen, random))


def _some(random: Random, names: Iterable[str], most: int) -> list[str]:
    every = sorted(names)
    return random.sample(every, min(len(every), most))


def _written(rule: Rule) -> str:
    """The id under which a rule stands in its folder."""
    return rule.written or rule.id.removesuffix(".open")
