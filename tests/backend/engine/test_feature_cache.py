"""Cached features are returned unchanged or not at all, and the files stay within the limit."""

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


def total_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def set_used(folder: Path, number: int, when: int) -> None:
    (file,) = folder.glob(f"*{key(number)}*")
    os.utime(file, ns=(when, when))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_features_are_returned_unchanged(tmp_path: Path, dtype: torch.dtype) -> None:
    value = torch.randn(3, 64, 832).to(dtype)[1]  # a view
    FeatureFiles(tmp_path, "a", MANY * 100).put(key(1), value)
    cached = FeatureFiles(tmp_path, "a", MANY * 100).get(key(1))
    assert cached is not None
    assert cached.dtype == dtype
    assert torch.equal(cached, value)
    assert total_size(tmp_path) < value.nbytes + 200


def test_features_of_another_encoder_or_picture_are_not_found(tmp_path: Path) -> None:
    FeatureFiles(tmp_path, "a", MANY).put(key(1), PICTURE)
    assert FeatureFiles(tmp_path, "b", MANY).get(key(1)) is None
    assert FeatureFiles(tmp_path, "a", MANY).get(key(2)) is None


def test_least_recently_used_files_are_deleted_first(tmp_path: Path) -> None:
    FeatureFiles(tmp_path, "old", MANY).put(key(0), PICTURE)
    files = FeatureFiles(tmp_path, "a", 10 * SIZE)
    for number in range(1, 7):
        files.put(key(number), PICTURE)
    for number in range(7):
        set_used(tmp_path, number, when=number + 1)
    assert files.get(key(1)) is not None  # now
    for number in range(7, 12):
        files.put(key(number), PICTURE)
    numbers = [number for number in range(12) if files.get(key(number)) is not None]
    assert numbers == [1, *range(13 - len(numbers), 12)]
    assert len(numbers) >= 8
    assert total_size(tmp_path) <= 10 * SIZE
    assert not list(tmp_path.glob("old*"))


def test_smaller_limit_applies_at_the_next_put(tmp_path: Path) -> None:
    files = FeatureFiles(tmp_path, "a", MANY)
    for number in range(20):
        files.put(key(number), PICTURE)
    FeatureFiles(tmp_path, "a", 5 * SIZE).put(key(20), PICTURE)
    assert total_size(tmp_path) <= 5 * SIZE
    assert files.get(key(20)) is not None


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
def test_damaged_file_is_ignored_and_replaced(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    files = FeatureFiles(tmp_path, "a", MANY)
    files.put(key(1), PICTURE)
    (file,) = tmp_path.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    assert files.get(key(1)) is None
    files.put(key(1), PICTURE)
    assert torch.equal(files.get(key(1)), PICTURE)  # type: ignore[arg-type]  # not None


def test_full_disk_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_folder_that_cannot_be_created_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    files = FeatureFiles(tmp_path / "file" / "features", "a", MANY)
    files.put(key(1), PICTURE)
    assert files.get(key(1)) is None


def test_partial_files_of_killed_processes_are_deleted(tmp_path: Path) -> None:
    (tmp_path / f"a-{key(1)}.0badcafe").write_bytes(bytes(9 * SIZE))
    set_used(tmp_path, 1, when=1)
    files = FeatureFiles(tmp_path, "a", 10 * SIZE)
    assert files.get(key(1)) is None
    for number in (2, 3):
        files.put(key(number), PICTURE)
    assert total_size(tmp_path) <= 2 * SIZE
    assert files.get(key(3)) is not None


def test_deleted_folder_is_created_again(tmp_path: Path) -> None:
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
        from rsgpt_backend.engine.feature_cache import FeatureFiles
        picture = torch.arange(256, dtype=torch.float32).reshape(8, 32) / 7
        files = FeatureFiles(Path({str(tmp_path)!r}), "a", {limit})
        for turn in range(3):
            for number in range(100):
                cached = files.get(f"{{number:064x}}")
                if cached is None:
                    files.put(f"{{number:064x}}", picture + number)
                elif not torch.equal(cached, picture + number):
                    sys.exit("features differ")
    """
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backend")])}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    running = [subprocess.Popen(command, env={**os.environ, **paths}) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    assert total_size(tmp_path) <= 1.2 * limit
    assert len(list(tmp_path.glob("*.features"))) > 40


def test_memory_holds_the_latest_and_files_the_rest(tmp_path: Path) -> None:
    features = FeatureCache(2, FeatureFiles(tmp_path, "a", MANY))
    features.put({key(number): PICTURE + number for number in range(3)})
    for file in tmp_path.iterdir():
        if key(0) not in file.name:
            file.unlink()
    cached = features.get([key(number) for number in range(4)])
    assert list(cached) == [key(number) for number in range(3)]
    assert all(torch.equal(cached[key(number)], PICTURE + number) for number in range(3))
    assert list(FeatureCache(2).get([key(0)])) == []


def test_least_recently_used_picture_leaves_memory(
    toy: Rsgpt, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_CACHED_PICTURES", 3)
    engine = Engine(toy)
    for number in (0, 1, 2, 0, 3):  # 1 is now the least recently used
        engine.answer([ask(number, max_new_tokens=1)])
    assert len(encoded) == 4
    engine.answer([ask(0), ask(2), ask(3)])
    assert len(encoded) == 4
    engine.answer([ask(1, max_new_tokens=1)])
    assert len(encoded) == 5


def test_batch_with_more_pictures_than_the_cache_holds(
    toy: Rsgpt, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_CACHED_PICTURES", 2)
    engine = Engine(toy)
    assert len(engine.answer([ask(number, max_new_tokens=1) for number in range(4)])) == 4
    cached = engine._features.get([f"key{number}" for number in range(4)])
    assert list(cached) == ["key2", "key3"]
    assert all(features.untyped_storage().size() == features.nbytes for features in cached.values())


def test_later_engine_reads_features_from_files(toy: Rsgpt, engine: Engine, encoded: list[int]) -> None:
    wanted = engine.answer([ask(number, "gray") for number in range(10)])
    first = Engine(toy)
    first.cache_features(10**8)
    first.answer([ask(number) for number in range(10)])
    assert sum(encoded) == 20
    second = Engine(toy)
    second.cache_features(10**8)
    assert second.answer([ask(number, "gray") for number in range(10)]) == wanted
    assert sum(encoded) == 20


def test_damaged_features_are_computed_again(toy: Rsgpt, engine: Engine, encoded: list[int], own_home: Path) -> None:
    wanted = engine.answer([ask(0), ask(1)])
    for _ in range(2):
        other = Engine(toy)
        other.cache_features(10**8)
        assert other.answer([ask(0), ask(1)]) == wanted
        for file in (own_home / "cache" / "features").glob("*key1*"):
            file.write_bytes(file.read_bytes()[:-9])
    assert encoded == [2, 2, 1]


def test_limit_0_writes_no_files(toy: Rsgpt, own_home: Path) -> None:
    engine = Engine(toy)
    engine.cache_features(0)
    engine.answer([ask(0)])
    assert not own_home.exists()


def test_features_are_cached_per_weights(toy: Rsgpt, encoded: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    for weights in ("0", "1", "1"):
        monkeypatch.setattr(toy, "config", replace(toy.config, weights_sha256=weights))
        engine = Engine(toy)
        engine.cache_features(10**8)
        engine.answer([ask(0, max_new_tokens=1)])
    assert encoded == [1, 1]
