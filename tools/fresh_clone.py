"""What a newcomer does: clone, `make demo`, `make test`, with nothing but Python, make and git.

Runs in a fresh clone of HEAD with a PATH of its own that holds those three and a few tools that
every Unix has; no Node, no Java, no Docker, and no variable of this machine's set-up but its
package index and certificates. Exits 1 with a sentence where something does not work.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

TOOLS = (
    "sh bash env git make grep sed expand touch cat mkdir rm uname sort cp ls test true date"
).split()
KEPT = re.compile(
    r"^(PIP_|SSL_CERT|REQUESTS_CA|NODE_EXTRA_CA|CURL_CA|UV_|GIT_SSL|https?_proxy$|no_proxy$|LANG$)",
    re.IGNORECASE,
)
DEMO_SECONDS = 600


def main() -> int:
    """Run all of it; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="fresh-") as folder:
        root = Path(folder)
        environment = _environment(root)
        clone = root / "clone"
        subprocess.run(["git", "clone", "-q", ".", str(clone)], check=True)
        _demo(clone, environment)
        subprocess.run(["make", "test", *sys.argv[1:]], cwd=clone, env=environment, check=True)
    print("fresh clone: make demo and make test work with Python, make and git alone")
    return 0


def _environment(root: Path) -> dict[str, str]:
    binaries, home = root / "bin", root / "home"
    binaries.mkdir()
    home.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (binaries / tool).symlink_to(found)
    (binaries / "python3").symlink_to(getattr(sys, "_base_executable", sys.executable))
    kept = {k: v for k, v in os.environ.items() if KEPT.match(k)}
    # What the tests cover was measured before; here it would only cost time.
    return {**kept, "PATH": str(binaries), "HOME": str(home), "PYTEST_ADDOPTS": "--no-cov"}


def _demo(clone: Path, environment: dict[str, str]) -> None:
    """Start `make demo`, ask the address that it prints, and stop it as Ctrl+C does."""
    server = subprocess.Popen(
        ["make", "demo"],
        cwd=clone,
        env={**environment, "CMDB_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(DEMO_SECONDS, lambda: os.killpg(server.pid, signal.SIGKILL))
    watchdog.start()
    try:
        assert server.stdout is not None
        for line in server.stdout:
            print(f"  {line}", end="")
            if found := re.search(r"https?://127\.0\.0\.1:\d+", line):
                _ask(found[0])
                return
        raise SystemExit("make demo ended without an address")
    finally:
        watchdog.cancel()
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGINT)
            server.wait(timeout=60)


def _ask(address: str) -> None:
    query = '{ impact(items: ["dc1-r03-acc-sw1"]) { sentence counts { down } } }'
    request = urllib.request.Request(  # noqa: S310 - the address is our own server's
        f"{address}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
        answer = json.load(response)
    if not answer.get("data", {}).get("impact", {}).get("counts", {}).get("down"):
        raise SystemExit(f"the demo's API did not say what breaks: {answer}")
    with urllib.request.urlopen(f"{address}/") as page:  # noqa: S310 - as above
        html = page.read().decode()
    if '<div id="root"' not in html:
        raise SystemExit("the demo's page is not the web app")
    print(f"  {answer['data']['impact']['sentence']}")


if __name__ == "__main__":
    raise SystemExit(main())
