"""The one table of the columns of a result, apart from the questions' own. Knows no layer and no file format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..i18n import mark, marked

CAPTION, CONFIDENCE = "caption", "confidence"
QUESTION, ANSWER = "question", "answer"
CORRECTED, CORRECTED_AT = "corrected", "corrected_at"

KEYS = ("fid", "geom", "ogc_fid")  # names under which formats keep row numbers and geometries
_RESERVED_BY_FORMATS = frozenset({"fid", "geom", "geometry"})


@dataclass(frozen=True)
class DataType:
    """What a column stores. qt: its name in QMetaType.Type. arrow: its name in pyarrow, moments without time zone."""

    qt: str
    arrow: str


TEXT = DataType("QString", "string")
REAL = DataType("Double", "double")
WHOLE = DataType("Int", "int32")
BOOLEAN = DataType("Bool", "bool")
MOMENT = DataType("QDateTime", "timestamp[ms]")  # in UTC


class ColumnOrigin(Enum):
    """Which layers have a column. RESULT: every result. BATCH: also those of `rsgpt batch`.

    CLICKS: the layer of answers to clicks, in place of the caption. CORRECTION: layers in which a person corrected
    an answer. KEPT: the same, under a name that depends on the corrected column.
    """

    RESULT = "result"
    BATCH = "batch"
    CLICKS = "clicks"
    CORRECTION = "correction"
    KEPT = "kept"


class ColumnGroup(Enum):
    """Where the attribute form shows a column. HIDDEN: nowhere."""

    ASKED = "asked"
    SAID = "said"
    STATE = "state"
    PROVENANCE = "provenance"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Column:
    """One column. label: for people, marked for translation. about: what it holds, in a few words, marked too.

    is_long: whether the form gives its text several lines. is_said: whether it holds the model's own words, which a
    person may correct. in_tip: whether the map tip shows it as it is.
    """

    name: str
    type: DataType
    label: str
    about: str
    group: ColumnGroup = ColumnGroup.PROVENANCE
    origin: ColumnOrigin = ColumnOrigin.RESULT
    is_long: bool = False
    is_said: bool = False
    in_tip: bool = False


# In the order in which a result has them and the form shows them; the questions' columns follow SAID.
COLUMNS: tuple[Column, ...] = (
    Column(QUESTION, TEXT, mark("Question"), mark("what was asked"), ColumnGroup.ASKED, ColumnOrigin.CLICKS),
    Column(CAPTION, TEXT, mark("Caption"), mark("the description"), ColumnGroup.SAID, is_long=True, is_said=True),
    Column(
        ANSWER,
        TEXT,
        mark("Answer"),
        mark("the answer"),
        ColumnGroup.SAID,
        ColumnOrigin.CLICKS,
        is_long=True,
        is_said=True,
    ),
    Column(
        CONFIDENCE,
        REAL,
        mark("Confidence"),
        mark("confidence in the caption, 0 to 1; without a caption, the lowest confidence of the answers"),
        ColumnGroup.SAID,
    ),
    Column(
        "caption_model",
        TEXT,
        mark("Caption by the model"),
        mark("the model's caption before a correction"),
        ColumnGroup.SAID,
        ColumnOrigin.KEPT,
        is_long=True,
    ),
    Column(
        "answer_model",
        TEXT,
        mark("Answer by the model"),
        mark("the model's answer before a correction"),
        ColumnGroup.SAID,
        ColumnOrigin.KEPT,
        is_long=True,
    ),
    Column(
        CORRECTED_AT,
        MOMENT,
        mark("Corrected at"),
        mark("time of the correction"),
        ColumnGroup.STATE,
        ColumnOrigin.CORRECTION,
    ),
    Column("status", TEXT, mark("Status"), mark("answered, partial, unsure, skipped or failed"), ColumnGroup.STATE),
    Column("reason", TEXT, mark("Reason"), mark("why a value is missing"), is_long=True, in_tip=True),
    Column("model", TEXT, mark("Model"), mark("name of the model")),
    Column("weights_sha256", TEXT, mark("Weights (SHA-256)"), mark("hash of the model's weights")),
    Column(
        "model_fingerprint",
        TEXT,
        mark("Model fingerprint"),
        mark("hash of everything that decides the model's answers: weights, settings, calibration, precision"),
    ),
    Column("prompt", TEXT, mark("Prompt"), mark("caption prompt and questions, one per line")),
    Column("image_sha256", TEXT, mark("Picture (SHA-256)"), mark("hash of the picture that the model saw")),
    Column("gsd_m", REAL, mark("Ground resolution (m a pixel)"), mark("metres per pixel of that picture")),
    Column("bands", TEXT, mark("Bands"), mark("raster bands in that picture")),
    Column("stretch", TEXT, mark("Stretch"), mark("contrast stretch of that picture")),
    Column("asked_at", MOMENT, mark("Asked at"), mark("time of the answer (UTC)")),
    Column("plugin_version", TEXT, mark("Plugin version"), mark("version that wrote the row")),
    Column("raster", TEXT, mark("Raster"), mark("raster of the tile"), origin=ColumnOrigin.BATCH),
    Column(
        CORRECTED,
        TEXT,
        mark("Corrected"),
        mark("names of the columns that a person corrected"),
        ColumnGroup.HIDDEN,
        ColumnOrigin.CORRECTION,
    ),
)


def column(name: str) -> Column:
    """The column of that name; KeyError where there is none."""
    return {one.name: one for one in COLUMNS}[name]


def leading_columns() -> list[Column]:
    """The columns of every result that stand before the questions' columns."""
    return [one for one in COLUMNS if one.origin is ColumnOrigin.RESULT and one.group is ColumnGroup.SAID]


def trailing_columns(batch: bool = False) -> list[Column]:
    """The columns of every result that stand after the questions' columns. batch: with those of `rsgpt batch`."""
    origins = (ColumnOrigin.RESULT, ColumnOrigin.BATCH) if batch else (ColumnOrigin.RESULT,)
    return [one for one in COLUMNS if one.origin in origins and one.group is not ColumnGroup.SAID]


def names_in(group: ColumnGroup) -> list[str]:
    """The names of the columns of one part of the form."""
    return [one.name for one in COLUMNS if one.group is group]


def fixed_names() -> list[str]:
    """The names that mean the same column in every layer of results."""
    return [
        one.name for one in COLUMNS if one.origin in (ColumnOrigin.RESULT, ColumnOrigin.BATCH, ColumnOrigin.CORRECTION)
    ]


def reserved_names() -> frozenset[str]:
    """The names that no question may have, since a column of a result or a file format uses them."""
    return _RESERVED_BY_FORMATS.union(fixed_names())


def answer_columns(name: str) -> tuple[str, str]:
    """The names of a question's two columns: the answer, and its confidence."""
    return name, f"{name}_confidence"


def columns_help() -> str:
    """The columns of every result with what they hold, one per line, in the user's language."""
    listed = [*leading_columns(), *trailing_columns()]
    return "\n".join(f"{one.name}: {marked(one.about)}" for one in listed)
