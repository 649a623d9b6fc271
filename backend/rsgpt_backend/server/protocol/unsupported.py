"""Rejection of request options that this server does not implement."""

from __future__ import annotations

from .refusals import Fields, refuse

_ZERO = ("frequency_penalty", "presence_penalty")


def check_supported(fields: Fields) -> None:
    """Raise Refusal 400 if an option would change the answer but is not implemented. Default values are accepted."""
    if fields.get("n") not in (None, 1):
        refuse("n must be 1; ask again for another answer.")
    if fields.get("tools") and fields.get("tool_choice") not in (None, "auto", "none"):
        refuse("This model cannot call tools. Leave tool_choice out; for typed answers use response_format.")
    if fields.get("functions") and fields.get("function_call") not in (None, "auto", "none"):
        refuse("This model cannot call functions. Leave function_call out; for typed answers use response_format.")
    if fields.get("logit_bias"):
        refuse("logit_bias is not supported; leave it out.")
    for name in _ZERO:
        if fields.get(name) not in (None, 0):
            refuse(f"{name} is not supported; leave it out.")
    if "audio" in _texts(fields.get("modalities")):
        refuse("This model answers in text; leave audio out of modalities.")


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else []
