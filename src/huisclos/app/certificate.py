"""Reads the TLS certificate and its key before anything starts, so that a mistake in them is told in words. Serving is left to others."""

import ssl
from pathlib import Path

from huisclos.app.settings import Settings
from huisclos.model.errors import StartRefused


def check(settings: Settings) -> None:
    """Raises StartRefused unless the two files belong together, or none is set."""
    if not settings.tls:
        return
    for name, path in (("tls_cert", settings.tls_cert), ("tls_key", settings.tls_key)):
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            raise StartRefused(f"{name}: {path} cannot be read ({error.strerror})") from None
    try:
        # A key with a passphrase would otherwise ask the terminal for it, where there may be none.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except ssl.SSLError as error:
        raise StartRefused(
            f"tls_cert and tls_key must be a certificate and its key without passphrase, both in PEM form "
            f"({error.reason or error})"
        ) from None
