"""Parts of machines that are one item for all who tell of them."""

from __future__ import annotations

import msgspec

from discovery.machine.payload import MachinePayload, Mount
from tests.discovery.local.test_local_parse import LINUX, items, names, parsed, recording


def test_a_share_is_one_volume_for_all_who_mount_it_and_hangs_on_its_server() -> None:
    mounts = (
        Mount("nas1.example.org:/srv/shop", "/srv/shop", "nfs4", 100, 50),
        Mount("/dev/sdb", "/srv/db", "ext4", 100, 50, "6001405a", "10.0.0.50"),
    )
    other = msgspec.structs.replace(LINUX, hostname="other", machine_id="cd" * 16)
    results = [parsed(MachinePayload(m, mounts=mounts)) for m in (LINUX, other)]
    shares = [items(result, "StorageVolume")[0] for result in results]
    assert shares[0] == msgspec.structs.replace(shares[1], scope=shares[0].scope)
    assert shares[0].properties["name"] == "nas1.example.org:/srv/shop"
    assert names(results[0], "HOSTED_ON") == {
        ("nas1.example.org:/srv/shop", "fqdn:nas1.example.org"),
        ("box:/srv/db", "ip:default/10.0.0.50"),
    }


def test_parts_of_a_machine_have_a_key_that_other_sources_have_too() -> None:
    result = parsed(recording("root"))
    for item in items(result):
        own = item.identifiers[0].removeprefix("key:local/")
        assert f"key:machine/{own}" in item.identifiers or item.kind == "Container"
