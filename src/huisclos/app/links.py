"""The links by which people come in. A host's claim stands in the fragment, which browsers send to nobody."""

from dataclasses import dataclass

from huisclos.app.settings import Settings
from huisclos.model.ids import RoomId
from huisclos.model.secrecy import Secret


@dataclass(frozen=True, slots=True)
class RoomLinks:
    guest: str
    host: Secret


def base_url(settings: Settings, port: int | None = None) -> str:
    """Where this server is reached, without a final slash. `port`: the real one, where the setting is 0."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme = "https" if settings.tls else "http"
    return f"{scheme}://localhost:{port or settings.port}"


def room_links(base: str, room: RoomId, claim: Secret) -> RoomLinks:
    guest = f"{base}/r/{room}"
    return RoomLinks(guest, Secret(f"{guest}#host={claim.reveal()}"))
