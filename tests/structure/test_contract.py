"""What both sides agree on is generated, complete in both languages, and in use."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from structure.sources import ROOT, code, text

ERRORS = tomllib.loads((ROOT / "contract/errors.toml").read_text())


def test_what_is_generated_from_the_contract_is_up_to_date():
    done = subprocess.run(
        [sys.executable, "contract/generate.py", "--check"], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_error_has_its_texts_in_french_and_in_english():
    incomplete = [
        code_
        for code_, entry in ERRORS.items()
        if not all(entry.get(language, {}).get(part) for language in ("fr", "en") for part in ("message", "help"))
    ]

    assert ERRORS
    assert incomplete == []


def test_every_error_can_happen():
    sources = "\n".join(text(path) for path in code() if path.parts[0] in {"src", "web"} and "test" not in path.name)

    unused = [code_ for code_ in ERRORS if not any(re.search(form, sources) for form in _spellings(code_))]

    assert unused == []


def _spellings(code_: str) -> tuple[str, ...]:
    """How sources name an error: by its code, by its class, or put together (`${kind}_blocked`)."""
    class_name = "".join(word.capitalize() for word in code_.split("_"))
    device, _, rest = code_.partition("_")
    together = rf"\}}_{rest}`" if device in {"camera", "microphone"} else rf"\b{code_}\b"
    return (rf"\b{code_}\b", rf"\b{class_name}\b", together)


def test_the_readme_shows_the_figures_of_the_benchmark():
    table = ROOT / "bench/table.py"

    done = subprocess.run([sys.executable, table, "--check"], cwd=ROOT, check=False, capture_output=True, text=True)

    assert Path(table).exists()
    assert done.returncode == 0, done.stdout + done.stderr
