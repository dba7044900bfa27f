"""What the readers of configurations make of them, right ones and wrong ones."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
import trustme

from discovery.configuration.addresses import read_address, read_url
from discovery.configuration.apache import read_apache
from discovery.configuration.certificates import read_certificate
from discovery.configuration.envoy import read_envoy
from discovery.configuration.haproxy import read_haproxy
from discovery.configuration.nginx import read_nginx
from discovery.configuration.payload import Address, Front, Member, Pool, Routes
from discovery.configuration.recognise import READERS, kind_of
from discovery.configuration.zones import read_zone
from tests.discovery.configuration.samples import APACHE, ENVOY, NGINX, ZONE, haproxy
from tests.discovery.daemons import program


def test_nginx_with_includes_upstreams_and_names() -> None:
    found = read_nginx(NGINX, "/etc/nginx/nginx.conf")
    assert found.errors == ()
    place = "/etc/nginx/conf.d/pools.conf, line"
    assert found.pools == (
        Pool(
            "shop",
            (
                Member(Address("10.0.0.12", 8080), 3.0, line=f"{place} 2"),
                Member(Address("10.0.0.13", 8080), line=f"{place} 2"),
                Member(Address("10.0.0.14", 8080), backup=True, line=f"{place} 3"),
            ),
        ),
        Pool(
            "10.0.0.20:443",
            (Member(Address("10.0.0.20", 443), line="/etc/nginx/conf.d/shop.conf, line 7"),),
        ),
    )
    assert found.fronts == (
        Front(
            "shop.example.org:80",
            (Address("", 80), Address("", 443)),
            ("shop.example.org", "www.shop.example.org"),
            ("shop", "10.0.0.20:443"),
            ("/etc/ssl/shop.pem",),
        ),
    )


def test_a_copy_of_a_configuration_finds_what_it_includes() -> None:
    copied = {f"backup/web1{path}": text for path, text in NGINX.items()}
    found = read_nginx(copied, "backup/web1/etc/nginx/nginx.conf")
    assert [front.name for front in found.fronts] == ["shop.example.org:80"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server { location / { proxy_pass http://$x; } }", "line 1: proxy_pass leads to a vari"),
        ("upstream a { server nowhere:x; }", "line 1: where this server is can't be read"),
        ("server {\n proxy_pass http://10.0.0.1\n}", "line 2: a directive has no semicolon"),
        ("}\n", "line 1: a closing brace that nothing opened"),
        ("server {\n", "line 2: a block is not closed"),
        ('server {\n add_header x "y;\n}', "is not closed"),
        ("server { listen nonsense:x; proxy_pass http://10.0.0.1; }", "what this listens on"),
    ],
)
def test_a_line_of_nginx_that_is_wrong_is_named_and_the_rest_is_in(text: str, said: str) -> None:
    good = "upstream fine { server 10.0.0.9:80; } server { proxy_pass http://fine; }\n"
    found = read_nginx({"a.conf": good + text, "b.conf": text}, "a.conf")
    assert any("a.conf, line" in error for error in found.errors)
    assert any(said in error for error in read_nginx({"b.conf": text}, "b.conf").errors)
    assert "fine" in {pool.name for pool in found.pools}


def test_haproxy_with_defaults_backups_and_certificates() -> None:
    found = read_haproxy({"h.cfg": haproxy()}, "h.cfg")
    assert found.errors == ()
    assert {pool.name: [str(m.address) for m in pool.members] for pool in found.pools} == {
        "app": ["10.99.0.12:8080", "10.99.0.13:8080"],
        "mail": ["mail.example.org:25"],
        "db": ["10.99.0.21:5432"],
    }
    assert [m.backup for m in found.pools[0].members] == [False, True]
    web, db = found.fronts
    assert web.pools == ("mail", "app")
    assert web.certificates == ("/etc/ssl/x.pem",)
    assert [str(a) for a in web.listens] == ["127.0.0.1:20080", "127.0.0.1:20443"]
    assert db.pools == ("db",)


def test_what_a_proxy_is_tested_with_is_valid_for_the_real_one(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "x.pem"
    authority.issue_cert("shop.example.org").private_key_and_cert_chain_pem.write_to_path(pem)
    configuration = tmp_path / "h.cfg"
    configuration.write_text(haproxy(str(pem)))
    command = [program("haproxy"), "-c", "-f", str(configuration)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    (tmp_path / "conf.d").mkdir()
    for path, text in NGINX.items():
        text = text.replace("/etc/nginx", str(tmp_path)).replace("unix:/run/x.sock", "10.0.0.1")
        text = text.replace("/etc/ssl/shop.pem", str(pem)).replace("/etc/ssl/shop.key", str(pem))
        (tmp_path / path.removeprefix("/etc/nginx/")).write_text(text)
    command = [program("nginx", "nginx-light"), "-T", "-e", f"{tmp_path}/log"]
    command += ["-g", f"pid {tmp_path}/pid;", "-c", f"{tmp_path}/nginx.conf"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  use_backend %[path] if x", "use_backend is computed"),
        ("  server x nonsense:y", "where this server is can't be read"),
        ("  bind what:ever", "what this binds can't be read"),
        ("  server-template web 1-3 _http._tcp.example.org", "found at run time"),
        ('  acl x path "unclosed', "a quotation mark is not closed"),
    ],
)
def test_a_line_of_haproxy_that_is_wrong_is_named(line: str, said: str) -> None:
    found = read_haproxy({"h.cfg": f"{haproxy()}{line}\n"}, "h.cfg")
    (error,) = found.errors
    assert said in error
    assert f"h.cfg, line {len(haproxy().splitlines()) + 1}:" in error
    assert len(found.fronts) == 2


@pytest.mark.parametrize(
    ("bind", "found"),
    [
        (":80", ["*:80"]),
        ("*:443", ["*:443"]),
        (":::443", ["*:443"]),
        ("10.0.0.1:80,10.0.0.2:81", ["10.0.0.1:80", "10.0.0.2:81"]),
        ("[2001:db8::1]:80", ["[2001:db8::1]:80"]),
        ("ipv4@10.0.0.1:80", ["10.0.0.1:80"]),
        ("10.0.0.1:8000-8002", ["10.0.0.1:8000", "10.0.0.1:8001", "10.0.0.1:8002"]),
        ("/run/x.sock", []),
    ],
)
def test_binds_of_haproxy(bind: str, found: list[str]) -> None:
    text = f"listen x\n bind {bind}\n bind 10.9.9.9:9\n server a 10.0.0.9:80\n"
    (front,) = read_haproxy({"h": text}, "h").fronts
    assert [str(a) for a in front.listens] == [*found, "10.9.9.9:9"]


def test_apache_with_balancers_and_virtual_hosts() -> None:
    found = read_apache(APACHE, "/etc/apache2/apache2.conf")
    assert found.errors == ()
    (front,) = found.fronts
    assert front.name == "shop.example.org:443"
    assert front.server_names == ("shop.example.org", "www.shop.example.org")
    assert front.certificates == ("/etc/ssl/shop.pem",)
    assert front.pools == ("shop", "10.0.0.20:8025", "10.0.0.30:9000")
    assert [(m.weight, m.backup) for m in found.pools[0].members] == [(2.0, False), (1.0, True)]


@pytest.mark.parametrize(
    "line", ["ProxyPass / http://${BACKEND}/", "ProxyPass / balancer://none/", "</Location>", "<x"]
)
def test_a_line_of_apache_that_is_wrong_is_named(line: str) -> None:
    text = f"<VirtualHost *:80>\n{line}\nProxyPass /a http://10.0.0.1/\n</VirtualHost>\n"
    found = read_apache({"a": text}, "a")
    assert [e.startswith("a, line 2: ") for e in found.errors] == [True]
    assert found.fronts[0].pools == ("10.0.0.1:80",)


def test_envoy_with_listeners_routes_and_clusters() -> None:
    found = read_envoy({"e.yaml": ENVOY}, "e.yaml")
    assert found.errors == ("e.yaml, line 1: an endpoint of the cluster app can't be read.",)
    web, db = found.fronts
    assert (web.pools, db.pools) == (("mail", "app"), ("db",))
    assert web.server_names == ("shop.example.org",)
    assert web.certificates == ("/etc/envoy/shop.pem",)
    assert [(str(m.address), m.backup) for m in found.pools[0].members] == [
        ("10.0.0.12:8080", False),
        ("10.0.0.13:8080", True),
    ]
    broken = read_envoy({"e.yaml": "a: [\n"}, "e.yaml")
    assert broken == Routes("envoy", "e.yaml", errors=broken.errors)
    assert "neither YAML nor JSON" in broken.errors[0]


def test_a_zone_with_two_wrong_lines() -> None:
    records, errors = read_zone(ZONE, "/etc/bind/db.example.org")
    assert {(r.name, r.type): r.values for r in records} == {
        ("example.org", "NS"): ("ns1.example.org",),
        ("example.org", "MX"): ("10 mail.example.org",),
        ("ns1.example.org", "A"): ("10.0.0.2",),
        ("shop.example.org", "A"): ("10.0.0.10", "10.0.0.11"),
        ("www.example.org", "CNAME"): ("shop.example.org",),
        ("mail.example.org", "AAAA"): ("2001:db8::1",),
    }
    assert "secret-of-somebody" not in repr(records)
    assert errors == (
        "/etc/bind/db.example.org, line 8: this is no record that can be read.",
        "/etc/bind/db.example.org, line 13: this is no record that can be read.",
    )


def test_a_certificate_beside_its_private_key() -> None:
    authority = trustme.CA()
    expires = dt.datetime(2031, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    issued = authority.issue_cert("shop.example.org", not_after=expires)
    key, chain = issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes()
    found = read_certificate((key + chain).decode(), "/etc/ssl/shop.pem")
    assert found is not None
    assert found.not_after == "2031-05-06T07:08:09Z"
    assert found.names == ("shop.example.org",)
    assert len(found.sha256) == 64
    assert read_certificate(key.decode(), "/etc/ssl/shop.key") is None
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    assert read_certificate(f"{begin}\nAAAA\n{end}", "x") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (NGINX["/etc/nginx/conf.d/shop.conf"], "nginx"),
        ("server {\n  listen 80;\n}\n", "nginx"),
        (haproxy(), "haproxy"),
        (APACHE["/etc/apache2/sites-enabled/shop.conf"], "apache"),
        (ENVOY, "envoy"),
        (ZONE, "zone"),
        ("-----BEGIN CERTIFICATE-----", "certificate"),
        ("hello: world", ""),
        ("", ""),
    ],
)
def test_a_configuration_is_known_by_what_is_in_it(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("text", ["", "\x00\xff{{{", "}" * 1000, "{" * 1000, "<" * 100, '"' * 99])
def test_nonsense_ends_no_reader(kind: str, text: str) -> None:
    assert READERS[kind]({"x": text}, "x").pools == ()


def test_an_include_of_itself_ends() -> None:
    files = {"/a/nginx.conf": "include b.conf;", "/a/b.conf": "include nginx.conf; include b.conf;"}
    assert read_nginx(files, "/a/nginx.conf").pools == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.1:80", Address("10.0.0.1", 80)),
        ("80", Address("", 80)),
        ("[::]:80", Address("", 80)),
        ("Web1.Example.org:80", Address("web1.example.org", 80)),
        ("a b:80", None),
        ("a:99999", None),
        ("a", None),
    ],
)
def test_addresses(text: str, found: Address | None) -> None:
    assert read_address(text) == found
    assert read_url("http://[2001:db8::1]/x") == Address("2001:db8::1", 80)
    assert read_url("http://%{HTTP_HOST}/") is None
    assert read_url("http://a:b/") is None


def test_compose_files_of_nginx(shared_data: Path) -> None:
    folder = shared_data / "awesome-compose"
    found = {}
    for path in sorted(folder.rglob("*conf")):
        routes = read_nginx({path.name: path.read_text()}, path.name)
        found[str(path.relative_to(folder).parts[0])] = sorted(
            str(m.address) for pool in routes.pools for m in pool.members
        )
    assert found["nginx-nodejs-redis"] == ["web1:5000", "web2:5000"]
    assert found["nginx-golang"] == ["backend:80"]
    assert found["nginx-golang-mysql"] == ["backend:8000"]
    assert found["nginx-flask-mongo"] == []
