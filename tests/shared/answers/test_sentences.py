"""The table of sentences: what each reply gives, as value or as status. Both doors' tests read it too."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.answers.typed_answers import RawAnswer, read_answer
from tests.sentences import Sentence, of_all_types


@pytest.mark.parametrize("sentence", of_all_types(), ids=str)
def test_a_sentence_gives_what_the_table_says(sentence: Sentence) -> None:
    answer = read_answer(sentence.question, RawAnswer(sentence.text, 0.9))
    assert (answer.value, type(answer.value)) == (sentence.value, type(sentence.value))
    assert answer.is_doubt is (sentence.status == "unsure")
    assert bool(answer.problem) is (sentence.value is None)
