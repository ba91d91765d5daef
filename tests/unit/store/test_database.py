"""How a database is opened, and what is refused."""

import stat
from pathlib import Path

import pytest

from huisclos.model.errors import StartRefused
from huisclos.model.ids import ClaimHash, RoomId
from huisclos.model.room import Room
from huisclos.model.secrecy import Secret
from huisclos.store.database import default_url, open_database
from huisclos.store.rooms import RoomStore
from unit.conftest import NOON


async def test_the_files_of_sqlite_are_their_owners_alone(tmp_path: Path):
    folder = tmp_path / "data"
    database = await open_database(default_url(folder))

    await RoomStore(database).add(Room(RoomId.new(), ClaimHash("c"), NOON, NOON), at_most=1)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    await database.close()
    assert modes.pop("data") == 0o700
    assert set(modes) >= {"huisclos.sqlite3", "huisclos.sqlite3-wal"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("url", ["mysql://root:hunter2@db/x", "sqlite://", "nonsense", ""])
async def test_another_kind_of_database_is_refused_without_repeating_its_password(url: str):
    with pytest.raises(StartRefused) as refused:
        await open_database(Secret(url))

    assert "database_url" in str(refused.value)
    assert "hunter2" not in str(refused.value)
