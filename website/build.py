"""
The whole site: ``python website/build.py build/site`` gathers the pages, has Zensical build them strictly, lays the static page beside them, and checks every link.

Needs the packages of ``site.lock`` and, for the static page, Node and npm (``website/package-lock.json``); ``make site`` brings the packages.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import docs_tree
import static_page

HERE = Path(__file__).resolve().parent


def build(site: Path) -> None:
    """The site, into a folder; what lay there is replaced."""
    work = site.parent / f"{site.name}.work"
    work.mkdir(parents=True, exist_ok=True)
    npm = installed(work)
    docs_tree.gather(work / "docs")
    static_page.build(work / "docs" / "try", npm)
    settings = (HERE / "zensical.toml").read_text(encoding="utf-8")
    (work / "zensical.toml").write_text(completed(settings, docs_tree.written()), encoding="utf-8")
    _ran([str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"], work)
    (work / "site" / "404.html").unlink()  # its links begin at the root of a host; these files may stand anywhere
    broken = docs_tree.broken(work / "site")
    if broken:
        sys.exit("\n".join(broken))
    shutil.rmtree(site, ignore_errors=True)
    (work / "site").rename(site)


def completed(settings: str, pages: Sequence[str]) -> str:
    r"""
    The settings, with the pages that their navigation does not name under a heading of their own: none is out of reach.

    >>> print(completed('nav = [\n  { "Changes" = "changelog.md" },\n]', ["changelog.md", "proofs.md"]))
    nav = [
      { "More" = ["proofs.md"] },
      { "Changes" = "changelog.md" },
    ]
    """
    more = [page for page in pages if f'"{page}"' not in settings]
    last = '  { "Changes"'
    return settings.replace(last, f'  {{ "More" = {json.dumps(more)} }},\n{last}') if more else settings


def installed(work: Path) -> Path:
    """The ``node_modules`` of the lock, as it says and nothing else."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        sys.exit("the static page needs Node and npm (Debian: apt-get install nodejs npm)")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, work)
    _ran(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"], work)
    return work / "node_modules"


def _ran(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve())
