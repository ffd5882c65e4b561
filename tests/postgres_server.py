"""A PostgreSQL for tests: the one named by ZVENO_TEST_POSTGRES, or one of our own, started for as long as they run.

``ZVENO_TEST_POSTGRES`` is an address (``postgresql://USER@HOST/DATABASE``) or ``required``: then tests fail, rather than
skip, where no server can be started.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest

WISH = "ZVENO_TEST_POSTGRES"
_UNPRIVILEGED = ("postgres", "nobody")


def programs() -> Path | None:
    """Folder with initdb and pg_ctl; Debian keeps them off the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    return next((Path(one).resolve().parent for one in reversed(found) if one), None)


def address() -> Iterator[str]:
    """Address of a server that holds nothing of value."""
    wish = os.environ.get(WISH, "")
    if find_spec("psycopg") is None:
        _refuse("the driver psycopg is not installed")
    elif "://" in wish:
        yield wish
    elif programs() is None:
        _refuse(f"no PostgreSQL on this machine, and {WISH} names none")
    else:
        with _server() as started:
            yield started


def _refuse(reason: str) -> None:
    """Skip, or fail where a server is required."""
    if os.environ.get(WISH):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _server() -> Iterator[str]:
    """A private server on a socket in a folder of its own; its superuser is whoever runs the tests."""
    bin_folder = programs()
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="zveno-pg-"))
    try:
        if owner:
            shutil.chown(folder, owner)
        data = folder / "data"
        _run(owner, bin_folder / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        # crash safety of the server is not what is tested: it need not wait for the disk
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        _run(owner, bin_folder / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", settings, "start")
        try:
            yield f"postgresql://tests@/postgres?host={quote(str(folder), safe='')}"
        finally:
            _run(owner, bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str:
    """Who runs the server: it refuses to run as root."""
    if os.getuid() != 0:
        return ""
    known = {one.pw_name for one in pwd.getpwall()}
    return next(one for one in _UNPRIVILEGED if one in known)


def _run(owner: str, *command: object) -> None:
    """Run a program of the server as its owner."""
    words = [str(one) for one in command]
    prefix = ["runuser", "-u", owner, "--"] if owner and owner != getpass.getuser() else []
    # what the server says goes to its log: a pipe that it holds open would never end
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([*prefix, *words], cwd="/", stdout=said, stderr=subprocess.STDOUT, check=False)
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")
