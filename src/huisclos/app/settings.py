"""Every setting in one table: name, environment variable, flag, default and help. Nothing else reads the environment.

A flag beats the environment, the environment beats `huisclos.toml`, the file beats the default.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_type_hints

from huisclos.model.errors import StartRefused
from huisclos.model.secrecy import Secret

FILE_NAME: Final = "huisclos.toml"


def _setting(default: object, help: str, *, env: str | None = None) -> Any:  # noqa: A002
    return field(default=default, metadata={"help": help, "env": env})


@dataclass(frozen=True, slots=True)
class Settings:
    port: int = _setting(8000, "TCP port of pages, API and signalling (0: any free one)")
    host: str = _setting("", "address to listen on for HTTP; empty means every IPv4 and IPv6 address")
    media_port: int = _setting(7882, "UDP port of sound and picture (0: any free one)")
    media_host: str = _setting("", "addresses to listen on for media, separated by commas; empty means all")
    public_address: str = _setting(
        "", "addresses at which browsers reach the media port from outside (NAT), separated by commas"
    )
    public_url: str = _setting("", "address of this server in links, such as https://meet.example.org")
    data: Path = _setting(Path("data"), "folder of the database and the secrets")
    database_url: Secret = _setting(
        Secret(""), "postgresql://… or sqlite:///path; empty means SQLite in the data folder"
    )
    tls_cert: str = _setting("", "file with the TLS certificate chain; HTTPS needs this and tls_key")
    tls_key: str = _setting("", "file with the TLS private key")
    trusted_proxies: str = _setting(
        "", "addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas"
    )
    livekit_keys: Secret = _setting(
        Secret(""), 'SDK access: "key: secret", several separated by commas or lines', env="LIVEKIT_KEYS"
    )
    max_rooms: int = _setting(10_000, "how many rooms this server keeps at most")
    max_people: int = _setting(500, "how many people one room takes at most")
    segmentation_offload: bool = _setting(True, "send media with UDP_SEGMENT where the system has it")
    loopback: bool = _setting(True, "also offer 127.0.0.1 and ::1 to browsers, for calls on this very machine")
    log_level: str = _setting("info", "debug, info, warning or error")

    @property
    def tls(self) -> bool:
        return bool(self.tls_cert)

    def database(self, default: Secret) -> Secret:
        return self.database_url if self.database_url.reveal() else default


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, for the command line and the documentation."""

    name: str
    env: str
    flag: str
    kind: type
    default: object
    help: str


def _row(of: Field[Any], kind: type) -> Row:
    env = of.metadata["env"] or f"HUISCLOS_{of.name.upper()}"
    return Row(of.name, env, f"--{of.name.replace('_', '-')}", kind, of.default, of.metadata["help"])


TABLE: Final = tuple(_row(one, get_type_hints(Settings)[one.name]) for one in fields(Settings))


def load(flags: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings in force. `flags` has what was given on the command line, by name.

    Raises StartRefused, naming the source, for a value that does not fit or a name in the file that does not exist.
    """
    path = folder / FILE_NAME
    from_file = _read_file(path)
    values: dict[str, Any] = {}
    for row in TABLE:
        for source, given in ((row.flag, flags.get(row.name)), (row.env, environment.get(row.env))):
            if given is not None:
                values[row.name] = _parsed(row, given, source)
                break
        else:
            if row.name in from_file:
                values[row.name] = _parsed(row, str(from_file[row.name]), f"{row.name} in {path}")
    settings = Settings(**values)
    _check(settings)
    return settings


def as_environment(settings: Settings) -> dict[str, str]:
    """These settings as environment variables, for a command that shall work under the same ones."""
    values = {row.env: getattr(settings, row.name) for row in TABLE}
    return {env: value.reveal() if isinstance(value, Secret) else str(value) for env, value in values.items()}


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StartRefused(f"{path} cannot be read: {error}") from None
    if unknown := sorted(set(content) - {row.name for row in TABLE}):
        raise StartRefused(f"{path}: there is no setting {unknown[0]}; huisclos serve --help shows all")
    return content


def _parsed(row: Row, text: str, source: str) -> object:
    try:
        if row.kind is bool:
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.strip().lower()]
        return row.kind(text)
    except (KeyError, ValueError):
        wanted = {int: "a whole number", bool: "true or false"}.get(row.kind, "a text")
        raise StartRefused(f"{source} must be {wanted}") from None


def _check(settings: Settings) -> None:
    for name in ("port", "media_port"):
        if not 0 <= getattr(settings, name) <= 65535:
            raise StartRefused(f"{name} must be between 0 and 65535")
    if settings.log_level not in ("debug", "info", "warning", "error"):
        raise StartRefused("log_level must be debug, info, warning or error")
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise StartRefused("tls_cert and tls_key belong together: give both or neither")
    if settings.public_url and not settings.public_url.startswith(("https://", "http://")):
        raise StartRefused("public_url must begin with https:// or http://")


def addresses(text: str) -> list[str]:
    """The entries of a setting that lists several, separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
