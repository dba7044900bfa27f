"""Secrets in what servers and machines answer, and in how they are signed in to."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.discovery.aws import estate as cloud
from tests.discovery.daemons import free_port, running
from tests.discovery.databases.servers import PASSWORD, USER, redis
from tests.discovery.docker.test_docker_fetch import BOX, engine
from tests.discovery.kubernetes.api import TOKEN as CLUSTER_TOKEN
from tests.discovery.kubernetes.api import Api, serving_api
from tests.discovery.kubernetes.estate import CLUSTER
from tests.discovery.kubernetes.estate import SECRET as CLUSTERS
from tests.discovery.planted.ground import Ground, Planted, Words
from tests.discovery.serving import serving
from tests.discovery.snmp.agents import free_port as free_udp_port
from tests.discovery.snmp.rude import agent, polite
from tests.discovery.ssh.sshd import sshd

AWAY = "127.0.0.1:9"
LISTENS = (
    "import socket, sys\ns = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "while True: s.accept()\n"
)


@contextmanager
def listening(ground: Ground, secret: str) -> Iterator[int]:
    """A program that listens, with a secret among its arguments and variables."""
    port = free_port()
    script = ground.written("orders.py", LISTENS)
    words = [sys.executable, script, str(port), "--password", secret, f"--token={secret}"]
    words.append(f"postgres://me:{quote(secret, safe='')}@db.example.org/orders")
    with running(words, port, env={**os.environ, "PASSWORD": secret}):
        yield port


@contextmanager
def local(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/local+1"
    with listening(ground, own):
        given = {"container_sockets": str(ground.folder / "none.sock")}
        yield Planted((own,), "orders", Words(settings=given))


@contextmanager
def ssh(ground: Ground) -> Iterator[Planted]:
    own, phrase, password = "pl4nted/ssh+1", "pl4nted/phrase+1", "pl4nted/password+1"
    with listening(ground, own), sshd(ground.folder / "sshd") as server:
        key = next(line for line in server.key.read_text().splitlines() if "KEY" not in line)
        known = {
            "known_hosts": ground.written("known", server.known),
            "keys": str(server.key),
            "agent": "false",
            "configuration": "none",
            "password": ground.kept("SSH_PASSWORD", password),
        }
        locked = {**known, "passphrase": ground.kept("PHRASE", phrase)}
        locked["keys"] = ground.written("locked", server.key.read_text().replace(key[:20], ""))
        unknown = {**known, "known_hosts": ground.written("nobody", "")}
        no_key = {**known, "keys": ""}
        yield Planted(
            (own, phrase, password, key),
            "orders",
            Words((server.target,), known),
            (
                Words((server.target,), locked),
                Words((server.target,), unknown),
                Words((server.target,), no_key),
                Words((f"me:{quote(password, safe='')}@127.0.0.1:9",), known),
            ),
        )


@contextmanager
def snmp(ground: Ground) -> Iterator[Planted]:
    community, key, privacy = "pl4nted/community+1", "pl4nted/key+1", "pl4nted/privacy+1"
    ready, done = threading.Event(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        async with agent(polite) as port:
            ports.append(port)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    quick = {"timeout": 0.2, "retries": 0}
    known = {**quick, "port": ports[0], "community": ground.kept("COMMUNITY", community)}
    third = {
        **quick,
        "port": free_udp_port(),
        "user": "me",
        "authentication_key": ground.kept("KEY", key),
        "privacy_key": ground.kept("PRIVACY", privacy),
    }
    silent = {**known, "port": free_udp_port()}
    short = {**third, "authentication_key": ground.kept("SHORT", key[:7])}
    try:
        yield Planted(
            (community, key, privacy),
            "rude",
            Words(("127.0.0.1",), known),
            tuple(Words(("127.0.0.1",), one) for one in (silent, third, short)),
        )
    finally:
        done.set()
        thread.join()


@contextmanager
def databases(ground: Ground) -> Iterator[Planted]:
    wrong = "pl4nted/wrong+1"
    given = {"user": USER, "password": ground.kept("DB_PASSWORD", PASSWORD), "timeout": 1}
    bad = {**given, "password": ground.kept("DB_WRONG", wrong)}
    with redis() as pair:
        here = f"redis://127.0.0.1:{pair.primary}"
        yield Planted(
            (PASSWORD, wrong),
            str(pair.primary),
            Words((here,), given),
            (
                Words((here,), bad),
                Words((f"postgresql://{AWAY}", f"mysql://{AWAY}", f"redis://{AWAY}"), bad),
                Words((f"postgresql://me:{quote(wrong, safe='')}@{AWAY}/orders",), given),
            ),
        )


@contextmanager
def docker(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/docker+1"
    quoted = quote(own, safe="")
    variables = [f"PASSWORD={own}", f"DB_URL=postgres://u:{quoted}@db.example.org/o"]
    box = {
        "Id": BOX["Id"],
        "Name": "/web",
        "Path": "/run",
        "Args": ["--token", own],
        "Config": {
            "Env": variables,
            "Cmd": [f"--password={own}"],
            "Entrypoint": ["/run", own],
            "Labels": {"traefik.auth": own},
            "Healthcheck": {"Test": ["CMD", "curl", "-u", own]},
        },
        "State": {"Error": own, "Health": {"Log": [{"Output": own}]}},
        "HostConfig": {"LogConfig": {"Config": {"splunk-token": own}}},
    }
    row = {**BOX, "Command": f"/run --password={own}", "Labels": {"traefik.auth": own}}
    info: dict[str, object] = {
        "Name": "app1.example.org",
        "ID": "E1",
        "HttpProxy": f"http://me:{quoted}@proxy:1",
    }
    info |= {"RegistryConfig": {"auth": own}, "Labels": [f"token={own}"]}
    volumes: dict[str, object] = {
        "Volumes": [{"Name": "data", "Options": {"o": f"username=me,password={own}"}}]
    }
    answers = {
        "info": info,
        "volumes": volumes,
        "containers__json": [row],
        f"containers__{BOX['Id']}__json": box,
    }
    with engine(ground.folder, **answers) as address:
        yield Planted(
            (own,),
            "app1.example.org",
            Words((address,)),
            (Words((f"tcp://me:{quoted}@{AWAY}",)), Words((f"http://me:{quoted}@x y",))),
        )


@contextmanager
def kubernetes(ground: Ground) -> Iterator[Planted]:
    with serving_api(Api.of(CLUSTER), ground.folder) as config:
        given = {"kubeconfig": config, "pods": "true"}
        text = (ground.folder / "kubeconfig").read_text()
        odd = ground.written("odd", text.replace("token: pl", "token: [pl"))
        yield Planted(
            (CLUSTERS, CLUSTER_TOKEN),
            "web-keys",
            Words(settings=given),
            (
                Words(("untrusted",), given),
                Words(("none",), given),
                Words(settings={**given, "kubeconfig": odd}),
            ),
        )


def _estate(made: cloud.Cloud) -> None:
    """What of the shop has secrets in it. What its own client logs is not looked at."""
    logging.disable(logging.DEBUG)
    _, subnets = cloud.network(made)
    cloud.machines(made, subnets)
    cloud.code(made, cloud.databases(made))
    made.close()
    logging.disable(logging.NOTSET)


@contextmanager
def aws(ground: Ground) -> Iterator[Planted]:
    own = "pl4nted/external+1"
    with cloud.simulator(ground.monkeypatch) as address:
        _estate(cloud.Cloud(address))
        given = {"endpoint_url": address, "regions": cloud.REGION}
        given["external_id"] = ground.kept("EXTERNAL_ID", own)
        yield Planted(
            (cloud.SECRET, own),
            "orders standby",
            Words(settings=given),
            (
                Words((f"arn:aws:iam::1:role/{own}", "me"), given),
                Words(settings={**given, "profile": "none"}),
            ),
        )


@contextmanager
def json(ground: Ground) -> Iterator[Planted]:
    own, wrong, inside = "pl4nted/api+1", "pl4nted/wrong+1", "pl4nted/inside+1"

    async def answer(request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {own}":
            return JSONResponse({"error": f"{request.headers.get('authorization')}"}, 401)
        row = {"id": 1, "serial": "4C1", "password": inside, "env": {"TOKEN": inside}}
        return JSONResponse({"hosts": [row], "secret": inside})

    mapping = ground.written(
        "hosts.toml",
        '[host]\neach = "hosts[]"\nkind = "Server"\nid = "id"\n[host.identifiers]\n'
        'serial = "serial"\n',
    )
    given = {"mapping": mapping, "token": ground.kept("API_TOKEN", own)}
    bad = {**given, "token": ground.kept("API_WRONG", wrong)}
    with serving(Starlette(routes=[Route("/hosts", answer)])) as url:
        clear = url.replace("//", f"//me:{quote(own, safe='')}@")
        yield Planted(
            (own, wrong, inside),
            "serial:4C1",
            Words((f"{url}/hosts",), given),
            (
                Words((f"{url}/hosts",), bad),
                Words((f"{url}/none",), given),
                Words((f"{clear}/hosts",), given),
                Words((f"http://{AWAY}/hosts?key={quote(own, safe='')}",), given),
                Words((f"{url}/hosts",), {**given, "token": own}),
            ),
        )
