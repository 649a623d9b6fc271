"""End-to-end tests without replacements: QGIS, the managed environment, the server and the default model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import processing
import pytest

from rsgpt_plugin.client.installed_models import WEIGHTS
from rsgpt_plugin.core.paths import plugin_root

from .conftest import rows_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("provider")]

DEMO = plugin_root() / "resources" / "demo"
# A correct caption of a scene contains at least one of these words.
TRUE_WORDS = {
    "agricultural": ("farm", "crop", "field"),
    "airplane": ("airplane", "airport", "plane"),
    "baseballdiamond": ("baseball",),
    "beach": ("beach", "sand", "ocean", "sea"),
    "buildings": ("building",),
    "chaparral": ("chaparral", "desert", "plants", "bare"),
    "denseresidential": ("house", "residential", "building"),
    "forest": ("forest", "tree"),
    "freeway": ("freeway", "road", "highway"),
    "golfcourse": ("golf",),
    "harbor": ("harbor", "boat", "port"),
    "intersection": ("intersection", "road"),
    "mediumresidential": ("house", "residential", "building"),
    "mobilehomepark": ("mobile home", "house", "residential"),
    "overpass": ("overpass", "viaduct", "bridge", "road"),
    "parkinglot": ("parking", "car"),
    "river": ("river",),
    "runway": ("runway", "airport"),
    "sparseresidential": ("house", "residential", "villa", "building"),
    "storagetanks": ("tank",),
    "tenniscourt": ("tennis",),
}
MIN_CORRECT = 0.8


def test_the_demo_raster_is_described_correctly_and_then_cached(real_home: Path) -> None:
    parameters = {
        "INPUT": str(DEMO / "scenes.tif"),
        "QUESTIONS": "planes[yesno]: Are there any airplanes?\ncount[integer]: How many airplanes are there?",
        "OUTPUT": "TEMPORARY_OUTPUT",
    }
    result = processing.run("rsgpt:describeraster", parameters)
    rows = rows_of(result["OUTPUT"])
    scenes = [tile["scene"] for tile in json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))]
    correct = [any(word in row["caption"].lower() for word in TRUE_WORDS[s]) for row, s in zip(rows, scenes)]
    assert (result["TILES"], result["ANSWERED"], result["ASKED"]) == (24, 24, 72)
    assert sum(correct) >= MIN_CORRECT * len(rows), [
        row["caption"] for row, is_correct in zip(rows, correct) if not is_correct
    ]
    right = [row["planes"] == (scene == "airplane") for row, scene in zip(rows, scenes)]
    assert sum(right) >= MIN_CORRECT * len(rows)
    assert all(isinstance(row["count"], int) for row in rows)
    again = processing.run("rsgpt:describeraster", parameters)
    assert (again["ASKED"], again["CACHED"]) == (0, 72)
    assert [row["caption"] for row in rows_of(again["OUTPUT"])] == [row["caption"] for row in rows]


def test_a_recalibrated_model_is_asked_again(real_home: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(WEIGHTS / "rsgpt-small", tmp_path / "mine"))
    parameters = {
        "INPUT": str(DEMO / "scenes.tif"),
        "TILE_SIZE": 512,
        "MODEL": str(model),
        "OUTPUT": "TEMPORARY_OUTPUT",
    }

    def described() -> tuple[int, int, dict[str, float], set[str]]:
        result = processing.run("rsgpt:describeraster", parameters)
        rows = rows_of(result["OUTPUT"])
        confidences = {row["image_sha256"]: row["confidence"] for row in rows}
        return result["ASKED"], result["CACHED"], confidences, {row["model_fingerprint"] for row in rows}

    asked, cached, confidences, fingerprint = described()
    assert (asked, cached) == (6, 0)
    assert described() == (0, 6, confidences, fingerprint)
    description = json.loads((model / "model.json").read_text(encoding="utf-8"))
    description["calibration"]["sentence"] = [1.0, 0.0]
    (model / "model.json").write_text(json.dumps(description), encoding="utf-8")
    asked, cached, calibrated, other = described()
    assert (asked, cached) == (6, 0)
    assert all(calibrated[picture] != confidences[picture] for picture in confidences)
    assert len(fingerprint) == len(other) == 1
    assert other != fingerprint


def test_a_sixteen_bit_panchromatic_scene_in_degrees(real_home: Path, shared: Path, tmp_path: Path) -> None:
    raster = tmp_path / "las_vegas.tif"
    raster.write_bytes((shared / "data" / "rasters" / "las_vegas_pan16_degrees.tif").read_bytes())
    parameters = {"INPUT": str(raster), "TILE_SIZE": 433, "OUTPUT": "TEMPORARY_OUTPUT"}
    rows = rows_of(processing.run("rsgpt:describeraster", parameters)["OUTPUT"])
    words = ("house", "residential", "building", "road")
    assert len(rows) == 16
    assert sum(any(word in row["caption"].lower() for word in words) for row in rows) >= MIN_CORRECT * len(rows)
    assert all(0.2 < row["gsd_m"] < 0.4 for row in rows)
