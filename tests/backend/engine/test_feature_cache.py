"""Features come back as they were, or not at all; and no more of them are kept than there is room for."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rsgpt_backend.engine import engine as engine_module
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.feature_cache import FeatureCache, FeatureFiles
from rsgpt_backend.model.rsgpt import Rsgpt
from tests.backend.toy import ask
from tests.layout.source import ROOT

PICTURE = torch.arange(256, dtype=torch.float32).reshape(8, 32) / 7
SIZE = 1_108  # bytes of its file
MANY = 100 * SIZE


def key(number: int) -> str:
    return f"{number:064x}"


def held(folder: Path) -> int:
    """Bytes of all files there."""
    return sum(file.stat().st_size for file in folder.iterdir())


def use(folder: Path, number: int, when: int) -> None:
    """Let a picture's file have been used at a time."""
    (file,) = folder.glob(f"*{key(number)}*")
    os.utime(file, ns=(when, when))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_comes_back_is_what_was_put(tmp_path: Path, dtype: torch.dtype) -> None:
    value = torch.randn(3, 64, 832).to(dtype)[1]  # a view
    FeatureFiles(tmp_path, "a", MANY * 100).put(key(1), value)
    found = FeatureFiles(tmp_path, "a", MANY * 100).get(key(1))
    assert found is not None
    assert found.dtype == dtype
    assert torch.equal(found, value)
    assert held(tmp_path) < value.nbytes + 200


def test_what_another_maker_or_picture_has_is_not_found(tmp_path: Path) -> None:
    FeatureFiles(tmp_path, "a", MANY).put(key(1), PICTURE)
    assert FeatureFiles(tmp_path, "b", MANY).get(key(1)) is None
    assert FeatureFiles(tmp_path, "a", MANY).get(key(2)) is None


def test_those_used_longest_ago_go_first(tmp_path: Path) -> None:
    FeatureFiles(tmp_path, "old", MANY).put(key(0), PICTURE)
    files = FeatureFiles(tmp_path, "a", 10 * SIZE)
    for number in range(1, 7):
        files.put(key(number), PICTURE)
    for number in range(7):
        use(tmp_path, number, when=number + 1)
    assert files.get(key(1)) is not None  # now
    for number in range(7, 12):
        files.put(key(number), PICTURE)
    known = [number for number in range(12) if files.get(key(number)) is not None]
    assert known == [1, *range(13 - len(known), 12)]
    assert len(known) >= 8
    assert held(tmp_path) <= 10 * SIZE
    assert not list(tmp_path.glob("old*"))


def test_a_smaller_room_holds_as_soon_as_something_is_put(tmp_path: Path) -> None:
    wide = FeatureFiles(tmp_path, "a", MANY)
    for number in range(20):
        wide.put(key(number), PICTURE)
    FeatureFiles(tmp_path, "a", 5 * SIZE).put(key(20), PICTURE)
    assert held(tmp_path) <= 5 * SIZE
    assert wide.get(key(20)) is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:3],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-100] + bytes(100),
        lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:],
        lambda data: b"no features at all",
    ],
)
def test_a_damaged_file_is_none_and_gets_mended(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    files = FeatureFiles(tmp_path, "a", MANY)
    files.put(key(1), PICTURE)
    (file,) = tmp_path.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    assert files.get(key(1)) is None
    files.put(key(1), PICTURE)
    assert torch.equal(files.get(key(1)), PICTURE)  # type: ignore[arg-type]  # it is there


def test_a_full_disk_keeps_nothing_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    files = FeatureFiles(tmp_path, "a", MANY)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", fill)
        files.put(key(1), PICTURE)
    assert list(tmp_path.iterdir()) == []
    assert files.get(key(1)) is None


def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    files = FeatureFiles(tmp_path / "file" / "features", "a", MANY)
    files.put(key(1), PICTURE)
    assert files.get(key(1)) is None


def test_what_a_killed_process_left_half_written_goes_in_its_turn(tmp_path: Path) -> None:
    (tmp_path / f"a-{key(1)}.0badcafe").write_bytes(bytes(9 * SIZE))
    use(tmp_path, 1, when=1)
    files = FeatureFiles(tmp_path, "a", 10 * SIZE)
    assert files.get(key(1)) is None
    for number in (2, 3):
        files.put(key(number), PICTURE)
    assert held(tmp_path) <= 2 * SIZE
    assert files.get(key(3)) is not None


def test_a_cleared_folder_is_filled_again(tmp_path: Path) -> None:
    files = FeatureFiles(tmp_path / "features", "a", MANY)
    for _ in range(2):
        files.put(key(1), PICTURE)
        assert files.get(key(1)) is not None
        for file in (tmp_path / "features").iterdir():
            file.unlink()
        (tmp_path / "features").rmdir()


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    limit = 60 * SIZE
    program = f"""
        import sys, torch
        from pathlib import Path
        from rsgpt_backend.features import FeatureFiles
        picture = torch.arange(256, dtype=torch.float32).reshape(8, 32) / 7
        files = FeatureFiles(Path({str(tmp_path)!r}), "a", {limit})
        for turn in range(3):
            for number in range(100):
                found = files.get(f"{{number:064x}}")
                if found is None:
                    files.put(f"{{number:064x}}", picture + number)
                elif not torch.equal(found, picture + number):
                    sys.exit("not what was put")
    """
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backend")])}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    running = [subprocess.Popen(command, env={**os.environ, **paths}) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    assert held(tmp_path) <= 1.2 * limit
    assert len(list(tmp_path.glob("*.features"))) > 40


def test_memory_holds_the_latest_and_files_the_rest(tmp_path: Path) -> None:
    features = FeatureCache(2, FeatureFiles(tmp_path, "a", MANY))
    features.put({key(number): PICTURE + number for number in range(3)})
    for file in tmp_path.iterdir():
        if key(0) not in file.name:
            file.unlink()
    found = features.get([key(number) for number in range(4)])
    assert list(found) == [key(number) for number in range(3)]
    assert all(torch.equal(found[key(number)], PICTURE + number) for number in range(3))
    assert list(FeatureCache(2).get([key(0)])) == []


def test_the_least_recently_asked_picture_is_forgotten(
    toy: Rsgpt, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_KEPT_PICTURES", 3)
    engine = Engine(toy)
    for number in (0, 1, 2, 0, 3):  # 1 is now the one asked longest ago
        engine.answer([ask(number, max_new_tokens=1)])
    assert len(encoded) == 4
    engine.answer([ask(0), ask(2), ask(3)])
    assert len(encoded) == 4
    engine.answer([ask(1, max_new_tokens=1)])
    assert len(encoded) == 5


def test_a_batch_of_more_pictures_than_are_kept(
    toy: Rsgpt, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_KEPT_PICTURES", 2)
    engine = Engine(toy)
    assert len(engine.answer([ask(number, max_new_tokens=1) for number in range(4)])) == 4
    kept = engine._features.get([f"key{number}" for number in range(4)])
    assert list(kept) == ["key2", "key3"]
    assert all(features.untyped_storage().size() == features.nbytes for features in kept.values())


def test_another_engine_answers_from_what_was_kept(toy: Rsgpt, engine: Engine, encoded: list[int]) -> None:
    wanted = engine.answer([ask(number, "gray") for number in range(10)])
    first = Engine(toy)
    first.keep_features(10**8)
    first.answer([ask(number) for number in range(10)])
    assert sum(encoded) == 20
    second = Engine(toy)
    second.keep_features(10**8)
    assert second.answer([ask(number, "gray") for number in range(10)]) == wanted
    assert sum(encoded) == 20


def test_damaged_features_are_made_again(toy: Rsgpt, engine: Engine, encoded: list[int], own_home: Path) -> None:
    wanted = engine.answer([ask(0), ask(1)])
    for _ in range(2):
        other = Engine(toy)
        other.keep_features(10**8)
        assert other.answer([ask(0), ask(1)]) == wanted
        for file in (own_home / "cache" / "features").glob("*key1*"):
            file.write_bytes(file.read_bytes()[:-9])
    assert encoded == [2, 2, 1]


def test_without_room_nothing_is_written(toy: Rsgpt, own_home: Path) -> None:
    engine = Engine(toy)
    engine.keep_features(0)
    engine.answer([ask(0)])
    assert not own_home.exists()


def test_other_weights_have_features_of_their_own(
    toy: Rsgpt, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for weights in ("0", "1", "1"):
        monkeypatch.setattr(toy, "config", replace(toy.config, weights_sha256=weights))
        engine = Engine(toy)
        engine.keep_features(10**8)
        engine.answer([ask(0, max_new_tokens=1)])
    assert encoded == [1, 1]
