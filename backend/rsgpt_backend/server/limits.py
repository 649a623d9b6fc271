"""Every limit of the server in one place. Each is checked before the work that it guards."""

from __future__ import annotations

MAX_BODY_BYTES = 12_000_000
BODY_SILENCE_S = 20.0
MAX_JSON_BRACKETS = 10_000

MAX_PIXELS = 16_000_000
MAX_PROMPT_CHARS = 4_000
MAX_NEW_TOKENS = 512
DEFAULT_NEW_TOKENS = 128
MAX_TOP_LOGPROBS = 20
MAX_TEMPERATURE = 2.0

MAX_WAITING = 64
MAX_WAITING_PIXELS = 128_000_000
RETRY_AFTER_S = 1

STALL_S = 300.0
