"""The official Python SDK's own tests, as published, against our server with real media.

They come from the SDK's source distribution at test time (pinned by its hash); nothing of them is kept here.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from protocol.livekit_keys import KEY, SECRET
from serving import Served

VERSION = "1.2.1"
SHA256 = "9edd3d3558193c66ed4dd78d3f5874dc35e99dbbf0a0264380fbd64fcd31e2a7"
CACHE = Path(__file__).resolve().parents[2] / ".sdk_cache"
SUPPORT = Path(__file__).with_name("sdk_support.py")


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked tests, in a folder of their own: some of them write files beside themselves."""
    archive = CACHE / f"livekit-{VERSION}.tar.gz"
    if not archive.exists():
        CACHE.mkdir(exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "livekit", "-d", str(CACHE)]
        subprocess.run([*pip, f"livekit=={VERSION}"], check=True, timeout=300)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256
    folder = tmp_path_factory.mktemp("sdk")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    tests = folder / f"livekit-{VERSION}" / "tests"
    shutil.copy(SUPPORT, tests / "utils.py")
    # Without a configuration of its own beside them, pytest would take ours.
    (tests / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\naddopts =\n")
    return tests


def run(suite: Path, server: Served, *selected: str, two: bool = False) -> dict[str, str]:
    """The outcome of each test selected: name → passed, failed or skipped."""
    report = suite / "report.xml"
    environment = {
        **os.environ,
        "LIVEKIT_URL": server.url.replace("http", "ws"),
        "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET,
        **({"TWO_PEER_CONNECTIONS": "1"} if two else {}),
    }
    command = [sys.executable, "-m", "pytest", "-x", f"--junitxml={report}", *selected]
    done = subprocess.run(command, check=False, cwd=suite, env=environment, capture_output=True, text=True, timeout=170)
    print(done.stdout[-20_000:])
    outcomes: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        what = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        outcomes[case.attrib["name"]] = what
    return outcomes


@pytest.mark.timeout(180)
@pytest.mark.parametrize("two", [False, True], ids=["one connection", "two connections"])
@pytest.mark.parametrize(
    ("selected", "tests"),
    [
        (("test_basic.py",), 1),
        (("test_dc.py",), 6),
        (("test_audio.py",), 1),
        (("test_video.py",), 1),
        (("test_change_video_quality.py", "-k", "vp8 or h264"), 2),
        (("test_e2ee_shared_key.py",), 1),
        (("test_e2ee_per_participant.py",), 1),
    ],
    ids=lambda value: value[0].removesuffix(".py") if isinstance(value, tuple) else "",
)
def test_the_sdk_s_own_suite_passes(
    suite: Path, sdk_server: Served, selected: tuple[str, ...], tests: int, two: bool
) -> None:
    outcomes = run(suite, sdk_server, *selected, two=two)

    assert set(outcomes.values()) == {"passed"}, outcomes
    assert len(outcomes) == tests, "a suite that runs fewer tests than it has proves nothing"
