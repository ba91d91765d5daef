"""The delivery service by examples: when keys switch, who is proposed for removal, how a group is restored, what is refused."""

from itertools import count

import pytest

from huisclos.domain.delivered import GONE_AFTER_S, LOG_COMMITS
from huisclos.domain.delivery import EMPTY_FOR_S, MOST_MESSAGE, Delivery
from huisclos.domain.mls_header import ContentType, SenderType, parse
from huisclos.model.delivery import (
    Accepted,
    AskLog,
    AsksToJoin,
    AskToJoin,
    Commit,
    Create,
    Drop,
    Gap,
    Line,
    Log,
    Message,
    Output,
    People,
    Propose,
    Proposed,
    Ready,
    Refused,
    Request,
    Say,
    State,
    Switch,
    Tell,
    Welcome,
)
from huisclos.model.errors import RoomFull
from huisclos.model.ids import Identity, RoomId
from unit import mls

ROOM = RoomId("a" * 26)
GROUP = ROOM.encode() + mls.GROUP_SUFFIX
KEY = b"k" * 32
HOST, ANNA, BEN = (Identity(f"p_{name:_<20}") for name in ("host", "anna", "ben"))


class Scene:
    """One room's service, and what each line was told since it was last asked."""

    def __init__(self, *, at_most: int = 10) -> None:
        self.now = 0.0
        self.delivery = Delivery(ROOM, KEY, lambda data: b"s" * 64, at_most=at_most, now=self.now)
        self.told: dict[Line, list[Message]] = {}
        self.dropped: list[Drop] = []
        self._lines = count(1)

    def enter(self, identity: Identity, *, hosts: bool = False) -> Line:
        line = Line(next(self._lines))
        self.told[line] = []
        self._carry_out(self.delivery.enter(line, identity, hosts=hosts, now=self.now))
        return line

    def leave(self, line: Line) -> None:
        self._carry_out(self.delivery.leave(line, self.now))

    def send(self, line: Line, *requests: Request) -> list[Message]:
        """What that line is told of it."""
        self.told[line].clear()
        for request in requests:
            self._carry_out(self.delivery.receive(line, request, self.now))
        return self.told[line]

    def wait(self, seconds: float) -> None:
        """Let time pass, turning the clock exactly when the service asks for it."""
        until = self.now + seconds
        while (due := self.delivery.due()) is not None and due <= until and not self.delivery.is_over(self.now):
            self.now = max(self.now, due)
            self._carry_out(self.delivery.tick(self.now))
            following = self.delivery.due()
            assert following is None or following > self.now or self.delivery.is_over(self.now), (
                "it would turn for ever"
            )
        self.now = until

    def heard(self, line: Line, kind: type) -> list[Message]:
        return [message for message in self.told[line] if isinstance(message, kind)]

    def _carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Tell(lines, message):
                    for line in lines:
                        self.told[line].append(message)
                case Drop():
                    self.dropped.append(output)


def in_a_group(*identities: Identity) -> tuple[Scene, list[Line]]:
    """A host and others on leaves 0, 1, … of a group in epoch 0, whose keys have switched."""
    scene = Scene()
    lines = [scene.enter(HOST, hosts=True), *(scene.enter(identity) for identity in identities)]
    scene.send(lines[0], Create(1, GROUP, 0, b"info"))
    for leaf, line in enumerate(lines):
        scene.send(line, Ready(0, leaf))
    scene.wait(2)
    for told in scene.told.values():
        told.clear()
    return scene, lines


def a_commit(epoch: int, **more: object) -> Commit:
    return Commit(2, epoch, mls.commit(GROUP, epoch), b"info", **more)  # type: ignore[arg-type]


def test_keys_switch_at_once_when_all_members_are_ready():
    scene, (host, anna) = in_a_group(ANNA)
    scene.send(host, a_commit(0))
    assert scene.heard(host, Switch) == []
    scene.send(host, Ready(1, 0))
    assert scene.heard(anna, Switch) == []

    scene.send(anna, Ready(1, 1))

    assert scene.heard(host, Switch) == scene.heard(anna, Switch) == [Switch(1)]


@pytest.mark.parametrize(("removed", "seconds"), [((), 1.0), ((BEN,), 0.5)])
def test_keys_switch_after_a_while_though_one_is_silent(removed: tuple[Identity, ...], seconds: float):
    scene, (host, anna, _ben) = in_a_group(ANNA, BEN)
    scene.send(host, a_commit(0, removed=removed))

    scene.wait(seconds - 0.01)
    assert scene.heard(anna, Switch) == []
    scene.wait(0.02)

    assert scene.heard(anna, Switch) == [Switch(1)]


def test_commits_in_quick_succession_do_not_put_off_the_switch():
    scene, (host, anna) = in_a_group(ANNA)
    for epoch in range(4):
        scene.send(host, a_commit(epoch))
        scene.wait(0.4)

    assert [switch.epoch for switch in scene.heard(anna, Switch)] == [1, 2]  # type: ignore[attr-defined]
    scene.wait(2)
    assert [switch.epoch for switch in scene.heard(anna, Switch)] == [1, 2, 3, 4]  # type: ignore[attr-defined]


def test_one_who_is_ready_late_is_told_alone_that_the_others_have_switched():
    scene, (host, anna) = in_a_group(ANNA)
    scene.send(host, a_commit(0), Ready(1, 0))
    scene.wait(2)
    scene.told[host].clear()

    assert scene.send(anna, Ready(1, 1)) == [Switch(1)]
    assert scene.heard(host, Switch) == []


def test_who_is_gone_for_ten_seconds_is_proposed_for_removal_in_each_epoch_until_removed():
    scene, (host, anna) = in_a_group(ANNA)
    scene.leave(anna)
    scene.wait(GONE_AFTER_S - 0.1)
    assert scene.heard(host, Proposed) == []
    scene.wait(0.2)

    (proposed,) = scene.heard(host, Proposed)
    assert isinstance(proposed, Proposed)
    assert (proposed.epoch, proposed.gone) == (0, ANNA)
    header = parse(proposed.proposal)
    assert (header.group, header.content, header.sender) == (GROUP, ContentType.PROPOSAL, SenderType.EXTERNAL)
    assert proposed.proposal[-70:-66] == (1).to_bytes(4)
    scene.wait(30)
    assert len(scene.heard(host, Proposed)) == 1
    scene.send(host, a_commit(0))
    assert [again.epoch for again in scene.heard(host, Proposed)] == [1]  # type: ignore[attr-defined]
    scene.send(host, a_commit(1, removed=(ANNA,)))
    scene.wait(30)
    assert scene.heard(host, Proposed) == []


def test_who_comes_back_in_time_is_not_proposed():
    scene, (host, anna) = in_a_group(ANNA)
    scene.leave(anna)
    scene.wait(GONE_AFTER_S - 0.1)
    scene.enter(ANNA)

    scene.wait(30)

    assert scene.heard(host, Proposed) == []


def test_one_who_joins_while_proposals_are_pending_is_told_them():
    scene, (host, anna, ben) = in_a_group(ANNA, BEN)
    leaving = mls.public(GROUP, 0, ContentType.PROPOSAL)

    scene.send(anna, Propose(0, leaving))

    expected = Proposed(0, leaving, None)
    assert scene.heard(host, Proposed) == scene.heard(ben, Proposed) == [expected]
    assert scene.heard(anna, Proposed) == []
    again = scene.enter(BEN)
    assert scene.heard(again, Proposed) == [expected]


@pytest.mark.parametrize("sender", [SenderType.EXTERNAL, SenderType.NEW_MEMBER_PROPOSAL, SenderType.NEW_MEMBER_COMMIT])
def test_nobody_proposes_in_the_servers_name(sender: SenderType):
    scene, (host, anna) = in_a_group(ANNA)

    told = scene.send(anna, Propose(0, mls.public(GROUP, 0, ContentType.PROPOSAL, sender)))

    assert told == [Refused(None, "header_invalid", 0)]
    assert scene.heard(host, Proposed) == []


def test_a_group_lost_with_the_server_is_restored_by_the_one_who_is_furthest():
    scene = Scene()
    late, host, fresh = scene.enter(ANNA), scene.enter(HOST, hosts=True), scene.enter(BEN)

    scene.send(late, Create(1, GROUP, 56, b"56"))
    scene.wait(0.5)
    assert Accepted(2, 57) in scene.send(host, Create(2, GROUP, 57, b"57"))
    assert Refused(3, "group_exists", 57) in scene.send(fresh, Create(3, GROUP[:-1] + b"x", 0, b"0"))

    states = [state for state in scene.heard(late, State) if isinstance(state, State)]
    assert (states[-1].epoch, states[-1].info) == (57, b"57")
    scene.wait(1)
    assert Refused(4, "group_exists", 57) in scene.send(late, Create(4, GROUP, 99, b"99"))


def test_whoever_never_comes_back_after_a_restart_is_proposed_by_what_the_restorer_says():
    scene = Scene()
    host = scene.enter(HOST, hosts=True)
    scene.send(host, Create(1, GROUP, 7, b"info", KEY, ((HOST, 0), (ANNA, 1))))

    scene.wait(GONE_AFTER_S + 0.1)

    assert [proposed.gone for proposed in scene.heard(host, Proposed)] == [ANNA]  # type: ignore[attr-defined]


def test_a_group_that_trusts_another_key_is_sent_no_proposal():
    scene = Scene()
    host = scene.enter(HOST, hosts=True)
    scene.send(host, Create(1, GROUP, 7, b"info", b"another key of 32 bytes.........", ((HOST, 0), (ANNA, 1))))

    scene.wait(GONE_AFTER_S + 60)

    assert scene.heard(host, Proposed) == []


def test_a_refused_commit_brings_what_is_true_now():
    scene, (host, anna) = in_a_group(ANNA)
    scene.send(host, a_commit(0))

    refused, state = scene.send(anna, a_commit(0))

    assert refused == Refused(2, "conflict", 1)
    assert isinstance(state, State)
    assert (state.epoch, state.info) == (1, b"info")


@pytest.mark.parametrize(
    "commit",
    [
        mls.commit(GROUP[:-1] + b"x", 0),
        mls.commit(GROUP, 1),
        mls.public(GROUP, 0, ContentType.PROPOSAL),
        mls.public(GROUP, 0, ContentType.COMMIT, SenderType.EXTERNAL),
        mls.private(GROUP, 0, ContentType.COMMIT),
        b"",
        b"\xff" * 100,
    ],
    ids=["group", "epoch", "content", "sender", "private", "empty", "garbage"],
)
def test_a_commit_that_is_none_of_this_epoch_is_refused_and_the_next_good_one_taken(commit: bytes):
    scene, (host, anna) = in_a_group(ANNA)

    assert scene.send(anna, Commit(3, 0, commit, b"info")) == [Refused(3, "header_invalid", 0)]
    assert scene.told[host] == []

    assert Accepted(2, 1) in scene.send(host, a_commit(0))


def test_an_external_commit_is_taken_as_a_members_is():
    scene, (host, _) = in_a_group(ANNA)
    external = mls.public(GROUP, 0, ContentType.COMMIT, SenderType.NEW_MEMBER_COMMIT)

    assert Accepted(5, 1) in scene.send(host, Commit(5, 0, external, b"info"))


def test_too_much_is_refused_by_its_kind():
    scene, (host, anna) = in_a_group(ANNA)
    large = bytes(500_000)

    assert scene.send(anna, Commit(1, 0, mls.commit(GROUP, 0, large), b"info")) == [Refused(1, "too_large", 0)]
    assert scene.send(anna, Commit(1, 0, mls.commit(GROUP, 0), large)) == [Refused(1, "too_large", 0)]
    assert scene.send(anna, Commit(1, 0, mls.commit(GROUP, 0), b"i", large)) == [Refused(1, "too_large", 0)]
    assert scene.send(anna, Say(0, mls.said(GROUP, 0, bytes(MOST_MESSAGE)))) == [Refused(None, "too_large", 0)]
    assert scene.send(anna, AskToJoin(bytes(9000))) == [Refused(None, "too_large", 0)]
    assert scene.told[host] == []


def test_a_wish_to_join_goes_to_hosts_alone():
    scene, (host, anna, ben) = in_a_group(ANNA, BEN)

    assert scene.send(ben, AskToJoin(b"package")) == []

    assert scene.heard(host, AsksToJoin) == [AsksToJoin(b"package", BEN)]
    assert scene.told[anna] == []
    scene.leave(host)
    assert scene.send(ben, AskToJoin(b"package"))[-1] == Refused(None, "no_host", 0)


def test_a_welcome_waits_for_who_is_away_and_is_read_once():
    scene, (host, anna) = in_a_group(ANNA)
    scene.leave(anna)
    scene.send(host, a_commit(0, welcome=b"welcome", to=(ANNA,)))

    back = scene.enter(ANNA)
    assert scene.heard(back, Welcome) == [Welcome(1, b"welcome")]

    assert scene.heard(scene.enter(ANNA), Welcome) == []


def test_the_last_commits_can_be_asked_for_and_older_ones_are_gone():
    scene, (host, _) = in_a_group()[0], [*in_a_group()[1], None]
    for epoch in range(LOG_COMMITS + 1):
        scene.send(host, a_commit(epoch))

    assert scene.send(host, AskLog(1, 0)) == [Gap(1)]
    (log,) = scene.send(host, AskLog(2, 1))
    assert isinstance(log, Log)
    assert [epoch for epoch, _ in log.commits] == list(range(1, LOG_COMMITS + 1))
    assert scene.send(host, AskLog(3, LOG_COMMITS + 1)) == [Log(3, ())]
    assert scene.send(host, AskLog(4, LOG_COMMITS + 2)) == [Gap(4)]


def test_a_second_line_of_one_identity_ends_the_first():
    scene, (host, anna) = in_a_group(ANNA)

    again = scene.enter(ANNA)

    assert scene.dropped == [Drop(anna, "replaced")]
    assert scene.send(anna, Say(0, mls.said(GROUP, 0))) == []
    scene.leave(anna)
    scene.wait(1)
    assert scene.heard(again, People)[-1] == People((HOST, ANNA))
    assert scene.heard(host, People)[-1] == People((HOST, ANNA))


def test_a_full_room_takes_back_who_is_in_it_and_nobody_else():
    scene = Scene(at_most=1)
    scene.enter(ANNA)

    with pytest.raises(RoomFull):
        scene.enter(BEN)

    scene.enter(ANNA)


def test_many_who_come_at_once_are_told_together():
    scene = Scene(at_most=100)
    first = scene.enter(HOST)
    for number in range(50):
        scene.enter(Identity(f"p_{number:020}"))

    scene.wait(1)

    assert len(scene.heard(first, People)) == 2


def test_the_only_member_finds_its_group_again_after_a_reload_but_not_after_a_while():
    scene, (host,) = in_a_group()
    scene.leave(host)
    scene.wait(EMPTY_FOR_S - 1)
    (state,) = scene.heard(scene.enter(HOST, hosts=True), State)
    assert isinstance(state, State)
    assert state.group == GROUP

    scene.send(Line(2), a_commit(0))
    scene.leave(Line(2))
    scene.wait(EMPTY_FOR_S)
    (state,) = scene.heard(scene.enter(HOST, hosts=True), State)
    assert isinstance(state, State)
    assert (state.group, state.info) == (None, None)
