"""Files with code in pickles, given to every function that opens weights."""

from __future__ import annotations

import dataclasses
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from rsgpt_backend.convert.checkpoint import Checkpoint
from rsgpt_backend.errors import RsgptError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.hashes import file_sha256
from rsgpt_backend.model.weights import WEIGHTS_FILE, load_model
from rsgpt_backend.train.run_files import load_checkpoint
from tests.backend.convert.test_checkpoint import MARK, evaluated, opened, payload_in_a_zip, system
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder


class Built:
    """An object that leaves a mark when its state is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Path]) -> None:
        (state["folder"] / MARK).touch()


def zipped(payload: Callable[[Path], object]) -> Callable[[Path], bytes]:

    def write(folder: Path) -> bytes:
        torch.save({"model": {"query_tokens": payload(folder)}}, folder / "payload")
        return (folder / "payload").read_bytes()

    return write


def legacy(folder: Path) -> bytes:
    torch.save({"model": evaluated(folder)}, folder / "payload", _use_new_zipfile_serialization=False)
    return (folder / "payload").read_bytes()


PAYLOADS: dict[str, Callable[[Path], bytes]] = {
    "system, zipped": zipped(system),
    "eval, zipped": zipped(evaluated),
    "open, zipped": zipped(opened),
    "set state, zipped": zipped(Built),
    "legacy": legacy,
    "plain, protocol 0": lambda folder: pickle.dumps({"model": system(folder)}, 0),
    "plain, protocol 2": lambda folder: pickle.dumps([evaluated(folder)], 2),
    "plain, protocol 4": lambda folder: pickle.dumps(opened(folder), 4),
    "exchanged in a zip": lambda folder: payload_in_a_zip(folder).read_bytes(),
    "after a safetensors head": lambda folder: b"\x02\0\0\0\0\0\0\0{}" + pickle.dumps(system(folder)),
}


def unpacked(toy: Path, folder: Path) -> Path:
    """Return a copy of a model folder that contains its own language model."""
    copy = folder / "model"
    shutil.copytree(toy, copy)
    config = ModelConfig.read(copy)
    dataclasses.replace(config, language=dataclasses.replace(config.language, source="language")).write(copy)
    return copy


def converted(name: str) -> Callable[[Path, Path, bytes], None]:
    """Return a function that opens a payload as `rsgpt convert` does. name: file name."""

    def feed(toy: Path, folder: Path, payload: bytes) -> None:
        (folder / name).write_bytes(payload)
        dict(Checkpoint(folder / name))
        raise LookupError("the payload was read")

    return feed


def as_model(toy: Path, folder: Path, payload: bytes) -> None:
    """Open a payload as the weights of a model folder, with a matching hash."""
    model = unpacked(toy, folder)
    (model / WEIGHTS_FILE).write_bytes(payload)
    dataclasses.replace(ModelConfig.read(model), weights_sha256=file_sha256(model / WEIGHTS_FILE)).write(model)
    load_model(model)


def as_language(name: str) -> Callable[[Path, Path, bytes], None]:
    """Return a function that opens a payload as the language model of a model folder. name: file name."""

    def feed(toy: Path, folder: Path, payload: bytes) -> None:
        model = unpacked(toy, folder)
        (model / "language" / "model.safetensors").unlink()
        (model / "language" / name).write_bytes(payload)
        load_model(model)

    return feed


def as_training(toy: Path, folder: Path, payload: bytes) -> None:
    """Open a payload as the checkpoint of a resumed training."""
    (folder / "checkpoint.safetensors").write_bytes(payload)
    bridge = torch.nn.Linear(1, 1)
    load_checkpoint(folder, bridge, torch.optim.AdamW(bridge.parameters()), torch.amp.GradScaler(enabled=False))


ENTRIES: dict[str, Callable[[Path, Path, bytes], None]] = {
    "convert .pth": converted("bad.pth"),
    "convert .safetensors": converted("bad.safetensors"),
    "model": as_model,
    "language .bin": as_language("pytorch_model.bin"),
    "language .safetensors": as_language("model.safetensors"),
    "training": as_training,
}


def canaries(trial: TrialFolder) -> Measured:
    """W2: give each payload to each function; count executed code and payloads without an error that names the file."""
    from tests.backend.toy import make_folder

    toy, count = make_folder(trial.folder / "toy"), 0
    marks, unreported = [], []
    for payload_name, write in PAYLOADS.items():
        for entry_name, feed in ENTRIES.items():
            folder = trial.folder / str(count)
            folder.mkdir()
            payload, count = write(folder), count + 1
            try:
                feed(toy, folder, payload)
                unreported.append(f"{entry_name} accepted {payload_name}")
            except RsgptError as error:
                unreported += [] if str(folder) in str(error) else [f"{entry_name} does not name {payload_name}"]
            except Exception as error:  # any other error is counted
                unreported.append(f"{entry_name}, {payload_name}: {type(error).__name__}")
            marks += [f"{entry_name} ran {payload_name}"] if (folder / MARK).exists() else []
            shutil.rmtree(folder)
    text = (
        f"{count} files ({len(PAYLOADS)} payloads, {len(ENTRIES)} functions): code run {len(marks)} times {marks[:3]}"
    )
    text += f", not refused with the file name {len(unreported)} {unreported[:4]}"
    return Measured(not marks and not unreported, text)


ROWS = (
    ReliabilityRow(
        "W2", "payloads given to every function that opens weights: 0 run code, each error names the file", canaries
    ),
)
