"""Laws that hold whatever people do in whatever order.

Versions only grow. Who has left does not come back under the same sid. Nobody receives what its publisher keeps from it,
what it may not have, or what no longer exists. No section carries two tracks, no track two sections of one client.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from livekit.protocol import models, rtc

from huisclos.model.call import (
    AddPeer,
    Answered,
    Closed,
    Connected,
    MediaCommand,
    Publish,
    RemovePeer,
    Subscribe,
    Unpublish,
    Unsubscribe,
)
from huisclos.model.join_grant import VideoGrants
from unit.signalling.scene import Client, Scene, answered, offer, receiving, section

NAMES = st.sampled_from(["anna", "ben", "carla", "deaf"])
DISCONNECTED = models.ParticipantInfo.State.DISCONNECTED


def rights(name: str) -> VideoGrants:
    return VideoGrants(can_subscribe=name != "deaf")


class MediaPlane:
    """What a media plane would be forwarding, from the commands alone."""

    def __init__(self) -> None:
        self.peers: set[str] = set()
        self.publisher: dict[str, str] = {}
        self.forwarding: dict[tuple[str, str], str] = {}
        self._read = 0

    def follow(self, commands: list[MediaCommand]) -> None:
        for command in commands[self._read :]:
            self._apply(command)
        self._read = len(commands)

    def _apply(self, command: MediaCommand) -> None:
        match command:
            case AddPeer(peer, _):
                self.peers.add(peer)
            case RemovePeer(peer):
                self.peers.discard(peer)
                self._stop(lambda to, mid: to == peer)
            case Publish(peer, _, track, _):
                assert peer in self.peers, "a track of nobody"
                assert track not in self.publisher, "a track published twice"
                self.publisher[track] = peer
            case Unpublish(track):
                del self.publisher[track]
                self._stop(lambda to, mid: self.forwarding[to, mid] == track)
            case Subscribe(peer, mid, track):
                assert peer in self.peers, "media for somebody who is not in the call"
                assert track in self.publisher, "a subscription to nothing"
                assert (peer, mid) not in self.forwarding, "a section booked twice"
                self.forwarding[peer, mid] = track
            case Unsubscribe(peer, mid):
                self.forwarding.pop((peer, mid), None)

    def _stop(self, which) -> None:  # type: ignore[no-untyped-def]
        for to, mid in [key for key in self.forwarding if which(*key)]:
            del self.forwarding[to, mid]


class ACall(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.plane = MediaPlane()
        self.here: dict[str, Client] = {}
        self.sections: dict[str, list[str]] = {}
        self.denied: dict[str, set[str]] = {}
        self.with_media: set[str] = set()
        self.cids = 0

    def client(self, name: str) -> Client | None:
        client = self.here.get(name)
        return client if client is not None and not client.hung_up else None

    def gone(self, name: str) -> None:
        self.here.pop(name, None)
        self.with_media.discard(name)
        self.sections.pop(name, None)
        self.denied.pop(name, None)

    @initialize()
    def everybody_comes(self) -> None:
        for name in ("anna", "ben", "carla", "deaf"):
            self.joins(name)
            self.gets_media(name)

    @rule(name=NAMES)
    def joins(self, name: str) -> None:
        """Also while it is here already: from a second device."""
        self.gone(name)
        self.here[name] = self.scene.join(name, may=rights(name))
        self.sections[name] = receiving(1, 1)
        self.negotiates(name)

    @rule(name=NAMES)
    def negotiates(self, name: str) -> None:
        client = self.client(name)
        if client is not None:
            request = self.scene.send_offer(client, *self.sections[name])
            self.scene.happens(Answered(client.sid, request, answered(offer(*self.sections[name]))))

    @rule(name=NAMES)
    def offers_and_hears_nothing_yet(self, name: str) -> None:
        client = self.client(name)
        if client is not None:
            self.scene.send_offer(client, *self.sections[name])

    @rule(name=NAMES, kind=st.sampled_from(["audio", "video"]))
    def publishes(self, name: str, kind: str) -> None:
        client = self.client(name)
        if client is not None:
            self.cids += 1
            cid = f"cid{self.cids}"
            type_ = models.TrackType.AUDIO if kind == "audio" else models.TrackType.VIDEO
            self.scene.send(client, add_track=rtc.AddTrackRequest(cid=cid, type=type_))
            self.sections[name].append(section(f"p{self.cids}", kind, "sendonly", cid))
            self.negotiates(name)

    @rule(name=NAMES)
    def withdraws(self, name: str) -> None:
        own = [text for text in self.sections.get(name, []) if "a=sendonly" in text]
        if own:
            at = self.sections[name].index(own[0])
            self.sections[name][at] = own[0].replace("a=sendonly", "a=inactive")
            self.negotiates(name)

    @rule(name=NAMES)
    def makes_the_sections_asked_for(self, name: str) -> None:
        client = self.client(name)
        if client is not None and client.all("media_sections_requirement"):
            self.sections[name] += [section(f"m{len(self.sections[name])}", "video", "recvonly")]
            self.negotiates(name)

    @rule(name=NAMES, other=NAMES)
    def keeps_its_tracks_from(self, name: str, other: str) -> None:
        client = self.client(name)
        if client is not None:
            allowed = [n for n in ("anna", "ben", "carla", "deaf") if n != other]
            rules = [rtc.TrackPermission(participant_identity=n, all_tracks=True) for n in allowed]
            self.scene.send(client, subscription_permission=rtc.SubscriptionPermission(track_permissions=rules))
            self.denied[name] = {other}

    @rule(name=NAMES)
    def gets_media(self, name: str) -> None:
        client = self.here.get(name)
        if client is not None:
            self.scene.happens(Connected(client.sid))
            self.with_media.add(name)

    @rule(name=NAMES, by_choice=st.booleans())
    def goes(self, name: str, by_choice: bool) -> None:
        client = self.client(name)
        if client is not None and by_choice:
            self.scene.send(client, leave=rtc.LeaveRequest())
            self.gone(name)
        elif client is not None:
            self.scene.happens(Closed(client.sid, "ice_timeout"))
            self.gone(name)

    @rule(name=NAMES, back=st.booleans())
    def loses_its_socket(self, name: str, back: bool) -> None:
        client = self.client(name)
        if client is not None:
            self.scene.lose(client)
            client.hung_up = True
            if name not in self.with_media:
                self.gone(name)
            elif back:
                self.here[name] = self.scene.resume(client, may=rights(name))

    @rule(seconds=st.sampled_from([1.0, 6.0, 50.0]))
    def time_passes(self, seconds: float) -> None:
        self.scene.tick(seconds)
        for name in list(self.here):
            if name not in self.scene.call.identities:
                self.gone(name)

    @invariant()
    def only_what_may_be_forwarded_is_forwarded(self) -> None:
        self.plane.follow(self.scene.commands)
        names = {client.sid: name for name, client in self.here.items()}
        tracks_of: dict[str, list[str]] = {}
        for (to, _), track in self.plane.forwarding.items():
            publisher = self.plane.publisher[track]
            assert to in names, "media for somebody who has left"
            assert names[to] != "deaf", "media for somebody who may not have any"
            assert to != publisher, "one's own media sent back"
            assert names[to] not in self.denied.get(names[publisher], set()), "media kept back by its publisher"
            tracks_of.setdefault(to, []).append(track)
        for tracks in tracks_of.values():
            assert len(tracks) == len(set(tracks)), "a track twice at one client"

    @invariant()
    def everybody_sees_exactly_the_others(self) -> None:
        for client in (c for name in self.here if (c := self.client(name)) is not None):
            others = {other.sid for other in self.here.values()} - {client.sid}
            assert set(client.sees()) == others

    @invariant()
    def versions_grow_and_the_departed_stay_away(self) -> None:
        for client in self.scene.clients.values():
            versions: dict[str, int] = {}
            departed: set[str] = set()
            resumed = client.kinds()[:1] == ["reconnect"]
            for update in client.all("update"):
                for info in update.participants:  # type: ignore[attr-defined]
                    assert info.sid not in departed, "somebody came back from having left"
                    before = versions.get(info.sid, -1)
                    assert info.version > before or (resumed and info.version == before)
                    versions[info.sid] = info.version
                    if info.state == DISCONNECTED:
                        departed.add(info.sid)


TestACall = ACall.TestCase
TestACall.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
