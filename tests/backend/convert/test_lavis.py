"""A converted file of LAVIS computes what LAVIS computed from it; see record_lavis.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.model.weights import load_model
from tests.backend.family import make_llama, make_reader, tiny, trained, vit

PROMPTS = ("describe this image.", "a road?")


def test_features_and_queries_equal_those_of_lavis(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("weights")
    halved = {name: value.half().float() for name, value in vit(prefix="").items()}  # encoders are stored in 16 bits
    torch.save(halved, folder / "eva_vit_g.pth")
    torch.save({"model": trained()}, folder / "instruct_blip.pth")
    files = [folder / "eva_vit_g.pth", folder / "instruct_blip.pth"]
    sources = ConversionSources(files, make_llama(folder / "vicuna"), make_reader(folder / "bert"))
    convert(sources, folder / "model", tiny("instructblip-vicuna-7b"))
    model = load_model(folder / "model")
    record = load_file(Path(__file__).with_name("lavis.safetensors"))
    with torch.no_grad():
        features = model.encoder(record["pixels"])
        queries = model.query_vectors(record["features"], model.instruct(PROMPTS))
    torch.testing.assert_close(features, record["features"], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(queries, record["queries"], atol=1e-5, rtol=1e-5)
