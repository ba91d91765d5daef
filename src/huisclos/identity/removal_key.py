"""The key by which this server may propose to remove somebody who is gone from an encrypted room, and nothing else."""

import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from huisclos.model.secrecy import Secret


class RemovalKey:
    """Ed25519, derived from the server's token key: a restart, or another process on the same data, has the same one."""

    def __init__(self, token_key: Secret) -> None:
        seed = hmac.digest(token_key.reveal().encode(), b"huisclos removal key 1", "sha256")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        """32 bytes, what the groups trust as their external sender."""

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)
