"""`rsgpt convert` passes its files on, and prints name, hash, license and folder of the new model."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import torch

from rsgpt_backend.cli import main
from rsgpt_backend.commands import convert as command
from rsgpt_backend.convert import conversion
from rsgpt_backend.convert.conversion import ConversionSources
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.published_models import FAMILY
from tests.backend.family import make_llama, make_reader, tiny, trained, vit

Call = tuple[ConversionSources, Path, ModelConfig | None]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Replace the conversion, and collect its arguments."""
    collected: list[Call] = []

    def convert(sources: ConversionSources, out: Path, member: ModelConfig | None = None) -> ModelConfig:
        collected.append((sources, out, member))
        return FAMILY["rsgpt-7b"]

    monkeypatch.setattr(conversion, "convert", convert)
    return collected


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["convert", *arguments])


@pytest.mark.parametrize("arguments", [[], ["a.pth"], ["--out", "x"], ["a.pth", "--out", "x", "--as", "gpt-4"]])
def test_files_and_folder_are_required_and_members_are_known(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(*arguments)
    assert end.value.code == 2


def test_files_are_passed_on_in_their_order(calls: list[Call]) -> None:
    assert command.run(parse("b.pth", "a.pth", "--out", "x")) == 0
    assert calls == [(ConversionSources([Path("b.pth"), Path("a.pth")], None, None), Path("x"), None)]


@pytest.mark.parametrize("name", sorted(FAMILY))
def test_every_member_can_be_named(calls: list[Call], name: str) -> None:
    command.run(parse("a.pth", "--language", "l", "--reader", "r", "--as", name, "--out", "x"))
    assert calls == [(ConversionSources([Path("a.pth")], Path("l"), Path("r")), Path("x"), FAMILY[name])]


@pytest.mark.usefixtures("calls")
def test_the_result_is_printed_as_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    licence = FAMILY["rsgpt-7b"].licence
    command.run(parse("a.pth", "--out", "x"))
    assert capsys.readouterr().out == f"rsgpt-7b: x\nLicense: {licence}\n"
    command.run(parse("a.pth", "--out", "x", "--json"))
    record = {"name": "rsgpt-7b", "weights_sha256": "", "licence": licence, "folder": "x"}
    assert json.loads(capsys.readouterr().out) == record


def test_files_of_lavis_become_a_model_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(vit(prefix=""), tmp_path / "eva.pth")
    torch.save({"model": trained()}, tmp_path / "blip.pth")
    name = "instructblip-vicuna-7b"
    monkeypatch.setitem(FAMILY, name, tiny(name))
    language, reader = make_llama(tmp_path / "vicuna"), make_reader(tmp_path / "bert")
    files = [str(tmp_path / "eva.pth"), str(tmp_path / "blip.pth")]
    options = ["--language", str(language), "--reader", str(reader), "--as", name, "--out", str(tmp_path / "model")]
    assert main(["convert", *files, *options, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    config = ModelConfig.read(tmp_path / "model")
    assert (record["name"], record["weights_sha256"]) == (name, config.weights_sha256)
    assert len(config.weights_sha256) == 64
    assert main(["convert", *files, *options]) == 1
    assert "Choose a new folder" in capsys.readouterr().err


def test_a_missing_file_ends_the_command_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(tmp_path / "none.pth"), "--out", str(tmp_path / "model")]) == 1
    assert "There is no checkpoint at" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
