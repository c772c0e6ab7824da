"""The manifest says of a pack what the rules themselves say: what they read is computed, and bound to their digest."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mps_rules import KnowledgeError
from mps_rules.authoring.manifest import ORDER, Manifest, manifest, page, reading_of, reads, written_rules
from mps_rules.command.cli import main
from mps_rules.knowledge.pack import SOURCE_ATTRIBUTES, KnowledgeBase
from mps_rules.language import conditions as c
from packs import SMALL, rule


@pytest.fixture(scope="module")
def packaged(kb: KnowledgeBase) -> Manifest:
    return manifest(kb)


def attributed(findings: str) -> dict[str, str]:
    """The pack file of the small pack, with source attributes."""
    return {"pack.yaml": f"{SMALL['pack.yaml']}source_attributes: {findings}\n"}


# --- what rules read --------------------------------------------------------------------------------------------------


def test_a_rule_reads_what_it_names_and_that_from_which_it_follows(load: Callable[..., KnowledgeBase]) -> None:
    base = load(rule("shelf.one", when="fever"))

    assert frozenset({"fever", "temperature"}) == reads(base.by_id["shelf.one"].when, (), base.vocabulary)


def test_a_rule_that_compares_a_measure_reads_its_items(load: Callable[..., KnowledgeBase]) -> None:
    base = load(rule("shelf.one", when="{score: {at_least: 1}}"))

    assert frozenset({"score", "fever", "temperature", "cough"}) == reads(base.by_id["shelf.one"].when, (), base.vocabulary)


def test_a_text_that_repeats_a_value_reads_it(load: Callable[..., KnowledgeBase]) -> None:
    base = load(rule("shelf.one", when="rash", then='[caution: {id: hot, text: "It is {value:temperature}."}]'))
    one = base.by_id["shelf.one"]

    assert frozenset({"rash", "temperature"}) == reads(one.when, one.then, base.vocabulary)


def test_a_muscle_fact_is_read_from_the_pain_map(kb: KnowledgeBase) -> None:
    assert frozenset({"refers_to_pain", "pain"}) == reads(c.Present("refers_to_pain"), (), kb.vocabulary)


def test_a_conclusion_carries_what_it_rests_on(load: Callable[..., KnowledgeBase]) -> None:
    base = load(rule("shelf.one", when="cough", then="[derive: ill]"), rule("shelf.two", when="{derived: ill}", then="[derive: worse]"))
    reading = reading_of(base)

    assert ("shelf.one",) == reading.read_by["cough"]
    assert ("shelf.two",) == reading.reached["cough"]


def test_the_order_of_muscles_is_named_where_no_rule_reads_a_finding(small: KnowledgeBase) -> None:
    assert (ORDER,) == reading_of(small).read_by["taut_band"]


def test_every_finding_of_every_live_condition_is_an_input(kb: KnowledgeBase, packaged: Manifest) -> None:
    leaves = [leaf for one in kb.rules for leaf in c.walk(one.when)]
    named = {leaf.term for leaf in leaves if isinstance(leaf, c.Present | c.Words | c.Compare)}

    assert set() == {term for term in named if not kb.vocabulary.terms[term].fact} - {one.finding for one in packaged.inputs}


# --- sensitive facts --------------------------------------------------------------------------------------------------


def uses(base: KnowledgeBase) -> dict[str, bool | None]:
    """Which sensitive facts a pack uses."""
    return {one.id: one.used for one in manifest(base).source_attributes if one.id in SOURCE_ATTRIBUTES}


def test_the_thirteen_source_attributes_are_all_there(packaged: Manifest) -> None:
    assert ["citation", "developer", "funding", "dates", *SOURCE_ATTRIBUTES] == [one.id for one in packaged.source_attributes]
    assert 13 == len(packaged.source_attributes)


@pytest.mark.parametrize(
    ("when", "used"),
    [
        ("rash", False),
        ("{temperature: {at_least: 39}}", True),
        ("fever", True),  # follows from the temperature
        ("{score: {at_least: 1}}", True),  # counts fever
    ],
)
def test_a_sensitive_fact_is_used_where_a_rule_reads_it_even_from_afar(when: str, used: bool, load: Callable[..., KnowledgeBase]) -> None:  # noqa: FBT001
    base = load(attributed("{race: [temperature]}"), rule("shelf.one", when=when))

    assert used is uses(base)["race"]


def test_a_fact_that_only_a_shelved_rule_reads_is_not_used(load: Callable[..., KnowledgeBase]) -> None:
    base = load(attributed("{race: [rash]}"), rule("shelf.one", when="rash", status="draft"))

    assert uses(base)["race"] is False


def test_a_source_attribute_of_an_unknown_finding_is_refused(load: Callable[..., KnowledgeBase]) -> None:
    with pytest.raises(KnowledgeError, match=r"pack\.yaml: no finding 'rush'; closest is 'rash'"):
        load(attributed("{race: [rush]}"))


def test_an_unknown_source_attribute_is_refused(load: Callable[..., KnowledgeBase]) -> None:
    with pytest.raises(KnowledgeError, match=r"pack\.yaml: no source attribute 'sexx'; closest is 'sex'"):
        load(attributed("{sexx: [rash]}"))


def test_the_packaged_rules_use_sex_and_age_and_no_race(kb: KnowledgeBase) -> None:
    used = uses(kb)

    assert {"sex", "date_of_birth"} <= {id_ for id_, said in used.items() if said}
    assert {"race", "ethnicity", "language", "sexual_orientation", "gender_identity"} <= {id_ for id_, said in used.items() if not said}


# --- rules ------------------------------------------------------------------------------------------------------------


def test_every_written_rule_stands_once_in_plain_words_with_its_evidence(kb: KnowledgeBase, packaged: Manifest) -> None:
    assert list(written_rules(kb)) == [one.id for one in packaged.rules]
    for one in packaged.rules:
        assert one.title
        assert one.citations
        assert one.grade
        assert one.reviewed_on
        assert one.when or one.rows
        assert one.concludes or one.rows


def test_every_rule_over_a_table_lists_its_rows(kb: KnowledgeBase, packaged: Manifest) -> None:
    rows = {rule.id for rule in kb.rules if rule.written and rule.cause is None}

    assert rows
    assert rows == {f"{one.id}.{row.row}" for one in packaged.rules for row in one.rows}


def test_the_manifest_is_bound_to_the_rules_and_predicts_nothing(kb: KnowledgeBase, packaged: Manifest) -> None:
    assert (kb.digest, kb.pack.version) == (packaged.sha256, packaged.version)
    assert packaged.predictive is False
    assert packaged.training_data == "none"


def test_the_page_holds_every_rule_and_every_limitation(kb: KnowledgeBase, packaged: Manifest) -> None:
    text = page(packaged)

    assert [] == [one.id for one in packaged.rules if f"(`{one.id}`)" not in text]
    assert [] == [said for said in kb.pack.known_limitations if said not in text]
    assert kb.digest in text


def test_what_the_pack_leaves_out_is_said_to_be_missing(small: KnowledgeBase) -> None:
    text = page(manifest(small))

    assert "| Funding | not stated |" in text
    assert "| Race | not used: no finding of the vocabulary tells it |" in text


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_command_prints_the_page(packaged: Manifest) -> None:
    result = run("manifest")

    assert (0, page(packaged)) == (result.exit_code, result.stdout)


def test_the_command_prints_plain_data(packaged: Manifest) -> None:
    result = run("manifest", "--json")

    assert 0 == result.exit_code
    assert packaged.to_dict() == json.loads(result.stdout)


def test_the_command_takes_other_rules_and_vignettes(rules_and_vignettes: tuple[Path, Path]) -> None:
    rules, vignettes = rules_and_vignettes
    result = run("manifest", "--json", "--rules", rules, "--vignettes", vignettes)
    (validation,) = json.loads(result.stdout)["validation"]

    assert (0, 1) == (result.exit_code, validation["n"])
    assert {"one of the right hypotheses leads", "the urgency is one that clinicians would accept"} <= {
        one["aspect"] for one in validation["results"] if one["right"] == one["of"] == 1
    }


def test_vignettes_that_are_nowhere_are_exit_code_2() -> None:
    result = run("manifest", "--vignettes", "/nowhere")

    assert (2, "error: /nowhere: is not a folder\n") == (result.exit_code, result.stderr)
