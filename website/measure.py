"""
What the page without a server costs: sizes, and seconds in a real Chromium, cold, offline and a click.

``python website/measure.py build/site/try`` prints a table. Beside the time of the clock it tells that of the processors, over all processes of the browser: on
a machine that is busy the first says little, and the second is what an idle one would need at most.
"""

import gzip
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import pictures

PLACES = ("low_back left", "buttock_mid left", "low_back right", "buttock_mid right", "calf left", "calf right")
PATIENCE = 240_000


def processor_seconds() -> float:
    """Of this process's children and theirs, so far."""
    ticks: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        ticks[int(stat.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    mine = {os.getpid()}
    while more := {one for one, (parent, _) in ticks.items() if parent in mine} - mine:
        mine |= more
    return sum(ticks[one][1] for one in mine - {os.getpid()} if one in ticks) / os.sysconf("SC_CLK_TCK")


def took(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processors."""
    clock, processors = time.perf_counter(), processor_seconds()
    act()
    return time.perf_counter() - clock, processor_seconds() - processors


def sizes(folder: Path) -> Iterator[str]:
    """The files, largest first, as they are and as a host would compress them."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ordered = sorted(files, key=lambda name: -len(files[name]))
    for name in ordered[:6]:
        yield f"| `{name}` | {len(files[name]) / 1e6:.2f} | {len(gzip.compress(files[name])) / 1e6:.2f} |"
    yield f"| all | {sum(map(len, files.values())) / 1e6:.2f} | {sum(len(gzip.compress(one)) for one in files.values()) / 1e6:.2f} |"


def times(page: Page, address: str) -> Iterator[str]:
    """The first answer, clicks, and the first answer again without a network."""
    yield row("first answer, cold", [took(lambda: (page.goto(address), page.wait_for_selector("body[data-answered]")))])
    page.wait_for_selector("body[data-offline=ready]")
    yield row("a click on a new place, until drawn", [took(partial(click, page, place)) for place in PLACES])
    page.context.set_offline(True)
    yield row("first answer again, without a network", [took(lambda: (page.reload(), page.wait_for_selector("body[data-answered]")))])


def row(what: str, measured: list[tuple[float, float]]) -> str:
    """A row of the table: medians."""
    return f"| {what} | {statistics.median(clock for clock, _ in measured):.2f} | {statistics.median(used for _, used in measured):.2f} |"


def click(page: Page, place: str) -> None:
    """Marks a place and waits for the answer."""
    number = page.evaluate("document.body.dataset.answered")
    page.locator(f"[data-view=back] [data-place='{place}']").click()
    page.wait_for_selector(f"body:not([data-answered='{number}']):not(.asking)")


def main(folder: Path) -> None:
    """Prints both tables."""
    print("| file | MB | compressed |", "|---|---|---|", *sizes(folder), "", sep="\n")
    print("| what | seconds | of the processors |", "|---|---|---|", sep="\n")
    with pictures.served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("dialog", lambda dialog: dialog.accept())
        for line in times(page, address):
            print(line, flush=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
