"""The referral graph drawn on the body: every muscle at its place, every line to where it sends pain."""

import math
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

import mps_rules as mps
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.patient.facts import terrain_of
from mps_rules.views import network
from mps_rules.views.figure import figure
from mps_rules.views.network import Layout, laid_out

LARGEST = 60_000
"""Characters of a picture that a notebook may show."""


@pytest.fixture(scope="module")
def whole(kb: KnowledgeBase) -> Layout:
    return laid_out(kb, list(kb.vocabulary.muscles), "left")


def test_every_muscle_that_the_figure_shows_has_a_place_of_its_own(whole: Layout, kb: KnowledgeBase) -> None:
    drawn = {shape.region for view in figure().views.values() for shape in view.shapes}
    shown = {m.id for m in kb.vocabulary.muscles.values() if drawn & set(m.lies_in)}
    spots = [node.at for node in whole.nodes]

    assert shown == {node.muscle for node in whole.nodes}
    assert len(spots) == len(set(spots))
    assert min(math.dist(one, other) for n, one in enumerate(spots) for other in spots[:n]) > 4


def test_a_muscle_stands_where_it_lies_and_its_lines_end_where_it_sends_pain(whole: Layout, kb: KnowledgeBase) -> None:
    places = {(stand, shape.region): shape for stand in whole.stands for shape in stand.view.shapes if shape.side != "right"}

    def regions_at(point: tuple[float, float]) -> set[str]:
        found = set()
        for (stand, region), shape in places.items():
            back = ((point[0] - stand.at[0]) / stand.scale + stand.view.box[0], (point[1] - stand.at[1]) / stand.scale + stand.view.box[1])
            if shape.path.contains(back):
                found.add(region)
        return found

    for node in whole.nodes:
        assert regions_at(node.at) & set(kb.vocabulary.muscles[node.muscle].lies_in), node
    graph: nx.MultiDiGraph[tuple[str, str]] = mps.referral_map(kb).graph
    sent = {(one[1], to[1]) for one, to, key in graph.edges(keys=True) if key == "refers_to"}
    labels = {(line.node.muscle, line.where.partition(",")[0]) for line in whole.lines}
    assert {(m, mps.api.load().vocabulary.regions[r].label.lower().partition(",")[0]) for m, r in sent} == {
        (m, w.lower()) for m, w in labels
    }


@pytest.mark.parametrize("of", [None, "soleus", "gluteus_minimus", ["piriformis", "low_back"], "low_back", "thumb", "head"])
def test_the_picture_is_small_well_formed_and_the_same_each_time(of: str | list[str] | None) -> None:
    svg = mps.plot_referrals(of)
    ET.fromstring(svg)  # noqa: S314 - our own

    assert svg == mps.plot_referrals(of)
    assert len(svg) < LARGEST
    assert svg == svg._repr_svg_()


def test_of_a_place_only_what_leads_there_is_drawn(kb: KnowledgeBase) -> None:
    senders = {m for m, side in terrain_of(kb).referral.muscles_referring_to("low_back", "left") if side == "left"}
    svg = mps.plot_referrals("low_back", kb=kb)

    assert svg.startswith("<svg")
    assert "What sends pain to: low back (lumbar)" in svg
    told = re.search(r"(\d+) muscles, (\d+) lines", svg)
    assert told
    assert len(senders) == int(told[1])
    for muscle in senders:
        assert kb.vocabulary.muscles[muscle].label in svg


def test_sides_are_mirror_images(kb: KnowledgeBase) -> None:
    left, right = (laid_out(kb, ["soleus"], side) for side in ("left", "right"))
    (stand,) = [stand for stand in left.stands if stand.view.id == "back"]
    middle = stand.on_page((0, 0))[0]

    assert left.nodes[0].at[0] < middle < right.nodes[0].at[0]
    assert math.isclose(middle - left.nodes[0].at[0], right.nodes[0].at[0] - middle, abs_tol=network.STEP)


def test_words_that_name_nothing_are_all_told_with_the_closest() -> None:
    with pytest.raises(mps.FindingError) as raised:
        mps.plot_referrals(["solus", "low_bak"], "lefft")

    assert ["soleus", "low_back", "left"] == [fault.closest for fault in raised.value.faults]


def test_on_axes_of_matplotlib_the_same_muscles_and_lines_are_drawn(kb: KnowledgeBase) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is absent").use("Agg")
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    layout = laid_out(kb, list(kb.vocabulary.groups["gluteus_minimus"]), "left")

    assert ax is mps.plot_referrals("gluteus_minimus", kb=kb, ax=ax)
    assert [entry.text for entry in layout.key] == [text.get_text().partition(" ")[2] for text in ax.get_legend().get_texts()]
    unfilled = [patch for patch in ax.patches if not patch.get_fill()]
    assert len(layout.lines) == len(unfilled)


def test_drawing_svg_needs_no_matplotlib() -> None:
    code = "import sys; sys.modules['matplotlib'] = None\nimport mps_rules as mps; print(mps.plot_referrals('soleus')[:4])"
    assert "<svg" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
