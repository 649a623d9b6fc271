"""What QGIS survives: rasters that are damaged or lie, and what a model says of them."""

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
    """Describe the named rasters one after the other, a line of JSON each; a hang ends the process."""
    from qgis.core import QgsProcessingException

    from tests.reliability.hostile_rasters import corpus
    from tests.reliability.session import Session

    session = Session(folder / "session", "--delay", "0")
    makers = corpus(random.Random(seed))
    for number, name in enumerate(names):
        told: dict[str, Any] = {"name": name}
        print(json.dumps({"begins": name}), flush=True)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        raster = makers[name](folder / f"{sum(1 for _ in folder.iterdir())}-{number}.tif")
        try:
            result = session.describe(raster, folder / "answers.gpkg", TILE_SIZE=1024 if "bomb" in name else 32)
            told["counts"] = [result[key] for key in ("TILES", "ANSWERED", "SKIPPED", "FAILED")]
            told["unreasoned"] = unreasoned(folder / "answers.gpkg")
        except QgsProcessingException as error:
            told["sentence"] = str(error)
        except Exception as error:  # what is no sentence is what is looked for
            told["broke"] = f"{type(error).__name__}: {error}"
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps(told), flush=True)
    session.close()


def unreasoned(output: Path) -> int:
    """Rows without an answer that do not say why."""
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(str(output), "output")
    return sum(row["status"] != "answered" and not str(row["reason"] or "").strip() for row in layer.getFeatures())


def rasters(trial: TrialFolder) -> Measured:
    """Q1: each is described tile by tile, or refused in a sentence; after a process that dies another goes on."""
    from tests.reliability.hostile_rasters import corpus
    from tests.reliability.session import child_environment

    seed = trial.random.randrange(2**32)
    names = list(corpus(random.Random(seed)))
    left = names if trial.nightly else trial.random.sample(names, FEW)
    wanted, told, deaths = len(left), list[dict[str, Any]](), list[str]()
    while left:
        call = f"from tests.reliability.qgis import *; child(Path({str(trial.folder)!r}), {seed}, {left!r})"
        command, environment = [sys.executable, "-c", call], child_environment()
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        begun = []
        for line in run.stdout.splitlines():
            with suppress(ValueError):
                one = json.loads(line)
                begun += [one["begins"]] if "begins" in one else []
                told += [one] if "name" in one else []
        done = {one["name"] for one in told}
        deaths += [f"{name} (exit {run.returncode})" for name in begun if name not in done]
        left = [name for name in left if name not in done and name not in begun] if begun else []
    return judged(wanted, told, deaths)


def judged(wanted: int, told: list[dict[str, Any]], deaths: list[str]) -> Measured:
    """The counts of all of them."""
    described = [one for one in told if "counts" in one]
    refused = [one for one in told if "sentence" in one]
    broke = [f"{one['name']}: {one['broke']}" for one in told if "broke" in one]
    uneven = [one["name"] for one in described if one["counts"][0] != sum(one["counts"][1:])]
    silent = [one["name"] for one in described if one["unreasoned"]]
    tiles = [sum(one["counts"][place] for one in described) for place in range(4)]
    said = (
        f"{len(told)} of {wanted} rasters: {len(described)} described ({tiles[0]} tiles: {tiles[1]} answered, "
        f"{tiles[2]} skipped, {tiles[3]} failed), {len(refused)} refused in a sentence; deaths and hangs {len(deaths)} "
        f"{deaths[:3]}, other errors {len(broke)} {broke[:2]}, counts that do not add up {uneven}, no reason "
        f"given {silent}"
    )
    return Measured(len(told) == wanted and tiles[1] > 0 and not (deaths or broke or uneven or silent), said)


HOSTILE = (
    "<script>alert(1)</script>", '<img src="file:///etc/hostname" onerror="alert(2)">',
    '<a href="file:///etc/passwd">look</a>', "[% 1/0 %] [%eval('1')%]", "it's '; DROP TABLE answers; --",
    "\u202egnp.exe\u202c \u200f", "=HYPERLINK(\"http://127.0.0.1:9\")", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3",
    "../../../etc/passwd", "C:\\con\\nul", "</td></tr></table><h1>mine</h1>", "&lt;b&gt; &amp; <b>", "{caption} %1 %n",
    "城市 🛰 e\u0301", ".".join(str(7 * n * n) for n in range(3_000)),
)  # fmt: skip
KNOWN_TAGS = {"div", "p", "b", "i", "br", "img"}


class HtmlTags(HTMLParser):
    """What of a page a reader of HTML would follow: its tags and where they lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.leads: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.found.append(tag)
        self.leads += [str(value) for name, value in attributes if name in ("src", "href") or name.startswith("on")]


def read(page: str) -> HtmlTags:
    """The tags of a page."""
    tags = HtmlTags()
    tags.feed(page)
    return tags


def hostile_text(trial: TrialFolder) -> Measured:
    """Q8: what a model said, through the whole of a run, in the file, the map tip, the table and every export."""
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
    kept = [str(row[f"q{index:02}"]) for row in layer.getFeatures() for index in range(len(HOSTILE))]
    wanted = [clean(text) for text in HOSTILE]
    changed = [text[:20] for text, said in zip_longest(2 * wanted, kept, fillvalue="") if text != said]
    followed, formulas = shown(layer), exported(layer, trial.folder)
    said = (
        f"{len(HOSTILE)} texts: {len(changed)} not stored as they are {changed[:2]}; tags and links of theirs followed "
        f"in map tip, label, table and report: {len(followed)} {followed[:3]}; formulas left in the sheet: {formulas}"
    )
    return Measured(not changed and not followed and not formulas, said)


def shown(layer: Any) -> list[str]:
    """What of the texts a reader of HTML would follow in the map tip and in what the table says of a cell."""
    from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils
    from qgis.PyQt.QtCore import Qt

    from rsgpt_plugin.geo.results.layer_rows import RowReader
    from rsgpt_plugin.geo.results.style import apply_style
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
    return [what for page in read_pages for what in (*(set(page.found) - KNOWN_TAGS), *page.leads)]


def exported(layer: Any, folder: Path) -> int:
    """Cells of the sheet that a spreadsheet would compute; raises where the report has a tag that is not its own."""
    from rsgpt_plugin.services.results.exporting import ExportFormat
    from tests.plugin.services.results.test_exporting import cells, export

    export(layer, ExportFormat.SHEET, folder / "answers.csv")
    export(layer, ExportFormat.REPORT, folder / "answers.html")
    page = read((folder / "answers.html").read_text("utf-8"))
    hostile = [lead for lead in page.leads if not lead.startswith("data:")]
    if hostile or page.found.count("script") != 1 or page.found.count("h1") != 1 or "a" in page.found:
        raise ValueError(f"the report follows {hostile[:2]}, tags {sorted(set(page.found))}")
    found = [cell for row in cells(folder / "answers.csv") for cell in row.values()]
    return sum(cell.startswith(("=", "+", "@")) or cell == "-2+3" for cell in found)


ROWS = (
    ReliabilityRow(
        "Q1", "damaged and lying rasters: 0 deaths and hangs; each tile answered, or its row says why not", rasters
    ),
    ReliabilityRow(
        "Q8",
        "hostile text: kept but for control characters, shown and exported as text, formulas escaped, no link followed",
        hostile_text,
    ),
)
