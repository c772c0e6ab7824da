"""
The page without a server: the service's own page, with Python for the browser, the library and the rules beside it, as static files that anybody can host.

The page is the service's, file by file, but for ``transport.js``: a question goes to a worker in the same browser instead of over HTTP. The rules
are read here, handed over as a value, and compiled by the very Python that will run them; in the browser no YAML of the rules is read.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import mps_rules
from mps_rules.knowledge.packaged import ship
from mps_rules.language.reading import read_yaml
from mps_rules.service import json_api

HERE = Path(__file__).resolve().parent
BROWSER = HERE / "browser"
PACKAGE = Path(mps_rules.__file__).resolve().parent
WEB = PACKAGE / "service" / "web"
LEFT_OUT = ("command", "service/web", "service/web_smart", "service/web_notebook", "_vendor/fhirclient", "rules", "examples")
"""Parts of the package that a browser never asks for; what stays the same while the rules do is laid out as files instead."""
DEPENDENCIES = {"attrs": ("attr", "attrs"), "cattrs": ("cattrs",), "typing_extensions": ("typing_extensions.py",), "PyYAML": ("yaml",)}
"""What the operations of the page import beside the library, by distribution; of PyYAML the part in Python, for patient files that somebody opens."""
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
"""The files of Python for the browser that a page loads."""
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""What the browser is told to refuse: everything but the page's own files. The worker is held to it too."""
HEAD = '<meta charset="utf-8">'


def build(folder: Path, npm: Path) -> None:
    """
    Lay the page into a folder.

    Args:
        folder: where to; what lay there is replaced.
        npm: the ``node_modules`` that holds ``pyodide``.

    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("openapi.json"))
    for name in ("transport.js", "worker.js"):
        shutil.copy(BROWSER / name, folder)
    page = (WEB / "index.html").read_text(encoding="utf-8")
    held = page.replace(HEAD, f'{HEAD}\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">')
    (folder / "index.html").write_text(held, encoding="utf-8")
    kb = mps_rules.load()
    (folder / "still").mkdir()
    for name, value in json_api.still(kb).items():
        (folder / "still" / f"{name}.json").write_bytes(json_api.as_sent(value))
    _runtime(npm / "pyodide", folder / "pyodide")
    with TemporaryDirectory(prefix="mps_rules-site-") as temporary:
        _pack(Path(temporary))
        _compile(npm / "pyodide", Path(temporary) / "library.zip", folder / "library.zip")
    (folder / "licences.txt").write_text("\n".join(_licences(npm)), encoding="utf-8")
    _keep_offline(folder)


def _runtime(pyodide: Path, folder: Path) -> None:
    """Python for the browser, without the list of packages that it could load from elsewhere."""
    folder.mkdir()
    for name in RUNTIME:
        shutil.copy(pyodide / name, folder)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    (folder / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": {}}), encoding="utf-8")


def _pack(folder: Path) -> None:
    """The library, what it imports, and the rules as a value, as one file for the compiler."""
    ship(mps_rules.load(), folder / "shipped")
    with zipfile.ZipFile(folder / "library.zip", "w") as packed:
        packed.write(folder / "shipped" / "rules.pickle", "shipped/rules.pickle")
        for path in _files(PACKAGE):
            inside = path.relative_to(PACKAGE)
            if not any(inside.is_relative_to(part) for part in LEFT_OUT):
                packed.writestr(f"mps_rules/{inside.as_posix()}", _content(path))
        for name, parts in DEPENDENCIES.items():
            at = Path(str(distribution(name).locate_file("")))
            for path in (found for part in parts for found in _files(at / part)):
                packed.write(path, path.relative_to(at).as_posix())


def _files(at: Path) -> Iterator[Path]:
    """A file, or the files of a folder that are source or data."""
    found = [at] if at.is_file() else sorted(at.rglob("*"))
    yield from (path for path in found if path.is_file() and path.suffix not in (".pyc", ".so", ".pyd", ".pyi"))


def _content(path: Path) -> bytes:
    """What a file holds; data in YAML as JSON, which is YAML that is quick to read."""
    if path.suffix != ".yaml":
        return path.read_bytes()
    return json.dumps(read_yaml(path.read_text(encoding="utf-8"), path.name).data, ensure_ascii=False).encode()


def _compile(pyodide: Path, library: Path, to: Path) -> None:
    command = ["node", str(BROWSER / "compile.mjs"), str(pyodide), str(library), str(to)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        sys.exit(f"the library could not be compiled for the browser:\n{done.stderr[-2000:]}")


def _licences(npm: Path) -> Iterator[str]:
    """Whose work is in the files, under which licence, and where its source is."""
    runtime = json.loads((npm / "pyodide" / "package.json").read_text(encoding="utf-8"))
    yield f"Python for the browser: pyodide {runtime['version']}, {runtime['license']}; source: {runtime['homepage']}. It holds CPython (PSF-2.0).\n"
    yield "mps_rules and the parts of other people in it (experta's source lies in library.zip, and is replaceable there):\n"
    for name in ("NOTICE", "LICENSE"):
        yield (HERE.parent / name).read_text(encoding="utf-8")
    for name in ("COPYING", "LICENSE"):
        yield (PACKAGE / "_vendor" / "experta" / name).read_text(encoding="utf-8")
    for name in DEPENDENCIES:
        found = distribution(name)
        yield f"{name} {found.version}\n"
        yield from (file.read_text() for file in found.files or () if "licenses/" in file.as_posix() or file.name.startswith("LICENSE"))


def _keep_offline(folder: Path) -> None:
    """The script that keeps the files, told which they are; another content is another version."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    version = hashlib.sha256(b"\0".join((folder / name).read_bytes() for name in files)).hexdigest()[:16]
    script = (BROWSER / "offline.js").read_text(encoding="utf-8")
    listed = json.dumps(["./", *files])
    (folder / "offline.js").write_text(script.replace("@VERSION@", f"mps-rules-{version}").replace('"@FILES@"', listed), encoding="utf-8")
