"""Every SQL statement of the SQLite store, by name.

Lists of values travel as one JSON parameter and are opened by ``json_each``: no statement is ever
put together from a value.
"""

# ruff: noqa: S608 - statements are put together from the constants of this page alone

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cmdb.items.ids import ID_LENGTH

APPLICATION_ID = 0x636D6462
"""``cmdb`` in ASCII: what marks a file as ours."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the layout: its name, and the statements that lead from the one before."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "first layout",
        (
            """CREATE TABLE items (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                name TEXT NOT NULL,
                sort_name TEXT NOT NULL,
                status TEXT NOT NULL,
                revision INTEGER NOT NULL,
                report_tags TEXT NOT NULL,
                body TEXT NOT NULL
            )""",
            "CREATE INDEX items_by_kind ON items (kind, sort_name, id, status)",
            "CREATE INDEX items_by_name ON items (sort_name, id, status)",
            # The words are made in Python and hold nothing but letters and digits; the ascii
            # tokenizer leaves every other character alone. Positions are never asked for.
            """CREATE VIRTUAL TABLE item_words USING fts5 (
                words, detail = none, columnsize = 0, tokenize = 'ascii'
            )""",
            """CREATE TABLE identifiers (
                key TEXT PRIMARY KEY,
                item_id TEXT,
                state TEXT NOT NULL CHECK (state IN ('live', 'former', 'shared'))
            ) WITHOUT ROWID""",
            "CREATE INDEX shared_identifiers ON identifiers (key) WHERE state = 'shared'",
            """CREATE TABLE links (
                number INTEGER PRIMARY KEY,
                from_id TEXT NOT NULL REFERENCES items (id),
                relation TEXT NOT NULL,
                to_id TEXT NOT NULL REFERENCES items (id),
                status TEXT NOT NULL,
                revision INTEGER NOT NULL,
                report_tags TEXT NOT NULL,
                body TEXT NOT NULL,
                UNIQUE (from_id, to_id, relation)
            )""",
            "CREATE INDEX links_to ON links (to_id)",
            "CREATE INDEX links_by_relation ON links (relation, status)",
            """CREATE TABLE waiting_links (
                number INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                from_key TEXT NOT NULL,
                to_key TEXT NOT NULL,
                revision INTEGER NOT NULL,
                report_tags TEXT NOT NULL,
                body TEXT NOT NULL
            )""",
            "CREATE INDEX waiting_by_from ON waiting_links (from_key)",
            "CREATE INDEX waiting_by_to ON waiting_links (to_key)",
            # A touch writes these few bytes beside a body, not the body.
            *(
                f"""CREATE TABLE {entity}_seen (
                    number INTEGER NOT NULL REFERENCES {table} (number) ON DELETE CASCADE,
                    report INTEGER NOT NULL,
                    seen INTEGER NOT NULL,
                    PRIMARY KEY (number, report)
                ) WITHOUT ROWID"""
                for entity, table in (
                    ("item", "items"),
                    ("link", "links"),
                    ("waiting", "waiting_links"),
                )
            ),
            """CREATE TABLE revisions (
                number INTEGER PRIMARY KEY,
                time INTEGER NOT NULL,
                body TEXT NOT NULL
            )""",
            "CREATE INDEX revisions_by_time ON revisions (time)",
            # number is revision * 2^32 + position: the rows lie in the order of the log.
            """CREATE TABLE edits (
                number INTEGER PRIMARY KEY,
                entity TEXT NOT NULL,
                id TEXT NOT NULL,
                action TEXT NOT NULL,
                reason TEXT NOT NULL,
                before TEXT,
                after TEXT
            )""",
            "CREATE INDEX edits_by_id ON edits (id, number)",
            """CREATE TABLE runs (
                id TEXT PRIMARY KEY,
                source TEXT NOT NULL,
                started INTEGER NOT NULL,
                body TEXT NOT NULL
            ) WITHOUT ROWID""",
            "CREATE INDEX runs_by_start ON runs (started, id)",
        ),
    ),
)
"""The layout, step by step: its version is how many steps there are."""

CREATE_META = "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL)"
READ_APPLICATION_ID = "PRAGMA application_id"
MARK_OURS = f"PRAGMA application_id = {APPLICATION_ID}"
COUNT_TABLES = "SELECT count(*) FROM sqlite_master"
READ_VERSION = "SELECT coalesce(max(version), 0) FROM migrations"
ADD_MIGRATION = "INSERT INTO migrations (version, name) VALUES (?, ?)"

BEGIN_READ = "BEGIN"
BEGIN_WRITE = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"

# --- reading -----------------------------------------------------------------------------------

_ITEM_SEEN = "(SELECT json_group_object(report, seen) FROM item_seen s WHERE s.number = i.number)"
_LINK_SEEN = "(SELECT json_group_object(report, seen) FROM link_seen s WHERE s.number = l.number)"
_WAITING_SEEN = (
    "(SELECT json_group_object(report, seen) FROM waiting_seen s WHERE s.number = w.number)"
)
# To look whether there is anything costs less than to make an empty object.
_IF_SEEN = "CASE WHEN EXISTS (SELECT 1 FROM {0}_seen s WHERE s.number = {1}.number) THEN {2} END"
_ITEMS = f"SELECT i.number, i.body, {_IF_SEEN.format('item', 'i', _ITEM_SEEN)} FROM items i"
_LINKS = f"SELECT l.number, l.body, {_IF_SEEN.format('link', 'l', _LINK_SEEN)} FROM links l"
_WAITING = f"SELECT w.number, w.body, {_WAITING_SEEN} FROM waiting_links w"
_GIVEN = "(SELECT value FROM json_each(?))"

LATEST_REVISION = "SELECT number, time FROM revisions ORDER BY number DESC LIMIT 1"
COUNT_ITEMS = "SELECT kind, count(*) FROM items WHERE status <> 'retired' GROUP BY kind"
COUNT_LINKS = "SELECT relation, count(*) FROM links WHERE status <> 'retired' GROUP BY relation"
COUNT_WAITING = "SELECT count(*) FROM waiting_links"

OWNERS = f"SELECT key, item_id, state FROM identifiers WHERE key IN {_GIVEN}"
SHARED = "SELECT key FROM identifiers WHERE state = 'shared' ORDER BY key"

ITEMS_BY_ID = f"{_ITEMS} WHERE i.id IN {_GIVEN}"
LINKS_FROM = f"{_LINKS} WHERE l.from_id IN {_GIVEN}"
LINKS_TO = f"{_LINKS} WHERE l.to_id IN {_GIVEN}"
LINKS_BY_ENDS = f"""{_LINKS} JOIN (
    SELECT value ->> 0 AS relation, value ->> 1 AS from_id, value ->> 2 AS to_id FROM json_each(?)
) g ON l.from_id = g.from_id AND l.to_id = g.to_id AND l.relation = g.relation"""
# The same for ids whose ends are of our own length: to cut them costs less than to read JSON.
LINKS_BY_SPELLING = f"""{_LINKS} JOIN json_each(?) g
    ON l.from_id = substr(g.value, -{2 * ID_LENGTH + 1}, {ID_LENGTH})
    AND l.to_id = substr(g.value, -{ID_LENGTH})
    AND l.relation = substr(g.value, 1, length(g.value) - {2 * ID_LENGTH + 2})"""
AND_RELATION = f"l.relation IN {_GIVEN}"
AND_LINK_CURRENT = "l.status <> 'retired'"
WAITING_ALL = f"{_WAITING} ORDER BY w.id LIMIT ?"
WAITING_BY_KEY = f"""{_WAITING} WHERE w.number IN (
    SELECT number FROM waiting_links WHERE from_key IN {_GIVEN}
    UNION SELECT number FROM waiting_links WHERE to_key IN {_GIVEN}
) ORDER BY w.id LIMIT ?"""

STREAM: Mapping[str, str] = {
    "item": f"{_ITEMS} WHERE i.number > ? ORDER BY i.number LIMIT ?",
    "link": f"{_LINKS} WHERE l.number > ? ORDER BY l.number LIMIT ?",
    "waiting": f"{_WAITING} WHERE w.number > ? ORDER BY w.number LIMIT ?",
}

REVISIONS = "SELECT body FROM revisions WHERE number > ? ORDER BY number LIMIT ?"
REVISIONS_NEWEST = "SELECT body FROM revisions WHERE number > ? ORDER BY number DESC LIMIT ?"
REVISION_AT = "SELECT coalesce(max(number), 0) FROM revisions WHERE time <= ?"
_EDIT = "SELECT e.number, e.entity, e.id, e.action, e.reason, e.before, e.after"
EDITS = f"{_EDIT} FROM edits e WHERE e.number > ? AND e.number <= ? ORDER BY e.number LIMIT ?"
HISTORY = f"""{_EDIT}, r.body FROM edits e JOIN revisions r ON r.number = e.number >> 32
    WHERE e.id = ? AND e.number < ? ORDER BY e.number DESC LIMIT ?"""

REPORTED: Mapping[str, str] = {
    "item": "SELECT id FROM items WHERE instr(report_tags, ?)",
    "link": "SELECT relation || ':' || from_id || ':' || to_id FROM links"
    " WHERE instr(report_tags, ?)",
    "waiting": "SELECT id FROM waiting_links WHERE instr(report_tags, ?)",
}

RUNS = """SELECT body FROM runs WHERE ?1 IS NULL OR source = ?1
    ORDER BY started DESC, id DESC LIMIT ?2"""

# --- the query for a page: these parts are joined by AND ----------------------------------------

PAGE = f"{_ITEMS} WHERE"
COUNT = "SELECT count(*) FROM items i WHERE"
ONE_KIND = "i.kind = ?"
KINDS = f"i.kind IN {_GIVEN}"
STATUSES = f"i.status IN {_GIVEN}"
NOT_RETIRED = "i.status <> 'retired'"
ALWAYS = "1"
NEVER = "0"
NOT = "NOT"

COLUMNS: Mapping[str, str] = {
    "id": "i.id",
    "kind": "i.kind",
    "name": "i.name",
    "status": "i.status",
    "revision": "i.revision",
}
SORT_COLUMNS: Mapping[str, str] = {**COLUMNS, "name": "i.sort_name"}
PROPERTY = "json_extract(i.body, ?)"
PROPERTY_EXISTS = "json_type(i.body, ?) IS NOT NULL"
PROPERTY_IS: Mapping[str, str] = {
    "boolean": "coalesce(json_type(i.body, ?) IN ('true', 'false'), 0)",
    "number": "coalesce(json_type(i.body, ?) IN ('integer', 'real'), 0)",
    "string": "coalesce(json_type(i.body, ?) = 'text', 0)",
    "list": "coalesce(json_type(i.body, ?) = 'array', 0)",
}
# Numbers in a parameter go through the same reader as those in a body: equal text, equal number.
GIVEN_JSON = "json_extract(?, '$')"
GIVEN_TEXT = "?"
GIVEN_IN = f"IN {_GIVEN}"
HAS_ENTRY = "EXISTS (SELECT 1 FROM json_each(i.body, ?) WHERE value = ?)"
COMPARE: Mapping[str, str] = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
LOWERED_CONTAINS = "instr(lowered({expression}), ?) > 0"
LOWERED_STARTS = "substr(lowered({expression}), 1, length(?)) = ?"

PROPERTY_RANK = """CASE json_type(i.body, ?) WHEN 'false' THEN 0 WHEN 'true' THEN 0
    WHEN 'integer' THEN 1 WHEN 'real' THEN 1 WHEN 'text' THEN 2 END"""
# A list has no order, but is a text to json_extract.
_PROPERTY_ORDER = """CASE json_type(i.body, ?) WHEN 'array' THEN NULL
    ELSE json_extract(i.body, ?) END"""
BY_COLUMN = "ORDER BY {column}, i.id LIMIT ?"
BY_COLUMN_DESCENDING = "ORDER BY {column} DESC, i.id LIMIT ?"
BY_PROPERTY = f"ORDER BY {PROPERTY_RANK} ASC NULLS LAST, {_PROPERTY_ORDER} ASC, i.id LIMIT ?"
BY_PROPERTY_DESCENDING = (
    f"ORDER BY {PROPERTY_RANK} DESC NULLS LAST, {_PROPERTY_ORDER} DESC, i.id LIMIT ?"
)
AFTER_COLUMN = "({column} >= ? AND ({column} > ? OR i.id > ?))"
AFTER_COLUMN_DESCENDING = "({column} <= ? AND ({column} < ? OR i.id > ?))"
AFTER_NONE = f"(({PROPERTY_RANK}) IS NULL AND i.id > ?)"
_TIE = f"({PROPERTY} = {GIVEN_JSON} AND i.id > ?)"
AFTER_PROPERTY = f"""(({PROPERTY_RANK}) IS NULL OR ({PROPERTY_RANK}) > ?
    OR (({PROPERTY_RANK}) = ? AND ({PROPERTY} > {GIVEN_JSON} OR {_TIE})))"""
AFTER_PROPERTY_DESCENDING = f"""(({PROPERTY_RANK}) IS NULL OR ({PROPERTY_RANK}) < ?
    OR (({PROPERTY_RANK}) = ? AND ({PROPERTY} < {GIVEN_JSON} OR {_TIE})))"""

_FOUND = "items i WHERE i.number IN (SELECT rowid FROM item_words WHERE item_words MATCH ?)"
SEARCH = f"SELECT i.number, i.body, {_ITEM_SEEN} FROM {_FOUND}"
SEARCH_COUNT = f"SELECT count(*) FROM {_FOUND}"
SEARCH_ORDER = """ORDER BY i.sort_name = ? DESC, substr(i.sort_name, 1, length(?)) = ? DESC,
    i.kind, i.sort_name, i.id LIMIT ? OFFSET ?"""

# --- writing -----------------------------------------------------------------------------------

NEXT_NUMBERS = """SELECT (SELECT coalesce(max(number), 0) FROM items),
    (SELECT coalesce(max(number), 0) FROM links),
    (SELECT coalesce(max(number), 0) FROM waiting_links)"""

STORED_ITEMS = (
    f"SELECT i.id, i.number, i.revision, {_ITEM_SEEN} FROM items i WHERE i.id IN {_GIVEN}"
)
STORED_LINKS = f"""SELECT l.relation || ':' || l.from_id || ':' || l.to_id, l.number, l.revision,
    {_LINK_SEEN} FROM links l JOIN (
    SELECT value ->> 0 AS relation, value ->> 1 AS from_id, value ->> 2 AS to_id FROM json_each(?)
) g ON l.from_id = g.from_id AND l.to_id = g.to_id AND l.relation = g.relation"""
STORED_WAITING = f"""SELECT w.id, w.number, w.revision, {_WAITING_SEEN} FROM waiting_links w
    WHERE w.id IN {_GIVEN}"""

INSERT_ITEM = """INSERT INTO items
    (number, id, kind, name, sort_name, status, revision, report_tags, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
UPDATE_ITEM = """UPDATE items SET kind = ?, name = ?, sort_name = ?, status = ?, revision = ?,
    report_tags = ?, body = ? WHERE number = ?"""
INSERT_WORDS = "INSERT INTO item_words (rowid, words) VALUES (?, ?)"
UPDATE_WORDS = "UPDATE item_words SET words = ? WHERE rowid = ?"

INSERT_LINK = """INSERT INTO links
    (number, from_id, relation, to_id, status, revision, report_tags, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
UPDATE_LINK = (
    "UPDATE links SET status = ?, revision = ?, report_tags = ?, body = ? WHERE number = ?"
)
DELETE_LINK = "DELETE FROM links WHERE number = ?"

INSERT_WAITING = """INSERT INTO waiting_links
    (number, id, from_key, to_key, revision, report_tags, body) VALUES (?, ?, ?, ?, ?, ?, ?)"""
UPDATE_WAITING = """UPDATE waiting_links SET from_key = ?, to_key = ?, revision = ?,
    report_tags = ?, body = ? WHERE number = ?"""
DELETE_WAITING = "DELETE FROM waiting_links WHERE number = ?"

DROP_IDENTIFIER = "DELETE FROM identifiers WHERE key = ? AND item_id = ?"
FORMER_IDENTIFIER = """INSERT INTO identifiers (key, item_id, state) VALUES (?1, ?2, 'former')
    ON CONFLICT (key) DO UPDATE SET state = 'former' WHERE item_id = ?2 AND state = 'live'"""
CLAIM_IDENTIFIER = """INSERT INTO identifiers (key, item_id, state) VALUES (?, ?, 'live')
    ON CONFLICT (key) DO UPDATE SET item_id = excluded.item_id, state = 'live'
    WHERE state = 'former' OR (state = 'live' AND item_id = excluded.item_id)"""
SHARE_IDENTIFIER = """INSERT INTO identifiers (key, item_id, state) VALUES (?, NULL, 'shared')
    ON CONFLICT (key) DO UPDATE SET item_id = NULL, state = 'shared'"""

FORGET_SEEN: Mapping[str, str] = {
    "item": "DELETE FROM item_seen WHERE number = ?",
    "link": "DELETE FROM link_seen WHERE number = ?",
    "waiting": "DELETE FROM waiting_seen WHERE number = ?",
}
KEEP_SEEN: Mapping[str, str] = {
    "item": "INSERT INTO item_seen (number, report, seen) VALUES (?, ?, ?)",
    "link": "INSERT INTO link_seen (number, report, seen) VALUES (?, ?, ?)",
    "waiting": "INSERT INTO waiting_seen (number, report, seen) VALUES (?, ?, ?)",
}
_LATER = "ON CONFLICT (number, report) DO UPDATE SET seen = max(seen, excluded.seen)"
TOUCH: Mapping[str, str] = {
    "item": f"""INSERT INTO item_seen (number, report, seen)
        SELECT number, ?, ? FROM items WHERE id = ? {_LATER}""",
    "link": f"""INSERT INTO link_seen (number, report, seen) SELECT number, ?, ? FROM links
        WHERE relation = ? AND from_id = ? AND to_id = ? {_LATER}""",
    "waiting": f"""INSERT INTO waiting_seen (number, report, seen)
        SELECT number, ?, ? FROM waiting_links WHERE id = ? {_LATER}""",
}

INSERT_REVISION = "INSERT INTO revisions (number, time, body) VALUES (?, ?, ?)"
INSERT_EDIT = """INSERT INTO edits (number, entity, id, action, reason, before, after)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
SAVE_RUN = """INSERT INTO runs (id, source, started, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET source = excluded.source, started = excluded.started,
    body = excluded.body"""
