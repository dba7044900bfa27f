"""Running the commands of the table on one machine, by sudo where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from discovery.ssh.commands import Command, command_line, commands
from discovery.ssh.output import NOT_FOUND, Output


class Runs(Protocol):
    """What runs a line on a machine."""

    async def run(self, line: str) -> Output:
        """What the line prints."""
        ...


def named(name: str) -> Command:
    """The first command of that name."""
    return next(command for command in commands() if command.name == name)


class Runner:
    """Runs commands of the table.

    ``refusal`` says why sudo does not do it, and ``problems`` what did not come to its end of the
    commands that are asked about what was found.
    """

    def __init__(self, session: Runs, *, sudo: bool) -> None:
        self._session = session
        self._sudo = sudo
        self.refusal = ""
        self.problems: list[str] = []

    async def run(self, command: Command, more: Sequence[str] = ()) -> Output:
        """What the command prints, or the one instead of it where it is not there."""
        output = await self._first(command, more)
        if command.system == "later" and output.status is None:
            self.problems.append(f"{command.name}: {command.run.split()[0]} {output.problem}")
        return output

    async def _first(self, command: Command, more: Sequence[str]) -> Output:
        output = await self._once(command.run, command.sudo, more)
        if not output.text and command.instead and output.status not in (0, None):
            second = await self._once(command.instead, command.sudo, more)
            return second if second.text or second.status == 0 else output
        return output

    async def _once(self, run: str, sudo: bool, more: Sequence[str]) -> Output:
        if sudo and self._sudo and not self.refusal:
            output = await self._session.run(command_line(run, more, sudo=True))
            if output.status not in (1, NOT_FOUND) or output.text or "sudo" not in output.problem:
                return output
            self.refusal = f"sudo was refused ({output.problem})"
        return await self._session.run(command_line(run, more))
