"""`rsgpt batch` from the command line: objects, exit codes, wrong use, and what is missing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyogrio
import pytest

from rsgpt_backend.batch.batch_run import journal_path
from rsgpt_backend.cli import main
from rsgpt_backend.commands import batch as command
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.language.language_files import language_sha256
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import save_model
from tests.backend.batch.rasters import OddGeoTiff, numbered, write
from tests.backend.toy import NAME, make_config, make_language, make_model
from tests.layout.source import ROOT


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    return write(tmp_path / "a.tif", numbered(96, 64, 32))


@pytest.fixture
def rsgpt(toy_folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """A function that runs the command with the toy model and --json: its exit code, JSON objects, and stderr."""
    return partial(_run, toy_folder, capsys)


@pytest.fixture
def find(finder_folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The same with a toy model that has a finder."""
    return partial(_run, finder_folder, capsys)


def _run(model: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["batch", *arguments, "--model", str(model), "--json"])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_a_raster_becomes_rows(rsgpt: Any, raster: Path, tmp_path: Path) -> None:
    arguments = [str(raster), "--out", str(tmp_path / "a.gpkg"), "--tile", "32", "--question", "w[yesno]: Is it water?"]
    code, objects, err = rsgpt(*arguments)
    assert (code, "Traceback" in err) == (0, False)
    (first,) = objects
    assert set(first) == {"tiles", "answered", "skipped", "failed", "cached", "seconds"}
    assert (first["tiles"], first["cached"]) == (6, 0)
    rows = pyogrio.read_arrow(tmp_path / "a.gpkg")[1].to_pylist()
    assert {row["model"] for row in rows} == {NAME}
    assert "w_confidence" in rows[0]
    _, (second,), _ = rsgpt(*arguments)
    assert {**second, "seconds": 0} == {**first, "seconds": 0, "cached": second["cached"]}
    assert second["cached"] > 0
    assert pyogrio.read_arrow(tmp_path / "a.gpkg")[1].to_pylist() == rows


def _calibrated(folder: Path) -> list[str]:
    replace(ModelConfig.read(folder), calibration={"sentence": (0.5, -1.0)}, yes_odds=1.0).write(folder)
    return []


def _with_another_language_model(folder: Path) -> list[str]:
    config = ModelConfig.read(folder)
    make_language(folder / "other", ["gray water"])
    other = replace(config.language, source="other")
    replace(config, language=replace(other, sha256=language_sha256(other, folder))).write(folder)
    return []


def _in_another_precision(folder: Path) -> list[str]:
    return ["--precision", "bf16"]


@pytest.mark.parametrize("change", [_calibrated, _with_another_language_model, _in_another_precision])
def test_a_changed_model_or_precision_does_not_reuse_answers(
    raster: Path, tmp_path: Path, toy_folder: Path, capsys: pytest.CaptureFixture[str], change: Any
) -> None:
    model, out = Path(shutil.copytree(toy_folder, tmp_path / "model")), tmp_path / "a.gpkg"
    command = ["batch", str(raster), "--out", str(out), "--tile", "32", "--model", str(model), "--json"]

    def cached(*more: str) -> int:
        main([*command, *more])
        return int(json.loads(capsys.readouterr().out)["cached"])

    assert [cached(), cached()] == [0, 6]
    given = change(model)
    assert [cached(*given), cached(*given)] == [0, 6]


def test_auto_and_the_precision_that_it_chose_share_their_answers(rsgpt: Any, raster: Path, tmp_path: Path) -> None:
    arguments = [str(raster), "--out", str(tmp_path / "a.gpkg"), "--tile", "32", "--precision"]
    rsgpt(*arguments, "auto")
    _, (counts,), _ = rsgpt(*arguments, "fp32")
    assert counts["cached"] == counts["tiles"] == 6


def test_a_resumed_run_keeps_the_precision_that_auto_chose(
    rsgpt: Any, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [str(raster), "--out", str(tmp_path / "a.gpkg"), "--tile", "32"]
    monkeypatch.setattr("rsgpt_backend.engine.loading.fitting_precision", lambda *_, **__: "bf16")
    rsgpt(*arguments)
    monkeypatch.setattr("rsgpt_backend.engine.loading.fitting_precision", lambda *_, **__: "int8")
    _, (counts,), _ = rsgpt(*arguments)
    assert counts["cached"] == counts["tiles"] == 6


def test_a_finished_run_is_written_again_without_torch(
    rsgpt: Any, raster: Path, tmp_path: Path, toy_folder: Path
) -> None:
    arguments = [str(raster), "--out", str(tmp_path / "a.gpkg"), "--tile", "32"]
    rsgpt(*arguments)
    code = (
        "import sys; from rsgpt_backend.cli import main; sys.modules['torch'] = None; "
        f"sys.exit(main({['batch', *arguments, '--model', str(toy_folder)]!r}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_a_journal_of_an_earlier_version_is_read_and_its_answers_are_not_reused(
    rsgpt: Any, raster: Path, tmp_path: Path
) -> None:
    arguments = [str(raster), "--out", str(tmp_path / "a.gpkg"), "--tile", "32"]
    rsgpt(*arguments)
    with closing(sqlite3.connect(journal_path(tmp_path / "a.gpkg"))) as database, database:
        ((asked,),) = database.execute("SELECT asked FROM prompts").fetchall()
        _, _, tokens, prompt = json.loads(asked)
        earlier = json.dumps([f"{NAME} {'0' * 64} auto {tokens}", prompt])
        database.execute("UPDATE prompts SET asked = ?", (earlier,))
    code, (counts,), _ = rsgpt(*arguments)
    assert (code, counts["cached"]) == (0, 0)


def _that_reads_the_resolution(folder: Path, toy_folder: Path) -> Path:
    """Save a toy model that reads the ground resolution, next to its language model."""
    shutil.copytree(toy_folder / "language", folder / "language")
    config = make_config(folder / "language")
    save_model(make_model(replace(config, vision=replace(config.vision, ground_resolution=True))), folder)
    return folder


@pytest.mark.parametrize(("reads_gsd", "cached"), [(False, 6), (True, 0)])
def test_equal_pictures_of_another_resolution_are_asked_about_if_the_model_reads_it(
    raster: Path, tmp_path: Path, toy_folder: Path, capsys: pytest.CaptureFixture[str], reads_gsd: bool, cached: int
) -> None:
    coarse = write(tmp_path / "coarse.tif", numbered(96, 64, 32), OddGeoTiff((500000.0, 10.0, 0.0, 4e6, 0.0, -10.0)))
    model = _that_reads_the_resolution(tmp_path / "model", toy_folder) if reads_gsd else toy_folder
    counts: list[int] = []
    for path in (raster, coarse, coarse):
        assert main(["batch", str(path), "--out", str(tmp_path / "a.gpkg"), "--tile", "32", "--json", "--model",
                     str(model)]) == 0  # fmt: skip
        counts.append(json.loads(capsys.readouterr().out)["cached"])
    assert counts == [0, cached, 6]


def test_a_model_that_changed_during_the_start_is_refused(
    rsgpt: Any, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rsgpt_backend.model.fingerprint.fingerprint", lambda *_: "0" * 16)
    code, _, err = rsgpt(str(raster), "--out", str(tmp_path / "a.gpkg"), "--tile", "32")
    assert code == 1
    assert "has changed since this run started" in err


def test_another_run_reuses_encoded_pictures(
    rsgpt: Any, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    encode = Rsgpt.encode

    def counted(model: Rsgpt, pixels: Any) -> Any:
        encoded.append(len(pixels))
        return encode(model, pixels)

    monkeypatch.setattr(Rsgpt, "encode", counted)
    arguments = [str(raster), "--tile", "32", "--no-caption", "--out"]
    rsgpt(*arguments, str(tmp_path / "a.gpkg"), "--question", "w: Is it water?")
    assert sum(encoded) == 6
    rsgpt(*arguments, str(tmp_path / "b.gpkg"), "--question", "g: gray")
    assert sum(encoded) == 6
    rsgpt(*arguments, str(tmp_path / "c.gpkg"), "--question", "g: gray", "--features", "0")
    assert sum(encoded) == 12
    stored, encoded_again = (pyogrio.read_arrow(tmp_path / name)[1].to_pylist() for name in ("b.gpkg", "c.gpkg"))
    assert [{**row, "asked_at": ""} for row in stored] == [{**row, "asked_at": ""} for row in encoded_again]


def test_a_raster_that_cannot_be_read_does_not_end_the_others(rsgpt: Any, raster: Path, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none.tif")
    placeless = str(write(tmp_path / "b.tif", numbered(32, 32, 32), OddGeoTiff(crs=None)))
    code, objects, _ = rsgpt(nowhere, str(raster), placeless, "--out", str(tmp_path / "a.parquet"), "--tile", "32")
    assert code == 1
    assert [one.get("raster") for one in objects] == [nowhere, placeless, None]
    assert [one["error"]["code"] for one in objects[:2]] == ["image", "image"]
    assert objects[2]["tiles"] == 6


def test_a_raster_that_cannot_be_transformed_is_refused_before_asking(rsgpt: Any, raster: Path, tmp_path: Path) -> None:
    site = OddGeoTiff((0.0, 0.5, 0.0, 16.0, 0.0, -0.5), 'LOCAL_CS["site grid",UNIT["metre",1]]')
    local = str(write(tmp_path / "b.tif", numbered(32, 32, 32), site))
    code, objects, err = rsgpt(str(raster), local, "--out", str(tmp_path / "a.gpkg"), "--tile", "32")
    assert (code, "Traceback" in err) == (1, False)
    assert [one.get("raster") for one in objects] == [local, None]
    assert "cannot be transformed to the first raster's coordinate system" in objects[0]["error"]["message"]
    assert len(pyogrio.read_arrow(tmp_path / "a.gpkg")[1].to_pylist()) == objects[1]["tiles"] == 6


def test_an_error_hides_the_secrets_of_an_address(rsgpt: Any, tmp_path: Path) -> None:
    address = "/vsicurl/http://user:GEHEIM@127.0.0.1:9/a.tif?sig=GEHEIM&se=2"
    code, (result,), err = rsgpt(address, "--out", str(tmp_path / "a.gpkg"))
    assert (code, result["raster"]) == (1, "/vsicurl/http://127.0.0.1:9/a.tif")
    assert "a.tif" in result["error"]["message"]
    assert "GEHEIM" not in json.dumps(result) + err


def test_no_raster_that_can_be_read(rsgpt: Any, tmp_path: Path) -> None:
    code, objects, _ = rsgpt(str(tmp_path / "none.tif"), "--out", str(tmp_path / "a.gpkg"))
    assert (code, len(objects)) == (1, 1)
    assert not (tmp_path / "a.gpkg").exists()


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--tile", "8"], "--tile is out of range"),
        (["--overlap", "91"], "--overlap is out of range"),
        (["--workers", "0"], "--workers is out of range"),
        (["--no-caption"], "nothing to ask"),
        (["--question", "a[nosuchtype]: How many?"], "the type `nosuchtype` is unknown"),
        (["--out", "a.shp"], "neither .gpkg nor .parquet"),
        (["--out", "nowhere/a.gpkg"], "The folder nowhere does not exist"),
    ],
)
def test_wrong_usage_is_reported_before_anything_is_read(
    rsgpt: Any, raster: Path, tmp_path: Path, arguments: list[str], advice: str
) -> None:
    code, objects, err = rsgpt(str(raster), "--out", str(tmp_path / "a.gpkg"), *arguments)
    assert (code, objects) == (2, [])
    assert advice in err
    assert [path.name for path in tmp_path.glob("a.*")] == ["a.tif"]


def test_without_its_packages_it_says_how_to_get_them(
    rsgpt: Any, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ("rsgpt_backend.batch", "rsgpt_backend.data.raster_reader", "rsgpt_backend.data.library_errors")
    for name in [name for name in sys.modules if name.startswith(mine)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    code, _, err = rsgpt(str(raster), "--out", str(tmp_path / "a.gpkg"))
    assert code == 2
    assert "rasterio is missing" in err
    assert "rsgpt-backend[batch]" in err


def test_ray_refuses_a_numbered_gpu(rsgpt: Any, raster: Path, tmp_path: Path) -> None:
    code, _, err = rsgpt(str(raster), "--out", str(tmp_path / "a.gpkg"), "--engine", "ray", "--device", "cuda:1")
    assert code == 2
    assert "Ray assigns GPUs itself" in err


def test_without_ray_it_says_how_to_get_it(
    rsgpt: Any, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    code, _, err = rsgpt(str(raster), "--out", str(tmp_path / "a.gpkg"), "--engine", "ray")
    assert code == 2
    assert "ray is missing" in err


def test_a_failing_model_ends_the_run_and_saved_answers_are_written(
    rsgpt: Any, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise EngineError("The model failed.")

    monkeypatch.setattr(Engine, "answer", fail)
    out = tmp_path / "a.gpkg"
    code, objects, err = rsgpt(str(raster), "--out", str(out), "--tile", "32")
    assert code == 1
    assert [one.get("error", {}).get("message") for one in objects] == ["The model failed.", None]
    assert (objects[1]["tiles"], objects[1]["answered"], objects[1]["failed"]) == (6, 0, 0)
    assert "run the same command again" in err
    assert pyogrio.read_info(out)["features"] == 0


def test_objects_become_rows(find: Any, raster: Path, tmp_path: Path) -> None:
    arguments = [str(raster), "--out", str(tmp_path / "a.gpkg"), "--find", "planes", "--find", "Vehicles"]
    code, (first,), _ = find(*arguments)
    assert (code, first["failed"], first["cached"]) == (0, 0, 0)
    assert set(first["objects"]) == {"airplane", "car"}
    rows = pyogrio.read_arrow(tmp_path / "a.gpkg", layer="objects")[1].to_pylist()
    assert len(rows) == sum(first["objects"].values())
    _, (second,), _ = find(*arguments)
    assert {**second, "seconds": 0} == {**first, "seconds": 0, "cached": first["searched"]}
    code, (boxes,), _ = find(*arguments[:-2], "--boxes", "--least-confidence", "0.4")
    assert (code, boxes["cached"]) == (0, first["searched"])
    assert set(boxes["objects"]) == {"airplane"}


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--find", "car", "--find", "zebra"], "cannot find “zebra”. It finds: airplane, car."),
        (["--find", "car", "--question", "w: Is it water?"], "--find and --question write different layers"),
        (["--find", "car", "--tile", "256"], "Remove --tile and --overlap"),
        (["--find", "car", "--overlap", "0"], "Remove --tile and --overlap"),
        (["--find", "car", "--engine", "ray"], "--find runs on this machine only. Remove --engine ray"),
        (["--boxes"], "--boxes belongs to objects"),
        (["--find", "car", "--boxes"], "has not learned boxes of: car. Remove --boxes"),
    ],
)
def test_wrong_usage_of_find_is_reported_before_anything_is_read(
    find: Any, raster: Path, tmp_path: Path, arguments: list[str], advice: str
) -> None:
    code, objects, err = find(str(raster), "--out", str(tmp_path / "a.gpkg"), *arguments)
    assert (code, objects) == (2, [])
    assert advice in err
    assert [path.name for path in tmp_path.glob("a.*")] == ["a.tif"]


def test_a_model_without_a_finder_finds_nothing(rsgpt: Any, raster: Path, tmp_path: Path) -> None:
    code, _, err = rsgpt(str(raster), "--out", str(tmp_path / "a.gpkg"), "--find", "car")
    assert code == 1
    assert "toy has no finder" in err
    assert [path.name for path in tmp_path.glob("a.*")] == ["a.tif"]


@pytest.mark.slow
def test_a_killed_search_is_resumed_without_a_loss(finder_folder: Path, tmp_path: Path, find: Any) -> None:
    raster = write(tmp_path / "b.tif", numbered(20 * 48, 10 * 48, 32))
    out, undisturbed = tmp_path / "b.gpkg", tmp_path / "c.gpkg"
    arguments = [str(raster), "--find", "airplane", "--out"]
    model = ["--model", str(finder_folder), "--json"]
    command = [sys.executable, "-m", "rsgpt_backend", "batch", *arguments, str(out), *model]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend")}
    pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        while process.poll() is None and not _tiles(journal_path(out)):
            time.sleep(0.05)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    code, (resumed,), _ = find(*arguments, str(out))
    _, (whole,), _ = find(*arguments, str(undisturbed))
    assert (code, 0 < resumed["cached"] < resumed["windows"]) == (0, True)
    assert resumed["objects"] == whole["objects"]
    geometries = [pyogrio.read_arrow(path)[1]["geom"].to_pylist() for path in (out, undisturbed)]
    assert geometries[0] == geometries[1]


@pytest.mark.slow
def test_an_interrupted_run_is_resumed(toy_folder: Path, tmp_path: Path, rsgpt: Any) -> None:
    raster = write(tmp_path / "b.tif", numbered(20 * 32, 10 * 32, 32))
    out = tmp_path / "b.gpkg"
    arguments = [str(raster), "--out", str(out), "--tile", "32"]
    command = [sys.executable, "-m", "rsgpt_backend", "batch", *arguments, "--model", str(toy_folder), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend")}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        while process.poll() is None and not _tiles(journal_path(out)):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, log = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in log) == (1, False)
    assert "run the same command again to resume" in log
    done = json.loads(output)["answered"] + json.loads(output)["failed"]
    assert 0 < done < 200
    assert len(pyogrio.read_arrow(out)[1]) == done
    _, (counts,), _ = rsgpt(*arguments)
    assert counts["answered"] + counts["failed"] == 200
    assert counts["cached"] > 0


def _tiles(journal: Path) -> int:
    """The number of tiles in the journal."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM tiles").fetchone()[0])
    return 0
