"""How an answer was reached, as a graph, a drawing, and Mermaid text."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import mps_rules as mps
from mps_rules.answer.values import Assessment
from mps_rules.language.reading import read_text

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(name: str) -> Assessment:
    path = EXAMPLES / f"{name}.yaml"
    findings: Any = read_text(path.read_text(encoding="utf-8"), path.name).data
    return mps.evaluate(findings)


@pytest.fixture(scope="module")
def facet() -> Assessment:
    return example("facet_label")


def test_the_graph_has_every_rule_that_fired_and_no_circle(facet: Assessment) -> None:
    graph = facet.derivation_graph()

    assert {d.rule for d in facet.trace} == {id_ for kind, id_ in graph if kind == "rule"}
    assert nx.is_directed_acyclic_graph(graph)
    assert all(data["label"] for _, data in graph.nodes(data=True))


def test_every_rule_stands_on_something_and_leads_to_something(facet: Assessment) -> None:
    graph = facet.derivation_graph()
    rules = [node for node in graph if node[0] == "rule"]

    assert rules
    assert all(any(p[0] != "reference" for p in graph.predecessors(rule)) for rule in rules)
    assert all(any(p[0] == "reference" for p in graph.predecessors(rule)) for rule in rules)


def test_the_drawing_of_a_hypothesis_reaches_back_to_the_palpation(facet: Assessment) -> None:
    root = ET.fromstring(facet.derivation_svg("myofascial_pain"))  # noqa: S314 - our own drawing
    words = " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))

    assert "Gluteus medius (left): taut band" in words
    assert "Myofascial pain: probable" in words
    assert "[FDP2018, BMC2023]" in words


def test_left_to_itself_the_drawing_shows_the_alerts(facet: Assessment) -> None:
    drawn = example("cauda_equina").derivation_svg()

    assert "EMERGENCY: Possible cauda equina" in drawn
    assert "EMERGENCY" not in facet.derivation_svg()


def test_no_two_boxes_of_a_drawing_overlap(facet: Assessment) -> None:
    root = ET.fromstring(facet.derivation_svg())  # noqa: S314 - our own drawing
    boxes = [
        tuple(float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        for rect in root.iter("{http://www.w3.org/2000/svg}rect")
        if rect.attrib.get("class", "").startswith("box")
    ]

    assert len(boxes) > 10
    for i, (x1, y1, w1, h1) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[i + 1 :]:
            assert x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1


@pytest.mark.parametrize("name", ["arm_pain", "cauda_equina", "facet_label", "widespread_pain"])
def test_a_drawing_is_narrow_and_tells_its_conclusion_first(name: str) -> None:
    root = ET.fromstring(example(name).derivation_svg())  # noqa: S314 - our own drawing
    first = next(root.iter("{http://www.w3.org/2000/svg}text"))

    assert float(root.attrib["width"]) <= 1200
    assert "head" == first.get("class")
    assert (first.text or "")[:20] in (root.findtext("{http://www.w3.org/2000/svg}title") or "")


def test_what_is_said_of_many_muscles_alike_is_said_once_with_their_number() -> None:
    drawn = example("arm_pain").derivation_svg()
    boxes = " ".join(ET.fromstring(drawn).itertext()).split("svg {")[-1]  # noqa: S314 - our own drawing

    assert re.search(r"\d\d muscles: its referral", boxes)
    assert 30 > drawn.count('class="box')


def test_no_two_drawings_share_an_id(facet: Assessment) -> None:
    drawings = [facet.derivation_svg(), example("arm_pain").derivation_svg()]
    ids = [re.findall(r'\sid="([^"]+)"', one) for one in drawings]

    assert [1, 1] == [len(set(own)) for own in ids]
    assert ids[0] != ids[1]
    for own, one in zip(ids, drawings, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", one)) == set(own)


def test_mermaid_text_names_every_node_that_it_joins(facet: Assessment) -> None:
    lines = facet.derivation_mermaid().splitlines()
    declared = {line.split("[")[0].split("(")[0].split("{")[0].strip() for line in lines if '"' in line and "-->" not in line}
    joined = {end.strip() for line in lines if "-->" in line for end in (line.split("-->")[0], line.split("|")[-1].split("-->")[-1])}

    assert "flowchart LR" == lines[0]
    assert joined
    assert joined <= declared


def test_a_conclusion_that_was_not_drawn_is_refused_with_the_closest_word(facet: Assessment) -> None:
    with pytest.raises(mps.FindingError) as caught:
        facet.derivation_svg("myofascial_pian")

    assert "myofascial_pain" == caught.value.faults[0].closest
