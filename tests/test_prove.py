"""
What is proved holds for everybody, and what is refuted is shown by a patient: the clauses say of one patient what the rules say, and each
law is seen to refute a pack that was spoilt for it.
"""

import itertools
import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from click.testing import CliRunner
from pysat.solvers import Solver

from charts import chart, vignettes
from mps_rules.answer.assess import assess
from mps_rules.answer.values import Assessment
from mps_rules.api import evaluate, load
from mps_rules.authoring import sampled
from mps_rules.authoring.encoding import SOLVER, Encoding, Literal
from mps_rules.authoring.manifest import manifest
from mps_rules.authoring.prove import Prover, Seen, proofs, prove
from mps_rules.authoring.proved import SHIPPED, Kept, Proof, counted_against, dangers, in_words, kept, page, program, standing
from mps_rules.authoring.sampled import sample
from mps_rules.chaining import engine, reference
from mps_rules.command.cli import main
from mps_rules.errors import FindingError, KnowledgeError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, Recommend, Rule
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Truth, some
from mps_rules.patient.addresses import as_mapping, as_row
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.population.formulas import column_of
from mps_rules.service.json_api import vocabulary
from packs import SMALL, Layer, random_part, rule, written
from random_packs import in_ranges, random_patient, seeded, words_read

ROOT = Path(__file__).parents[1]

PACKS, PATIENTS_EACH = 4, int(os.environ.get("MPS_PROVE_PATIENTS", "8"))
"""Of how many parts of the rules, and how many random patients of each are walked through the clauses, the definition and the engine."""


# --- the clauses say what the rules say --------------------------------------------------------------------------------


def literals(encoding: Encoding, facts: Facts) -> list[Literal]:
    """A patient as literals: of every column what is said of it; a finding that no rule reads has none."""
    words = encoding.base.vocabulary
    said: dict[str, bool | float] = {}
    for name, value in as_row(facts.findings, words).items():
        if isinstance(value, str):
            said[f"{name}.{value}"] = True
        elif not isinstance(value, bool) and column_of(name, words).end is None:
            said |= {f"{name}.at_least": value, f"{name}.at_most": value}
        else:
            said[name] = value
    found: list[Literal] = []
    for column, cell in encoding.cells.items():
        value = said.get(column)
        if not cell.values:
            found += [cell.known.holds if value is True else -cell.known.holds, cell.known.fails if value is False else -cell.known.fails]
        elif value is None:
            found.append(cell.known.fails)
        else:
            at = bisect_left(cell.values, value)
            number = value if value in cell.values else cell.values[at - (at + 1) % 2]
            found.append(cell.known.holds)
            found += [one if number >= least else -one for least, one in zip(cell.values[1:], cell.reached[1:], strict=True)]
    return found


def whole(facts: Facts) -> bool:
    """Whether what is added up is told in whole numbers."""
    added = {item for one in facts.vocabulary.measures.values() for item in (one.id, one.also_total, *one.sum)}
    return all(float(one.value).is_integer() for one in facts.findings.patient if one.term in added and one.value is not None)


def patients(base: KnowledgeBase, random: Random, count: int) -> Iterator[Facts]:
    """So many random patients of whom rules have something to say; of every other one numbers are known as ranges only."""
    terrain = terrain_of(base)
    while count:
        facts = random_patient(words_read(base, random), terrain, random)
        if not whole(facts):
            continue
        if count % 2:
            try:
                facts = Facts(terrain, read_findings(in_ranges(as_mapping(facts.findings), base, random), terrain))
            except FindingError:
                continue
        count -= 1
        yield facts


def apart(base: KnowledgeBase, walked: Iterable[Facts]) -> list[tuple[str, str, Truth, Truth, Truth]]:
    """Where the clauses, the definition and the engine differ about patients: the patient, the rule, and what each says."""
    encoding, found = Encoding(base), []
    truths = {rule.id: encoding.anybody.verdict(rule) for rule in base.rules}
    sound = encoding.anybody.sound
    with Solver(SOLVER, bootstrap_with=encoding.clauses.clauses) as solver:
        for facts in walked:
            assert solver.solve(assumptions=[sound, *literals(encoding, facts)])
            model = set(solver.get_model())
            defined, run = reference.chain(base, facts), engine.chain(base, facts)
            for one in base.rules:
                by_definition, by_engine = (
                    some(chain.verdict(one.id, subject) for subject in facts.subjects(one.about)) for chain in (defined, run)
                )
                by_clauses = True if truths[one.id].holds in model else False if truths[one.id].fails in model else None
                if not by_clauses is by_definition is by_engine:
                    found.append((json.dumps(as_row(facts.findings, base.vocabulary)), one.id, by_definition, by_engine, by_clauses))
    return found


@pytest.mark.parametrize("seed", range(PACKS))
def test_the_clauses_say_of_random_patients_what_the_definition_and_the_engine_say(kb: KnowledgeBase, seed: int) -> None:
    random = seeded(seed)
    base = random_part(kb, random)

    assert [] == apart(base, patients(base, random, PATIENTS_EACH))


@pytest.mark.skipif("MPS_PROVE_WALK" not in os.environ, reason="the whole pack takes minutes: MPS_PROVE_WALK=500")
def test_the_clauses_of_the_whole_pack_say_of_random_patients_what_the_definition_and_the_engine_say(kb: KnowledgeBase) -> None:
    random, count = seeded(int(os.environ.get("MPS_PROVE_SEED", "0"))), int(os.environ["MPS_PROVE_WALK"])
    charts = (
        Facts(terrain_of(kb), read_findings(one.findings, terrain_of(kb)))
        for one in random.sample(vignettes(), min(count // 2, len(vignettes())))
    )

    assert [] == apart(kb, itertools.chain(filter(whole, charts), patients(kb, random, count - count // 2)))


# --- laws ----------------------------------------------------------------------------------------------------------------

PLAIN = {
    "vocabulary/findings/plain.yaml": """\
category: signs
findings:
  - {id: a, label: Sign A, cost: asked}
  - {id: b, label: Sign B, cost: asked}
  - {id: c, label: Sign C, cost: asked}
  - {id: unread, label: Sign that nothing reads, cost: asked}
"""
}
"""Findings from which nothing follows, and which follow from nothing."""


def flag(name: str, when: str, urgency: str = "urgent", more: str = "") -> Layer:
    """A red flag; ``when`` in one line, with its two steps where it has them."""
    alert = f"id: {name}, label: {name}, urgency: {urgency}, condition: infection, act_within: now, action: Go., regions: [body]"
    steps = when if "trigger" in when else f"{{trigger: {when}}}"
    return rule(f"safety.{name}", steps, f"[alert: {{{alert}{more}}}]")


def care(name: str, when: str = "cough", offers: str = "exercise") -> Layer:
    return rule(f"management.{name}", when, f'[recommend: {{kind: self_care, text: "Walk ({name}).", offers: [{offers}]}}]')


def stated(law: str) -> Layer:
    """One invariant; what the law needs in one line."""
    return {"invariants.yaml": f'invariants:\n  - {{id: it, says: "It holds.", {law}}}\n'}


def pack(folder: Path, *layers: Layer) -> KnowledgeBase:
    return load(written(folder, SMALL, PLAIN, *layers))


def unguarded(base: KnowledgeBase, id: str, when: c.Condition) -> KnowledgeBase:
    """The pack, of whose care the loader's own guard was taken away."""
    rules = tuple(attrs.evolve(one, when=when) if one.id == id else one for one in base.rules)
    return attrs.evolve(base, rules=rules, digest=f"{base.digest} without the guard of {id}")


def failing(base: KnowledgeBase) -> list[Proof]:
    (found,) = prove(base)
    return list(found.failing)


def refuted(base: KnowledgeBase) -> Proof:
    """The one thing of which the invariant fails, with its witness."""
    (found,) = failing(base)
    assert found.outcome == "refuted"
    assert found.witness is not None
    return found


def answers(proof: Proof, base: KnowledgeBase) -> list[Any]:
    """What ``evaluate`` says of those whom the solver found."""
    assert proof.witness is not None
    return [evaluate(findings, base) for findings in proof.witness.findings]


def raised(answer: Any) -> list[str]:
    return [alert.id for alert in answer.alerts if alert.status == "raised"]


BESIDE = "law: no_care_beside_a_flag, care: [self_care, exercise], urgencies: [emergency, urgent]"


def test_care_that_waits_for_the_flags_stands_beside_none(tmp_path: Path) -> None:
    assert [] == failing(pack(tmp_path, flag("fa", "{trigger: a, qualifier: b}"), care("walk"), stated(BESIDE)))


def test_care_without_its_guard_is_refuted_by_somebody_who_is_told_to_walk_beside_a_raised_flag(tmp_path: Path) -> None:
    base = unguarded(pack(tmp_path, flag("fa", "a"), care("walk"), stated(BESIDE)), "management.walk", c.Present("cough"))
    proof = refuted(base)
    (answer,) = answers(proof, base)

    assert "management.walk" == proof.of
    assert ["fa"] == raised(answer)
    assert ["Walk (walk)."] == [one.text for one in answer.recommendations]


def test_care_that_waits_for_raised_flags_only_is_refuted_by_somebody_of_whom_one_is_open(tmp_path: Path) -> None:
    base = pack(tmp_path, flag("fa", "{trigger: a, qualifier: b}"), care("walk"), stated(BESIDE))
    raised_only = c.All((c.Present("cough"), c.Not(c.Established(c.Derived("alert.urgent")))))
    base = unguarded(base, "management.walk", raised_only)
    (answer,) = answers(refuted(base), base)

    assert [("fa", "open")] == [(alert.id, alert.status) for alert in answer.alerts]
    assert ["Walk (walk)."] == [one.text for one in answer.recommendations]


FORBIDDEN = "law: no_forbidden_care, care: [exercise, pressure]"
NO_EXERCISE = ", meanwhile: No exercise., forbids: [exercise]"


def test_what_a_flag_forbids_is_not_offered_by_rules_that_the_loader_has_guarded(tmp_path: Path) -> None:
    assert [] == failing(pack(tmp_path, flag("fa", "a", "soon", NO_EXERCISE), care("walk"), stated(FORBIDDEN)))


def test_what_a_flag_forbids_and_a_rule_offers_all_the_same_is_refuted_by_somebody_who_is_told_both(tmp_path: Path) -> None:
    base = unguarded(
        pack(tmp_path, flag("fa", "a", "soon", NO_EXERCISE), care("walk"), stated(FORBIDDEN)), "management.walk", c.Present("cough")
    )
    proof = refuted(base)
    (answer,) = answers(proof, base)

    assert "management.walk (exercise)" == proof.of
    assert [("exercise",)] == [alert.forbids for alert in answer.alerts]
    assert [("exercise",)] == [one.offers for one in answer.recommendations]


SIGNS = "categories: [signs], shelf: safety"
GIVES_WAY = (flag("fb", "{all: [b, not: {established: a}]}"), flag("fa", "{all: [a, c]}"))


def test_a_danger_sign_lowers_nothing_where_no_flag_gives_way_to_it(tmp_path: Path) -> None:
    assert [] == failing(pack(tmp_path, flag("fb", "b"), flag("fa", "{all: [a, c]}"), stated(f"law: danger_never_lowers, {SIGNS}")))


def test_a_flag_that_gives_way_to_a_danger_sign_is_refuted_by_two_who_differ_in_it(tmp_path: Path) -> None:
    base = pack(tmp_path, *GIVES_WAY, stated(f"law: danger_never_lowers, {SIGNS}"))
    proof = refuted(base)
    without, with_ = answers(proof, base)

    assert "a" == proof.of
    assert ("urgent", "none") == (without.urgency, with_.urgency)
    assert proof.witness is not None
    one, other = proof.witness.findings
    assert {"a": True} == {name: value for name, value in other.items() if one.get(name) != value}


def test_a_flag_that_gives_way_to_a_more_urgent_one_lowers_nothing(tmp_path: Path) -> None:
    steps = flag("fb", "{all: [b, not: {established: a}]}"), flag("fa", "{all: [a, b]}", "emergency")

    assert [] == failing(pack(tmp_path, *steps, stated(f"law: danger_never_lowers, {SIGNS}")))


def test_an_exception_goes_no_further_than_the_flags_that_it_names(tmp_path: Path) -> None:
    def by(named: str) -> str:
        return f"law: danger_never_lowers, {SIGNS}, exceptions: [{{of: a, only: [{named}], reason: To see.}}]"

    (proof,) = prove(pack(tmp_path / "one", *GIVES_WAY, stated(by("safety.fb"))))[0].excepted

    assert ("a", "refuted", "proved") == (proof.of, proof.outcome, proof.beyond)
    assert [("a", "refuted")] == [(one.of, one.beyond) for one in failing(pack(tmp_path / "two", *GIVES_WAY, stated(by("safety.fa"))))]


DENIAL = f"law: denial_never_raises, {SIGNS}"


def test_a_denied_sign_raises_nothing_where_no_flag_reads_its_absence(tmp_path: Path) -> None:
    assert [] == failing(pack(tmp_path, flag("fb", "b"), flag("fa", "{all: [a, c]}"), stated(DENIAL)))


def test_a_flag_that_a_denied_sign_raises_is_refuted_by_two_who_differ_in_it(tmp_path: Path) -> None:
    base = pack(tmp_path, flag("fb", "{all: [b, not: a]}"), flag("fa", "{all: [a, c]}"), stated(DENIAL))
    proof = refuted(base)
    denied, unknown = answers(proof, base)

    assert ("a", "urgent", "none") == (proof.of, denied.urgency, unknown.urgency)
    assert proof.witness is not None
    assert [False, None] == [findings.get("a") for findings in proof.witness.findings]


SETTLED = "law: settled_once"
CONFIRMS = rule("criteria.one", "fever", "[confirm: {hypothesis: infection}]")


def test_a_hypothesis_that_nobody_can_have_confirmed_and_excluded_is_settled_once(tmp_path: Path) -> None:
    assert [] == failing(
        pack(tmp_path, CONFIRMS, rule("criteria.two", "{not: fever}", "[exclude: {hypothesis: infection}]"), stated(SETTLED))
    )


def test_a_hypothesis_that_somebody_has_confirmed_and_excluded_is_refuted(tmp_path: Path) -> None:
    base = pack(tmp_path, CONFIRMS, rule("criteria.two", "a", "[exclude: {hypothesis: infection}]"), stated(SETTLED))
    proof = refuted(base)
    (answer,) = answers(proof, base)

    assert "infection" == proof.of
    assert {"criteria.one", "criteria.two"} <= {one.rule for one in answer.trace}


FORGOTTEN = "law: forgetting_never_clears, shelf: safety"


@pytest.mark.parametrize(
    "when",
    [
        "{all: [a, b]}",
        "{trigger: a, qualifier: {any: [b, not: c]}}",
        "{all: [a, pain_at: [low_back]]}",
        "{any: [a, pain_at: {regions: [leg], side: left}, pain_low_back]}",
        "{all: [a, temperature: {at_least: 38}]}",
        "{all: [a, quality: [dull, sharp]]}",
        "{all: [a, score: {at_least: 1}]}",
        "{any: [b, label: [strain]]}",
    ],
)
def test_forgetting_clears_no_flag_that_reads_silence_as_unknown(tmp_path: Path, when: str) -> None:
    assert [] == failing(pack(tmp_path, flag("fa", when), stated(FORGOTTEN)))


@pytest.mark.parametrize(
    ("when", "forgotten"),
    [
        ("{all: [a, established: b]}", "b"),
        ("{all: [a, not: {established: {not: b}}, established: {known: c}]}", "c"),
        ("{all: [a, established: {temperature: {at_least: 38}}]}", "temperature"),
        ("{all: [a, established: {pain_at: [leg]}]}", "pain"),
        ("{all: [a, established: {quality: [dull]}]}", "quality"),
        ("{all: [a, count_muscles: {where: examined, has: {established: taut_band}, at_least: 1}]}", "exam"),
        ("{all: [a, any_label: {established: failed}]}", "labels"),
        ("{any: [b, any_label: {all: [failed, label_is: {kind: [article]}]}]}", "labels"),
    ],
)
def test_forgetting_clears_a_flag_that_reads_silence_as_absent_and_is_refuted_by_two_who_differ_in_it(
    tmp_path: Path, when: str, forgotten: str
) -> None:
    base = pack(tmp_path, flag("fa", when), stated(FORGOTTEN))
    proof = refuted(base)
    assert proof.witness is not None
    before, after = ([seen.verdict(base.by_id["safety.fa"])] for seen in map(seen_by(base), proof.witness.findings))
    more, less = proof.witness.findings

    assert [False] == after
    assert [False] != before
    assert forgotten in {name for name in more if more[name] != less.get(name)}
    assert not {name for name in less if name not in more}


def seen_by(base: KnowledgeBase) -> Any:
    def seen(findings: Any) -> Seen:
        facts = Facts(terrain_of(base), read_findings(findings, terrain_of(base)))
        return Seen(base, engine.chain(base, facts), facts)

    return seen


def test_what_the_map_does_not_show_is_free_only_where_the_whole_map_is_kept(tmp_path: Path) -> None:
    """A single place that is taken off a complete map, or from between two free sides, is denied, not forgotten."""
    whole_map = flag("fa", "{all: [a, pain_at: [back]]}"), flag("fb", "{all: [a, pain_at: {regions: [low_back], side: whole}]}")

    assert [] == failing(pack(tmp_path, *whole_map, stated(FORGOTTEN)))


@pytest.mark.parametrize(("only", "beyond"), [("b", "proved"), ("c", "refuted")])
def test_an_exception_goes_no_further_than_the_findings_that_it_names(tmp_path: Path, only: str, beyond: str) -> None:
    law = f"{FORGOTTEN}, exceptions: [{{of: safety.fa, only: [{only}], reason: To see.}}]"
    (found,) = prove(pack(tmp_path, flag("fa", "{all: [a, established: b, c]}"), stated(law)))
    (proof,) = found.proofs

    assert (beyond == "proved", "refuted", beyond) == (found.holds, proof.outcome, proof.beyond)


@pytest.mark.parametrize(("other", "beyond"), [("{all: [a, not: {established: b}]}", "proved"), ("{all: [c, b]}", "refuted")])
def test_an_exception_says_which_flag_takes_over_and_that_is_proved(tmp_path: Path, other: str, beyond: str) -> None:
    law = f"{FORGOTTEN}, exceptions: [{{of: safety.fa, taken_over_by: [safety.fb], reason: To see.}}]"
    (found,) = prove(pack(tmp_path, flag("fa", "{all: [a, established: b]}"), flag("fb", other), stated(law)))
    proof = next(one for one in found.proofs if one.of == "safety.fa")

    assert ("refuted", beyond) == (proof.outcome, proof.beyond)


def test_an_exception_that_nobody_needs_is_said_to_be_in_vain(tmp_path: Path) -> None:
    law = f"{FORGOTTEN}, exceptions: [{{of: safety.fa, reason: Nobody needs it.}}]"
    (found,) = prove(pack(tmp_path, flag("fa", "{all: [a, b]}"), stated(law)))

    assert ["safety.fa"] == [one.of for one in found.in_vain]


@pytest.mark.parametrize("named", ["only: [rashh]", "taken_over_by: [safety.fx]"])
def test_an_exception_that_names_nothing_is_a_fault_of_the_rules(tmp_path: Path, named: str) -> None:
    law = f"{FORGOTTEN}, exceptions: [{{of: safety.fa, {named}, reason: To see.}}]"

    with pytest.raises(KnowledgeError, match="closest is"):
        prove(pack(tmp_path, flag("fa", "{all: [a, established: rash]}"), stated(law)))


@pytest.mark.parametrize(
    ("law", "named"),
    [(SETTLED, "only: [a]"), (DENIAL, "taken_over_by: [safety.fa]")],
)
def test_an_exception_says_nothing_that_its_law_does_not_read(tmp_path: Path, law: str, named: str) -> None:
    with pytest.raises(KnowledgeError, match=r"is not narrowed by only|only what is forgotten"):
        pack(tmp_path, flag("fa", "a"), stated(f"{law}, exceptions: [{{of: a, {named}, reason: To see.}}]"))


def test_a_pack_laid_on_top_takes_no_invariant_away(tmp_path: Path) -> None:
    below, above = pack(tmp_path / "below", flag("fa", "a"), stated(SETTLED)), written(tmp_path / "above", stated(FORGOTTEN))

    assert 1 == len(below.invariants)
    with pytest.raises(KnowledgeError, match="'it' is stated already at"):
        load([tmp_path / "below", above])


NEVER = "law: never, never: "


@pytest.mark.parametrize("never", ["{all: [a, not: a]}", "{all: [fever, temperature: {below: 38}, not: fever]}"])
def test_a_condition_that_nobody_can_meet_never_holds(tmp_path: Path, never: str) -> None:
    assert [] == failing(pack(tmp_path, flag("fa", "{all: [a, fever]}"), stated(NEVER + never)))


@pytest.mark.parametrize(
    "never", ["{all: [a, b]}", "unread", "{temperature: {at_least: 41.5}}", "{all: [pain_at: [foot], not: {derived: alert.urgent}]}"]
)
def test_a_condition_that_somebody_can_meet_is_refuted_by_somebody_small_though_no_rule_reads_it(tmp_path: Path, never: str) -> None:
    base = pack(tmp_path, flag("fa", "a"), stated(NEVER + never))
    proof = refuted(base)

    assert proof.witness is not None
    assert len(proof.witness.findings[0]) <= 2
    assert answers(proof, base)


def test_rules_that_fire_for_nobody_and_rules_that_hold_of_everybody_are_named(tmp_path: Path) -> None:
    dead, constant = (
        flag("fa", "{all: [a, b, {any: [{not: a}, {not: b}]}]}"),
        rule("criteria.always", "{not: {established: {all: [a, not: a]}}}"),
    )
    made = proofs(pack(tmp_path, dead, constant, flag("fb", "b"), stated(SETTLED)))

    assert (("safety.fa",), ("criteria.always",)) == (made.dead, made.constant)


# --- the solver finds what trying everybody finds ------------------------------------------------------------------------

THREE, SIGNED = (True, False, None), ("a", "b", "c")


def condition(random: Random, depth: int) -> Any:
    """Some condition over three findings, silence read as absent among them."""
    if depth == 0 or random.random() < 0.25:
        return random.choice(SIGNED)
    match random.choice(("all", "any", "not", "established", "known", "at_least")):
        case "at_least":
            return {"at_least": {"n": 2, "of": [condition(random, depth - 1) for _ in range(3)]}}
        case "all" | "any" as form:
            return {form: [condition(random, depth - 1) for _ in range(2)]}
        case form:
            return {form: condition(random, depth - 1)}


LAWS = {"it": FORGOTTEN, "lowers": f"law: danger_never_lowers, {SIGNS}", "raises": DENIAL}
ORDER = ("emergency", "urgent", "soon", "none")


@pytest.mark.parametrize("seed", range(12))
def test_the_solver_finds_of_random_flags_what_trying_everybody_finds(tmp_path: Path, seed: int) -> None:
    random = seeded(seed)
    flags = [flag(f"f{number}", json.dumps(condition(random, 3)), random.choice(ORDER[:-1])) for number in range(3)]
    laws = "".join(f'  - {{id: {id_}, says: "It holds.", {law}}}\n' for id_, law in LAWS.items())
    base = pack(tmp_path, *flags, {"invariants.yaml": f"invariants:\n{laws}"})
    tried = {told: {rule.id: verdict for rule, verdict in verdicts(base, told)} for told in itertools.product(THREE, repeat=3)}

    by_solver = {one.invariant: {proof.of for proof in one.failing} for one in prove(base)}

    signs = dangers(base, ["signs"])
    assert {"it": forgetting(tried), "lowers": set(lowering(tried, base, signs)), "raises": set(raising(tried, base, signs))} == by_solver


def verdicts(base: KnowledgeBase, told: Sequence[Truth]) -> Iterator[tuple[Any, Truth]]:
    seen = seen_by(base)({name: value for name, value in zip(SIGNED, told, strict=True) if value is not None})
    return ((one, seen.verdict(one)) for one in base.rules)


Tried = dict[tuple[Truth, ...], dict[str, Truth]]


def forgetting(tried: Tried) -> set[str]:
    pairs = [
        (more, less)
        for more in tried
        for less in tried
        if all(one == other or other is None for one, other in zip(more, less, strict=True))
    ]
    return {id_ for more, less in pairs for id_, verdict in tried[more].items() if verdict is not False and tried[less][id_] is False}


def urgency(verdict: dict[str, Truth], base: KnowledgeBase) -> int:
    raised_by = [base.by_id[id_].alert for id_, holds in verdict.items() if holds]
    return min((ORDER.index(alert.urgency) for alert in raised_by if alert), default=3)


def lowering(tried: Tried, base: KnowledgeBase, signs: Sequence[str]) -> Iterator[str]:
    for sign, told in itertools.product(signs, tried):
        with_ = tuple(True if name == sign else value for name, value in zip(SIGNED, told, strict=True))
        if urgency(tried[with_], base) > urgency(tried[told], base):
            yield sign


def raising(tried: Tried, base: KnowledgeBase, signs: Sequence[str]) -> Iterator[str]:
    for sign, told in itertools.product(signs, tried):
        if told[SIGNED.index(sign)] is None:
            denied = tuple(False if name == sign else value for name, value in zip(SIGNED, told, strict=True))
            if urgency(tried[denied], base) < urgency(tried[told], base):
                yield sign


# --- what is sampled, because no formula says it whole --------------------------------------------------------------------

SAMPLED = int(os.environ.get("MPS_PROVE_SAMPLED", "20"))
"""So many charts of the vignettes, each with one danger sign that is not recorded there."""


def test_a_danger_sign_lowers_the_whole_answer_only_by_points_that_count_against_a_cause(kb: KnowledgeBase) -> None:
    random = seeded(0)
    (law,) = (one for one in kb.invariants if one.law == "danger_never_lowers")
    signs, unexplained = dangers(kb, law.categories), []
    for _ in range(SAMPLED):
        told, sign = chart(random.choice(vignettes())), random.choice(signs)
        if sign in told:
            continue
        try:
            without, with_ = map(seen_by(kb), (told, {**told, sign: True}))
        except FindingError:
            continue
        lost = [one for one in flags_of(without) if one not in flags_of(with_)]
        unexplained += (
            [(sign, one.id) for one in lost if sign not in counts_against(one, kb)] if pressing(with_) > pressing(without) else []
        )

    assert [] == unexplained


def flags_of(seen: Seen) -> list[Rule]:
    return [one for one in seen.base.rules if one.alert and seen.verdict(one)]


def pressing(seen: Seen) -> int:
    return min((ORDER.index(one.alert.urgency) for one in flags_of(seen) if one.alert), default=3)


def counts_against(rule: Rule, base: KnowledgeBase) -> set[str]:
    """The findings that count against the cause whose points raise a flag, and those from which these follow."""
    cues = (cue for profile in base.causes[rule.cause].counted for group in profile.cues for cue in group) if rule.cause else ()
    read = {leaf.term for cue in cues if cue.points < 0 for leaf in c.walk(cue.when) if isinstance(leaf, c.Present)}
    sources = (base.vocabulary.terms[one].implied_by for one in read)
    return read | {leaf.term for source in sources if source for leaf in c.walk(source) if isinstance(leaf, c.Present)}


# --- what is kept ------------------------------------------------------------------------------------------------------


def test_proofs_are_kept_for_the_same_rules_and_made_anew_for_others(tmp_path: Path) -> None:
    base, path = pack(tmp_path, flag("fa", "a"), stated(FORGOTTEN)), tmp_path / "proofs.json"
    made = proofs(base, path, charts=5)
    path.write_text(path.read_text().replace('"It holds."', '"It was kept."'))

    assert ["It was kept."] == [one.says for one in proofs(base, path, charts=5).proved]
    assert ["It holds."] == [one.says for one in proofs(attrs.evolve(base, digest="another"), path, charts=5).proved]
    assert made.is_of(base)


def test_proofs_with_their_patients_and_exceptions_are_read_back_as_they_were_made(tmp_path: Path) -> None:
    exceptions = "exceptions: [{of: safety.fa, only: [b], reason: To see.}]"
    base = pack(
        tmp_path, flag("fa", "{all: [a, established: b]}"), flag("fb", "{all: [a, established: c]}"), stated(f"{FORGOTTEN}, {exceptions}")
    )
    made = proofs(base, tmp_path / "proofs.json", charts=5)
    (found,) = made.proved

    assert made == kept(tmp_path / "proofs.json")
    assert (["safety.fb"], ["safety.fa"]) == ([one.of for one in found.failing], [one.of for one in found.excepted])


def kept_of_the_package() -> Kept:
    made = kept(SHIPPED)
    assert made is not None
    return made


def test_the_proofs_that_come_with_the_package_are_of_its_rules_and_so_is_their_page(kb: KnowledgeBase) -> None:
    made = kept_of_the_package()
    written = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")

    assert made.is_of(kb), "the rules or the laws have changed: make prove"
    assert page(made, kb) == written


def test_proofs_are_spoken_of_for_the_rules_that_were_proved_and_for_no_others(kb: KnowledgeBase) -> None:
    laws = sum(one.about > 0 for one in kept_of_the_package().proved)

    assert f"{laws} invariants proved for these rules" == standing(kb) == manifest(kb).proofs == vocabulary(kb)["rules"]["proofs"]
    assert "" == standing(attrs.evolve(kb, digest="another"))


def test_what_no_formula_speaks_of_holds_over_drawn_charts_and_they_are_the_same_each_time(kb: KnowledgeBase) -> None:
    laws = sample(kb, 300)

    assert [()] * len(laws) == [law.broken for law in laws]
    assert all(law.speaking for law in laws[:2])
    assert laws == sample(kb, 300)


def test_a_muscle_found_without_a_trigger_point_that_is_ranked_first_breaks_its_law(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampled, "assess", lambda *given: reversed_muscles(assess(*given)))
    first, *_ = sample(kb, 100)

    assert not first.holds
    assert first.broken


def reversed_muscles(assessment: Assessment) -> Assessment:
    return attrs.evolve(assessment, muscles=tuple(reversed(assessment.muscles)))


@pytest.mark.parametrize("seed", range(3))
def test_wherever_a_danger_sign_lowers_the_points_of_something_serious_the_place_is_listed(kb: KnowledgeBase, seed: int) -> None:
    random = seeded(seed)
    listed = {(one.cause.id, sign) for one in counted_against(kb) for sign in one.signs}
    serious = {
        cause.id for cause in kb.causes.values() if not {cause.urgency, *(one.urgency for one in cause.profiles)}.isdisjoint(PRESSING)
    }
    fallen = set()
    for sign in random.sample(dangers(kb, ("red_flag", "neuro", "safety")), 100):
        findings = {**chart(random.choice(vignettes())), sign: False}
        try:
            before, after = (points_of(told) for told in (findings, {**findings, sign: True}))
        except FindingError:
            continue
        fallen |= {(id_, sign) for id_, points in before.items() if after.get(id_, -99) < points and id_ in serious}

    assert fallen
    assert set() == fallen - listed


def points_of(findings: dict[str, Any]) -> dict[str, int]:
    return {one.id: one.score for one in evaluate(findings).hypotheses if one.score is not None}


def test_what_never_comes_about_is_named_lest_its_proof_be_taken_for_one(tmp_path: Path) -> None:
    (found,) = prove(pack(tmp_path, flag("fa", "{all: [a, not: a]}"), flag("fb", "b"), stated(FORGOTTEN)))

    assert (True, ("safety.fa",)) == (found.holds, found.idle)


@pytest.mark.parametrize(
    ("when", "code", "says"), [("{all: [a, b]}", 0, "1 of 1 invariants hold"), ("{all: [a, established: b]}", 1, "FAILS: It holds.")]
)
def test_the_command_proves_what_a_folder_of_rules_states_and_fails_where_it_does_not_hold(
    tmp_path: Path, when: str, code: int, says: str
) -> None:
    pack(tmp_path, flag("fa", when), stated(FORGOTTEN))
    result = CliRunner().invoke(
        main,
        ["prove", "--rules", str(tmp_path), "--kept", str(tmp_path / "kept.json"), "--charts", "20", "--out", str(tmp_path / "page.md")],
    )

    assert (code, True) == (result.exit_code, says in result.output)
    assert (tmp_path / "page.md").read_text().startswith("# What is proved")


def test_proofs_that_were_cut_off_go_on_where_they_were(tmp_path: Path) -> None:
    two = "invariants:\n" + "".join(f'  - {{id: {id_}, says: "It holds.", {FORGOTTEN}}}\n' for id_ in ("one", "two"))
    base, path = pack(tmp_path, flag("fa", "a"), {"invariants.yaml": two}), tmp_path / "proofs.json"
    whole_ = proofs(base, path, charts=5)
    first = attrs.evolve(whole_.proved[0], says="It was kept.")
    path.write_text(attrs.evolve(whole_, proved=(first,), dead=None).to_json())
    gone_on = proofs(base, path, charts=5)

    assert ["It was kept.", "It holds."] == [one.says for one in gone_on.proved]
    assert () == gone_on.dead
    assert gone_on == kept(path)


def test_a_file_of_proofs_that_holds_something_else_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "proofs.json"
    path.write_text(json.dumps({"digest": 1}))

    with pytest.raises(FindingError):
        kept(path)


def test_an_unknown_invariant_is_named_with_the_closest(tmp_path: Path) -> None:
    with pytest.raises(FindingError, match="is no invariant of these rules"):
        prove(pack(tmp_path, flag("fa", "a"), stated(FORGOTTEN)), ["itt"])


def test_the_page_says_what_holds_and_shows_for_whom_it_fails(tmp_path: Path) -> None:
    base = pack(tmp_path, flag("fa", "a"), stated(NEVER + "fever"))
    written_page = page(Kept(base.digest, program(), prove(base)), base)

    assert "0 of 1 laws hold" in written_page
    assert "fails.<br>\n  Seen: the condition holds.<br>\n  Patient 1: " in written_page


def test_every_exception_of_the_pack_has_a_reason_and_goes_only_so_far(kb: KnowledgeBase) -> None:
    exceptions = [one for invariant in kb.invariants for one in invariant.exceptions]

    assert len({one.id for one in kb.invariants}) == len(kb.invariants) > 0
    assert all(one.reason and (one.only or one.taken_over_by) for one in exceptions)


def test_a_patient_is_told_in_words(kb: KnowledgeBase) -> None:
    assert "fever: no; pain in the low back (lumbar), left: yes" == in_words({"fever": False, "pain": ["low_back.left"]}, kb)


def test_care_is_what_a_recommendation_to_oneself_or_its_offer_says(tmp_path: Path) -> None:
    with Prover(pack(tmp_path, flag("fa", "a"), care("walk"), stated(BESIDE))) as prover:
        (offering,) = prover.offering(["exercise"])
        assert [Recommend("self_care", "Walk (walk).", "", ("exercise",))] == list(offering.then)
