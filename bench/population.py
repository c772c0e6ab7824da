"""
Generated patients for measurements: seeded, with charts from nearly empty to full, and few contradictions.

Nobody is described by them; the shares are chosen so that every kind of rule has something to do.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import Term, Vocabulary
from mps_rules.patient.addresses import changed
from mps_rules.patient.values import Findings

LABELS = ("facet_syndrome", "disc_herniation", "lumbar_radiculopathy", "fibromyalgia", "lumbar_strain", "hip_osteoarthritis")
MUSCLES = ("gluteus_medius", "gluteus_minimus_posterior", "quadratus_lumborum_superficial", "piriformis", "trapezius_upper")
SIGNS = ("taut_band", "hypersensitive_spot", "pain_recognition", "local_twitch_response")
PLACES = (
    "low_back", "mid_back", "buttock_mid", "buttock_lower", "thigh_posterior", "calf", "groin", "neck_lateral", "shoulder_posterior", "forearm_radial",
    "interscapular", "chest_upper", "abdomen_lower_lateral",
)  # fmt: skip
LONG_LIST = 20
"""Words of a finding beyond which it is left out: parts of the body, mostly."""


def population(base: KnowledgeBase, size: int, seed: int = 1, bad: float = 0.0) -> pl.DataFrame:
    """
    So many patients, a column for each finding of the patient, a few painful places, muscles and diagnoses.

    A yes/no finding is recorded of 4 to 60 % of the patients' findings, by patient; one in eight of those recorded is present. A number
    that is recorded lies anywhere in its range. A share of ``bad`` rows cannot be read: their age is beyond every range.
    """
    draw = np.random.default_rng(seed)
    known = draw.choice([0.04, 0.15, 0.3, 0.6], size=size, p=[0.4, 0.3, 0.2, 0.1])
    columns: dict[str, Any] = {"person": np.arange(size)}
    for name, present, share in _truths(base):
        columns[name] = pl.Series(draw.random(size) < present).set(pl.Series(draw.random(size) >= known * share), None)
    for term in _numbers(base):
        low, high = term.range or (0.0, 10.0)
        columns[term.id] = pl.Series((low + (high - low) * draw.random(size)).round()).set(pl.Series(draw.random(size) >= known), None)
    for term in base.vocabulary.terms.values():
        if term.kind in ("one_of", "many_of") and term.subject == "patient" and len(term.values) <= LONG_LIST and not _follows(term):
            recorded, which = draw.random(size) < known, draw.integers(0, len(term.values), size)
            for number, word in enumerate(term.values):
                said = which == number if term.kind == "one_of" else draw.random(size) < 1 / 4
                columns[f"{term.id}.{word}"] = pl.Series(said).set(pl.Series(~recorded), None)
    columns["age_years"] = pl.Series(draw.integers(16, 95, size).astype(float)).set(pl.Series(draw.random(size) < 0.02), None)
    columns["symptom_duration"] = pl.Series(draw.gamma(1.5, 20, size).round()).set(pl.Series(draw.random(size) > 2 * known), None)
    if bad:
        columns["age_years"] = columns["age_years"].set(pl.Series(draw.random(size) < bad), 900.0)
    return pl.DataFrame(columns)


def mapping(row: Mapping[str, Any], words: Vocabulary) -> dict[str, Any]:
    """A generated row as ``evaluate`` takes one patient: the columns of one finding's words are that finding."""
    said: dict[str, Any] = {}
    for at, value in row.items():
        term, _, word = at.partition(".")
        if value is None or at == "person":
            continue
        if word and term in words.terms:
            said[term] = {**said.get(term, {}), word: value}
        else:
            said[at] = value
    return changed(Findings(), said, words)


def _numbers(base: KnowledgeBase) -> Iterator[Term]:
    """Numbers of the patient that are no sum of other findings and say nothing of another one."""
    words = base.vocabulary
    follows = {item for measure in words.measures.values() for item in (measure.id, measure.also_total or "")}
    for term in words.terms.values():
        if (
            term.kind == "number"
            and term.subject == "patient"
            and term.id not in {*follows, "age_years", "age_at_onset"}
            and not _follows(term)
        ):
            yield term


def _truths(base: KnowledgeBase) -> Iterator[tuple[str, float, float]]:
    """Name, share present of those recorded, and how readily it is recorded, of each yes/no column."""
    words = base.vocabulary
    for term in words.terms.values():
        if term.kind == "boolean" and term.subject == "patient" and not term.fact and not _follows(term):
            yield term.id, 0.3 if term.id.startswith("wpi_") else 0.02 if term.category == "red_flag" else 0.12, 1.0
            continue
        if (
            term.kind == "boolean"
            and term.subject == "patient"
            and term.denied_by
            and not (term.implied_by or term.stands_for or term.fact)
        ):
            yield term.id, 0.04, 0.3  # what another finding denies: now and then a contradiction, as in any chart
    regions = words.regions
    for place in PLACES:
        for side in regions[place].sides:
            yield f"pain.{place}.{side}", 0.5, 1.5
    for label in LABELS:
        yield f"labels.{words.diagnoses[label].id}", 0.3, 1.0
    for muscle in MUSCLES:
        for side in ("left", "right"):
            for sign in SIGNS:
                yield f"{words.muscles[muscle].id}.{side}.{words.terms[sign].id}", 0.5, 0.5


def _follows(term: Term) -> bool:
    """Whether it follows from other findings, which a value of its own could contradict."""
    return bool(term.implied_by or term.denied_by or term.stands_for or term.excludes)
