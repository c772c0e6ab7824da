"""
How an assessment was reached, as a graph: findings, rules, conclusions and references; drawn in layers, or written for Mermaid.

One node stands for a rule whatever number of muscles it fired for; the muscles are counted in its words.
"""

import hashlib
import textwrap
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from mps_rules.answer.values import Assessment
from mps_rules.chaining.chains import Derivation, Premise
from mps_rules.errors import Fault, FindingError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import Confirm, CriterionMet, Derive, Exclude, GiveCaution, Oppose, RaiseAlert, Recommend, Support
from mps_rules.knowledge.vocabulary import PATIENT

if TYPE_CHECKING:
    import networkx as nx

Node = tuple[str, str]
"""Kind (finding, rule, conclusion, reference) and id."""

_EFFECTS = {Support: "for", Oppose: "against", Confirm: "confirms", Exclude: "excludes"}


def derivation_graph(assessment: Assessment, base: KnowledgeBase) -> "nx.DiGraph[Node]":
    """
    The whole graph: an edge leads from what is known to the rule that reads it, and from a rule to what it concludes.

    Nodes are ``(kind, id)`` with ``label``; edges out of a rule carry ``effect`` (for, against, ...) where they argue.
    """
    import networkx as nx

    graph: nx.DiGraph[Node] = nx.DiGraph()
    fired: dict[str, list[Derivation]] = {}
    for derivation in assessment.trace:
        fired.setdefault(derivation.rule, []).append(derivation)
    for id_, derivations in fired.items():
        _add_rule(graph, base, id_, derivations)
    labels = {hypothesis.id: f"{hypothesis.label}: {hypothesis.status}" for hypothesis in assessment.hypotheses}
    for id_, label in labels.items():
        if graph.has_node(("conclusion", id_)):
            graph.nodes["conclusion", id_]["label"] = label
    return graph


def _add_rule(graph: "nx.DiGraph[Node]", base: KnowledgeBase, id_: str, derivations: list[Derivation]) -> None:
    rule = base.by_id[id_]
    subjects = [d.subject for d in derivations if d.subject != PATIENT]
    about = (
        f" ({base.vocabulary.subject_label(subjects[0])}{f' and {len(subjects) - 1} more' if len(subjects) > 1 else ''})"
        if subjects
        else ""
    )
    graph.add_node(("rule", id_), label=rule.title + about, references=rule.evidence.references, stratum=rule.stratum)
    for premise in dict.fromkeys(p for d in derivations for p in d.because):
        node = _premise_node(premise)
        if not graph.has_node(node):
            graph.add_node(node, label=premise.text)
        graph.add_edge(node, ("rule", id_))
    for reference in rule.evidence.references:
        graph.add_node(("reference", reference), label=base.references[reference].text)
        graph.add_edge(("reference", reference), ("rule", id_))
    for key, label, effect in _concluded(rule.then, base):
        node = ("conclusion", key)
        if not graph.has_node(node) or not graph.nodes[node].get("label"):
            graph.add_node(node, label=label)
        graph.add_edge(("rule", id_), node, effect=effect)


def _premise_node(premise: Premise) -> Node:
    if premise.kind == "conclusion":
        return ("conclusion", premise.id)
    return ("finding", f"{premise.kind}:{premise.id or premise.text}:{premise.subject}")


def _concluded(then: Iterable[Any], base: KnowledgeBase) -> Iterable[tuple[str, str, str]]:
    """What a rule concludes: id, label, and how it argues."""
    words = base.vocabulary
    for conclusion in then:
        match conclusion:
            case Support(id, strength) | Oppose(id, strength):
                yield id, words.suspects[id].label, f"{_EFFECTS[type(conclusion)]}, {strength}"
            case Confirm(id) | Exclude(id):
                yield id, words.suspects[id].label, _EFFECTS[type(conclusion)]
            case Derive(id):
                yield id, words.name("derived", id), ""
            case CriterionMet(id, name):
                yield id, name, ""
            case RaiseAlert(id=id, label=label, urgency=urgency):
                yield id, f"{urgency.upper()}: {label}", ""
                yield f"alert.{urgency}", f"{urgency} red flag", ""
            case GiveCaution(id):
                yield id, f"Caution: {words.name('derived', id)}", ""
            case Recommend(kind, text):
                yield f"{kind}:{text}", f"{kind.replace('_', '-').capitalize()}: {text.partition('{')[0].rstrip(' :,;')}", ""


def _towards(assessment: Assessment, graph: "nx.DiGraph[Node]", id_: str | None) -> "nx.DiGraph[Node]":
    """The part of the graph that leads to a conclusion, or to the alerts and the leading hypothesis; without references."""
    import networkx as nx

    if id_ is None:
        goals = [a.id for a in assessment.alerts if a.status == "raised"] + [h.id for h in assessment.hypotheses[:1] if h.supports]
    else:
        goals = [id_]
        if not graph.has_node(("conclusion", id_)):
            known = [node[1] for node in graph if node[0] == "conclusion"]
            raise FindingError([Fault(id_, "was not concluded for this patient", closest(id_, known))])
    wanted = {node for goal in goals if graph.has_node(("conclusion", goal)) for node in nx.ancestors(graph, ("conclusion", goal))}
    wanted |= {("conclusion", goal) for goal in goals}
    kept: nx.DiGraph[Node] = nx.DiGraph()
    for node in graph:
        if node in wanted and node[0] != "reference":
            kept.add_node(node, **graph.nodes[node])
    kept.add_edges_from((a, b, data) for a, b, data in graph.edges(data=True) if kept.has_node(a) and kept.has_node(b))
    return kept


def mermaid(assessment: Assessment, base: KnowledgeBase, id: str | None = None) -> str:
    """
    What led to a conclusion (left out: the alerts and the leading hypothesis), as Mermaid flowchart text.

    Raises:
        FindingError: nothing of that id was concluded.

    """
    graph = _towards(assessment, derivation_graph(assessment, base), id)
    names = {node: f"n{number}" for number, node in enumerate(graph)}
    shapes = {"finding": ("([", "])"), "rule": ("[", "]"), "conclusion": ("{{", "}}")}
    lines = ["flowchart LR"]
    for node, name in names.items():
        left, right = shapes[node[0]]
        text = graph.nodes[node]["label"].replace('"', "'")
        lines.append(f'  {name}{left}"{escape(text, quote=False)}"{right}')
    for a, b, data in graph.edges(data=True):
        effect = f'|"{data["effect"]}"|' if data.get("effect") else ""
        lines.append(f"  {names[a]} -->{effect} {names[b]}")
    return "\n".join(lines) + "\n"


# --- drawing ----------------------------------------------------------------------------------------------------------

WIDEST = 1200
BOX, GAP, ROW, LINE, MARGIN, HEAD = 250, 60, 14, 15, 24, 34
LETTER = 6.6
"""How wide a letter is, on average."""
LISTED = 7
"""How many lines a box of findings has before it says how many more there are."""
ALIKE = 3
"""So many muscles of which the same is said are counted, and no longer told one by one."""
TIP = "mps-own-tip"
"""The id of the arrow's tip while a picture is drawn; in the end it is one that no other picture has."""

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1c2733",
    "line": "#6b7a89",
    "finding": "#eef3f7",
    "rule": "#ffffff",
    "conclusion": "#dcebf7",
    "alert": "#fbe3dc",
}
_DARK = {
    "paper": "#14191f",
    "ink": "#e6ebf0",
    "line": "#8c9aa8",
    "finding": "#1f2831",
    "rule": "#14191f",
    "conclusion": "#1d3a52",
    "alert": "#53291f",
}


def _coloured(colours: Mapping[str, str]) -> str:
    fills = "".join(f" .{name} {{ fill: {colours[name]}; }}" for name in ("paper", "finding", "rule", "conclusion", "alert"))
    return f"text {{ fill: {colours['ink']}; }}{fills} .box, .edge {{ stroke: {colours['line']}; }} .edge {{ fill: none; }}"


_STYLE = f"""
  text {{ font: 12px/1.2 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }}
  .small {{ font-size: 10px; }} .head {{ font-size: 15px; font-weight: 600; }}
  .box {{ stroke-width: 1; }} .edge {{ stroke-width: 1.2; }} .against {{ stroke-dasharray: 5 4; }}
  {_coloured(_LIGHT)} rect.alert {{ stroke-width: 2; }}
  @media (prefers-color-scheme: dark) {{ {_coloured(_DARK)} }}
"""


def svg(assessment: Assessment, base: KnowledgeBase, id: str | None = None) -> str:
    """
    What led to a conclusion (left out: the alerts and the leading hypothesis), drawn in layers from left to right.

    Findings that lead to the same rule share a box, and a rule tells what it alone concludes.

    Raises:
        FindingError: nothing of that id was concluded.

    """
    whole = _towards(assessment, derivation_graph(assessment, base), id)
    graph = _gathered(_joined(whole))
    layers = _layers(graph)
    gap = GAP if len(layers) < 5 else GAP // 2
    box = min(BOX, (WIDEST - 2 * MARGIN - (len(layers) - 1) * gap) // max(1, len(layers)))
    texts = {node: _lines(graph, node, int((box - 20) / LETTER)) for node in graph}
    heights = {node: len(lines) * LINE + 14 for node, lines in texts.items()}
    places = _places(layers, heights, box + gap)
    width = MARGIN * 2 + len(layers) * box + max(0, len(layers) - 1) * gap
    height = max((y + heights[node] for node, (_, y) in places.items()), default=HEAD) + MARGIN + 18
    alerts = {alert.id for alert in assessment.alerts}
    reached = "; ".join(whole.nodes[node]["label"] for node in whole if not list(whole.successors(node)))
    body = [_edge(places, heights, box, a, b, data) for a, b, data in graph.edges(data=True)]
    body += [_box(node, places[node], (box, heights[node]), texts[node], alert=node[1] in alerts) for node in places]
    picture = "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
            f"<title>How this was concluded: {escape(reached, quote=False)}</title>",
            f"<desc>{escape(_described(whole), quote=False)}</desc>",
            f"<style>{_STYLE}</style>",
            f'<defs><marker id="{TIP}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="context-stroke"/></marker></defs>',
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<text class="head" x="{MARGIN}" y="{MARGIN}">{escape(textwrap.shorten(reached, width // 8, placeholder=" ..."), quote=False)}</text>',
            *body,
            f'<text class="small" x="{MARGIN}" y="{height - 8}">findings, rules and conclusions from left to right; dashed: speaks against</text>',
            "</svg>",
            "",
        ]
    )
    return picture.replace(TIP, f"mps-{hashlib.sha256(picture.encode()).hexdigest()[:10]}-tip")


def _joined(graph: "nx.DiGraph[Node]") -> "nx.DiGraph[Node]":
    """A conclusion that one rule alone draws, and on which others rest, is told in the box of its rule."""
    joined = graph.copy()
    for node in list(graph):
        before, after = list(joined.predecessors(node)), list(joined.successors(node))
        if node[0] == "conclusion" and after and len(before) == 1 and joined.out_degree(before[0]) == 1:
            rule = before[0]
            joined.nodes[rule]["label"] += f" \N{RIGHTWARDS ARROW} {joined.nodes[node]['label']}"
            joined.add_edges_from((rule, one, joined.edges[node, one]) for one in after)
            joined.remove_node(node)
    return joined


def _gathered(graph: "nx.DiGraph[Node]") -> "nx.DiGraph[Node]":
    """Findings that lead to the same rules share a box."""
    gathered, alike = graph.copy(), dict[frozenset[Node], list[Node]]()
    for node in graph:
        if node[0] == "finding":
            alike.setdefault(frozenset(graph.successors(node)), []).append(node)
    for first, *others in alike.values():
        gathered.nodes[first]["parts"] = _counted([graph.nodes[node]["label"] for node in (first, *others)])
        gathered.remove_nodes_from(others)
    return gathered


def _counted(labels: Iterable[str]) -> list[str]:
    """What is said of several muscles alike is said once, with their number."""
    said: dict[str, list[str]] = {}
    for label in labels:
        muscle, colon, what = label.partition(": ")
        said.setdefault(what if colon and muscle.endswith(")") else label, []).append(label)
    found: list[str] = []
    for what, own in said.items():
        found += [f"{len(own)} muscles: {what}"] if len(own) >= ALIKE else own
    return found


def _layers(graph: "nx.DiGraph[Node]") -> list[list[Node]]:
    """Nodes by their longest way to a conclusion, so that everything stands close to what it leads to."""
    import networkx as nx

    depth: dict[Node, int] = {}
    for node in reversed(list(nx.topological_sort(graph))):
        depth[node] = max((depth[after] + 1 for after in graph.successors(node)), default=0)
    last = max(depth.values(), default=-1)
    depth = {node: last - steps for node, steps in depth.items()}
    layers: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in graph:
        layers[depth[node]].append(node)
    for _ in range(4):
        _untangle(graph, layers)
    return layers


def _untangle(graph: "nx.DiGraph[Node]", layers: list[list[Node]]) -> None:
    """Orders each layer by the mean place of its neighbours, forwards and then backwards."""
    place = {node: index / max(1, len(layer)) for layer in layers for index, node in enumerate(layer)}
    for step, ordered in ((graph.predecessors, layers[1:]), (graph.successors, layers[-2::-1])):
        for layer in ordered:
            means = {node: _mean([place[other] for other in step(node)], place[node]) for node in layer}
            layer.sort(key=lambda node: (means[node], node))
            place.update({node: index / max(1, len(layer)) for index, node in enumerate(layer)})


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _lines(graph: "nx.DiGraph[Node]", node: Node, letters: int) -> list[str]:
    data = graph.nodes[node]
    if node[0] == "finding":
        parts = data["parts"]
        more = [f"and {len(parts) - LISTED} more"] * (len(parts) > LISTED)
        told = [*parts[:LISTED], *more]
        dot = "\N{BULLET} " if len(told) > 1 else ""
        return [line for part in told for line in textwrap.wrap(dot + part, letters)[:4]]
    lines = textwrap.wrap(data["label"], letters)[:8]
    if node[0] == "rule":
        effects = dict.fromkeys(graph.edges[node, after].get("effect", "") for after in graph.successors(node))
        cited = f"{', '.join(filter(None, effects))} [{', '.join(data['references'])}]".lstrip()
        lines.append(textwrap.shorten(cited, int(letters * 1.2), placeholder=" ...]"))
    return lines


def _places(layers: list[list[Node]], heights: Mapping[Node, int], step: int) -> dict[Node, tuple[int, int]]:
    totals = [sum(heights[node] + ROW for node in layer) for layer in layers]
    tallest = max(totals, default=0)
    places: dict[Node, tuple[int, int]] = {}
    for number, layer in enumerate(layers):
        y = MARGIN + HEAD + (tallest - totals[number]) // 2
        for node in layer:
            places[node] = (MARGIN + number * step, y)
            y += heights[node] + ROW
    return places


def _box(node: Node, place: tuple[int, int], size: tuple[int, int], lines: list[str], *, alert: bool) -> str:
    x, y = place
    kind = "alert" if alert else node[0]
    small = ' class="small"'
    radius = {"finding": 14, "rule": 2}.get(node[0], 7)
    texts = "".join(
        f'<text x="{x + 10}" y="{y + 19 + index * LINE}"{small if line.endswith("]") else ""}>{escape(line, quote=False)}</text>'
        for index, line in enumerate(lines)
    )
    return f'<g><rect class="box {kind}" x="{x}" y="{y}" width="{size[0]}" height="{size[1]}" rx="{radius}"/>{texts}</g>'


def _edge(places: Mapping[Node, tuple[int, int]], heights: Mapping[Node, int], box: int, a: Node, b: Node, data: Mapping[str, Any]) -> str:
    (ax, ay), (bx, by) = places[a], places[b]
    x1, y1, x2, y2 = ax + box, ay + heights[a] / 2, bx - 2, by + heights[b] / 2
    bend = (x2 - x1) / 2
    against = " against" if data.get("effect", "").startswith(("against", "excludes")) else ""
    path = f"M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    return f'<path class="edge{against}" d="{path}" marker-end="url(#{TIP})"/>'


def _described(graph: "nx.DiGraph[Node]") -> str:
    rules = [node for node in graph if node[0] == "rule"]
    return "; ".join(
        f"{', '.join(graph.nodes[p]['label'] for p in graph.predecessors(rule))} lead by the rule '{graph.nodes[rule]['label']}' to "
        f"{', '.join(graph.nodes[s]['label'] for s in graph.successors(rule))}"
        for rule in rules
    )
