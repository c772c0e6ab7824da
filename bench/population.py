"""
Generated patients for measurements: seeded, with charts from nearly empty to full, and few contradictions.

Nobody is described by them; the shares are chosen so that every kind of rule has something to do.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from mps_rules.model import KnowledgeBase, Term

LABELS = ("facet_syndrome", "disc_herniation", "sciatica", "fibromyalgia", "lumbar_strain", "hip_osteoarthritis")
MUSCLES = ("gluteus_medius", "gluteus_minimus_posterior", "quadratus_lumborum_superficial_lower", "piriformis", "upper_trapezius")
SIGNS = ("taut_band", "hypersensitive_spot", "pain_recognition", "local_twitch_response")
PLACES = ("low_back", "buttock_mid", "buttock_lower", "thigh_posterior", "calf", "neck_lateral", "shoulder_posterior")


def population(base: KnowledgeBase, size: int, seed: int = 1) -> pl.DataFrame:
    """
    So many patients, a column for each finding of the patient, a few painful places, muscles and diagnoses.

    A yes/no finding is recorded of 4 to 60 % of the patients' findings, by patient; one in eight of those recorded is present.
    """
    draw = np.random.default_rng(seed)
    known = draw.choice([0.04, 0.15, 0.3, 0.6], size=size, p=[0.4, 0.3, 0.2, 0.1])
    columns: dict[str, Any] = {"person": np.arange(size)}
    for name, present, share in _truths(base):
        columns[name] = pl.Series(draw.random(size) < present).set(pl.Series(draw.random(size) >= known * share), None)
    columns["age_years"] = pl.Series(draw.integers(16, 95, size).astype(float)).set(pl.Series(draw.random(size) < 0.02), None)
    columns["symptom_duration"] = pl.Series(draw.gamma(1.5, 20, size).round()).set(pl.Series(draw.random(size) > 2 * known), None)
    return pl.DataFrame(columns)


def _truths(base: KnowledgeBase) -> Iterator[tuple[str, float, float]]:
    """Name, share present of those recorded, and how readily it is recorded, of each yes/no column."""
    words = base.vocabulary
    for term in words.terms.values():
        if term.kind == "boolean" and term.subject == "patient" and not term.fact and not _follows(term):
            yield term.id, 0.3 if term.id.startswith("wpi_") else 0.02 if term.category == "red_flag" else 0.12, 1.0
    regions = words.regions
    for place in PLACES:
        for side in regions[place].sides:
            yield f"pain.{place}.{side}", 0.5, 1.5
    for label in LABELS:
        if label in words.diagnoses:
            yield f"labels.{label}", 0.3, 1.0
    for muscle in MUSCLES:
        for side in ("left", "right") if muscle in words.muscles else ():
            for sign in SIGNS:
                if sign in words.terms:
                    yield f"{muscle}.{side}.{sign}", 0.5, 0.5


def _follows(term: Term) -> bool:
    """Whether it follows from other findings, which a value of its own could contradict."""
    return bool(term.implied_by or term.denied_by or term.stands_for or term.excludes)
