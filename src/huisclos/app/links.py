"""The links by which people come in. What is secret in them stands in the fragment, which browsers send to nobody."""

from dataclasses import dataclass

from huisclos.app.settings import Settings
from huisclos.model.ids import RoomId
from huisclos.model.secrecy import Secret


@dataclass(frozen=True, slots=True)
class RoomLinks:
    guest: Secret
    host: Secret


def base_url(settings: Settings, port: int | None = None) -> str:
    """Where this server is reached, without a final slash. `port`: the real one, where the setting is 0."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme = "https" if settings.tls else "http"
    return f"{scheme}://localhost:{port or settings.port}"


def transit_links(base: str, room: RoomId, claim: Secret) -> RoomLinks:
    """`/t/…`: a client takes `/r/…` for an encrypted room and nothing else."""
    guest = f"{base}/t/{room}"
    return RoomLinks(Secret(guest), Secret(f"{guest}#host={claim.reveal()}"))


def encrypted_links(base: str, room: RoomId, guest_fragment: Secret, host_fragment: Secret) -> RoomLinks:
    address = f"{base}/r/{room}"
    return RoomLinks(*(Secret(f"{address}#{one.reveal()}") for one in (guest_fragment, host_fragment)))
