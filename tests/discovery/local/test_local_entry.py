"""What a command line runs is told; what else stands in it never is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.machine.entry import entry_point, shim_container
from discovery.machine.payload import Process
from discovery.machine.products import (
    BY_NAME,
    ENTRIES,
    PORT_OWNERS,
    PRODUCTS,
    PROGRAMS,
    product_of,
    usual_owner,
)
from discovery.machine.units import unit_of

CONTAINER = "9f" * 32
GROUPS = st.lists(
    st.sampled_from(["/", ".service", "shop@blue", ".scope", "\\x2d", "\n", "0::", "system.slice"])
).map("".join)
PROGRAM_NAMES = st.lists(
    st.sampled_from(
        ["postgres", "nginx", "Redis-Server", ".exe", "-", "_", "v", "1", ".2", ":", "x"]
    )
).map("".join)


@pytest.mark.parametrize(
    ("command", "entry"),
    [
        ("/usr/bin/java -Xmx1g -cp /opt/lib/* org.neo4j.server.Main", "org.neo4j.server.Main"),
        ("java -Dpassword=secret -jar /opt/jenkins.war --passwd=secret", "jenkins.war"),
        ("java -jar /srv/orders.jar --db.password=secret", "orders"),
        ("java -p /opt/mods -m org.keycloak/org.keycloak.Main", "org.keycloak.Main"),
        ("java @/etc/options /srv/Server.java secret", "Server"),
        ("python3.12 -m uvicorn shop:app --ssl-keyfile-password secret", "uvicorn"),
        ("/srv/bin/python /srv/bin/gunicorn -b :8000 --env TOKEN=secret shop:app", "gunicorn"),
        ("python -W ignore -X dev /srv/shop/worker.py --token=secret", "worker"),
        ("python -c print('secret')", ""),
        ("node --require ./tracing.js /srv/shop/server.js --token=secret", "shop"),
        ("nodejs /srv/mailer/bin/mailer.js", "mailer"),
        ("node -e secret()", ""),
        ("ruby /usr/bin/puma -t 5", "puma"),
        ("php /srv/queue.php secret", "queue"),
        ("/usr/lib/bin/beam.smp -W w -root /usr/lib/rabbitmq -setcookie secret", "rabbitmq"),
        ("beam.smp -setcookie secret", ""),
        ("postgres: writer secret", ""),
        ("/usr/sbin/nginx -g secret", ""),
        ("python", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_only_the_name_of_what_runs_is_told(command: str, entry: str) -> None:
    assert entry_point(command.split(" ") if command else []) == entry


@given(st.sampled_from(["java", "python3", "node", "ruby", "beam.smp"]), st.lists(st.text()))
def test_no_option_and_nothing_that_is_no_name_is_ever_told(
    program: str, arguments: list[str]
) -> None:
    told = entry_point([program, *arguments])
    assert not told.startswith("-")
    assert all(c.isalnum() or c in "_.+$-" for c in told)
    assert len(told) <= 80


def test_a_guardian_tells_its_container_and_nothing_else() -> None:
    shim = "/usr/bin/containerd-shim-runc-v2"
    assert shim_container([shim, "-namespace", "moby", "-id", CONTAINER]) == CONTAINER
    assert shim_container([shim, "-id", "secret"]) == ""
    assert shim_container([shim]) == ""


@pytest.mark.parametrize(
    ("process", "product"),
    [
        (Process(1, 0, "postgres", "/usr/lib/postgresql/15/bin/postgres"), "postgresql"),
        (Process(1, 0, "redis-server", "/usr/bin/redis-check-rdb"), "redis"),
        (Process(1, 0, "redis-server"), "redis"),
        (Process(1, 0, "mariadbd", "/usr/sbin/mariadbd"), "mariadb"),
        (Process(1, 0, "nginx: master process"), "nginx"),
        (Process(1, 0, "php-fpm8.2", "/usr/sbin/php-fpm8.2"), "php-fpm"),
        (Process(1, 0, "java", "/usr/bin/java", "org.neo4j.server.Neo4jCommunity"), "neo4j"),
        (Process(1, 0, "java", "/usr/bin/java", "kafka.Kafka"), "kafka"),
        (Process(1, 0, "beam.smp", "/usr/lib/erlang/bin/beam.smp", "rabbitmq"), "rabbitmq"),
        (Process(1, 0, "python3", "/usr/bin/python3.11", "uvicorn"), "uvicorn"),
        (Process(1, 0, "sshd", "/usr/sbin/sshd"), "openssh"),
        (Process(1, 0, "nginx.exe", r"C:\nginx\nginx.exe"), "nginx"),
    ],
)
def test_products_are_called_what_people_call_them(process: Process, product: str) -> None:
    found = product_of(process)
    assert found.name == product
    assert found.known


def test_an_unknown_program_is_called_what_it_is_called() -> None:
    assert product_of(Process(1, 0, "shopd", "/opt/shop/shopd")).name == "shopd"
    assert product_of(Process(1, 0, "java", "/usr/bin/java", "orders")).name == "orders"
    assert not product_of(Process(1, 0, "shopd")).known


def test_the_tables_hold_together() -> None:
    assert len(BY_NAME) == len(PRODUCTS)
    assert set(PROGRAMS.values()) <= set(BY_NAME)
    assert set(PORT_OWNERS.values()) <= set(BY_NAME)
    plain = {name for pattern, name in ENTRIES if "\\" not in name}
    assert plain <= set(BY_NAME)
    for word in ("rabbitmq", "couchdb", "ejabberd", "emqx", "vernemq", "riak"):
        assert product_of(Process(1, 0, "beam.smp", "", word)).known
    assert {p.name for p in usual_owner("tcp", 3306)} == {"mysql", "mariadb"}
    assert usual_owner("udp", 5432) == ()


@given(GROUPS)
def test_a_process_is_of_the_last_service_among_its_groups(groups: str) -> None:
    services = re.findall(r"/([^/\n]+)\.service(?=/|$)", groups, re.MULTILINE)
    assert unit_of(groups) == (services[-1].replace("\\x2d", "-") if services else "")


@given(PROGRAM_NAMES, PROGRAM_NAMES)
def test_a_program_is_its_product_with_or_without_a_version(file: str, title: str) -> None:
    found = product_of(Process(1, 0, title, f"/opt/bin/{file}"))
    for name in (file, title.partition(":")[0]):
        plain = name.lower().removesuffix(".exe")
        for candidate in (plain, re.sub(r"[-_]?v?\d+(?:\.\d+)*$", "", plain)):
            if candidate in PROGRAMS:
                assert found == BY_NAME[PROGRAMS[candidate]]
                return
    assert not found.known
    assert found.name == (file or title)


@given(st.sampled_from(["python", "python3", "python3.12", "pypy", "perl5.36", "node", "nodejs"]))
def test_an_interpreter_is_known_by_its_name_in_any_folder(program: str) -> None:
    told = {entry_point([f"{place}{program}", "/srv/shop.py"]) for place in ("", "/a/", "C:\\b\\")}
    assert told == {"" if program == "pypy" else "shop"}
