"""What differs between two answers, by the one rule that all of them are compared by."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from impact.analysis import analyse
from impact.causes import Alert, find_causes
from impact.collisions import PlannedFailure, find_collisions
from impact.comparable import (
    causes_of,
    collisions_of,
    nothing_there,
    pairs_of,
    ranking_of,
    restoration_of,
    suspects_of,
)
from impact.cut_pairs import cut_pairs
from impact.difference import (
    AnswerComparison,
    Answered,
    ComparisonCounts,
    Listed,
    Ranks,
    Standing,
    compare_answers,
    difference,
)
from impact.edits import Edit
from impact.estate_weak_points import estate_weak_points
from impact.page import WHOLE, Page
from impact.restoration import restoration_order
from impact.suspects import find_suspects
from impact.window import Window
from tests.impact.drawing import NOW, Drawing

ROWS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2))


@given(ROWS, ROWS)
def test_rows_are_new_gone_or_changed(then: dict[str, int], now: dict[str, int]) -> None:
    was = {key: (key, value) for key, value in then.items()}
    found = difference(was, {key: (key, value) for key, value in now.items()}, lambda row: row[1])
    assert {row[0] for row in found.new} == now.keys() - then.keys()
    assert {row[0] for row in found.gone} == then.keys() - now.keys()
    both = then.keys() & now.keys()
    assert {row[0] for _, row in found.changed} == {k for k in both if then[k] != now[k]}
    lengths = (len(found.new), len(found.gone), len(found.changed))
    assert found.counts == ComparisonCounts(len(then), len(now), *lengths)


def answered(*rows: tuple[str, float | None], ranks: Ranks = "among_both") -> Answered:
    return Answered(
        1,
        NOW,
        f"{len(rows)} rows.",
        [
            Listed(key, key, (), Standing(rank, None, score, ""))
            for rank, (key, score) in enumerate(rows, 1)
        ],
        ranks=ranks,
    )


def moved(found: AnswerComparison) -> list[tuple[str, int, int]]:
    return [
        (row.name, row.before.rank, row.after.rank)
        for row in found.changed
        if row.before is not None and row.after is not None
    ]


@given(st.permutations("abcde"), st.permutations("abcde"))
def test_an_answer_differs_from_itself_in_nothing_and_from_another_as_that_from_it(
    one: list[str], other: list[str]
) -> None:
    here = answered(*((key, None) for key in one[:4]))
    there = answered(*((key, None) for key in other[:3]))
    same = compare_answers(here, here, WHOLE)
    assert (same.new, same.gone, same.changed) == ((), (), ())
    forth, back = compare_answers(here, there, WHOLE), compare_answers(there, here, WHOLE)
    assert [row.name for row in forth.new] == [row.name for row in back.gone]
    assert {row.name for row in forth.changed} == {row.name for row in back.changed}
    assert (forth.before_sentence, forth.after_sentence) == ("4 rows.", "3 rows.")


def test_one_that_comes_in_front_of_others_does_not_move_them() -> None:
    before = answered(("b", 2.0), ("c", 1.0))
    found = compare_answers(before, answered(("a", 3.0), ("b", 2.0), ("c", 1.0)), WHOLE)
    assert ([row.name for row in found.new], found.changed) == (["a"], ())
    turned = compare_answers(before, answered(("c", 1.0), ("b", 2.0)), WHOLE)
    assert moved(turned) == [("c", 2, 1), ("b", 1, 2)]
    no_matter = compare_answers(before, answered(("c", 1.0), ("b", 2.0), ranks="ignored"), WHOLE)
    assert no_matter.changed == ()


def test_what_changed_most_comes_first_and_lists_are_pages() -> None:
    before = answered(("a", 9.0), ("b", 8.0), ("c", 7.0))
    after = answered(("a", 9.5), ("b", 4.0), ("c", 2.0))
    whole = compare_answers(before, after, WHOLE)
    assert [row.name for row in whole.changed] == ["c", "b", "a"]
    page = compare_answers(before, after, Page(1, 1))
    assert [row.name for row in page.changed] == ["b"]
    assert (page.truncated, whole.truncated, page.counts) == (True, False, whole.counts)


def test_a_search_that_was_broken_off_is_said() -> None:
    one = answered(("a", 1.0))
    cut = Answered(1, NOW, "", one.rows, complete=False)
    assert compare_answers(one, one, WHOLE).complete
    assert not compare_answers(one, cut, WHOLE).complete
    assert not compare_answers(cut, one, WHOLE).complete


def shop(*databases: str) -> Drawing:
    drawing = Drawing().add("ServiceInstance", "shop")
    return drawing.link("shop", "DEPENDS_ON", *databases, gate="db").link("db1", "RUNS_ON", "host")


def names(found: AnswerComparison) -> tuple[list[str], list[str], list[str]]:
    new, gone, changed = (
        [row.name for row in rows] for rows in (found.new, found.gone, found.changed)
    )
    return new, gone, changed


def test_weak_points_and_pairs_that_a_redundancy_makes() -> None:
    alone, paired = shop("db1").estate(), shop("db1", "db2").estate()
    ranking = compare_answers(
        ranking_of(estate_weak_points(alone)), ranking_of(estate_weak_points(paired)), WHOLE
    )
    assert names(ranking) == ([], ["Server db1", "Server host"], [])
    assert ranking.before_sentence.startswith("2 items of the 3 that 1 service rest")
    pairs = compare_answers(
        pairs_of(cut_pairs(alone, "shop")), pairs_of(cut_pairs(paired, "shop")), WHOLE
    )
    assert names(pairs)[0] == ["Server db1 and Server db2", "Server db2 and Server host"]
    assert names(pairs)[1:] == ([], [])
    assert [item.id for item in pairs.new[0].items] == ["db1", "db2"]


def test_an_item_that_is_brought_back_in_another_wave() -> None:
    flat, deep = Drawing().link("shop", "DEPENDS_ON", "db"), Drawing()
    deep.link("shop", "DEPENDS_ON", "web").link("web", "DEPENDS_ON", "db")
    orders = [
        restoration_of(restoration_order(analyse(drawing.estate(), ["db"])))
        for drawing in (flat, deep)
    ]
    found = compare_answers(orders[0], orders[1], WHOLE)
    assert names(found) == (["Server web"], [], ["Server shop"])
    assert moved(found) == [("Server shop", 2, 3)]
    assert (found.before_sentence, found.after_sentence) == (
        "2 items in 2 waves.",
        "3 items in 3 waves.",
    )


def test_a_cause_that_explains_more_than_it_did() -> None:
    alerts = [Alert("shop"), Alert("till")]
    before = Drawing().link("shop", "RUNS_ON", "host").link("till", "RUNS_ON", "other")
    after = Drawing().link("shop", "RUNS_ON", "host").link("till", "RUNS_ON", "host")
    was, now = (causes_of(find_causes(drawing.estate(), alerts)) for drawing in (before, after))
    found = compare_answers(was, now, WHOLE)
    (row,) = (row for row in found.changed if row.name == "Server host")
    assert row.before is not None
    assert row.after is not None
    assert (row.before.text, row.after.text) == (
        "explains 1 of 2 alerts, 1 quiet",
        "explains 2 of 2 alerts, 1 quiet",
    )
    assert row.after.score is not None
    assert row.before.score is not None
    assert row.after.score > row.before.score
    assert found.after_sentence == "The cause is most likely Server host."


def test_an_edit_that_became_a_suspect() -> None:
    edit = Edit(("db",), NOW - timedelta(hours=1), "updated", "changed: memory", 3, "ann")
    since = NOW - timedelta(days=1)
    apart = Drawing().add("Server", "shop", "db").estate()
    joined = Drawing().link("shop", "DEPENDS_ON", "db").estate()
    was, now = (
        suspects_of(find_suspects(estate, ["shop"], [edit], since=since, until=NOW))
        for estate in (apart, joined)
    )
    found = compare_answers(was, now, WHOLE)
    assert names(found) == (["Server db: changed: memory (revision 3)"], [], [])


def test_a_collision_that_a_second_database_ends() -> None:
    window = Window(NOW, NOW + timedelta(hours=1))
    planned = [PlannedFailure(f"CHG-{n}", (f"db{n}",), window) for n in (1, 2)]
    two, three = shop("db1", "db2").estate(), shop("db1", "db2", "db3").estate()
    was, now = (collisions_of(find_collisions(estate, planned)) for estate in (two, three))
    found = compare_answers(was, now, WHOLE)
    assert names(found) == ([], ["CHG-1 and CHG-2"], [])
    gone = found.gone[0].before
    assert gone is not None
    assert (gone.state, gone.text) == ("down", "1 item worse together")


def test_a_point_where_nothing_was_there_has_no_rows() -> None:
    estate = shop("db1").estate()
    pairs = pairs_of(cut_pairs(shop("db1", "db2").estate(), "shop"))
    found = compare_answers(nothing_there(estate), pairs, WHOLE)
    assert (found.counts.before, found.counts.new) == (0, len(pairs.rows))
    assert found.before_sentence == "Nothing of it was there."
    assert msgspec.json.decode(msgspec.json.encode(found), type=AnswerComparison) == found
