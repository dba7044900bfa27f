"""Who works with the records: logins and roles of the teams' leads, and two engineers a team."""

from __future__ import annotations

from cmdb.demo.company import TEAMS
from cmdb.demo.desk.desk import Desk, login, mail
from cmdb.items import Value

ENGINEERS = {
    "Commerce": ("Lucia Ferrante", "Omar Haddad"),
    "Payments": ("Astrid Nyman", "Deniz Kaya"),
    "Fulfilment": ("Colm Byrne", "Thandi Mokoena"),
    "Customer": ("Elise Marchand", "Viktor Sokolov"),
    "Stores": ("Anjali Rao", "Piet Bakker"),
    "Insights": ("Ngozi Eze", "Samir Patel"),
    "Platform": ("Hanna Virtanen", "Luca Moretti"),
    "Databases": ("Beatriz Alves", "Jiro Tanaka"),
    "Network": ("Aoife Kelly", "Mikael Berg"),
    "Data Centres": ("Gwen Pritchard", "Stanislaw Nowak"),
}
CHANGE_ADVISORY_BOARD = ("Sanne de Wit", "Rafael Monteiro", "Yuki Hasegawa", "Tobias Lindqvist")
CHANGE_MANAGER = "Sanne de Wit"
SERVICE_DESK = ("Ruth Abara", "Miguel Santos", "Ilse Vermeer")


def lead(team: str) -> str:
    """Who leads the team."""
    return next(t.lead for t in TEAMS if t.name == team)


def fill(desk: Desk) -> None:
    """Add people, and which team they belong to."""
    for team in TEAMS:
        for person in (team.lead, *ENGINEERS[team.name]):
            roles = [team.slug]
            roles += ["cab"] if person in CHANGE_ADVISORY_BOARD else []
            roles += ["change_manager"] if person == CHANGE_MANAGER else []
            _person(desk, person, roles, team.name)
    for person in SERVICE_DESK:
        _person(desk, person, ["service_desk"], None)


def _person(desk: Desk, name: str, roles: list[str], team: str | None) -> None:
    properties: dict[str, Value | None] = {
        "name": name,
        "email": mail(name),
        "login": login(name),
        "roles": roles,
    }
    key = f"email:{mail(name)}"
    desk.items.append(desk.source.item("Person", login(name), (key,), properties))
    if team is not None:
        desk.link("BELONGS_TO", key, f"name:Team/{team}")
