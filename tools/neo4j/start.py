"""A Neo4j server for development and tests: start, stop, status, kill.

    eval "$(python tools/neo4j/start.py start)"

starts one unless CMDB_TEST_NEO4J names one already, and sets CMDB_TEST_NEO4J. It takes the first
way that works: the server that CMDB_TEST_NEO4J names, an installed Neo4j (``neo4j`` on the PATH or
in NEO4J_HOME), a container (docker or podman), the jars from Maven Central under a JDK.

Data, logs and the generated password lie in ``.neo4j/`` of the repository.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
VERSION = "5.26.30"
IMAGE = "docker.io/library/neo4j:{version}-community"
START_SECONDS = 240
STOP_SECONDS = 90
HELLO = bytes.fromhex("6060b017 00000405 00000404 00000304 00000004")
"""How a Bolt client greets: the magic number and four versions it would speak."""
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


class Failed(Exception):
    """A sentence for the person who started this."""


@dataclass
class Server:
    """What was started: a process by its id and its start, or a container by its id."""

    way: str
    pid: int = 0
    since: str = ""
    tool: str = ""
    container: str = ""


@dataclass
class Options:
    """What was asked for."""

    folder: Path
    port: int
    version: str

    @property
    def home(self) -> Path:
        """Where this server keeps all it has: one folder a port."""
        return self.folder / str(self.port)

    @property
    def state(self) -> Path:
        """The file that says what was started."""
        return self.home / "server.json"

    def password(self) -> str:
        """The password of user neo4j, drawn once and readable by its owner alone."""
        path = self.folder / "password"
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(18))
        return path.read_text().strip()

    def uri(self) -> str:
        """The address with user and password."""
        return f"bolt://neo4j:{self.password()}@127.0.0.1:{self.port}"


def say(text: str) -> None:
    """Tell the person; the standard output is for the shell."""
    print(text, file=sys.stderr)


def speaks_bolt(host: str, port: int, seconds: float = 2) -> bool:
    """Whether a Bolt server answers there."""
    try:
        with socket.create_connection((host, port), seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(HELLO)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


# --- processes and containers ---------------------------------------------------------------------


def started_at(pid: int) -> str:
    """When a process was started, as ps says it; empty where there is none."""
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, since = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else since.strip()


def runs(server: Server) -> bool:
    """Whether the very process or container that was started is still there."""
    if server.container:
        done = subprocess.run(
            [server.tool, "inspect", "-f", "{{.State.Running}}", server.container],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() == "true"
    return bool(server.since) and started_at(server.pid) == server.since


def known(options: Options) -> Server | None:
    """The server that was started here and still runs."""
    try:
        server = Server(**json.loads(options.state.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if runs(server) else None


def spawn(way: str, command: list[str], options: Options, environment: dict[str, str]) -> Server:
    """Start a process that outlives this one; what it prints goes to a file."""
    log = options.home / "console.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    return Server(way, pid=process.pid, since=started_at(process.pid))


# --- the ways -------------------------------------------------------------------------------------


def configure(options: Options, folder: Path) -> None:
    """Write the settings of a server that listens on the loopback address alone."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{options.port}"
    (folder / "neo4j.conf").write_text(
        "\n".join(
            (
                f"server.directories.data={options.home / 'data'}",
                f"server.directories.logs={options.home / 'logs'}",
                f"server.directories.run={options.home / 'run'}",
                "server.bolt.enabled=true",
                f"server.bolt.listen_address={address}",
                f"server.bolt.advertised_address={address}",
                "server.http.enabled=false",
                "server.https.enabled=false",
                "server.memory.pagecache.size=256m",
                "server.memory.heap.max_size=1g",
                "db.tx_log.rotation.retention_policy=256M size",
                "dbms.security.auth_enabled=true",
                "dbms.usage_report.enabled=false",
                "",
            )
        )
    )


def by_install(options: Options) -> Server | None:
    """An installed Neo4j, with data and settings of ours."""
    home = os.environ.get("NEO4J_HOME")
    neo4j = shutil.which("neo4j", path=f"{home}/bin" if home else None)
    if neo4j is None:
        return None
    folder = options.home / "conf"
    configure(options, folder)
    environment = {"NEO4J_CONF": str(folder)}
    if not (options.home / "data").exists():
        admin = Path(neo4j).with_name("neo4j-admin")
        subprocess.run(
            [str(admin), "dbms", "set-initial-password", options.password()],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return spawn("installed", [neo4j, "console"], options, environment)


def by_container(options: Options) -> Server | None:
    """A container, where a daemon answers."""
    for tool in ("docker", "podman"):
        if shutil.which(tool) is None:
            continue
        alive = subprocess.run([tool, "info"], capture_output=True, check=False, timeout=30)
        if alive.returncode == 0:
            return run_container(tool, options)
    return None


def run_container(tool: str, options: Options) -> Server | None:
    """Neo4j's own image; its password is in a file, so that no list of processes shows it."""
    secret = options.home / "environment"
    handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"NEO4J_AUTH=neo4j/{options.password()}\n")
    publish = f"127.0.0.1:{options.port}:7687"
    advertised = f"NEO4J_server_bolt_advertised__address=127.0.0.1:{options.port}"
    command = [tool, "run", "--detach", "--rm", "--publish", publish, "--env-file", str(secret)]
    command += ["--env", advertised, "--volume", f"{options.home / 'data'}:/data"]
    command += [IMAGE.format(version=options.version)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(f"{tool} can't run Neo4j's image: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return Server("container", tool=tool, container=done.stdout.strip())


def by_maven(options: Options) -> Server | None:
    """The jars from Maven Central under a JDK."""
    java, maven = find_java(options.version), shutil.which("mvn")
    jars = options.folder / f"jars-{options.version}"
    if java is None or (maven is None and not jars.exists()):
        return None
    if not jars.exists():
        assert maven is not None
        fetch_jars(maven, jars, options.version)
    configure(options, options.home)
    (options.home / "ready").unlink(missing_ok=True)
    command = [java, "-Xms256m", "-Xmx1g"]
    command += [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    command += ["-cp", f"{jars}/*", str(HERE / "Launcher.java"), str(options.home)]
    return spawn("maven", command, options, {"PASSWORD": options.password()})


def fetch_jars(maven: str, jars: Path, version: str) -> None:
    """Copy the server's jars, all or none: a fetch that was cut off leaves nothing behind."""
    say(f"Fetching Neo4j {version} from Maven Central …")
    partial = jars.with_name(f"{jars.name}-{os.getpid()}")
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), f"-Dneo4j.version={version}"]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise Failed(f"Maven could not fetch Neo4j {version}; its messages are above.")
    try:
        partial.rename(jars)
    except OSError:  # somebody else was faster
        shutil.rmtree(partial)


def find_java(version: str) -> str | None:
    """A JDK that this Neo4j runs on: 17 or 21 for 5.x, 21 or later for those named by a year."""
    lowest, highest = (21, 99) if int(version.partition(".")[0]) >= 2025 else (17, 21)
    candidates = [Path(found) for found in [shutil.which("java")] if found]
    if os.environ.get("JAVA_HOME"):
        candidates.insert(0, Path(os.environ["JAVA_HOME"], "bin", "java"))
    candidates += sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    for java in candidates:
        done = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False)
        number = done.stderr.partition('version "')[2].partition(".")[0].partition('"')[0]
        if number.isdecimal() and lowest <= int(number) <= highest:
            return str(java)
    return None


WAYS: tuple[Callable[[Options], Server | None], ...] = (by_install, by_container, by_maven)

# --- the verbs ------------------------------------------------------------------------------------


def start(options: Options) -> None:
    """Start a server, wait until it answers, and print what sets CMDB_TEST_NEO4J."""
    given = os.environ.get("CMDB_TEST_NEO4J")
    if given:
        parts = urlsplit(given)
        if not speaks_bolt(parts.hostname or "", parts.port or 7687):
            raise Failed("CMDB_TEST_NEO4J is set, but no Neo4j answers there.")
        say("Using the server that CMDB_TEST_NEO4J names.")
        print(f"export CMDB_TEST_NEO4J='{given}'")
        return
    if known(options) is None:
        if speaks_bolt("127.0.0.1", options.port):
            raise Failed(
                f"Another server answers on port {options.port}: give another one with --port, "
                "or name that one in CMDB_TEST_NEO4J."
            )
        launch(options)
    print(f"export CMDB_TEST_NEO4J='{options.uri()}'")


def launch(options: Options) -> None:
    """Take the first way that works."""
    options.home.mkdir(parents=True, exist_ok=True)
    for way in WAYS:
        server = way(options)
        if server is not None:
            options.state.write_text(json.dumps(asdict(server)))
            wait_until_ready(server, options)
            say(f"Neo4j ({server.way}) answers on bolt://127.0.0.1:{options.port}.")
            return
    raise Failed(
        "There is no way to start Neo4j here. Install Neo4j 5.26 or later, or docker or podman, "
        f"or a JDK {17} or {21} and Maven; or set CMDB_TEST_NEO4J to the address of a server."
    )


def wait_until_ready(server: Server, options: Options) -> None:
    """Until it answers and its password is set."""
    deadline = time.monotonic() + START_SECONDS
    marker = options.home / "ready"
    while not (
        speaks_bolt("127.0.0.1", options.port) and (server.way != "maven" or marker.exists())
    ):
        if not runs(server):
            raise Failed(f"Neo4j ended at once; see {options.home / 'console.log'}.")
        if time.monotonic() > deadline:
            raise Failed(f"Neo4j does not answer; see {options.home}.")
        time.sleep(0.2)


def end(options: Options, kill: bool) -> None:
    """Stop the server, orderly or at once, and wait until it is gone."""
    server = known(options)
    if server is None:
        say("No server was started here.")
        return
    if server.container:
        verb = "kill" if kill else "stop"
        subprocess.run([server.tool, verb, server.container], stdout=sys.stderr, check=True)
    else:
        os.kill(server.pid, signal.SIGKILL if kill else signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while runs(server):
        if time.monotonic() > deadline:
            raise Failed(f"The server (process {server.pid}) does not end.")
        time.sleep(0.1)
    options.state.unlink(missing_ok=True)
    say("Killed." if kill else "Stopped.")


def status(options: Options) -> int:
    """Say whether a server runs; 1 where none does."""
    server = known(options)
    if server is None:
        say("No server runs here.")
        return 1
    say(f"Neo4j ({server.way}) runs on bolt://127.0.0.1:{options.port}.")
    return 0


def main() -> int:
    """Run the verb that was asked for; the exit status is 0, or 1 with a sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("verb", choices=("start", "stop", "status", "kill"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("NEO4J_PORT", "7687")))
    parser.add_argument("--version", default=os.environ.get("NEO4J_VERSION", VERSION))
    default = os.environ.get("CMDB_NEO4J_FOLDER", REPOSITORY / ".neo4j")
    parser.add_argument("--folder", type=Path, default=default, help="jars, data and password")
    given = parser.parse_args()
    options = Options(Path(given.folder).resolve(), given.port, given.version)
    try:
        if given.verb == "start":
            start(options)
        elif given.verb == "status":
            return status(options)
        else:
            end(options, kill=given.verb == "kill")
    except (Failed, subprocess.SubprocessError, OSError) as error:
        say(f"{error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
