"""QGIS's window survives every way to start a run, with the dialog closed and garbage collected; all rows are there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr

from tests.conftest import ROOT
from tests.reliability.closing import WINDOW
from tests.reliability.session import SIDE, numbered, profile, scripted_python
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]  # on a narrower one, toolbars hide the plugin's buttons
DOWN, ACROSS = 6, 8
TILES = DOWN * ACROSS
PATIENCE_S = 600.0
WAYS = (
    "layermenu", "layermenu2", "toolbox", "toolbox2", "batch", "designer", "projectmodel", "history", "resumed",
    "again", "run", "runandload", "toolbar", "menu", "rightclick", "feature", "panel",
)  # fmt: skip
# The question of a run that is paused in between takes longer.
SCRIPT = {"replies": {"say": "picture {number}!"}, "delays": {"say resumed": 0.7}}


def parcels(path: Path, raster: Path) -> Path:
    """A layer with one polygon per tile of a raster."""
    dataset = gdal.Open(str(raster))
    left, width, _, top, _, height = dataset.GetGeoTransform()
    file = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = file.CreateLayer("parcels", dataset.GetSpatialRef(), ogr.wkbPolygon)
    for row in range(DOWN):
        for column in range(ACROSS):
            x, y = left + column * SIDE * width, top + row * SIDE * height
            corners = [(x, y), (x + SIDE * width, y), (x + SIDE * width, y + SIDE * height), (x, y + SIDE * height)]
            ring = ", ".join(f"{a!r} {b!r}" for a, b in [*corners, corners[0]])
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
            layer.CreateFeature(feature)
    return path


def in_qgis(script: str, environment: dict[str, str], log: Path) -> bool:
    """Run a script in QGIS's window; whether QGIS lived until the script ended it."""
    environment = {name: value for name, value in environment.items() if name != "QT_QPA_PLATFORM"}
    command = [*SCREEN, *WINDOW, str(ROOT / "tests" / "reliability" / script)]
    with log.open("ab") as told:
        code = subprocess.run(
            command, env=environment, stdout=told, stderr=told, timeout=PATIENCE_S, check=False
        ).returncode
    # The handler of a crash lets the other threads go on, and one of them may even end the process in good order.
    return code == 0 and b"QGIS died on signal" not in log.read_bytes()


def every_way(trial: TrialFolder) -> Measured:
    """Q9: after a way that takes QGIS down, another QGIS goes on with the rest."""
    folder = trial.folder
    program = scripted_python(folder, "--batch", "4", "--delay", "0.25", "--script", json.dumps(SCRIPT))
    raster, report = numbered(folder / "raster.tif", DOWN, ACROSS), folder / "report"
    task = {"root": str(ROOT), "raster": str(raster), "tiles": TILES, "report": str(report)}
    task["parcels"] = str(parcels(folder / "parcels.gpkg", raster))
    (folder / "tmp").mkdir()
    environment = {**profile(folder, program), "RSGPT_STARTING": str(folder / "task.json")}
    environment["TMPDIR"] = str(folder / "tmp")
    left, fell = list(WAYS), list[str]()
    while left:
        (folder / "task.json").write_text(json.dumps({**task, "ways": left}), "utf-8")
        survived = in_qgis("in_qgis/starting.py", environment, folder / f"log-{len(left)}")
        begun = [one["begins"] for one in noted(report) if "begins" in one]
        fell += [] if survived else begun[-1:] or ["start"]
        left = [way for way in left if way not in begun] if begun else []
    return judged(noted(report), fell)


def noted(report: Path) -> list[dict[str, Any]]:
    """The lines of the report so far."""
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()] if report.exists() else []


def judged(notes: list[dict[str, Any]], fell: list[str]) -> Measured:
    """Each way with its rows."""
    told = {one["way"]: one for one in notes if "way" in one}
    short = [way for way in WAYS if way not in told or not fine(told[way])]
    table = ", ".join(f"{way} {told[way]['right']}/{told[way]['expected']}" for way in WAYS if way in told)
    said = f"{len(WAYS)} ways, rows right/expected: {table}; QGIS fell or gave up in {fell}; rows missing in {short}"
    return Measured(not fell and not short, said)


def fine(told: dict[str, Any]) -> bool:
    """Whether all rows are there, and each has its own answer."""
    return bool(told["rows"] == told["right"] == told["expected"])


def closed_dialog(trial: TrialFolder) -> Measured:
    """Q10: QGIS's own fault, shown by ten lines; with the plugin, QGIS survives them."""
    lived = {}
    for name in ("without", "with"):
        folder = trial.folder / name
        folder.mkdir()
        environment = profile(folder, Path("python"))
        if name == "without":
            del environment["QGIS_PLUGINPATH"]
        lived[name] = in_qgis("in_qgis/closed_dialog.py", environment, folder / "log")
    words = {True: "survived", False: "crashed"}
    said = f"any algorithm, dialog closed, garbage collected: QGIS alone {words[lived['without']]}"
    return Measured(lived["with"], f"{said}, with this plugin {words[lived['with']]}")


ROWS = (
    ReliabilityRow(
        "Q9", "every way to start a run, dialog closed, garbage collected: QGIS lives, all rows right", every_way
    ),
    ReliabilityRow(
        "Q10", "an algorithm of somebody else's, dialog closed, garbage collected: QGIS lives", closed_dialog
    ),
)
