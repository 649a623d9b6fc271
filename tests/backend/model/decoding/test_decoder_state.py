"""Every language model of the family, in batches, says what transformers' own generation says."""

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
    """Some of the prompts, each with a picture of its own."""
    with torch.inference_mode():
        features = model.encode(to_bytes([picture(number) for number in numbers], SIDE))
        return model.prefix(features, model.instruct([PROMPTS[number] for number in numbers]))


def said(model: Rsgpt, prefix: Prefix, rules: DecodingRules, lengths: list[int]) -> list[list[int]]:
    """Greedy answers of so many tokens, as ids."""
    return [ids(row) for row in decode(model, prefix, [Sampling()] * len(lengths), lengths, rules)]


def generated(model: Rsgpt, prefix: Prefix, **settings: float) -> list[list[int]]:
    """transformers' own, with an end that no row ever says."""
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
def test_many_tokens_are_read_as_one_after_another(model: Rsgpt, prefix: Prefix) -> None:
    tokens, named = torch.tensor([[3, 4, 5], [6, 7, 8], [3, 4, 9]]), torch.tensor([2, 0, 2])
    at_once, stepwise = start(model.language, prefix), start(model.language, prefix)
    for state in (at_once, stepwise):
        state.first()
        state.keep(named)
    steps = [stepwise.next(tokens[:, place : place + 1]) for place in range(tokens.shape[1])]
    torch.testing.assert_close(at_once.read(tokens), torch.stack(steps, dim=1), atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_branches_are_as_rows_of_their_own(model: Rsgpt, prefix: Prefix) -> None:
    together, apart = start(model.language, prefix), start(model.language, prefix)
    together.first()
    apart.first()
    steps = [([[3, 4], [5, 6], [7, 8]], [[0, 0], [0, 0], [0, 0]]), ([[9, 3], [4, 5], [6, 7]], [[1, 1], [1, 0], [0, 1]])]
    for tokens, parents in steps:
        width = 1 if tokens is steps[0][0] else 2
        apart.keep(torch.tensor([row * width + parent for row, some in enumerate(parents) for parent in some]))
        wanted = apart.next(torch.tensor(tokens).reshape(-1, 1))
        found = together.branch(torch.tensor(tokens), torch.tensor(parents))
        torch.testing.assert_close(found.flatten(0, 1), wanted, atol=1e-4, rtol=1e-4)
    together.keep(torch.tensor([2, 0]))  # a row has left
    apart.keep(torch.tensor([4, 5, 4, 1, 0, 0]))
    found = together.branch(torch.tensor([[3, 4, 5], [6, 7, 8]]), torch.tensor([[0, 1, 0], [1, 0, 0]]))
    wanted = apart.next(torch.tensor([[3], [4], [5], [6], [7], [8]]))
    torch.testing.assert_close(found.flatten(0, 1), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:Passing `repetition_penalty`", "ignore:Passing `no_repeat_ngram_size`")
@pytest.mark.parametrize(("penalty", "ngram"), [(1.0, 0), (PENALTY, 0), (1.0, 1)])
def test_greedy(model: Rsgpt, prefix: Prefix, penalty: float, ngram: int) -> None:
    never = model.language.config.vocab_size - 1
    wanted = generated(model, prefix, repetition_penalty=penalty, no_repeat_ngram_size=ngram)
    assert said(model, prefix, DecodingRules(never, penalty, ngram), [STEPS] * 3) == wanted
    assert (generated(model, prefix) == wanted) == (penalty == 1 and not ngram)


@pytest.mark.parametrize("beams", [1, 3])
def test_a_batch_answers_as_each_prompt_alone(model: Rsgpt, prefix: Prefix, beams: int) -> None:
    rules = DecodingRules(model.language.config.vocab_size - 1, PENALTY)

    def answers(given: Prefix) -> list[list[int]]:
        rows = len(given.mask)
        if beams == 1:
            return said(model, given, rules, [STEPS] * rows)
        with torch.inference_mode():
            found = dict(search(model.language, given, Search(beams, rules, [STEPS] * rows), lambda: [False] * rows))
        return [ids(found[row]) for row in range(rows)]

    together = answers(prefix)
    assert together == [answers(read(model, [number]))[0] for number in range(len(PROMPTS))]
    assert len({tuple(row) for row in together}) > 1


def test_rows_that_leave_do_not_disturb_the_others(model: Rsgpt, prefix: Prefix) -> None:
    rules = DecodingRules(model.language.config.vocab_size - 1, PENALTY)
    whole, cut = (said(model, prefix, rules, lengths) for lengths in ([STEPS] * 3, [2, STEPS, 5]))
    assert cut == [whole[0][:2], whole[1], whole[2][:5]]


@pytest.mark.filterwarnings("ignore:Passing `repetition_penalty`", "ignore:Passing `no_repeat_ngram_size`")
def test_beams(model: Rsgpt, prefix: Prefix) -> None:
    never = model.language.config.vocab_size - 1
    with torch.inference_mode():
        how = Search(3, DecodingRules(never, PENALTY, 2), [STEPS] * 3)
        found = dict(search(model.language, prefix, how, lambda: [False] * 3))
    wanted = generated(model, prefix, num_beams=3, repetition_penalty=PENALTY, no_repeat_ngram_size=2)
    assert [[one.token for one in found[row]] for row in range(3)] == wanted
