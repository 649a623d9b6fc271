"""Every type of language model, in batches, generates the same tokens as `generate` of transformers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from transformers import GenerationConfig

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.model.decoding.beam_search import Search, search
from rsgpt_backend.model.decoding.decoder_state import start
from rsgpt_backend.model.decoding.generation import DecodingRules, Sampling
from rsgpt_backend.model.rsgpt import Prefix, Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from tests.backend.family import HUB_KINDS, SIDE, make_hub
from tests.backend.model.decoding.test_generation import decode, ids
from tests.backend.toy import picture

PROMPTS = ("Is there any water?", "gray", "Describe this image.")
STEPS, PENALTY = 10, 1.5


@pytest.fixture(scope="module", params=HUB_KINDS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rsgpt:
    folder = tmp_path_factory.mktemp("states") / "source"
    make_hub(request.param, folder)
    convert(ConversionSources([folder]), folder.with_name("model"))
    return load_model(folder.with_name("model"))


@pytest.fixture(scope="module")
def prefix(model: Rsgpt) -> Prefix:
    return read(model, range(len(PROMPTS)))


def read(model: Rsgpt, numbers: Sequence[int]) -> Prefix:
    """Return the prefixes of some prompts, each with a different picture."""
    with torch.inference_mode():
        features = model.encode(to_bytes([picture(number) for number in numbers], SIDE))
        return model.prefix(features, model.instruct([PROMPTS[number] for number in numbers]))


def greedy(model: Rsgpt, prefix: Prefix, rules: DecodingRules, lengths: list[int]) -> list[list[int]]:
    """Return greedy answers of given lengths, as token ids."""
    return [ids(row) for row in decode(model, prefix, [Sampling()] * len(lengths), lengths, rules)]


def generated(model: Rsgpt, prefix: Prefix, **settings: float) -> list[list[int]]:
    """Return the answers of transformers, without an end token."""
    config = GenerationConfig(
        max_new_tokens=STEPS,
        do_sample=False,
        pad_token_id=0,
        decoder_start_token_id=model.language.generation_config.decoder_start_token_id,
        **settings,
    )
    config.eos_token_id = None
    rows = model.language.generate(
        inputs_embeds=prefix.embeds, attention_mask=prefix.mask, generation_config=config
    ).tolist()
    return [row[1:] for row in rows] if model.language.config.is_encoder_decoder else rows


@torch.inference_mode()
def test_reading_many_tokens_equals_reading_them_one_by_one(model: Rsgpt, prefix: Prefix) -> None:
    tokens, index = torch.tensor([[3, 4, 5], [6, 7, 8], [3, 4, 9]]), torch.tensor([2, 0, 2])
    at_once, stepwise = start(model.language, prefix), start(model.language, prefix)
    for state in (at_once, stepwise):
        state.first()
        state.keep(index)
    steps = [stepwise.next(tokens[:, column : column + 1]) for column in range(tokens.shape[1])]
    torch.testing.assert_close(at_once.read(tokens), torch.stack(steps, dim=1), atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_branches_equal_separate_rows(model: Rsgpt, prefix: Prefix) -> None:
    together, apart = start(model.language, prefix), start(model.language, prefix)
    together.first()
    apart.first()
    steps = [([[3, 4], [5, 6], [7, 8]], [[0, 0], [0, 0], [0, 0]]), ([[9, 3], [4, 5], [6, 7]], [[1, 1], [1, 0], [0, 1]])]
    for tokens, parents in steps:
        width = 1 if tokens is steps[0][0] else 2
        apart.keep(
            torch.tensor([row * width + parent for row, row_parents in enumerate(parents) for parent in row_parents])
        )
        wanted = apart.next(torch.tensor(tokens).reshape(-1, 1))
        logits = together.branch(torch.tensor(tokens), torch.tensor(parents))
        torch.testing.assert_close(logits.flatten(0, 1), wanted, atol=1e-4, rtol=1e-4)
    together.keep(torch.tensor([2, 0]))  # a row has left
    apart.keep(torch.tensor([4, 5, 4, 1, 0, 0]))
    logits = together.branch(torch.tensor([[3, 4, 5], [6, 7, 8]]), torch.tensor([[0, 1, 0], [1, 0, 0]]))
    wanted = apart.next(torch.tensor([[3], [4], [5], [6], [7], [8]]))
    torch.testing.assert_close(logits.flatten(0, 1), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:Passing `repetition_penalty`", "ignore:Passing `no_repeat_ngram_size`")
@pytest.mark.parametrize(("penalty", "ngram"), [(1.0, 0), (PENALTY, 0), (1.0, 1)])
def test_greedy_answers_equal_those_of_transformers(model: Rsgpt, prefix: Prefix, penalty: float, ngram: int) -> None:
    never = model.language.config.vocab_size - 1
    wanted = generated(model, prefix, repetition_penalty=penalty, no_repeat_ngram_size=ngram)
    assert greedy(model, prefix, DecodingRules(never, penalty, ngram), [STEPS] * 3) == wanted
    assert (generated(model, prefix) == wanted) == (penalty == 1 and not ngram)


@pytest.mark.parametrize("beams", [1, 3])
def test_batch_answers_equal_single_answers(model: Rsgpt, prefix: Prefix, beams: int) -> None:
    rules = DecodingRules(model.language.config.vocab_size - 1, PENALTY)

    def answers(prefix: Prefix) -> list[list[int]]:
        rows = len(prefix.mask)
        if beams == 1:
            return greedy(model, prefix, rules, [STEPS] * rows)
        with torch.inference_mode():
            found = dict(search(model.language, prefix, Search(beams, rules, [STEPS] * rows), lambda: [False] * rows))
        return [ids(found[row]) for row in range(rows)]

    together = answers(prefix)
    assert together == [answers(read(model, [number]))[0] for number in range(len(PROMPTS))]
    assert len({tuple(row) for row in together}) > 1


def test_finished_rows_do_not_change_the_others(model: Rsgpt, prefix: Prefix) -> None:
    rules = DecodingRules(model.language.config.vocab_size - 1, PENALTY)
    whole, cut = (greedy(model, prefix, rules, lengths) for lengths in ([STEPS] * 3, [2, STEPS, 5]))
    assert cut == [whole[0][:2], whole[1], whole[2][:5]]


@pytest.mark.filterwarnings("ignore:Passing `repetition_penalty`", "ignore:Passing `no_repeat_ngram_size`")
def test_beam_search_equals_that_of_transformers(model: Rsgpt, prefix: Prefix) -> None:
    never = model.language.config.vocab_size - 1
    with torch.inference_mode():
        settings = Search(3, DecodingRules(never, PENALTY, 2), [STEPS] * 3)
        found = dict(search(model.language, prefix, settings, lambda: [False] * 3))
    wanted = generated(model, prefix, num_beams=3, repetition_penalty=PENALTY, no_repeat_ngram_size=2)
    assert [[token.token for token in found[row]] for row in range(3)] == wanted
