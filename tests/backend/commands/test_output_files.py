"""No command writes over what it reads, or over a file that it did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.commands.output_files import begins_with, check_file, write_text
from rsgpt_backend.errors import UsageError


def test_inputs_folders_and_files_of_others_are_refused(tmp_path: Path) -> None:
    ours = begins_with("# Ours")
    path, link = tmp_path / "a.md", tmp_path / "link.md"
    check_file(path, [tmp_path / "b.md"], ours)
    path.write_text("my notes")
    link.symlink_to(path)
    for wrong, inputs, sentence in (
        (path, [], "was not written by this command"),
        (path, [link], "which this command reads"),
        (link, [path], "which this command reads"),
        (tmp_path, [], "is a folder"),
        (tmp_path / "none" / "a.md", [], "is not there"),
    ):
        with pytest.raises(UsageError, match=sentence):
            check_file(wrong, inputs, ours)
    write_text(path, "# Ours\n")
    check_file(path, [], ours)
    path.write_text("")
    check_file(path, [], ours)
