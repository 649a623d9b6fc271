"""Whole numbers in text, as the plugin finds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rsgpt_backend.batch.numbers import whole_numbers
from rsgpt_plugin.core import numbers as plugins

WORDS = st.sampled_from("a hundred and one five twelve twenty ninety 3 3.5 -7 1,024 40% B52 3-5 3 – 5 cars".split())


def test_digits_and_words() -> None:
    assert list(whole_numbers("12 cars, a hundred and five trees, 3-5 roads, 40%, 3.5 and B52")) == [12, 105, 3, 5]


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_any_text_gives_what_the_plugin_finds(text: str) -> None:
    assert list(whole_numbers(text)) == list(plugins.whole_numbers(text))
