"""Each kind of failed installation gets its own advice."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.install_errors import advice


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Auth'))", "proxy asks"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate is not trusted"),
        ("Failed to establish a new connection: [Errno -2] Name or service not known", "no connection"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "could not be written"),
        ("Segmentation fault", "Segmentation fault"),
    ],
)
def test_advice_fits_the_failure(line: str, sentence: str) -> None:
    said = advice(["Collecting torch", line])
    assert sentence in said
    assert said.endswith(".")


def test_the_cause_wins_over_its_consequence() -> None:
    lines = ["Retrying after connection broken by NewConnectionError", "ERROR: No matching distribution found for x"]
    assert "no connection" in advice(lines)


def test_silence_is_said() -> None:
    assert "it said nothing" in advice([])
