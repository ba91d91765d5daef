"""Where a setting's value comes from, and what is refused."""

from pathlib import Path

import pytest

from huisclos.app.settings import TABLE, Settings, load
from huisclos.model.errors import StartRefused
from huisclos.model.secrecy import Secret


def test_without_anything_the_defaults_hold(tmp_path: Path):
    assert load({}, {}, tmp_path) == Settings()


def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(tmp_path: Path):
    (tmp_path / "huisclos.toml").write_text("port = 1\nmedia_port = 2\nmax_rooms = 3\n")
    environment = {"HUISCLOS_PORT": "10", "HUISCLOS_MEDIA_PORT": "20"}

    settings = load({"port": "100"}, environment, tmp_path)

    assert (settings.port, settings.media_port, settings.max_rooms, settings.max_people) == (100, 20, 3, 500)


def test_every_kind_of_value_is_read(tmp_path: Path):
    (tmp_path / "huisclos.toml").write_text("loopback = false\ndata = '/x'\ndatabase_url = 'postgresql://a:b@c/d'\n")

    settings = load({}, {"LIVEKIT_KEYS": "key: value", "HUISCLOS_SEGMENTATION_OFFLOAD": "no"}, tmp_path)

    assert settings.loopback is False
    assert settings.segmentation_offload is False
    assert settings.data == Path("/x")
    assert settings.database_url == Secret("postgresql://a:b@c/d")
    assert settings.livekit_keys == Secret("key: value")
    assert "a:b" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"HUISCLOS_PORT": "eighty"}, "HUISCLOS_PORT must be a whole number"),
        ({"HUISCLOS_PORT": "70000"}, "port must be between"),
        ({"HUISCLOS_LOOPBACK": "maybe"}, "HUISCLOS_LOOPBACK must be true or false"),
        ({"HUISCLOS_LOG_LEVEL": "loud"}, "log_level"),
        ({"HUISCLOS_TLS_CERT": "x"}, "tls_key"),
        ({"HUISCLOS_PUBLIC_URL": "meet.example.org"}, "public_url"),
    ],
)
def test_a_value_that_does_not_fit_names_where_it_came_from(environment: dict[str, str], named: str, tmp_path: Path):
    with pytest.raises(StartRefused, match=named):
        load({}, environment, tmp_path)


@pytest.mark.parametrize(
    ("content", "named"), [("prot = 1", "prot"), ("port = [", "cannot be read"), ("port = 'x'", "port in")]
)
def test_a_mistake_in_the_file_is_named(content: str, named: str, tmp_path: Path):
    (tmp_path / "huisclos.toml").write_text(content)

    with pytest.raises(StartRefused, match=named):
        load({}, {}, tmp_path)


def test_no_two_settings_share_a_variable_or_flag():
    assert len({row.env for row in TABLE}) == len({row.flag for row in TABLE}) == len(TABLE)
