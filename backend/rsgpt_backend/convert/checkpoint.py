"""Read the tensors of a checkpoint without running code from it.

Pickles are read with `weights_only`, which accepts tensors and plain containers only.
"""

from __future__ import annotations

import pickle  # nosec B403 - for the name of its error only
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import ModelError
from ..model.folder_files import read_json, regular_file

_PICKLES = (".pth", ".pt", ".bin")
_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_WHOLE = ("model.safetensors", "pytorch_model.bin")


class Checkpoint(Mapping[str, Tensor]):
    """The tensors of a file or of the shards of a folder, by name; each is read when it is accessed.

    trained: whether a training run wrote the checkpoint, with the state of its optimizer.
    """

    def __init__(self, path: Path) -> None:
        """path: a file, or a transformers folder. Raises ModelError if it cannot be read."""
        self.path = path
        self.trained = False
        self._readers = {file: self._open(file) for file in _files(path)}
        self._file_of = {name: file for file, reader in self._readers.items() for name in _names(reader)}

    def __getitem__(self, name: str) -> Tensor:
        reader = self._readers[self._file_of[name]]
        tensor: Tensor = reader[name] if isinstance(reader, dict) else reader.get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._file_of)

    def __len__(self) -> int:
        return len(self._file_of)

    def _open(self, file: Path) -> Any:
        if file.suffix == ".safetensors":
            try:
                return safe_open(file, framework="pt")
            except (SafetensorError, OSError) as error:
                raise _unreadable(file, error) from error
        content = _unpickle(file)
        self.trained = "optimizer" in content or "epoch" in content
        return _tensors(file, content.get("model", content))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        if path.suffix not in (*_PICKLES, ".safetensors"):
            raise ModelError(f"{path} is not a checkpoint. Choose a .pth, .pt, .bin or .safetensors file.")
        return [path]
    for index in (path / name for name in _INDEXES):
        if index.is_file():
            return _shards(index)
    for name in _WHOLE:
        if (path / name).is_file():
            return [regular_file(path, name)]
    raise ModelError(f"There is no checkpoint at {path}. Choose a file, or a folder that transformers has written.")


def _shards(index: Path) -> list[Path]:
    weight_map = read_json(index.parent, index.name).get("weight_map")
    if not isinstance(weight_map, dict):
        raise ModelError(f"{index} does not list the files of the weights. Download it again.")
    names = sorted({str(name) for name in weight_map.values()})
    for name in names:
        if Path(name).name != name or not (index.parent / name).is_file():
            raise ModelError(f"{index} lists {name}, which is not in its folder. Download the checkpoint again.")
    return [regular_file(index.parent, name) for name in names]


def _unpickle(file: Path) -> dict[str, Any]:
    """Return the content of a pickle; its tensors are mapped from disk if the file format allows it."""
    try:
        zipped = zipfile.is_zipfile(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols that torch does not write
            content = torch.load(file, map_location="cpu", weights_only=True, mmap=zipped)  # nosec B614 - tensors only
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{file} contains more than tensors and is not opened, because it could run code. "
            "Get the file from its authors."
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unreadable(file, error) from error  # a damaged pickle can raise any of these
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise ModelError(f"{file} contains a {kind} instead of named tensors. Choose the model's checkpoint.")
    return content


def _tensors(file: Path, content: Any) -> dict[str, Tensor]:
    """Return the named tensors without the prefix of a data-parallel run. Raises ModelError for other content."""
    if not isinstance(content, dict) or not content:
        raise ModelError(f"{file} contains no named tensors. Choose the model's checkpoint.")
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ModelError(f"{file}: {name!r} is not a tensor. Choose the model's checkpoint.")
        if value.layout is not torch.strided or value.is_meta or value.is_quantized or value.is_complex():
            raise ModelError(f"{file}: {name!r} is not a plain tensor of numbers. Get the file from its authors.")
        if value.nbytes > value.untyped_storage().nbytes():
            raise ModelError(f"{file}: {name!r} claims more numbers than it has. Get the file from its authors.")
    is_parallel = all(name.startswith("module.") for name in content)
    return {name.removeprefix("module.") if is_parallel else name: value for name, value in content.items()}


def _names(reader: Any) -> list[str]:
    return list(reader) if isinstance(reader, dict) else list(reader.keys())


def _unreadable(file: Path, error: Exception) -> ModelError:
    return ModelError(f"{file} cannot be read ({str(error) or 'it is truncated'}). Download it again.")
