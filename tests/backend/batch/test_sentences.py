"""The table of sentences through the rows of `rsgpt batch`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from rsgpt_backend.batch.journal import TileResult
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions, RowBuilder
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from tests.backend.batch.rasters import numbered, write
from tests.sentences import by_question


def test_rows_have_what_the_table_says(tmp_path: Path) -> None:
    plan = make_plan(str(write(tmp_path / "a.tif", numbered(32, 32, 32))), TilingOptions(32))
    for question, sentences in by_question().items():
        reading = RowBuilder(BatchQuestions("m", "w", "", (question,)), (1,))
        found = [TileResult(1, 0, "s", 0.5, answers={1: RawAnswer(one.text, 0.9)}) for one in sentences]
        rows = pa.Table.from_pylist(list(reading.rows(plan, found)), reading.schema).to_pylist()
        pairs = zip(sentences, rows, strict=True)
        got = [(one.text, row[question.name], row["status"], bool(row["reason"])) for one, row in pairs]
        assert got == [(one.text, one.value, one.status, one.value is None) for one in sentences]
