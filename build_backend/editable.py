"""Puts the source tree on the environment's path and `huisclos` among its commands.

What an editable install does, without a second build of the engine: the Makefile has put the extension module beside
the Python sources already.
"""

import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

COMMAND = """\
#!{python}
import sys
from {module} import {function}
sys.exit({function}())
"""


def main() -> None:
    """Write `huisclos.pth` and one script for each of `[project.scripts]` into the environment that runs this."""
    paths = sysconfig.get_paths()
    Path(paths["purelib"], "huisclos.pth").write_text(f"{ROOT / 'src'}\n")

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, target in project["scripts"].items():
        module, _, function = target.partition(":")
        script = Path(paths["scripts"], name)
        script.write_text(COMMAND.format(python=sys.executable, module=module, function=function))
        script.chmod(0o755)


if __name__ == "__main__":
    main()
