"""An additional answer type and column in the rows of `rsgpt batch`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from rsgpt_backend.batch.journal import TileResult
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions, RowBuilder
from rsgpt_backend.cli import main
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from tests.backend.batch.rasters import numbered, write
from tests.new_rows import LINE, add_rows


def test_a_new_type_and_column_are_in_schema_row_and_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_rows(monkeypatch)
    builder = RowBuilder(BatchQuestions("m", "w", "", tuple(parse_questions(LINE))), (1,))
    plan = make_plan(str(write(tmp_path / "a.tif", numbered(32, 32, 32))), TilingOptions(32))
    result = TileResult(1, 0, "s", 0.5, answers={1: RawAnswer("40%", 0.9)})
    table = pa.Table.from_pylist(list(builder.rows(plan, [result])), builder.schema)
    assert [table.schema.field(name).type for name in ("green", "orbit")] == [pa.float64(), pa.string()]
    (row,) = table.to_pylist()
    assert (row["green"], row["green_confidence"], row["status"], row["orbit"]) == (0.4, 0.9, "answered", None)
    with pytest.raises(SystemExit):
        main(["batch", "--help"])
    assert "choice(a|b|c), share" in " ".join(capsys.readouterr().out.split())
