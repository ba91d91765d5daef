"""Who may join a call, what becomes of it, and that one broken call touches no other."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from livekit.protocol import models, rtc

from huisclos.identity.room_tokens import RoomTokens
from huisclos.media.engine import EventHandler
from huisclos.model.call import AddPeer, Answered, AudioLevels, Connected, MediaCommand, RemovePeer
from huisclos.model.errors import NotReady, RoomEncrypted, RoomFull, RoomUnknown, TokenInvalid
from huisclos.model.ids import ClaimHash, Identity, RoomId, SeatHash, new_identity
from huisclos.model.join_grant import JoinGrant
from huisclos.model.room import Encryption, Role, Room, Seat, SeatState
from huisclos.model.secrecy import Pii, Secret
from huisclos.services.calls import EMPTY_FOR_S, REMOVED_FOR_S, Calls
from huisclos.services.sessions import Session
from huisclos.store.database import default_url, open_database
from huisclos.store.rooms import RoomStore
from unit.conftest import Clock

SDK_SECRET = secrets.token_hex(32)
JOIN = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=True))


class QuietPlane:
    """A media plane that forwards nothing: it keeps what it was commanded and says what a test has it say."""

    def __init__(self) -> None:
        self.commands: list[MediaCommand] = []
        self.says: EventHandler = lambda events: None
        self.seconds_since_life = 0.0

    def listen(self, handler: EventHandler) -> None:
        self.says = handler

    def perform(self, command: MediaCommand) -> None:
        self.commands.append(command)

    def age(self) -> float:
        return self.seconds_since_life

    def stats(self) -> dict[str, int]:
        return {}

    def shutdown(self) -> None:
        pass


class House:
    """Calls over a real database, with two people's worth of room in each."""

    def __init__(self, store: RoomStore, clock: Clock) -> None:
        self.plane = QuietPlane()
        self.store = store
        self.clock = clock
        self.tokens = RoomTokens(Secret(secrets.token_hex(32)), {"devkey": Secret(SDK_SECRET)}, clock)
        self.calls = Calls(self.plane, self.tokens, store, max_people=2, seconds=self._seconds)
        self.plane.listen(self.calls._media_events)

    def _seconds(self) -> float:
        return self.clock.now.timestamp()

    async def room(self, encryption: Encryption = Encryption.TRANSIT) -> RoomId:
        room = RoomId.new()
        now = self.clock.now
        claim = ClaimHash(secrets.token_hex(32))
        await self.store.add(Room(room, claim, now, now, encryption), at_most=100)
        return room

    def token(self, room: RoomId) -> str:
        return self.tokens.mint(room, new_identity(), Pii("Anna")).reveal()

    def sdk_token(self, identity: str, room: str) -> str:
        until = int((self.clock.now + timedelta(hours=1)).timestamp())
        video = {"roomJoin": True, "room": room}
        return jwt.encode({"iss": "devkey", "sub": identity, "exp": until, "video": video}, SDK_SECRET, "HS256")

    async def join(self, token: str) -> tuple[JoinGrant, Session]:
        grant = await self.calls.admit(token)
        return grant, self.calls.join(grant, JOIN)

    def tick(self, **by: float) -> None:
        self.clock.forward(**by)
        self.calls._tick()


async def told(session: Session) -> list[rtc.SignalResponse]:
    """All that waits in a session; it must have been ended for this to return."""
    messages: list[rtc.SignalResponse] = []
    while (frame := await session.next_frame()) is not None:
        assert isinstance(frame, bytes)
        messages.append(rtc.SignalResponse.FromString(frame))
    return messages


@pytest.fixture
async def house(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    store = RoomStore(await open_database(default_url(tmp_path)))
    yield House(store, clock)
    await store.close()


async def test_a_room_of_ours_is_joined_with_a_token_of_ours(house: House) -> None:
    room = await house.room()

    grant, _ = await house.join(house.token(room))

    assert house.calls.people_in(room) == [grant.identity]
    assert house.calls.rooms_in_use() == [room]


async def test_an_sdk_key_opens_no_encrypted_room_but_any_room_of_its_own(house: House) -> None:
    encrypted, transit = await house.room(Encryption.E2EE), await house.room()

    with pytest.raises(RoomEncrypted):
        await house.calls.admit(house.sdk_token("robot", encrypted))

    for own in (transit, "standup"):
        assert (await house.calls.admit(house.sdk_token("robot", own))).issuer == "devkey"


async def test_nothing_in_clear_about_a_person_comes_into_an_encrypted_call(house: House) -> None:
    room = await house.room(Encryption.E2EE)
    request = rtc.JoinRequest(metadata="secret", participant_attributes={"mood": "secret"})

    grant = await house.calls.admit(house.token(room))
    session = house.calls.join(grant, request)
    wish = rtc.UpdateParticipantMetadata(name="secret", metadata="secret")
    house.calls.receive(session, grant, rtc.SignalRequest(update_metadata=wish).SerializeToString())
    house.calls.close_room(room)

    said = await told(session)
    (refusal,) = (message.request_response for message in said if message.WhichOneof("message") == "request_response")
    assert refusal.reason == rtc.RequestResponse.Reason.NOT_ALLOWED
    others = [message for message in said if message.WhichOneof("message") != "request_response"]
    assert not [message for message in others if "secret" in str(message) or "Anna" in str(message)]
    (fresh,) = (message.refresh_token for message in said if message.WhichOneof("message") == "refresh_token")
    assert house.tokens.verify_join_token(fresh).name.reveal() == ""


async def test_a_token_for_a_room_that_is_gone_opens_nothing(house: House) -> None:
    with pytest.raises(RoomUnknown):
        await house.calls.admit(house.token(RoomId.new()))


async def test_a_token_for_a_room_cannot_be_changed_to_another(house: House) -> None:
    room, other = await house.room(), await house.room()
    head, _, signature = house.token(room).split(".")
    claims = house.token(other).split(".")[1]

    with pytest.raises(TokenInvalid):
        await house.calls.admit(f"{head}.{claims}.{signature}")


async def test_a_key_holder_s_room_of_the_same_name_is_another_room(house: House) -> None:
    room = await house.room()
    await house.join(house.token(room))

    await house.join(house.sdk_token("spy", room))

    assert len(house.calls.people_in(room)) == 1


async def test_a_full_room_takes_nobody_but_who_is_in_it(house: House) -> None:
    await house.join(house.sdk_token("anna", "den"))
    await house.join(house.sdk_token("ben", "den"))

    with pytest.raises(RoomFull):
        await house.calls.admit(house.sdk_token("carla", "den"))
    await house.calls.admit(house.sdk_token("anna", "den"))


async def test_nobody_joins_while_the_media_plane_is_silent(house: House) -> None:
    house.plane.seconds_since_life = 3.0

    with pytest.raises(NotReady):
        await house.calls.admit(house.sdk_token("anna", "den"))


async def test_a_call_that_all_have_left_is_forgotten_after_a_while(house: House) -> None:
    grant, session = await house.join(house.sdk_token("anna", "den"))
    first = house.plane.commands[0]
    house.calls.closed(session, grant)

    house.tick(seconds=1)
    house.tick(seconds=EMPTY_FOR_S + 1)
    await house.join(house.sdk_token("anna", "den"))

    rooms = [command.room for command in house.plane.commands if isinstance(command, AddPeer)]
    assert isinstance(first, AddPeer)
    assert rooms[0] == first.room != rooms[1]


async def test_a_removed_person_is_told_and_taken_from_the_media_plane(house: House) -> None:
    room = await house.room()
    grant, session = await house.join(house.token(room))

    house.calls.remove(room, house.calls.people_in(room)[0])

    leave = (await told(session))[-1].leave
    assert leave.reason == models.DisconnectReason.PARTICIPANT_REMOVED
    assert house.calls.people_in(room) == []
    assert isinstance(house.plane.commands[-1], RemovePeer)
    house.calls.closed(session, grant)


async def test_a_token_made_before_a_removal_opens_nothing_after_it(house: House) -> None:
    room = await house.room()
    anna, ben = (Seat(SeatHash(secrets.token_hex(32)), new_identity(), Role.GUEST, SeatState.ADMITTED) for _ in "ab")
    for seat in (anna, ben):
        await house.store.keep_seat(room, seat)
    tokens = [house.tokens.mint(room, seat.identity, Pii("x")).reveal() for seat in (anna, ben)]
    await house.store.keep_seat(room, replace(anna, state=SeatState.DENIED))
    house.calls.remove(room, anna.identity)

    with pytest.raises(TokenInvalid):
        await house.calls.admit(tokens[0])
    house.tick(seconds=REMOVED_FOR_S + 1)
    with pytest.raises(TokenInvalid):
        await house.calls.admit(tokens[0])
    await house.calls.admit(tokens[1])


async def test_who_is_removed_while_the_database_is_asked_does_not_come_in(house: House) -> None:
    room = await house.room()
    token = house.token(room)
    identity = house.tokens.verify_join_token(token).identity
    await house.calls.admit(token)

    house.calls.remove(room, Identity(identity))

    with pytest.raises(TokenInvalid):
        await house.calls.admit(token)


async def test_shutdown_sends_everybody_to_come_back_and_takes_nobody(house: House) -> None:
    _, session = await house.join(house.sdk_token("anna", "den"))

    house.calls.shutdown()

    assert (await told(session))[-1].leave.action == rtc.LeaveRequest.Action.RECONNECT
    with pytest.raises(NotReady):
        await house.calls.admit(house.sdk_token("anna", "den"))


async def test_a_reader_that_never_reads_loses_its_socket_and_no_more(house: House) -> None:
    _, stuck = await house.join(house.sdk_token("stuck", "den"))
    added = house.plane.commands[0]
    assert isinstance(added, AddPeer)

    for n in range(3000):
        house.plane.says([AudioLevels(added.room, ((added.peer, (n % 10) / 10, True),))])

    assert await told(stuck) == []
    assert RemovePeer(added.peer) not in house.plane.commands


async def test_an_error_of_ours_makes_one_call_start_over_and_no_other_call_notice(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    _, broken = await house.join(house.sdk_token("anna", "den"))
    whole_grant, whole = await house.join(house.sdk_token("ben", "parlour"))
    anna, ben = (command.peer for command in house.plane.commands if isinstance(command, AddPeer))
    offer = rtc.SignalRequest(offer=rtc.SessionDescription(type="offer", sdp="v=0\r\n", id=1))
    house.calls.receive(broken, JoinGrant("anna", Pii(""), "den", "devkey"), offer.SerializeToString())

    # No media plane answers like this; it stands for whatever mistake is still in our own code.
    nonsense = Answered(anna, 1, None)  # type: ignore[arg-type]
    house.plane.says([nonsense, Connected(ben)])

    assert (await told(broken))[-1].leave.action == rtc.LeaveRequest.Action.RECONNECT
    assert RemovePeer(anna) in house.plane.commands
    assert "a call starts over" in caplog.text
    house.calls.receive(whole, whole_grant, rtc.SignalRequest(ping=1).SerializeToString())
    whole.end()
    messages = await told(whole)
    assert messages[-1].WhichOneof("message") == "pong"
    assert any(info.state == models.ParticipantInfo.State.ACTIVE for m in messages for info in m.update.participants)
    await house.join(house.sdk_token("anna", "den"))
