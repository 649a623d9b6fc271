"""The table of result columns: which layers have a column, in which order and section, and which names are reserved."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.i18n import set_translator
from rsgpt_plugin.shared.results.columns import (
    COLUMNS,
    KEYS,
    ColumnGroup,
    ColumnOrigin,
    answer_columns,
    column,
    columns_help,
    fixed_names,
    leading_columns,
    names_in,
    object_columns,
    reserved_names,
    trailing_columns,
)
from tests.new_rows import ORBIT, add_rows


def test_a_column_is_found_by_its_name() -> None:
    assert [column(entry.name) for entry in COLUMNS] == list(COLUMNS)
    with pytest.raises(KeyError, match="Caption"):
        column("Caption")


def test_caption_and_confidence_come_before_the_questions() -> None:
    assert [entry.name for entry in leading_columns()] == ["caption", "confidence"]


def test_the_raster_is_a_column_of_batch_runs_only() -> None:
    plain, batch = ([entry.name for entry in trailing_columns(is_batch)] for is_batch in (False, True))
    assert [name for name in batch if name not in plain] == ["raster"]
    assert [name for name in batch if name != "raster"] == plain
    assert plain[:2] == ["status", "reason"]


def test_columns_of_clicks_corrections_and_objects_are_in_no_result_of_tiles() -> None:
    written = {entry.name for entry in [*leading_columns(), *trailing_columns(batch=True)]}
    others = {entry.name for entry in COLUMNS} - written
    assert others == {
        "question", "answer", "caption_model", "answer_model", "corrected", "corrected_at", "checked", "checked_at",
        "reviewed_by", "object", "search_window", "similarity", "rank",
    }  # fmt: skip


def test_objects_have_a_name_a_confidence_and_provenance() -> None:
    names = [entry.name for entry in object_columns()]
    assert names[:2] == ["object", "confidence"]
    assert names[-2:] == ["raster", "search_window"]
    assert {"image_sha256", "model_fingerprint", "plugin_version"} < set(names)
    assert not {"caption", "status", "reason"} & set(names)


def test_every_column_is_in_one_section_of_the_form() -> None:
    by_group = {group: names_in(group) for group in ColumnGroup}
    assert sorted(name for found in by_group.values() for name in found) == sorted(entry.name for entry in COLUMNS)
    assert by_group[ColumnGroup.ASKED] == ["question"]
    assert by_group[ColumnGroup.STATE] == ["corrected_at", "checked_at", "reviewed_by", "status"]
    assert by_group[ColumnGroup.HIDDEN] == ["corrected", "checked"]


def test_the_meaning_of_names_of_clicks_is_not_fixed() -> None:
    assert set(fixed_names()) == {entry.name for entry in COLUMNS} - {
        "question", "answer", "caption_model", "answer_model", "object", "search_window", "similarity", "rank",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["fid", "geom", "geometry", "caption", "confidence", "raster", "corrected", "status"])
def test_names_of_columns_and_formats_are_reserved(name: str) -> None:
    assert name in reserved_names()


@pytest.mark.parametrize("name", ["question", "answer", "water", "orbit"])
def test_other_names_are_free(name: str) -> None:
    assert name not in reserved_names()


def test_a_model_s_value_before_a_correction_has_a_column_beside_each_text_of_the_model() -> None:
    texts = [entry.name for entry in COLUMNS if entry.is_model_text]
    before = [entry.name for entry in COLUMNS if entry.origin is ColumnOrigin.BEFORE_CORRECTION]
    assert before == [f"{name}_model" for name in texts]


def test_a_question_has_a_column_of_its_answer_and_of_its_confidence() -> None:
    assert answer_columns("water") == ("water", "water_confidence")


def test_the_help_lists_the_columns_of_every_result_in_order() -> None:
    lines = columns_help().splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        entry.name for entry in [*leading_columns(), *trailing_columns()]
    ]
    assert all(line.partition(": ")[2] for line in lines)


def test_the_help_is_in_the_language_of_the_user() -> None:
    set_translator(lambda context, text: f"{context}/{text.upper()}")
    try:
        assert "gsd_m: Rsgpt/METERS PER PIXEL OF THAT PICTURE" in columns_help().splitlines()
    finally:
        set_translator(None)


def test_keys_of_formats_are_no_columns() -> None:
    assert not set(KEYS) & {entry.name for entry in COLUMNS}


def test_an_added_column_is_part_of_every_result(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch)
    assert column("orbit") is ORBIT
    assert trailing_columns()[-1] is ORBIT
    assert "orbit" in reserved_names()
