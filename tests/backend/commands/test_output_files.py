"""A command replaces neither its inputs nor files that it did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.commands.output_files import check_file, has_in_head, write_text
from rsgpt_backend.errors import UsageError


def test_inputs_folders_and_files_of_others_are_refused(tmp_path: Path) -> None:
    ours = has_in_head("# Ours")
    path, link = tmp_path / "a.md", tmp_path / "link.md"
    check_file(path, [tmp_path / "b.md"], ours)
    path.write_text("my notes")
    link.symlink_to(path)
    for wrong, inputs, sentence in (
        (path, [], "was not written by this command"),
        (path, [link], "which this command reads"),
        (link, [path], "which this command reads"),
        (tmp_path, [], "is a folder"),
        (tmp_path / "none" / "a.md", [], "does not exist"),
    ):
        with pytest.raises(UsageError, match=sentence):
            check_file(wrong, inputs, ours)
    write_text(path, "# Ours\n")
    check_file(path, [], ours)
    path.write_text("")
    check_file(path, [], ours)
