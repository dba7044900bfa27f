"""What people call the software behind a process: tables, and the few questions asked of them."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from discovery.machine.payload import Process


class Product(msgspec.Struct, frozen=True, gc=False):
    """A piece of software: whether it is a database, and the ports it usually listens on.

    ``known`` ones are in the tables; others are called what their executable is called.
    """

    name: str
    database: bool = False
    ports: tuple[int, ...] = ()
    known: bool = True

    @property
    def kind(self) -> str:
        """The kind of its instances."""
        return "DatabaseInstance" if self.database else "SoftwareInstance"


PRODUCTS = (
    Product("postgresql", True, (5432,)),
    Product("pgbouncer", False, (6432,)),
    Product("mysql", True, (3306,)),
    Product("mariadb", True, (3306,)),
    Product("mongodb", True, (27017,)),
    Product("redis", True, (6379,)),
    Product("valkey", True, (6379,)),
    Product("memcached", False, (11211,)),
    Product("neo4j", True, (7687, 7474)),
    Product("cassandra", True, (9042,)),
    Product("clickhouse", True, (9000, 8123)),
    Product("influxdb", True, (8086,)),
    Product("couchdb", True, (5984,)),
    Product("elasticsearch", True, (9200,)),
    Product("opensearch", True, (9200,)),
    Product("etcd", True, (2379,)),
    Product("oracle database", True, (1521,)),
    Product("sql server", True, (1433,)),
    Product("db2", True, (50000,)),
    Product("nginx", False, (80, 443)),
    Product("apache", False, (80, 443)),
    Product("haproxy", False, (80, 443)),
    Product("envoy"),
    Product("traefik", False, (80, 443)),
    Product("caddy", False, (80, 443)),
    Product("varnish", False, (6081, 80)),
    Product("squid", False, (3128,)),
    Product("tomcat", False, (8080,)),
    Product("jetty", False, (8080,)),
    Product("wildfly", False, (8080,)),
    Product("keycloak", False, (8080, 8443)),
    Product("jenkins", False, (8080,)),
    Product("rabbitmq", False, (5672,)),
    Product("kafka", False, (9092,)),
    Product("zookeeper", False, (2181,)),
    Product("activemq", False, (61616,)),
    Product("nats", False, (4222,)),
    Product("mosquitto", False, (1883,)),
    Product("emqx", False, (1883,)),
    Product("ejabberd", False, (5222,)),
    Product("vernemq", False, (1883,)),
    Product("riak", True, (8087,)),
    Product("openssh", False, (22,)),
    Product("dropbear", False, (22,)),
    Product("bind", False, (53,)),
    Product("unbound", False, (53,)),
    Product("dnsmasq", False, (53,)),
    Product("systemd-resolved", False, (53,)),
    Product("powerdns", False, (53,)),
    Product("coredns", False, (53,)),
    Product("chrony", False, (123, 323)),
    Product("ntp", False, (123,)),
    Product("openldap", False, (389, 636)),
    Product("samba", False, (445, 139)),
    Product("nfs", False, (2049,)),
    Product("rpcbind", False, (111,)),
    Product("cups", False, (631,)),
    Product("postfix", False, (25,)),
    Product("exim", False, (25,)),
    Product("dovecot", False, (143, 993)),
    Product("docker", False, (2375, 2376)),
    Product("containerd"),
    Product("kubelet", False, (10250,)),
    Product("kube-apiserver", False, (6443,)),
    Product("kube-proxy", False, (10256,)),
    Product("kube-scheduler", False, (10259,)),
    Product("kube-controller-manager", False, (10257,)),
    Product("k3s", False, (6443,)),
    Product("consul", False, (8500,)),
    Product("vault", False, (8200,)),
    Product("nomad", False, (4646,)),
    Product("prometheus", False, (9090,)),
    Product("alertmanager", False, (9093,)),
    Product("node_exporter", False, (9100,)),
    Product("grafana", False, (3000,)),
    Product("net-snmp", False, (161,)),
    Product("lldpd"),
    Product("zabbix", False, (10050, 10051)),
    Product("telegraf"),
    Product("fluent-bit"),
    Product("filebeat"),
    Product("gunicorn", False, (8000,)),
    Product("uvicorn", False, (8000,)),
    Product("uwsgi"),
    Product("celery"),
    Product("php-fpm", False, (9000,)),
    Product("minio", False, (9000,)),
    Product("ollama", False, (11434,)),
    Product("cmdb", False, (8000,)),
)

BY_NAME = {product.name: product for product in PRODUCTS}

PROGRAMS = {
    "postgres": "postgresql",
    "postmaster": "postgresql",
    "pgbouncer": "pgbouncer",
    "mysqld": "mysql",
    "mariadbd": "mariadb",
    "mongod": "mongodb",
    "mongos": "mongodb",
    "redis-server": "redis",
    "redis-sentinel": "redis",
    "redis-check-rdb": "redis",  # one binary under several names on some distributions
    "valkey-server": "valkey",
    "memcached": "memcached",
    "clickhouse": "clickhouse",
    "clickhouse-server": "clickhouse",
    "influxd": "influxdb",
    "etcd": "etcd",
    "tnslsnr": "oracle database",
    "oracle": "oracle database",
    "sqlservr": "sql server",
    "db2sysc": "db2",
    "nginx": "nginx",
    "apache2": "apache",
    "httpd": "apache",
    "haproxy": "haproxy",
    "envoy": "envoy",
    "traefik": "traefik",
    "caddy": "caddy",
    "varnishd": "varnish",
    "squid": "squid",
    "nats-server": "nats",
    "mosquitto": "mosquitto",
    "sshd": "openssh",
    "sshd-session": "openssh",
    "dropbear": "dropbear",
    "named": "bind",
    "unbound": "unbound",
    "dnsmasq": "dnsmasq",
    "systemd-resolved": "systemd-resolved",
    "systemd-resolve": "systemd-resolved",
    "pdns_server": "powerdns",
    "coredns": "coredns",
    "chronyd": "chrony",
    "ntpd": "ntp",
    "ntpsec": "ntp",
    "slapd": "openldap",
    "smbd": "samba",
    "nmbd": "samba",
    "rpc.mountd": "nfs",
    "rpcbind": "rpcbind",
    "cupsd": "cups",
    "master": "postfix",
    "exim4": "exim",
    "exim": "exim",
    "dovecot": "dovecot",
    "dockerd": "docker",
    "docker-proxy": "docker",
    "containerd": "containerd",
    "kubelet": "kubelet",
    "kube-apiserver": "kube-apiserver",
    "kube-proxy": "kube-proxy",
    "kube-scheduler": "kube-scheduler",
    "kube-controller-manager": "kube-controller-manager",
    "k3s": "k3s",
    "k3s-server": "k3s",
    "consul": "consul",
    "vault": "vault",
    "nomad": "nomad",
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "prometheus-alertmanager": "alertmanager",
    "node_exporter": "node_exporter",
    "prometheus-node-exporter": "node_exporter",
    "grafana": "grafana",
    "grafana-server": "grafana",
    "snmpd": "net-snmp",
    "lldpd": "lldpd",
    "zabbix_server": "zabbix",
    "zabbix_agentd": "zabbix",
    "zabbix_agent2": "zabbix",
    "telegraf": "telegraf",
    "fluent-bit": "fluent-bit",
    "filebeat": "filebeat",
    "gunicorn": "gunicorn",
    "uvicorn": "uvicorn",
    "uwsgi": "uwsgi",
    "celery": "celery",
    "php-fpm": "php-fpm",
    "minio": "minio",
    "ollama": "ollama",
    "cmdb": "cmdb",
}
"""Executables, without the version that some carry at their end, and the products they are."""

ENTRIES = (
    (r"neo4j", "neo4j"),
    (r"org\.apache\.catalina|^bootstrap$", "tomcat"),
    (r"org\.eclipse\.jetty|^jetty", "jetty"),
    (r"jboss-modules|wildfly", "wildfly"),
    (r"quarkus-run|keycloak", "keycloak"),
    (r"^jenkins", "jenkins"),
    (r"^kafka|kafka\.Kafka", "kafka"),
    (r"zookeeper", "zookeeper"),
    (r"^activemq", "activemq"),
    (r"cassandra", "cassandra"),
    (r"elasticsearch", "elasticsearch"),
    (r"opensearch", "opensearch"),
    (r"^gunicorn", "gunicorn"),
    (r"^uvicorn", "uvicorn"),
    (r"^celery", "celery"),
    (r"^uwsgi", "uwsgi"),
    (r"^cmdb", "cmdb"),
    (r"^(rabbitmq|couchdb|ejabberd|emqx|vernemq|riak)$", r"\1"),
)
"""What interpreters run, as patterns searched in its name, and the products that it is."""

_ENTRIES = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in ENTRIES)
_VERSION = re.compile(r"[-_]?v?\d+(?:\.\d+)*$")

PORT_OWNERS = {
    ("tcp", 22): "openssh",
    ("tcp", 111): "rpcbind",
    ("udp", 111): "rpcbind",
    ("tcp", 631): "cups",
    ("tcp", 2375): "docker",
}
"""Whose sockets systemd holds until the first client comes."""


def product_of(process: Process) -> Product:
    """The product that a process belongs to, by what it runs, else by its executable's name."""
    return _product(process.entry, process.exe, process.name)


@lru_cache(maxsize=65536)
def _product(entry: str, exe: str, title: str) -> Product:
    if entry:
        for pattern, name in _ENTRIES:
            found = pattern.search(entry)
            if found:
                return BY_NAME[found.expand(name)]
        return Product(entry, known=False)
    # A process may call itself what it likes; its executable is what it is.
    program = exe.replace("\\", "/").rpartition("/")[2]
    for text in (program, title.partition(":")[0]):
        name = text.lower().removesuffix(".exe")
        for candidate in (name, _VERSION.sub("", name)):
            if candidate in PROGRAMS:
                return BY_NAME[PROGRAMS[candidate]]
    return Product(program or title, known=False)


@lru_cache(maxsize=16384)
def usual_owner(protocol: str, port: int) -> tuple[Product, ...]:
    """The products that usually listen on a port."""
    if protocol == "udp":
        return tuple(p for p in PRODUCTS if port in p.ports and port in (53, 123, 161))
    return tuple(p for p in PRODUCTS if port in p.ports)
