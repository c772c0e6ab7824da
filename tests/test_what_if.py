"""What if: another assessment, the difference in words, and the first one as it was; what rests on one doubtful sign."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import mps_rules as mps
from charts import chart, sample
from mps_rules.answer.values import Difference
from mps_rules.command.cli import main
from mps_rules.errors import FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from packs import rule
from test_evaluate import example

Load = Callable[..., KnowledgeBase]
BACK = {"age_years": 45, "pain": ["low_back.left"], "pain_dull_deep_ache": True}
BAND = "gluteus_medius.left.taut_band"


def test_what_is_supposed_is_what_the_changed_findings_would_give(kb: KnowledgeBase) -> None:
    found = mps.evaluate(BACK, kb).what_if({"saddle_anaesthesia": True, "buttock.left": True, BAND: True, "labels.facet_syndrome": True})
    expected = mps.evaluate(
        {
            **BACK,
            "saddle_anaesthesia": True,
            "pain": ["low_back.left", "buttock.left"],
            "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True}],
            "labels": ["facet_syndrome"],
        },
        kb,
    )

    assert expected == found.assessment


def test_the_first_assessment_stays_as_it_was(kb: KnowledgeBase) -> None:
    said = example("facet_label")
    assessment, again = mps.evaluate(said, kb), mps.evaluate(example("facet_label"), kb)
    before = assessment.to_json()
    assessment.what_if({"saddle_anaesthesia": True, BAND: False, "low_back.left": None})

    assert example("facet_label") == said
    assert again == assessment
    assert before == assessment.to_json()


def test_what_is_supposed_can_be_asked_in_turn(kb: KnowledgeBase) -> None:
    first = mps.evaluate(BACK, kb)
    there = first.what_if({"saddle_anaesthesia": True}).assessment
    back = there.what_if({"saddle_anaesthesia": None})

    assert there.why("rf_cauda_equina").statement
    assert first == back.assessment


def test_no_change_is_no_difference(kb: KnowledgeBase) -> None:
    found = mps.evaluate(BACK, kb).what_if({})

    assert not found.difference
    assert "Nothing changes." == str(found)


def test_a_new_red_flag_is_told_first_with_its_rule(kb: KnowledgeBase) -> None:
    found = mps.evaluate(BACK, kb).what_if({"saddle_anaesthesia": True})
    lines = dict(zip(found.difference.lines, found.difference.rules, strict=True))

    assert "emergency" == found.assessment.urgency
    assert "Urgency: none before, emergency now." == found.difference.lines[0]
    assert "safety.rf_cauda_equina" == lines["Red flag raised: Possible cauda equina syndrome (emergency)."]
    assert any(line.startswith("Leading: ") and line.endswith("; before: Myofascial pain.") for line in found.difference.lines)
    assert str(found) == "\n".join(found.difference.lines)


def test_the_way_back_is_told_too(kb: KnowledgeBase) -> None:
    raised = mps.evaluate({**BACK, "saddle_anaesthesia": True}, kb)
    lines = raised.what_if({"saddle_anaesthesia": False}).difference.lines

    assert "Urgency: emergency before, none now." == lines[0]
    assert "Red flag no longer raised: Possible cauda equina syndrome." in lines
    assert any(line.startswith("Leading: Myofascial pain; before: ") for line in lines)


def test_every_line_names_a_rule_that_exists_or_none(kb: KnowledgeBase) -> None:
    for one in sample(51, 8):
        found = mps.evaluate(chart(one), kb).what_if({"saddle_anaesthesia": None, "pain_dull_deep_ache": None, "fever": None})
        named = {id_ for rules in found.difference.rules for id_ in rules.split(", ") if id_}

        assert len(found.difference.lines) == len(found.difference.rules)
        assert named <= set(kb.by_id)
        assert len(set(found.difference.lines)) == len(found.difference.lines)


ALERT = "[alert: {id: rf_x, label: X, urgency: emergency, condition: infection, act_within: now, action: Go., regions: [low_back]}]"


def test_each_kind_of_difference_has_its_words(load: Load) -> None:
    base = load(
        rule("shelf.flag", when="{trigger: rash, qualifier: cough}", then=ALERT),
        rule("shelf.lead", when="{quality: [dull]}", then="[support: {hypothesis: muscle_pain, strength: strong}]"),
        rule("shelf.warn", when="{onset: [slow]}", then="[caution: {id: slow, text: Slow to come.}]"),
        rule("shelf.rest", when="{onset: [sudden]}", then="[recommend: {kind: examine, text: Look again.}]"),
        rule(
            "shelf.met",
            when="{item: {id: a, label: A, is: fever}}",
            then="[criterion: {id: crit, name: A definition, hypothesis: infection}]",
        ),
    )
    empty = mps.evaluate({}, base)

    def lines(**changes: Any) -> tuple[str, ...]:
        return empty.what_if(changes).difference.lines

    assert lines(rash=True) == ("Red flag open: X (emergency).",)
    assert "Leading: Muscle pain; before: nothing." in lines(quality=["dull"])
    assert "Muscle pain: probable, without arguments before." in lines(quality=["dull"])
    assert "New caution: Slow to come" in lines(onset="slow")
    assert "New advice: Look again" in lines(onset="sudden")
    assert "Definition met: A definition" in lines(fever=True)
    open_ = empty.what_if({"rash": True}).assessment
    assert "Red flag raised, open before: X (emergency)." in open_.what_if({"cough": True}).difference.lines
    slow = empty.what_if({"onset": "slow"}).assessment
    assert {"Caution gone: Slow to come", "New advice: Look again"} <= set(slow.what_if({"onset": "sudden"}).difference.lines)
    met = empty.what_if({"fever": True}).assessment
    assert "Definition no longer met: A definition" in met.what_if({"fever": None}).difference.lines


def test_a_muscle_that_comes_first_is_told(kb: KnowledgeBase) -> None:
    signs = ("taut_band", "hypersensitive_spot", "pain_recognition", "referred_pain_on_pressure")
    found = mps.evaluate(BACK, kb).what_if({f"soleus.left.{sign}": True for sign in signs})

    assert any(line.startswith("Muscles first: ") and "; before: " in line for line in found.difference.lines)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fevr": True, "soleus.left.taut_bnd": True}, ["fevr", "soleus.left.taut_bnd"]),
        ({"fever": "yes"}, ["fever"]),
        ({"fever": False, "body_temperature": 39}, ["fever"]),
        ({"neuro_exam_normal": True, "motor_deficit": True}, ["motor_deficit", "neuro_exam_normal"]),
        ({"age_years": 400}, ["age_years"]),
    ],
)
def test_what_cannot_be_supposed_is_told_with_every_fault(changes: dict[str, Any], expected: list[str], kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate(BACK, kb).what_if(changes)

    assert expected == [fault.where for fault in raised.value.faults]


# --- what rests on one doubtful sign ----------------------------------------------------------------------------------

SIGNS = {"muscle": "gluteus_medius", "side": "left", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}


def test_what_rests_on_the_taut_band_is_told_with_how_examiners_agree(kb: KnowledgeBase) -> None:
    found = mps.evaluate({**BACK, "exam": [SIGNS]}, kb).robustness()
    band = next(one for one in found if one.sign == BAND)

    assert "gluteus medius (left): taut band felt" == band.text
    assert "kappa" in band.agreement
    assert band.change.lines


def test_only_signs_of_poor_agreement_that_were_found_are_listed(kb: KnowledgeBase) -> None:
    terms = kb.vocabulary.terms
    poor = {id_ for id_, term in terms.items() if term.agreement is not None and term.agreement.poor}
    for one in sample(52, 12):
        assessment = mps.evaluate(chart(one), kb)
        signs = {fragile.sign for fragile in assessment.robustness()}
        felt = {
            ".".join(filter(None, (exam.muscle, exam.side, finding.term)))
            for exam in assessment.findings.exam
            for finding in exam.findings
            if finding.value is True and finding.term in poor
        }

        assert signs <= felt
        assert all(fragile.change for fragile in assessment.robustness())


def test_each_line_is_what_the_sign_misjudged_would_change(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate({**BACK, "exam": [SIGNS]}, kb)
    assert assessment.robustness()
    for fragile in assessment.robustness():
        assert assessment.what_if({fragile.sign: False}).difference == fragile.change


def test_what_holds_without_the_sign_is_not_listed(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate({**BACK, "saddle_anaesthesia": True, "exam": [SIGNS]}, kb)

    assert () == assessment.robustness("rf_cauda_equina")
    assert () == assessment.robustness("cauda_equina_syndrome")


def test_of_one_conclusion_only_that_is_told(kb: KnowledgeBase) -> None:
    assessment = mps.evaluate({**BACK, "exam": [SIGNS]}, kb)
    told = [one for one in assessment.robustness("active_trigger_point") if one.sign == BAND]

    assert [Difference] == [type(one.change) for one in told]
    assert all(len(one.change.lines) == 1 and ": does not hold, holds before." in one.change.lines[0] for one in told)


def test_nothing_examined_rests_on_no_sign(kb: KnowledgeBase) -> None:
    assert () == mps.evaluate(BACK, kb).robustness()


def test_an_id_that_nothing_concludes_is_a_finding_error(kb: KnowledgeBase) -> None:
    with pytest.raises(FindingError) as raised:
        mps.evaluate({**BACK, "exam": [SIGNS]}, kb).robustness("fibromyalgja")

    assert "fibromyalgia" == raised.value.faults[0].closest


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "patient.yaml"
    path.write_text("age_years: 45\npain: [low_back.left]\nfever: false\n", encoding="utf-8")
    return path


def test_the_command_takes_addresses_and_values(file: Path) -> None:
    told = run("what-if", file, "saddle_anaesthesia=true", "gluteus_medius.left.taut_band=true", "age_years=50", "fever=unknown")

    assert 0 == told.exit_code
    assert told.stdout.startswith("Urgency: none before, emergency now.\n")


def test_the_command_says_when_nothing_changes(file: Path) -> None:
    assert "Nothing changes.\n" == run("what-if", file, "fever=false").stdout


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("fever", "fever: expected address=value"),
        ("fevr=true", "fevr: names no finding"),
        ("fever=perhaps", "fever: expected true or false"),
        ("fever=[", "fever=[ line "),
    ],
)
def test_the_command_answers_a_mistake_with_a_fault(change: str, expected: str, file: Path) -> None:
    told = run("what-if", file, change)

    assert 2 == told.exit_code
    assert told.stderr.startswith(f"error: {expected}"), told.stderr
