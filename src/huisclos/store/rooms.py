"""Rooms and seats in the database. Every method is one transaction; what must not race is decided by the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from huisclos.model.errors import IdentityTaken, RoomsExhausted, RoomTaken, RoomUnknown
from huisclos.model.ids import ClaimHash, Identity, RoomId, SeatHash
from huisclos.model.room import Encryption, Policy, Role, Room, Seat, SeatState
from huisclos.store.database import Database
from huisclos.store.tables import rooms, seats


class RoomStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def answers(self) -> None:
        """Return if the database does; whatever it raises otherwise goes through."""
        async with self._database.reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._database.close()

    async def add(self, room: Room, *, at_most: int) -> None:
        """Keep a new room. Raises RoomsExhausted if there are `at_most` already, RoomTaken if one has this id.

        Two servers adding at once on PostgreSQL may pass `at_most` by one or two: it is a brake, not a quota.
        """
        async with self._database.writing() as connection:
            count = await connection.scalar(select(func.count()).select_from(rooms))
            if count is not None and count >= at_most:
                raise RoomsExhausted
            new = rooms.insert().values(
                id=room.id,
                claim_hash=room.claim,
                claimed_by=room.claimed_by,
                encryption=room.encryption.value,
                created_at=room.created_at,
                last_used_at=room.last_used_at,
                policy=room.policy,
                policy_seq=room.policy_seq,
            )
            try:
                await connection.execute(new)
            except IntegrityError:
                raise RoomTaken from None

    async def room(self, room_id: RoomId) -> Room:
        """Raises RoomUnknown."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(rooms).where(rooms.c.id == room_id))).one_or_none()
        if row is None:
            raise RoomUnknown
        return _room(row)

    async def encryption(self, room_id: RoomId) -> Encryption | None:
        """How that room is encrypted, or None if there is no such room."""
        async with self._database.reading() as connection:
            found = await connection.scalar(select(rooms.c.encryption).where(rooms.c.id == room_id))
        return None if found is None else Encryption(found)

    async def among(self, room_ids: Sequence[RoomId]) -> frozenset[RoomId]:
        """Those of these rooms that exist."""
        async with self._database.reading() as connection:
            found = await connection.scalars(select(rooms.c.id).where(rooms.c.id.in_(room_ids)))
            return frozenset(RoomId(room) for room in found)

    async def all_rooms(self) -> Sequence[Room]:
        async with self._database.reading() as connection:
            return [_room(row) for row in await connection.execute(select(rooms).order_by(rooms.c.created_at))]

    async def claim(self, room_id: RoomId, seat: SeatHash) -> bool:
        """Mark the room's claim as used by `seat`. False if another seat has used it: of two at once, one wins."""
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(rooms)
                .where(rooms.c.id == room_id, (rooms.c.claimed_by.is_(None)) | (rooms.c.claimed_by == seat))
                .values(claimed_by=seat)
            )
            return done.rowcount == 1

    async def replace_policy(self, room_id: RoomId, policy: Policy) -> bool:
        """Put a newer policy in force. False if the one in force is as new: of two at once, one wins."""
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(rooms)
                .where(rooms.c.id == room_id, rooms.c.policy_seq < policy.seq)
                .values(policy=policy.blob, policy_seq=policy.seq)
            )
            return done.rowcount == 1

    async def touch(self, room_ids: Sequence[RoomId], now: datetime) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(rooms).where(rooms.c.id.in_(room_ids)).values(last_used_at=now))

    async def remove(self, room_id: RoomId) -> bool:
        """Forget a room and its seats. False if it was not there."""
        async with self._database.writing() as connection:
            return (await connection.execute(delete(rooms).where(rooms.c.id == room_id))).rowcount == 1

    async def remove_unused(self, before: datetime) -> int:
        """Forget the rooms last used before that moment, and say how many they were."""
        async with self._database.writing() as connection:
            return (await connection.execute(delete(rooms).where(rooms.c.last_used_at < before))).rowcount

    async def seat(self, room_id: RoomId, seat: SeatHash) -> Seat | None:
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(seats).where(seats.c.room == room_id, seats.c.key_hash == seat))
            ).one_or_none()
        return None if row is None else _seat(row)

    async def seat_of(self, room_id: RoomId, identity: Identity) -> Seat | None:
        """The admitted seat that is shown to the others as `identity`."""
        async with self._database.reading() as connection:
            row = (await connection.execute(_admitted(room_id, identity))).first()
        return None if row is None else _seat(row)

    async def is_removed(self, room_id: RoomId, identity: Identity) -> bool:
        """Whether a host has put that identity out, and no seat has been admitted by it since."""
        shown = select(seats.c.state).where(seats.c.room == room_id, seats.c.identity == identity)
        async with self._database.reading() as connection:
            states = set(await connection.scalars(shown))
        return SeatState.DENIED.value in states and SeatState.ADMITTED.value not in states

    async def keep_seat(self, room_id: RoomId, seat: Seat) -> None:
        """Keep what was decided about a seat. One that exists keeps its identity in a transit room, and takes the new one
        (the fingerprint of a new key) in an encrypted room; a host's stays a host's.

        Raises RoomUnknown if the room has gone meanwhile, IdentityTaken if another seat was admitted by this identity.
        """
        async with self._database.writing() as connection:
            # The room's row is locked first, so that a purge cannot pass between the look and the insert.
            found = await connection.scalar(select(rooms.c.encryption).where(rooms.c.id == room_id).with_for_update())
            if found is None:
                raise RoomUnknown
            if (
                await connection.execute(_admitted(room_id, seat.identity).where(seats.c.key_hash != seat.key))
            ).first():
                raise IdentityTaken
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            insert = dialect.insert(seats).values(
                room=room_id,
                key_hash=seat.key,
                identity=seat.identity,
                role=seat.role.value,
                state=seat.state.value,
                certificate=seat.certificate,
            )
            changed = {name: insert.excluded[name] for name in ("role", "state", "certificate")}
            if found == Encryption.E2EE.value:
                changed["identity"] = insert.excluded.identity
            may_change = None if seat.role is Role.HOST else seats.c.role != Role.HOST.value
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[seats.c.room, seats.c.key_hash],
                    set_=changed,
                    where=may_change,
                )
            )


def _admitted(room_id: RoomId, identity: Identity) -> Select[Any]:
    return select(seats).where(
        seats.c.room == room_id, seats.c.identity == identity, seats.c.state == SeatState.ADMITTED.value
    )


def _room(row: Row[Any]) -> Room:
    return Room(
        id=RoomId(row.id),
        claim=ClaimHash(row.claim_hash),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        encryption=Encryption(row.encryption),
        claimed_by=None if row.claimed_by is None else SeatHash(row.claimed_by),
        policy=row.policy,
        policy_seq=row.policy_seq,
    )


def _seat(row: Row[Any]) -> Seat:
    return Seat(SeatHash(row.key_hash), Identity(row.identity), Role(row.role), SeatState(row.state), row.certificate)
