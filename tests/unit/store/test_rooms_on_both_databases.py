"""Rooms and seats are kept alike by SQLite and PostgreSQL, and what must not race does not."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import inspect, text

from huisclos.model.errors import IdentityTaken, RoomsExhausted, RoomTaken, RoomUnknown
from huisclos.model.ids import ClaimHash, RoomId, SeatHash, new_identity
from huisclos.model.room import Admission, Encryption, Policy, Role, Room, Seat, SeatState
from huisclos.model.secrecy import Secret
from huisclos.store.database import open_database
from huisclos.store.rooms import RoomStore
from huisclos.store.tables import metadata
from unit.conftest import NOON

ANNA = SeatHash("a" * 64)
BEN = SeatHash("b" * 64)


def a_room(**changes: object) -> Room:
    return Room(
        **({"id": RoomId.new(), "claim": ClaimHash("c" * 64), "created_at": NOON, "last_used_at": NOON} | changes)
    )


def a_seat(key: SeatHash, role: Role = Role.GUEST, state: SeatState = SeatState.ADMITTED) -> Seat:
    return Seat(key, new_identity(), role, state)


async def test_a_room_is_found_as_it_was_kept(store: RoomStore):
    room = a_room(last_used_at=NOON + timedelta(days=1))

    await store.add(room, at_most=10)

    assert await store.room(room.id) == room
    assert await store.all_rooms() == [room]


async def test_a_room_that_is_not_there_is_unknown(store: RoomStore):
    with pytest.raises(RoomUnknown):
        await store.room(RoomId.new())
    with pytest.raises(RoomUnknown):
        await store.keep_seat(RoomId.new(), a_seat(ANNA))


async def test_no_more_rooms_are_kept_than_allowed(store: RoomStore):
    await store.add(a_room(), at_most=2)
    await store.add(a_room(), at_most=2)

    with pytest.raises(RoomsExhausted):
        await store.add(a_room(), at_most=2)


async def test_of_many_claims_at_once_exactly_one_seat_wins(store: RoomStore):
    room = a_room()
    await store.add(room, at_most=10)
    seats = [SeatHash(f"{number:064x}") for number in range(12)]

    won = await asyncio.gather(*(store.claim(room.id, seat) for seat in seats))

    assert won.count(True) == 1
    winner = seats[won.index(True)]
    assert (await store.room(room.id)).claimed_by == winner
    assert await store.claim(room.id, winner)


async def test_a_seat_keeps_its_identity_whatever_is_decided_later(store: RoomStore):
    room = a_room()
    await store.add(room, at_most=10)
    first = a_seat(ANNA, state=SeatState.DENIED)
    await store.keep_seat(room.id, first)

    await store.keep_seat(room.id, a_seat(ANNA))

    assert await store.seat(room.id, ANNA) == Seat(ANNA, first.identity, Role.GUEST, SeatState.ADMITTED)
    assert await store.seat(room.id, BEN) is None


def an_encrypted_room() -> Room:
    return a_room(encryption=Encryption.E2EE, policy=b"policy 1", policy_seq=1)


async def test_an_encrypted_room_is_found_with_its_policy_and_certificates(store: RoomStore):
    room, seat = an_encrypted_room(), replace(a_seat(ANNA), certificate=b"certificate")
    await store.add(room, at_most=10)
    await store.keep_seat(room.id, seat)

    assert await store.room(room.id) == room
    assert await store.seat(room.id, ANNA) == seat
    assert await store.seat_of(room.id, seat.identity) == seat
    assert await store.encryption(room.id) is Encryption.E2EE
    assert await store.encryption(RoomId.new()) is None


async def test_an_id_is_given_once(store: RoomStore):
    room = a_room()
    await store.add(room, at_most=10)

    with pytest.raises(RoomTaken):
        await store.add(a_room(id=room.id), at_most=10)

    await store.add(a_room(), at_most=10)


async def test_of_many_policies_at_once_the_newest_stays(store: RoomStore):
    room = an_encrypted_room()
    await store.add(room, at_most=10)
    policies = [Policy(f"policy {seq}".encode(), seq, Admission.LOBBY, b"k" * 32) for seq in range(1, 6)]

    done = await asyncio.gather(*(store.replace_policy(room.id, policy) for policy in policies))

    assert done[0] is False
    assert (await store.room(room.id)).policy == b"policy 5"


async def test_in_an_encrypted_room_a_seat_takes_the_identity_of_its_new_key_unless_another_has_it(store: RoomStore):
    room, first, other = an_encrypted_room(), a_seat(ANNA), a_seat(BEN)
    await store.add(room, at_most=10)
    await store.keep_seat(room.id, first)
    await store.keep_seat(room.id, other)
    newer = a_seat(ANNA)

    await store.keep_seat(room.id, newer)
    with pytest.raises(IdentityTaken):
        await store.keep_seat(room.id, replace(newer, identity=other.identity))

    assert await store.seat(room.id, ANNA) == newer


async def test_rooms_made_before_encryption_stay_transit(store: RoomStore, database_url: Secret):
    database = await open_database(database_url)
    async with database.writing() as connection:
        for statement in ("ALTER TABLE rooms DROP COLUMN policy", "ALTER TABLE rooms DROP COLUMN policy_seq"):
            await connection.execute(text(statement))
        await connection.execute(text("ALTER TABLE seats DROP COLUMN certificate"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        await connection.execute(
            text(
                "INSERT INTO rooms (id, claim_hash, encryption, created_at, last_used_at) "
                f"VALUES ('{'a' * 26}', '{'c' * 64}', 'transit', 1, 1)"
            )
        )
    await database.close()

    migrated = RoomStore(await open_database(database_url))

    room = await migrated.room(RoomId("a" * 26))
    assert (room.encryption, room.policy, room.policy_seq) == (Encryption.TRANSIT, None, None)
    await migrated.close()


async def test_a_hosts_seat_cannot_be_turned_into_a_guests(store: RoomStore):
    room = a_room()
    await store.add(room, at_most=10)
    host = a_seat(ANNA, Role.HOST)
    await store.keep_seat(room.id, host)

    await store.keep_seat(room.id, a_seat(ANNA, Role.GUEST, SeatState.DENIED))

    assert await store.seat(room.id, ANNA) == host


async def test_a_seat_in_one_room_is_none_in_another(store: RoomStore):
    here, there = a_room(), a_room()
    await store.add(here, at_most=10)
    await store.add(there, at_most=10)

    await store.keep_seat(here.id, a_seat(ANNA, Role.HOST))

    assert await store.seat(there.id, ANNA) is None


async def test_closing_a_room_forgets_its_seats(store: RoomStore):
    room = a_room()
    await store.add(room, at_most=10)
    await store.keep_seat(room.id, a_seat(ANNA))

    assert await store.remove(room.id)

    assert await store.seat(room.id, ANNA) is None
    assert not await store.remove(room.id)


async def test_only_rooms_unused_for_long_are_forgotten(store: RoomStore):
    old, touched, young = a_room(), a_room(), a_room(last_used_at=NOON + timedelta(days=5))
    for room in (old, touched, young):
        await store.add(room, at_most=10)
    await store.touch([touched.id], NOON + timedelta(days=3))

    removed = await store.remove_unused(NOON + timedelta(days=1))

    assert removed == 1
    assert await store.among([old.id, touched.id, young.id]) == {touched.id, young.id}


async def test_opening_a_database_twice_changes_nothing(store: RoomStore, database_url: Secret):
    room = a_room()
    await store.add(room, at_most=10)

    again = RoomStore(await open_database(database_url))

    assert await again.room(room.id) == room
    await again.close()


async def test_two_servers_may_start_on_an_empty_database_at_once(database_url: Secret):
    first, second = await asyncio.gather(open_database(database_url), open_database(database_url))

    await RoomStore(first).answers()
    await RoomStore(second).answers()
    await first.close()
    await second.close()


async def test_the_migrations_lead_to_the_tables_that_the_code_uses(database_url: Secret):
    database = await open_database(database_url)

    async with database.reading() as connection:
        found = await connection.run_sync(
            lambda sync: {
                name: {column["name"]: column["nullable"] for column in inspect(sync).get_columns(name)}
                for name in inspect(sync).get_table_names()
            }
        )

    await database.close()
    assert found.pop("alembic_version")
    assert found == {
        name: {column.name: column.nullable for column in table.columns} for name, table in metadata.tables.items()
    }


async def test_foreign_keys_hold(database_url: Secret):
    database = await open_database(database_url)

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with database.writing() as connection:
            await connection.execute(
                text(
                    "INSERT INTO seats (room, key_hash, identity, role, state) VALUES ('x', 'y', 'z', 'guest', 'denied')"
                )
            )

    await database.close()
