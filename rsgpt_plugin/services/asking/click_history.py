"""Records the answers of clicks in the history of conversations, where the panel lists them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Optional, Union
from uuid import uuid4

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, Qt
from qgis.PyQt.QtGui import QImage

from ...client.preferences import load
from ...core.conversation_history import CapturedView, ConversationMessage, History, Size
from ...core.paths import history_file, picture_file
from ...core.picture_store import PictureStore
from ...geo.results.layer_rows import null_to_none
from ...shared.answers.answered_by import answered_by
from ...shared.answers.questions import Question
from ...shared.answers.typed_answers import as_text
from ...shared.results.columns import ANSWERED_BY, CAPTION, CONFIDENCE, answer_columns
from ..background_task import BackgroundTask
from .feature_selection import FeatureSelection
from .place import Place

translate = QCoreApplication.translate

MOST_SHOWN = 5  # of one click on many features. The history lists 200 conversations, which one click must not displace.

AskTarget = Union[Place, FeatureSelection]
Record = tuple[CapturedView, ConversationMessage]


def record_answers(
    target: AskTarget, features: Sequence[QgsFeature], crs: QgsCoordinateReferenceSystem, question: Optional[Question]
) -> BackgroundTask:
    """Return a task that adds one conversation per row, for the first rows with an answer. Call it on the main thread.

    features: rows of an algorithm, in `crs`.
    """
    records = ((_view(target, feature, crs), _message(feature, question)) for feature in features)
    answered = list(islice((record for record in records if record[1].answer), MOST_SHOWN))

    def record(task: BackgroundTask) -> None:
        with History(history_file()) as history, PictureStore(picture_file(), load().picture_bytes) as pictures:
            for view, message in answered:
                history.add(uuid4().hex, _with_size(view, pictures), message)

    return BackgroundTask(translate("Rsgpt", "RSGPT: recording answers"), record)


def _view(target: AskTarget, feature: QgsFeature, crs: QgsCoordinateReferenceSystem) -> CapturedView:
    box = feature.geometry().boundingBox()
    return CapturedView(
        layer_id=target.layer_id,
        layer_name=target.layer_name,
        crs_wkt=crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED),
        extent=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
        image_sha256=_text(feature, "image_sha256"),
        original=(0, 0),
        sent=(0, 0),
        gsd_m=float(null_to_none(feature["gsd_m"]) or 0.0),
        bands=_text(feature, "bands"),
        stretch=_text(feature, "stretch"),
    )


def _message(feature: QgsFeature, question: Optional[Question]) -> ConversationMessage:
    name, confidence = answer_columns(question.name) if question else (CAPTION, CONFIDENCE)
    answer, reason = as_text(null_to_none(feature[name])), _text(feature, "reason")
    asked_at = null_to_none(feature["asked_at"])
    return ConversationMessage(
        question.text if question else _text(feature, "prompt"),
        question.line if question else "",
        answer,
        null_to_none(feature[confidence]),
        "" if answer else reason,
        _text(feature, "model"),
        _text(feature, "weights_sha256"),
        asked_at.toUTC().toString(Qt.DateFormat.ISODateWithMs) if isinstance(asked_at, QDateTime) else "",
        _text(feature, "model_fingerprint"),
        doubt=reason if answer else "",
        answered_by=answered_by(_text(feature, ANSWERED_BY), name),
    )


def _with_size(view: CapturedView, pictures: PictureStore) -> CapturedView:
    """Return the view with the size of its stored picture, which the row does not have."""
    image = QImage.fromData(pictures.get(view.image_sha256) or b"")
    size: Size = (image.width(), image.height())
    return CapturedView(**{**vars(view), "sent": size, "original": size})


def _text(feature: QgsFeature, column: str) -> str:
    value = null_to_none(feature[column])
    return "" if value is None else str(value)
