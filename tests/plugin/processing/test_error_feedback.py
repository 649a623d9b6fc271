"""The table of sentences through a run of the plugin."""

from __future__ import annotations

from pathlib import Path

from qgis.core import NULL

from rsgpt_plugin.processing.run import RunQuestions
from rsgpt_plugin.shared.text import clean
from tests.sentences import by_question

from .conftest import ScriptedGateway, number_in
from .test_run import MODEL, RunBench, places


def test_rows_have_what_the_table_says(tmp_path: Path, gateway: ScriptedGateway) -> None:
    for question, sentences in by_question().items():
        texts = [clean(one.text) for one in sentences]  # as the protocol leaves a reply
        gateway.say = lambda prompt, texts=texts: texts[number_in(prompt)]
        asking = RunQuestions(MODEL, (question,), "")
        _, rows = RunBench(tmp_path).run(asking, places(*range(len(texts))), len(texts))
        got = [
            (one.text, None if row[question.name] == NULL else row[question.name], row["status"], row["reason"] != NULL)
            for one, row in zip(sentences, rows)
        ]
        assert got == [(one.text, one.value, one.status, one.value is None) for one in sentences]
