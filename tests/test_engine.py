"""The engine concludes what the definition concludes, and none of experta's traps is ours."""

import gc
import json
import os
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import attrs
import pytest

import rete
from executors import EXECUTORS, QUICK, Executor, differences
from mps_rules.authoring.vignettes import read_vignettes
from mps_rules.chaining import engine, reference, values
from mps_rules.chaining.chains import Chain
from mps_rules.chaining.program import program_of
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import PATIENT
from mps_rules.language import conditions as c
from mps_rules.language.conditions import Truth
from mps_rules.patient.facts import Facts, Terrain, terrain_of
from mps_rules.patient.findings import read_findings
from packs import Layer, random_part, rule
from random_packs import few_muscles, random_pack, random_patient, seeded, words_read

PACKS = int(os.environ.get("PACKS", "50"))
PATIENTS_EACH = int(os.environ.get("PATIENTS", "3"))
"""How many random packs are tried; 500 is a good number for an evening."""

FactsOf = Callable[[Mapping[str, Any]], Facts]
Load = Callable[..., KnowledgeBase]
MATCHING = ("engine", "rete")
FOLDER = Path(__file__).parent / "vignettes"


@pytest.fixture(params=EXECUTORS)
def chain(request: pytest.FixtureRequest) -> Executor:
    """Whoever chains."""
    return EXECUTORS[request.param]


@pytest.fixture(params=MATCHING)
def run(request: pytest.FixtureRequest) -> Executor:
    """The engine, with either way of matching."""
    return EXECUTORS[request.param]


@attrs.frozen
class Chaining:
    """An executor, and the rules that it is asked."""

    executor: Executor
    base: KnowledgeBase

    def __call__(self, said: Mapping[str, Any]) -> Chain:
        return self.executor(self.base, _patient(self.base, **said))


@pytest.fixture(scope="module")
def part(kb: KnowledgeBase) -> KnowledgeBase:
    """A part of the packaged rules that has something to say of the patients below."""
    telling = {one.rule for said in PATIENTS for one in engine.chain(kb, _patient(kb, **said)).derivations}
    return random_part(kb, seeded(1), telling)


@pytest.fixture(params=EXECUTORS)
def packaged(request: pytest.FixtureRequest, kb: KnowledgeBase, part: KnowledgeBase) -> Chaining:
    """Whoever chains, on the packaged rules; experta's own matcher, on a part of them."""
    return Chaining(EXECUTORS[request.param], kb if request.param in QUICK else part)


@pytest.fixture(params=MATCHING)
def packaged_engine(request: pytest.FixtureRequest, kb: KnowledgeBase, part: KnowledgeBase) -> Chaining:
    """The engine, with either way of matching: experta's own on a part of the packaged rules."""
    return Chaining(EXECUTORS[request.param], kb if request.param in QUICK else part)


@pytest.fixture(scope="module")
def few(kb: KnowledgeBase) -> KnowledgeBase:
    return few_muscles(kb)


def _patient(base: KnowledgeBase, **said: Any) -> Facts:
    terrain = terrain_of(base)
    return Facts(terrain, read_findings(said, terrain))


def _fired(found: Chain) -> list[str]:
    return [f"{one.rule} {one.subject}" if one.subject != PATIENT else one.rule for one in found.derivations]


# --- the same as the definition ---------------------------------------------------------------------------------------


def _agrees(base: KnowledgeBase, facts: Facts, executors: Mapping[str, Executor] = EXECUTORS) -> None:
    expected = reference.chain(base, facts)
    for name, executor in executors.items():
        assert (name, []) == (name, list(differences(base, facts, expected, executor(base, facts))))


@pytest.mark.parametrize("seed", range(PACKS))
def test_judge_engine_program_circuit_and_rete_agree_on_a_random_pack(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed)
    random = seeded(seed)
    for _ in range(PATIENTS_EACH):
        _agrees(base, random_patient(words, terrain_of(few), random))


@pytest.mark.parametrize("seed", range(10_000, 10_000 + max(1, PACKS // 10)))
def test_they_agree_over_all_muscles_too(kb: KnowledgeBase, terrain: Terrain, seed: int) -> None:
    base, words = random_pack(kb, seed)
    random = seeded(seed)
    for _ in range(2):
        _agrees(base, random_patient(words, terrain, random))


@pytest.mark.parametrize("seed", range(20_000, 20_000 + max(1, PACKS // 5)))
def test_they_decide_alike_where_a_rule_about_one_muscle_counts_muscles(few: KnowledgeBase, seed: int) -> None:
    base, words = random_pack(few, seed, counts_within_muscles=True)
    facts = random_patient(words, terrain_of(few), seeded(seed))
    expected = reference.chain(base, facts)
    for executor in EXECUTORS.values():
        found = executor(base, facts)

        assert [line for line in differences(base, facts, expected, found) if not line.startswith("derivation")] == []
        assert [(one.rule, one.subject) for one in expected.derivations] == [(one.rule, one.subject) for one in found.derivations]


def test_the_random_packs_leave_no_form_of_the_rule_language_untried(few: KnowledgeBase) -> None:
    forms: set[str] = set()
    verdicts: set[Truth] = set()
    fired: set[str] = set()
    for seed in range(20):
        base, words = random_pack(few, seed)
        facts = random_patient(words, terrain_of(few), seeded(seed))
        found = engine.chain(base, facts)
        forms |= {type(part).__name__ for one in base.rules for part in c.walk(one.when)}
        verdicts |= {found.verdict(one.id, subject) for one in base.rules for subject in facts.subjects(one.about)}
        fired |= {base.by_id[one.rule].about for one in found.derivations}
    expected = {form.__name__ for kind in (c.Leaf, c.Gate, c.Closing) for form in kind.__args__}

    assert expected == forms
    assert {True, False, None} == verdicts
    assert {"patient", "muscle", "label"} == fired


PATIENTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"pain": ["low_back.left"]},
    {"pain": ["low_back.left", "buttock.left", "calf"], "pain_map_complete": True, "pain_dull_deep_ache": True, "neuro_exam_normal": True},
    {"labels": ["facet_syndrome", "disc_herniation"], "pain": ["low_back"], "muscles_examined_before": False},
    {
        "pain": ["low_back.right"],
        "exam": [{"muscle": "gluteus_medius", "side": "right", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}],
        "saddle_anaesthesia": False,
    },
    {"age_years": 71, "fever": True, "pain": ["mid_back.bilateral"], "saddle_anaesthesia": True, "symptom_duration": "3 mo"},
    {
        "exam": [{"muscle": "quadratus_lumborum", "taut_band": True}, {"muscle": "soleus", "side": "bilateral", "taut_band": False}],
        "pain": ["neck", "upper_limb.left", "foot.right", "chest"],
        "wpi": 9,
        "sss": 8,
    },
)


@pytest.mark.parametrize("said", PATIENTS)
def test_they_agree_on_the_packaged_rules(kb: KnowledgeBase, facts_of: FactsOf, said: Mapping[str, Any]) -> None:
    _agrees(kb, facts_of(said), QUICK)


@pytest.mark.parametrize("seed", range(max(8, PACKS // 2)))
def test_they_agree_on_the_packaged_rules_about_whole_patients(kb: KnowledgeBase, facts_of: FactsOf, seed: int) -> None:
    vignette = seeded(seed).choice(read_vignettes(FOLDER, kb))
    assert isinstance(vignette.findings, Mapping)

    _agrees(kb, facts_of(vignette.findings), QUICK)


@pytest.mark.parametrize("seed", range(max(2, PACKS // 5)))
def test_all_agree_on_a_part_of_the_packaged_rules(kb: KnowledgeBase, terrain: Terrain, seed: int) -> None:
    random = seeded(seed)
    vignettes = [Facts(terrain, read_findings(one.findings, terrain)) for one in random.sample(read_vignettes(FOLDER, kb), 2)]
    telling = [one.rule for facts in vignettes for one in engine.chain(kb, facts).derivations]
    base = random_part(kb, random, telling)
    words = words_read(base, random)
    patients = [random_patient(words, terrain, random) for _ in range(2)]

    assert any(reference.chain(base, facts).derivations for facts in patients)
    for facts in (*vignettes, *patients):
        _agrees(base, facts)


def test_a_part_of_the_packaged_rules_reads_nothing_that_it_cannot_conclude(part: KnowledgeBase) -> None:
    read = {leaf.id for one in part.rules for leaf in c.walk(one.when) if isinstance(leaf, c.Derived)}

    assert 40 <= len(part.rules) <= 90
    assert {"patient", "muscle", "label"} == {one.about for one in part.rules}
    assert read
    assert read <= set(part.concluding)


# --- red flags, raised, open and closed -------------------------------------------------------------------------------

ALERT = "[alert: {id: rf_x, label: X, urgency: emergency, condition: infection, act_within: now, action: Go., regions: [low_back]}]"
RED_FLAG = (
    rule("shelf.flag", when="{trigger: rash, qualifier: cough}", then=ALERT),
    rule("shelf.care", when="{known: pain_low_back}", then="[recommend: {kind: self_care, text: Rest.}]"),
)


def _of(base: KnowledgeBase, found: Chain, rules: Iterable[str]) -> list[Truth]:
    assert all(one in base.by_id for one in rules)
    return [found.verdict(one) for one in rules]


def test_a_red_flag_is_raised_open_or_clear_and_self_care_waits_for_clear(load: Load, chain: Executor) -> None:
    base = load(*RED_FLAG)
    for trigger, qualifier in product((True, False, None), repeat=2):
        found = chain(base, _patient(base, rash=trigger, cough=qualifier, pain_low_back=True))
        raised = c.every([trigger, qualifier])
        open_ = trigger if qualifier is None else False
        expected = [raised, open_, not (raised or open_)]

        assert expected == _of(base, found, ("shelf.flag", "shelf.flag.open", "shelf.care"))
        assert found.concluded("alert.emergency") is raised
        assert found.concluded("rf_x") is raised
        assert found.concluded("alert.emergency.open") is open_


# --- experta's traps --------------------------------------------------------------------------------------------------

SILENT = "{all: [rash, {not: {established: {derived: ill}}}]}"


def _readers_of_silence() -> list[Layer]:
    readers = [rule(f"shelf.a{number:02d}", when=SILENT, then=f"[derive: well{number}]") for number in range(30)]
    return [*readers, rule("shelf.z")]


def test_no_rule_fires_on_a_silence_that_was_broken(load: Load, chain: Executor) -> None:
    base = load(*_readers_of_silence())
    expected = ["shelf.z"]

    assert expected == _fired(chain(base, _patient(base, rash=True, fever=True)))


def test_every_rule_fires_on_a_silence_that_was_kept(load: Load, chain: Executor) -> None:
    base = load(*_readers_of_silence())
    expected = [f"shelf.a{number:02d}" for number in range(30)]

    assert expected == _fired(chain(base, _patient(base, rash=True)))


def test_several_true_alternatives_are_one_derivation_that_names_them_all(load: Load, chain: Executor) -> None:
    base = load(rule("shelf.a", when="{any: [fever, rash, cough, {quality: [dull, sharp]}]}"))
    (found,) = chain(base, _patient(base, fever=True, cough=True, quality=["dull", "sharp"])).derivations
    expected = ["fever", "cough", "quality", "quality"]

    assert expected == [premise.id for premise in found.because]


def test_alternatives_of_alternatives_do_not_multiply(load: Load, run: Executor) -> None:
    words = ("fever", "rash", "cough", "pain_low_back")
    when = "{all: [" + ", ".join(f"{{any: [{', '.join(words[-n:] + words[:-n])}]}}" for n in range(4)) + "]}"
    seven = rule("shelf.a", when="{all: [" + ", ".join([f"{{not: {{not: {when}}}}}"] * 7) + "]}")
    base = load(seven)

    assert len(rete.network_of(base).gates) < 40
    assert len(program_of(base).nodes["patient"]) < 40
    assert _fired(run(base, _patient(base, rash=True))) == ["shelf.a"]


def test_nodes_of_the_program_stay_within_budget(kb: KnowledgeBase) -> None:
    cues = sum(len(cause.signs) for cause in kb.causes.values())

    assert sum(len(nodes) for nodes in program_of(kb).nodes.values()) <= 5 * len(kb.rules) + cues


WHOLE = rule("shelf.a", when="{pain_at: {regions: [leg, chest], side: whole}}")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"pain": ["leg"]}, True),
        ({"pain": ["calf.left"]}, None),
        ({"pain": ["calf.left", "chest.left"]}, True),
        ({"pain": ["calf"], "pain_map_complete": True}, None),
        ({"pain": ["sacrum"], "pain_map_complete": True}, False),
        ({}, None),
    ],
)
def test_pain_in_a_part_is_not_drawn_as_a_whole(load: Load, chain: Executor, said: dict[str, Any], expected: Truth) -> None:
    base = load(WHOLE)

    assert chain(base, _patient(base, **said)).verdict("shelf.a") is expected


def test_two_rules_that_conclude_the_same_each_leave_a_derivation(load: Load, chain: Executor) -> None:
    base = load(rule("shelf.a"), rule("shelf.b", when="rash"), rule("shelf.c", when="{derived: ill}", then="[derive: worse]"))
    expected = ["shelf.a", "shelf.b", "shelf.c"]

    assert expected == _fired(chain(base, _patient(base, fever=True, rash=True)))


def test_a_conclusion_that_one_rule_misses_is_not_ruled_out_by_it(load: Load, chain: Executor) -> None:
    base = load(rule("shelf.a"), rule("shelf.b", when="rash"))
    verdicts = [
        chain(base, _patient(base, fever=fever, rash=rash)).concluded("ill")
        for fever, rash in ((True, False), (False, None), (False, False), (None, None))
    ]
    expected = [True, None, False, None]

    assert expected == verdicts


def test_a_number_that_equals_true_is_no_yes(load: Load, chain: Executor) -> None:
    base = load(rule("shelf.a", when="{pain_intensity: {at_least: 1}}"), rule("shelf.b", when="rash", then="[derive: red]"))
    number, yes = _patient(base, pain_intensity=1), _patient(base, rash=True)

    assert _of(base, chain(base, number), ("shelf.a", "shelf.b")) == [True, None]
    assert _of(base, chain(base, yes), ("shelf.a", "shelf.b")) == [None, True]


def test_a_denial_of_a_denial_and_of_several_things_is_understood(load: Load, chain: Executor) -> None:
    base = load(
        rule("shelf.a", when="{not: {not: fever}}", then="[derive: a]"),
        rule("shelf.b", when="{not: {all: [fever, rash]}}", then="[derive: b]"),
        rule("shelf.c", when="{not: {any: [fever, rash]}}", then="[derive: c]"),
        rule("shelf.d", when="{not: {not: {all: [fever, {not: rash}]}}}", then="[derive: d]"),
    )
    for fever, rash in product((True, False, None), repeat=2):
        found = chain(base, _patient(base, fever=fever, rash=rash))
        denied = [None if verdict is None else not verdict for verdict in (c.every([fever, rash]), c.some([fever, rash]))]
        free = None if rash is None else not rash
        expected = [fever, *denied, c.every([fever, free])]

        assert expected == _of(base, found, ("shelf.a", "shelf.b", "shelf.c", "shelf.d"))


def test_a_chain_of_forty_conclusions_is_followed_to_its_end(load: Load, chain: Executor) -> None:
    base = load(
        rule("shelf.z00", then="[derive: s0]"),
        *(rule(f"shelf.y{40 - n:02d}", when=f"{{established: {{derived: s{n - 1}}}}}", then=f"[derive: s{n}]") for n in range(1, 41)),
    )

    assert chain(base, _patient(base, fever=True)).concluded("s40") is True
    assert chain(base, _patient(base)).concluded("s40") is False
    assert len(chain(base, _patient(base, fever=True)).derivations) == 41


def test_derivations_stand_in_order_of_stratum_rule_and_subject(packaged: Chaining) -> None:
    keys = [(one.stratum, one.rule, one.subject) for one in packaged(PATIENTS[4]).derivations]

    assert len(keys) > 10
    assert sorted(set(keys)) == keys


# --- order, patients, threads -----------------------------------------------------------------------------------------


def _same(base: KnowledgeBase, facts: Facts, one: Chain, other: Chain) -> bool:
    return list(differences(base, facts, one, other)) == [] and one.derivations == other.derivations


@pytest.mark.parametrize("seed", range(4))
def test_the_order_in_which_facts_are_declared_does_not_matter(few: KnowledgeBase, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    base, words = random_pack(few, seed, counts_within_muscles=False)
    facts = random_patient(words, terrain_of(few), seeded(seed))
    expected = rete.chain(base, facts)
    declared = rete._known

    def shuffled(subjects: Any, facts: Facts, network: Any) -> dict[str, tuple[int, ...]]:
        found = list(declared(subjects, facts, network).items())
        seeded(seed).shuffle(found)
        return dict(found)

    monkeypatch.setattr(rete, "_known", shuffled)

    assert _same(base, facts, expected, rete.chain(base, facts))


def test_what_no_right_hand_side_declared_does_not_count(load: Load) -> None:
    base = load(rule("shelf.a"), rule("shelf.b", when="{derived: ill}", then="[derive: worse]"))
    found = values.Values(base, _patient(base, fever=True))
    first = found.stage()

    assert first == [(found.program.number_of["shelf.a"], 0)]
    assert found.stage() == []
    assert found.verdict("shelf.b") is None


def test_the_order_in_which_findings_are_given_does_not_matter(packaged: Chaining) -> None:
    for said in PATIENTS[2:4]:
        backwards = {key: value[::-1] if isinstance(value, list) else value for key, value in reversed(list(said.items()))}

        assert _same(packaged.base, _patient(packaged.base, **said), packaged(said), packaged(backwards))


def test_a_patient_is_answered_the_same_whoever_came_before(few: KnowledgeBase, chain: Executor) -> None:
    base, words = random_pack(few, 7)
    random = seeded(7)
    patients = [random_patient(words, terrain_of(few), random) for _ in range(12)]
    forwards = [chain(base, facts) for facts in patients]
    backwards = [chain(base, facts) for facts in reversed(patients)]

    assert all(_same(base, facts, one, other) for facts, one, other in zip(patients, forwards, reversed(backwards), strict=True))


def test_two_packs_in_turn_do_not_mix(load: Load, few: KnowledgeBase, chain: Executor) -> None:
    one, other = load(rule("shelf.a")), load(rule("shelf.a", when="rash"), rule("shelf.b", when="cough", then="[derive: coughs]"))
    facts = _patient(one, fever=True, rash=False, cough=True)

    for _ in range(3):
        assert _fired(chain(one, facts)) == ["shelf.a"]
        assert _fired(chain(other, facts)) == ["shelf.b"]


def test_many_threads_answer_as_one_does(few: KnowledgeBase, chain: Executor) -> None:
    pack, words = random_pack(few, 3)
    base = attrs.evolve(pack, digest="not seen by any thread before")
    random = seeded(3)
    patients = [random_patient(words, terrain_of(few), random) for _ in range(16)]
    expected = [reference.chain(base, facts) for facts in patients]
    start = threading.Barrier(4)
    pace = sys.getswitchinterval()

    def shift(first: int) -> list[tuple[int, Chain]]:
        start.wait()
        return [(number, chain(base, patients[number])) for number in (*range(first, 16), *range(first))]

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            shifts = list(pool.map(shift, range(0, 16, 4)))
    finally:
        sys.setswitchinterval(pace)

    assert len(shifts) == 4
    for number, found in (answer for shift_ in shifts for answer in shift_):
        assert list(differences(base, patients[number], expected[number], found)) == []


@pytest.mark.parametrize("broken", ["mps_rules.chaining.engine.Concluded.light", "mps_rules.chaining.engine.Opened.light"])
def test_an_engine_that_failed_leaves_the_next_patient_alone(kb: KnowledgeBase, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = _patient(kb, **PATIENTS[4])
    expected = engine.chain(kb, facts)
    made = getattr(engine, broken.split(".")[-2]).light
    calls = iter(range(10_000))

    def failing(*arguments: Any) -> Any:
        if next(calls) == 3:
            message = "the pen broke"
            raise RuntimeError(message)
        return made(*arguments)

    with monkeypatch.context() as pen:
        pen.setattr(broken, failing)
        with pytest.raises(RuntimeError, match="the pen broke"):
            engine.chain(kb, facts)

    assert next(calls) == 4
    assert _same(kb, facts, expected, engine.chain(kb, facts))
    assert engine.chain(kb, _patient(kb)).derivations == reference.chain(kb, _patient(kb)).derivations


# --- what is left behind ----------------------------------------------------------------------------------------------


def test_a_patient_is_forgotten_once_answered(packaged: Chaining) -> None:
    facts = _patient(packaged.base, **PATIENTS[4])
    packaged.executor(packaged.base, facts)
    trace = weakref.ref(facts)
    del facts
    gc.collect()

    assert trace() is None


def test_objects_and_memory_do_not_grow_with_the_number_of_patients(few: KnowledgeBase, chain: Executor) -> None:
    base, words = random_pack(few, 5)
    random = seeded(5)
    patients = [random_patient(words, terrain_of(few), random).findings for _ in range(6)]

    def counted(rounds: int) -> tuple[int, int]:
        for _ in range(rounds):
            for findings in patients:
                chain(base, Facts(terrain_of(few), findings))
        gc.collect()
        return len(gc.get_objects()), sys.getallocatedblocks()

    counted(8)
    objects, blocks = counted(1)
    more_objects, more_blocks = counted(5)

    assert more_objects - objects < 500
    assert more_blocks - blocks < 8000


def test_patients_bring_no_new_engine_classes(packaged_engine: Chaining) -> None:
    packaged_engine({})
    before = set(engine._PatientEngine.__subclasses__())
    for said in PATIENTS:
        packaged_engine(said)

    assert set(engine._PatientEngine.__subclasses__()) <= before


def test_a_thread_keeps_only_a_few_engines(load: Load) -> None:
    base = load(rule("shelf.a"))
    facts = _patient(base, fever=True)
    fired = [_fired(engine.chain(attrs.evolve(base, digest=f"copy {number}"), facts)) for number in range(12)]

    assert fired == [["shelf.a"]] * 12
    assert len(engine._THREAD.engines) <= 8


# --- another process --------------------------------------------------------------------------------------------------


def _python(code: str, **environment: str) -> str:
    """What another interpreter prints when it runs this."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_leaves_collections_and_the_root_logger_as_they_were() -> None:
    code = """
import collections, logging
names = set(vars(collections))
import mps_rules.chaining.engine
print(sorted(set(vars(collections)) - names), hasattr(collections, "Mapping"))
print(logging.root.handlers, logging.getLevelName(logging.root.level))
logging.basicConfig(level=logging.INFO)
print(len(logging.root.handlers), logging.getLevelName(logging.root.level))
"""
    expected = ["[] False", "[] WARNING", "1 INFO"]

    assert expected == _python(code).splitlines()


def test_handlers_that_the_application_set_before_the_import_stay() -> None:
    code = """
import logging
logging.basicConfig(level=logging.ERROR)
before = logging.root.handlers[:]
import mps_rules.chaining.engine
print(logging.root.handlers == before, logging.getLevelName(logging.root.level))
"""
    expected = ["True ERROR"]

    assert expected == _python(code).splitlines()


def test_neither_experta_nor_what_it_pins_is_imported_from_elsewhere() -> None:
    code = """
import sys
for name in ("experta", "frozendict", "schema"):
    sys.modules[name] = None
import mps_rules as mps
print(mps.evaluate({"saddle_anaesthesia": True}).urgency)
"""
    expected = ["emergency"]

    assert expected == _python(code).splitlines()


def test_a_user_may_put_another_experta_in_the_place_of_the_copy(tmp_path: Path) -> None:
    shutil.copytree(Path(engine.experta.__file__).parent, tmp_path / "my_experta")
    code = f"""
import os, sys
sys.path.insert(0, {str(tmp_path)!r})
os.environ["MPS_RULES_EXPERTA"] = "my_experta"
import mps_rules as mps
from mps_rules.chaining import engine
print(mps.evaluate({{"saddle_anaesthesia": True}}).urgency, engine.experta.__name__, "mps_rules._vendor.experta" in sys.modules)
"""
    expected = ["emergency my_experta False"]

    assert expected == _python(code).splitlines()


def test_another_hash_seed_gives_the_same_bytes() -> None:
    code = f"""
import json, sys
sys.path.insert(0, {str(FOLDER.parent)!r})
from executors import EXECUTORS
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.language.plain import plain
from packs import random_part
from random_packs import seeded
base = load_folders([packaged_rules()])
part = random_part(base, seeded(2))
terrain = terrain_of(base)
for name, executor in EXECUTORS.items():
    for said in json.loads({json.dumps(json.dumps(PATIENTS[2:4]))}):
        of = part if name in ("judge", "rete") else base
        facts = Facts(terrain, read_findings(said, terrain))
        found = executor(of, facts)
        verdicts = [found.verdict(rule.id, subject) for rule in of.rules for subject in facts.subjects(rule.about)]
        print(of.digest, plain(found.derivations), verdicts, [found.concluded(id_) for id_ in of.concluding])
"""
    expected = _python(code, PYTHONHASHSEED="1")

    assert len(expected) > 10_000
    assert expected == _python(code, PYTHONHASHSEED="2")


# --- laws -------------------------------------------------------------------------------------------------------------


def _mirrored(text: str) -> str:
    return text.replace(".left", ".?").replace(".right", ".left").replace(".?", ".right")


@pytest.mark.parametrize(
    "said",
    [
        {"pain": ["low_back.left", "buttock.left", "calf.right"], "pain_map_complete": True, "neuro_exam_normal": True},
        {"pain": ["neck_posterior.right", "sacrum", "thumb.left"], "pain_dull_deep_ache": True},
        {
            "pain": ["shoulder.right", "thigh_posterior"],
            "exam": [
                {"muscle": "infraspinatus", "side": "right", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}
            ],
        },
    ],
)
def test_a_mirrored_patient_gets_the_mirrored_answer(packaged: Chaining, said: dict[str, Any]) -> None:
    swap = {"left": "right", "right": "left"}
    mirror = {**said, "pain": [_mirrored(entry) for entry in said["pain"]]}
    if "exam" in said:
        mirror["exam"] = [{**entry, "side": swap[entry["side"]]} for entry in said["exam"]]
    there, back = packaged(said), packaged(mirror)

    assert {(one.rule, _mirrored(one.subject)) for one in there.derivations} == {(one.rule, one.subject) for one in back.derivations}


def test_every_muscle_is_answered_for_itself(kb: KnowledgeBase, facts_of: FactsOf) -> None:
    facts = facts_of({"pain": ["low_back.left"]})
    found, expected = engine.chain(kb, facts), reference.chain(kb, facts)

    asked = [(one.id, muscle) for one in kb.rules if one.about == "muscle" for muscle in facts.subjects("muscle")]

    assert len(asked) > 1000
    assert [expected.verdict(*one) for one in asked] == [found.verdict(*one) for one in asked]


def test_what_nobody_asked_about_is_unknown_and_not_an_error(packaged: Chaining) -> None:
    found = packaged({})

    assert found.verdict("no.such_rule") is None
    assert found.verdict(packaged.base.rules[0].id, "no_such_muscle.left") is None
    assert found.concluded("no_such_conclusion") is None


def test_an_empty_pack_concludes_nothing(small: KnowledgeBase, chain: Executor) -> None:
    found = chain(small, _patient(small, fever=True))

    assert found.derivations == ()
    assert found.concluded("ill") is None
