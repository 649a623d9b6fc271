"""Broken and hostile checkpoints are rejected with their name, and no code in them is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from rsgpt_backend.convert.assemble import assemble
from rsgpt_backend.convert.checkpoint import Checkpoint
from rsgpt_backend.errors import ModelError
from tests.backend.family import tiny, trained, vit

MARK = "marker"


class Payload:
    """An object that would create a marker file when it is unpickled."""

    def __init__(self, call: Callable[..., Any], *args: object) -> None:
        self._reduced = (call, args)

    def __reduce__(self) -> Any:
        return self._reduced


def system(folder: Path) -> Payload:
    return Payload(os.system, f"touch {folder / MARK}")


def evaluated(folder: Path) -> Payload:
    return Payload(eval, f"open({str(folder / MARK)!r}, 'w').close()")


def opened(folder: Path) -> Payload:
    return Payload(open, str(folder / MARK), "w")


def payload_file(make: Callable[[Path], Payload], wrap: Callable[[Payload], Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        torch.save(wrap(make(folder)), folder / "bad.pth")
        return folder / "bad.pth"

    return write


def plain_pickle(folder: Path) -> Path:
    (folder / "bad.pth").write_bytes(pickle.dumps({"model": {"query_tokens": system(folder)}}))
    return folder / "bad.pth"


def payload_in_a_zip(folder: Path) -> Path:
    """Write a file of torch and replace its pickle."""
    good = io.BytesIO()
    torch.save({"model": trained()}, good)
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(folder / "bad.pth", "w") as target:
        for name in source.namelist():
            data = pickle.dumps(system(folder), 2) if name.endswith("data.pkl") else source.read(name)
            target.writestr(name, data)
    return folder / "bad.pth"


def pickle_by_another_name(folder: Path) -> Path:
    (folder / "bad.safetensors").write_bytes(pickle.dumps(system(folder)))
    return folder / "bad.safetensors"


def in_a_shard(folder: Path) -> Path:
    index = {"weight_map": {"query_tokens": "shard.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    torch.save({"query_tokens": system(folder)}, folder / "shard.bin")
    return folder


def whole_module(folder: Path) -> Path:
    torch.save(torch.nn.Linear(2, 2), folder / "bad.pth")
    return folder / "bad.pth"


def numpy_inside(folder: Path) -> Path:
    torch.save({"model": {"query_tokens": np.ones(3)}}, folder / "bad.pth")
    return folder / "bad.pth"


def saved(change: Callable[[dict[Any, Any]], Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        tensors: dict[Any, Any] = dict(trained())
        change(tensors)
        torch.save({"model": tensors}, folder / "bad.pth")
        return folder / "bad.pth"

    return write


def truncated(folder: Path) -> Path:
    saved(lambda _: None)(folder)
    (folder / "bad.pth").write_bytes((folder / "bad.pth").read_bytes()[:-5000])
    return folder / "bad.pth"


def truncated_safetensors(folder: Path) -> Path:
    save_file(vit(), folder / "bad.safetensors")
    (folder / "bad.safetensors").write_bytes((folder / "bad.safetensors").read_bytes()[:-100])
    return folder / "bad.safetensors"


def huge_header(folder: Path) -> Path:
    (folder / "bad.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")
    return folder / "bad.safetensors"


def empty(folder: Path) -> Path:
    (folder / "bad.pth").write_bytes(b"")
    return folder / "bad.pth"


def a_web_page(folder: Path) -> Path:
    (folder / "bad.pth").write_text("<!doctype html><title>Sign in</title>")
    return folder / "bad.pth"


def a_list(folder: Path) -> Path:
    torch.save([torch.ones(2)], folder / "bad.pth")
    return folder / "bad.pth"


def a_stranger(folder: Path) -> Path:
    (folder / "bad.exe").write_bytes(b"MZ")
    return folder / "bad.exe"


def shard_outside(folder: Path) -> Path:
    (folder / "in").mkdir()
    torch.save(trained(), folder / "shard.bin")
    index = {"weight_map": {"query_tokens": "../shard.bin"}}
    (folder / "in" / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    return folder / "in"


def shard_missing(folder: Path) -> Path:
    index = {"weight_map": {"query_tokens": "model-00001.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def broken_index(folder: Path) -> Path:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": [1]}')
    return folder


def nothing(folder: Path) -> Path:
    return folder / "gone"


def damaged(position: int) -> Callable[[Path], Path]:
    """Write a small pickle with a wrong byte at a position."""

    def write(folder: Path) -> Path:
        content = bytearray(pickle.dumps({"model": {"a": [1, 2], "b": (3,)}}, 2))
        content[position] = ord("s")
        (folder / "bad.pth").write_bytes(content)
        return folder / "bad.pth"

    return write


HOSTILE = {
    "system": payload_file(system, lambda p: {"model": {"query_tokens": p}}),
    "eval": payload_file(evaluated, lambda p: {"model": trained(), "optimizer": p}),
    "open": payload_file(opened, lambda p: p),
    "plain pickle": plain_pickle,
    "in a zip": payload_in_a_zip,
    "as safetensors": pickle_by_another_name,
    "in a shard": in_a_shard,
    "module": whole_module,
    "numpy": numpy_inside,
    "no tensor": saved(lambda t: t.update({"query_tokens": 3})),
    "no name": saved(lambda t: t.update({3: torch.ones(1)})),
    "no data": saved(lambda t: t.update({"query_tokens": t["query_tokens"].to("meta")})),
    "sparse": saved(lambda t: t.update({"query_tokens": t["query_tokens"].to_sparse()})),
    "complex": saved(lambda t: t.update({"query_tokens": t["query_tokens"].to(torch.complex64)})),
    "whole numbers": saved(lambda t: t.update({"query_tokens": t["query_tokens"].to(torch.int8)})),
    "stack too short": damaged(2),
    "truncated": truncated,
    "truncated safetensors": truncated_safetensors,
    "huge header": huge_header,
    "empty": empty,
    "web page": a_web_page,
    "list": a_list,
    "stranger": a_stranger,
    "shard outside": shard_outside,
    "shard missing": shard_missing,
    "broken index": broken_index,
    "nothing": nothing,
    "renamed": saved(lambda t: t.update({"Qformer.bert.embeddings.Layernorm.weight": t.pop("query_tokens")})),
    "wrong shape": saved(lambda t: t.update({"query_tokens": torch.ones(1, 5, 16)})),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_bad_checkpoint_is_rejected_by_name_without_running_code(kind: str, tmp_path: Path) -> None:
    bad = HOSTILE[kind](tmp_path)
    with pytest.raises(ModelError) as caught:
        assemble([Checkpoint(bad)], tiny("instructblip-vicuna-7b"))
    assert str(tmp_path) in str(caught.value)
    assert not (tmp_path / MARK).exists()


def test_valid_checkpoint_is_read(tmp_path: Path) -> None:
    torch.save({"model": {f"module.{k}": v for k, v in trained().items()}, "epoch": 4}, tmp_path / "good.pth")
    checkpoint = Checkpoint(tmp_path / "good.pth")
    assert checkpoint.trained
    assert checkpoint.keys() == trained().keys()
    assert torch.equal(checkpoint["query_tokens"], trained()["query_tokens"])


def test_tensor_larger_than_its_storage_is_rejected(tmp_path: Path) -> None:
    torch.save({"model": {"query_tokens": torch.zeros(1).expand(10**12)}}, tmp_path / "wide.pth")
    with pytest.raises(ModelError, match="claims more numbers than it has"):
        Checkpoint(tmp_path / "wide.pth")
