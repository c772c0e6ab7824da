"""
An assessment as HTML for notebooks and static pages: the brief, and folded beneath it everything that is said.

The picture is drawn when it is asked for (``Assessment.body_map``). One self-contained block: no script, no request, every text escaped, light and dark.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from mps_rules.answer.values import Alert, Argument, Assessment, Hypothesis, MuscleCandidate
from mps_rules.chaining.chains import Premise
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.vocabulary import lowered
from mps_rules.views.brief import brief_parts
from mps_rules.views.wording import ACCESS, STATES, disagreements, ranks, together

SHOWN = 6

_STYLE = """
.mps { --ink: #1c2733; --soft: #5a6876; --paper: #ffffff; --panel: #f5f8fa; --line: #d5dde4; --red: #a3271b; --redsoft: #fbe9e5;
  --amber: #8a5a00; --ambersoft: #fdf3dc; --blue: #14588c; font: 14px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
  color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; max-width: 1080px; }
@media (prefers-color-scheme: dark) { .mps { --ink: #e6ebf0; --soft: #a2afbb; --paper: #14191f; --panel: #1c232b; --line: #36424e;
  --red: #ffb4a6; --redsoft: #47221b; --amber: #ffd58a; --ambersoft: #3d3015; --blue: #8cc8f5; } }
[data-jp-theme-light="true"] .mps { --ink: #1c2733; --soft: #5a6876; --paper: #ffffff; --panel: #f5f8fa; --line: #d5dde4; --red: #a3271b;
  --redsoft: #fbe9e5; --amber: #8a5a00; --ambersoft: #fdf3dc; --blue: #14588c; }
[data-jp-theme-light="false"] .mps { --ink: #e6ebf0; --soft: #a2afbb; --paper: #14191f; --panel: #1c232b; --line: #36424e; --red: #ffb4a6;
  --redsoft: #47221b; --amber: #ffd58a; --ambersoft: #3d3015; --blue: #8cc8f5; }
.mps h3 { font-size: 13px; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); margin: 16px 0 6px; font-weight: 600; }
.mps p, .mps ul { margin: 4px 0; } .mps ul { padding-left: 18px; } .mps li { margin: 2px 0; }
.mps .columns { display: flex; gap: 24px; flex-wrap: wrap; } .mps .main { flex: 1 1 460px; min-width: 0; } .mps .side { flex: 1 1 380px; min-width: 0; }
.mps dl { display: grid; grid-template-columns: 6.5em 1fr; gap: 4px 10px; margin: 0; } .mps dt { color: var(--soft); font-weight: 600; }
.mps dd { margin: 0; } .mps dd.alert { margin: 0; }
.mps .map { margin: 14px 0 4px; } .mps .map svg { width: 100%; height: auto; }
.mps .alert { border-left: 5px solid var(--red); background: var(--redsoft); padding: 8px 12px; margin: 6px 0; border-radius: 4px; }
.mps .alert b { color: var(--red); } .mps .open { border-left-style: dashed; }
.mps .screen { border-left: 5px solid var(--amber); background: var(--ambersoft); padding: 6px 12px; margin: 6px 0; border-radius: 4px; }
.mps details { border: 1px solid var(--line); border-radius: 6px; background: var(--panel); padding: 6px 10px; margin: 6px 0; }
.mps summary { cursor: pointer; } .mps summary b { font-weight: 600; } .mps .status { color: var(--blue); font-weight: 600; }
.mps .quiet { color: var(--soft); font-size: 12.5px; }
"""


def html(assessment: Assessment, base: KnowledgeBase) -> str:
    """The assessment as one block of HTML."""
    return "\n".join(_Page(assessment, base).lines()) + "\n"


class _Page:
    def __init__(self, assessment: Assessment, base: KnowledgeBase) -> None:
        self.a, self.base, self.words = assessment, base, base.vocabulary
        self.cited: dict[str, None] = {}

    def lines(self) -> Iterator[str]:
        yield f'<div class="mps"><style>{_STYLE}</style>'
        yield from self._brief()
        yield "<details><summary>Everything, with reasons and sources</summary>"
        yield from self._alerts()
        yield from self._screening()
        yield '<div class="columns"><div class="main">'
        yield from self._hypotheses()
        yield '</div><div class="side">'
        yield from self._muscles()
        yield "</div></div>"
        yield from self._criteria()
        yield from self._listed("Cautions", [(c.text, c.references) for c in self.a.cautions])
        advice = [(f"{r.kind.replace('_', '-').capitalize()}: {r.text}", r.references) for r in self.a.recommendations]
        yield from self._listed("Consider", advice)
        yield from self._questions()
        yield from self._sources()
        used = self.a.knowledge
        yield (
            f'<p class="quiet">For clinicians, beside their own judgement; no diagnosis. Rules {escape(used.id)} {escape(used.version)}, '
            f"{escape(used.status)}, digest {escape(used.digest[:12])}.</p></details></div>"
        )

    def _brief(self) -> Iterator[str]:
        """The brief text, as a list of headings; the urgency stands out where something is raised."""
        yield "<dl>"
        for heading, rows in brief_parts(self.a, self.base):
            raised = ' class="alert" role="alert"' if heading == "Urgency" and self.a.urgency != "none" else ""
            yield f"<dt>{escape(heading)}</dt><dd{raised}>{'<br>'.join(escape(row) for row in rows)}</dd>"
        yield "</dl>"

    def _alerts(self) -> Iterator[str]:
        for alert in self.a.alerts:
            yield self._alert(alert)

    def _alert(self, alert: Alert) -> str:
        if alert.status == "raised":
            meanwhile = f" Meanwhile: {escape(alert.meanwhile)}" if alert.meanwhile else ""
            what = f"{escape(alert.action)} Act within: {escape(alert.act_within)}.{meanwhile}"
        else:
            unknown = [lowered(self.words.terms[t].label) if t in self.words.terms else t for t in alert.unknown]
            what = f"Not enough is known to clear it. Ask: {escape(_some(unknown))}."
        state = "" if alert.status == "raised" else "Open, "
        opened = " open" if alert.status == "open" else ""
        why = f'<span class="quiet">Because: {escape(_because(alert.because))}.{self._cite(alert.references)}</span>'
        return (
            f'<div class="alert{opened}" role="alert"><b>{state}{alert.urgency.upper()}: {escape(alert.label)}</b><br>{what}<br>{why}</div>'
        )

    def _screening(self) -> Iterator[str]:
        words = {
            "complete": "Red flags: every flag that matters for where the pain is has been asked about.",
            "partial": "Red flags: only partly asked about. An unasked flag is not an absent one.",
            "not_done": "Red flags: not asked about. Nothing below clears them.",
        }[self.a.screening]
        serious = [lowered(flag.label) for flag in self.a.unscreened if flag.urgency != "soon"]
        rest = f' <span class="quiet">Not yet cleared: {escape(_some(serious))}.</span>' if serious else ""
        yield f'<div class="screen">{words}{rest}</div>'
        if self.a.beyond:
            beyond = escape(_some([lowered(one) for one in self.a.beyond]))
            yield f'<div class="alert">Recorded, but beyond the red flags of these rules: {beyond}. Exclude serious disease by other means.</div>'

    def _hypotheses(self) -> Iterator[str]:
        yield "<h3>Hypotheses</h3>"
        ranked = ranks(self.a.hypotheses)
        for number, hypothesis in enumerate((*ranked.supported, *ranked.opposed)):
            yield self._hypothesis(hypothesis, unfolded=number == 0)

    def _hypothesis(self, hypothesis: Hypothesis, *, unfolded: bool) -> str:
        arguments = "".join(
            self._argument(word, argument)
            for word, found in (("for", hypothesis.supports), ("against", hypothesis.opposes))
            for argument in found
        )
        could = dict.fromkeys(s for s in hypothesis.could_be if s != hypothesis.status)
        open_ = f' <span class="quiet">what is unknown could make it {escape(" or ".join(could))}</span>' if could else ""
        return (
            f"<details{' open' if unfolded else ''}><summary><b>{escape(hypothesis.label)}</b>: "
            f'<span class="status">{hypothesis.status}</span>{open_}</summary><ul>{arguments}</ul></details>'
        )

    def _argument(self, word: str, argument: Argument) -> str:
        weight = argument.strength or argument.effect
        why = f'<br><span class="quiet">{escape(_because(argument.because))}{self._cite(argument.references)}</span>'
        return f"<li>{word}, {weight}: {escape(argument.title)}{why}</li>"

    def _muscles(self) -> Iterator[str]:
        grouped = together(self.a.muscles)
        if not grouped:
            return
        yield "<h3>Muscles that could send this pain</h3>"
        for parts in grouped[:SHOWN]:
            yield self._muscle(parts)
        if len(grouped) > SHOWN:
            yield f'<p class="quiet">and {len(grouped) - SHOWN} more muscles or muscle groups</p>'

    def _muscle(self, parts: Sequence[MuscleCandidate]) -> str:
        best = parts[0]
        names = " / ".join(dict.fromkeys(part.label for part in parts))
        sides = " and ".join(dict.fromkeys(part.side or "side not given" for part in parts))
        state = ({s.state: s.label for s in self.base.pack.muscle_states} | STATES)[best.status]
        how = f", {ACCESS[best.access]}" if best.status == "not_examined" and best.access else ""
        rows = "".join(f"<li>{escape(path)}</li>" for path in best.path[:4])
        score = "".join(f"<li>{part.value:+g}: {escape(part.text)}</li>" for part in best.terms)
        care = f"<p>Care: {escape(best.safety)}</p>" if best.safety else ""
        return (
            f"<details><summary><b>{escape(names)}</b>, {sides}: {escape(state)}{how}</summary><ul>{rows}</ul>"
            f'<p class="quiet">Score {best.score:g}{self._cite(best.references)}</p><ul class="quiet">{score}</ul>{care}</details>'
        )

    def _criteria(self) -> Iterator[str]:
        met = [result for result in self.a.criteria if result.status == "met"]
        rows: list[tuple[str, tuple[str, ...]]] = []
        for result in met:
            about = "" if result.subject == "patient" else f" ({self.words.subject_label(result.subject)})"
            items = "; ".join(item.label for item in result.items if item.status == "met")
            rows.append((f"{result.label}{about}: {items}", result.references))
        for label, not_met, undecided in disagreements(self.a, self.words):
            parts = [f"{words} {_some(named)}" for words, named in (("not met:", not_met), ("undecided:", undecided)) if named]
            rows.append((f"Other definitions of {lowered(label)}: {'; '.join(parts)}", ()))
        yield from self._listed("Published definitions met", rows)

    def _listed(self, heading: str, rows: Sequence[tuple[str, Iterable[str]]]) -> Iterator[str]:
        if rows:
            yield f"<h3>{heading}</h3><ul>"
            for text, references in rows:
                yield f'<li>{escape(text)}<span class="quiet">{self._cite(references)}</span></li>'
            yield "</ul>"

    def _questions(self) -> Iterator[str]:
        if self.a.questions:
            yield "<h3>Ask or examine next</h3><ol>"
            for question in self.a.questions[:SHOWN]:
                yield f'<li>{escape(question.text)} <span class="quiet">{escape(question.why)}</span></li>'
            yield "</ol>"

    def _sources(self) -> Iterator[str]:
        if self.cited:
            yield "<details><summary>Sources</summary><ul>"
            for id_ in sorted(self.cited):
                reference = self.base.references[id_]
                recalled = " (cited from general knowledge, not re-read)" if reference.checked == "recall" else ""
                yield f'<li class="quiet">{escape(f"{id_}: {reference.text} {reference.identifier}".rstrip())}{recalled}</li>'
            yield "</ul></details>"

    def _cite(self, references: Iterable[str]) -> str:
        found = self.base.cited(references)
        self.cited.update(dict.fromkeys(id_ for id_ in found if id_ in self.base.references))
        return f" [{escape(', '.join(found))}]" if found else ""


def _some(items: Sequence[str]) -> str:
    return "; ".join(items[:SHOWN]) + (f"; and {len(items) - SHOWN} more" if len(items) > SHOWN else "")


def _because(premises: Sequence[Premise]) -> str:
    return _some([lowered(premise.text) for premise in premises])
