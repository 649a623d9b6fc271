"""History of conversations about places, on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Optional

from ..shared.answers.questions import Question, parse_line
from ..shared.i18n import translate
from .database import Store

SCHEMA = (
    "CREATE TABLE conversations (id TEXT PRIMARY KEY, sight TEXT NOT NULL)",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL, message TEXT NOT NULL)",
    "CREATE INDEX messages_of ON messages (conversation)",
)
_MAX_LISTED = 200

Size = tuple[int, int]


@dataclass(frozen=True)
class CapturedView:
    """A place and the picture of it that the model is shown.

    extent: (xmin, ymin, xmax, ymax) in the CRS of crs_wkt. original, sent: width and height in pixels, of the layer
    and of the picture; original is (0, 0) if a server renders the layer. gsd_m: ground meters per pixel sent.
    corners: top left, top right, and bottom left of the picture in the CRS, () if they are those of the extent.
    """

    layer_id: str
    layer_name: str
    crs_wkt: str
    extent: tuple[float, float, float, float]
    image_sha256: str
    original: Size
    sent: Size
    gsd_m: float
    bands: str = ""
    stretch: str = ""
    corners: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class ConversationMessage:
    """A question and its answer.

    text: of the question. line: the question as `parse_line` reads it, "" for a description. answer: as text,
    "" if there is none. problem: why the answer is missing or incomplete. confidence: 0 to 1. asked_at: ISO 8601, UTC.
    fingerprint: of the model. doubt: why the answer is doubtful although it is complete. answered_by: the part of the
    model that answered, "" if it is unknown.
    """

    text: str
    line: str = ""
    answer: str = ""
    confidence: Optional[float] = None
    problem: str = ""
    model: str = ""
    weights_sha256: str = ""
    asked_at: str = ""
    fingerprint: str = ""
    doubt: str = ""
    answered_by: str = ""

    @property
    def question(self) -> Optional[Question]:
        """The parsed question; None for a description."""
        return parse_line(self.line) if self.line else None


@dataclass(frozen=True)
class SavedConversation:
    """A stored conversation. id: unique text."""

    id: str
    captured_view: CapturedView
    messages: tuple[ConversationMessage, ...] = ()


class History(Store):
    """One open history file, see Database. Several QGIS windows may write to it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, translate("Rsgpt", "conversation history"), SCHEMA)

    def add(self, conversation: str, view: CapturedView, message: ConversationMessage) -> None:
        """Add a message to a conversation, creating the conversation if it does not exist."""
        with self._database.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO conversations VALUES (?, ?)", (conversation, _text(view)))
            connection.execute(
                "INSERT INTO messages (conversation, message) VALUES (?, ?)", (conversation, _text(message))
            )

    def listed(self) -> list[SavedConversation]:
        """Return the latest conversations with their messages, most recently used first."""
        rows = self._database.read(
            "WITH latest AS (SELECT conversation, max(id) AS last FROM messages "
            "GROUP BY conversation ORDER BY last DESC LIMIT ?) "
            "SELECT c.id, c.sight, m.message FROM messages m JOIN latest ON latest.conversation = m.conversation "
            "JOIN conversations c ON c.id = m.conversation ORDER BY latest.last DESC, m.id",
            (_MAX_LISTED,),
        )
        conversations: dict[str, SavedConversation] = {}
        for identifier, view, message in rows:
            saved = conversations.get(identifier) or SavedConversation(identifier, _view(view))
            messages = (*saved.messages, ConversationMessage(**json.loads(message)))
            conversations[identifier] = replace(saved, messages=messages)
        return list(conversations.values())

    def delete(self, conversation: str) -> None:
        """Delete a conversation, if it exists."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM messages WHERE conversation = ?", (conversation,))
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    def delete_all(self) -> None:
        """Delete all conversations."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM messages")
            connection.execute("DELETE FROM conversations")


def _text(record: Any) -> str:
    return json.dumps(asdict(record), ensure_ascii=False)


def _view(text: str) -> CapturedView:
    fields: dict[str, Any] = json.loads(text)
    tuples = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    corners = tuple(map(tuple, tuples.get("corners", ())))
    return CapturedView(**{**fields, **tuples, "corners": corners})
