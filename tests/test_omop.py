# ruff: noqa: S608 - the queries are written out here
"""Tables of the OMOP model become findings: what a row says, what it does not say, and why a row is not used."""

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis
import polars as pl
import pytest
from click.testing import CliRunner, Result

import mps_rules as mps
from executors import on_spark
from mps_rules.command.cli import main
from mps_rules.errors import FindingError, KnowledgeError
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.population import overview
from mps_rules.population.omop import KEEP, OmopReport, TableUse, as_observations, read_omop, readings
from mps_rules.population.tables import connected
from packs import SMALL, written

ZIP = Path(__file__).parents[2] / "shared" / "data" / "omop" / "synthea27nj_cdm54_parquet.zip"
TODAY = date(2022, 6, 1)

# --- a hospital of a dozen people -------------------------------------------------------------------------------------

COLUMNS = {
    "person": "person_id INT, gender_concept_id INT, year_of_birth INT, month_of_birth INT, day_of_birth INT",
    "visit_occurrence": "visit_occurrence_id INT, person_id INT, visit_start_date DATE",
    "observation_period": "observation_period_id INT, person_id INT, observation_period_start_date DATE, observation_period_end_date DATE",
    "condition_occurrence": "condition_occurrence_id INT, person_id INT, condition_concept_id INT, condition_start_date DATE, "
    "condition_end_date DATE, condition_source_value TEXT, condition_source_concept_id INT",
    "measurement": "measurement_id INT, person_id INT, measurement_concept_id INT, measurement_date DATE, operator_concept_id INT, "
    "value_as_number DECIMAL(18, 3), value_as_concept_id INT, unit_concept_id INT, measurement_source_value TEXT, "
    "measurement_source_concept_id INT, unit_source_value TEXT, value_source_value TEXT",
    "observation": "observation_id INT, person_id INT, observation_concept_id INT, observation_date DATE, value_as_number DECIMAL(18, 3), "
    "value_as_string TEXT, value_as_concept_id INT, unit_concept_id INT, observation_source_value TEXT, observation_source_concept_id INT, "
    "unit_source_value TEXT",
    "procedure_occurrence": "procedure_occurrence_id INT, person_id INT, procedure_concept_id INT, procedure_date DATE, "
    "procedure_source_value TEXT, procedure_source_concept_id INT",
    "drug_exposure": "drug_exposure_id INT, person_id INT, drug_concept_id INT, drug_exposure_start_date DATE, drug_exposure_end_date DATE, "
    "drug_source_value TEXT, drug_source_concept_id INT",
    "concept": "concept_id INT, concept_name TEXT, vocabulary_id TEXT, concept_code TEXT",
    "concept_ancestor": "ancestor_concept_id INT, descendant_concept_id INT",
    "cdm_source": "cdm_source_name TEXT, cdm_version TEXT",
}
ONLY_54 = {
    "procedure_occurrence": "procedure_end_date DATE",
    "measurement": "unit_source_concept_id INT, measurement_event_id INT",
    "observation": "value_source_value TEXT, observation_event_id INT",
    "cdm_source": "cdm_version_concept_id INT",
}
CONCEPTS = {
    1: ("Neck pain", "SNOMED", "81680005"),
    2: ("Pain of neck of a narrower kind", "SNOMED", "none"),
    3: ("Fibromyalgia", "SNOMED", "203082005"),
    4: ("Chronic low back pain", "SNOMED", "278860009"),
    5: ("Fever", "SNOMED", "386661006"),
    6: ("Osteoporosis", "SNOMED", "64859006"),
    7: ("Tendon of nothing known", "SNOMED", "unheard of"),
    8: ("Sacrococcygeal disorder", "ICD10CM", "M53.3"),
    9: ("Piriformis lesion", "ICD10CM", "G57.01"),
    10: ("Prolapsed disc", "SNOMED", "73589001"),
    20: ("Pain severity", "LOINC", "72514-3"),
    21: ("Haemoglobin", "LOINC", "718-7"),
    22: ("Body temperature", "LOINC", "8310-5"),
    23: ("Rheumatoid factor", "LOINC", "11572-5"),
    24: ("C-reactive protein", "LOINC", "1988-5"),
    25: ("Enjoyment of life", "LOINC", "91145-3"),
    30: ("gram per litre", "UCUM", "g/L"),
    31: ("gram per decilitre", "UCUM", "g/dL"),
    32: ("kilogram", "UCUM", "kg"),
    33: ("milligram per litre", "UCUM", "mg/L"),
    40: ("Negative", "LOINC", "LA-1"),
    41: ("<", "SNOMED", "less"),
    42: ("=", "SNOMED", "equal"),
    50: ("Dry needling of something", "RxNorm", "needle"),
    51: ("A question of our own", "RxNorm", "question"),
    52: ("Burning pain", "SNOMED", "burning"),
}


class Hospital:
    """A database to fill; what a row does not name is null."""

    def __init__(self, version: str = "5.4") -> None:
        self.connection = ibis.duckdb.connect()
        self.number = 0
        for table, columns in COLUMNS.items():
            more = f", {ONLY_54[table]}" if version == "5.4" and table in ONLY_54 else ""
            self.connection.raw_sql(f"CREATE TABLE {table} ({columns}{more})")
        for id_, (name, vocabulary, code) in CONCEPTS.items():
            self.add("concept", concept_id=id_, concept_name=name, vocabulary_id=vocabulary, concept_code=code)
        self.add("cdm_source", cdm_source_name="ours", cdm_version=f"v{version}")

    def add(self, table: str, **row: Any) -> None:
        names, values = ", ".join(row), ", ".join("NULL" if v is None else repr(str(v)) for v in row.values())
        self.connection.raw_sql(f"INSERT INTO {table} ({names}) VALUES ({values})")

    def person(
        self, id_: int, *, visit: date | None = TODAY, sex: int = 8532, born: tuple[int, int | None, int | None] = (1972, 6, 1)
    ) -> None:
        self.add("person", person_id=id_, gender_concept_id=sex, year_of_birth=born[0], month_of_birth=born[1], day_of_birth=born[2])
        if visit:
            self.add("visit_occurrence", visit_occurrence_id=id_, person_id=id_, visit_start_date=visit)

    def condition(self, id_: int, concept: int, start: str = "2022-05-25", end: str | None = None, **more: Any) -> None:
        self._event("condition", id_, concept, condition_start_date=start, condition_end_date=end, **more)

    def measurement(self, id_: int, concept: int, value: float | None, day: str = "2022-05-30", **more: Any) -> None:
        self._event("measurement", id_, concept, measurement_date=day, value_as_number=value, **more)

    def observation(self, id_: int, concept: int, day: str = "2022-05-30", **more: Any) -> None:
        self._event("observation", id_, concept, observation_date=day, **more)

    def _event(self, prefix: str, id_: int, concept: int, **more: Any) -> None:
        table = f"{prefix}_occurrence" if prefix == "condition" else prefix
        self.number += 1
        self.add(table, **{f"{table}_id": self.number, "person_id": id_, f"{prefix}_concept_id": concept}, **more)


def filled(version: str) -> Hospital:
    """Everybody has one thing to show; their number says which."""
    h = Hospital(version)
    h.person(1)  # nothing at all is recorded
    h.person(2, visit=None)  # never came
    h.condition(2, 5)
    h.person(3, sex=8507, born=(1972, 6, 2))  # fifty tomorrow; a diagnosis that goes on, one of the same that ended long ago
    h.condition(3, 3, "2010-01-01")
    h.person(4, sex=0, born=(1960, None, None))
    h.condition(4, 3, "2010-01-01", "2015-01-01")
    h.person(5)  # a symptom within its window, one that is over, one of tomorrow
    h.condition(5, 5, "2022-05-28")
    h.condition(5, 5, "2022-04-01")
    h.condition(5, 1, "2022-06-02")
    h.person(6)  # however long ago; and by the original code, though the standard one is unknown
    h.condition(6, 6, "1999-01-01")
    h.condition(6, 7, condition_source_concept_id=9, condition_source_value="G57.01")
    h.person(7)  # by the source value alone, and what lies below a code
    h.condition(7, 0, condition_source_value="m54.2 ")
    h.condition(7, 2)
    h.person(8)  # units
    h.measurement(8, 21, 120, unit_concept_id=30)
    h.measurement(8, 22, 101.3, unit_source_value="degF")
    h.measurement(8, 20, 6, unit_concept_id=0)
    h.measurement(8, 24, 5, unit_concept_id=33, operator_concept_id=42)
    h.person(9)  # no unit, another unit, out of range, a bound, no value
    h.measurement(9, 21, 12)
    h.measurement(9, 21, 12, unit_concept_id=32)
    h.measurement(9, 21, 900, unit_concept_id=31)
    h.measurement(9, 24, 5, unit_concept_id=33, operator_concept_id=41)
    h.measurement(9, 20, None)
    h.measurement(9, 20, None, value_source_value="severe")
    h.person(10)  # answers: denied, not answered, a number where a word belongs
    h.measurement(10, 23, None, value_as_concept_id=40)
    h.person(11)
    h.measurement(11, 23, None)
    h.measurement(11, 23, 3.5)
    h.observation(11, 5, value_as_string="No")
    h.person(12)  # the latest holds; of two values of one day the dangerous one
    h.measurement(12, 20, 3, "2022-05-29")
    h.measurement(12, 20, 7, "2022-05-31")
    h.measurement(12, 22, 37, unit_source_value="Cel")
    h.measurement(12, 22, 39, unit_source_value="Cel")
    h.person(13)  # set apart, by the file and because the code stands at two diagnoses
    h.condition(13, 10)
    h.condition(13, 7, condition_source_concept_id=8)
    h.observation(13, 25, value_as_number=4)
    h.add("concept_ancestor", ancestor_concept_id=1, descendant_concept_id=2)
    h.add("observation_period", person_id=1, observation_period_start_date="2000-01-01", observation_period_end_date="2030-01-01")
    return h


Read = tuple[dict[int, dict[str, Any]], OmopReport]


def people(findings: Any) -> dict[int, dict[str, Any]]:
    return {row["person"]: row for row in findings.to_polars().iter_rows(named=True)}


@pytest.fixture(scope="module", params=["5.3", "5.4"])
def read(request: pytest.FixtureRequest, kb: KnowledgeBase) -> Read:
    findings, report = read_omop(filled(request.param).connection, kb)
    assert request.param in report.version
    return people(findings), report


def use(report: OmopReport, table: str) -> TableUse:
    return next(one for one in report.tables if one.table == table)


def known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if value is not None and name.partition(".")[0] not in ("person", "index_date", "age_years", "sex_at_birth")
    }


# --- what a row says --------------------------------------------------------------------------------------------------


def test_who_has_no_rows_has_no_findings_and_nothing_is_ever_false_by_silence(read: Read) -> None:
    rows, _ = read

    assert known(rows[1]) == {}
    assert {name: rows[i][name] for i in rows for name in rows[i] if rows[i][name] is False} == {
        "rheumatoid_factor_positive": False,  # said so
        "fever": False,  # said so
    }


def test_age_and_sex_come_from_the_person(read: Read) -> None:
    rows, report = read

    assert [(rows[i]["age_years"], rows[i]["sex_at_birth"]) for i in (1, 3, 4)] == [(50, "female"), (49, "male"), (None, None)]
    assert {i: (rows[i]["age_years.at_least"], rows[i]["age_years.at_most"]) for i in (1, 3, 4)} == {
        1: (None, None),
        3: (None, None),
        4: (61, 62),
    }
    assert (report.age_unknown, report.sex_unknown, report.birthday_unknown) == (0, 1, 1)


def test_who_never_came_has_no_index_date(read: Read) -> None:
    rows, report = read

    assert 2 not in rows
    assert (report.persons, report.indexed) == (13, 12)
    assert use(report, "condition_occurrence").unused["the person has no index date"] == 1
    assert report.outside_observation == 11


def test_a_diagnosis_goes_on_until_it_ends_and_its_window_is_over(read: Read) -> None:
    rows, _ = read

    assert (known(rows[3]), known(rows[4])) == ({"labels.fibromyalgia": True}, {})


def test_a_symptom_counts_within_its_window_and_never_before_it_began(read: Read) -> None:
    assert known(read[0][5]) == {"fever": True}


def test_what_is_known_for_ever_counts_however_old_and_the_original_code_counts_too(read: Read) -> None:
    assert known(read[0][6]) == {"osteoporosis_known": True, "labels.piriformis_deep_gluteal_syndrome": True}


def test_a_source_value_counts_where_no_concept_was_found_and_a_narrower_concept_is_the_broader(read: Read) -> None:
    assert known(read[0][7]) == {"labels.nonspecific_neck_pain": True, "pain_neck": True}


def test_values_are_read_in_the_unit_of_the_finding(read: Read) -> None:
    found = known(read[0][8])

    assert found == {"haemoglobin": 12, "body_temperature": pytest.approx(38.5), "pain_intensity": 6, "crp": 5}


def test_a_value_that_cannot_be_trusted_is_not_read(read: Read) -> None:
    rows, report = read

    assert known(rows[9]) == {
        "in_doubt.haemoglobin": True,
        "in_doubt.pain_intensity": True,
    }  # a bound of 5 of the CRP brings no flag nearer
    assert use(report, "measurement").unused == {
        "no value": 2,
        "value not understood": 2,
        "a bound, not a value": 1,
        "wrong unit, or none": 2,
        "out of range": 1,
    }


def test_a_number_of_a_danger_sign_that_cannot_be_read_opens(kb: KnowledgeBase) -> None:
    said: list[tuple[tuple[float | None, dict[str, Any]], bool]] = [
        ((39, {"unit_source_value": "Cel", "operator_concept_id": 43}), True),
        ((37, {"unit_source_value": "Cel", "operator_concept_id": 41}), True),
        ((36, {"unit_source_value": "stone"}), True),
        ((39, {}), True),
        ((390, {"unit_source_value": "Cel"}), True),
        ((None, {"value_source_value": "hot"}), True),
        ((None, {}), False),
        ((36.6, {"unit_source_value": "Cel"}), False),
    ]
    h = Hospital()
    h.add("concept", concept_id=43, concept_name=">=", vocabulary_id="SNOMED", concept_code="at least")
    for person, ((number, more), _) in enumerate(said, start=1):
        h.person(person)
        h.measurement(person, 22, number, **more)
    findings, _ = read_omop(h.connection, kb)
    rows = people(findings)

    assert {person: opens for person, (_, opens) in enumerate(said, start=1)} == {
        person: bool(rows[person].get("in_doubt.body_temperature")) for person in range(1, len(said) + 1)
    }


def test_an_answer_denies_and_a_question_without_an_answer_says_nothing(read: Read) -> None:
    rows, _ = read

    assert (known(rows[10]), known(rows[11])) == ({"rheumatoid_factor_positive": False}, {"fever": False})


def test_the_latest_value_holds_and_of_two_of_one_day_the_dangerous_one(read: Read) -> None:
    rows, report = read

    assert known(rows[12]) == {"pain_intensity": 7, "body_temperature": 39}
    assert report.contradicting == 1


def test_what_is_set_apart_is_counted_with_its_reason(read: Read) -> None:
    rows, report = read

    assert known(rows[13]) == {}
    assert use(report, "condition_occurrence").apart == {
        "ICD10CM M53.3: stands at several diagnoses: sacroiliac_joint_dysfunction, coccydynia": 1,
        "SNOMED 73589001: the concept is not of the lumbar spine": 1,
    }
    assert use(report, "observation").apart == {
        "LOINC 91145-3: PEG: interference with enjoyment of life, for which the vocabulary has no finding": 1
    }


def test_every_row_is_used_or_has_its_reason(read: Read) -> None:
    for one in read[1].tables:
        assert one.used + sum(one.unused.values()) == one.rows
        assert sum(one.apart.values()) == one.unused.get("set apart", 0)
    assert [(one.table, one.rows) for one in read[1].tables] == [
        ("condition_occurrence", 12),
        ("measurement", 17),
        ("observation", 2),
        ("procedure_occurrence", 0),
        ("drug_exposure", 0),
    ]


def test_the_report_says_what_was_found_with_its_doubt(read: Read) -> None:
    _, report = read
    found = {one.at: one for one in report.found}

    assert (found["fever"].people, found["pain_intensity"].people) == (2, 2)
    assert all(one.doubt for one in report.found)
    assert report.warnings == ()
    text = str(report)
    assert "measurement: 17 rows, 9 used" in text
    assert "labels.fibromyalgia: 1 people (a diagnosis coded for billing" in text


# --- other days, other databases --------------------------------------------------------------------------------------


def test_a_day_may_be_the_index_of_everybody_and_the_unborn_are_left_out(kb: KnowledgeBase) -> None:
    hospital = Hospital()
    hospital.person(1, visit=None)
    hospital.person(2, visit=None, born=(2021, 1, 1))
    hospital.condition(1, 5, "2020-02-28")
    hospital.condition(1, 7, "2020-02-28")
    findings, report = read_omop(hospital.connection, kb, index="2020-03-01")

    assert people(findings) == {
        1: {"person": 1, "index_date": date(2020, 3, 1), "age_years": 47, "sex_at_birth": "female", "fever": True, "in_doubt.fever": None},
    }
    assert report.warnings == ("concept_ancestor is empty: what lies below 93 codes is not found, only the codes themselves",)
    assert [(u.concept, u.name, u.rows, u.people) for u in use(report, "condition_occurrence").unmapped] == [
        (7, "Tendon of nothing known", 1, 1)
    ]


def test_tables_that_are_missing_are_named(kb: KnowledgeBase) -> None:
    bare = ibis.duckdb.connect()
    bare.raw_sql('CREATE TABLE "PERSON" ("PERSON_ID" INT, "GENDER_CONCEPT_ID" INT, "YEAR_OF_BIRTH" INT)')
    bare.raw_sql("INSERT INTO person VALUES (1, 8507, 1950)")
    findings, report = read_omop(bare, kb, index=date(2022, 1, 1))

    assert [people(findings)[1][f"age_years.{end}"] for end in ("at_least", "at_most")] == [71, 72]
    assert report.missing == ("condition_occurrence", "measurement", "observation", "procedure_occurrence", "drug_exposure")
    assert report.version == "of unknown version"
    assert [one.partition(":")[0] for one in report.warnings] == [
        "no table concept",
        "concept_ancestor is empty",
        "cdm_source does not say which version this is",
        "no table condition_occurrence, measurement, observation, procedure_occurrence, drug_exposure",
    ]


def _without(*statements: str) -> Callable[[Path], Any]:
    def make(_: Path) -> Any:
        hospital = Hospital()
        for statement in statements:
            hospital.connection.raw_sql(statement)
        return hospital.connection

    return make


@pytest.mark.parametrize(
    ("make", "index", "expected"),
    [
        (_without("DROP TABLE person", "CREATE TABLE persons (x INT)"), "latest visit", "person: no such table; closest is 'persons'"),
        (_without("DROP TABLE visit_occurrence"), "latest visit", "visit_occurrence: no such table (or give a day as the index)"),
        (
            _without("ALTER TABLE person RENAME COLUMN year_of_birth TO birth_year"),
            "latest visit",
            "person.year_of_birth: no such column",
        ),
        (_without(), "last week", "index: expected 'latest visit' or a day such as 2022-10-31, got 'last week'"),
        (lambda _: 7, "latest visit", "expected an ibis connection, an address or a path, got int"),
        (lambda path: path / "nowhere", "latest visit", "nowhere: is no file and no folder"),
        (lambda path: path, "latest visit", "holds no person.parquet"),
        (lambda path: _file(path / "cdm.zip"), "latest visit", "cdm.zip: is packed: unpack it first"),
        (lambda path: _file(path / "cdm.duckdb"), "latest visit", "cdm.duckdb: cannot be opened as a DuckDB file"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(
    make: Callable[[Path], Any], index: str, expected: str, tmp_path: Path, kb: KnowledgeBase
) -> None:
    with pytest.raises(FindingError) as raised:
        read_omop(make(tmp_path), kb, index=index)

    assert expected in str(raised.value)


def _file(path: Path) -> Path:
    path.write_text("not a database " * 100)
    return path


def _parquet(hospital: Hospital, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for table in COLUMNS:
        hospital.connection.raw_sql(f"COPY {table} TO '{folder / table}.parquet' (FORMAT PARQUET)")
    return folder


def test_a_folder_a_folder_within_it_and_a_duckdb_file_are_read_alike(tmp_path: Path, kb: KnowledgeBase) -> None:
    hospital = Hospital()
    hospital.person(1)
    hospital.condition(1, 3)
    _parquet(hospital, tmp_path / "out" / "Data")
    (tmp_path / "out" / "__MACOSX").mkdir()
    _file(tmp_path / "out" / "__MACOSX" / "person.parquet")
    with duckdb.connect(str(tmp_path / "cdm.duckdb")) as file:
        for table in COLUMNS:
            file.execute(f"CREATE TABLE {table} AS FROM '{tmp_path / 'out' / 'Data' / table}.parquet'")
    expected = people(read_omop(hospital.connection, kb)[0])

    assert expected[1]["labels.fibromyalgia"] is True
    assert people(read_omop(tmp_path / "out", kb)[0]) == expected
    assert people(read_omop(str(tmp_path / "cdm.duckdb"), kb)[0]) == expected


# --- codes of one's own -----------------------------------------------------------------------------------------------

OWN = """\
omop:
  systems: [{vocabulary: RxNorm}]
  codes:
    - {vocabulary: RxNorm, code: needle, term: tried_dry_needling}
    - {vocabulary: RxNorm, code: question, term: onset_mode, answers: {All at once: sudden}}
    - {vocabulary: SNOMED, code: burning, term: pain_quality, value: burning}
    - {concept: 7, region: buttock, side: left}
    - {vocabulary: SNOMED, code: "73589001", diagnosis: disc_herniation}
    - {vocabulary: LOINC, code: 718-7, term: haemoglobin, unit: g/L}
  apart: [{vocabulary: SNOMED, code: "386661006", why: not here}]
"""


@on_spark
def test_spark_reads_what_duckdb_reads_and_counts_the_same(tmp_path: Path, kb: KnowledgeBase) -> None:
    hospital = filled("5.4")
    connection = connected("spark")
    for file in sorted(_parquet(hospital, tmp_path / "cdm").glob("*.parquet")):
        connection.read_parquet(str(file), table_name=file.stem)
    here, counted = read_omop(hospital.connection, kb)
    there, counted_there = read_omop(connection, kb)

    assert there.columns == here.columns
    assert people(there) == people(here)
    assert counted_there == counted


@pytest.fixture
def own(tmp_path: Path) -> KnowledgeBase:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "omop.yaml").write_text(OWN)
    return load_folders([packaged_rules(), tmp_path / "ours"])


def test_a_mapping_of_ones_own_lies_over_the_packaged_one(own: KnowledgeBase, kb: KnowledgeBase) -> None:
    hospital = Hospital()
    hospital.person(1)
    hospital.add("procedure_occurrence", procedure_occurrence_id=1, person_id=1, procedure_concept_id=50, procedure_date="2001-01-01")
    hospital.add("drug_exposure", drug_exposure_id=1, person_id=1, drug_concept_id=6, drug_exposure_start_date="2022-05-01")
    hospital.observation(1, 51, value_as_string="all at once")
    for concept in (52, 7, 10, 5):
        hospital.condition(1, concept)
    hospital.measurement(1, 21, 120)
    findings, report = read_omop(hospital.connection, own)
    expected = {
        "tried_dry_needling": True,
        "onset_mode": "sudden",
        "pain_quality.burning": True,
        "pain.buttock.left": True,
        "labels.disc_herniation": True,
        "haemoglobin": 12,
    }

    assert known(people(findings)[1]) == expected
    assert use(report, "condition_occurrence").apart == {"SNOMED 386661006: not here": 1}
    assert use(report, "drug_exposure").unused == {"unmapped concept": 1}  # osteoporosis is no treatment
    assert own.digest != kb.digest
    evaluated = mps.evaluate_cohort(findings.to_polars(), own, keep=KEEP, conclusions=["myofascial_pain"])
    assert evaluated["rejected"].to_list() == [False]


def test_every_code_of_the_vocabulary_is_read_or_set_apart(kb: KnowledgeBase) -> None:
    said = {(one.vocabulary, one.code) for one in readings(kb)}
    called = {one.system: one.vocabulary for one in kb.omop.systems}
    words = kb.vocabulary

    assert {(called[s], code) for term in words.terms.values() for s, code in term.codes.items()} <= said
    assert {(called[s], code) for one in words.diagnoses.values() for s, codes in one.codes.items() for code in codes} <= said


def test_no_code_is_invented(kb: KnowledgeBase) -> None:
    """Every code stands in the vocabulary, but the items of the PEG, which are only set apart."""
    words = kb.vocabulary
    carried = {code for term in words.terms.values() for code in term.codes.values()}
    carried |= {code for one in words.diagnoses.values() for codes in one.codes.values() for code in codes}

    assert {one.code for one in kb.omop.codes} <= carried
    assert {one.code for one in kb.omop.apart} - carried == {"75893-8", "91145-3", "91146-1", "91147-9"}


SMALL_OMOP = """\
omop:
  systems: [{vocabulary: SNOMED, asks: true}]
  codes:
    - {vocabulary: SNOMED, code: "1", term: fever, within: 3}
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{vocabulary: SNOMED, code: "2", term: fevr}', "omop.yaml line 5, omop.codes[1].term: no finding 'fevr'; closest is 'fever'"),
        ('{vocabulary: SNOMED, code: "2", diagnosis: facet}', "omop.codes[1].diagnosis: no diagnosis 'facet'"),
        ('{vocabulary: SNOMED, code: "2", region: calff}', "omop.codes[1].region: no region 'calff'; closest is 'calf'"),
        ('{vocabulary: SNOMD, code: "2", term: fever}', "codes[1].vocabulary: no vocabulary among systems 'SNOMD'; closest is 'SNOMED'"),
        ('{vocabulary: SNOMED, code: "2", term: temperature, unit: C}', "codes[1].unit: no unit 'C'"),
        ('{vocabulary: SNOMED, code: "2", term: temperature, unit: wk}', "'wk' does not measure 'temperature'; write it in Cel"),
        ('{vocabulary: SNOMED, code: "2", term: quality}', "'quality' needs the value that the code states"),
        ('{vocabulary: SNOMED, code: "2", term: onset, value: slowly}', "'slowly' is no value of 'onset'; closest is 'slow'"),
        ('{vocabulary: SNOMED, code: "2", term: onset, answers: {a: slw}}', "'slw' is no answer to 'onset'; closest is 'slow'"),
        ('{vocabulary: SNOMED, code: "2", term: fever, answers: {a: maybe}}', "'maybe' is no answer to 'fever'"),
        ('{vocabulary: SNOMED, code: "2", term: temperature, answers: {a: high}}', "'temperature' takes no answers"),
        ('{vocabulary: SNOMED, code: "2", term: taut_band}', "'taut_band' is no finding of the patient that can be given"),
        ('{vocabulary: SNOMED, code: "2", term: fever, region: calf}', "says one of term, diagnosis, region"),
        ('{vocabulary: SNOMED, code: "2", region: calf, side: midline}', "'midline' is no side of calf"),
        ("{vocabulary: SNOMED, term: fever}", "needs vocabulary and code, or concept"),
        ('{vocabulary: SNOMED, code: "1", term: fever}', "is said twice (first: omop.yaml line 4, omop.codes[0])"),
        ('{vocabulary: SNOMED, code: "2", term: fever, within: -1}', "codes[1].within: expected a number of days or ever, got -1"),
        ('{vocabulary: SNOMED, code: "2", term: fever, windw: 1}', "no such key 'windw' here"),
    ],
)
def test_a_wrong_mapping_is_the_authors_fault_with_its_place(line: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as raised:
        load_folders([written(tmp_path / "pack", SMALL, {"omop.yaml": f"{SMALL_OMOP}    - {line}\n"})])

    assert expected in str(raised.value)


def test_a_code_is_not_both_mapped_and_set_apart_and_every_fault_is_told_at_once(tmp_path: Path) -> None:
    wrong = (
        f"{SMALL_OMOP}  apart: [{{vocabulary: SNOMED, code: '1', why: other}}]\n  windows: [{{terms: [cuogh]}}]\n  person: {{age: agee}}\n"
    )
    with pytest.raises(KnowledgeError) as raised:
        load_folders([written(tmp_path / "pack", SMALL, {"omop.yaml": wrong})])

    assert [fault.what for fault in raised.value.faults] == [
        "no finding 'agee'",
        "no finding 'cuogh'",
        "'1' is both mapped and set apart",
    ]


def test_a_mapping_counts_in_the_digest(tmp_path: Path) -> None:
    before = load_folders([written(tmp_path / "a", SMALL, {"omop.yaml": SMALL_OMOP})]).digest

    assert before != load_folders([written(tmp_path / "b", SMALL, {"omop.yaml": SMALL_OMOP.replace("within: 3", "within: 4")})]).digest


# --- back to the model, and the sum of it ------------------------------------------------------------------------------


def test_conclusions_become_observations_with_no_concept(kb: KnowledgeBase) -> None:
    rows = pl.DataFrame({"person": [1, 2], "index_date": [TODAY, TODAY], "saddle_anaesthesia": [True, None], "age_years": [40, 400]})
    found = as_observations(mps.evaluate_cohort(rows, kb, conclusions=["rf_cauda_equina"], keep=KEEP))

    assert found.rows() == [(1, 0, TODAY, "true", 0, "rf_cauda_equina", 0)]
    assert found.columns == [
        "person_id",
        "observation_concept_id",
        "observation_date",
        "value_as_string",
        "value_as_concept_id",
        "observation_source_value",
        "observation_source_concept_id",
    ]
    with pytest.raises(FindingError, match="index_date: no such column"):
        as_observations(found.rename({"person_id": "person"}).drop("observation_date"))


def test_the_sum_agrees_with_one_patient_after_the_other(kb: KnowledgeBase) -> None:
    charts: list[dict[str, Any]] = [
        {"age_years": 60.0, "pain_low_back": True, "saddle_anaesthesia": True},
        {"age_years": 30.0, "pain_low_back": True, "fever": False},
        {"age_years": 70.0},
    ]
    names = sorted({name for chart in charts for name in chart})
    frame = pl.DataFrame([{"person": n, **{name: chart.get(name) for name in names}} for n, chart in enumerate(charts)])
    result, found = overview.overview(frame, kb)
    single = [mps.evaluate(chart, kb) for chart in charts]
    undecided = [{one.id for one in a.unscreened} | {one.id for one in a.alerts if one.status == "open"} for a in single]
    fired = [[kb.by_id[one.rule] for one in a.trace] for a in single]
    raised = [{rule.alert.id for rule in rules if rule.alert and not rule.open_alert} for rules in fired]

    assert result.columns[:4] == ["person", "rejected", "urgency", "leading"]
    assert {one.id: one.undecided for one in found.unasked} == {one.id: sum(one.id in ids for ids in undecided) for one in found.unasked}
    assert {one.id: one.raised for one in found.summary.flags} == {
        one.id: sum(one.id in ids for ids in raised) for one in found.summary.flags
    }
    assert any(raised)
    assert max(one.people for one in found.wanted) == found.wanted[0].people


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["omop", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_command_sums_up_and_keeps_what_it_concluded(tmp_path: Path) -> None:
    hospital = Hospital()
    hospital.person(1)
    hospital.condition(1, 4)
    folder = _parquet(hospital, tmp_path / "cdm")
    result = run(folder, "--out", tmp_path / "out.parquet", "--observations", tmp_path / "rows.csv")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("1 people\n\nUrgency of the red flags raised\n")
    assert "Red flags not settled, of the people for whom they matter" in result.stdout
    assert "condition_occurrence: 1 rows, 1 used" in result.stdout
    assert pl.read_parquet(tmp_path / "out.parquet").select("person", "index_date").rows() == [(1, TODAY)]
    assert pl.read_csv(tmp_path / "rows.csv")["person_id"].unique().to_list() == [1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere"], "error: nowhere: is no file and no folder\n"),
        (["nowhere", "--out", "x.txt"], "error: x.txt: expected a file that ends in .parquet or .csv\n"),
    ],
)
def test_a_wrong_path_is_one_clear_line(arguments: list[str], expected: str) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stderr, result.stdout) == (2, expected, "")


def test_a_folder_without_its_tables_is_one_clear_line(tmp_path: Path) -> None:
    folder = _parquet(Hospital(), tmp_path / "cdm")
    (folder / "visit_occurrence.parquet").unlink()

    assert (run(folder).exit_code, run(folder).stderr) == (2, "error: visit_occurrence: no such table (or give a day as the index)\n")


# --- the synthetic persons of OHDSI -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def synthea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if not ZIP.is_file():
        pytest.skip(f"the sample data are not here ({ZIP.name})")
    folder = tmp_path_factory.mktemp("synthea")
    with zipfile.ZipFile(ZIP) as packed:
        packed.extractall(folder)
    yield folder
    shutil.rmtree(folder)


LAST = "(SELECT person_id, max(visit_start_date) AS day FROM visit_occurrence GROUP BY person_id)"


def test_synthetic_persons_give_what_plain_sql_gives(synthea: Path, kb: KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "omop.yaml").write_text(
        "omop: {codes: [{concept: 43530622, term: pain_neck, within: 365, without_end: continues}]}\n"  # chronic neck pain
    )
    findings, report = read_omop(synthea, load_folders([packaged_rules(), tmp_path]))
    rows = findings.to_polars()
    sql = duckdb.connect()
    for file in (synthea / "Synthea27NjParquet").glob("*.parquet"):
        sql.execute(f"CREATE VIEW {file.stem} AS FROM '{file}'")

    def asked(query: str) -> Any:
        return sql.execute(query).fetchall()

    assert (report.version, report.persons, report.indexed) == ("5.4", 28, 28)
    assert [one.partition(":")[0] for one in report.warnings] == ["concept_ancestor is empty"]
    assert sorted(rows.select("person", "index_date").rows()) == sorted(asked(f"SELECT person_id, day FROM {LAST}"))

    scores = asked(
        f"SELECT person_id, CAST(arg_max(value_as_number, measurement_date) AS DOUBLE) FROM measurement JOIN {LAST} USING (person_id) "
        "WHERE measurement_source_value = '72514-3' AND measurement_date BETWEEN day - 7 AND day GROUP BY person_id"
    )
    assert len(scores) == 16
    assert sorted(rows.select("person", "pain_intensity").drop_nulls().rows()) == sorted(scores)
    assert asked("SELECT count(*), count(DISTINCT person_id) FROM measurement WHERE measurement_source_value = '72514-3'") == [(471, 28)]

    for column, code, count in (("pain_low_back", "278860009.0", 5), ("pain_neck", "1121000119107.0", 4)):
        having = asked(f"SELECT DISTINCT person_id FROM condition_occurrence WHERE condition_source_value = '{code}'")
        assert len(having) == count
        assert sorted(rows.filter(pl.col(column)).select("person").rows()) == sorted(having)
        assert rows[column].null_count() == 28 - count  # the others are not known, not free of pain
    assert rows["labels.nonspecific_low_back_pain"].sum() == 5

    items = asked(
        "SELECT observation_source_value, count(*), count(DISTINCT person_id), count(value_as_number) FROM observation "
        "WHERE observation_source_value IN ('75893-8', '91145-3', '91146-1') GROUP BY 1 ORDER BY 1"
    )
    assert items == [("75893-8", 11, 5, 0), ("91145-3", 11, 5, 0), ("91146-1", 11, 5, 0)]
    assert {why.split(":")[0].split()[1]: n for why, n in use(report, "observation").apart.items()} == {code: n for code, n, *_ in items}

    for one in report.tables:
        assert [(one.rows,)] == asked(f"SELECT count(*) FROM {one.table}")
        assert one.used + sum(one.unused.values()) == one.rows

    ages = asked(
        f"SELECT person_id, date_sub('year', make_date(year_of_birth, month_of_birth, day_of_birth), day) FROM person JOIN {LAST} "
        "USING (person_id)"
    )
    assert sorted(rows.select("person", "age_years").rows()) == sorted(ages)


def test_synthetic_persons_are_judged_like_single_patients(synthea: Path, kb: KnowledgeBase) -> None:
    rows = read_omop(synthea, kb)[0].to_polars()
    judged = mps.evaluate_cohort(rows, kb, keep=KEEP)

    assert judged["rejected"].sum() == 0
    for row in rows.filter(pl.col("pain_low_back")).iter_rows(named=True):
        chart = {name: value for name, value in row.items() if value is not None and name not in ("person", *KEEP)}
        labels = [name.removeprefix("labels.") for name in chart if name.startswith("labels.")]
        single = mps.evaluate({name: v for name, v in chart.items() if not name.startswith("labels.")} | {"labels": labels}, kb)
        found = judged.filter(pl.col("person") == row["person"])
        assert (found["urgency"][0], found["leading"][0]) == (single.urgency, single.hypotheses[0].id)


# --- numbers of rows that repeat, text where numbers belong ---------------------------------------------------------------

FEVER_AND_BACK: Mapping[str, Mapping[str, list[Any]]] = {
    "person": {"person_id": [1, 2], "gender_concept_id": [8532, 8507], "year_of_birth": [1970, 1980]},
    "concept": {
        "concept_id": [7, 9],
        "concept_name": ["Fever", "Low back pain"],
        "vocabulary_id": ["SNOMED", "SNOMED"],
        "concept_code": ["386661006", "279039007"],
    },
}


def _site(person: int, concept: int, row: int | None = 1) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "condition_occurrence_id": [row],
            "person_id": [person],
            "condition_concept_id": [concept],
            "condition_start_date": [date(2021, 1, 1)],
        }
    )


def test_rows_of_two_sites_that_share_a_number_stay_with_their_own_people(tmp_path: Path, kb: KnowledgeBase) -> None:
    for name, columns in FEVER_AND_BACK.items():
        pl.DataFrame(columns).write_parquet(tmp_path / f"{name}.parquet")
    parts = tmp_path / "condition_occurrence.parquet"
    parts.mkdir()
    _site(1, 7).write_parquet(parts / "site_a.parquet")
    _site(2, 9).write_parquet(parts / "site_b.parquet")
    findings, report = read_omop(tmp_path, kb, index="2021-01-03")
    rows = people(findings)

    assert (True, None) == (rows[1]["fever"], rows[1]["pain_low_back"])
    assert (None, True) == (rows[2]["fever"], rows[2]["pain_low_back"])
    assert use(report, "condition_occurrence").used == 2
    assert [one for one in report.warnings if "condition_occurrence: 2 rows have a number that stands at another person" in one]


def _database(*rows: str, dated: str = "DATE", who: str = "INT") -> Any:
    connection = ibis.duckdb.connect()
    for sql in (
        f"CREATE TABLE person (person_id {who}, gender_concept_id INT, year_of_birth TEXT)",
        "CREATE TABLE concept (concept_id INT, concept_name TEXT, vocabulary_id TEXT, concept_code TEXT)",
        f"CREATE TABLE condition_occurrence (condition_occurrence_id INT, person_id INT, condition_concept_id INT, condition_start_date {dated})",
        "INSERT INTO person VALUES (1, 8532, '1970'), (2, 8507, '19x0')",
        "INSERT INTO concept VALUES (7, 'Fever', 'SNOMED', '386661006'), (9, 'Low back pain', 'SNOMED', '279039007')",
        *(f"INSERT INTO condition_occurrence VALUES {row}" for row in rows),
    ):
        connection.raw_sql(sql)
    return connection


def test_rows_without_a_number_of_their_own_are_read_each_and_counted(kb: KnowledgeBase) -> None:
    rows = ("(NULL, 1, 7, '2021-01-01')", "(NULL, 1, 9, '2020-12-31')", "(0, 2, 7, '2021-01-02')", "(0, 2, 7, '2021-01-02')")
    findings, report = read_omop(_database(*rows), kb, index="2021-01-03")
    read = people(findings)

    assert (True, True) == (read[1]["fever"], read[1]["pain_low_back"])
    assert (True, None) == (read[2]["fever"], read[2]["pain_low_back"])
    assert (4, 4) == (use(report, "condition_occurrence").rows, use(report, "condition_occurrence").used)
    assert [one for one in report.warnings if "4 rows have a number that stands at the same person more than once" in one]


def test_dates_numbers_and_people_written_as_text_are_read_or_counted(kb: KnowledgeBase) -> None:
    rows = ("(1, 1, 7, '2021-01-01')", "(2, 1, 9, 'yesterday')")
    findings, report = read_omop(_database(*rows, dated="TEXT", who="TEXT"), kb, index="2021-01-03")
    read = {str(row["person"]): row for row in findings.to_polars().iter_rows(named=True)}

    assert (True, 50, None) == (read["1"]["fever"], read["1"]["age_years.at_least"], read["2"]["age_years.at_least"])
    assert {"no date, or none that can be read": 1} == dict(use(report, "condition_occurrence").unused)


def test_a_person_who_stands_twice_is_one_of_whom_only_the_agreed_is_known(kb: KnowledgeBase) -> None:
    connection = _database("(1, 1, 7, '2021-01-01')")
    connection.raw_sql("INSERT INTO person VALUES (1, 8507, '1950')")
    findings, report = read_omop(connection, kb, index="2021-01-03")
    rows = findings.to_polars().filter(pl.col("person") == 1)

    assert [(None, None, True)] == rows.select("age_years", "sex_at_birth", "fever").rows()
    assert [one for one in report.warnings if one.startswith("person: 1 rows name nobody")]


def test_no_error_of_a_database_repeats_its_password(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as caught:
        read_omop("bogus://me:SECRET@nowhere/x", kb)

    assert "SECRET" not in str(caught.value)
