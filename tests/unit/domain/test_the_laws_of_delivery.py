"""Whatever clients send in whatever order: one total order without gaps for all who stay, one commit an epoch, mail read
once, nothing of one peer's garbage reaching another, and nothing kept when all are gone."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from huisclos.domain.delivery import EMPTY_FOR_S, Delivery
from huisclos.model.delivery import (
    Accepted,
    AskLog,
    AskState,
    AskToJoin,
    Commit,
    Committed,
    Create,
    Drop,
    Gap,
    Line,
    Log,
    Message,
    Output,
    Propose,
    Proposed,
    Ready,
    Refused,
    Said,
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
PEOPLE = [Identity(f"p_{number:020}") for number in range(4)]
AT_MOST = 3
people = st.sampled_from(PEOPLE)
epochs = st.integers(0, 6)
garbage = st.one_of(
    st.builds(Create, st.just(9), st.binary(max_size=40), epochs, st.binary(max_size=9)),
    st.builds(Commit, st.just(9), epochs, st.binary(max_size=40), st.binary(max_size=9)),
    st.builds(Propose, epochs, st.one_of(st.binary(max_size=40), st.just(mls.commit(GROUP, 0)))),
    st.builds(Say, epochs, st.one_of(st.binary(max_size=40), st.just(mls.commit(GROUP, 0)))),
    st.builds(Ready, st.integers(100, 2**53), st.integers(0, 9)),
    st.builds(AskToJoin, st.just(b"x" * 9000)),
    st.builds(lambda epoch: Commit(9, epoch, mls.commit(GROUP, 0) + bytes(300_000), b"info"), epochs),
    st.builds(AskLog, st.just(9), epochs),
    st.just(AskState()),
)


@dataclass
class Peer:
    identity: Identity
    heard: list[Message] = field(default_factory=list)


class Meeting(RuleBasedStateMachine):
    """The service beside a plain account of what it must have accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.delivery = Delivery(ROOM, b"k" * 32, lambda data: b"s" * 64, at_most=AT_MOST, now=self.now)
        self.peers: dict[Line, Peer] = {}
        self.next_line = 0
        self.accepted: list[tuple[int, bytes]] = []
        self.mail: dict[Identity, list[Welcome]] = {}
        self.empty_since: float | None = self.now
        self.switched = -1

    # What happens

    @rule(who=people)
    def somebody_connects(self, who: Identity) -> None:
        self.next_line += 1
        line = Line(self.next_line)
        there = {peer.identity for peer in self.peers.values()}
        self._forget_if_over()
        try:
            outputs = self.delivery.enter(line, who, hosts=who == PEOPLE[0], now=self.now)
        except RoomFull:
            assert len(there) == AT_MOST
            assert who not in there
            return
        self.peers[line] = Peer(who)
        self.empty_since = None
        told = self.hear(outputs)
        assert isinstance(told[line][0], State)
        mail = [message for message in told[line] if isinstance(message, Welcome)]
        assert mail == self.mail.pop(who, [])

    @precondition(lambda self: self.peers)
    @rule(data=st.data())
    def somebody_is_gone(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(list(self.peers)))
        del self.peers[line]
        if not self.peers:
            self.empty_since = self.now
        self.hear(self.delivery.leave(line, self.now))

    @precondition(lambda self: self.peers)
    @rule(data=st.data(), epoch=epochs)
    def somebody_makes_a_group(self, data: st.DataObject, epoch: int) -> None:
        line = data.draw(st.sampled_from(list(self.peers)))
        before = self.delivery.epoch
        told = self.hear(self.delivery.receive(line, Create(1, GROUP, epoch, b"info"), self.now))
        if any(isinstance(message, Accepted) for message in told[line]):
            assert before is None or epoch > before
            assert self.delivery.epoch == epoch
            self.accepted, self.mail, self.switched = [], {}, -1
            others = [told[other] for other in self.peers if other != line]
            assert all(any(isinstance(message, State) for message in heard) for heard in others)
        else:
            assert self.delivery.epoch == before

    @precondition(lambda self: self.peers)
    @rule(data=st.data(), epoch=epochs, to=st.lists(people, max_size=2), removed=st.lists(people, max_size=1))
    def somebody_commits(self, data: st.DataObject, epoch: int, to: list[Identity], removed: list[Identity]) -> None:
        line = data.draw(st.sampled_from(list(self.peers)))
        before = self.delivery.epoch
        commit = mls.commit(GROUP, epoch, inside=str(self.next_line).encode() + bytes(len(self.accepted)))
        welcome = b"welcome" if to else None
        request = Commit(2, epoch, commit, b"info", welcome, tuple(to), tuple(removed))

        told = self.hear(self.delivery.receive(line, request, self.now))

        if before == epoch:
            assert self.delivery.epoch == epoch + 1
            self.accepted.append((epoch, commit))
            assert all([m for m in told[other] if isinstance(m, Committed)] for other in self.peers)
            there = {peer.identity for peer in self.peers.values()}
            self.mail |= {one: [Welcome(epoch + 1, b"welcome")] for one in to if one not in there}
        else:
            assert self.delivery.epoch == before
            refusal = next(m for m in told[line] if isinstance(m, Refused))
            assert (refusal.code, refusal.epoch) == ("no_group" if before is None else "conflict", before)
            assert not any(m for other in self.peers if other != line for m in told[other] if isinstance(m, Committed))

    @precondition(lambda self: self.peers)
    @rule(data=st.data(), request=garbage)
    def somebody_sends_garbage(self, data: st.DataObject, request: object) -> None:
        self.hear(self.delivery.tick(self.now))
        line = data.draw(st.sampled_from(list(self.peers)))
        before = (self.delivery.epoch, self.delivery.people, self.delivery.due())

        told = self.hear(self.delivery.receive(line, request, self.now))  # type: ignore[arg-type]

        assert (self.delivery.epoch, self.delivery.people, self.delivery.due()) == before
        assert not [other for other in told if other != line and told[other]]

    @precondition(lambda self: self.peers and self.delivery.epoch is not None)
    @rule(data=st.data(), leaf=st.integers(0, 5))
    def somebody_is_ready(self, data: st.DataObject, leaf: int) -> None:
        line = data.draw(st.sampled_from(list(self.peers)))
        epoch = self.delivery.epoch
        assert epoch is not None
        self.hear(self.delivery.receive(line, Ready(epoch, leaf), self.now))

    @precondition(lambda self: self.peers and self.delivery.epoch is not None)
    @rule(data=st.data())
    def somebody_speaks(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(list(self.peers)))
        epoch = self.delivery.epoch
        assert epoch is not None
        message = mls.said(GROUP, epoch)
        told = self.hear(self.delivery.receive(line, Say(epoch, message), self.now))
        by = self.peers[line].identity
        for other in self.peers:
            said = [m for m in told[other] if isinstance(m, Said)]
            assert said == ([] if other == line else [Said(epoch, message, by)])

    @precondition(lambda self: self.peers and self.accepted)
    @rule(data=st.data())
    def somebody_asks_for_what_it_missed(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(list(self.peers)))
        since = data.draw(st.integers(self.accepted[0][0], self.accepted[-1][0] + 1))
        told = self.hear(self.delivery.receive(line, AskLog(3, since), self.now))
        (log,) = (m for m in told[line] if isinstance(m, Log | Gap))
        assert log == Log(3, tuple(entry for entry in self.accepted if entry[0] >= since))

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 10.5, EMPTY_FOR_S]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self._forget_if_over()
        self.hear(self.delivery.tick(self.now))

    # The account

    def _forget_if_over(self) -> None:
        if self.empty_since is not None and self.now - self.empty_since >= EMPTY_FOR_S:
            self.accepted, self.mail, self.switched = [], {}, -1

    def hear(self, outputs: list[Output]) -> dict[Line, list[Message]]:
        told: dict[Line, list[Message]] = {line: [] for line in self.peers}
        for output in outputs:
            match output:
                case Drop(line, "replaced"):
                    del self.peers[line]
                case Tell(lines, message):
                    for line in lines:
                        assert line in self.peers, "somebody who is gone was told something"
                        self.peers[line].heard.append(message)
                        told.setdefault(line, []).append(message)
                    if isinstance(message, Proposed) and message.gone is not None:
                        assert message.gone not in {peer.identity for peer in self.peers.values()}
        return told

    # The laws

    @invariant()
    def everybody_who_stays_hears_one_order_without_gaps(self) -> None:
        for peer in self.peers.values():
            since = next(m.seq for m in peer.heard if isinstance(m, State))
            commits = [m for m in peer.heard if isinstance(m, Committed)]
            assert [m.seq for m in commits] == list(range(since + 1, since + 1 + len(commits)))

    @invariant()
    def all_hear_the_same_commit_under_a_number(self) -> None:
        by_number: dict[int, Committed] = {}
        for peer in self.peers.values():
            for message in peer.heard:
                if isinstance(message, Committed):
                    assert by_number.setdefault(message.seq, message) == message

    @invariant()
    def an_epoch_has_one_commit(self) -> None:
        assert len({epoch for epoch, _ in self.accepted}) == len(self.accepted)

    @invariant()
    def keys_switch_only_to_epochs_that_are(self) -> None:
        for peer in self.peers.values():
            last = peer.heard[-1] if peer.heard else None
            if isinstance(last, Switch):
                assert self.delivery.epoch is not None
                assert last.epoch <= self.delivery.epoch

    @invariant()
    def nothing_is_kept_when_all_have_gone(self) -> None:
        if not self.peers and self.delivery.is_over(self.now):
            self.delivery.tick(self.now)
            assert self.delivery.epoch is None
            assert self.delivery.people == ()


Meeting.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestMeeting = Meeting.TestCase
