"""
Files of patients, part by part: what fits in memory at a time is evaluated and written, and nothing is lost on the way.

A run that was cut off goes on where it stopped and ends in the same bytes. Rows that cannot be read, and parts that cannot be opened, are set
aside with their reasons and counted; the finished file appears only when everything is done.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from mps_rules.errors import Fault, FindingError
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.population.cohort import laid
from mps_rules.population.tables import Backend, Dates, first_line, is_long, kinds_of, opened, pivoted, understood

FAULTS = 5
"""So many faults of a file that cannot be opened are named."""
READ = (".parquet", ".csv", ".csv.gz")
"""What a file of patients may end in."""


@attrs.frozen
class Part:
    """Some rows of one file: evaluated together."""

    number: int
    file: str
    start: int
    rows: int


@attrs.frozen
class Unopened:
    """A file, or a part of one, that cannot be read at all, and why."""

    file: str
    start: int
    fault: str


@attrs.frozen
class Ran:
    """What a run did: people written, faults of rows set aside, parts that could not be opened, and parts an earlier run had done."""

    out: Path
    people: int
    faults: int
    unopened: tuple[Unopened, ...]
    found_done: int

    @property
    def rejects(self) -> Path:
        """Where the rows that were set aside are listed."""
        return rejects_beside(self.out)


@attrs.frozen
class Asked:
    """What a run is asked, of whom, and where it is computed."""

    conclusions: tuple[str, ...] | None = None
    explain: bool = False
    person: str = "person"
    keep: tuple[str, ...] = ()
    backend: Backend = "polars"
    rows: int = 200_000
    dates: Dates = "ISO"


def rejects_beside(out: Path) -> Path:
    """The file of set-aside rows that belongs to a file of results."""
    return out.with_name(f"{out.stem}.rejects{out.suffix}")


def evaluate_files(
    inputs: Sequence[Path], out: Path, base: KnowledgeBase, asked: Asked, report: Callable[[int, int], None] = lambda _done, _of: None
) -> Ran:
    """
    Evaluate files of patients, a Parquet or CSV file each or folders of them, into one Parquet file, and its rejects beside it.

    A long file is one part, since a person's rows may stand anywhere in it; a person must not be spread over files. ``report`` hears how
    many parts of how many are done.

    Raises:
        FindingError: no such file, nothing to read, columns or conclusions that name nothing, or parts left by another run.

    """
    files = tuple(_files(inputs))
    folder = out.with_name(f"{out.name}.parts")
    unopened: list[Unopened] = []
    parts = tuple(_parts(files, asked.rows, unopened))
    _begin(folder, _description(files, base, asked))
    runner = _Runner(base, asked, folder)
    found_done = sum(runner.result(part).exists() for part in parts)
    for done, part in enumerate(parts):
        report(done, len(parts))
        if not runner.result(part).exists():
            runner.run(part, unopened)
    report(len(parts), len(parts))
    people = _joined([runner.result(part) for part in parts], out)
    faults = _joined([runner.rejects(part) for part in parts], rejects_beside(out))
    shutil.rmtree(folder)
    return Ran(out, people, faults, tuple(unopened), found_done)


def _files(inputs: Sequence[Path]) -> Iterator[Path]:
    """The files named, and those in the folders named, by name."""
    faults = [Fault(str(path), "no such file or folder") for path in inputs if not path.exists()]
    faults += [Fault(str(p), f"is no file of {', '.join(READ)}") for p in inputs if p.is_file() and not p.name.endswith(READ)]
    found = [
        one for path in inputs for one in (sorted(path.iterdir()) if path.is_dir() else [path]) if one.is_file() and one.name.endswith(READ)
    ]
    if not faults and not found:
        faults.append(Fault(", ".join(map(str, inputs)), f"holds no file of {', '.join(READ)}"))
    if faults:
        raise FindingError(faults)
    yield from dict.fromkeys(found)


def _parts(files: Iterable[Path], rows: int, unopened: list[Unopened]) -> Iterator[Part]:
    """Each file in slices of so many rows, a long file whole; what cannot be opened is noted."""
    number = 0
    for path in files:
        try:
            with understood(path):
                source, _ = opened(path)
                size = int(source.count().to_pyarrow().as_py())
            step = max(size, 1) if is_long(source) else rows
        except Exception as error:  # noqa: BLE001 - a backend says in errors of its own that a file is damaged
            unopened.append(Unopened(str(path), 0, _reason(error)))
            continue
        for start in range(0, max(size, 1), step):
            yield Part(number, str(path), start, min(step, size - start))
            number += 1


def _reason(error: Exception) -> str:
    return "; ".join(str(fault) for fault in error.faults[:FAULTS]) if isinstance(error, FindingError) else first_line(error)


def _description(files: Iterable[Path], base: KnowledgeBase, asked: Asked) -> str:
    """What tells one run from another: the files as they are now, the rules, and what is asked."""
    seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return json.dumps({"files": seen, "digest": base.digest, "asked": attrs.asdict(asked)}, sort_keys=True)


def _begin(folder: Path, description: str) -> None:
    """A folder for the parts of this run; one that another run has left is not touched."""
    note = folder / "run.json"
    if folder.exists() and (not note.exists() or note.read_text("utf-8") != description):
        raise FindingError(
            [Fault(str(folder), "holds the parts of another run (other files, rules or questions); remove it to begin anew")]
        )
    folder.mkdir(parents=True, exist_ok=True)
    _put(note, lambda path: path.write_text(description, "utf-8"))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    """A file that is there whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    write(beside)
    beside.replace(path)


@attrs.frozen(eq=False)
class _Runner:
    """Evaluates parts."""

    base: KnowledgeBase
    asked: Asked
    folder: Path

    def result(self, part: Part) -> Path:
        return self.folder / f"{part.number:06}.parquet"

    def rejects(self, part: Part) -> Path:
        return self.folder / f"{part.number:06}.rejects.parquet"

    def run(self, part: Part, unopened: list[Unopened]) -> None:
        """Evaluate a part and write it, its rejects first: a part is done when its results are there."""
        try:
            with understood(part.file):
                rows = opened(part.file)[0].limit(part.rows, offset=part.start).to_polars()
        except Exception as error:  # noqa: BLE001 - as above
            unopened.append(Unopened(part.file, part.start, _reason(error)))
            return
        source, give_back = opened(rows, self.asked.backend)
        asked, unread = self.asked, None
        if is_long(source):
            source, unread = pivoted(source, self.base, asked.person, asked.dates)
        cohort = laid(self.base, kinds_of(source), asked.person, asked.keep)
        bad = give_back(cohort.faults(source, unread))
        made = give_back(cohort.told(source, asked.conclusions, explain=asked.explain))
        _put(self.rejects(part), bad.write_parquet)
        _put(self.result(part), made.write_parquet)


def _joined(parts: Sequence[Path], out: Path) -> int:
    """One file of many, a part at a time; how many rows it has."""
    from pyarrow import parquet

    rows = 0
    done = [path for path in parts if path.exists()]
    beside = out.with_name(f"{out.name}.new")
    writer = None
    for path in done:
        table = parquet.read_table(path)
        if writer is None:
            writer = parquet.ParquetWriter(beside, table.schema)
        writer.write_table(table.cast(writer.schema))
        rows += table.num_rows
    if writer is not None:
        writer.close()
        beside.replace(out)
    return rows
