"""The scanner of machines that are reached over SSH."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.machine.view import AddressScope, Stage
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret
from discovery.ssh.payload import SshPayload


class SshSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan over SSH."""

    address_scope: AddressScope = "default"
    environment: Annotated[Stage, Meta(description="The stage that the machines serve.")] = ""
    user: Annotated[
        str, Meta(description="The account to sign in to, where a target names none.")
    ] = ""
    keys: Annotated[
        tuple[str, ...],
        Meta(description="Files of private keys. Empty: the agent's, and those in ~/.ssh."),
    ] = ()
    passphrase: Annotated[Secret, Meta(description="What the private keys are locked with.")] = (
        Secret()
    )
    password: Annotated[
        Secret, Meta(description="The account's password, where keys are not taken.")
    ] = Secret()
    agent: Annotated[bool, Meta(description="Whether the SSH agent is asked for keys.")] = True
    known_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Files of host keys that are trusted; a machine that shows another key is not "
                "read. Empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts."
            )
        ),
    ] = ()
    configuration: Annotated[
        str,
        Meta(
            description=(
                "An OpenSSH configuration with the names, users, keys and jump hosts of machines, "
                "or none. Empty: ~/.ssh/config."
            )
        ),
    ] = ""
    jump: Annotated[
        str,
        Meta(
            description="Jump hosts on the way, the first one first, such as ops@gate.example.org."
        ),
    ] = ""
    sudo: Annotated[
        bool,
        Meta(description="Whether commands that show more to root go through `sudo -n`."),
    ] = False
    connections: Annotated[
        bool, Meta(description="Whether to report what the machines' programs connect to.")
    ] = True
    clients: Annotated[
        bool,
        Meta(
            description=(
                "Whether to report who is connected from private addresses that were not scanned."
            )
        ),
    ] = True
    containers: Annotated[
        bool, Meta(description="Whether to ask container runtimes what they run.")
    ] = True
    packages: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Installed packages to keep the versions of, such as openssl or linux-image-*; "
                "all of them by *, which makes large items."
            )
        ),
    ] = ()
    proxies: Annotated[
        bool,
        Meta(
            description=(
                "Whether to read the configurations of proxies that run, and certificates."
            )
        ),
    ] = True
    hosts_at_once: Annotated[
        int, Meta(description="Machines that are read at the same time.", ge=1, le=500)
    ] = 20
    connect_timeout: Annotated[
        float, Meta(description="Seconds until a machine must have let us in.", ge=1, le=600)
    ] = 20
    timeout: Annotated[
        float, Meta(description="Seconds that one command may take.", ge=1, le=600)
    ] = 20
    host_timeout: Annotated[
        float, Meta(description="Seconds that one machine may take.", ge=1, le=3600)
    ] = 180
    max_output: Annotated[
        int,
        Meta(description="Kilobytes that are read of one command's output.", ge=16, le=1024 * 1024),
    ] = 8192


async def _fetch(
    settings: SshSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a machine does not say what changed
) -> AsyncIterator[SshPayload | Failure]:
    from discovery.ssh.fetch import fetch  # asyncssh must not slow down listing the scanners

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: SshPayload, settings: SshSettings, time: datetime) -> Parsed:
    from discovery.ssh.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="ssh",
        title="Machines, over SSH",
        description=(
            "Machines that are signed in to: their hardware and operating system, interfaces, "
            "local and remote storage, containers, the software that listens, who is connected to "
            "whom, seen from both ends and told once, what proxies route to, and certificates."
        ),
        kinds=(
            "Server",
            "VirtualMachine",
            "Container",
            "NetworkInterface",
            "StorageVolume",
            "SoftwareInstance",
            "DatabaseInstance",
            "LoadBalancer",
            "Cluster",
            "Certificate",
        ),
        relations=(
            "CONTAINS",
            "ATTACHES_TO",
            "HOSTED_ON",
            "RUNS_ON",
            "CONNECTS_TO",
            "ROUTES_TO",
            "MEMBER_OF",
            "SECURED_BY",
            "RESOLVED_BY",
        ),
        needs=(
            "`pip install 'cmdb-graph[ssh]'`.",
            "An account on each machine that may run commands; it needs no rights beyond that.",
            "The machines' host keys in a file of known hosts: an unknown key is refused.",
        ),
        settings=SshSettings,
        example="cmdb scan ssh ops@web1.example.org hosts.txt --set sudo=true",
        targets=(
            "Machines as [user@]host[:port], names of an OpenSSH configuration, or files with one "
            "of them a line."
        ),
        as_root=(
            "With sudo=true it also sees which programs of other users listen and connect, and "
            "the serial number and UUID of the hardware."
        ),
    ),
    payload=SshPayload,
    fetch=_fetch,
    parse=_parse,
)
