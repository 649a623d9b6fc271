"""Advice for each kind of failed installation."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.environment.install_errors import advice, install_error


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Auth'))", "proxy asks"),
        ("OSError('Tunnel connection failed: 401 Unauthorized')", "proxy asks"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate is not trusted"),
        ("Failed to establish a new connection: [Errno -2] Name or service not known", "no connection"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "could not be written"),
        ("WARNING: Missing dependencies for SOCKS support.", "proxy blocked"),
        ("ProxyError('Cannot connect to proxy.', NewConnectionError(...))", "proxy blocked"),
        ("error: invalid peer certificate: UnknownIssuer", "certificate is not trusted"),
        ("OSError: [WinError 225] Operation did not complete because the file contains a virus", "virus scanner"),
        ("PermissionError: [WinError 32] The process cannot access the file", "another program or a virus scanner"),
        ("OSError: [WinError 1114] Error loading 'C:\\e\\torch\\lib\\c10.dll'", "Visual C++"),
        ("ImportError: DLL load failed while importing _C: The specified module could not be found.", "Visual C++"),
        ("OSError: [WinError 206] The filename or extension is too long", "path is too long"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "package is damaged"),
        ("The virtual environment was not created because ensurepip is not available.", "python3-venv"),
        ("MemoryError", "not enough memory"),
        ("Segmentation fault", "Segmentation fault"),
    ],
)
def test_advice_fits_the_failure(line: str, sentence: str) -> None:
    text = advice(["Collecting torch", line])
    assert sentence in text
    assert text.endswith(".")


def test_the_cause_takes_precedence_over_its_consequence() -> None:
    lines = ["Retrying after connection broken by NewConnectionError", "ERROR: No matching distribution found for x"]
    assert "no connection" in advice(lines)


def test_an_installer_without_output_is_reported() -> None:
    assert "no output" in advice([])


def test_install_error_keeps_the_output_as_details() -> None:
    error = install_error(["first", "[Errno 28] No space left on device"])
    assert "disk is full" in str(error)
    assert error.details == "first\n[Errno 28] No space left on device"
