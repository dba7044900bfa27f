"""Map files: values, several meanings at once, rows without one, and the maps that are shipped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cmdb.cli.main import run_main
from cmdb.service import Cmdb
from cmdb.settings import Settings

MAPS = Path(__file__).parents[2] / "docs/examples/service-desk"
HEADERS = (
    "ci_name_aff,ci_type_aff,ci_subtype_aff,service_component_wbs_aff,incident_id,status,impact,"
    "urgency,priority,category,km_number,alert_status,x_reassignments,open_time,reopen_time,"
    "resolved_time,close_time,handle_time_hours,closure_code,x_related_interactions,"
    "related_interaction,x_related_incidents,x_related_changes,related_change,ci_name_cby,"
    "ci_type_cby,ci_subtype_cby,servicecomp_wbs_cby"
)
FIRST = (
    "APP1,application,Web,W1,IM1,Closed,4,2,4,incident,K1,closed,2,2013-02-08 10:47:28,,"
    "2013-02-08 15:40:07,2013-02-08 15:40:23,4.5,Other,1,S1,,,,SRV1,computer,Windows,W2"
)
SECOND = (
    "APP1,application,Web,W1,IM2,Closed,2,5,5,incident,K1,closed,0,2013-03-08 10:47:28,,"
    "2013-03-08 15:40:07,2013-03-08 15:40:23,4.5,Other,1,S2,,,,#N/B,,,"
)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/cmdb.db"


def imported(store: str, file: Path, mapping: Path) -> int:
    return run_main(["import", str(file), "--map", str(mapping), "--store", store])


async def test_a_service_desk_s_log_comes_in_through_three_maps(tmp_path: Path, store: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text("\n".join((HEADERS, FIRST, SECOND)) + "\n")
    for name in ("items", "causes", "incidents"):
        assert await asyncio.to_thread(imported, store, file, MAPS / f"{name}.toml") == 0
    cmdb = await Cmdb.open(Settings(store=store))
    one, two = await cmdb.find("IM1"), await cmdb.find("IM2")
    assert (await cmdb.find("APP1")).kind == "ServiceInstance"
    assert (await cmdb.find("SRV1")).kind == "Server"
    assert one.properties == {
        "category": "incident",
        "close_code": "Other",
        "closed_at": "2013-02-08T15:40:23Z",
        "impact": 3,
        "name": "IM1",
        "number": "IM1",
        "opened_at": "2013-02-08T10:47:28Z",
        "priority": 4,
        "reassignment_count": 2,
        "resolved_at": "2013-02-08T15:40:07Z",
        "state": "closed",
        "urgency": 1,
    }  # fmt: skip - a table
    links = await cmdb.store.links([one.id, two.id], "out")
    assert sorted((k.from_id == one.id, k.relation) for k in links) == [
        (False, "AFFECTS"),
        (True, "AFFECTS"),
        (True, "CAUSED_BY"),
    ]
    assert (await cmdb.store.info()).waiting == 0
    await cmdb.close()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ('[columns]\n"Host" = []\n', "maps to nothing; list it under ignore"),
        ('only_with = "Hots"\n[columns]\n"Host" = "name"\n', "is in the map file but not in"),
        ('[columns]\n"Host" = "name"\n[values."Hots"]\na = "b"\n', "is in the map file but not in"),
        ('[columns]\n"Host" = ["name", "colour"]\n', "means nothing here"),
    ],
)
def test_a_wrong_map_is_refused_and_changes_nothing(
    tmp_path: Path, store: str, mapping: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "map.toml").write_text(f'kind = "Server"\n{mapping}')
    (tmp_path / "in.csv").write_text("Host\nweb1\n")
    assert imported(store, tmp_path / "in.csv", tmp_path / "map.toml") == 2
    assert said in capfd.readouterr().err
    assert run_main(["info", "--store", store]) == 0
    assert "revision 0" in capfd.readouterr().out
