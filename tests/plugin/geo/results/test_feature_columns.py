"""Columns of features keep their values under names that the format accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsFields, QgsVectorLayer

from rsgpt_plugin.geo.results.feature_columns import own_columns
from rsgpt_plugin.geo.results.schema import output_fields

RESULTS = output_fields(()).names()


def fields_and_features(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[QgsFields, list[QgsFeature]]:
    """Return fields (defined like those of a memory layer) and features with these values."""
    fields = QgsVectorLayer("None?" + "&".join(f"field={column}" for column in columns), "a", "memory").fields()
    features = []
    for values in rows:
        feature = QgsFeature(fields)
        feature.setAttributes(list(values))
        features.append(feature)
    return fields, features


@pytest.mark.parametrize(
    ("columns", "ending", "names"),
    [
        (["name:string", "NAME:string", "Name:string"], ".gpkg", ["name", "NAME_2", "Name_3"]),
        (["name:string", "name_2:string", "NAME:string"], ".shp", ["name", "name_2", "NAME_3"]),
        (["geom:string", "geometry:string"], ".gpkg", ["geom_2", "geometry"]),
        (["geom:string", "GEOMETRY:string", "ogc_fid:integer"], ".sqlite", ["geom", "GEOMETRY_2", "ogc_fid_2"]),
        (["fid:string"], ".gpkg", ["fid_2"]),
        (["fid:string"], ".csv", ["fid"]),
        (["status:string", "STATUS:string"], "", ["status", "STATUS_3"]),
    ],
)
def test_names_are_unique_case_insensitively_and_not_reserved(
    columns: list[str], ending: str, names: list[str]
) -> None:
    fields, features = fields_and_features(columns, [["a"] * len(columns)])
    own = own_columns(fields, features, ending, RESULTS)
    assert own.fields.names() == names
    assert own.renamed == {old: new for old, new in zip(fields.names(), names) if old != new}
    assert own.fitted(features[0]).attributes() == ["a"] * len(columns)


@pytest.mark.parametrize(
    ("values", "stays"), [([3, 1, 2], True), ([1, 1, 2], False), ([1, None, 2], False), ([], True)]
)
def test_fid_is_kept_only_if_its_numbers_are_unique(values: list[Any], stays: bool) -> None:
    fields, features = fields_and_features(["FID:integer"], [[value] for value in values])
    assert own_columns(fields, features, ".gpkg", RESULTS).fields.names() == (["FID"] if stays else ["FID_2"])


def test_objects_and_lists_become_json() -> None:
    fields, features = fields_and_features(
        ["tags:string[]", "meta:map", "n:integer"], [[["ä", "b"], {"k": [1, None]}, 3], [None] * 3]
    )
    own = own_columns(fields, features, ".gpkg", RESULTS)
    assert [field.typeName() for field in own.fields][:2] == [field.typeName() for field in output_fields(())][:1] * 2
    assert own.fitted(features[0]).attributes() == ['["ä", "b"]', '{"k": [1, null]}', 3]
    assert own.fitted(features[1]).attributes() == [None] * 3
