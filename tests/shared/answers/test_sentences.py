"""Values and statuses of the replies in sentences.json, which tests of both sides read."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.answers.typed_answers import RawAnswer, read_answer
from tests.sentences import Sentence, all_sentences


@pytest.mark.parametrize("sentence", all_sentences(), ids=str)
def test_a_reply_has_the_value_and_status_of_the_table(sentence: Sentence) -> None:
    answer = read_answer(sentence.question, RawAnswer(sentence.text, 0.9))
    assert (answer.value, type(answer.value)) == (sentence.value, type(sentence.value))
    assert answer.is_doubt is (sentence.status == "unsure")
    assert bool(answer.problem) is (sentence.value is None)
