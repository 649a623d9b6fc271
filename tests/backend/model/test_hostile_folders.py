"""A damaged or hostile model folder is rejected quickly with a message, and nothing outside of it is read."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.errors import ModelError
from rsgpt_plugin.shared.text import clean
from tests.backend.hostile import folders, language_folders, model_folders
from tests.backend.toy import ask, make_language

CASES = [*model_folders.cases(), *language_folders.cases()]
SLOWEST_S = 10.0  # usually a tenth of a second; without the checks, some cases take minutes or do not end


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid model folder that contains its language model."""
    return folders.make_good(tmp_path_factory.mktemp("hostile") / "good")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """A copy to damage, next to another copy from which nothing may be read."""
    shutil.copytree(good, tmp_path / "outside")
    shutil.copytree(good, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def in_time() -> Iterator[None]:
    """Abort a test after a minute: reading a pipe without a writer would not end."""

    def end(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that collects the paths of the files that Python opens from now on."""
    paths: list[str] = []
    sys.addaudithook(lambda event, details: paths.append(str(details[0])) if event == "open" else None)
    return paths


def test_case_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 130


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_folder_is_rejected_with_one_sentence(case: folders.HostileCase, folder: Path, in_time: None) -> None:
    case.spoil(folder)
    started = time.monotonic()
    with pytest.raises(ModelError) as caught:
        load_engine(str(folder)).answer([ask()])
    sentence = str(caught.value)
    assert time.monotonic() - started < SLOWEST_S
    assert re.search(case.says, sentence), sentence
    assert clean(sentence) == sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_no_file_outside_the_folder_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = opened(monkeypatch)
    for case in CASES:
        if "out" in case.name or "absolute" in case.name:
            shutil.rmtree(folder)
            shutil.copytree(folder.parent / "outside", folder)
            case.spoil(folder)
            paths.clear()
            with pytest.raises(ModelError):
                load_engine(str(folder))
            read = [path for path in paths if path.startswith(str(folder.parent / "outside"))]
            assert not read or case.name == "an absolute source with another hash", case.name


def test_no_package_is_imported(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acting_package").mkdir()
    (tmp_path / "acting_package" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for source in ("package:acting_package.child/f", "package:acting_package/f"):
        folders.edit(folder / folders.MODEL, {"language.source": source})
        with pytest.raises(ModelError, match="Models cannot use the package"):
            load_engine(str(folder))
    assert "acting_package" not in sys.modules


def test_harmless_settings_that_look_dangerous_are_ignored(folder: Path, good: Path) -> None:
    language = folder / folders.LANGUAGE
    folders.edit(
        language / "config.json",
        {
            "auto_map": {"AutoModelForCausalLM": "own.Model"},
            "_attn_implementation": "flash_attention_2",
            "_name_or_path": "/etc",
            "use_kernels": True,
            "transformers_weights": "/etc/passwd",
        },
    )
    folders.edit(
        language / "tokenizer_config.json",
        {
            "auto_map": {"AutoTokenizer": ["own.Tokenizer", None]},
            "tokenizer_file": "/etc/passwd",
            "vocab_file": "/etc/passwd",
            "special_tokens_map_file": "/etc/passwd",
            "name_or_path": "/etc",
            "init_inputs": ["/etc/passwd"],
        },
    )
    (language / "own.py").write_text("raise RuntimeError('imported')")
    assert load_engine(str(folder)).answer([ask()]) == load_engine(str(good)).answer([ask()])


def test_an_absolute_source_is_read_where_its_hash_is_recorded(folder: Path, good: Path) -> None:
    source = str(folder.parent / "outside" / folders.LANGUAGE)
    folders.edit(folder / folders.MODEL, {"language.source": source})
    shutil.rmtree(folder / folders.LANGUAGE)
    assert load_engine(str(folder)).answer([ask()]) == load_engine(str(good)).answer([ask()])


def test_files_that_hugging_face_s_cache_links_are_read(folder: Path, tmp_path: Path) -> None:
    blobs, revision = tmp_path / "models--x" / "blobs", tmp_path / "models--x" / "snapshots" / "0a1b"
    shutil.copytree(folder, revision)
    blobs.mkdir()
    for number, file in enumerate(path for path in revision.rglob("*") if path.is_file()):
        file.rename(blobs / str(number))
        file.symlink_to(blobs / str(number))
    assert load_engine(str(revision)).answer([ask()])
    blob = (revision / folders.WEIGHTS).resolve()
    blob.unlink()
    blob.symlink_to(folder / folders.WEIGHTS)
    with pytest.raises(ModelError, match="is a link out of its folder"):
        load_engine(str(revision))


def test_control_characters_are_removed_from_name_and_licence(folder: Path) -> None:
    changes = {"name": f"toy{folders.ESC} \n two", "licence": f"free{folders.ESC}"}
    folders.edit(folder / folders.MODEL, changes)
    config = load_engine(str(folder)).model.config
    assert (config.name, config.licence) == ("toy[31m31m two", "free[31m31m")


def test_control_characters_are_removed_from_answers(folder: Path) -> None:
    tokenizer = folder / folders.LANGUAGE / "tokenizer.json"
    data = json.loads(tokenizer.read_text("utf-8"))
    escape = "\u011b"  # the byte of ESC, as byte-level tokenizers write it
    data["model"]["vocab"] = {
        token if number < 2 else f"{escape}{number}": number for token, number in data["model"]["vocab"].items()
    }
    data["model"]["merges"] = []
    data["model"]["unk_token"] = "</s>"
    tokenizer.write_text(json.dumps(data), encoding="utf-8")
    (answer,) = load_engine(str(folder)).answer([ask(top_logprobs=5)])
    assert answer.text == clean(answer.text)
    assert all(token.text == clean(token.text) for token in answer.tokens)


def test_language_model_with_another_hash_is_rejected(folder: Path) -> None:
    shutil.rmtree(folder / folders.LANGUAGE)
    make_language(folder / folders.LANGUAGE, ("another text",), 300)
    with pytest.raises(ModelError, match="damaged or belong to another model"):
        load_engine(str(folder))
