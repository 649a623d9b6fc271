"""Texts for people about results."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.results.descriptions import SearchedExtent, answers_name, describe_run, searched_extents


def test_a_results_layer_is_named_after_its_raster() -> None:
    assert answers_name("scenes") == "scenes: answers"


def test_a_run_is_described_without_credentials() -> None:
    text = describe_run("1.2", "https://me:secret@host/a.tif?sig=abc", "rsgpt-small", "Describe this image.\nn: What?")
    first, *lines = text.splitlines()
    assert first.startswith("Written by RSGPT for QGIS 1.2 on 20")
    assert lines == ["Raster: https://host/a.tif", "Model: rsgpt-small", "Prompts:", "Describe this image.", "n: What?"]


@pytest.mark.parametrize("crs", ["EPSG:32633", ""])
def test_the_searched_extent_is_read_from_a_description(crs: str) -> None:
    extent = SearchedExtent((500000.25, 500300.5, -4999700.0, 1e-05), crs)
    text = f"{describe_run('1.2', 'a, 1,2,3,4.tif', 'rsgpt-small', 'car')}\n{extent.describe()}"
    assert searched_extents(text) == (extent,)
    assert searched_extents(text.replace("Searched extent: ", "搜索范围：")) == (extent,)
    second = SearchedExtent((1.0, 2.0, 3.0, 4.0), "EPSG:4326")
    assert searched_extents(f"{text}\n{second.describe()}") == (extent, second)


def test_a_description_without_an_extent_states_none() -> None:
    assert searched_extents(describe_run("1.2", "1,2,3,4.tif", "rsgpt-small", "car\n1,2,3")) == ()
