"""
How many codes of outside lists the map reads: the table of ``docs/fhir.md``.

The lists are in ``tests/codes``, codes only, each with its source. ``python tests/code_coverage.py docs/fhir.md`` writes the table anew.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mps_rules.api import load
from mps_rules.records.codes import CodeBook, code_book

LISTS = Path(__file__).parent / "codes"
ICD, SNOMED, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "http://loinc.org"
ADDRESSES = {"snomed_ct": SNOMED, "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm", "loinc": LOINC}
SYNTHEA = ("pain", "cancer", "fracture", "infection", "pregnancy", "steroid", "anticoagulant")
CHAPTERS = (
    ("cancer", "C"),
    ("osteoporosis with fracture, M80", "M80"),
    ("stress and pathological fracture, M84", "M84"),
    ("fracture of spine, ribs, pelvis, S12, S22, S32", "S12|S22|S32"),
    ("spondylitis and infection of the spine, M45, M46", "M45|M46"),
    ("back pain, M54", "M54"),
    ("soft tissue, limb pain, M79", "M79"),
    ("roots, plexus, nerves of the arm, G54 to G56", "G5"),
    ("paralysis and cord, G83, G95", "G83|G95"),
    ("aorta, I71", "I71"),
    ("kidney, N10 to N20", "N"),
    ("rheumatoid and connective tissue disease, M05, M06, M31.5, M31.6, M33, M35.3", "M0|M3"),
    ("thyroid and parathyroid, E03, E21", "E"),
    ("pain with no place, R52", "R52"),
    ("long treatment with steroids and anticoagulants, Z79", "Z79"),
)
BEGIN, END = "<!-- coverage -->\n", "<!-- end of coverage -->"


def lines(name: str) -> list[list[str]]:
    """The lines of a list, without its header, in words."""
    return [line.split() for line in (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def spread(name: str) -> list[str]:
    """The codes of a list in which each line is a stem and the last characters that codes of it end in."""
    return [stem + last for stem, ends in lines(name) for last in ends]


def table(book: CodeBook) -> Iterator[str]:
    """The rows of the table."""
    yield "| of | codes | read | left with a reason |"
    yield "|---|---|---|---|"
    billable = spread("icd10cm_billable")
    for name, begins in CHAPTERS:
        yield _row(f"ICD-10-CM: {name}", book, [(ICD, code) for code in billable if re.match(begins, code)])
    yield _row("ICD-10-CM: all of these", book, [(ICD, code) for code in billable])
    kinds = {name: [(ADDRESSES[system], code) for system, code in lines(f"synthea_{name}")] for name in SYNTHEA}
    for name, codes in kinds.items():
        yield _row(f"Synthea's modules: {name}", book, codes)
    yield _row("Synthea's modules: all of these", book, [one for codes in kinds.values() for one in codes])


def _row(name: str, book: CodeBook, codes: list[tuple[str, str]]) -> str:
    entries = [book.look_up(address, code) for address, code in codes]
    read = sum(bool(entry.meanings) for entry in entries)
    return f"| {name} | {len(entries):,} | {read:,} ({100 * read / len(entries):.0f} %) | {len(entries) - read:,} |"


def written(page: str, book: CodeBook) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return "".join((before, BEGIN, *(f"{row}\n" for row in table(book)), END, rest.partition(END)[2]))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8"), code_book(load())), encoding="utf-8")
