"""A stand-in for the package of the sentence model: a random BERT that knows a few words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from rsgpt_backend.engine import sentences
from rsgpt_backend.model.hashes import file_sha256

_WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "boats", "harbor", "trees", "roof", "many", "a", "water")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the package in `folder` and install it for the test. Its code fails when it is run."""
    package = folder / sentences.PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('the code of the package is run')\n")
    model = package / sentences.FOLDER
    torch.manual_seed(5)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(_WORDS), initializer_range=0.5, **size)).save_pretrained(model)
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(_WORDS)}, "[UNK]"))
    words.normalizer, words.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(model)
    monkeypatch.syspath_prepend(str(folder))
    for name in sentences.HASHES:
        monkeypatch.setitem(sentences.HASHES, name, f"sha256:{file_sha256(model / name)}")
