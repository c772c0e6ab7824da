"""Every patient at once: what the clauses say of one patient is what the rules say, and what is refuted is shown by a patient."""

import json
from bisect import bisect_left
from pathlib import Path

import attrs
import pytest
from pysat.solvers import Solver

from mps_rules.authoring.encoding import SOLVER, Encoding, Literal
from mps_rules.authoring.prove import Kept, Proved, in_words, kept, page, program, proofs, prove
from mps_rules.chaining import reference
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import Exempt, Invariant, KnowledgeBase
from mps_rules.knowledge.rules import Confirm, Exclude, Rule
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Truth, some
from mps_rules.patient.addresses import as_row
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.population.formulas import column_of
from packs import random_part
from random_packs import few_muscles, random_patient, seeded, with_rules, words_read

PACKS, PATIENTS_EACH = 10, 50
"""Of how many parts of the rules, and how many random patients of each are walked through the clauses and through the definition."""


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


@pytest.mark.parametrize("seed", range(PACKS))
def test_the_clauses_say_of_random_patients_what_the_definition_says(kb: KnowledgeBase, seed: int) -> None:
    random = seeded(seed)
    base = random_part(kb, random)
    encoding, apart = Encoding(base), []
    truths = {rule.id: encoding.anybody.verdict(rule) for rule in base.rules}
    sound = encoding.anybody.sound
    with Solver(SOLVER, bootstrap_with=encoding.clauses.clauses) as solver:
        patients = 0
        while patients < PATIENTS_EACH:
            facts = random_patient(words_read(base, random), terrain_of(base), random)
            if not whole(facts):
                continue
            patients += 1
            assert solver.solve(assumptions=[sound, *literals(encoding, facts)])
            model, chain = set(solver.get_model()), reference.chain(base, facts)
            for rule in base.rules:
                expected: Truth = some(chain.verdict(rule.id, subject) for subject in facts.subjects(rule.about))
                actual = True if truths[rule.id].holds in model else False if truths[rule.id].fails in model else None
                apart += [(patients, rule.id, expected, actual)] if actual is not expected else []

    assert [] == apart


# --- laws ----------------------------------------------------------------------------------------------------------------

FLAG, CARED, OTHER = "safety.rf_cauda_equina", "management.exercise_low_back", "management.st_hip_abductors"
SADDLE, BACK, HIP = c.Present("saddle_anaesthesia"), c.PainAt(("low_back",)), c.PainAt(("hip_girdle",))


@pytest.fixture(scope="module")
def few(kb: KnowledgeBase) -> KnowledgeBase:
    """One red flag in two steps, two kinds of care, and a dozen muscles."""
    flag = attrs.evolve(kb.by_id[FLAG], when=c.All((SADDLE, BACK)), trigger=SADDLE, qualifier=BACK)
    care = [attrs.evolve(kb.by_id[id_], when=when) for id_, when in ((CARED, BACK), (OTHER, HIP))]
    return attrs.evolve(with_rules(few_muscles(kb), [flag, *care], "a flag and care"), invariants=())


def stating(base: KnowledgeBase, *rules: Rule, **law: object) -> KnowledgeBase:
    """The base with one invariant, and with these rules instead of those of the same id."""
    changed = {rule.id: rule for rule in (*base.rules, *rules)}
    invariant = Invariant("it", "It holds.", **law)  # type: ignore[arg-type]
    return attrs.evolve(base, rules=tuple(changed.values()), invariants=(invariant,), digest=f"{base.digest} {rules} {law}")


def proved(base: KnowledgeBase) -> Proved:
    """What is found of the one invariant of a base."""
    (found,) = prove(base)
    return found


def failing(base: KnowledgeBase) -> list[tuple[str, str]]:
    return [(one.of, one.outcome) for one in proved(base).failing]


CARE = {"law": "no_care_beside_a_flag", "care": ("self_care", "stretching", "exercise"), "urgencies": ("emergency", "urgent")}


def test_no_care_stands_beside_a_flag(few: KnowledgeBase) -> None:
    assert [] == failing(stating(few, **CARE))


def test_care_without_its_guard_is_refuted_by_a_patient_with_a_flag(few: KnowledgeBase) -> None:
    found = proved(stating(few, attrs.evolve(few.by_id[CARED], when=BACK), **CARE))

    assert [CARED] == [one.of for one in found.failing]
    witness = found.failing[0].witness
    assert witness is not None
    assert f"{CARED} offers care beside {FLAG}" in witness.shows


def test_an_exception_is_proved_to_be_needed_and_the_rest_holds(few: KnowledgeBase) -> None:
    exceptions = (Exempt(CARED, "to see"), Exempt(OTHER, "nobody needs it"))
    found = proved(stating(few, attrs.evolve(few.by_id[CARED], when=BACK), exceptions=exceptions, **CARE))

    assert (True, [CARED], [OTHER]) == (
        found.holds,
        [one.of for one in found.excepted],
        [one.of for one in found.in_vain],
    )


SIGNS = {"law": "danger_never_lowers", "categories": ("red_flag", "neuro")}


def test_a_danger_sign_lowers_nothing(few: KnowledgeBase) -> None:
    assert [] == failing(stating(few, **SIGNS))


def test_a_flag_that_gives_way_to_a_danger_sign_is_refuted(few: KnowledgeBase) -> None:
    flag = few.by_id[FLAG]
    gives_way = attrs.evolve(flag, when=c.Any((c.All((SADDLE, c.Present("fever"))), c.All((BACK, c.Not(c.Established(SADDLE)))))))

    assert ("saddle_anaesthesia", "refuted") in failing(stating(few, gives_way, **SIGNS))


def test_a_denial_raises_nothing_unless_a_flag_reads_it(few: KnowledgeBase) -> None:
    flag = few.by_id[FLAG]
    raised = attrs.evolve(flag, when=c.Any((flag.when, c.Not(SADDLE))))
    law = {"law": "denial_never_raises", "categories": ("red_flag", "neuro")}

    assert [] == failing(stating(few, **law))
    assert [("saddle_anaesthesia", "refuted")] == failing(stating(few, raised, **law))


def test_forgetting_clears_nothing_unless_silence_is_read_as_absent(few: KnowledgeBase) -> None:
    flag = few.by_id[FLAG]
    silent = attrs.evolve(flag, when=c.All((flag.when, c.Established(c.Present("fever")))))
    law = {"law": "forgetting_never_clears"}

    assert [] == failing(stating(few, **law))
    assert [(FLAG, "refuted")] == failing(stating(few, silent, **law))


def test_a_hypothesis_that_is_confirmed_and_excluded_is_refuted(few: KnowledgeBase) -> None:
    flag = few.by_id[FLAG]
    one, other = (attrs.evolve(flag, id=f"safety.{name}", when=c.Present(name), then=(effect("cauda_equina_syndrome"),), trigger=None, qualifier=None)
                  for name, effect in (("saddle_anaesthesia", Confirm), ("fever", Exclude)))  # fmt: skip

    assert [("cauda_equina_syndrome", "refuted")] == failing(stating(few, one, other, law="settled_once"))


def test_a_condition_that_never_holds_is_proved_and_one_that_can_is_shown_small(few: KnowledgeBase) -> None:
    impossible = c.All((SADDLE, c.Not(SADDLE)))
    found = proved(stating(few, law="never", never=c.All((c.Present("fever"), c.PainAt(("low_back",))))))
    witness = found.failing[0].witness

    assert [] == failing(stating(few, law="never", never=impossible))
    assert witness is not None
    assert {"fever", "body_temperature", "pain"} > set(witness.findings[0])


# --- what is kept ------------------------------------------------------------------------------------------------------


def test_proofs_are_kept_for_the_same_rules_and_made_anew_for_others(few: KnowledgeBase, tmp_path: Path) -> None:
    base, path = stating(few, law="settled_once"), tmp_path / "proofs.json"
    made = proofs(base, path)
    path.write_text(path.read_text().replace('"It holds."', '"It was kept."'))

    assert ["It was kept."] == [one.says for one in proofs(base, path).proved]
    assert ["It holds."] == [one.says for one in proofs(attrs.evolve(base, digest="another"), path).proved]
    assert made.is_of(base)


def test_a_file_of_proofs_that_holds_something_else_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "proofs.json"
    path.write_text(json.dumps({"digest": 1}))

    with pytest.raises(FindingError):
        kept(path)


def test_an_unknown_invariant_is_named_with_the_closest(few: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="is no invariant of these rules"):
        prove(stating(few, law="settled_once"), ["itt"])


def test_the_page_says_what_holds_and_shows_for_whom_it_fails(few: KnowledgeBase) -> None:
    base = stating(few, law="never", never=c.Present("fever"))
    written = page(Kept(base.digest, program(), prove(base)), base)

    assert "0 of 1 laws hold" in written
    assert "fails.<br>\n  Seen: the condition holds.<br>\n  Patient 1: " in written


def test_every_invariant_of_the_pack_is_one_of_the_laws(kb: KnowledgeBase) -> None:
    assert len({one.id for one in kb.invariants}) == len(kb.invariants) > 0
    assert all(one.reason for invariant in kb.invariants for one in invariant.exceptions)


def test_a_patient_is_told_in_words(kb: KnowledgeBase) -> None:
    assert "fever: no; pain in the low back (lumbar), left: yes" == in_words({"fever": False, "pain": ["low_back.left"]}, kb)
