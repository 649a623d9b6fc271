"""The table of result columns, except the columns of questions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..i18n import mark, marked

CAPTION, CONFIDENCE, REASON = "caption", "confidence", "reason"
QUESTION, ANSWER = "question", "answer"
CORRECTED, CORRECTED_AT = "corrected", "corrected_at"
ANSWERED_BY = "answered_by"
CHECKED, CHECKED_AT, REVIEWED_BY = "checked", "checked_at", "reviewed_by"
OBJECT, SEARCH_WINDOW = "object", "search_window"
SIMILARITY, RANK = "similarity", "rank"
RASTER = "raster"

KEYS = ("fid", "geom", "ogc_fid")  # names that formats use for row numbers and geometries
_RESERVED_BY_FORMATS = frozenset({"fid", "geom", "geometry"})


@dataclass(frozen=True)
class DataType:
    """Data type of a column. qt: name in QMetaType.Type. arrow: name in pyarrow; timestamps have no time zone."""

    qt: str
    arrow: str


TEXT = DataType("QString", "string")
REAL = DataType("Double", "double")
WHOLE = DataType("Int", "int32")
BOOLEAN = DataType("Bool", "bool")
MOMENT = DataType("QDateTime", "timestamp[ms]")  # in UTC


class ColumnOrigin(Enum):
    """Which layers have a column. RESULT: all results. BATCH: results of `rsgpt batch` only. OBJECTS: found objects.

    CLICKS: the layer of answers to clicks, instead of the caption. CORRECTION: layers with reviewed answers.
    BEFORE_CORRECTION: the same layers; the model's value, in a column named after the corrected one.
    SEARCH: results of a search.
    """

    RESULT = "result"
    BATCH = "batch"
    CLICKS = "clicks"
    CORRECTION = "correction"
    BEFORE_CORRECTION = "before_correction"
    OBJECTS = "objects"
    SEARCH = "search"


class ColumnGroup(Enum):
    """Section of the attribute form that shows a column. HIDDEN: none."""

    ASKED = "asked"
    SAID = "said"
    STATE = "state"
    PROVENANCE = "provenance"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Column:
    """A result column. label: display name. about: short description. Both are marked for translation.

    is_long: whether the form shows several lines. is_model_text: whether it holds text of the model, which users may
    correct. in_tip: whether the map tip shows its value.
    """

    name: str
    type: DataType
    label: str
    about: str
    group: ColumnGroup = ColumnGroup.PROVENANCE
    origin: ColumnOrigin = ColumnOrigin.RESULT
    is_long: bool = False
    is_model_text: bool = False
    in_tip: bool = False


# In the order of results and of the form; the questions' columns follow SAID.
COLUMNS: tuple[Column, ...] = (
    Column(QUESTION, TEXT, mark("Question"), mark("the question"), ColumnGroup.ASKED, ColumnOrigin.CLICKS),
    Column(OBJECT, TEXT, mark("Object"), mark("what was found"), ColumnGroup.SAID, ColumnOrigin.OBJECTS),
    Column(
        SIMILARITY,
        REAL,
        mark("Similarity"),
        mark("how well the picture matches the search, 0 to 1"),
        ColumnGroup.SAID,
        ColumnOrigin.SEARCH,
    ),
    Column(RANK, WHOLE, mark("Rank"), mark("1 for the best match"), ColumnGroup.SAID, ColumnOrigin.SEARCH),
    Column(CAPTION, TEXT, mark("Caption"), mark("the description"), ColumnGroup.SAID, is_long=True, is_model_text=True),
    Column(
        ANSWER,
        TEXT,
        mark("Answer"),
        mark("the answer"),
        ColumnGroup.SAID,
        ColumnOrigin.CLICKS,
        is_long=True,
        is_model_text=True,
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
        ColumnOrigin.BEFORE_CORRECTION,
        is_long=True,
    ),
    Column(
        "answer_model",
        TEXT,
        mark("Answer by the model"),
        mark("the model's answer before a correction"),
        ColumnGroup.SAID,
        ColumnOrigin.BEFORE_CORRECTION,
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
    Column(
        CHECKED_AT,
        MOMENT,
        mark("Checked at"),
        mark("time at which a person found an answer right"),
        ColumnGroup.STATE,
        ColumnOrigin.CORRECTION,
    ),
    Column(
        REVIEWED_BY,
        TEXT,
        mark("Reviewed by"),
        mark("who corrected or checked the row last"),
        ColumnGroup.STATE,
        ColumnOrigin.CORRECTION,
    ),
    Column("status", TEXT, mark("Status"), mark("answered, partial, unsure, skipped or failed"), ColumnGroup.STATE),
    Column(REASON, TEXT, mark("Reason"), mark("why a value is missing or doubtful"), is_long=True, in_tip=True),
    Column("model", TEXT, mark("Model"), mark("name of the model")),
    Column("weights_sha256", TEXT, mark("Weights (SHA-256)"), mark("hash of the model's weights")),
    Column(
        "model_fingerprint",
        TEXT,
        mark("Model fingerprint"),
        mark("hash of everything that decides the model's answers: weights, settings, calibration, precision"),
    ),
    Column(
        ANSWERED_BY,
        TEXT,
        mark("Answered by"),
        mark("part of the model that answered each question: finder, classifier or language model"),
        is_long=True,
    ),
    Column("prompt", TEXT, mark("Prompt"), mark("caption prompt and questions, one per line")),
    Column("image_sha256", TEXT, mark("Picture (SHA-256)"), mark("hash of the picture that the model saw")),
    Column("gsd_m", REAL, mark("Ground resolution (m per pixel)"), mark("meters per pixel of that picture")),
    Column("bands", TEXT, mark("Bands"), mark("raster bands in that picture")),
    Column("stretch", TEXT, mark("Stretch"), mark("contrast stretch of that picture")),
    Column("asked_at", MOMENT, mark("Asked at"), mark("time of the answer (UTC)")),
    Column("plugin_version", TEXT, mark("Plugin version"), mark("version that wrote the row")),
    Column(RASTER, TEXT, mark("Raster"), mark("raster of the tile"), origin=ColumnOrigin.BATCH),
    Column(
        SEARCH_WINDOW,
        WHOLE,
        mark("Search window"),
        mark("number of the window in which the object was found"),
        origin=ColumnOrigin.OBJECTS,
    ),
    Column(
        CORRECTED,
        TEXT,
        mark("Corrected"),
        mark("names of the columns that a person corrected"),
        ColumnGroup.HIDDEN,
        ColumnOrigin.CORRECTION,
    ),
    Column(
        CHECKED,
        TEXT,
        mark("Checked"),
        mark("names of the columns that a person found right"),
        ColumnGroup.HIDDEN,
        ColumnOrigin.CORRECTION,
    ),
)


def column(name: str) -> Column:
    """Return the column with this name. Raises KeyError if there is none."""
    return {column.name: column for column in COLUMNS}[name]


def leading_columns() -> list[Column]:
    """Return the columns of every result before the questions' columns."""
    return [entry for entry in COLUMNS if entry.origin is ColumnOrigin.RESULT and entry.group is ColumnGroup.SAID]


def trailing_columns(batch: bool = False) -> list[Column]:
    """Return the columns after the questions' columns. batch: include the columns of `rsgpt batch`."""
    origins = (ColumnOrigin.RESULT, ColumnOrigin.BATCH) if batch else (ColumnOrigin.RESULT,)
    return [entry for entry in COLUMNS if entry.origin in origins and entry.group is not ColumnGroup.SAID]


def object_columns() -> list[Column]:
    """Return the columns of found objects, as `rsgpt batch` writes them."""
    written = [entry for entry in trailing_columns(batch=True) if entry.group is ColumnGroup.PROVENANCE]
    return [
        column(OBJECT),
        column(CONFIDENCE),
        *(entry for entry in written if entry.name not in (REASON, ANSWERED_BY)),
        column(SEARCH_WINDOW),
    ]


def score_columns() -> list[Column]:
    """Return the columns that a search adds to pictures."""
    return [entry for entry in COLUMNS if entry.origin is ColumnOrigin.SEARCH]


def names_in(group: ColumnGroup) -> list[str]:
    """Return the names of the columns in a section of the form."""
    return [entry.name for entry in COLUMNS if entry.group is group]


def fixed_names() -> list[str]:
    """Return the column names that have the same meaning in every results layer."""
    origins = (ColumnOrigin.RESULT, ColumnOrigin.BATCH, ColumnOrigin.CORRECTION)
    return [entry.name for entry in COLUMNS if entry.origin in origins]


def reserved_names() -> frozenset[str]:
    """Return the names that questions cannot have because a result column or a file format uses them."""
    return _RESERVED_BY_FORMATS.union(fixed_names())


def answer_columns(name: str) -> tuple[str, str]:
    """Return the names of a question's two columns: answer and confidence."""
    return name, f"{name}_confidence"


def columns_help() -> str:
    """Return name and description of the columns of every result, one per line, in the user's language."""
    return _help([*leading_columns(), *trailing_columns()])


def object_columns_help() -> str:
    """Return the same for the columns of found objects."""
    return _help(object_columns())


def _help(columns: list[Column]) -> str:
    return "\n".join(f"{entry.name}: {marked(entry.about)}" for entry in columns)
