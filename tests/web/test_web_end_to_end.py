"""What a person does with the web app, in a real browser, on the demo estate."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.built import need_axe, need_built
from tests.web.conftest import Visit, served, visiting

SWITCH = "dc1-r03-acc-sw1"


def ask(address: str, query: str, **variables: object) -> Any:
    """The server's own answer, to compare the page with."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"{address}/graphql", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)["data"]


def impact_of(address: str, name: str) -> Any:
    query = """query($items: [String!]!) { impact(items: $items) {
        sentence counts { down degraded atRisk } affected { id name state }
        services { name } owners { name contact } gatesHeld { name } } }"""
    return ask(address, query, items=[name])["impact"]


def id_of(address: str, name: str) -> str:
    return str(
        ask(address, "query($key: String!) { item(key: $key) { id } }", key=name)["item"]["id"]
    )


def boxes(page: Page) -> Locator:
    return page.locator("figure svg[data-ready] g[role=button]")


def open_start(page: Page) -> None:
    """Open the start page and wait until all of it is there: nothing that arrives late moves a link
    away while it is clicked."""
    page.goto("/")
    expect(page.get_by_role("region", name="Three things to try")).to_be_visible()
    expect(page.get_by_role("heading", name="What is here")).to_be_visible()


def test_search_a_switch_and_read_its_blast_radius(visit: Visit, demo: str, tmp_path: Path) -> None:
    page, answer = visit.page, impact_of(demo, SWITCH)
    page.goto("/")
    expect(page.get_by_role("heading", name="What breaks if this fails?")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(SWITCH)
    option = page.get_by_role("option", name=SWITCH)
    expect(option).to_contain_text("Network device")
    expect(option).to_contain_text("active")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(SWITCH)

    page.get_by_role("link", name="What if it fails?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"What if {SWITCH} goes down?")
    expect(page.get_by_text(answer["sentence"])).to_be_visible()
    counts = answer["counts"]
    assert counts["down"] > 10
    expect(page.get_by_text(re.compile(rf"^{counts['down']}Down$"))).to_be_visible()
    expect(page.get_by_text(re.compile(rf"^{counts['atRisk']}At risk$"))).to_be_visible()

    services = page.get_by_role("region", name="Services hit")
    expect(services).to_contain_text(answer["services"][0]["name"])
    call = page.get_by_role("region", name="Whom to call")
    expect(call.get_by_role("link", name=answer["owners"][0]["contact"])).to_be_visible()
    held = page.get_by_role("region", name="What held")
    expect(held).to_contain_text(answer["gatesHeld"][0]["name"])

    first = boxes(page).first
    expect(first).to_have_attribute(
        "aria-label", re.compile(f"{SWITCH} Network device, down, failed")
    )
    drawn = boxes(page).count()
    assert 20 < drawn <= 61
    page.screenshot(path=tmp_path / "impact.png", full_page=True)


def test_the_table_sorts_filters_pages_and_explains(visit: Visit, demo: str) -> None:
    page, answer = visit.page, impact_of(demo, SWITCH)
    page.goto(f"/items/{id_of(demo, SWITCH)}/impact")
    table = page.get_by_role("region", name="Every item affected")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(26)
    expect(rows.nth(1)).to_contain_text("it failed itself")

    table.get_by_role("button", name="Page 2").click()
    expect(rows.nth(1)).not_to_contain_text("it failed itself")
    table.get_by_role("button", name="Item").click()
    names = sorted((a["name"] for a in answer["affected"]), key=str.lower)
    expect(rows.nth(1)).to_contain_text(names[0])

    table.get_by_role("combobox", name="Filter by state").click()
    page.get_by_role("option", name="Degraded").click()
    degraded = [a for a in answer["affected"] if a["state"] == "degraded"]
    expect(table.get_by_role("status")).to_have_text(f"{len(degraded)} items")
    expect(rows).to_have_count(len(degraded) + 1)

    name = degraded[0]["name"]
    table.get_by_role("textbox", name="Filter by name").fill(name)
    table.get_by_role("button", name=f"Show all steps to {name}").first.click()
    expect(table.get_by_role("listitem").last).to_have_text(f"{SWITCH} is down: it failed itself")


def test_a_stack_opens_alone_and_closes_again(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"/items/{id_of(demo, SWITCH)}/impact")
    stack = page.get_by_role("button", name=re.compile(r"^\d+ kubernetes workloads"))
    stack.wait_for()
    label = stack.get_attribute("aria-label") or ""
    size = int(label.split()[0])
    before = set(boxes(page).evaluate_all("all => all.map(one => one.ariaLabel)"))
    stack.focus()
    page.keyboard.press("Enter")
    expect(boxes(page)).to_have_count(len(before) - 1 + size)
    after = set(boxes(page).evaluate_all("all => all.map(one => one.ariaLabel)"))
    assert before - after == {label}
    page.get_by_role("button", name=re.compile("kubernetes workloads again")).click()
    expect(boxes(page)).to_have_count(len(before))


def test_a_box_says_why_and_leads_on(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"/items/{id_of(demo, SWITCH)}/impact")
    box = page.get_by_role("button", name=re.compile("^ledger on ledger-db Database, down"))
    box.focus()
    expect(box).to_be_in_viewport()
    page.keyboard.press("Enter")
    caption = page.locator("figcaption")
    expect(caption.get_by_role("listitem").last).to_have_text(f"{SWITCH} is down: it failed itself")
    expect(caption.get_by_role("listitem").first).to_contain_text("is hosted on")
    assert page.locator("path[data-lit]").count() >= 3
    caption.get_by_role("link", name="ledger on ledger-db").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ledger on ledger-db")


def test_an_item_shows_who_says_what_and_since_when(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"/items/{id_of(demo, SWITCH)}")
    vendor = page.get_by_role("row", name=re.compile("^Vendor"))
    expect(vendor).to_contain_text("CISCO")
    expect(vendor).to_contain_text("netbox says Cisco")
    age = vendor.locator("time")
    expect(age).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT"))
    expect(age).to_have_attribute("title", re.compile(r"\d{4}"))
    rests = page.get_by_role("region", name="What it rests on")
    expect(rests).to_contain_text("is powered by")
    cabled = page.get_by_role("region", name="Cabled to")
    expect(cabled.get_by_role("link", name="dc1-dist-sw1")).to_be_visible()
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("the demo estate")).to_be_visible()
    expect(page.get_by_text("Item created")).to_be_visible()
    assert page.url.endswith("tab=history")


def test_degrading_is_another_question(visit: Visit, demo: str) -> None:
    page = visit.page
    page.goto(f"/items/{id_of(demo, SWITCH)}/impact")
    page.get_by_text("Degrades", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"What if {SWITCH} degrades?")
    assert page.url.endswith("state=degraded")


def test_all_of_a_kind_are_listed(visit: Visit) -> None:
    page = visit.page
    open_start(page)
    page.get_by_role("link", name="Virtual machines").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Virtual machines")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(51)
    page.get_by_role("button", name=re.compile(r"^\d+ more$")).click()
    expect(rows).to_have_count(61)


@pytest.mark.parametrize("path", ["/", "/items?q=dc1", "/items/{id}", "/items/{id}/impact"])
def test_pages_are_accessible_and_fit_every_window(
    browser: Browser, demo: str, scheme: Any, path: str
) -> None:
    axe = need_axe()
    context = browser.new_context(base_url=demo, color_scheme=scheme)
    with visiting(context, demo) as visit:
        page = visit.page
        for width, height in ((1280, 800), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.goto(path.format(id=id_of(demo, SWITCH)))
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if path.endswith("impact"):
                expect(boxes(page).first).to_be_visible()
            page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert [_shown(violation) for violation in found["violations"]] == []
            room = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert page.evaluate(room)
    assert visit.complaints == []


def _shown(violation: Any) -> str:
    where = [node["html"][:200] for node in violation["nodes"][:3]]
    return f"{violation['impact']} {violation['id']}: {where}"


def test_an_unknown_item_is_said_to_be_unknown(visit: Visit) -> None:
    visit.page.goto("/items/nothing-of-that-name")
    expect(visit.page.get_by_role("status")).to_contain_text("nothing-of-that-name")
    visit.page.goto("/no/such/page")
    expect(visit.page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_server_that_went_away_is_said_to_be_away(browser: Browser, demo: str) -> None:
    context = browser.new_context(base_url=demo)
    with visiting(context, demo) as visit:
        page = visit.page
        open_start(page)
        context.set_offline(True)
        page.get_by_role("link", name="Servers").click()
        expect(page.get_by_role("heading", name="The server can't be reached")).to_be_visible()
        context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Servers")


def test_a_server_with_a_token_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    need_built()
    store = f"sqlite:///{tmp_path}/cmdb.db"
    arguments = ("serve", "--port", "0", "--store", store)
    with served(tmp_path, *arguments, CMDB_TOKEN="correct horse battery") as address:
        context = browser.new_context(base_url=address)
        with visiting(context, address) as visit:
            page = visit.page
            page.goto("/")
            page.get_by_label("Token").fill("correct horse battery")
            page.get_by_role("button", name="Log in").click()
            expect(page.get_by_role("heading", name="There is nothing here yet")).to_be_visible()
            context.clear_cookies()
            page.get_by_label("Search for items").fill("anything")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="Please log in")).to_be_visible()
            page.get_by_role("link", name="Log in").click()
            page.get_by_label("Token").fill("correct horse battery")
            page.get_by_role("button", name="Log in").click()
            expect(page.get_by_role("status")).to_contain_text("Nothing found")


def test_graphiql_answers_without_a_network(visit: Visit) -> None:
    page = visit.page
    page.goto("/graphql")
    expect(page.locator(".graphiql-query-editor")).to_contain_text("nodes")
    page.get_by_role("button", name=re.compile("Execute query")).click()
    expect(page.locator(".graphiql-response")).to_contain_text('"nodes"')
