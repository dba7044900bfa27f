"""One SNMP request and its answer, by pysnmp: below its layer that looks every name up in MIBs,
which takes most of the time and is not needed where numbers are asked for."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any, NamedTuple

from discovery.extra import required
from discovery.snmp import SnmpSettings
from discovery.snmp.mib import Oid


class Answer(NamedTuple):
    """What came back. ``failed`` is pysnmp's error indication, or None; ``status`` is the answer's
    error, 0 where it has none."""

    failed: Any
    status: int
    values: list[tuple[Oid, Any]]


def new_engine() -> Any:
    """What holds sockets and what is known of users. ``close_dispatcher`` lets go of both.

    Agents that were cloned say that they are the same engine, with clocks that differ: those who
    are asked at the same time as a user (version 3) must not be asked by the same engine.
    """
    return _library("hlapi.v3arch.asyncio").SnmpEngine()


class Requests:
    """Sends requests to one agent after the other, with the credentials of the settings."""

    def __init__(self, settings: SnmpSettings, engine: Any) -> None:
        self._settings = settings
        self._snmp: Any = _library("hlapi.v3arch.asyncio")
        self._generators: Any = _library("entity.rfc3413.cmdgen")
        self._null: Any = _library("proto.rfc1902").Null("")
        configurator = _library("hlapi.v3arch.asyncio.lcd")
        self._configured: Any = configurator.CommandGeneratorLcdConfigurator()
        self._engine = engine
        self._credentials = _credentials(settings, self._snmp)
        self._target: Any = None

    async def turn_to(self, address: str) -> None:
        """Ask this agent from now on."""
        snmp, settings = self._snmp, self._settings
        kind = snmp.Udp6TransportTarget if ":" in address else snmp.UdpTransportTarget
        self._target = await kind.create(
            (address, settings.port), timeout=settings.timeout, retries=settings.retries
        )

    async def get(self, oids: list[Oid]) -> Answer:
        """The values of these names."""
        return await self._ask(self._generators.GetCommandGenerator(), (), oids)

    async def after(self, oid: Oid, rows: int) -> Answer:
        """Up to ``rows`` names and values that come after this name."""
        return await self._ask(self._generators.BulkCommandGeneratorSingleRun(), (0, rows), [oid])

    async def _ask(self, generator: Any, bulk: tuple[int, ...], oids: list[Oid]) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answered(
            _engine: Any, _handle: Any, failed: Any, status: Any, _at: Any, binds: Any, _: Any
        ) -> None:
            if not future.done():
                values = [(tuple(name), value) for name, value in binds or ()]
                future.set_result(Answer(failed, int(status or 0), values))

        name, _ = self._configured.configure(self._engine, self._credentials, self._target)
        binds = [(oid, self._null) for oid in oids]
        generator.send_varbinds(self._engine, name, None, b"", *bulk, binds, answered)
        return await future


def _library(module: str) -> Any:
    with warnings.catch_warnings():
        # It calls pysmi, where that is there too, by a name that is going out of use.
        warnings.simplefilter("ignore", DeprecationWarning)
        return required(f"pysnmp.{module}", "snmp")


def _credentials(settings: SnmpSettings, snmp: Any) -> Any:
    """What agents are shown. Secrets go nowhere else."""
    if not settings.user:
        return snmp.CommunityData(settings.community.value, mpModel=1)
    given: dict[str, Any] = {}
    if settings.authentication_key:
        given["authKey"] = settings.authentication_key.value
        given["authProtocol"] = getattr(snmp, _AUTHENTICATION[settings.authentication])
    if settings.privacy_key:
        required("cryptography", "snmp")
        given["privKey"] = settings.privacy_key.value
        given["privProtocol"] = getattr(snmp, _PRIVACY[settings.privacy])
    return snmp.UsmUserData(settings.user, **given)


_AUTHENTICATION = {
    "md5": "USM_AUTH_HMAC96_MD5",
    "sha": "USM_AUTH_HMAC96_SHA",
    "sha224": "USM_AUTH_HMAC128_SHA224",
    "sha256": "USM_AUTH_HMAC192_SHA256",
    "sha384": "USM_AUTH_HMAC256_SHA384",
    "sha512": "USM_AUTH_HMAC384_SHA512",
}
_PRIVACY = {
    "aes": "USM_PRIV_CFB128_AES",
    "aes192": "USM_PRIV_CFB192_AES",
    "aes256": "USM_PRIV_CFB256_AES",
    "des": "USM_PRIV_CBC56_DES",
    "3des": "USM_PRIV_CBC168_3DES",
}
