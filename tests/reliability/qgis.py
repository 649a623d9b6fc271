"""Stability of QGIS with damaged rasters and with hostile model replies."""

from __future__ import annotations

import faulthandler
import json
import random
import subprocess
import sys
from contextlib import suppress
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

HANG_S = 120.0
FEW = 20


def child(folder: Path, seed: int, names: list[str]) -> None:
    """Describe the named rasters in order, and print one line of JSON per raster. A hang ends the process."""
    from qgis.core import QgsProcessingException

    from tests.reliability.hostile_rasters import corpus
    from tests.reliability.session import Session

    session = Session(folder / "session", "--delay", "0")
    makers = corpus(random.Random(seed))
    for number, name in enumerate(names):
        report: dict[str, Any] = {"name": name}
        print(json.dumps({"begins": name}), flush=True)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        raster = makers[name](folder / f"{sum(1 for _ in folder.iterdir())}-{number}.tif")
        try:
            result = session.describe(raster, folder / "answers.gpkg", TILE_SIZE=1024 if "bomb" in name else 32)
            report["counts"] = [result[key] for key in ("TILES", "ANSWERED", "SKIPPED", "FAILED")]
            report["unreasoned"] = unreasoned(folder / "answers.gpkg")
        except QgsProcessingException as error:
            report["message"] = str(error)
        except Exception as error:  # any error without a message for the user is counted
            report["broke"] = f"{type(error).__name__}: {error}"
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps(report), flush=True)
    session.close()


def unreasoned(output: Path) -> int:
    """Return the number of rows without an answer and without a reason."""
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(str(output), "output")
    return sum(row["status"] != "answered" and not str(row["reason"] or "").strip() for row in layer.getFeatures())


def rasters(trial: TrialFolder) -> Measured:
    """Q1: each raster is described or refused with a message. If a process dies, another describes the rest."""
    from tests.reliability.hostile_rasters import corpus
    from tests.reliability.session import child_environment

    seed = trial.random.randrange(2**32)
    names = list(corpus(random.Random(seed)))
    remaining = names if trial.nightly else trial.random.sample(names, FEW)
    count, reports, deaths = len(remaining), list[dict[str, Any]](), list[str]()
    while remaining:
        call = f"from tests.reliability.qgis import *; child(Path({str(trial.folder)!r}), {seed}, {remaining!r})"
        command, environment = [sys.executable, "-c", call], child_environment()
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        started = []
        for line in run.stdout.splitlines():
            with suppress(ValueError):
                record = json.loads(line)
                started += [record["begins"]] if "begins" in record else []
                reports += [record] if "name" in record else []
        done = {report["name"] for report in reports}
        deaths += [f"{name} (exit {run.returncode})" for name in started if name not in done]
        remaining = [name for name in remaining if name not in done and name not in started] if started else []
    return summarize(count, reports, deaths)


def summarize(count: int, reports: list[dict[str, Any]], deaths: list[str]) -> Measured:
    described = [report for report in reports if "counts" in report]
    refused = [report for report in reports if "message" in report]
    broke = [f"{report['name']}: {report['broke']}" for report in reports if "broke" in report]
    uneven = [report["name"] for report in described if report["counts"][0] != sum(report["counts"][1:])]
    silent = [report["name"] for report in described if report["unreasoned"]]
    tiles = [sum(report["counts"][index] for report in described) for index in range(4)]
    text = (
        f"{len(reports)} of {count} rasters: {len(described)} described ({tiles[0]} tiles: {tiles[1]} answered, "
        f"{tiles[2]} skipped, {tiles[3]} failed), {len(refused)} refused with a message; crashes and hangs "
        f"{len(deaths)} {deaths[:3]}, other errors {len(broke)} {broke[:2]}, inconsistent counts {uneven}, without a "
        f"reason {silent}"
    )
    return Measured(len(reports) == count and tiles[1] > 0 and not (deaths or broke or uneven or silent), text)


HOSTILE = (
    "<script>alert(1)</script>", '<img src="file:///etc/hostname" onerror="alert(2)">',
    '<a href="file:///etc/passwd">look</a>', "[% 1/0 %] [%eval('1')%]", "it's '; DROP TABLE answers; --",
    "\u202egnp.exe\u202c \u200f", "=HYPERLINK(\"http://127.0.0.1:9\")", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3",
    "../../../etc/passwd", "C:\\con\\nul", "</td></tr></table><h1>mine</h1>", "&lt;b&gt; &amp; <b>", "{caption} %1 %n",
    "城市 🛰 e\u0301", ".".join(str(7 * n * n) for n in range(3_000)),
)  # fmt: skip
KNOWN_TAGS = {"div", "p", "b", "i", "br", "img"}


class HtmlTags(HTMLParser):
    """Collects the tags of a page, and the values of attributes that a browser would follow or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attributes if name in ("src", "href") or name.startswith("on")]


def read(page: str) -> HtmlTags:
    tags = HtmlTags()
    tags.feed(page)
    return tags


def hostile_text(trial: TrialFolder) -> Measured:
    """Q8: hostile model replies in the output file, the map tip, the table and the exports of a run."""
    from qgis.core import QgsVectorLayer

    from rsgpt_plugin.shared.text import clean
    from tests.reliability.session import Session, numbered

    replies = {f"number-{index:02}": text for index, text in enumerate(HOSTILE)}
    questions = "\n".join(f"q{index:02}[text]: Say number-{index:02}" for index in range(len(HOSTILE)))
    session = Session(trial.folder / "session", "--script", json.dumps({"replies": replies, "reply": HOSTILE[1]}))
    output = trial.folder / "answers.gpkg"
    session.describe(numbered(trial.folder / "raster.tif", 1, 2), output, QUESTIONS=questions)
    session.close()
    layer = QgsVectorLayer(str(output), "answers")
    stored = [str(row[f"q{index:02}"]) for row in layer.getFeatures() for index in range(len(HOSTILE))]
    expected = [clean(text) for text in HOSTILE]
    changed = [text[:20] for text, value in zip_longest(2 * expected, stored, fillvalue="") if text != value]
    followed, formulas = followed_markup(layer), exported_formulas(layer, trial.folder)
    text = (
        f"{len(HOSTILE)} texts: {len(changed)} not stored unchanged {changed[:2]}; tags and links active in map tip, "
        f"label, table and report: {len(followed)} {followed[:3]}; formulas left in the sheet: {formulas}"
    )
    return Measured(not changed and not followed and not formulas, text)


def followed_markup(layer: Any) -> list[str]:
    """Return the tags and links of the texts that are active in the map tips and in the tooltips of the table."""
    from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils
    from qgis.PyQt.QtCore import Qt

    from rsgpt_plugin.geo.results.layer_rows import RowReader
    from rsgpt_plugin.geo.results.styles.style import apply_style
    from rsgpt_plugin.gui.results_table.rows_model import ResultsModel

    apply_style(layer)
    reader, pages = RowReader(layer), []
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    for feature in layer.getFeatures():
        context.setFeature(feature)
        pages.append(QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context))
    model = ResultsModel(lambda sha256: None)
    model.set_rows(reader.columns, [reader.row(feature) for feature in layer.getFeatures()])
    tips = [
        str(model.data(model.index(row, column), Qt.ItemDataRole.ToolTipRole) or "")
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    ]
    read_pages = [read(page) for page in (*pages, *tips)]
    return [part for page in read_pages for part in (*(set(page.tags) - KNOWN_TAGS), *page.links)]


def exported_formulas(layer: Any, folder: Path) -> int:
    """Return the number of sheet cells with a formula. Raises ValueError if the report contains markup of a text."""
    from rsgpt_plugin.services.results.exporting import ExportFormat
    from tests.plugin.services.results.test_exporting import cells, export

    export(layer, ExportFormat.SHEET, folder / "answers.csv")
    export(layer, ExportFormat.REPORT, folder / "answers.html")
    page = read((folder / "answers.html").read_text("utf-8"))
    hostile = [link for link in page.links if not link.startswith("data:")]
    if hostile or page.tags.count("script") != 1 or page.tags.count("h1") != 1 or "a" in page.tags:
        raise ValueError(f"the report contains the links {hostile[:2]} and the tags {sorted(set(page.tags))}")
    values = [cell for row in cells(folder / "answers.csv") for cell in row.values()]
    return sum(cell.startswith(("=", "+", "@")) or cell == "-2+3" for cell in values)


ROWS = (
    ReliabilityRow(
        "Q1", "damaged and inconsistent rasters: 0 crashes and hangs; each tile has an answer or a reason", rasters
    ),
    ReliabilityRow(
        "Q8",
        "hostile text: stored without control characters, shown and exported as text, formulas escaped, 0 active links",
        hostile_text,
    ),
)
