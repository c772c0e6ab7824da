"""The codes of charts: what they say is data, a code is known where it stands, and a doubtful one says nothing."""

from collections.abc import Callable

import pytest

from charts_fhir import ICD, LOINC, SNOMED
from mps_rules.errors import KnowledgeError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.records.codes import CodeBook, code_book

Load = Callable[..., KnowledgeBase]
SYSTEMS = "systems: [{id: icd10cm, uri: 'http://icd', pattern: '[A-Z][0-9.]+'}, {id: loinc, uri: 'http://loinc', pattern: '[0-9]+-[0-9]'}]"


@pytest.fixture(scope="module")
def book(kb: KnowledgeBase) -> CodeBook:
    return code_book(kb)


def test_a_code_of_the_vocabulary_needs_no_line_in_the_map(book: CodeBook) -> None:
    assert [one.finding for one in book.look_up(LOINC, "1988-5").meanings] == ["crp"]
    assert [one.label for one in book.look_up(SNOMED, "203082005").meanings] == ["fibromyalgia"]


def test_a_code_is_known_with_and_without_its_dot(book: CodeBook) -> None:
    assert book.look_up(ICD, "M797").meanings == book.look_up(ICD, "M79.7").meanings != ()


def test_the_longest_prefix_of_the_map_counts_and_a_whole_code_before_it(book: CodeBook) -> None:
    assert [one.label for one in book.look_up(ICD, "M75.42").meanings] == ["rotator_cuff_impingement"]
    assert [one.label for one in book.look_up(ICD, "M79.18").meanings] == ["myofascial_pain"]
    assert [one.label for one in book.look_up(ICD, "M79.11").meanings] == ["temporomandibular_disorder"]


def test_nothing_is_concluded_from_a_neighbour_of_a_known_code(book: CodeBook) -> None:
    assert book.look_up(ICD, "M79.7").meanings
    assert book.look_up(ICD, "M78.9").meanings == ()
    assert book.look_up(ICD, "M78.9").unread == "the code is not known here"


def test_a_code_of_several_diagnoses_says_nothing(book: CodeBook) -> None:
    entry = book.look_up(ICD, "M53.3")

    assert entry.meanings == ()
    assert "sacroiliac_joint_dysfunction, coccydynia" in entry.unread


def test_a_code_of_another_system_is_read_there_and_in_doubt(book: CodeBook) -> None:
    entry = book.look_up(ICD, "278860009", "Chronic low back pain")

    assert [one.label for one in entry.meanings] == ["nonspecific_low_back_pain"]
    assert entry.doubt == "no code of icd10cm; read as snomed_ct"


@pytest.mark.parametrize("label", ["Chronic Hip Pain", "KNEE pain", "shoulder"])
def test_a_label_that_names_another_part_of_the_body_makes_a_code_doubtful(book: CodeBook, label: str) -> None:
    entry = book.look_up(ICD, "M54.5", label)

    assert entry.meanings == ()
    assert entry.doubt == "the label names another part of the body than the code"


@pytest.mark.parametrize("label", ["Low back pain", "Lumbago", "Pain", "", "Back and hip pain"])
def test_a_label_that_names_the_same_part_or_none_is_no_doubt(book: CodeBook, label: str) -> None:
    assert book.look_up(ICD, "M54.5", label).meanings


def test_a_code_that_nobody_knows_is_not_repeated_where_it_is_no_code_at_all(book: CodeBook) -> None:
    for address, code in (("http://hospital", "Peregrine Canary"), (ICD, "Peregrine Canary"), (SNOMED, "Canary")):
        entry = book.look_up(address, code)
        assert entry.meanings == ()
        assert "Canary" not in f"{entry.shown} {entry.unread} {entry.doubt}"


def test_a_body_structure_is_a_site_and_no_finding(book: CodeBook) -> None:
    assert book.site(SNOMED, "45048000") == "neck"
    assert book.look_up(SNOMED, "45048000").meanings == ()


@pytest.mark.parametrize(
    ("meaning", "what"),
    [
        ("{system: icd10, code: A1, label: strain}", "no system 'icd10'; closest is 'icd10cm'"),
        ("{system: icd10cm, code: A1, label: strein}", "no diagnosis 'strein'; closest is 'strain'"),
        ("{system: icd10cm, code: A1, finding: fevr}", "no finding 'fevr'; closest is 'fever'"),
        ("{system: icd10cm, code: A1, finding: quality, word: dul}", "no value 'dul' of 'quality'; closest is 'dull'"),
        ("{system: icd10cm, code: A1, region: calv}", "no region 'calv'; closest is 'calf'"),
        ("{system: icd10cm, code: A1, finding: taut_band}", "'taut_band' is no finding of the patient"),
        ("{system: icd10cm, label: strain}", "needs either a code or a prefix"),
        ("{system: icd10cm, code: 12, label: strain}", "expected text, got 12"),
        ("{system: loinc, code: A1, label: strain}", "'A1' is no code of loinc"),
        ("{system: icd10cm, code: A1}", "says either what the code means or why it is unread"),
        ("{system: icd10cm, code: A1, label: strain, unread: why}", "says either what the code means or why it is unread"),
    ],
)
def test_a_line_of_the_map_that_says_nothing_sound_is_refused_with_its_place(load: Load, meaning: str, what: str) -> None:
    with pytest.raises(KnowledgeError) as error:
        load({"codes.yaml": f"codes:\n  {SYSTEMS}\n  meanings:\n    - {meaning}\n"})

    assert what in str(error.value)
    assert "codes.yaml line 4" in str(error.value)


def test_a_code_given_twice_is_refused(load: Load) -> None:
    line = "{system: icd10cm, code: A1, label: strain}"

    with pytest.raises(KnowledgeError, match="icd10cm A1 is given twice"):
        load({"codes.yaml": f"codes:\n  {SYSTEMS}\n  meanings: [{line}, {line}]\n"})


def test_a_pattern_that_is_none_is_refused(load: Load) -> None:
    with pytest.raises(KnowledgeError, match="the pattern cannot be read"):
        load({"codes.yaml": "codes:\n  systems: [{id: one, uri: 'http://one', pattern: '['}]\n"})


def test_a_kind_of_order_names_rules_and_codes_that_are_there(load: Load) -> None:
    order = "{id: scan, label: Scan, rules: [no_such], codes: [{system: lonic, code: x}, {system: loinc, code: x}, {system: loinc}]}"
    with pytest.raises(KnowledgeError) as error:
        load({"codes.yaml": f"codes:\n  {SYSTEMS}\n  orders:\n    - {order}\n"})

    for said in ("no rule 'no_such'", "no system 'lonic'", "'x' is no code of loinc", "needs either a code or a prefix"):
        assert said in str(error.value)
    assert "codes.yaml line 4" in str(error.value)


def test_a_pack_without_a_map_knows_the_codes_of_no_system(small: KnowledgeBase) -> None:
    assert code_book(small).look_up(ICD, "M54.5").unread == "the system of the code is not known here"


def test_the_map_is_part_of_the_digest(load: Load, small: KnowledgeBase) -> None:
    assert load({"codes.yaml": f"codes:\n  {SYSTEMS}\n"}).digest != small.digest
