"""Encoded pictures are counted, and another question in another process encodes none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.backend.batch.rasters import numbered, write
from tests.layout.source import ROOT


def test_another_question_encodes_no_pictures(toy_folder: Path, tmp_path: Path) -> None:
    raster = write(tmp_path / "a.tif", numbered(96, 64, 32))
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backend")])}
    batch = [sys.executable, "-m", "benchmarks.counted", "batch", str(raster), "--tile", "32", "--no-caption"]
    asked = [*batch, "--model", str(toy_folder), "--out", str(tmp_path / "a.gpkg"), "--question"]
    processes = [
        subprocess.run([*asked, question], env={**os.environ, **paths}, check=True, stdout=subprocess.PIPE, text=True)
        for question in ("w: Is it water?", "g: gray")
    ]
    assert [process.stdout.splitlines()[-1] for process in processes] == ["6", "0"]
