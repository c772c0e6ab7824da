"""
One table of everything that is measured, in one run and side by side: rivals first brought to the same conclusions, then timed in turns.

``python bench/performance.py [OUT.md] [--quick]``: prints the table, and writes it as Markdown.
"""

import cProfile
import platform
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import mps_rules as mps
import rivals
from mps_rules.chaining import circuit, engine
from mps_rules.language.reading import read_text
from mps_rules.patient.facts import Facts, terrain_of
from mps_rules.patient.findings import read_findings
from mps_rules.population import cohort
from mps_rules.population.tables import Backend
from population import mapping, population

EXAMPLES = Path(__file__).parents[1] / "examples"
SPARK = bool(find_spec("pyspark") and which("java"))
"""PySpark is measured where it is installed: it is no part of the development environment."""
BACKENDS: tuple[Backend, ...] = ("polars", "duckdb", *(("spark",) if SPARK else ()))
VERSIONS = ("clipspy", "zen-engine", "ibis-framework", "polars", "duckdb", *(("pyspark",) if SPARK else ()), "networkx")

Row = tuple[str, ...]


def quantiles(run: Callable[[Any], object], items: Sequence[Any], rounds: int) -> tuple[float, float]:
    """The median and the 99th percentile of one call, in seconds, the items taken in turn."""
    times = []
    for n in range(rounds):
        item = items[n % len(items)]
        begun = time.perf_counter()
        run(item)
        times.append(time.perf_counter() - begun)
    times.sort()
    return statistics.median(times), times[min(len(times) - 1, len(times) * 99 // 100)]


def one_patient(rounds: int) -> Iterator[Row]:
    """The packaged rules and an example patient: whole, chaining alone, circuit alone, and a few questions about the answer."""
    kb = mps.load()
    terrain, compiled = terrain_of(kb), circuit.circuit_of(kb)
    for name in ("facet_label", "cauda_equina", "widespread_pain"):
        path = EXAMPLES / f"{name}.yaml"
        data = read_text(path.read_text(encoding="utf-8"), path.name).data
        known = read_findings(data, terrain)
        facts = Facts(terrain, known)
        runs: dict[str, tuple[Callable[[Any], object], Any]] = {
            "evaluate, whole": (lambda data: mps.evaluate(data, kb), data),
            "chaining alone": (lambda facts: engine.chain(kb, facts), facts),
            "circuit alone": (compiled.read, facts),
            "evaluate and questions": (lambda data: mps.evaluate(data, kb).questions, data),
        }
        for what, (run, given) in runs.items():
            run(given)
            p50, p99 = quantiles(run, [given], rounds)
            yield name, what, f"{1000 * p50:.2f}", f"{1000 * p99:.2f}"


def profile(rounds: int) -> Iterator[Row]:
    """Where the time of ``evaluate`` goes: the share of each module's own lines, as cProfile sees it, the example patients in turn."""
    kb = mps.load()
    patients = [read_text(path.read_text(encoding="utf-8"), path.name).data for path in sorted(EXAMPLES.glob("*.yaml"))]
    for patient in patients:
        mps.evaluate(patient, kb)
    profiler = cProfile.Profile()
    with profiler:
        for n in range(rounds):
            mps.evaluate(patients[n % len(patients)], kb)
    own: dict[str, float] = {}
    for (file, _, _), (_, _, took, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        parts = Path(file).parts
        module = "experta" if "experta" in parts else Path(file).stem if "mps_rules" in parts else "Python itself"
        own[module] = own.get(module, 0.0) + took
    whole = sum(own.values())
    for module, took in sorted(own.items(), key=lambda one: -one[1])[:12]:
        yield module, f"{took / whole:.0%}"


def chaining(rounds: int, rules: int, findings: int) -> Iterator[tuple[str, float, float]]:
    """
    A generated pack by every engine: microseconds, and how many times as long as clipspy.

    All conclude the same of the first twenty patients. They run in turns on the same patient, and are compared pair by pair, in seconds of
    their own thread, so that what else runs on the machine weighs on all alike.
    """
    pack = rivals.generated(rules, findings)
    with tempfile.TemporaryDirectory() as folder:
        engines = rivals.engines(pack, Path(folder) / "pack")
        some = rivals.patients(pack, 100)
        rivals.agreed(engines, some[:20])
        prepared = {name: [one.prepared(patient) for patient in some] for name, one in engines.items()}
        slow = {name for name in engines if name.startswith("stock") or "judge" in name}
        taken: dict[str, dict[int, float]] = {name: {} for name in engines}
        for number in range(rounds):
            for name, one in engines.items():
                if name in slow and number >= max(10, rounds // 10):
                    continue
                begun = time.thread_time()
                one.run(prepared[name][number % len(some)])
                taken[name][number] = time.thread_time() - begun
        for name, times in taken.items():
            pairs = [took / taken["clipspy"][number] for number, took in times.items()]
            yield name, 1e6 * statistics.median(times.values()), statistics.median(pairs)


def verdicts(rules: int, findings: int) -> float:
    """How many rules of a generated pack are decided of one patient."""
    pack = rivals.generated(rules, findings)
    with tempfile.TemporaryDirectory() as folder:
        return rivals.decided(pack, Path(folder) / "pack", rivals.patients(pack, 100))


def populations(sizes: Sequence[int]) -> Iterator[Row]:
    """The packaged rules over generated patients: patients a second, writing not counted."""
    kb = mps.load()
    some = [*(rule.alert.id for rule in kb.rules if rule.alert and {"low_back", "spine", "back"} & set(rule.alert.regions))]
    some += ["fm_acr_1990", "fm_acr_2010", "fm_acr_2011", "fm_acr_2016", "fm_aapt_2019", "fibromyalgia"]
    for what, asked in (("spinal red flags and fibromyalgia criteria", some), ("everything", None)):
        for size in sizes:
            frame = population(kb, size)
            for backend in BACKENDS:
                if backend != "polars" and size > 100_000:
                    continue
                begun = time.perf_counter()
                made = cohort.evaluate_cohort(frame, kb, conclusions=asked, backend=backend)
                took = time.perf_counter() - begun
                assert made.height == size
                yield what, backend, f"{size:,}", f"{took:.2f}", f"{size / took:,.0f}"
    frame = population(kb, 200)
    begun = time.perf_counter()
    mps.evaluate_many([mapping(row, kb.vocabulary) for row in frame.iter_rows(named=True)], kb)
    took = time.perf_counter() - begun
    yield "everything, and the whole assessment", "a loop over evaluate", "200", f"{took:.2f}", f"{200 / took:,.0f}"


def table(head: Row, rows: Sequence[Row]) -> str:
    """Rows as a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(*, quick: bool) -> str:
    """Everything that is measured, as Markdown."""
    rounds = 40 if quick else 300
    versions = ", ".join((f"experta {engine.experta.__version__}", *(f"{name} {metadata.version(name)}" for name in VERSIONS)))
    rows = list(chaining(rounds, 500, 250))
    stock = next(took for name, took, _ in rows if name == "stock experta")
    engines = [(name, f"{took:,.0f}", f"{stock / took:.1f}", f"{times:.2f}") for name, took, times in rows]
    growth = []
    for rules, findings in ((125, 250), (500, 250), (2000, 250), (500, 1000), (2000, 1000), (2000, 4000), (500, 60)):
        found = chaining(max(20, rounds // 4), rules, findings)
        took = [f"{took:,.0f} ({times:.1f})" for name, took, times in found if "judge" not in name]
        growth.append((f"{rules:,}", f"{findings:,}", f"{verdicts(rules, findings):,.0f}", *took))
    names = [name for name, *_ in rows if "judge" not in name]
    return f"""# Performance

Generated by `python bench/performance.py docs/performance.md`, everything in one run. {platform.python_implementation()} {platform.python_version()},
{platform.machine()}; {versions}. Absolute times move with the machine; ratios hold better.

## One patient, packaged rules

Milliseconds. `evaluate` is the whole: reading, chaining, ranking muscles and hypotheses, criteria, texts.

{table(("patient", "what", "p50", "p99"), list(one_patient(rounds)))}

The aim of 2 ms for `evaluate` is not met. Its time is spread over what makes an answer explained: a derivation with its premises
for everything concluded, arguments that may yet hold with what they wait for, every muscle scored in the open. The share of
each module's own lines:

{table(("module", "share"), list(profile(rounds)))}

## One patient, a generated pack of 500 rules over 250 findings

Microseconds of the thread's own time, p50; what was said of the patient has been read and checked before. Every engine concluded the same of twenty
patients first, and is used as well as it can be: clipspy by facts of templates. It chains these rules faster than this library does, which also gives a
verdict on rules that do not hold. Ratios are medians of pairs, run in turns on the same patient.

{table(("engine", "p50", "times faster than stock experta", "times clipspy"), engines)}

## Growth

Microseconds, p50, and how many times as long as clipspy, by the number of rules and of findings; {rivals.KNOWN} findings are known of each patient. What is paid for is verdicts:
mps_rules also says which rules are known not to hold, which the others leave out, so its time grows with the rules that those findings
decide, and hardly with the rules that they do not touch.

{table(("rules", "findings", "rules decided", *names), growth)}

## A population

Generated patients with charts from nearly empty to full, {len(population(mps.load(), 1).columns):,} columns; seconds from frame to frame. What ten patients take is the
translation of the rules to these columns, once for a set of columns; what a million take beyond that is computing. Every rule, hypothesis and
criterion of the pack is some ten thousand steps for each patient, worked out 64 patients a word by one kernel wherever the rows lie. PySpark runs
on this one machine, which it is not made for; it is here to be known, not to win.

{table(("what", "where", "patients", "seconds", "patients a second"), list(populations((10, 10_000, 100_000) if quick else (10, 10_000, 100_000, 1_000_000))))}
"""


if __name__ == "__main__":
    made = page(quick="--quick" in sys.argv)
    print(made)  # noqa: T201 - a command
    for out in (arg for arg in sys.argv[1:] if not arg.startswith("-")):
        Path(out).write_text(made, encoding="utf-8")
