"""Secrets that service desks are signed in to with, and some in fields that nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from cmdb.items.value import format_time
from tests.discovery.jira.site import TOKEN as JIRA_TOKEN
from tests.discovery.jira.site import USER as JIRA_USER
from tests.discovery.jira.site import site
from tests.discovery.netbox.api import TOKEN as NETBOX_TOKEN
from tests.discovery.netbox.api import netbox as documented
from tests.discovery.netbox.estate import SECRET as NETBOX_SECRET
from tests.discovery.netbox.estate import lists
from tests.discovery.pagerduty.account import TOKEN as PAGERDUTY_TOKEN
from tests.discovery.pagerduty.account import account
from tests.discovery.planted.ground import Ground, Planted, Words
from tests.discovery.servicenow.desk import PASSWORD as DESK_PASSWORD
from tests.discovery.servicenow.desk import USER as DESK_USER
from tests.discovery.servicenow.desk import desk

WRONG = "pl4nted/wrong+1"
FIELD = "pl4nted/field+1"


def refusals(ground: Ground, given: dict[str, object], secret: str, own: str) -> tuple[Words, ...]:
    """A wrong secret, a server that is away, a secret in the address, and one given as it is."""
    clear = str(given["url"]).replace("//", f"//me:{quote(own, safe='')}@")
    return (
        Words(settings={**given, secret: ground.kept("WRONG", WRONG)}),
        Words(settings={**given, "url": "http://127.0.0.1:9"}),
        Words(settings={**given, "url": clear}),
        Words(settings={**given, secret: own}),
    )


@contextmanager
def jira(ground: Ground) -> Iterator[Planted]:
    with site() as made:
        made.put("1", "OPS-1", "Incident", summary="Shop is down", customfield_1=FIELD,
                 status={"name": "Open", "statusCategory": {"key": "new"}})  # fmt: skip
        given: dict[str, object] = {"url": made.url, "user": JIRA_USER, "projects": "OPS"}
        given["token"] = ground.kept("JIRA_TOKEN", JIRA_TOKEN)
        yield Planted(
            (JIRA_TOKEN, WRONG, FIELD),
            "Shop is down",
            Words(settings=given),
            refusals(ground, given, "token", JIRA_TOKEN),
        )


@contextmanager
def servicenow(ground: Ground) -> Iterator[Planted]:
    with desk() as made:
        made.put("incident", "i1", number="INC1", short_description="Shop is down", state="2",
                 u_password=FIELD)  # fmt: skip
        given: dict[str, object] = {"url": made.url, "user": DESK_USER}
        given["password"] = f"file:{ground.written('password', DESK_PASSWORD)}"
        (ground.folder / "password").chmod(0o600)
        yield Planted(
            (DESK_PASSWORD, WRONG, FIELD),
            "Shop is down",
            Words(settings=given),
            refusals(ground, given, "password", DESK_PASSWORD),
        )


@contextmanager
def pagerduty(ground: Ground) -> Iterator[Planted]:
    with account() as made:
        made.put("Q1", incident_number=1, title="Shop is down", status="triggered", urgency="high",
                 created_at=format_time(datetime.now(UTC)), service={"id": "P", "summary": "shop"},
                 integration_key=FIELD)  # fmt: skip
        given: dict[str, object] = {"url": made.url}
        given["token"] = ground.kept("PD_TOKEN", PAGERDUTY_TOKEN)
        yield Planted(
            (PAGERDUTY_TOKEN, WRONG, FIELD),
            "Shop is down",
            Words(settings=given),
            refusals(ground, given, "token", PAGERDUTY_TOKEN),
        )


@contextmanager
def netbox(ground: Ground) -> Iterator[Planted]:
    with documented(lists("4.2.3")) as made:
        given: dict[str, object] = {"url": made.url}
        given["token"] = ground.kept("NETBOX_TOKEN", NETBOX_TOKEN)
        yield Planted(
            (NETBOX_TOKEN, WRONG, NETBOX_SECRET),
            "02:00:00:00:03:01",
            Words(settings=given),
            refusals(ground, given, "token", NETBOX_TOKEN),
        )
