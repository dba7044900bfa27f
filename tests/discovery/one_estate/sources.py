"""One small estate as its sources see it: each in the words of its payload, read by its scanner.

A rack with three switches and three cloned hosts (the lab), and an instance at AWS that is a node
of a Kubernetes cluster. SNMP and SSH are recordings of the lab, the rest is written to fit them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cmdb.catalogue import builtin
from cmdb.exchange.mapping import load_map
from cmdb.exchange.reader import check_files
from cmdb.exchange.record import Defaults
from cmdb.items import Observation
from discovery.aws import SCANNER as AWS
from discovery.aws import AwsSettings
from discovery.aws.payload import Account, AwsPayload
from discovery.kubernetes import SCANNER as KUBERNETES
from discovery.kubernetes import KubernetesSettings
from discovery.kubernetes.payload import KubernetesPayload, gathered
from discovery.kubernetes.reading import Reader
from discovery.machine.payload import Interface, Machine, MachinePayload, Process, Socket
from discovery.netbox import SCANNER as NETBOX
from discovery.netbox import NetboxSettings
from discovery.netbox.payload import (
    Address,
    Device,
    Far,
    IpAddress,
    Named,
    NetboxPayload,
    Objects,
    Parent,
    Port,
    Site,
)
from discovery.network import SCANNER as NETWORK
from discovery.network import NetworkSettings
from discovery.network.payload import NetworkHost, NetworkPayload, OsGuess, Service
from discovery.snmp import SCANNER as SNMP
from discovery.snmp import SnmpSettings
from discovery.snmp.payload import SnmpPayload
from discovery.ssh import SCANNER as SSH
from discovery.ssh import SshSettings
from discovery.ssh.linux import read_linux
from discovery.ssh.output import Output
from discovery.ssh.payload import SshHost, SshPayload
from discovery.terraform import SCANNER as TERRAFORM
from discovery.terraform import TerraformSettings
from discovery.terraform.mapping import mappings
from discovery.terraform.state import Resource, TerraformPayload, read_state
from tests.discovery.kubernetes.estate import endpoints, made, owned_by, pod, service, template
from tests.discovery.terraform.states import arn, instance, resource, state
from tools.lab.topology import topology

HERE = Path(__file__).parent
RECORDED = HERE.parent
FIRST = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
INSTANCE, SUBNET, VPC = "i-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa1", "vpc-0aaaaaaaaaaaaaaa1"
POOL, BALANCER = arn("elasticloadbalancing", "t/shop"), arn("elasticloadbalancing", "b/shop")
BALANCER_NAME = "shop-1.eu-west-1.elb.amazonaws.com"
NODE = "ip-10-0-1-5.eu-west-1.compute.internal"
NODE_UUID = "ec2d6b1a-1111-2222-3333-444455556666"
NODE_MACHINE_ID = "ec2d6b1a111122223333444455556666"[::-1]
CLUSTER_UID = "0c5d2f3e-0000-4000-8000-000000000001"


def of_snmp(time: datetime) -> tuple[Observation, ...]:
    """All agents of the lab, as they answered."""
    recording = (RECORDED / "snmp/recordings/lab.json").read_bytes()
    payload = msgspec.json.decode(recording, type=SnmpPayload)
    return SNMP.parse(payload, SnmpSettings(), time).observations


def of_ssh(time: datetime) -> tuple[Observation, ...]:
    """The lab's hosts, as they answered, and the instance."""
    hosts = []
    for name in ("web1", "app1", "db1"):
        recording = (RECORDED / f"ssh/recordings/{name}.json").read_bytes()
        outputs = msgspec.json.decode(recording, type=dict[str, Output])
        hosts.append(SshHost(name, topology().node(name).address, 22, read_linux(outputs)))
    hosts.append(SshHost(NODE, "10.0.1.5", 22, _instance()))
    payload = SshPayload(tuple(host.target for host in hosts), tuple(hosts))
    return SSH.parse(payload, SshSettings(), time).observations


def _instance() -> MachinePayload:
    dmi = {"sys_vendor": "Amazon EC2", "product_name": "t3.small", "product_uuid": NODE_UUID}
    machine = Machine(
        "ip-10-0-1-5",
        "Linux",
        "6.1.0",
        "x86_64",
        fqdn=NODE,
        machine_id=NODE_MACHINE_ID,
        dmi={**dmi, "board_asset_tag": INSTANCE},
        root=True,
    )
    return MachinePayload(
        machine,
        (Interface("ens5", "06:aa:bb:cc:dd:01", physical=True, addresses=("10.0.1.5/24",)),),
        (Socket("tcp", "0.0.0.0", 22, pid=7), Socket("tcp", "0.0.0.0", 10250, pid=8)),
        (Process(7, 1, "sshd", "/usr/sbin/sshd"), Process(8, 1, "kubelet", "/usr/bin/kubelet")),
    )


def of_network(time: datetime) -> tuple[Observation, ...]:
    """What nmap sees from the lab's own network: the proxy's answer bears nginx's header."""
    hosts = []
    for node in topology().nodes:
        services = tuple(
            Service("tcp", s.port, s.speaks, "nginx" if s.product == "haproxy" else s.product)
            for s in topology().services
            if s.node == node.name
        )
        told = tuple(
            msgspec.structs.replace(s, probed=True, recognised=s.port != 80) for s in services
        )
        guess = OsGuess("Linux 5.0 - 5.4", 96, "Linux", "5.X", "Linux", "general purpose")
        mac = node.mac(node.interface)
        hosts.append(NetworkHost((node.address,), mac, services=told, os=guess))
    payload = NetworkPayload("nmap", "nmap -sV -O 10.99.0.0/24", tuple(hosts))
    return NETWORK.parse(payload, NetworkSettings(), time).observations


def of_aws(time: datetime) -> tuple[Observation, ...]:
    """The account: an instance in a subnet, behind a load balancer."""
    place = {"account": ("123456789012",), "region": ("eu-west-1",)}
    zone = {"availability_zone": "eu-west-1a"}

    def one(kind: str, own: str, **values: str) -> Resource:
        texts: dict[str, tuple[str | int | float | bool, ...]] = {
            key.replace("__", "."): (value,) for key, value in values.items()
        }
        return Resource(f"{kind}.{own}", kind, {"id": (own,), **texts, **place})

    resources = (
        one("aws_vpc", VPC, tags__Name="main", arn=arn("ec2", f"vpc/{VPC}")),
        one("aws_subnet", SUBNET, vpc_id=VPC, arn=arn("ec2", f"subnet/{SUBNET}"), **zone),
        one(
            "aws_instance", INSTANCE, tags__Name="node1", subnet_id=SUBNET, private_ip="10.0.1.5",
            instance_type="t3.small", arn=arn("ec2", f"instance/{INSTANCE}"), **zone,
        ),
        one("aws_lb", BALANCER, name="shop", arn=BALANCER, dns_name=BALANCER_NAME, subnets=SUBNET),
        one("aws_lb_target_group", POOL, name="shop", arn=POOL),
        one("aws_lb_target_group_attachment", "a", target_group_arn=POOL, target_id=INSTANCE),
    )  # fmt: skip
    payload = AwsPayload("accounts", (Account("123456789012", resources),))
    return AWS.parse(payload, AwsSettings(), time).observations


def of_terraform(time: datetime) -> tuple[Observation, ...]:
    """The state that made what AWS has, and a database that is not there yet."""

    def one(
        kind: str, called: str, needs: tuple[str, ...] = (), **attributes: Any
    ) -> dict[str, Any]:
        return resource(kind, called, instance(attributes, dependencies=list(needs)))

    document = state(
        [
            one("aws_vpc", "main", id=VPC, arn=arn("ec2", f"vpc/{VPC}"), tags={"Name": "main"}),
            one("aws_subnet", "a", ("aws_vpc.main",), id=SUBNET, vpc_id=VPC,
                arn=arn("ec2", f"subnet/{SUBNET}"), availability_zone="eu-west-1a"),
            one("aws_instance", "node", ("aws_subnet.a",), id=INSTANCE, subnet_id=SUBNET,
                arn=arn("ec2", f"instance/{INSTANCE}"), private_ip="10.0.1.5",
                instance_type="t3.large", tags={"Name": "node1"}),
            one("aws_lb_target_group", "shop", id=POOL, arn=POOL, name="shop"),
            one("aws_lb", "shop", ("aws_subnet.a",), id=BALANCER, arn=BALANCER, name="shop",
                dns_name=BALANCER_NAME, subnets=[SUBNET]),
            one("aws_db_instance", "orders", id="db-ORDERS", arn=arn("rds", "db:orders"),
                identifier="orders", engine="postgres"),
        ]
    )  # fmt: skip
    payload = TerraformPayload("states/shop", (read_state(document, "shop.tfstate", mappings()),))
    return TERRAFORM.parse(payload, TerraformSettings(), time).observations


def of_kubernetes(time: datetime) -> tuple[Observation, ...]:
    """A cluster whose one node is the instance; what it runs calls the database in the rack."""
    owner = owned_by("ReplicaSet", "web-7d4b9c")
    env = [{"name": "DB_HOST", "value": "10.99.0.13"}]
    objects = [
        made("Namespace", "shop", namespace="", metadata={"labels": {"team": "Payments"}}),
        made("Node", NODE, {"providerID": f"aws:///eu-west-1a/{INSTANCE}"}, namespace="", status={
            "nodeInfo": {"machineID": NODE_MACHINE_ID, "systemUUID": NODE_UUID.upper(),
                         "osImage": "Debian GNU/Linux 12 (bookworm)"},
            "addresses": [{"type": "InternalIP", "address": "10.0.1.5"},
                          {"type": "InternalDNS", "address": NODE}],
        }),
        made("Deployment", "web", {"replicas": 1, "template": template(
            "web", {"name": "main", "image": "shop/web:1.4", "env": env})}),
        made("ReplicaSet", "web-7d4b9c", {"replicas": 1}, metadata=owned_by("Deployment", "web")),
        pod("web-1", "web", NODE, owner),
        service("web", "web", status={"loadBalancer": {"ingress": [{"hostname": BALANCER_NAME}]}}),
        endpoints("web", "web-1"),
    ]  # fmt: skip
    reader = Reader(("team",), {("shop", "web")})
    things = [t for o in objects if (t := reader.read(o, o["kind"])) is not None]
    scope = f"cluster/{CLUSTER_UID}"
    payload = KubernetesPayload(scope, CLUSTER_UID, "shop", "1.31.2", gathered(things))
    return KUBERNETES.parse(payload, KubernetesSettings(), time).observations


def of_netbox(time: datetime) -> tuple[Observation, ...]:
    """What should be in the rack: the switches, two hosts, and their cables."""
    nodes = {n.name: n for n in topology().nodes}
    site, devices, ports = Named(1, "Antwerp"), [], []
    for number, name in enumerate(("sw1", "sw2", "web1", "app1"), 1):
        role = "switch" if name.startswith("sw") else "server"
        devices.append(
            Device(id=number, name=name, role=Named(1, role, slug=role), site=site,
                   primary_ip=Address(f"{nodes[name].address}/24"))
        )  # fmt: skip
        for at, port in enumerate(nodes[name].ports):
            own = Named(number, name)
            ports.append(
                Port(id=number * 10 + at, name=port, device=own, mac_address=nodes[name].mac(port))
            )
    addresses = [
        IpAddress(id=n, address=f"{nodes[str(d.name)].address}/24", assigned_object_type="i",
                  assigned_object=Parent(n * 10, Named(d.id, d.name)))
        for n, d in enumerate(devices, 1)
    ]  # fmt: skip
    objects = Objects(
        sites=(Site(id=1, name="Antwerp"),),
        devices=tuple(devices),
        interfaces=tuple(_cabled(ports)),
        ip_addresses=tuple(addresses),
    )
    payload = NetboxPayload("netbox.example.org", "netbox.example.org", "4.2.3", objects)
    return NETBOX.parse(payload, NetboxSettings(), time).observations


def _cabled(ports: list[Port]) -> list[Port]:
    """The ports with what is at their far ends; one cable is documented wrongly."""
    by_name = {(p.device.name, p.name): p for p in ports if p.device}
    for a, b in (
        (("sw1", "p1"), ("sw2", "p1")),
        (("sw2", "p2"), ("web1", "eth0")),
        (("sw1", "p9"), ("app1", "eth0")),
    ):
        for here, there in ((a, b), (b, a)):
            far = by_name[there]
            end = Far(far.id, far.name, device=far.device)
            by_name[here] = msgspec.structs.replace(
                by_name[here],
                connected_endpoints=(end,),
                connected_endpoints_type="dcim.interface",
            )
    return [*by_name.values()]


def of_spreadsheet(time: datetime) -> tuple[Observation, ...]:
    """Somebody's list of hosts, by address and name, with the teams that answer for them."""
    defaults = Defaults("spreadsheet", time)
    files = check_files(
        [HERE / "hosts.csv"], defaults, builtin(), load_map(HERE / "hosts.toml"), "Server"
    )
    return tuple(files.observed)


READERS: dict[str, Callable[[datetime], tuple[Observation, ...]]] = {
    "snmp": of_snmp,
    "ssh": of_ssh,
    "network": of_network,
    "aws": of_aws,
    "terraform": of_terraform,
    "kubernetes": of_kubernetes,
    "netbox": of_netbox,
    "spreadsheet": of_spreadsheet,
}


def seen_at(source: str) -> datetime:
    """When a source looks: each at a time of its own, whichever comes in first."""
    return FIRST + timedelta(hours=[*READERS].index(source))
