"""The interview asks until nothing could change the answer, takes don't know for an answer, and can be left and taken up again."""

import json
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import mps_rules as mps
from charts import chart, vignettes
from mps_rules.answer.values import Assessment
from mps_rules.authoring.vignettes import Vignette
from mps_rules.command import terminal
from mps_rules.command.cli import main
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, URGENCIES
from mps_rules.language import conditions as c
from mps_rules.language.reading import read_text, read_yaml
from mps_rules.patient.findings import read_findings
from mps_rules.turns import Turn, interview, next_question, so_far
from packs import SMALL, Layer, rule, written
from random_packs import seeded
from simulated import ended, guided, shown, truth
from simulated import read as facts_read

EXAMPLES = Path(__file__).parents[1] / "examples"
Load = Callable[..., KnowledgeBase]
BACK: dict[str, Any] = {"age_years": 45, "pain": ["low_back.left"]}


# --- the generator ----------------------------------------------------------------------------------------------------


def turns(said: dict[str, Any], kb: KnowledgeBase, most: int, answer: Any = None) -> list[Turn]:
    """The first turns of an interview in which every yes/no finding is answered alike."""
    talk = interview(kb, said, to_the_end=True)
    found = [next(talk)]
    while len(found) < most:
        found.append(
            talk.send({at: answer for at in found[-1].addresses if at in kb.vocabulary.terms and kb.vocabulary.terms[at].kind == "boolean"})
        )
    return found


def test_the_first_question_is_the_most_useful_one(kb: KnowledgeBase) -> None:
    turn = next(interview(kb, BACK))
    assessment = mps.evaluate(BACK, kb)

    assert assessment == turn.assessment
    assert assessment.questions[0] == turn.question
    assert turn.question.terms == turn.addresses


def test_a_finding_that_was_passed_over_is_not_asked_again(kb: KnowledgeBase) -> None:
    found = turns(BACK, kb, 25)
    asked = [(turn.question.subject, term) for turn in found for term in turn.question.terms]

    assert len(set(asked)) == len(asked)
    assert all(turn.assessment == found[0].assessment for turn in found)


def test_no_answer_at_all_is_dont_know(kb: KnowledgeBase) -> None:
    talk = interview(kb, BACK)
    first = next(talk)
    second = next(talk)
    third = talk.send({})

    assert first.assessment == second.assessment == third.assessment
    assert not {*first.addresses} & {*second.addresses}
    assert not {*second.addresses} & {*third.addresses}


def test_answers_are_what_is_known_in_the_next_turn(kb: KnowledgeBase) -> None:
    talk = interview(kb, BACK)
    first = next(talk)
    second = talk.send({first.addresses[0]: False, first.addresses[1]: None})
    expected = mps.evaluate({**BACK, first.addresses[0]: False}, kb)

    assert expected == second.assessment
    assert first.addresses[1] not in second.addresses


def test_answers_to_what_was_not_asked_are_taken_too(kb: KnowledgeBase) -> None:
    talk = interview(kb, BACK)
    next(talk)
    turn = talk.send({"fever": False, "buttock.left": True, "gluteus_medius.left.taut_band": True})

    assert mps.evaluate({**BACK, "pain": ["low_back.left", "buttock.left"], "fever": False,
                         "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True}]}, kb) == turn.assessment  # fmt: skip


def test_an_answer_that_cannot_be_taken_is_a_finding_error(kb: KnowledgeBase) -> None:
    talk = interview(kb, BACK)
    next(talk)
    with pytest.raises(FindingError):
        talk.send({"fever": "perhaps"})


def test_findings_that_cannot_be_read_are_a_finding_error(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError):
        next(interview(kb, {"fevr": True}))


def test_an_interview_is_left_and_taken_up_again(kb: KnowledgeBase) -> None:
    first = turns(BACK, kb, 4, answer=False)
    kept = json.loads(json.dumps(so_far(first[-1].assessment)))
    again = next(interview(kb, kept))

    assert first[-1].assessment == again.assessment
    assert first[-1].question == again.question


ASKING: Layer = {
    "asking.yaml": """\
asking:
  weights:
    flag: {emergency: 8.0, urgent: 3.0, soon: 0.5}
    open: 2.0
    anywhere: 0.25
    argument: {strong: 2.0, moderate: 1.0, weak: 0.25}
    status: 1.0
    leading: 3.0
    rule_asks: 2.0
    muscle: 2.0
    cost: {asked: 1.0, examined: 1.5, tested: 4.0, imaged: 6.0}
  steps:
    - {id: heat, label: "Chest and heat", terms: [fever, cough]}
    - {id: words, label: Words, terms: [quality, onset]}
    - {id: numbers, label: Numbers, terms: [temperature]}
"""
}
ALERT = "[alert: {id: rf_x, label: X, urgency: emergency, condition: infection, act_within: now, action: Go., regions: [low_back]}]"
SUPPORT = "[support: {hypothesis: muscle_pain, strength: strong}]"


@pytest.fixture
def base(load: Load) -> KnowledgeBase:
    """A red flag of two findings, and two arguments: a word, and a number."""
    return load(
        ASKING,
        rule("shelf.flag", when="{trigger: {any: [fever, cough]}}", then=ALERT),
        rule("shelf.word", when="{quality: [dull]}", then=SUPPORT),
        rule("shelf.number", when="{onset: [slow]}", then="[support: {hypothesis: muscle_pain, strength: moderate}]"),
        rule("shelf.cold", when="{temperature: {below: 34}}", then="[oppose: {hypothesis: muscle_pain, strength: weak}]"),
    )


def test_the_interview_ends_with_the_assessment_once_enough_was_asked(base: KnowledgeBase) -> None:
    talk = interview(base, {})
    turn = next(talk)
    with pytest.raises(StopIteration) as ended:
        talk.send({"fever": False, "cough": False})
    assessment = ended.value.value

    assert "heat" == turn.question.step
    assert assessment.should_stop
    assert (
        "Nothing alarming found; asked for 1 emergency or urgent cause that can present here; none is left unasked."
        == assessment.stop_reason
    )


def test_an_interview_in_which_nothing_is_answered_ends_too_and_clears_nothing(base: KnowledgeBase) -> None:
    talk = interview(base, {})
    next(talk)
    with pytest.raises(StopIteration) as ended:
        talk.send({})

    assert not ended.value.value.should_stop
    assert ("fever", "cough") == ended.value.value.outstanding


def test_to_the_end_it_settles_the_lead_too(base: KnowledgeBase) -> None:
    talk = interview(base, {}, to_the_end=True)
    turn = next(talk)
    asked = []
    try:
        while True:
            asked.append(turn.question.step)
            turn = talk.send({"fever": False, "cough": False} if turn.question.step == "heat" else {"quality": ["dull"], "onset": "slow"})
    except StopIteration as end:
        assessment: Assessment = end.value

    assert ["heat", "words"] == asked[:2]
    assert assessment.should_stop
    assert "muscle_pain" == assessment.hypotheses[0].id


def test_to_the_end_it_asks_everything_that_is_open(base: KnowledgeBase) -> None:
    talk = interview(base, {"fever": True}, to_the_end=True)
    turn = next(talk)
    asked: list[str] = []
    try:
        while True:
            asked += turn.addresses
            turn = next(talk)
    except StopIteration as end:
        assessment: Assessment = end.value

    assert next_question(assessment.questions, {("patient", term) for term in asked}) is None
    assert {"quality", "onset", "temperature"} <= set(asked)


def test_an_interview_with_nothing_to_ask_ends_at_once(small: KnowledgeBase) -> None:
    with pytest.raises(StopIteration) as ended:
        next(interview(small, {"fever": True}))

    assert mps.evaluate({"fever": True}, small) == ended.value.value


# --- at the terminal --------------------------------------------------------------------------------------------------


def talk_of(
    base: KnowledgeBase, findings: dict[str, Any], lines: Iterable[str]
) -> tuple[Assessment | None, dict[str, Any], str, list[str]]:
    """What an interview at the terminal gives to these lines: the assessment or what is known on leaving, all that was shown, the prompts."""
    out, prompts, answers = StringIO(), list[str](), iter(lines)

    def read(prompt: str) -> str:
        prompts.append(prompt)
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    console = Console(file=out, highlight=False, soft_wrap=True, width=200)
    try:
        assessment = terminal.run(base, findings, console, read, to_the_end=True)
    except terminal.Left as left:
        return None, left.findings, out.getvalue(), prompts
    return assessment, so_far(assessment), out.getvalue(), prompts


def test_numbers_answer_and_enter_is_dont_know(base: KnowledgeBase) -> None:
    assessment, known, shown_, prompts = talk_of(base, {}, ["2", "2", "1", "2", *[""] * 20])

    assert assessment is not None
    assert {"fever": False, "cough": False, "quality": {"dull": True}, "onset": {"slow": True, "sudden": False}} == known
    assert "muscle_pain" == assessment.hypotheses[0].id
    assert "  fever [1 present, 2 absent, Enter don't know] " == prompts[0]
    assert "  words [1 dull, 2 sharp, 3 burning, Enter don't know] " == prompts[2]
    assert "Chest and heat" in shown_
    assert "Why: " in shown_


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["yes", "no"], {"fever": True, "cough": False}),
        (["P", " A "], {"fever": True, "cough": False}),
        (["y", "n"], {"fever": True, "cough": False}),
        (["present", "absent"], {"fever": True, "cough": False}),
        (["", "1"], {"cough": True}),
        (["3", "?"], {}),
        (["1", "s"], {"fever": True}),
        (["s"], {}),
        (["x", "7", "maybe", "1", "2"], {"fever": True, "cough": False}),
    ],
)
def test_each_way_of_answering_a_step(lines: list[str], expected: dict[str, Any], base: KnowledgeBase) -> None:
    _, known, _, _ = talk_of(base, {}, [*lines, "q"])

    assert expected == known


def test_several_words_are_several_numbers(base: KnowledgeBase) -> None:
    _, known, _, _ = talk_of(base, {"fever": False, "cough": False}, ["1, 3", "q"])

    assert {"fever": False, "cough": False, "quality": {"dull": True, "burning": True}} == known


def test_wrong_input_is_asked_again_and_says_what_fits(base: KnowledgeBase) -> None:
    _, known, shown_, prompts = talk_of(base, {}, ["perhaps", "2", "2", "9", "1,x", "1", "", "q"])

    assert {"fever": False, "cough": False} == {key: known[key] for key in ("fever", "cough")}
    assert prompts[0] == prompts[1]
    assert "1 for present, 2 for absent, Enter for don't know, s to skip the step, q to leave" in shown_
    assert "a number from 1 to 3, or several with commas" in shown_


def test_a_number_is_asked_in_its_unit_and_may_be_refused(base: KnowledgeBase) -> None:
    said = {"fever": False, "cough": False}
    _, known, shown_, prompts = talk_of(base, said, ["", "1", "400", "x", "36.5", "q"])

    assert 3 == prompts.count(prompts[2])
    assert prompts[2].startswith("  temperature, in ")
    assert "That cannot be taken: temperature: " in shown_
    assert {**said, "onset": {"sudden": True, "slow": False}, "temperature": 36.5} == known


def test_a_step_that_was_answered_wrongly_is_asked_again_and_no_other(base: KnowledgeBase) -> None:
    _, _, _, prompts = talk_of(base, {"rash": True}, ["", "", "", "1", "400", "", "q"])

    assert ["  fever", "  cough"] == [prompt.partition(" [")[0] for prompt in prompts[:2]]
    assert 1 == sum(prompt.startswith("  fever") for prompt in prompts)


def test_leaving_keeps_what_earlier_steps_said(base: KnowledgeBase) -> None:
    assessment, known, _, _ = talk_of(base, {}, ["2", "2", "q"])

    assert assessment is None
    assert {"fever": False, "cough": False} == known


def test_leaving_keeps_the_step_just_begun_as_far_as_it_can_be_taken(base: KnowledgeBase) -> None:
    talks = [talk_of(base, {"fever": False, "cough": False}, [*lines, "q"]) for lines in (["2"], ["2", "1", "400"])]

    assert {"cough": False, "fever": False, "quality": {"sharp": True}} == talks[0][1]
    assert 400 not in talks[1][1].values()


def test_the_end_of_the_input_is_leaving(base: KnowledgeBase) -> None:
    assessment, known, _, _ = talk_of(base, {"rash": True}, [])

    assert assessment is None
    assert {"rash": True} == known


def test_red_flags_are_shown_while_answers_come_in(base: KnowledgeBase) -> None:
    _, _, shown_, _ = talk_of(base, {}, ["1", "2", "q"])

    assert "RAISED, emergency: X" in shown_


def test_findings_that_cannot_be_read_end_it(base: KnowledgeBase) -> None:
    with pytest.raises(FindingError):
        talk_of(base, {"fevr": True}, [])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"fever": False, "cough": False, "quality": ["dull"], "onset": "slow"}, "Nothing alarming found; asked for 1 emergency or urgent cause that can present here; none is left unasked."),
        ({"quality": ["dull"]}, "Nothing more to ask that has not been put; what was left unanswered could still change the answer: not cleared are infection."),
    ],
)  # fmt: skip
def test_the_closing_line_says_whether_anything_could_change(said: dict[str, Any], expected: str, base: KnowledgeBase) -> None:
    assert expected == terminal.closing(mps.evaluate(said, base))


# --- the command ------------------------------------------------------------------------------------------------------


def ask(*arguments: str | Path, lines: Iterable[str]) -> Result:
    result = CliRunner().invoke(main, ["ask", "--to-the-end", *map(str, arguments)], input="".join(f"{line}\n" for line in lines))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(
        tmp_path / "rules",
        SMALL,
        ASKING,
        rule("shelf.flag", when="{trigger: {any: [fever, cough]}}", then=ALERT),
        rule("shelf.word", when="{quality: [dull]}", then=SUPPORT),
    )


def test_the_command_asks_and_prints_the_assessment(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.yaml"
    result = ask("--rules", folder, "--out", out, lines=["2", "2", "1"])

    assert 0 == result.exit_code
    assert "Nothing alarming found; asked for 1 emergency or urgent cause that can present here" in " ".join(result.stdout.split())
    assert {"fever": False, "cough": False, "quality": {"dull": True}} == read_yaml(out.read_text(encoding="utf-8"), "kept").data


def test_the_command_is_left_and_the_file_taken_up_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.yaml"
    left = ask("--rules", folder, "--out", out, lines=["2", "", "q"])
    kept = read_yaml(out.read_text(encoding="utf-8"), "kept").data
    resumed = ask(out, "--rules", folder, "--out", out, lines=["2", "1"])

    assert (0, {"fever": False}) == (left.exit_code, kept)
    assert "Urgency" not in left.stdout
    assert 0 == resumed.exit_code
    assert {"fever": False, "cough": False, "quality": {"dull": True}} == read_yaml(out.read_text(encoding="utf-8"), "kept").data


def test_the_command_ends_where_the_input_ends(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept.yaml"
    result = ask("--rules", folder, "--out", out, lines=["1"])

    assert 0 == result.exit_code
    assert {"fever": True} == read_yaml(out.read_text(encoding="utf-8"), "kept").data


def test_the_command_answers_a_wrong_file_with_faults(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "patient.yaml"
    path.write_text("fevr: true\n", encoding="utf-8")
    result = ask(path, "--rules", folder, lines=[])

    assert 2 == result.exit_code
    assert result.stderr.startswith("error: fevr: no finding 'fevr'")


def test_the_packaged_rules_can_be_asked_too(tmp_path: Path) -> None:
    path, out = tmp_path / "patient.yaml", tmp_path / "kept.yaml"
    path.write_text("age_years: 45\npain: [low_back.left]\n", encoding="utf-8")
    result = ask(path, "--out", out, lines=["1", "s", "q"])
    kept = read_yaml(out.read_text(encoding="utf-8"), "kept").data

    assert "Bladder, bowel and saddle" in result.stdout
    assert "RAISED, emergency: Possible cauda equina syndrome" in result.stdout
    assert "emergency" == mps.evaluate(kept).urgency


# --- simulated --------------------------------------------------------------------------------------------------------

EMERGENCIES, OTHERS = 14, 11
WITHIN = 8
LATER: dict[str, int] = {
    "Man of 49 with waves of left flank pain from a known stone": 9,
    "Man of 70, prostate cancer, band-like mid-back pain": 10,
    "Retired printer of 71, sudden left flank and back pain": 9,
}
"""Vignettes of an emergency that take more than eight questions to be found, and how many."""


@pytest.fixture(scope="module")
def sampled(kb: KnowledgeBase) -> tuple[list[Vignette], list[Vignette]]:
    """Twenty-five vignettes: those of an emergency, and others."""
    random = seeded(91)
    mixed = random.sample(vignettes(), len(vignettes()))
    emergencies = [one for one in mixed if one.expect.urgency == ("emergency",)][:EMERGENCIES]
    others = [one for one in mixed if "emergency" not in one.expect.urgency][:OTHERS]
    return [one for one in emergencies if mps.evaluate(chart(one), kb).urgency == "emergency"], others


def test_every_emergency_is_found_within_eight_questions_or_named(
    sampled: tuple[list[Vignette], list[Vignette]], kb: KnowledgeBase
) -> None:
    assert EMERGENCIES - 2 <= len(sampled[0])
    for one in sampled[0]:
        most = next((number for start, number in LATER.items() if one.vignette.startswith(start)), WITHIN)
        found = guided(chart(one), kb, most)

        assert found.urgency is not None, (one.vignette, found.steps)
        assert found.urgency <= most


SPECIFIC = {
    "heel": ({"age_years": 46, "sex_at_birth": "female", "pain": ["heel.left"]}, {"foot_exam", "weight_bearing", "leg_loading"}),
    "jaw": ({"age_years": 35, "sex_at_birth": "female", "pain": ["tmj.left", "jaw.left"]}, {"throat_ear_exam", "neck_jaw_arm"}),
    "headache": ({"age_years": 58, "sex_at_birth": "female", "pain": ["temple.left"]}, {"head_sudden", "headache"}),
    "headache of the young": ({"age_years": 30, "sex_at_birth": "female", "pain": ["occiput"]}, {"head_sudden", "headache"}),
}
"""Complaints, and the steps that are about nothing else."""


@pytest.mark.parametrize("complaint", SPECIFIC)
def test_the_first_questions_are_about_the_complaint_and_the_interview_ends_within_ten(complaint: str, kb: KnowledgeBase) -> None:
    said, specific = SPECIFIC[complaint]
    found = ended(said, kb, 30)

    assert specific & {step for step, _ in found.steps[:3]}
    assert len(found.steps) <= 10
    assert found.stopped
    assert found.last.stop_reason.startswith("Nothing alarming found; asked for ")


def test_plain_back_pain_with_everything_denied_ends_after_at_most_ten_steps(kb: KnowledgeBase) -> None:
    said = read_text((EXAMPLES / "simple_back_pain.yaml").read_text(encoding="utf-8"), "simple_back_pain.yaml").data
    found = ended(said, kb, 30)

    assert "bladder_bowel_saddle" == found.steps[0][0]
    assert len(found.steps) <= 10
    assert ("none", "complete") == (found.last.urgency, found.last.screening)
    assert "Nothing alarming found; asked for " in found.last.text().splitlines()[0]


def test_no_interview_that_ends_by_itself_has_missed_what_is_urgent(
    sampled: tuple[list[Vignette], list[Vignette]], kb: KnowledgeBase
) -> None:
    tried = 0
    for one in (*sampled[0][:4], *sampled[1][:8]):
        found, full = ended(chart(one), kb, 60), mps.evaluate(chart(one), kb)
        tried += found.stopped

        assert not found.stopped or full.urgency not in PRESSING or found.last.urgency in PRESSING, one.vignette
    assert tried > 5


def test_no_interview_raises_what_the_full_chart_does_not(sampled: tuple[list[Vignette], list[Vignette]], kb: KnowledgeBase) -> None:
    order = (*URGENCIES, "none")
    assert sampled[1]
    for one in sampled[1]:
        found, full = guided(chart(one), kb, WITHIN), mps.evaluate(chart(one), kb)

        assert order.index(found.last.urgency) >= order.index(full.urgency), one.vignette
        raised = {alert.id for alert in found.last.alerts if alert.status == "raised" and not alert.graded}
        assert raised <= {alert.id for alert in full.alerts}, one.vignette


def test_the_same_patient_is_asked_the_same_way(sampled: tuple[list[Vignette], list[Vignette]], kb: KnowledgeBase) -> None:
    assert all(sampled)
    for one in (*sampled[0][:3], *sampled[1][:2]):
        first, second = (guided(chart(one), kb, 6) for _ in range(2))

        assert (first.steps, first.last) == (second.steps, second.last), one.vignette


def test_what_the_chart_says_can_be_answered(sampled: tuple[list[Vignette], list[Vignette]], kb: KnowledgeBase) -> None:
    assert any(sampled)
    for one in (*sampled[0], *sampled[1]):
        facts = facts_read(chart(one), kb)
        found = read_findings(shown(chart(one)), facts.terrain)

        assert not found.exam
        assert not found.labels
        assert all(truth(facts, term) is not None for term in facts.given), one.vignette


@pytest.mark.parametrize(("age", "half"), [(17, 0), (60, 1)])
def test_every_red_flag_of_a_region_is_asked_for_in_an_interview_about_pain_there(age: int, half: int, kb: KnowledgeBase) -> None:
    flags = {one.alert.id: one for one in kb.rules if one.alert and not one.open_alert}
    found = 0
    regions = list(dict.fromkeys(region for one in flags.values() for region in (one.alert.regions if one.alert else ())))
    for region in regions[half::2]:
        known = {"age_years": age, "pain": [region]}
        asked = set(_asked_of(known, kb))
        for flag in (flags[one.id] for one in mps.evaluate(known, kb).unscreened):
            read = {part.term for part in c.walk(flag.trigger or flag.when) if isinstance(part, c.Present | c.Words | c.Compare)}
            found += bool(read)

            assert not read or read & asked or flag.asks_for_a_cluster, (flag.id, region)

    assert found > len(flags) / 2


def _asked_of(known: dict[str, Any], kb: KnowledgeBase) -> Iterator[str]:
    """Everything that an interview asks of somebody who does not know any of it."""
    for turn in interview(kb, known, to_the_end=True):
        yield from turn.question.terms


# --- mistakes ---------------------------------------------------------------------------------------------------------

SWAPPED: Any = {"age_years": 45}


def test_one_bad_answer_does_not_end_an_interview(kb: KnowledgeBase) -> None:
    talk = interview(kb, BACK)
    first = next(talk)

    for bad in ({first.addresses[0]: "rubbish"}, {"fevr": True}, ["yes"]):
        with pytest.raises(FindingError):
            talk.send(bad)  # type: ignore[arg-type]

        assert talk.turn is first

    second = talk.send({first.addresses[0]: False})
    assert set(first.addresses).isdisjoint(second.addresses)


def test_answers_before_anything_was_asked_are_not_swallowed(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match="nothing has been asked yet"):
        interview(kb, BACK).send({"fever": True})


def test_an_interview_is_left_as_a_generator_is(kb: KnowledgeBase) -> None:
    talk = interview(kb, BACK)
    next(talk)
    talk.close()

    assert talk.turn is None


@pytest.mark.parametrize(
    ("call", "advice"),
    [
        (lambda _: interview(SWAPPED), "findings are the second argument"),
        (lambda kb: interview(SWAPPED, kb), "findings are the second argument"),
        (lambda kb: mps.evaluate(kb, SWAPPED), "findings come first"),
    ],
)
def test_arguments_that_are_swapped_are_told_so(call: Callable[[Any], object], advice: str, kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError, match=advice):
        call(kb)
