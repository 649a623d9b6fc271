"""Limits of the server. Each one is checked before the work that it guards."""

from __future__ import annotations

MAX_CONNECTIONS = 512
MIN_CONNECTIONS = 16
FREE_DESCRIPTORS = 128  # for the model's files, PyTorch, and connections that are being accepted or closed
HEAD_TIMEOUT_S = 5.0

MAX_BODY_BYTES = 12_000_000
BODY_TIMEOUT_S = 20.0
MAX_JSON_BRACKETS = 10_000

MAX_PIXELS = 16_000_000
MAX_PROMPT_CHARS = 4_000
MAX_NEW_TOKENS = 512
MAX_TOP_LOGPROBS = 20
MAX_BEAMS = 8
MAX_CHOICES = 64
MAX_CHOICE_CHARS = 200
MAX_TEMPERATURE = 2.0
MAX_STOPS = 4
MAX_EMBEDDINGS = 64

MAX_WAITING = 128
MAX_WAITING_PIXELS = 128_000_000
RETRY_AFTER_S = 1

STALL_S = 300.0
