"""Reading machines over SSH, many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from cmdb.errors import CmdbError, InvalidSettings, RemoteUnavailable
from discovery.extra import required
from discovery.scanner import Failure
from discovery.ssh import SshSettings
from discovery.ssh.payload import SshHost, SshPayload
from discovery.ssh.targets import Target, read_targets


async def fetch(
    settings: SshSettings, targets: Sequence[str]
) -> AsyncIterator[SshPayload | Failure]:
    """One payload of all machines that let us in, and a failure for each that did not.

    Raises :class:`~cmdb.errors.InvalidInput` where no machine is named, and the only error where
    there is but one machine.
    """
    required("asyncssh", "ssh")
    required("jc", "ssh")
    from discovery.ssh.session import Doors

    named = read_targets(targets)
    async with Doors(settings) as doors:
        free = asyncio.Semaphore(settings.hosts_at_once)
        found = await asyncio.gather(*(_host(doors, t, settings, free) for t in named))
    errors = [one for one in found if isinstance(one, CmdbError)]
    if len(named) == 1 and errors:
        raise errors[0]
    for error in errors:
        yield Failure(error.message, hides_links=True)
    hosts = tuple(one for one in found if isinstance(one, SshHost))
    if hosts:
        yield SshPayload(tuple(sorted(str(t) for t in named)), hosts)


async def _host(
    doors: object, target: Target, settings: SshSettings, free: asyncio.Semaphore
) -> SshHost | CmdbError:
    from discovery.ssh.host import read_host
    from discovery.ssh.session import Doors

    assert isinstance(doors, Doors)
    async with free:
        try:
            async with asyncio.timeout(settings.host_timeout), doors.session(target) as session:
                return await read_host(session, target, settings)
        except TimeoutError:
            return RemoteUnavailable(
                f"{target} was given up after {settings.host_timeout:g} seconds."
            )
        except InvalidSettings:
            raise
        except CmdbError as error:
            return error
