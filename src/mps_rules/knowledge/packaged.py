"""
The rules that ship with this library: where they are, and that they are read once and not again at every start.

The loaded knowledge, and the program that it compiles to, are kept in the user's cache folder, by the content of everything it came from, so what is kept be too old
under another name: a changed rule, program or Python has another key. A cache that cannot be read, trusted or written is as good as none.
"""

import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

from mps_rules.errors import Fault, KnowledgeError
from mps_rules.knowledge.pack import KnowledgeBase

PROGRAM = Path(__file__).resolve().parents[1]
"""The folder of this program."""
KEPT = 4
"""How many loaded packs are kept; the least recently used make room."""
PACKAGED = "packaged"
"""The name by which the packaged rules stand among folders."""


def packaged_rules() -> Path:
    """
    The folder of the rules: a checkout's own ``rules/`` first, then the copy inside the package.

    Raises:
        KnowledgeError: neither is there.

    """
    here = PROGRAM
    for folder in (here.parents[1] / "rules", here / "rules"):
        if (folder / "pack.yaml").is_file():
            return folder
    raise KnowledgeError([Fault(str(here), "the packaged rules are missing; reinstall mps_rules")])


def packaged_examples() -> tuple[Path, ...]:
    """The invented patients that ship beside the rules, a file each: a checkout's own ``examples/`` first, then the copy inside the package."""
    here = PROGRAM
    found = (sorted(folder.glob("*.yaml")) for folder in (here.parents[1] / "examples", here / "examples"))
    return tuple(next((files for files in found if files), ()))


def load_named(names: Sequence[str | PathLike[str]]) -> KnowledgeBase:
    """
    The knowledge of folders laid on top of each other, of which ``packaged`` names the packaged rules; with these it is kept as they are.

    Raises:
        KnowledgeError: as ``load_folders``.

    """
    shown = [str(name) for name in names]
    folders = [packaged_rules() if name == PACKAGED else Path(name) for name in shown]
    if PACKAGED in shown:
        return load_packaged(*folders, names=shown if len(shown) > 1 else ())
    from mps_rules.knowledge.loading import load_folders

    return load_folders(folders, shown)


def load_packaged(*folders: Path, names: Sequence[str] = ()) -> KnowledgeBase:
    """
    The knowledge of the packaged folder, and of those laid on top of it, from the cache where it holds just this.

    ``MPS_RULES_CACHE`` names another folder for the cache; empty, nothing is kept.

    Raises:
        KnowledgeError: as ``load_folders``.

    """
    place = _place()
    path = place / f"{_key(folders, names)}.pickle" if place and all(folder.is_dir() for folder in folders) else None
    base = _kept(path) if path else None
    if base is None:
        from mps_rules.knowledge.loading import load_folders  # YAML and cattrs are left alone where the cache knows

        base = load_folders(list(folders), names) if names else load_folders(list(folders))
        if path:
            _keep(path, pickle.dumps(base, pickle.HIGHEST_PROTOCOL))
    if path:
        _AT[base.digest] = path
    return base


_AT: dict[str, Path] = {}
"""Where packaged knowledge that was loaded is kept, by its digest."""


def kept_beside(base: KnowledgeBase, ending: str, make: Callable[[], bytes]) -> bytes:
    """What is worked out from a knowledge base: of the packaged rules it is kept beside them, of others it is made."""
    at = _AT.get(base.digest)
    if at is None:
        return make()
    path = at.with_suffix(f".{ending}")
    found = _content(path)
    if found is None or hashlib.sha256(found[_DIGEST:]).digest() != found[:_DIGEST]:
        made = make()
        _keep(path, hashlib.sha256(made).digest() + made)
        return made
    return found[_DIGEST:]


SHIPPED = "rules.pickle"
"""The file of a knowledge base that is shipped ready to be used."""


def ship(base: KnowledgeBase, folder: Path) -> None:
    """Lay a knowledge base into a folder, for a place where no YAML is to be read; what is worked out from it from now on is kept beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SHIPPED).write_bytes(pickle.dumps(base, pickle.HIGHEST_PROTOCOL))
    _AT[base.digest] = folder / SHIPPED


def load_shipped(folder: Path) -> KnowledgeBase:
    """
    The knowledge base that was laid into a folder, with what was worked out from it.

    Raises:
        KnowledgeError: it is not there, damaged, or somebody else's.

    """
    base = _kept(folder / SHIPPED)
    if base is None:
        raise KnowledgeError([Fault(str(folder / SHIPPED), "the rules that ship ready to be used cannot be read; build them again")])
    _AT[base.digest] = folder / SHIPPED
    return base


_DIGEST = hashlib.sha256().digest_size


def _place() -> Path | None:
    """The folder of the cache, or None where there is to be none."""
    named = os.environ.get("MPS_RULES_CACHE")
    if named is not None:
        return Path(named) if named else None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "mps-rules"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "mps-rules"


def _key(folders: Sequence[Path], names: Sequence[str]) -> str:
    """A digest of the rules' files, of what they are called, of this program and of the Python that runs it."""
    digest = hashlib.sha256("\0".join((sys.version, *(str(folder.resolve()) for folder in folders), *names)).encode())
    for root, files in (*((folder, _files(folder, ".yaml")) for folder in folders), (PROGRAM, _files(PROGRAM, ".py"))):
        for path in files:
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _files(folder: Path, ending: str) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob(f"*{ending}") if not path.name.endswith(".cases.yaml"))


def _kept(path: Path) -> KnowledgeBase | None:
    """The knowledge that a file of the cache holds, if it is there, whole, and nobody else's."""
    content = _content(path)
    if content is None:
        return None
    try:
        base = pickle.loads(content)  # noqa: S301 - written by this user, and writable by nobody else
    except Exception:  # noqa: BLE001 - a damaged file raises whatever its bytes happen to spell
        return None
    if not isinstance(base, KnowledgeBase):
        return None
    with suppress(OSError):
        path.touch()
    return base


def _content(path: Path) -> bytes | None:
    """What a file of the cache holds, if it is there and nobody else's."""
    try:
        return path.read_bytes() if _is_own(path.parent) and _is_own(path) else None
    except OSError:
        return None


def _is_own(path: Path) -> bool:
    """Whether nobody but this user can have written it."""
    about = path.stat()
    if not hasattr(os, "getuid"):
        return True
    return about.st_uid == os.getuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _keep(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, and make room for it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=path.parent, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(new).replace(path)
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise
        kept = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda one: (one.stat().st_mtime_ns, one.name), reverse=True)
        for old in kept[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
