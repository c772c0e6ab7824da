"""
The command ``mps-rules``: evaluate a patient, explain an answer, prove and check the rules.

Exit codes: 0 fine, 1 the knowledge or its cases fail, 2 wrong input. A user's mistake gives a list of faults, never a traceback.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from importlib import metadata
from importlib.util import find_spec
from io import StringIO, TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs
import click

from mps_rules import api
from mps_rules.answer.values import Assessment
from mps_rules.command import completion
from mps_rules.command.printed import fitted, in_one_line, printable
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, UnsupportedError, listed
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import PACKAGED
from mps_rules.knowledge.shapes import SHELF_FOLDERS_APART
from mps_rules.language.plain import plain
from mps_rules.language.reading import LONGEST, Unreadable, as_yaml, bytes_of, decoded, read_text, text_of

if TYPE_CHECKING:
    from rich.console import Console

    from mps_rules.authoring.presented import Validation
    from mps_rules.authoring.proved import Proved, Sampled
    from mps_rules.authoring.vignettes import Judged
    from mps_rules.population.tables import Backend, Dates
    from mps_rules.records.claims import Noted
    from mps_rules.records.fhir_values import ImportReport

F = TypeVar("F", bound=Callable[..., Any])
WRONG_KNOWLEDGE, WRONG_INPUT = 1, 2
LARGEST_BUNDLE = 64_000_000
"""How many bytes of FHIR one command reads."""
WIDEST_HELP = 120
"""How wide the help is at most; a narrower terminal makes it narrower."""

_FOLDERS = "A folder of rules instead of the packaged ones; given again, laid on top: --rules packaged --rules ours."


def _with_those_before(context: click.Context, _: click.Parameter, folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """The folders named before the command, then those named behind it."""
    return (*(context.find_root().obj or ()), *folders)


_rules = click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=_with_those_before,
    shell_complete=completion.folders,
    help=_FOLDERS,
)
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def _keep_folders(context: click.Context, _: click.Parameter, folders: tuple[Path, ...]) -> None:
    context.obj = folders


def _guarded(command: F) -> F:
    """Faults become a list on standard error and an exit code."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except MpsRulesError as error:
            for fault in listed(error.faults):
                click.echo(in_one_line(f"error: {fault}"), err=True)
            sys.exit(WRONG_KNOWLEDGE if isinstance(error, KnowledgeError) else WRONG_INPUT)

    return run  # type: ignore[return-value]


class _Commands(click.Group):
    """Commands whose own errors, which repeat what was typed, hold no control characters either."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """As click does it."""
        try:
            code = super().main(*args, **extra | {"standalone_mode": False})
        except click.ClickException as error:
            told = StringIO()
            error.show(told)
            click.echo(printable(told.getvalue()), err=True, nl=False)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Aborted!", err=True)
            sys.exit(1)
        except BrokenPipeError:  # whoever reads has read enough
            sys.stdout = None
            sys.exit(0)
        sys.exit(code if isinstance(code, int) else 0)


def _say(text: str) -> None:
    """Text of one or more lines."""
    click.echo(printable(text), nl=not text.endswith("\n"))


def _read_out(text: str) -> None:
    """Text for a reader: broken at the width of the terminal where there is one."""
    _say(fitted(text, get_terminal_size().columns) if sys.stdout.isatty() else text)


def _tell(data: Any) -> None:
    """Plain data as JSON."""
    _say(json.dumps(data, ensure_ascii=False, indent=2))


def _console(**how: Any) -> "Console":
    """What is printed is text: no brackets or colons in it are orders to rich."""
    from rich.console import Console

    class Quiet(Console):
        """Whoever reads has read enough: no error."""

        def on_broken_pipe(self) -> None:
            """As rich does it, but the program ends well."""
            try:
                super().on_broken_pipe()
            except SystemExit:
                raise SystemExit(0) from None

    return Quiet(**{"highlight": False, "markup": False, "emoji": False, "soft_wrap": True} | how)


def _load(folders: tuple[Path, ...]) -> KnowledgeBase:
    return api.load(_named(folders)) if folders else api.load()


def _named(folders: Sequence[Path]) -> list[Path | str]:
    """The folders, each of which is there; ``packaged`` is the rules that ship with the program, and no folder."""
    found: list[Path | str] = [PACKAGED if str(folder) == PACKAGED else folder for folder in folders]
    absent = [str(folder) for folder in found if isinstance(folder, Path) and not folder.is_dir()]
    if absent:
        raise FindingError([Fault(folder, "is not a folder") for folder in absent])
    return found


def _findings(file: str) -> Any:
    """The findings of a YAML or JSON file, or of standard input for ``-``."""
    source = "standard input" if file == "-" else file
    try:
        text = decoded(sys.stdin.buffer.read(LONGEST * 4 + 1), source) if file == "-" else text_of(Path(file), source)
        data = read_text(text, source).data
    except Unreadable as error:
        raise FindingError(error.faults) from None
    return {} if data is None else data


def _bundle(file: str) -> Any:
    """The JSON of a file, or of standard input for ``-``; a fault repeats nothing of what it holds."""
    source = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read(LARGEST_BUNDLE + 1) if file == "-" else bytes_of(Path(file), source, LARGEST_BUNDLE)
        if len(raw) > LARGEST_BUNDLE:
            raise FindingError([Fault(source, f"holds more than {LARGEST_BUNDLE:,} bytes")])
        return json.loads(raw)
    except Unreadable as error:
        raise FindingError(error.faults) from None
    except json.JSONDecodeError as error:
        raise FindingError([Fault(f"{source} line {error.lineno}", "is not JSON")]) from None
    except UnicodeDecodeError:
        raise FindingError([Fault(source, "is not UTF-8 text")]) from None
    except ValueError:
        raise FindingError([Fault(source, "is not JSON: a number has too many digits")]) from None
    except RecursionError:
        raise FindingError([Fault(source, "is nested too deep")]) from None


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's callback
    if not wanted or context.resilient_parsing:
        return
    base = api.load()
    click.echo(f"mps-rules {metadata.version('mps-rules')}")
    _say(f"rules {base.pack.id} {base.pack.version}, {base.pack.status}, digest {base.digest}")
    context.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST_HELP},
    epilog='Words are completed by the shell after: eval "$(_MPS_RULES_COMPLETE=bash_source mps-rules)" (or zsh_source, fish_source).',
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="The versions of the program and of its rules.",
)
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=_keep_folders,
    expose_value=False,
    shell_complete=completion.folders,
    help=_FOLDERS,
)
@click.pass_context
def main(context: click.Context) -> None:
    """Decision support for muscle pain, for clinicians: rules over findings, every conclusion explained."""
    command = main.commands.get(context.invoked_subcommand or "")
    if context.obj and command is not None and not any(parameter.name == "folders" for parameter in command.params):
        message = f"{context.invoked_subcommand} reads no --rules: mps-rules {context.invoked_subcommand} --help"
        raise click.UsageError(message)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command()
@click.argument("file")
@click.option("--json", "shape", flag_value="json", help="The whole assessment as JSON.")
@click.option("--full", "shape", flag_value="full", help="Everything that is said, with reasons and sources; left out, fifteen lines.")
@click.option(
    "--note", "shape", flag_value="note", help="A note for the record: what was told, what was found, the assessment and the plan."
)
@_rules
@_guarded
def evaluate(file: str, shape: str | None, folders: tuple[Path, ...]) -> None:
    """What the rules say of the patient in FILE (YAML or JSON; - for standard input)."""
    base = _load(folders)
    assessment = api.evaluate(_findings(file), base)
    if shape == "json":
        _say(assessment.to_json())
    elif shape == "note":
        _say(assessment.note())
    else:
        _show(assessment.text(full=True) if shape == "full" else _brief(assessment, base))


def _brief(assessment: Assessment, base: KnowledgeBase) -> str:
    """The brief text, as wide as the terminal where that is narrower."""
    from mps_rules.views.brief import brief

    console = _console()
    return brief(assessment, base, console.width) if console.is_terminal else brief(assessment, base)


def _show(text: str) -> None:
    """Text with headings and alarms marked where the terminal can."""
    from rich.text import Text

    console = _console()
    shown = printable(text).removesuffix("\n")
    for line in (fitted(shown, console.width) if console.is_terminal else shown).split("\n"):
        console.print(Text(line, _style(line)))


def _style(line: str) -> str:
    """
    How a line of an answer is marked: an alarm is red; what is open or not known yet asks for attention, and is no alarm.

    >>> [_style(f"Urgency:  {said}") for said in ("EMERGENCY; act now", "NOT KNOWN; none raised so far.", "NONE")]
    ['bold red', 'bold yellow', '']
    """
    if line.startswith("Urgency:  "):
        said = line.removeprefix("Urgency:  ").lstrip()
        return "bold red" if said.startswith(("EMERGENCY", "URGENT")) else "bold yellow" if said.startswith(("NOT KNOWN", "SOON")) else ""
    if line.startswith(("EMERGENCY", "URGENT")):
        return "bold red"
    if line.startswith("OPEN, "):
        return "red"
    return "bold" if line[:2].isupper() else "yellow" if line.startswith("  !") else ""


@main.command()
@click.argument("file", metavar="BUNDLE.json")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day as of which the chart is read; left out, today.")
@click.option(
    "--time-zone", "zone", default="", help="Where the chart is kept, as Europe/London: its day is today; left out, this machine's."
)
@click.option("--json", "shape", flag_value="json", help="The findings, the report and the assessment as JSON.")
@click.option("--full", "shape", flag_value="full", help="Everything that is said of the patient; left out, fifteen lines.")
@_rules
@_guarded
def fhir(file: str, on: datetime | None, zone: str, shape: str | None, folders: tuple[Path, ...]) -> None:
    """
    What the rules say of the patient in a FHIR R4 Bundle (- for standard input).

    First what was read of the chart, what was not and why, and what is in doubt; then the assessment.
    """
    from mps_rules.records.fhir_in import read_bundle
    from mps_rules.records.zones import moment, zone_faults

    faults = list(zone_faults(zone, "--time-zone"))
    if faults:
        raise FindingError(faults)
    now = moment(time.time(), zone)
    base = _load(folders)
    findings, report = read_bundle(_bundle(file), base, on=on.date() if on else now)
    assessment = api.evaluate(findings, base)
    if shape == "json":
        told = {"findings": findings, "report": report.to_dict(), "assessment": assessment.to_dict()}
        _tell(told)
    else:
        _say(f"{_lined(report)}\n\n")
        _show(assessment.text(full=True) if shape == "full" else _brief(assessment, base))


def _lined(report: "ImportReport") -> "ImportReport":
    """The report with each entry in one line: what a chart calls a thing may hold line breaks."""

    def lined(notes: "tuple[Noted, ...]") -> "tuple[Noted, ...]":
        return tuple(
            attrs.evolve(note, where=in_one_line(note.where), code=in_one_line(note.code), what=in_one_line(note.what)) for note in notes
        )

    return attrs.evolve(report, used=lined(report.used), skipped=lined(report.skipped), suspicious=lined(report.suspicious))


@main.command()
@click.argument("file")
@click.argument("id", shell_complete=completion.conclusions)
@click.option("--short", "form", flag_value="short", help="In one sentence.")
@click.option("--json", "form", flag_value="json", help="The proof as JSON.")
@click.option("--full", "form", flag_value="full", default=True, help="Down to findings and sources (this is the default).")
@_rules
@_guarded
def explain(file: str, id: str, form: str, folders: tuple[Path, ...]) -> None:
    """
    Why ID was concluded of the patient in FILE.

    ID is a hypothesis, alert, caution, criterion, rule, or muscle (gluteus_medius or gluteus_medius.left).
    """
    proof = api.evaluate(_findings(file), _load(folders)).why(id)
    if form == "json":
        _tell(proof.to_dict())
    else:
        _read_out(proof.short if form == "short" else str(proof))


@main.command(name="why-not")
@click.argument("file")
@click.argument("id", shell_complete=completion.conclusions)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_rules
@_guarded
def why_not(file: str, id: str, as_json: bool, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """Why ID was not concluded of the patient in FILE: the rules that could have, nearest first."""
    shortfall = api.evaluate(_findings(file), _load(folders)).why_not(id)
    _tell(shortfall.to_dict()) if as_json else _read_out(str(shortfall))


@main.command()
@click.argument("file")
@click.argument("id", shell_complete=completion.conclusions)
@click.option("--any", "through", flag_value="any", help="Change what is recorded too: on what does it hang?")
@click.option("--unknown", "through", flag_value="unknown", default=True, help="Change only what is not known (this is the default).")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_rules
@_guarded
def flip(file: str, id: str, through: Literal["unknown", "any"], as_json: bool, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """The smallest sets of findings that would reach ID for the patient in FILE, or undo it; cheapest first."""
    found = api.evaluate(_findings(file), _load(folders)).flip(id, through)
    _tell(found.to_dict()) if as_json else _read_out(str(found))


@main.command(name="what-if")
@click.argument("file")
@click.argument("changes", nargs=-1, required=True, metavar="ADDRESS=VALUE...", shell_complete=completion.addresses)
@click.option("--json", "as_json", is_flag=True, help="The difference and the new assessment as JSON.")
@_rules
@_guarded
def what_if(file: str, changes: tuple[str, ...], as_json: bool, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """
    What would change for the patient in FILE: mps-rules what-if FILE fever=true gluteus_medius.left.taut_band=false.

    A value is true, false, a number, a word, or unknown.
    """
    said: dict[str, Any] = {}
    for change in changes:
        at, equals, value = change.partition("=")
        if not equals:
            raise FindingError([Fault(change, "expected address=value")])
        try:
            said[at] = None if value == "unknown" else read_text(value, change).data
        except Unreadable as error:
            raise FindingError(error.faults) from None
    found = api.evaluate(_findings(file), _load(folders)).what_if(said)
    if as_json:
        _tell({"difference": list(found.difference.lines), "assessment": found.assessment.to_dict()})
    else:
        _read_out(str(found))


@main.command()
@click.argument("file", required=False)
@_as_json
@click.option("--out", type=click.Path(path_type=Path), help="Keep what was answered in this file (YAML), to go on from later.")
@click.option("--to-the-end", is_flag=True, help="Go on while anything is open, even where enough has been asked.")
@_rules
@_guarded
def ask(file: str | None, out: Path | None, *, to_the_end: bool, as_json: bool, folders: tuple[Path, ...]) -> None:
    """
    Ask, step by step, what could change the answer most, until enough has been asked; then print the assessment.

    FILE holds what is known beforehand: at least age and where it hurts make the first questions better. Enter leaves a finding
    not known, s skips a step, q leaves and keeps what was said. With --json the talk goes to standard error, and the assessment out.
    """
    from rich.text import Text

    from mps_rules.command import terminal
    from mps_rules.turns import so_far

    console = _console(stderr=as_json)
    base = _load(folders)
    try:
        assessment = terminal.run(base, _findings(file) if file else {}, console, console.input, to_the_end=to_the_end)
    except terminal.Left as left:
        _keep(out, left.findings, quietly=as_json)
        if as_json:
            _say(api.evaluate(left.findings, base).to_json())
        return
    console.print(Text(printable(f"\n{terminal.closing(assessment)}\n"), "bold"))
    _say(assessment.to_json()) if as_json else _show(_brief(assessment, base))
    _keep(out, so_far(assessment), quietly=as_json)


def _keep(out: Path | None, findings: dict[str, Any], *, quietly: bool) -> None:
    if out is not None:
        _write(out, as_yaml(findings), quietly=quietly)


@main.command()
@click.argument("before")
@click.argument("after")
@click.argument("patients", type=click.Path(path_type=Path), required=False)
@click.option("--prove", "proved", is_flag=True, help="Say it of every patient that there can be, not of some: it takes some minutes.")
@_as_json
@_guarded
def diff(before: str, after: str, patients: Path | None, *, proved: bool, as_json: bool) -> None:
    """
    For whom, and because of which rule, the answer changes when rules AFTER replace rules BEFORE: mps-rules diff packaged packaged+ours FILES.

    PATIENTS is a folder of vignettes or of patient files (YAML, JSON), or one such file; without it, --prove says it of all that can be.
    """
    if patients is None and not proved:
        raise click.UsageError("Name patients, or ask for all that there can be with --prove.")
    old, new = _laid(before), _laid(after)
    found: list[Any] = []
    if patients is not None:
        from mps_rules.answer import differences

        found.append(differences.diff_rules(old, new, _patients(patients)))
    if proved:
        from mps_rules.authoring import compared

        found.append(compared.compare(old, new))
    for one in found:
        _tell(plain(one)) if as_json else _read_out(str(one))


def _laid(folders: str) -> KnowledgeBase:
    """The rules of one folder, or of several with a plus between them: packaged+ours."""
    return api.load(_named([Path(folder) for folder in folders.split("+")]))


def _patients(path: Path) -> dict[str, Any]:
    """Patients by name, out of a file or a folder of files, each a patient or a list of vignettes or cases."""
    from mps_rules.answer.differences import named

    files = sorted(one for one in path.rglob("*") if one.suffix in (".yaml", ".json")) if path.is_dir() else [path]
    found: list[tuple[str, Any]] = []
    for file in files:
        data = _findings(str(file))
        if isinstance(data, list):
            found += [
                (str(one.get("vignette") or one.get("case") or file.name), one.get("findings")) for one in data if isinstance(one, dict)
            ]
        else:
            found.append((file.name, data))
    return named(found)


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The Parquet file to write; what cannot be read goes beside it."
)
@click.option("--conclusions", help="Only these, by id, with commas between; left out, everything with urgency and leading hypothesis.")
@click.option("--explain", is_flag=True, help="Beside each conclusion, the rules that fired for it.")
@click.option("--person", default="person", show_default=True, help="The column that says who.")
@click.option("--keep", default="", help="Other columns to carry along unread, with commas between.")
@click.option("--backend", type=click.Choice(["polars", "duckdb", "spark"]), default="polars", show_default=True)
@click.option("--rows", type=click.IntRange(min=1), default=200_000, show_default=True, help="How many rows are evaluated together.")
@click.option(
    "--dates",
    type=click.Choice(["ISO", "day-first", "month-first"]),
    default="ISO",
    show_default=True,
    help="How a long file writes dates, beside 2026-02-01.",
)
@_as_json
@_rules
@_guarded
def cohort(
    inputs: tuple[Path, ...],
    out: Path,
    conclusions: str | None,
    explain: bool,  # noqa: FBT001 - click's flag
    person: str,
    keep: str,
    backend: "Backend",
    rows: int,
    dates: "Dates",
    as_json: bool,  # noqa: FBT001 - click's flag
    folders: tuple[Path, ...],
) -> None:
    """
    What the rules say of many patients: Parquet or CSV files, or folders of them.

    A row is a person, a column the address of a finding (fever, pain.low_back.left, gluteus_medius.left.taut_band); or, in a long file, a row
    is one thing said: person, term, value, and region, muscle, label, side, date as they apply. A run that was cut off goes on when it is
    started again.
    """
    from rich.progress import Progress, TimeElapsedColumn

    from mps_rules.population import partitions, tally

    base = _load(folders)
    asked = partitions.Asked(
        conclusions=None if conclusions is None else tuple(_listed(conclusions)),
        explain=explain,
        person=person,
        keep=tuple(_listed(keep)),
        backend=backend,
        rows=rows,
        dates=dates,
    )
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=_console(stderr=True)) as progress:
        bar = progress.add_task("evaluating", total=None)
        ran = partitions.evaluate_files(inputs, out, base, asked, lambda done, of: progress.update(bar, completed=done, total=of))
    for part in ran.unopened:
        click.echo(in_one_line(f"error: {part.file}, from row {part.start}: cannot be opened: {part.fault}"), err=True)
    if as_json:
        summary = plain(tally.summarised(out, base)) if ran.people else None
        written = {"out": str(out), "rejects": str(ran.rejects) if ran.faults else None, "faults": ran.faults, "found_done": ran.found_done}
        _tell({"summary": summary, **written})
    elif ran.people:
        _show(tally.text(tally.summarised(out, base), base))
        rejects = f", {ran.faults:,} faults of set-aside rows to {ran.rejects}" if ran.faults else ""
        click.echo(in_one_line(f"Written to {out}{rejects}"))
    if ran.found_done and not as_json:
        click.echo(f"{ran.found_done} parts were done already by an earlier run")
    if ran.unopened:
        sys.exit(WRONG_INPUT)


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@main.command()
@click.argument("file")
@click.argument("id", required=False, shell_complete=completion.conclusions)
@click.option("--body", "form", flag_value="body", help="The body map as SVG.")
@click.option(
    "--json", "form", flag_value="json", help="The whole derivation as JSON: nodes, and edges from what is known to what follows."
)
@click.option("--mermaid", "form", flag_value="mermaid", help="The derivation as Mermaid text.")
@click.option("--svg", "form", flag_value="svg", default=True, help="The derivation as SVG (this is the default).")
@_rules
@_guarded
def graph(file: str, id: str | None, form: str, folders: tuple[Path, ...]) -> None:
    """
    Draw how ID was concluded of the patient in FILE, or, with --body, where it hurts.

    ID left out: the alerts and the leading hypothesis. Prints SVG or Mermaid text.
    """
    assessment = api.evaluate(_findings(file), _load(folders))
    if form == "body":
        _say(assessment.body_map())
    elif form == "json":
        _tell(_graph_of(assessment))
    elif form == "mermaid":
        _say(assessment.derivation_mermaid(id))
    else:
        _say(assessment.derivation_svg(id))


def _graph_of(assessment: Assessment) -> dict[str, Any]:
    """The graph of a derivation as plain data; an edge names its ends by their places among the nodes."""
    graph = assessment.derivation_graph()
    number = {node: place for place, node in enumerate(graph)}
    return {
        "nodes": [{"kind": kind, "id": id_, **plain(graph.nodes[kind, id_])} for kind, id_ in graph],
        "edges": [{"from": number[source], "to": number[target], **plain(data)} for source, target, data in graph.edges(data=True)],
    }


@main.command(name="cases")
@click.argument("id", default="", shell_complete=completion.rules)
@_as_json
@_rules
@_guarded
def cases_command(id: str, *, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Run the cases of all rules, of one shelf, or of the rule ID."""
    from mps_rules.authoring import cases

    outcomes = cases.run_cases(_load(folders), id)
    if not outcomes:
        raise FindingError([Fault(id, "no rule or shelf of that name has cases")])
    failed = [outcome for outcome in outcomes if not outcome.passed]
    rules = len({outcome.case.rule for outcome in outcomes})
    if as_json:
        told = [{"rule": one.case.rule, "place": one.case.place, "case": one.case.case, "differences": one.differences} for one in failed]
        _tell({"cases": len(outcomes), "rules": rules, "failed": plain(told)})
    else:
        for outcome in failed:
            click.echo(in_one_line(f"{outcome.case.place}: {outcome.case.case}"))
            for difference in outcome.differences:
                click.echo(in_one_line(f"    {difference}"))
        click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases passed, of {rules} rules")
    if failed:
        sys.exit(WRONG_KNOWLEDGE)


@main.command()
@click.argument("more", metavar="[FOLDER]...", nargs=-1, type=click.Path(path_type=Path), shell_complete=completion.folders)
@click.option(
    "--only", metavar="SHELF/NAME", shell_complete=completion.rules, help="Only what concerns this rule or cause, while you write it."
)
@_as_json
@_rules
@_guarded
def lint(more: tuple[Path, ...], only: str | None, *, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Check the rules of FOLDER (several are laid on top of each other), or the packaged ones."""
    from mps_rules.authoring import lint as checks

    named = _named((*folders, *more))
    issues = checks.lint(named or api.load()) if only is None else checks.lint_only(named or [PACKAGED], only)
    if as_json:
        _tell({"issues": plain(issues)})
    else:
        for issue in issues:
            click.echo(in_one_line(str(issue)))
        click.echo(f"{len(issues)} issue{'' if len(issues) == 1 else 's'}")
    if issues:
        sys.exit(WRONG_KNOWLEDGE)


@main.command(name="prove")
@click.argument("invariants", nargs=-1)
@click.option("--kept", type=click.Path(path_type=Path), help="A file of proofs: read where it is of these rules, else written.")
@click.option("--charts", default=10_000, show_default=True, help="How many charts are drawn for what can only be sampled.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the whole page, as Markdown, into this file.")
@_as_json
@_rules
@_guarded
def prove_command(
    invariants: tuple[str, ...], kept: Path | None, charts: int, out: Path | None, *, as_json: bool, folders: tuple[Path, ...]
) -> None:
    """
    Prove what the rules state under invariants.yaml, all or those named, for every patient; or show a patient for whom it fails.

    The exit code is 1 where something fails that the rules do not name as an exception. It takes some minutes.
    """
    from mps_rules.authoring import prove
    from mps_rules.authoring.proved import page

    base = _load(folders)

    def quiet(_: "Proved") -> None:
        pass

    def tell(one: "Proved") -> None:
        verdict = "proved" if one.holds else "FAILS"
        click.echo(in_one_line(f"{verdict}: {one.says} ({one.about} looked at, {len(one.excepted)} exceptions, {one.seconds:.0f} s)"))
        for proof in one.failing[:LISTED]:
            click.echo(in_one_line(f"    {proof.of}: {proof.witness.shows if proof.witness else proof.outcome}"))
            for findings in proof.witness.findings if proof.witness else ():
                click.echo(in_one_line(f"        {json.dumps(findings, ensure_ascii=False)}"))
        for proof in one.in_vain:
            click.echo(in_one_line(f"    {proof.of}: named as an exception, but no patient needs it"))

    sampled: tuple[Sampled, ...] = ()
    if invariants:
        proved = prove.prove(base, invariants, quiet if as_json else tell)
    else:
        made = prove.proofs(base, kept, quiet if as_json else tell, charts)
        proved, sampled = made.proved, made.sampled or ()
        if out is not None:
            _write(out, page(made, base))
    if as_json:
        _tell([{"holds": one.holds, **plain(one)} for one in proved])
    else:
        for law in sampled:
            click.echo(in_one_line(f"{'sampled' if law.holds else 'FAILS'}: {law.says} ({law.speaking} of {law.charts} drawn charts)"))
        click.echo(f"{sum(one.holds for one in proved)} of {len(proved)} invariants hold for every patient (digest {base.digest[:12]})")
    if not (all(one.holds for one in proved) and all(law.holds for law in sampled)):
        sys.exit(WRONG_KNOWLEDGE)


def _judged(folder: Path, base: KnowledgeBase) -> "tuple[Judged, ...]":
    """What the rules say of the vignettes of a folder; a folder that holds none is wrong input."""
    from mps_rules.authoring import vignettes

    if not folder.is_dir():
        raise FindingError([Fault(str(folder), "is not a folder")])
    return vignettes.judge(base, vignettes.read_vignettes(folder, base))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--chart", help="An ordinary patient (YAML or JSON), to whom each yes/no finding is added singly: which raise an alarm.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the whole page, as Markdown, into this file.")
@click.option("--draws", default=10_000, show_default=True, help="Of charts: how many ordinary ones are drawn with two findings more.")
@_as_json
@_rules
@_guarded
def validate(folder: Path, chart: str | None, out: Path | None, draws: int, *, as_json: bool, folders: tuple[Path, ...]) -> None:
    """
    Hold what the rules say of the vignettes in FOLDER against the right answers; or of its charts, where it holds dev/ or presentations/.

    What differs is a finding about the rules, not an error: the exit code stays 0.
    """
    from rich.table import Table

    from mps_rules.authoring import vignettes

    base = _load(folders)
    if (folder / "dev").is_dir() or (folder / "presentations").is_dir():
        from mps_rules.authoring import presented

        charts = presented.Validation(base, folder)
        _tell(_charts_of(charts, draws)) if as_json else _validate_charts(charts, draws)
        return
    judged = _judged(folder, base)
    alone = None if chart is None else vignettes.singly(base, _findings(chart))
    if out is not None:
        _write(out, vignettes.page(judged, base, alone), quietly=as_json)
    if as_json:
        shares = {aspect: {"right": n, "of": of} for aspect, (n, of) in vignettes.shares(judged).items()}
        differing = [{"place": one.place, "vignette": one.vignette, "what": what} for one, what in vignettes.failures(judged)]
        _tell({"vignettes": len(judged), "right": shares, "differ": differing, "raising": None if alone is None else list(alone.raising)})
        return
    table = Table("what is right", "share, 95 per cent interval", box=None, pad_edge=False)
    for aspect, (right, of) in vignettes.shares(judged).items():
        table.add_row(vignettes.MEANT[aspect], vignettes.share(right, of))
    console = _console()
    console.print(table)
    failures = vignettes.failures(judged)
    console.print(f"\n{len(failures)} of {len(judged)} vignettes differ")
    for vignette, what in failures:
        console.print(f"{in_one_line(f'{vignette.place}: {vignette.vignette}')}\n    {in_one_line(what)}")
    if alone is not None:
        console.print(
            f"\n{len(alone.raising)} of {alone.tried} findings, added singly to {in_one_line(str(chart))}, raise an urgent or emergency flag"
        )


def _charts_of(charts: "Validation", draws: int) -> dict[str, Any]:
    figures = [{**plain(figure), "met": figure.met} for figure in charts.figures(draws)]
    single = [{"finding": term, "urgency": urgency, "suspects": list(suspects)} for term, urgency, suspects in charts.single_findings()]
    return {"figures": figures, "single_findings": single}


def _validate_charts(charts: "Validation", draws: int) -> None:
    figures = []
    for figure in charts.figures(draws):
        figures.append(figure)
        click.echo(str(figure))
        for missed in figure.misses[:LISTED]:
            click.echo(f"        {missed}")
    click.echo(f"{sum(figure.met for figure in figures)} of {len(figures)} aims met")
    click.echo("\nBack pain at 55 with one finding more, urgent or an emergency:")
    for term, urgency, suspects in charts.single_findings():
        click.echo(f"  {urgency:<9} {term}: {', '.join(suspects)}")


LISTED = 12
"""How many charts that miss an aim are named."""


def _write(path: Path, text: str, *, quietly: bool = False) -> None:
    """Writes a file and says so: on standard error where JSON goes out."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FindingError([Fault(str(path), f"cannot be written: {error.strerror or error}")]) from None
    click.echo(in_one_line(f"wrote {path}"), err=quietly)


@main.command(name="omop")
@click.argument("database", metavar="DB")
@click.option("--out", type=click.Path(path_type=Path), help="Keep what is concluded of each person in this file (.parquet or .csv).")
@click.option("--observations", type=click.Path(path_type=Path), help="The same, shaped like the model's observation table.")
@click.option("--index", default="latest visit", show_default=True, help="The day on which each person is judged, or one day for all.")
@click.option("--schema", help="Where the tables stand, if not in the database's own schema.")
@_as_json
@_rules
@_guarded
def omop_command(
    database: str,
    out: Path | None,
    observations: Path | None,
    index: str,
    schema: str | None,
    *,
    as_json: bool,
    folders: tuple[Path, ...],
) -> None:
    """
    What the rules say of everybody in DB, tables of the OMOP Common Data Model (5.3 or 5.4), and what nobody has asked.

    DB is a folder of Parquet files, a DuckDB file, or an address such as postgres://user@host/database.
    """
    from rich.progress import Progress

    from mps_rules.population import omop, overview

    base = _load(folders)
    kept = [path for path in (out, observations) if path is not None]
    faults = [Fault(str(path), "expected a file that ends in .parquet or .csv") for path in kept if path.suffix not in (".parquet", ".csv")]
    if faults:
        raise FindingError(faults)
    with Progress(console=_console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("reading the tables", total=3)
        findings, report = omop.read_omop(database, base, index=index, schema=schema)
        progress.update(task, advance=1, description="gathering the findings")
        rows = findings.to_polars()
        progress.update(task, advance=1, description="applying the rules")
        concluded, found = overview.overview(rows, base, keep=omop.KEEP, backend="duckdb")
        progress.update(task, advance=1)
    if as_json:
        _tell({"overview": plain(found), "report": plain(report)})
    else:
        _show("\n".join((*overview.lines(found, base), "", "Where it comes from", *report.lines())))
    if out is not None:
        _keep_table(out, concluded, quietly=as_json)
    if observations is not None:
        _keep_table(observations, omop.as_observations(concluded), quietly=as_json)


def _keep_table(path: Path, frame: Any, *, quietly: bool) -> None:
    try:
        (frame.write_csv if path.suffix == ".csv" else frame.write_parquet)(path)
    except OSError as error:
        raise FindingError([Fault(str(path), f"cannot be written: {error.strerror or error}")]) from None
    click.echo(in_one_line(f"wrote {path}"), err=quietly)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The manifest as JSON, every row of a table included.")
@click.option("--vignettes", "patients", type=click.Path(path_type=Path), help="A folder of vignettes that judge the rules.")
@_rules
@_guarded
def manifest(as_json: bool, patients: Path | None, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """Print what the rules are, whom they serve, what they read (sensitive facts by name), and what each rests on."""
    from mps_rules.authoring import manifest as manifests

    base = _load(folders)
    one = manifests.manifest(base, {str(patients): _judged(patients, base)} if patients else None)
    _tell(one.to_dict()) if as_json else _say(manifests.page(one))


@main.command()
@click.option("--json", is_flag=True, expose_value=False, help="As JSON, which it is without asking.")
@_rules
@_guarded
def schema(folders: tuple[Path, ...]) -> None:
    """Print the JSON Schema of a patient's findings."""
    from mps_rules.patient import forms

    _tell(forms.schema(_load(folders)))


@main.command()
@click.argument("search", nargs=-1, required=True)
@_as_json
@_rules
@_guarded
def terms(search: tuple[str, ...], *, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Find findings, diagnoses, muscles and places by name, synonym or code: mps-rules terms pins and needles."""
    from rich.table import Table

    from mps_rules.knowledge.vocabulary import Diagnosis, Muscle, Region, Term
    from mps_rules.patient import forms

    base = _load(folders)
    looked = forms.look_up(base, " ".join(search))
    if as_json:
        hits = looked.hits if looked.whole else ()
        _tell({"found": [{"kind": hit.kind, "id": hit.entry.id, "label": hit.entry.label, "side": hit.side} for hit in hits]})
        return
    entries = [hit.entry for hit in looked.hits] if looked.whole else []
    found = [entry for entry in entries if isinstance(entry, Term)]
    table = Table("finding", "what it is", "kind", "how", "about", "also called", box=None, pad_edge=False)
    for term in found:
        kind = " | ".join(term.values[:6]) if term.values else term.kind + base.vocabulary.shown_unit(term.id) if term.unit else term.kind
        table.add_row(*map(in_one_line, (term.id, term.label, kind, term.cost, term.subject, ", ".join(term.synonyms))))
    diagnoses = Table("diagnosis, under labels", "what it is", "ICD-10-CM", box=None, pad_edge=False)
    given = [entry for entry in entries if isinstance(entry, Diagnosis)]
    for diagnosis in given:
        diagnoses.add_row(*map(in_one_line, (diagnosis.id, diagnosis.label, ", ".join(diagnosis.codes.get("icd10cm", ())))))
    others = Table("muscle or place", "what it is", "kind", "also called", box=None, pad_edge=False)
    bodily = [entry for entry in entries if isinstance(entry, Muscle | Region)]
    for one in bodily:
        kind = "muscle" if isinstance(one, Muscle) else "place"
        others.add_row(*map(in_one_line, (one.id, one.label, kind, ", ".join(base.vocabulary.other_names(one.id)))))
    if not entries:
        called = forms.Lexicon(base.vocabulary).meant(" ".join(search))
        click.echo(in_one_line(f"called so: {', '.join(called)}") if called else "nothing found; try one word of it")
        return
    console = _console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 200)
    for shown in [table] * bool(found) + [diagnoses] * bool(given) + [others] * bool(bodily):
        console.print(shown)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON: every finding, none of them known.")
@_rules
@_guarded
def form(*, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Print a blank patient file with every finding as a comment."""
    from mps_rules.patient import forms

    base = _load(folders)
    _tell(forms.blank(base)) if as_json else _say(forms.blank_form(base))


_config = click.option("--config", type=click.Path(path_type=Path), help="The settings of the service (YAML); left out, the defaults.")


@main.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Say as JSON where it listens.")
@_rules
@_guarded
def serve(config: Path | None, *, as_json: bool, folders: tuple[Path, ...]) -> None:
    """
    Answer the hooks of an electronic record (CDS Hooks) over HTTP until stopped.

    Without settings it listens on this machine only, at port 8080, and keeps its records in mps-rules.sqlite here. Folders of rules
    named here go before those of the settings.
    """
    _service_installed()
    from mps_rules.service import serving

    _named(folders)
    serving.serve(
        config,
        lambda address: click.echo(json.dumps({"listening": address}) if as_json else f"listening on {address}"),
        tuple(map(str, folders)),
    )


@main.command()
@click.option(
    "--http",
    "port",
    type=click.IntRange(0, 65535),
    help="A port of 127.0.0.1 to answer at, over streamable HTTP; 0 chooses one. Left out, a pipe.",
)
@_rules
@_guarded
def mcp(port: int | None, folders: tuple[Path, ...]) -> None:
    """
    Answer assistants and other programs over the Model Context Protocol, at standard input and output, until they go away.

    Tools: find_terms, evaluate, why, next_questions, what_if. Nothing is kept.
    """
    from mps_rules.service import assistants

    base = _load(folders)
    if port is None:
        assistants.serve_pipe(base)
    else:
        assistants.serve_http(base, port, lambda address: click.echo(f"listening on {address}"))


@main.command(name="feedback-report")
@_config
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was shown and told since this day, in the time zone of the settings."
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@_guarded
def feedback_report(config: Path | None, since: datetime | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print which cards were shown, accepted and overridden, by rule and reason; no feedback is not a rejection."""
    _service_installed()
    from mps_rules.records.zones import midnight
    from mps_rules.service.settings import read_settings
    from mps_rules.service.store import Store

    settings = read_settings(config)
    store = Store(settings.store, make=False)
    try:
        report = store.report(midnight(since.date(), settings.time_zone) if since else None)
    finally:
        store.close()
    _tell(report.to_dict()) if as_json else _say(report.text())


def _service_installed() -> None:
    missing = [name for name in ("jwt", "sqlalchemy", "starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UnsupportedError([Fault("", f"the service needs {', '.join(missing)}: pip install 'mps-rules[service]'")])


@main.group()
def new() -> None:
    """Start a folder of rules, or a single rule, from a template."""


_NEW_PACK = """\
id: {id}
title: "The rules of our department, laid on top of the packaged ones"
version: "0.1"
status: not clinically reviewed
licence: for internal use
owners: ["our department"]
intended_users: Clinicians of our department who examine patients with muscle pain.
intended_use: To add our own rules to the packaged ones.
"""

_NEW_RULE = """\
id: {shelf}.{name}
title: "A title that a clinician could dispute"
status: draft              # active once its cases pass and evidence, limits and review are filled in
about: patient             # patient | muscle | label
summary: ""
evidence: {{grade: expert_opinion, references: [ART]}}
when:
  all:
    - pain_low_back
then:
  - caution: {{id: {name}, text: ""}}
limits: ""
reviewed:
"""

_NEW_CASES = """\
- case: "It fires: a line as in a chart"
  findings: {pain: [low_back.left]}
  expect: {fires: true}
- case: "It stays silent"
  findings: {pain: [{region: low_back, present: false}]}
  expect: {fires: false}
- case: "Too little is known"
  findings: {}
  expect: {fires: unknown, asks: [pain_low_back]}
"""


@new.command()
@click.argument("id", metavar="SHELF/NAME")
@click.option("--into", "folder", default="rules", show_default=True, type=click.Path(path_type=Path), help="The folder of rules.")
@_as_json
@_guarded
def rule(id: str, folder: Path, *, as_json: bool) -> None:
    """Write a rule and its cases to fill in; where FOLDER is not there yet, a pack of its own to lay on top of the packaged rules."""
    shelf, _, name = id.partition("/")
    if not all(part.isidentifier() and part.islower() for part in (shelf, name)):
        raise FindingError([Fault(id, "expected shelf/name in small letters, digits and underscores")])
    if shelf in (*SHELF_FOLDERS_APART, "causes", "codes"):
        raise FindingError([Fault(id, f"{shelf} holds no rules: choose a shelf of another name")])
    pack = folder / "pack.yaml"
    if not pack.is_file() and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FindingError([Fault(str(folder), "is not a folder of rules (it has no pack.yaml); name one, or a new one, with --into")])
    files = {folder / shelf / f"{name}.yaml": _NEW_RULE.format(shelf=shelf, name=name), folder / shelf / f"{name}.cases.yaml": _NEW_CASES}
    there = [str(path) for path in files if path.exists()]
    if there:
        raise FindingError([Fault(path, "is already there") for path in there])
    laid = not pack.is_file()
    for path, text in {**({pack: _NEW_PACK.format(id=_pack_id(folder))} if laid else {}), **files}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text, quietly=as_json)
    if as_json:
        _tell({"wrote": [str(path) for path in ([pack] if laid else []) + list(files)]})
    elif laid:
        click.echo(in_one_line(f"next: mps-rules --rules packaged --rules {folder} lint --only {id}"))


def _pack_id(folder: Path) -> str:
    """The name of a folder as the id of a pack."""
    return re.sub(r"\W+", "_", folder.resolve().name.lower()).strip("_") or "ours"
