"""Evaluate a patient from Python, read the answer as data, and ask why."""

import mps_rules as mps

findings = {
    "pain": [{"region": "low_back", "side": "left", "intensity": 6}],
    "pain_dull_deep_ache": True,
    "neuro_exam_normal": True,
    "exam": [{"muscle": "gluteus_medius", "side": "left", "taut_band": True, "hypersensitive_spot": True, "pain_recognition": True}],
}

assessment = mps.evaluate(findings)

print("urgency:", assessment.urgency, "| screening:", assessment.screening)
for hypothesis in assessment.hypotheses:
    print(f"{hypothesis.label}: {hypothesis.status}, could be {' to '.join(hypothesis.could_be)}")
print("first muscle:", assessment.muscles[0].label, assessment.muscles[0].side, "-", assessment.muscles[0].path[0])
print("ask next:", assessment.questions[0].text)
print()
print(assessment.why("active_trigger_point"))

try:
    mps.evaluate({"pain": ["lowback.left"], "taut_bnd": True})
except mps.FindingError as error:
    print()
    for fault in error.faults:
        print("fault:", fault)
