"""The packaged rules are read once and kept; what is kept is never another pack, never believed from others, and never missed."""

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mps_rules.errors import KnowledgeError
from mps_rules.knowledge import loading
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import KEPT, SHIPPED, kept_beside, load_packaged, load_shipped, ship
from packs import SMALL, written


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("MPS_RULES_CACHE", str(place))
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "pack", SMALL)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every reading of a folder of YAML."""
    found: list[object] = []
    read = load_folders

    def noted(folders: list[Path]) -> KnowledgeBase:
        found.append(folders)
        return read(folders)

    monkeypatch.setattr(loading, "load_folders", noted)
    return found


def test_what_was_read_once_is_not_read_again(cache: Path, folder: Path, reads: list[object]) -> None:
    first, second = load_packaged(folder), load_packaged(folder)

    assert first == second
    assert [one.id for one in first.rules] == [one.id for one in second.rules]
    assert len(reads) == 1


def test_a_changed_file_is_read_anew(cache: Path, folder: Path) -> None:
    path = folder / "pack.yaml"
    load_packaged(folder)
    path.write_text(path.read_text("utf-8").replace('version: "1"', 'version: "2"'), "utf-8")

    assert load_packaged(folder).pack.version == "2"


def test_cases_beside_a_rule_change_nothing(cache: Path, folder: Path, reads: list[object]) -> None:
    load_packaged(folder)
    (folder / "one.cases.yaml").write_text("[]", "utf-8")
    load_packaged(folder)

    assert len(reads) == 1


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def _replaced(path: Path) -> None:
    path.write_bytes(pickle.dumps({"rules": []}))


def _written_by_others(path: Path) -> None:
    path.chmod(0o666)


@pytest.mark.parametrize("harmed", [_cut, _replaced, _written_by_others])
def test_a_file_that_cannot_be_trusted_is_passed_over(
    cache: Path, folder: Path, reads: list[object], harmed: Callable[[Path], None]
) -> None:
    expected = load_packaged(folder)
    (path,) = cache.glob("*.pickle")
    harmed(path)

    assert load_packaged(folder) == expected
    assert len(reads) == 2


def test_without_a_cache_everything_works_and_nothing_is_written(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, reads: list[object]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setenv("MPS_RULES_CACHE", "")
    load_packaged(folder)
    load_packaged(folder)

    assert len(reads) == 2
    assert before == sorted(tmp_path.rglob("*"))


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    monkeypatch.setenv("MPS_RULES_CACHE", str(tmp_path / "file"))

    assert load_packaged(folder).rules == ()


def test_only_a_few_packs_are_kept(cache: Path, tmp_path: Path, folder: Path) -> None:
    for number in range(KEPT + 2):
        load_packaged(shutil.copytree(folder, tmp_path / f"copy{number}"))

    assert len(list(cache.iterdir())) == KEPT


def test_starts_at_the_same_time_all_get_the_rules(cache: Path, folder: Path) -> None:
    code = f"from pathlib import Path\nfrom mps_rules.knowledge.packaged import load_packaged\nprint(load_packaged(Path({str(folder)!r})).digest)"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ}) for _ in range(4)]
    said = {one.communicate(timeout=120)[0] for one in started}

    assert said == {load_packaged(folder).digest.encode() + b"\n"}
    assert [path.suffix for path in cache.iterdir()] == [".pickle"]


def test_rules_that_ship_ready_to_be_used_are_read_without_yaml_and_keep_what_is_worked_out_beside_them(
    small: KnowledgeBase, tmp_path: Path, reads: list[object]
) -> None:
    ship(small, tmp_path)
    kept_beside(small, "worked", lambda: b"once")

    found = load_shipped(tmp_path)

    assert found == small
    assert kept_beside(found, "worked", lambda: b"again") == b"once"
    assert reads == []


@pytest.mark.parametrize("content", [None, b"", b"no pickle"])
def test_rules_that_ship_damaged_or_not_at_all_are_a_fault_with_its_place(
    small: KnowledgeBase, tmp_path: Path, content: bytes | None
) -> None:
    ship(small, tmp_path)
    if content is None:
        (tmp_path / SHIPPED).unlink()
    else:
        (tmp_path / SHIPPED).write_bytes(content)

    with pytest.raises(KnowledgeError, match=SHIPPED):
        load_shipped(tmp_path)
