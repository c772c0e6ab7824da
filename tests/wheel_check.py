"""
Builds the wheel, installs it away from the checkout from the hashed pins, and checks that it works there.

``python tests/wheel_check.py`` prints one line and ends with 0, or says what is wrong and ends with 1.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
UV = Path(sys.prefix) / "bin" / "uv"
EXAMPLE = "cauda_equina.yaml"
NEIGHBOURS = ("frozendict>=2.4", "schema>=0.7.7", "pandas>=2", "jupyterlab>=4", "sagemaker>=3")
"""What others install beside this package, each in a form that is current; resolved together, only the first two installed."""
BESIDE = """
import frozendict, schema
import mps_rules
print(frozendict.frozendict({"a": 1})["a"], schema.Schema(int).validate(2), mps_rules.evaluate({"saddle_anaesthesia": True}).urgency)
"""
INSIDE = """
import collections, logging, pathlib
before = set(vars(collections)), list(logging.root.handlers), logging.root.level
import mps_rules
mps_rules.evaluate({"pain": ["low_back.left"]})
after = set(vars(collections)), list(logging.root.handlers), logging.root.level
package = pathlib.Path(mps_rules.__file__).resolve().parent
(folder,) = map(pathlib.Path, mps_rules.load().folders)
assert folder.resolve() == package / "rules", f"the rules come from {folder}, not from {package}"
assert before == after, f"importing and evaluating left a trace: {before} became {after}"
print(package)
print(mps_rules.load().digest)
"""


class WheelError(Exception):
    """What is wrong with the wheel."""


def ran(*command: str | Path, cwd: Path = ROOT) -> str:
    """
    What a command prints; it sees no other Python path than its own.

    Raises:
        WheelError: the command fails.

    """
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WheelError(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def built(folder: Path) -> Path:
    """The wheel, built into a folder."""
    ran(UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    return next(folder.glob("*.whl"))


def installed(wheel: Path, folder: Path) -> Path:
    """The programs of a fresh environment that holds the wheel and the locked pins, nothing else."""
    ran(UV, "venv", "--quiet", "--python", sys.executable, folder)
    into = ("--quiet", "--python", folder / "bin" / "python")
    pins = ("--require-hashes", "--build-constraints", ROOT / "bootstrap.lock", "--requirements", ROOT / "requirements.lock")
    ran(UV, "pip", "install", *into, *pins)
    ran(UV, "pip", "install", *into, "--no-deps", wheel)
    return folder / "bin"


def beside(wheel: Path, folder: Path) -> None:
    """
    The wheel resolves with what others install, from wheels alone, and neither spoils the other.

    Raises:
        WheelError: it does not.

    """
    asked = folder / "neighbours.in"
    asked.write_text("\n".join((f"mps-rules @ {wheel.as_uri()}", *NEIGHBOURS)) + "\n", encoding="utf-8")
    ran(
        UV,
        "pip",
        "compile",
        "--quiet",
        "--only-binary",
        ":all:",
        "--python",
        sys.executable,
        "--output-file",
        folder / "neighbours.txt",
        asked,
    )
    ran(UV, "venv", "--quiet", "--python", sys.executable, folder / "beside")
    python = folder / "beside" / "bin" / "python"
    ran(UV, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", python, wheel, *NEIGHBOURS[:2])
    said = ran(python, "-W", "error", "-c", BESIDE, cwd=folder).split()
    if said != ["1", "2", "emergency"]:
        raise WheelError(f"beside {' and '.join(NEIGHBOURS[:2])} it says {said}")


def check(folder: Path) -> str:
    """
    One line of success.

    Raises:
        WheelError: what is wrong.

    """
    wheel = built(folder / "dist")
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = {"mps_rules/py.typed", "mps_rules/rules/pack.yaml", "mps_rules/rules/README.md"} - names
    if missing:
        raise WheelError(f"{wheel.name} lacks {', '.join(sorted(missing))}")
    programs = installed(wheel, folder / "venv")
    away = folder / "away"
    away.mkdir()
    shutil.copy(ROOT / "examples" / EXAMPLE, away)
    first, *_ = ran(programs / "mps-rules", "evaluate", EXAMPLE, cwd=away).splitlines()
    if not first.startswith("Urgency:   EMERGENCY (now): Possible cauda equina syndrome."):
        raise WheelError(f"evaluating {EXAMPLE} begins with: {first}")
    package, digest = ran(programs / "python", "-c", INSIDE, cwd=away).split()
    if not Path(package).is_relative_to((folder / "venv").resolve()):
        raise WheelError(f"mps_rules comes from {package}")
    own = ran(sys.executable, "-c", "import mps_rules; print(mps_rules.load().digest)").strip()
    if digest != own:
        raise WheelError(f"the rules in the wheel ({digest[:12]}) are not those of the checkout ({own[:12]})")
    beside(wheel, folder)
    return f"{wheel.name}: {len(names)} files, installed and evaluated away from the checkout, rules {digest[:12]}"


if __name__ == "__main__":
    with TemporaryDirectory(prefix="mps_rules-wheel-") as temporary:
        try:
            print(check(Path(temporary)))  # noqa: T201 - the line of success
        except (WheelError, OSError) as error:
            sys.exit(f"wheel check failed: {error}")
