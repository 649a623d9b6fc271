"""The shared table of answer texts, applied to the rows of `rsgpt batch`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from rsgpt_backend.batch.journal import TileResult
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions, RowBuilder
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from tests.backend.batch.rasters import numbered, write
from tests.sentences import sentences_by_question


def test_rows_have_the_values_of_the_table(tmp_path: Path) -> None:
    plan = make_plan(str(write(tmp_path / "a.tif", numbered(32, 32, 32))), TilingOptions(32))
    for question, sentences in sentences_by_question().items():
        builder = RowBuilder(BatchQuestions("m", "w", "", (question,)), (1,))
        results = [TileResult(1, 0, "s", 0.5, answers={1: RawAnswer(case.text, 0.9)}) for case in sentences]
        rows = pa.Table.from_pylist(list(builder.rows(plan, results)), builder.schema).to_pylist()
        pairs = zip(sentences, rows, strict=True)
        values = [(case.text, row[question.name], row["status"], bool(row["reason"])) for case, row in pairs]
        assert values == [(case.text, case.value, case.status, case.value is None) for case in sentences]
