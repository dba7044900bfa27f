"""The built-in identifier namespaces, each declared once.

Which of them identify a kind, and in what order, is the kind's own matter.
"""

from __future__ import annotations

from cmdb.catalogue.model import Contested, Namespace

NAMESPACES: tuple[Namespace, ...] = (
    Namespace(
        "key",
        "A source's own id for the thing, behind the source's name; other sources never match it.",
        "key:netbox/device-412",
        conclusive=False,
    ),
    Namespace(
        "cloud",
        "A cloud provider's id: an ARN, an Azure id, a GCP self link.",
        "cloud:arn:aws:ec2:eu-west-1:1:instance/i-0a",
        normal="plain",
    ),
    Namespace("serial", "The maker's serial number.", "serial:4C1", normal="upper"),
    Namespace(
        "uuid",
        "A hardware or virtual machine UUID (SMBIOS).",
        "uuid:4c4c4544-0031-3510-8052-b4c04f4c4a32",
        normal="lower",
    ),
    Namespace(
        "k8s",
        "An object of a Kubernetes cluster.",
        "k8s:<cluster uid>/<namespace>/<kind>/<name>",
    ),
    Namespace("container", "A container runtime's full id.", "container:9f1c…", normal="lower"),
    Namespace(
        "wwn",
        "A storage volume's world-wide name or UUID.",
        "wwn:5000c500a1b2c3d4",
        normal="lower",
    ),
    Namespace(
        "sha256",
        "The SHA-256 fingerprint of a certificate in DER form.",
        "sha256:9f86d0…",
        normal="hex",
    ),
    Namespace(
        "mac",
        "A network interface's hardware address.",
        "mac:52:54:00:12:34:56",
        normal="mac",
    ),
    Namespace(
        "machine-id",
        "The systemd machine-id. Cloned images share it, and then it identifies nobody.",
        "machine-id:0c0f2a9d5d4b4a0e8f5f0a3c2b1d4e5f",
        contested=Contested.SHARED,
        normal="hex",
    ),
    Namespace("email", "A person's mail address.", "email:ada@example.org", normal="lower"),
    Namespace("fqdn", "A fully qualified domain name.", "fqdn:web1.example.org", normal="fqdn"),
    Namespace(
        "dns",
        "A DNS record: name, slash, type.",
        "dns:shop.example.org/A",
        normal="fqdn",
    ),
    Namespace(
        "url",
        "Where an interface is called.",
        "url:https://shop.example.org/api",
        normal="plain",
    ),
    Namespace(
        "cidr",
        "A subnet, behind the scope in which it is unique.",
        "cidr:default/10.0.0.0/24",
        normal="lower",
    ),
    Namespace(
        "endpoint",
        "A listening socket, behind the scope in which its address is unique.",
        "endpoint:default/tcp/10.0.0.5:5432",
        normal="lower",
    ),
    Namespace(
        "ip",
        "An address, behind the scope in which it is unique.",
        "ip:default/10.0.0.5",
        normal="lower",
    ),
    Namespace(
        "name",
        "The name of something that has no other identity, behind its kind.",
        "name:Team/Payments",
        normal="folded",
    ),
)
