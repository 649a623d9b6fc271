"""Answer cache: storing, sharing, upgrading and kills."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_plugin.core.answer_cache import SCHEMA, AnswerCache
from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer

ROOT = Path(__file__).resolve().parents[3]
ANSWER = RawAnswer(
    'there\'s "a" city 城市 \0',
    0.75,
    (("Yes", -0.1), (" no", -2.5)),
    False,
    "2024-05-06T07:08:09+00:00",
    "llava",
    answered_by="finder",
)

# Writes answers one by one and prints each number, until it is killed.
WRITER = """
import sys
from pathlib import Path
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.core.answer_cache import AnswerCache
with AnswerCache(Path(sys.argv[1])) as cache:
    for number in range(int(sys.argv[3])):
        cache.put({f"{sys.argv[2]}-{number}": RawAnswer(str(number), 0.5)})
        print(number, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_get_returns_stored_answers(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "answers.sqlite"
    with AnswerCache(path) as cache:
        cache.put({"a": ANSWER, "b": RawAnswer("x", None, degenerate=True), "cut": replace(ANSWER, is_cut=True)})
        cache.put({"odd": replace(ANSWER, is_unusual=True)})
    with AnswerCache(path) as cache:
        assert cache.get(["a", "b", "c"]) == {"a": ANSWER, "b": RawAnswer("x", None, degenerate=True)}
        assert cache.get(["cut"]) == {"cut": replace(ANSWER, is_cut=True)}
        assert cache.get(["odd"]) == {"odd": replace(ANSWER, is_unusual=True)}


def test_get_returns_thousands_of_keys(tmp_path: Path) -> None:
    answers = {f"key {number}": RawAnswer(str(number), 0.5) for number in range(2345)}
    with AnswerCache(tmp_path / "a.sqlite") as cache:
        cache.put(answers)
        assert cache.get([*answers, "' OR 1=1 --"]) == answers


def test_a_file_of_the_first_format_is_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = sqlite3.connect(path)
    database.execute(SCHEMA[0])
    database.execute("INSERT INTO answers VALUES ('old', 'a city', 0.5, '[]', 0, '2024')")
    database.execute("PRAGMA user_version = 1")
    database.commit()
    database.close()
    with AnswerCache(path) as cache:
        assert cache.get(["old"]) == {"old": RawAnswer("a city", 0.5, asked_at="2024")}
        cache.put({"new": ANSWER})
        assert cache.get(["new"]) == {"new": ANSWER}


def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="set RSGPT_HOME"):
        AnswerCache(tmp_path / "file" / "a.sqlite")


def test_two_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    writers = [writer(path, name, 200) for name in ("one", "two")]
    for process in writers:
        process.communicate(timeout=60)
    assert [process.returncode for process in writers] == [0, 0]
    keys = [f"{name}-{number}" for name in ("one", "two") for number in range(200)]
    with AnswerCache(path) as cache:
        assert len(cache.get(keys)) == 400


def test_a_kill_loses_no_stored_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    for attempt in range(5):
        process = writer(path, f"try{attempt}", 10**6)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + 0.03 * attempt)
        process.kill()
        lines = process.stdout.read().split("\n")
        process.wait()
        process.stdout.close()
        keys = [f"try{attempt}-{line}" for line in lines[:-1]]
        with AnswerCache(path) as cache:
            assert set(cache.get(keys)) == set(keys)
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_clear_deletes_all_answers(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "a.sqlite") as cache:
        cache.put({"key": ANSWER})
        cache.clear()
        assert cache.get(["key"]) == {}


def test_an_answer_is_replaced_by_a_later_one(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "a.sqlite") as cache:
        cache.put({"key": ANSWER, "other": ANSWER})
        cache.put({"key": RawAnswer("later", 0.1)})
        assert cache.get(["key", "other"]) == {"key": RawAnswer("later", 0.1), "other": ANSWER}


def test_no_keys_and_no_answers_are_accepted(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "a.sqlite") as cache:
        cache.put({})
        assert cache.get([]) == {}


def test_a_key_may_be_asked_for_twice(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "a.sqlite") as cache:
        cache.put({"key": ANSWER})
        assert cache.get(["key", "key"]) == {"key": ANSWER}


def test_all_answers_of_a_call_are_stored_or_none(tmp_path: Path) -> None:
    broken = RawAnswer(None, 0.5)  # type: ignore[arg-type]
    with AnswerCache(tmp_path / "a.sqlite") as cache:
        with pytest.raises(OutputError, match="The answer cache .* cannot be used"):
            cache.put({"good": ANSWER, "broken": broken})
        assert cache.get(["good"]) == {}
