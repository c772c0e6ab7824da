"""
The command ``mps-rules``: evaluate a patient, explain an answer, prove and check the rules.

Exit codes: 0 fine, 1 the knowledge or its cases fail, 2 wrong input. A user's mistake gives a list of faults, never a traceback.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from importlib import metadata
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mps_rules import api, cases, differences, fhir_in, forms, overview, partitions, presented, tally, terminal, vignettes
from mps_rules import manifest as manifests
from mps_rules import omop as tables_of_omop
from mps_rules.errors import Fault, FindingError, KnowledgeError, MpsRulesError, UnsupportedError
from mps_rules.interview import so_far
from mps_rules.lint import lint as lint_folders
from mps_rules.model import KnowledgeBase
from mps_rules.reading import LONGEST, Unreadable, as_yaml, read_text
from mps_rules.tables import Backend

F = TypeVar("F", bound=Callable[..., Any])
WRONG_KNOWLEDGE, WRONG_INPUT = 1, 2

_rules = click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of rules instead of the packaged ones; given again, laid on top.",
)


def _guarded(command: F) -> F:
    """Faults become a list on standard error and an exit code."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except MpsRulesError as error:
            for fault in error.faults:
                click.echo(f"error: {fault}", err=True)
            sys.exit(WRONG_KNOWLEDGE if isinstance(error, KnowledgeError) else WRONG_INPUT)

    return run  # type: ignore[return-value]


def _load(folders: tuple[Path, ...]) -> KnowledgeBase:
    return api.load(list(folders)) if folders else api.load()


def _findings(file: str) -> Any:
    """The findings of a YAML or JSON file, or of standard input for ``-``."""
    source = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read(LONGEST * 4 + 1) if file == "-" else Path(file).read_bytes()
        data = read_text(raw.decode("utf-8"), source).data
    except OSError as error:
        raise FindingError([Fault(source, f"cannot be read: {error.strerror or error}")]) from None
    except UnicodeDecodeError:
        raise FindingError([Fault(source, "is not UTF-8 text")]) from None
    except Unreadable as error:
        raise FindingError(error.faults) from None
    return {} if data is None else data


def _bundle(file: str) -> Any:
    """The JSON of a file, or of standard input for ``-``; a fault repeats nothing of what it holds."""
    source = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return json.loads(raw)
    except OSError as error:
        raise FindingError([Fault(source, f"cannot be read: {error.strerror or error}")]) from None
    except json.JSONDecodeError as error:
        raise FindingError([Fault(f"{source} line {error.lineno}", "is not JSON")]) from None
    except UnicodeDecodeError:
        raise FindingError([Fault(source, "is not UTF-8 text")]) from None
    except RecursionError:
        raise FindingError([Fault(source, "is nested too deep")]) from None


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's callback
    if not wanted or context.resilient_parsing:
        return
    base = api.load()
    click.echo(f"mps-rules {metadata.version('mps-rules')}")
    click.echo(f"rules {base.pack.id} {base.pack.version}, {base.pack.status}, digest {base.digest}")
    context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="The versions of the program and of its rules.",
)
def main() -> None:
    """Decision support for muscle pain, for clinicians: rules over findings, every conclusion explained."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command()
@click.argument("file")
@click.option("--json", "shape", flag_value="json", help="The whole assessment as JSON.")
@click.option("--note", "shape", flag_value="note", help="A note for the chart: what was told and found, then what the rules say of it.")
@_rules
@_guarded
def evaluate(file: str, shape: str | None, folders: tuple[Path, ...]) -> None:
    """What the rules say of the patient in FILE (YAML or JSON; - for standard input)."""
    assessment = api.evaluate(_findings(file), _load(folders))
    if shape == "json":
        click.echo(assessment.to_json())
    elif shape == "note":
        click.echo(assessment.note(), nl=False)
    else:
        _show(assessment.text())


def _show(text: str) -> None:
    """Text with headings and alarms marked where the terminal can."""
    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        marked = Text(line)
        if line.startswith(("EMERGENCY", "URGENT", "OPEN, ")) or (line.startswith("Urgency:  ") and "NONE" not in line):
            marked.stylize("bold red")
        elif line[:2].isupper():
            marked.stylize("bold")
        elif line.startswith("  !"):
            marked.stylize("yellow")
        console.print(marked)


@main.command()
@click.argument("file", metavar="BUNDLE.json")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day as of which the chart is read; left out, today.")
@click.option("--json", "as_json", is_flag=True, help="The findings, the report and the assessment as JSON.")
@_rules
@_guarded
def fhir(file: str, on: datetime | None, as_json: bool, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """
    What the rules say of the patient in a FHIR R4 Bundle (- for standard input).

    First what was read of the chart, what was not and why, and what is in doubt; then the assessment.
    """
    base = _load(folders)
    findings, report = fhir_in.read_bundle(_bundle(file), base, on=(on or datetime.now(UTC)).date())
    assessment = api.evaluate(findings, base)
    if as_json:
        told = {"findings": findings, "report": report.to_dict(), "assessment": assessment.to_dict()}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo(f"{report}\n")
        _show(assessment.text())


@main.command()
@click.argument("file")
@click.argument("id")
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
    click.echo({"short": proof.short, "full": str(proof)}.get(form) or json.dumps(proof.to_dict(), ensure_ascii=False, indent=2))


@main.command(name="why-not")
@click.argument("file")
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_rules
@_guarded
def why_not(file: str, id: str, as_json: bool, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """Why ID was not concluded of the patient in FILE: the rules that could have, nearest first."""
    shortfall = api.evaluate(_findings(file), _load(folders)).why_not(id)
    click.echo(json.dumps(shortfall.to_dict(), ensure_ascii=False, indent=2) if as_json else str(shortfall))


@main.command()
@click.argument("file")
@click.argument("id")
@click.option("--any", "through", flag_value="any", help="Change what is recorded too: on what does it hang?")
@click.option("--unknown", "through", flag_value="unknown", default=True, help="Change only what is not known (this is the default).")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_rules
@_guarded
def flip(file: str, id: str, through: Literal["unknown", "any"], as_json: bool, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """The smallest sets of findings that would reach ID for the patient in FILE, or undo it; cheapest first."""
    found = api.evaluate(_findings(file), _load(folders)).flip(id, through)
    click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2) if as_json else str(found))


@main.command(name="what-if")
@click.argument("file")
@click.argument("changes", nargs=-1, required=True, metavar="ADDRESS=VALUE...")
@_rules
@_guarded
def what_if(file: str, changes: tuple[str, ...], folders: tuple[Path, ...]) -> None:
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
    click.echo(str(api.evaluate(_findings(file), _load(folders)).what_if(said)))


@main.command()
@click.argument("file", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Keep what was answered in this file (YAML), to go on from later.")
@_rules
@_guarded
def ask(file: str | None, out: Path | None, folders: tuple[Path, ...]) -> None:
    """
    Ask, step by step, what could change the answer most; then print the assessment.

    FILE holds what is known beforehand: at least age and where it hurts make the first questions better. Enter leaves a finding
    not known, s skips a step, q leaves and keeps what was said.
    """
    console = Console(highlight=False, soft_wrap=True)
    base = _load(folders)
    try:
        assessment = terminal.run(base, _findings(file) if file else {}, console, console.input)
    except terminal.Left as left:
        _keep(out, left.findings)
        return
    console.print(Text(f"\n{terminal.closing(assessment)}\n", "bold"))
    _show(assessment.text())
    _keep(out, so_far(assessment))


def _keep(out: Path | None, findings: dict[str, Any]) -> None:
    if out is not None:
        _write(out, as_yaml(findings))


@main.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.argument("patients", type=click.Path(path_type=Path))
@_guarded
def diff(before: Path, after: Path, patients: Path) -> None:
    """
    For whom, and because of which rule, the answer changes when rules AFTER replace rules BEFORE.

    PATIENTS is a folder of vignettes or of patient files (YAML, JSON), or one such file.
    """
    old, new = api.load(before), api.load(after)
    click.echo(str(differences.diff_rules(old, new, _patients(patients))))


def _patients(path: Path) -> dict[str, Any]:
    """Patients by name, out of a file or a folder of files, each a patient or a list of vignettes or cases."""
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
    return differences.named(found)


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
@_rules
@_guarded
def cohort(
    inputs: tuple[Path, ...],
    out: Path,
    conclusions: str | None,
    explain: bool,  # noqa: FBT001 - click's flag
    person: str,
    keep: str,
    backend: Backend,
    rows: int,
    folders: tuple[Path, ...],
) -> None:
    """
    What the rules say of many patients: Parquet or CSV files, or folders of them.

    A row is a person, a column the address of a finding (fever, pain.low_back.left, gluteus_medius.left.taut_band); or, in a long file, a row
    is one thing said: person, term, value, and region, muscle, label, side, date as they apply. A run that was cut off goes on when it is
    started again.
    """
    base = _load(folders)
    asked = partitions.Asked(
        conclusions=None if conclusions is None else tuple(_listed(conclusions)),
        explain=explain,
        person=person,
        keep=tuple(_listed(keep)),
        backend=backend,
        rows=rows,
    )
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("evaluating", total=None)
        ran = partitions.evaluate_files(inputs, out, base, asked, lambda done, of: progress.update(bar, completed=done, total=of))
    for part in ran.unopened:
        click.echo(f"error: {part.file}, from row {part.start}: cannot be opened: {part.fault}", err=True)
    if ran.people:
        _show(tally.text(tally.summarised(out, base), base))
        click.echo(f"Written to {out}" + (f", {ran.faults:,} faults of set-aside rows to {ran.rejects}" if ran.faults else ""))
    if ran.found_done:
        click.echo(f"{ran.found_done} parts were done already by an earlier run")
    if ran.unopened:
        sys.exit(WRONG_INPUT)


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@main.command()
@click.argument("file")
@click.argument("id", required=False)
@click.option("--body", "form", flag_value="body", help="The body map as SVG.")
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
        click.echo(assessment.body_map(), nl=False)
    elif form == "mermaid":
        click.echo(assessment.derivation_mermaid(id), nl=False)
    else:
        click.echo(assessment.derivation_svg(id), nl=False)


@main.command(name="cases")
@click.argument("id", default="")
@_rules
@_guarded
def cases_command(id: str, folders: tuple[Path, ...]) -> None:
    """Run the cases of all rules, of one shelf, or of the rule ID."""
    outcomes = cases.run_cases(_load(folders), id)
    if not outcomes:
        raise FindingError([Fault(id, "no rule or shelf of that name has cases")])
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        click.echo(f"{outcome.case.place}: {outcome.case.case}")
        for difference in outcome.differences:
            click.echo(f"    {difference}")
    rules = len({outcome.case.rule for outcome in outcomes})
    click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases passed, of {rules} rules")
    if failed:
        sys.exit(WRONG_KNOWLEDGE)


@main.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@_guarded
def lint(folders: tuple[Path, ...]) -> None:
    """Check the rules of FOLDER (several are laid on top of each other), or the packaged ones."""
    issues = lint_folders(list(folders) if folders else api.load())
    for issue in issues:
        click.echo(str(issue))
    click.echo(f"{len(issues)} issue{'' if len(issues) == 1 else 's'}")
    if issues:
        sys.exit(WRONG_KNOWLEDGE)


def _judged(folder: Path, base: KnowledgeBase) -> tuple[vignettes.Judged, ...]:
    """What the rules say of the vignettes of a folder; a folder that holds none is wrong input."""
    if not folder.is_dir():
        raise FindingError([Fault(str(folder), "is not a folder")])
    return vignettes.judge(base, vignettes.read_vignettes(folder, base))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--chart", help="An ordinary patient (YAML or JSON), to whom each yes/no finding is added singly: which raise an alarm.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the whole page, as Markdown, into this file.")
@click.option("--draws", default=10_000, show_default=True, help="Of charts: how many ordinary ones are drawn with two findings more.")
@_rules
@_guarded
def validate(folder: Path, chart: str | None, out: Path | None, draws: int, folders: tuple[Path, ...]) -> None:
    """
    Hold what the rules say of the vignettes in FOLDER against the right answers; or of its charts, where it holds dev/ or presentations/.

    What differs is a finding about the rules, not an error: the exit code stays 0.
    """
    base = _load(folders)
    if (folder / "dev").is_dir() or (folder / "presentations").is_dir():
        _validate_charts(presented.Validation(base, folder), draws)
        return
    judged = _judged(folder, base)
    alone = None if chart is None else vignettes.singly(base, _findings(chart))
    table = Table("what is right", "share, 95 per cent interval", box=None, pad_edge=False)
    for aspect, (right, of) in vignettes.shares(judged).items():
        table.add_row(vignettes.MEANT[aspect], vignettes.share(right, of))
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    failures = vignettes.failures(judged)
    console.print(f"\n{len(failures)} of {len(judged)} vignettes differ")
    for vignette, what in failures:
        console.print(Text(f"{vignette.place}: {vignette.vignette}\n    {what}"))
    if alone is not None:
        console.print(f"\n{len(alone.raising)} of {alone.tried} findings, added singly to {chart}, raise an urgent or emergency flag")
    if out is not None:
        _write(out, vignettes.page(judged, base, alone))


def _validate_charts(charts: presented.Validation, draws: int) -> None:
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


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FindingError([Fault(str(path), f"cannot be written: {error.strerror or error}")]) from None
    click.echo(f"wrote {path}")


@main.command(name="omop")
@click.argument("database", metavar="DB")
@click.option("--out", type=click.Path(path_type=Path), help="Keep what is concluded of each person in this file (.parquet or .csv).")
@click.option("--observations", type=click.Path(path_type=Path), help="The same, shaped like the model's observation table.")
@click.option("--index", default="latest visit", show_default=True, help="The day on which each person is judged, or one day for all.")
@click.option("--schema", help="Where the tables stand, if not in the database's own schema.")
@_rules
@_guarded
def omop_command(
    database: str, out: Path | None, observations: Path | None, index: str, schema: str | None, folders: tuple[Path, ...]
) -> None:
    """
    What the rules say of everybody in DB, tables of the OMOP Common Data Model (5.3 or 5.4), and what nobody has asked.

    DB is a folder of Parquet files, a DuckDB file, or an address such as postgres://user@host/database.
    """
    base = _load(folders)
    kept = [path for path in (out, observations) if path is not None]
    faults = [Fault(str(path), "expected a file that ends in .parquet or .csv") for path in kept if path.suffix not in (".parquet", ".csv")]
    if faults:
        raise FindingError(faults)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("reading the tables", total=3)
        findings, report = tables_of_omop.read_omop(database, base, index=index, schema=schema)
        progress.update(task, advance=1, description="gathering the findings")
        rows = findings.to_polars()
        progress.update(task, advance=1, description="applying the rules")
        concluded, found = overview.overview(rows, base, keep=tables_of_omop.KEEP, backend="duckdb")
        progress.update(task, advance=1)
    _show("\n".join((*overview.lines(found, base), "", "Where it comes from", *report.lines())))
    if out is not None:
        _keep_table(out, concluded)
    if observations is not None:
        _keep_table(observations, tables_of_omop.as_observations(concluded))


def _keep_table(path: Path, frame: Any) -> None:
    try:
        (frame.write_csv if path.suffix == ".csv" else frame.write_parquet)(path)
    except OSError as error:
        raise FindingError([Fault(str(path), f"cannot be written: {error.strerror or error}")]) from None
    click.echo(f"wrote {path}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The manifest as JSON, every row of a table included.")
@click.option("--vignettes", "patients", type=click.Path(path_type=Path), help="A folder of vignettes that judge the rules.")
@_rules
@_guarded
def manifest(as_json: bool, patients: Path | None, folders: tuple[Path, ...]) -> None:  # noqa: FBT001 - click's flag
    """Print what the rules are, whom they serve, what they read (sensitive facts by name), and what each rests on."""
    base = _load(folders)
    one = manifests.manifest(base, {str(patients): _judged(patients, base)} if patients else None)
    click.echo(json.dumps(one.to_dict(), ensure_ascii=False, indent=2) if as_json else manifests.page(one), nl=as_json)


@main.command()
@_rules
@_guarded
def schema(folders: tuple[Path, ...]) -> None:
    """Print the JSON Schema of a patient's findings."""
    click.echo(json.dumps(forms.schema(_load(folders)), ensure_ascii=False, indent=2))


@main.command()
@click.argument("search", nargs=-1, required=True)
@_rules
@_guarded
def terms(search: tuple[str, ...], folders: tuple[Path, ...]) -> None:
    """Find findings and diagnoses by name or synonym: mps-rules terms pins and needles."""
    base = _load(folders)
    found = forms.search(base, " ".join(search))
    table = Table("finding", "what it is", "kind", "how", "about", "also called", box=None, pad_edge=False)
    for term in found:
        kind = " | ".join(term.values[:6]) if term.values else term.kind + base.vocabulary.shown_unit(term.id) if term.unit else term.kind
        table.add_row(term.id, term.label, kind, term.cost, term.subject, ", ".join(term.synonyms))
    diagnoses = Table("diagnosis, under labels", "what it is", "ICD-10-CM", box=None, pad_edge=False)
    given = forms.search_diagnoses(base, " ".join(search))
    for diagnosis in given:
        diagnoses.add_row(diagnosis.id, diagnosis.label, ", ".join(diagnosis.codes.get("icd10cm", ())))
    if not (found or given):
        click.echo("nothing found; try one word of it")
        return
    console = Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 200, highlight=False)
    for shown in [table] * bool(found) + [diagnoses] * bool(given):
        console.print(shown)


@main.command()
@_rules
@_guarded
def form(folders: tuple[Path, ...]) -> None:
    """Print a blank patient file with every finding as a comment."""
    click.echo(forms.blank_form(_load(folders)), nl=False)


_config = click.option("--config", type=click.Path(path_type=Path), help="The settings of the service (YAML); left out, the defaults.")


@main.command()
@_config
@_guarded
def serve(config: Path | None) -> None:
    """
    Answer the hooks of an electronic record (CDS Hooks) over HTTP until stopped.

    Without settings it listens on this machine only, at port 8080, and keeps its records in mps-rules.sqlite here.
    """
    _service_installed()
    from mps_rules import serving

    serving.serve(config, lambda address: click.echo(f"listening on {address}"))


@main.command(name="feedback-report")
@_config
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was shown and told since this day (UTC).")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@_guarded
def feedback_report(config: Path | None, since: datetime | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print which cards were shown, accepted and overridden, by rule and reason; no feedback is not a rejection."""
    _service_installed()
    from mps_rules.settings import read_settings
    from mps_rules.store import Store

    store = Store(read_settings(config).store, make=False)
    try:
        report = store.report(since.replace(tzinfo=UTC) if since else None)
    finally:
        store.close()
    click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2) if as_json else report.text())


def _service_installed() -> None:
    missing = [name for name in ("jwt", "sqlalchemy", "starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UnsupportedError([Fault("", f"the service needs {', '.join(missing)}: pip install 'mps-rules[service]'")])


@main.group()
def new() -> None:
    """Begin something new."""


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
@_guarded
def rule(id: str, folder: Path) -> None:
    """Write a rule and its cases to fill in."""
    shelf, _, name = id.partition("/")
    if not all(part.isidentifier() and part.islower() for part in (shelf, name)):
        raise FindingError([Fault(id, "expected shelf/name in small letters, digits and underscores")])
    if not (folder / "pack.yaml").is_file():
        raise FindingError([Fault(str(folder), "is not a folder of rules (it has no pack.yaml); name one with --into")])
    files = {folder / shelf / f"{name}.yaml": _NEW_RULE.format(shelf=shelf, name=name), folder / shelf / f"{name}.cases.yaml": _NEW_CASES}
    there = [str(path) for path in files if path.exists()]
    if there:
        raise FindingError([Fault(path, "is already there") for path in there])
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"wrote {path}")
