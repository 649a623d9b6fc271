"""The shared table of model sentences, run through the plugin."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from qgis.core import NULL

from rsgpt_plugin.processing.run import RunQuestions
from rsgpt_plugin.shared.text import clean
from tests.sentences import sentences_by_question

from .conftest import ScriptedGateway, number_in
from .test_run import MODEL, RunBench, places


def test_rows_match_the_table_of_sentences(tmp_path: Path, gateway: ScriptedGateway) -> None:
    for question, sentences in sentences_by_question().items():
        texts = [clean(sentence.text) for sentence in sentences]  # like the protocol cleans a reply
        gateway.say = partial(lambda texts, prompt: texts[number_in(prompt)], texts)
        asking = RunQuestions(replace(MODEL, name="of another maker"), (question,), "")  # without known limits
        _, rows = RunBench(tmp_path).run(asking, places(*range(len(texts))), len(texts))
        values = [None if row[question.name] == NULL else row[question.name] for row in rows]
        actual = [
            (sentence.text, value, row["status"], row["reason"] != NULL)
            for sentence, value, row in zip(sentences, values, rows)
        ]
        assert actual == [
            (sentence.text, sentence.value, sentence.status, sentence.value is None) for sentence in sentences
        ]
