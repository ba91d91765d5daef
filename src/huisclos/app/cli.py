"""The `huisclos` command: parses what was typed, runs it, and turns a refusal into one line and exit code 1."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from huisclos.app import doctor, logs, verify
from huisclos.app.settings import TABLE, Settings, load
from huisclos.model.error_texts import TEXTS
from huisclos.model.errors import HuisClosError

_REFUSED: Final = 1
_INTERRUPTED: Final = 130


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="huisclos", description="Group video conferences behind closed doors.")
    commands = root.add_subparsers(dest="command", required=True, metavar="command")

    serve = commands.add_parser("serve", help="run the server and print the link of a new room")
    serve.add_argument("--no-room", action="store_true", help="do not make a room at the start")
    _add_settings(serve)

    room = commands.add_parser("room", help="create, list or close rooms; works while the server runs")
    actions = room.add_subparsers(dest="action", required=True, metavar="action")
    create = actions.add_parser("create", help="make a room and print its links")
    create.add_argument("--json", action="store_true", help='print {"room", "guest_link", "host_link"}')
    create.add_argument(
        "--transit", action="store_true", help="a room without end-to-end encryption: the server could listen in"
    )
    # For `serve`, which knows the port it got, and greets.
    create.add_argument("--base", default="", help=argparse.SUPPRESS)
    create.add_argument("--greeting", action="store_true", help=argparse.SUPPRESS)
    _add_settings(create)
    _add_settings(actions.add_parser("list", help="show the rooms with their last use"))
    close = actions.add_parser("close", help="forget a room; its links end")
    close.add_argument("room", help="the room's id or its link")
    _add_settings(close)

    _add_settings(commands.add_parser("doctor", help="look at machine and settings, and say what to change"))

    check = commands.add_parser(
        "verify", help="compare the client a server hands out with the one of this installation"
    )
    check.add_argument("url", help="the server's address; of a room's link only the origin is used")
    check.add_argument("--language", choices=("fr", "en"), help="instead of the system's")
    return root


def _add_settings(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("settings", "also as environment variables and in huisclos.toml")
    for row in TABLE:
        default = row.default if isinstance(row.default, str | int | Path) and str(row.default) else "none"
        group.add_argument(
            row.flag, dest=f"setting_{row.name}", metavar="…", help=f"{row.help} [{row.env}, default: {default}]"
        )


def _settings(typed: argparse.Namespace) -> Settings:
    flags = {row.name: value for row in TABLE if (value := getattr(typed, f"setting_{row.name}")) is not None}
    return load(flags, os.environ, Path.cwd())


async def _run(typed: argparse.Namespace, settings: Settings) -> None:
    if typed.command == "room":
        await _run_room(typed, settings)
        return
    match typed.command:
        case "serve":
            from huisclos.app import server  # noqa: PLC0415  # a second of imports that other commands do without

            await server.serve(settings, show_room=not typed.no_room)
        case "doctor":
            await doctor.run(settings)


async def _run_room(typed: argparse.Namespace, settings: Settings) -> None:
    from huisclos.app import room_commands  # noqa: PLC0415  # what makes secrets is not even loaded by a server

    match typed.action:
        case "create":
            await room_commands.create(
                settings, as_json=typed.json, transit=typed.transit, base=typed.base, greeting=typed.greeting
            )
        case "list":
            await room_commands.show_all(settings)
        case "close":
            await room_commands.close(settings, typed.room)


def _in_words(error: HuisClosError) -> str:
    if error.code not in TEXTS:
        return str(error)
    text = TEXTS[error.code]["en"]
    return f"{text.message} {text.help}".format_map(error.details)


def main(arguments: Sequence[str] | None = None) -> int:
    typed = parser().parse_args(arguments)
    if typed.command == "verify":
        return verify.run(typed.url, verify.chosen_language(typed.language, os.environ))
    try:
        settings = _settings(typed)
        logs.start(settings.log_level if typed.command == "serve" else "warning")
        asyncio.run(_run(typed, settings))
    except HuisClosError as error:
        print(f"huisclos: {_in_words(error)}", file=sys.stderr)
        return _REFUSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0
