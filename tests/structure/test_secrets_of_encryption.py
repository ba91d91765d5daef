"""The server cannot read an encrypted meeting: it has no MLS, and what makes link secrets runs in another process."""

import re
import subprocess
import sys

from structure.sources import ROOT, code, text

PYTHON = [path for path in code() if path.parts[:2] == ("src", "huisclos") and path.suffix == ".py"]
MLS_LIBRARY = re.compile(r"^\s*(?:import|from)\s+(?:rfc9420|openmls|mls|davey|pymls|sorrydave|pydave)\b", re.MULTILINE)
MAKER = "src/huisclos/identity/link_secrets.py"


def test_no_module_imports_an_mls_library():
    assert MLS_LIBRARY.search("import rfc9420\n")
    assert [str(path) for path in PYTHON if MLS_LIBRARY.search(text(path))] == []


def test_only_the_command_that_makes_rooms_imports_what_makes_link_secrets():
    importing = [str(path) for path in PYTHON if "link_secrets" in text(path) and str(path) != MAKER]

    assert importing == ["src/huisclos/app/room_commands.py"]


def test_only_that_module_makes_keys_of_hosts():
    making = [str(path) for path in PYTHON if "Ed25519PrivateKey.generate" in text(path)]

    assert making == [MAKER]


def test_a_process_that_serves_has_not_even_loaded_it():
    serve = "import sys, huisclos.app.server; print('huisclos.identity.link_secrets' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", serve], cwd=ROOT, check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"


def test_the_command_line_loads_it_for_the_command_that_makes_rooms_alone():
    parse = "import sys, huisclos.app.cli; print('huisclos.identity.link_secrets' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", parse], cwd=ROOT, check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"
