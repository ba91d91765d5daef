"""A PostgreSQL server of the tests' own, where Debian's packages have put the programs."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from huisclos.model.secrecy import Secret


class PostgresCluster:
    """A PostgreSQL server of our own under a temporary folder, reached by its Unix socket only."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(shutil.which("initdb") or "").parent]
        self._bin = found[-1]
        assert (self._bin / "initdb").exists(), "PostgreSQL is missing: apt-get install postgresql"
        self.folder = Path(tempfile.mkdtemp(prefix="huisclos-pg-"))
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command, check=False, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert done.returncode == 0, done.stderr

    def new_database(self) -> Secret:
        name = f"t{secrets.token_hex(6)}"
        self._run("createdb", "-h", self.folder, "-U", "postgres", name)
        return Secret(f"postgresql://postgres@/{name}?host={self.folder}")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)
