"""Texts for people about results."""

from __future__ import annotations

from rsgpt_plugin.shared.results.descriptions import answers_name, describe_run


def test_a_results_layer_is_named_after_its_raster() -> None:
    assert answers_name("scenes") == "scenes: answers"


def test_a_run_is_described_without_credentials() -> None:
    text = describe_run("1.2", "https://me:secret@host/a.tif?sig=abc", "rsgpt-small", "Describe this image.\nn: What?")
    first, *lines = text.splitlines()
    assert first.startswith("Written by RSGPT for QGIS 1.2 on 20")
    assert lines == ["Raster: https://host/a.tif", "Model: rsgpt-small", "Prompts:", "Describe this image.", "n: What?"]
