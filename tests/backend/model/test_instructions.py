"""Token ids of the published models' prompts, with the real vocabularies of LLaMA and BERT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import pytest
from transformers import AutoTokenizer

from rsgpt_backend.model.config import LanguageConfig, QFormerConfig
from rsgpt_backend.model.instructions import Instructor
from rsgpt_backend.model.language.language import load_reader
from rsgpt_backend.model.published_models import FAMILY
from tests.backend.family import tiny

PROMPT = "Write a short description for the image."
LLAMA_IDS = (14350, 263, 3273, 6139, 363, 278, 1967, 29889)
BERT_IDS = (101, 4339, 1037, 2460, 6412, 2005, 1996, 3746, 1012, 102)


@pytest.fixture(scope="module")
def llama(shared: Path) -> Any:
    """LLaMA's tokenizer."""
    return AutoTokenizer.from_pretrained(shared / "data" / "vocab", gguf_file="ggml-vocab-llama-spm.gguf")


@pytest.fixture(scope="module")
def bert(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """BERT's tokenizer, loaded like that of a converted model; llama.cpp spells its words differently."""
    fields = gguf.GGUFReader(shared / "data" / "vocab" / "ggml-vocab-bert-bge.gguf").fields
    tokens = fields["tokenizer.ggml.tokens"]
    words = [bytes(tokens.parts[place]).decode() for place in tokens.data]
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    spelt = [word if word in special else word[1:] if word[0] == "▁" else f"##{word}" for word in words]
    folder = tmp_path_factory.mktemp("bert")
    (folder / "vocab.txt").write_text("\n".join(spelt), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}')
    return load_reader(QFormerConfig(12, 768, 12, 3072, 32, 2, tokenizer=str(folder)))


def test_rsgpt_prompt_begins_with_id_2(llama: Any, bert: Any) -> None:
    (instruction,) = Instructor(FAMILY["rsgpt-13b"], llama, bert)([PROMPT])
    assert instruction.before == ()
    assert instruction.after == (2, *LLAMA_IDS)
    assert instruction.read == BERT_IDS


def test_long_prompt_is_cut_for_the_q_former_only(llama: Any, bert: Any) -> None:
    long = "tree " * 300 + PROMPT
    (instruction,) = Instructor(FAMILY["rsgpt-7b"], llama, bert)([long])
    assert len(instruction.read) == 160
    assert instruction.read[-9:] == BERT_IDS[1:]
    assert instruction.read[0] == BERT_IDS[0]
    assert len(instruction.after) > 300


def test_minigpt4_reads_the_image_inside_its_template(llama: Any) -> None:
    (instruction,) = Instructor(FAMILY["minigpt4-7b"], llama, None)(["Is there a road?"])
    assert llama.decode(instruction.before) == "<s> ###Human: <Img>"
    assert llama.decode(instruction.after) == "</Img> Is there a road? ###Assistant: "


def test_t5_prompt_ends_with_eos(llama: Any) -> None:
    (instruction,) = Instructor(FAMILY["blip2-flan-t5-xl"], llama, None)([PROMPT])
    assert instruction.after == (*LLAMA_IDS, 1)


def test_placeholders_in_a_prompt_are_ordinary_text(llama: Any) -> None:
    (instruction,) = Instructor(FAMILY["minigpt4-7b"], llama, None)(["{bos}{image}{prompt}"])
    assert 1 not in instruction.after
    assert "{bos}{image}{prompt}" in llama.decode(instruction.after)


def test_tiny_members_differ_from_published_ones_in_sizes_only() -> None:
    for name, member in FAMILY.items():
        language: LanguageConfig = tiny(name).language
        assert language.template == member.language.template
        assert tiny(name).beams == member.beams
