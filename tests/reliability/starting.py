"""Every way to start a run in QGIS, with the dialog closed and garbage collected: QGIS survives with all rows."""

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

SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]  # a narrower screen hides buttons of the plugin
DOWN, ACROSS = 6, 8
TILES = DOWN * ACROSS
PATIENCE_S = 600.0
WAYS = (
    "layermenu", "layermenu2", "toolbox", "toolbox2", "batch", "designer", "projectmodel", "history", "resumed",
    "again", "run", "runandload", "toolbar", "menu", "rightclick", "feature", "panel",
)  # fmt: skip
# The run that is paused takes longer.
SCRIPT = {"replies": {"say": "picture {number}!"}, "delays": {"say resumed": 0.7}}


def parcels(path: Path, raster: Path) -> Path:
    """Write a layer with one polygon per tile of a raster."""
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
    """Run a script in QGIS with its window. Return whether QGIS ran until the script ended it."""
    environment = {name: value for name, value in environment.items() if name != "QT_QPA_PLATFORM"}
    command = [*SCREEN, *WINDOW, str(ROOT / "tests" / "reliability" / script)]
    with log.open("ab") as output:
        code = subprocess.run(
            command, env=environment, stdout=output, stderr=output, timeout=PATIENCE_S, check=False
        ).returncode
    # After a crash, the other threads continue, and one of them may end the process with exit code 0.
    return code == 0 and b"QGIS died on signal" not in log.read_bytes()


def every_way(trial: TrialFolder) -> Measured:
    """Q9: start a run in every way. If QGIS crashes, another QGIS continues with the remaining ways."""
    folder = trial.folder
    program = scripted_python(folder, "--batch", "4", "--delay", "0.25", "--script", json.dumps(SCRIPT))
    raster, report = numbered(folder / "raster.tif", DOWN, ACROSS), folder / "report"
    task = {"root": str(ROOT), "raster": str(raster), "tiles": TILES, "report": str(report)}
    task["parcels"] = str(parcels(folder / "parcels.gpkg", raster))
    (folder / "tmp").mkdir()
    environment = {**profile(folder, program), "RSGPT_STARTING": str(folder / "task.json")}
    environment["TMPDIR"] = str(folder / "tmp")
    remaining, crashes = list(WAYS), list[str]()
    while remaining:
        (folder / "task.json").write_text(json.dumps({**task, "ways": remaining}), "utf-8")
        survived = in_qgis("in_qgis/starting.py", environment, folder / f"log-{len(remaining)}")
        started = [record["begins"] for record in records(report) if "begins" in record]
        crashes += [] if survived else started[-1:] or ["start"]
        remaining = [way for way in remaining if way not in started] if started else []
    return summarize(records(report), crashes)


def records(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()] if report.exists() else []


def summarize(notes: list[dict[str, Any]], crashes: list[str]) -> Measured:
    results = {record["way"]: record for record in notes if "way" in record}
    short = [way for way in WAYS if way not in results or not is_complete(results[way])]
    table = ", ".join(f"{way} {results[way]['right']}/{results[way]['expected']}" for way in WAYS if way in results)
    text = (
        f"{len(WAYS)} ways, rows right/expected: {table}; QGIS crashed or stopped in {crashes}; rows missing in {short}"
    )
    return Measured(not crashes and not short, text)


def is_complete(result: dict[str, Any]) -> bool:
    """Return whether all rows exist, each with the answer about its own tile."""
    return bool(result["rows"] == result["right"] == result["expected"])


def closed_dialog(trial: TrialFolder) -> Measured:
    """Q10: a script that shows a bug of QGIS, run without and with the plugin, which works around the bug."""
    survived = {}
    for name in ("without", "with"):
        folder = trial.folder / name
        folder.mkdir()
        environment = profile(folder, Path("python"))
        if name == "without":
            del environment["QGIS_PLUGINPATH"]
        survived[name] = in_qgis("in_qgis/closed_dialog.py", environment, folder / "log")
    outcomes = {True: "survived", False: "crashed"}
    text = f"any algorithm, dialog closed, garbage collected: QGIS alone {outcomes[survived['without']]}"
    return Measured(survived["with"], f"{text}, with this plugin {outcomes[survived['with']]}")


ROWS = (
    ReliabilityRow(
        "Q9", "every way to start a run, dialog closed, garbage collected: QGIS survives, all rows right", every_way
    ),
    ReliabilityRow(
        "Q10", "algorithm of another provider, dialog closed, garbage collected: QGIS survives", closed_dialog
    ),
)
