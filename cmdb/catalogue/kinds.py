"""The built-in kinds, layer by layer, named after CSDM, CIM and TOSCA.

A new kind is one declaration here (or in a user's catalogue file); everything else is generated.
"""

from __future__ import annotations

from datetime import timedelta

from cmdb.catalogue.model import Category, Kind, Property, PropertyType
from cmdb.catalogue.record_kinds import RECORDS

_S, _I, _N, _B, _T, _L = (
    PropertyType.STRING,
    PropertyType.INTEGER,
    PropertyType.NUMBER,
    PropertyType.BOOLEAN,
    PropertyType.DATETIME,
    PropertyType.STRINGS,
)
_DAY = timedelta(days=1)

LIFECYCLE = ("planned", "active", "maintenance", "retired")
ENVIRONMENTS = ("production", "staging", "test", "development")
CRITICALITIES = ("critical", "high", "medium", "low")

_CRITICALITY = Property(
    "criticality",
    _S,
    "How much the business suffers when it is gone.",
    choices=CRITICALITIES,
    controlled=True,
    expected=True,
)
_ENVIRONMENT = Property(
    "environment", _S, "Which stage it serves.", choices=ENVIRONMENTS, expected=True
)
_VERSION = Property("version", _S, "The version that is installed or served.", controlled=True)
_PORT = Property("port", _I, "The TCP or UDP port it listens on.")

ROOTS = (
    Kind(
        "ConfigurationItem",
        "configurationItems",
        "Whatever must be managed to deliver a service.",
        abstract=True,
        layer="root",
        properties=(
            Property("name", _S, "What people call it.", expected=True),
            Property("description", _S, "What it is for, in a sentence."),
            Property(
                "lifecycle_status",
                _S,
                "Where it stands in its life, as a source says it.",
                choices=LIFECYCLE,
                controlled=True,
            ),
            Property("labels", _L, "Free labels, each `key=value` or a word."),
        ),
        identified_by=("key", "name"),
        stale_after=30 * _DAY,
        retire_after=7 * _DAY,
    ),
    Kind(
        "Record",
        "records",
        "What people and practices write down about configuration items.",
        category=Category.RECORD,
        abstract=True,
        layer="root",
        properties=(
            Property("name", _S, "What people call it.", expected=True),
            Property("description", _S, "What it is about, in a sentence."),
        ),
        identified_by=("key", "name"),
    ),
)

BUSINESS = (
    Kind(
        "BusinessCapability",
        "businessCapabilities",
        "What the organisation must be able to do, whoever does it.",
        "ConfigurationItem",
        layer="business",
        properties=(_CRITICALITY,),
    ),
    Kind(
        "BusinessService",
        "businessServices",
        "A service as its customers know and buy it.",
        "ConfigurationItem",
        layer="business",
        properties=(_CRITICALITY,),
    ),
    Kind(
        "ServiceOffering",
        "serviceOfferings",
        "One level or variant of a business service, with its own commitments.",
        "ConfigurationItem",
        layer="business",
        properties=(
            _CRITICALITY,
            Property(
                "availability_target",
                _N,
                "The agreed share of service hours it is up.",
                unit="%",
                controlled=True,
            ),
            Property(
                "service_hours",
                _S,
                "When it is agreed to be up, as in Mon-Fri 08:00-18:00 Europe/Berlin.",
            ),
        ),
    ),
    Kind(
        "BusinessApplication",
        "businessApplications",
        "An application as the portfolio lists it, whatever its installations.",
        "ConfigurationItem",
        layer="business",
        properties=(_CRITICALITY, Property("vendor", _S, "Who makes it.")),
    ),
)

DELIVERY = (
    Kind(
        "ServiceInstance",
        "serviceInstances",
        "An application service in one environment: what is deployed and depended on.",
        "ConfigurationItem",
        layer="delivery",
        properties=(_CRITICALITY, _ENVIRONMENT, _VERSION),
        identified_by=("key", "k8s", "fqdn", "name"),
    ),
    Kind(
        "SoftwareInstance",
        "softwareInstances",
        "One running installation of a piece of software on one host.",
        "ConfigurationItem",
        layer="delivery",
        properties=(
            Property("product", _S, "The software, named as people know it.", expected=True),
            _VERSION,
            _PORT,
            Property("ports", _L, "All sockets it listens on, as `tcp/5432`."),
            Property("user", _S, "The account it runs under."),
            Property(
                "command",
                _S,
                "The executable, without its arguments: those may hold secrets.",
            ),
            Property("process_count", _I, "How many processes it consists of."),
            Property("unit", _S, "The service of systemd that keeps it running."),
        ),
        identified_by=("key", "k8s", "container", "endpoint"),
        stale_after=7 * _DAY,
    ),
    Kind(
        "ApiEndpoint",
        "apiEndpoints",
        "An interface that others call.",
        "ConfigurationItem",
        layer="delivery",
        properties=(
            Property("url", _S, "Where it is called."),
            Property("protocol", _S, "What it speaks."),
            _PORT,
        ),
        identified_by=("key", "k8s", "url", "fqdn", "endpoint", "name"),
    ),
    Kind(
        "DatabaseInstance",
        "databaseInstances",
        "A running database server process or managed instance.",
        "SoftwareInstance",
        layer="delivery",
        properties=(
            Property("engine", _S, "The database engine."),
            Property(
                "role",
                _S,
                "Its part in replication.",
                choices=("primary", "standby", "replica", "single"),
            ),
        ),
        identified_by=("key", "cloud", "k8s", "container", "endpoint", "fqdn"),
    ),
    Kind(
        "Database",
        "databases",
        "One database inside a database instance.",
        "ConfigurationItem",
        layer="delivery",
        properties=(
            Property("engine", _S, "The database engine."),
            Property("size", _I, "What it holds on disk.", unit="B"),
        ),
    ),
    Kind(
        "MessageQueue",
        "messageQueues",
        "A queue or topic that decouples services.",
        "ConfigurationItem",
        layer="delivery",
        properties=(Property("broker", _S, "The broker product."),),
        identified_by=("key", "cloud", "fqdn", "name"),
    ),
)

PLATFORM = (
    Kind(
        "Cluster",
        "clusters",
        "A group of nodes of which some suffice: any redundancy group.",
        "ConfigurationItem",
        layer="platform",
        properties=(
            Property(
                "min_up",
                _S,
                "How much of its members must serve: a number or a percentage (default 1).",
                controlled=True,
            ),
            Property("technology", _S, "What makes it a cluster."),
        ),
        identified_by=("key", "cloud", "fqdn", "name"),
    ),
    Kind(
        "KubernetesCluster",
        "kubernetesClusters",
        "A Kubernetes control plane and its nodes.",
        "Cluster",
        layer="platform",
        properties=(_VERSION,),
        identified_by=("key", "cloud", "k8s", "fqdn", "name"),
    ),
    Kind(
        "KubernetesWorkload",
        "kubernetesWorkloads",
        "A Deployment, StatefulSet, DaemonSet or Job.",
        "Cluster",
        layer="platform",
        properties=(
            Property("namespace", _S, "The Kubernetes namespace."),
            Property("workload_kind", _S, "Its kind in Kubernetes."),
            Property("replicas", _I, "How many pods are asked for.", controlled=True),
            Property("images", _L, "The images of its containers.", controlled=True),
        ),
        identified_by=("key", "k8s"),
    ),
    Kind(
        "Container",
        "containers",
        "One running container or pod.",
        "ConfigurationItem",
        layer="platform",
        properties=(
            Property("image", _S, "The image it was started from.", controlled=True),
            Property("runtime", _S, "What runs it."),
        ),
        identified_by=("key", "k8s", "container"),
        stale_after=2 * _DAY,
        retire_after=2 * _DAY,
    ),
    Kind(
        "ConfigurationSource",
        "configurationSources",
        "Configuration that software reads, such as a ConfigMap or Secret, without its contents.",
        "ConfigurationItem",
        layer="platform",
        properties=(
            Property("namespace", _S, "The Kubernetes namespace."),
            Property("source_type", _S, "What it is where it is kept."),
        ),
        identified_by=("key", "k8s", "cloud"),
    ),
    Kind(
        "LoadBalancer",
        "loadBalancers",
        "Spreads calls over a pool.",
        "ConfigurationItem",
        layer="platform",
        properties=(
            Property("product", _S, "The software or appliance."),
            _VERSION,
            Property("virtual_address", _S, "Where it is called."),
        ),
        identified_by=("key", "cloud", "serial", "fqdn", "endpoint", "ip", "name"),
    ),
)

_HOST_IDENTIFIERS = (
    "key",
    "cloud",
    "serial",
    "uuid",
    "mac",
    "machine-id",
    "fqdn",
    "ip",
)

COMPUTE = (
    Kind(
        "Host",
        "hosts",
        "Whatever has an address and runs an operating system.",
        "ConfigurationItem",
        abstract=True,
        layer="compute",
        properties=(
            _ENVIRONMENT,
            Property("hostname", _S, "The name it gives itself."),
            Property(
                "operating_system",
                _S,
                "The operating system's product name.",
                expected=True,
            ),
            Property(
                "operating_system_version",
                _S,
                "The operating system's version.",
                controlled=True,
            ),
            Property("kernel", _S, "The running kernel's release."),
            Property("architecture", _S, "The processor architecture."),
            Property("cpu_count", _I, "Logical processors.", controlled=True),
            Property("memory", _I, "Installed memory.", unit="B", controlled=True),
            Property("ip_addresses", _L, "Its addresses, loopback left out."),
            Property("vendor", _S, "Who makes it."),
            Property("model", _S, "The maker's model name."),
            Property("serial_number", _S, "The maker's serial number."),
            Property("boot_time", _T, "When it was last started."),
            Property(
                "packages",
                _L,
                "Installed packages, as `openssl=3.0.11-1`: those that were asked for.",
                controlled=True,
            ),
        ),
        identified_by=_HOST_IDENTIFIERS,
        stale_after=7 * _DAY,
    ),
    Kind(
        "Server",
        "servers",
        "A physical machine, or one whose nature is not known yet.",
        "Host",
        layer="compute",
        provisional=True,
    ),
    Kind(
        "VirtualMachine",
        "virtualMachines",
        "A machine that a hypervisor or a cloud provides.",
        "Host",
        layer="compute",
        properties=(Property("instance_type", _S, "The provider's size name.", controlled=True),),
    ),
    Kind(
        "Hypervisor",
        "hypervisors",
        "A machine that runs virtual machines.",
        "Host",
        layer="compute",
    ),
    Kind(
        "CloudResource",
        "cloudResources",
        "Anything a cloud provides that has no kind of its own.",
        "ConfigurationItem",
        layer="compute",
        properties=(
            Property("provider", _S, "The cloud."),
            Property("resource_type", _S, "The provider's type name."),
            Property("region", _S, "The provider's region."),
            Property("account", _S, "The account or project."),
        ),
        identified_by=("key", "cloud"),
    ),
)

NETWORK = (
    Kind(
        "NetworkDevice",
        "networkDevices",
        "A switch, router, firewall or access point.",
        "Host",
        layer="network",
        properties=(
            Property(
                "network_role",
                _S,
                "Its part in the network; core and gateway anchor reachability.",
                choices=(
                    "core",
                    "gateway",
                    "distribution",
                    "access",
                    "firewall",
                    "wireless",
                ),
                controlled=True,
            ),
        ),
    ),
    Kind(
        "NetworkInterface",
        "networkInterfaces",
        "A port of a device or host.",
        "ConfigurationItem",
        layer="network",
        properties=(
            Property("mac_address", _S, "Its hardware address."),
            Property("speed", _I, "What it can carry.", unit="Mbit/s"),
            Property("mtu", _I, "The largest frame.", unit="B"),
            Property("ip_addresses", _L, "Addresses with prefix length."),
            Property("is_up", _B, "Whether it was up when seen."),
        ),
        identified_by=("key", "mac"),
        stale_after=7 * _DAY,
    ),
    Kind(
        "NetworkLink",
        "networkLinks",
        "A cable or circuit kept as an item of its own.",
        "ConfigurationItem",
        layer="network",
        properties=(
            Property("circuit_id", _S, "The carrier's name for it."),
            Property("speed", _I, "What it can carry.", unit="Mbit/s"),
        ),
    ),
    Kind(
        "Subnet",
        "subnets",
        "A range of addresses.",
        "ConfigurationItem",
        layer="network",
        properties=(
            Property("cidr", _S, "The range in CIDR form.", expected=True),
            Property("vlan", _I, "The VLAN id."),
        ),
        identified_by=("key", "cloud", "cidr"),
    ),
    Kind(
        "StorageVolume",
        "storageVolumes",
        "A disk, LUN or file system that hosts and databases sit on.",
        "ConfigurationItem",
        layer="network",
        properties=(
            Property("capacity", _I, "Its size.", unit="B", controlled=True),
            Property("used", _I, "What is taken.", unit="B"),
            Property("filesystem", _S, "The file system's type."),
            Property("mount_point", _S, "Where it is mounted."),
        ),
        identified_by=("key", "cloud", "k8s", "serial", "wwn"),
        stale_after=7 * _DAY,
    ),
)

FACILITY = (
    Kind(
        "PowerFeed",
        "powerFeeds",
        "A power circuit that devices are plugged into.",
        "ConfigurationItem",
        layer="facility",
        properties=(
            Property("phase", _S, "The feed or phase it hangs on."),
            Property("capacity", _N, "What it can deliver.", unit="kW"),
        ),
    ),
    Kind(
        "Location",
        "locations",
        "A site, building, room or rack.",
        "ConfigurationItem",
        layer="facility",
        properties=(
            Property(
                "location_type",
                _S,
                "What it is.",
                choices=("site", "building", "room", "rack", "region"),
            ),
            Property("address", _S, "Where it stands."),
        ),
    ),
    Kind(
        "Certificate",
        "certificates",
        "An X.509 certificate.",
        "ConfigurationItem",
        layer="facility",
        properties=(
            Property("subject", _S, "Whom it names."),
            Property("issuer", _S, "Who signed it."),
            Property("not_after", _T, "When it expires.", expected=True),
        ),
        identified_by=("key", "sha256", "serial"),
    ),
    Kind(
        "DnsRecord",
        "dnsRecords",
        "A record in the domain name system.",
        "ConfigurationItem",
        layer="facility",
        properties=(
            Property("record_type", _S, "Its type, such as A, AAAA or CNAME."),
            Property("value", _S, "What it resolves to.", controlled=True),
            Property("time_to_live", _I, "How long resolvers may keep it.", unit="s"),
        ),
        identified_by=("key", "dns"),
    ),
)

PEOPLE = (
    Kind(
        "Team",
        "teams",
        "People who own or support something together.",
        "Record",
        Category.RECORD,
        layer="people",
        properties=(
            Property("email", _S, "Where to write."),
            Property("phone", _S, "Whom to ring at night."),
            Property("on_call", _S, "How to reach who is on call."),
            Property("escalation", _S, "Whom to call where nobody answers."),
        ),
    ),
    Kind(
        "Person",
        "people",
        "One human being.",
        "Record",
        Category.RECORD,
        layer="people",
        properties=(
            Property("email", _S, "Where to write."),
            Property("phone", _S, "Where to ring."),
            Property("login", _S, "The name that they sign in and act with."),
            Property(
                "roles", _L, "What they may decide, such as cab, change_manager or service_desk."
            ),
        ),
        identified_by=("key", "email", "name"),
    ),
)

KINDS: tuple[Kind, ...] = (
    *ROOTS,
    *BUSINESS,
    *DELIVERY,
    *PLATFORM,
    *COMPUTE,
    *NETWORK,
    *FACILITY,
    *PEOPLE,
    *RECORDS,
)
