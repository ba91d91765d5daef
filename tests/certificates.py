"""Certificates made for a test by `openssl`, signed by nobody but themselves."""

import subprocess
from pathlib import Path

_REQUEST = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"


def self_made(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate for `localhost` and 127.0.0.1, and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [*_REQUEST.split(), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key
