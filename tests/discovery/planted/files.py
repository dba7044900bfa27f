"""Secrets in the files that sources read, and in what a program is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import trustme
import yaml

from tests.discovery.configuration.samples import ZONE, haproxy
from tests.discovery.kubernetes.estate import CLUSTER
from tests.discovery.kubernetes.estate import SECRET as CLUSTERS
from tests.discovery.network.scans import host
from tests.discovery.network.scans import scan as nmap_xml
from tests.discovery.network.scans import service as open_port
from tests.discovery.planted.ground import Ground, Planted, Words
from tests.discovery.terraform.states import SECRET as STATES
from tests.discovery.terraform.states import SHOP, instance, resource, state

IN_COMPOSE = "pl4nted/compose+1"
COMPOSE = f"""
name: shop
x-anything: {IN_COMPOSE}
services:
  web:
    image: shop/web:${{TAG:-1.4}}
    build: {{context: ., args: {{TOKEN: "{IN_COMPOSE}"}}}}
    command: ["serve", "--password={IN_COMPOSE}", "redis://:{quote(IN_COMPOSE, safe="")}@cache/1"]
    entrypoint: /run --token {IN_COMPOSE}
    healthcheck: {{test: "curl -u me:{IN_COMPOSE} localhost"}}
    environment:
      CACHE_URL: redis://:{quote(IN_COMPOSE, safe="")}@cache:6379/0
      ORDERS: postgres://u:{quote(IN_COMPOSE, safe="")}@orders.eu-west-1.rds.amazonaws.com/o
      PASSWORD: {IN_COMPOSE}
    env_file: [.env]
    labels: {{traefik.auth: "me:{IN_COMPOSE}"}}
    logging: {{driver: splunk, options: {{splunk-token: "{IN_COMPOSE}"}}}}
    configs: [{{source: inline, target: /etc/shop}}]
    secrets: [key]
  cache: {{image: redis, command: redis-server --requirepass {IN_COMPOSE}}}
configs: {{inline: {{content: "password={IN_COMPOSE}"}}}}
secrets: {{key: {{environment: KEY}}}}
volumes: {{data: {{driver_opts: {{o: "username=me,password={IN_COMPOSE}"}}}}}}
"""


@contextmanager
def compose(ground: Ground) -> Iterator[Planted]:
    ground.written("shop/compose.yaml", COMPOSE)
    ground.written("shop/.env", f"TAG={IN_COMPOSE}\nKEY={IN_COMPOSE}\n")
    broken = ground.written("broken.yaml", f"services: [a: b: '{IN_COMPOSE}'\n{IN_COMPOSE}: [")
    none = ground.written("none.yaml", f"password: {IN_COMPOSE}\n")
    yield Planted(
        (IN_COMPOSE,),
        "orders.eu-west-1.rds.amazonaws.com",
        Words((str(ground.folder / "shop"),)),
        (Words((broken,)), Words((none,))),
    )


@contextmanager
def manifests(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/manifest+1"
    kept = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "k", "namespace": "shop"}}
    more = [
        {**kept, "stringData": {"password": own}, "data": {"password": "cGw0bnRlZC9tYW5pZmVzdCsx"}},
        {**kept, "kind": "ConfigMap", "data": {"app.ini": f"password={own}"}},
    ]
    good = ground.written("shop.yaml", yaml.safe_dump_all([*CLUSTER, *more]))
    broken = ground.written("broken.yaml", f"kind: Secret\nstringData: {{a: '{own}'\nb: [")
    yield Planted((CLUSTERS, own), "web-keys", Words((good,)), (Words((broken,)),))


@contextmanager
def configuration(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/server+conf"
    quoted = quote(own, safe="")
    authority = trustme.CA()
    pem = ground.folder / "etc/shop.pem"
    pem.parent.mkdir()
    issued = authority.issue_cert("shop.example.org")
    issued.private_key_and_cert_chain_pem.write_to_path(pem)
    key = issued.private_key_pem.bytes().decode().splitlines()[1]
    ground.written(
        "etc/nginx.conf",
        f"http {{ upstream shop {{ server 10.0.0.12:8080; }} server {{ listen 80;\n"
        f' server_name shop.example.org; auth_basic "{own}"; ssl_password_file {own};\n'
        f' set $key "{own}"; if ($arg_key = "{own}") {{ return 200 "{own}"; }}\n'
        f' location /{own}/ {{ proxy_set_header Authorization "Basic {own}";\n'
        f" proxy_pass http://me:{quoted}@shop/?key={own}; }}\n"
        f" location / {{ proxy_pass http://me:{quoted}@10.0.0.20:8080/x?key={own}; }} }} }}\n",
    )
    ground.written(
        "etc/haproxy.cfg",
        f"{haproxy('shop.pem')}\nuserlist x\n user a insecure-password {own}\n user b {own}\n"
        f"backend auth\n http-request set-header Authorization {own}\n"
        f" server a1 10.99.0.30:80 check check-send-proxy cookie {own}\n",
    )
    ground.written(
        "etc/apache.conf",
        f"<VirtualHost *:80>\nServerName mail.example.org\nSetEnv PASSWORD {own}\n"
        f"AuthLDAPBindPassword {own}\nRequestHeader set Authorization {own}\n"
        f"ProxyPass / http://me:{quoted}@10.0.0.21:80/?key={own}\n</VirtualHost>\n",
    )
    ground.written("etc/db.example.org", f'{ZONE}\n@ IN TXT "{own}"\nkey IN TXT {own}\n')
    broken = ground.written("broken.conf", f"server {{ auth_basic {own}; location / {{ {own} ")
    yield Planted(
        (own, key),
        "shop.example.org",
        Words((str(ground.folder / "etc"),)),
        (Words((broken,)),),
    )


@contextmanager
def terraform(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/backend+1"
    url = f"https://me:{quote(STATES)}@queue.example.org/1?token={STATES}"
    more = [
        resource("aws_sqs_queue", "q", instance({"id": url, "url": url, "name": "orders"})),
    ]
    good = ground.written("shop.tfstate", state([*SHOP, *more]))
    broken = ground.written("broken.tfstate", f'{{"version": 4, "outputs": "{STATES}", ')
    other = ground.written("other.tfstate", json.dumps({"version": STATES, "password": STATES}))
    given = {"user": "reader", "password": ground.kept("STATE_PASSWORD", own)}
    away = Words(("http://127.0.0.1:9/state",), given)
    clear = Words((f"http://reader:{quote(own, safe='')}@127.0.0.1:9/state",))
    yield Planted(
        (STATES, own),
        "i-0aaaaaaaaaaaaaaa1",
        Words((good,), given),
        (Words((broken,)), Words((other,)), away, clear),
    )


@contextmanager
def network(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/nmap+1"
    script = (
        f'<script id="http-auth" output="user:{own}"><elem key="password">{own}</elem></script>'
    )
    port = open_port(80, "http", "nginx", "1.22", f'extrainfo="{own}" devicetype="{own}"')
    port = port.replace("</port>", f"{script}</port>")
    file = nmap_xml(
        host("10.0.0.7", port, mac="00:11:22:33:44:55", more=f"<hostscript>{script}</hostscript>"),
        arguments=f"nmap -sV --script-args password={own} 10.0.0.0/24",
    )
    good = ground.written("scan.xml", file)
    cut = ground.written("cut.xml", file[: file.rindex(b"</script>")])
    entity = ground.written("entity.xml", f'<!DOCTYPE a [<!ENTITY b "{own}">]><a>&b;</a>')
    yield Planted((own,), "10.0.0.7", Words((good,)), (Words((cut,)), Words((entity,))))


@contextmanager
def traces(ground: Ground) -> Iterator[Planted]:
    own, token = "pl4nted/traces+1", "pl4nted/jaeger+1"
    quoted = quote(own, safe="")

    def attributes(**given: str) -> list[object]:
        names = {name.replace("__", "."): value for name, value in given.items()}
        return [{"key": name, "value": {"stringValue": text}} for name, text in names.items()]

    def calls(number: int, **given: str) -> dict[str, object]:
        span = {"traceId": "a1" * 16, "spanId": f"{number:016x}", "kind": 3, "name": own}
        span |= {"traceState": f"x={own}", "status": {"code": 2, "message": own}}
        span |= {"events": [{"name": own, "attributes": attributes(exception__message=own)}]}
        more = {"http__request__header__authorization": own, "url__query": f"key={own}"}
        return {**span, "attributes": attributes(**given, **more)}

    where = f"me:{quoted}@db.example.org"
    spans = [
        calls(1, db__system="mysql", server__address=where, db__statement=f"select '{own}'"),
        calls(2, db__system="mysql", db__name=f"orders;password={own}", db__query__text=own),
        calls(3, url__full=f"https://me:{quoted}@pay.example.org/{quoted}?key={own}"),
        calls(4, peer__service=f"https://{where}", server__address=f"{own}@db"),
        calls(5, messaging__system="rabbitmq", messaging__destination=f"amqp://{where}/orders"),
        calls(6, messaging__system="sqs", aws__sqs__queue__url=f"https://{where}/1?key={own}"),
    ]
    about = attributes(
        service__name="web",
        service__version=f"1.2?key={own}",
        process__command_args=f"--password={own}",
        host__name=f"{own}@app1",
    )
    nobody = attributes(service__name=f"https://{where}")
    found = {
        "resourceSpans": [
            {"resource": {"attributes": one}, "scopeSpans": [{"spans": spans}]}
            for one in (about, nobody)
        ]
    }
    good = ground.written("traces.json", json.dumps(found))
    cut = ground.written("cut.json", json.dumps(found)[:-9])
    wrong = ground.written("wrong.json", json.dumps({"resourceSpans": [{"resource": own}]}))
    other = ground.written("other.pb", b"\x0a\x7f" + own.encode())
    given = {"token": ground.kept("JAEGER_TOKEN", token)}
    yield Planted(
        (own, token),
        "pay.example.org",
        Words((good,), given),
        (
            Words((cut,)),
            Words((wrong,)),
            Words((other,)),
            Words(("http://127.0.0.1:9",), given),
            Words((f"http://me:{quoted}@127.0.0.1:9/?key={own}",), given),
            Words((f"https://127.0.0.1:x/{own}",), given),
        ),
    )


@contextmanager
def program(ground: Ground) -> Iterator[Planted]:
    """It is given secrets as arguments and variables. What it writes is its own to answer for."""
    own = "pl4nted/program+1"
    ground.monkeypatch.setenv("INVENTORY_TOKEN", own)
    line = '{"item": {"kind": "Server", "identifiers": ["serial:4C1"], "properties": {}}}'
    good = ground.written("inventory.sh", f"#!/bin/sh\necho '{line}'\n")
    fails = ground.written("fails.sh", "#!/bin/sh\nexit 3\n")
    for path in (good, fails):
        (ground.folder / path).chmod(0o700)
    arguments = ("--token", own, f"--password={own}")
    yield Planted(
        (own,),
        "serial:4C1",
        Words((good, *arguments)),
        (Words((fails, *arguments)), Words((f"{good}.none", *arguments))),
    )
