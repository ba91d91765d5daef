"""The key pair that the servers of this suite accept, and tokens signed with it."""

from datetime import timedelta

from livekit import api

KEY = "protocol-tests"
SECRET = "a-secret-of-the-protocol-tests-0123456789"


def token(
    identity: str,
    room: str,
    *,
    secret: str = SECRET,
    key: str = KEY,
    lifetime: timedelta = timedelta(hours=1),
    **grants: object,
) -> str:
    video = api.VideoGrants(room_join=True, room=room, **grants)  # type: ignore[arg-type]
    made = api.AccessToken(key, secret).with_identity(identity).with_name(identity.title())
    return made.with_grants(video).with_ttl(lifetime).to_jwt()
