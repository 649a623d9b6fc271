"""Removal of credentials from addresses of rasters and servers, for columns, keys, logs and messages."""

from __future__ import annotations

import re

# Parameters that are always credentials, in lower case.
_ALWAYS = (
    r"x-amz-[\w-]+|x-goog-[\w-]+|x-ms-signature|googleaccessid|awsaccesskeyid|key-pair-id|signature|sig|sas|"
    r"(?:[\w.-]*[_.-])?(?:access|api|auth|refresh|session|security|id|sas)?[_-]?token|"
    r"(?:[\w-]*[_-])?api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?|secret[_-]?(?:access[_-]?)?key|"
    r"subscription-key|(?:client[_-]?)?secret|(?:[\w-]*[_-])?password|passwd|pwd|userpwd|"
    r"(?:http-)?header[.:](?:authorization|x-[\w-]+|cookie)|authorization"
)
# Parameters of a signature; without one, these short names have other meanings.
_SIGNED = (
    r"se|sp|st|sv|sr|srt|ss|spr|sip|sdd|ses|skoid|sktid|skt|ske|sks|skv|saoid|suoid|scid|expires|policy|"
    r"key-pair-id|hash-algorithm"
)
_SIGNATURE = re.compile(r"(?:[?&;]|%3F|%26)(?:sig|signature)(?:=|%3D)", re.IGNORECASE)

_GAP = "\0"  # placeholder of a removed parameter until its separators are cleaned up
_LEAD = r"(?P<lead>^|[?&;|\s]|%3F|%26)"
_FOLLOWED = re.compile(rf"([?&;]){_GAP}[&;]|(%3F|%26){_GAP}%26", re.IGNORECASE)
_LAST = re.compile(rf"(?:[?&;|\s]|%3F|%26)?{_GAP}", re.IGNORECASE)
_VALUE = r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?:(?!%26|%23)[^&;\s'"#|<>])*)"""
_USER = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*(?:://|%3A%2F%2F))(?:(?!%2F|%3F|%26)[^/\s?#'\"&<>])+(?:@|%40)", re.IGNORECASE
)
_MAP_KEY = re.compile(rf"{_LEAD}key(?:=|%3D)[\w-]{{16,}}(?=$|[&\s'\"#|<>]|%26|%23)", re.IGNORECASE)
_CREDENTIAL = re.compile(r"\|credential:[^|\s]*", re.IGNORECASE)  # in QGIS sources
# The last alternative is the end of an address, which QGIS uses as a layer name.
_IS_ADDRESS = re.compile(r"://|%3A%2F%2F|/vsi|password|\|credential:|^[^/\\]*\?", re.IGNORECASE)


def _pairs(names: str) -> re.Pattern[str]:
    return re.compile(rf"{_LEAD}(?:{names})(?:=|%3D){_VALUE}", re.IGNORECASE)


_SECRETS, _ALL_SECRETS = _pairs(_ALWAYS), _pairs(f"{_ALWAYS}|{_SIGNED}")


def without_secrets(text: str) -> str:
    """Return `text` without signatures, tokens, keys, users and passwords in its addresses.

    The text may be an address, a QGIS or GDAL source, plain or percent-encoded, or a sentence that contains some.
    The result still identifies the object and does not change when an address is signed again. Ids of QGIS's
    authentication database (`authcfg`) are not secret and stay.
    """
    if not _IS_ADDRESS.search(text):
        return text
    text = _CREDENTIAL.sub("", _USER.sub(r"\g<scheme>", text.replace(_GAP, "")))
    secrets = _ALL_SECRETS if _SIGNATURE.search(text) else _SECRETS
    for pattern in (secrets, _MAP_KEY):
        text = _joined(pattern.sub(rf"\g<lead>{_GAP}", text))
    return text


def _joined(text: str) -> str:
    """Remove placeholders; a parameter after a placeholder in the same encoding takes its separator."""
    before = ""
    while text != before:
        before, text = text, _FOLLOWED.sub(r"\g<1>\g<2>", text)
    return _LAST.sub("", text)
