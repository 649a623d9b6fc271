"""The set-up of the environment reads the size of the sentence model before any package is installed."""

from __future__ import annotations

import subprocess
import sys

from tests.layout.source import ROOT


def test_its_size_is_known_without_packages() -> None:
    code = "from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL_MB; print(SENTENCE_MODEL_MB)"
    command = [sys.executable, "-S", "-c", code]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert printed == "84\n"
