"""Every Cypher statement of the Neo4j store, by name, and those made from the catalogue.

The graph as a person meets it::

    (:Item:Server:Host:ConfigurationItem {id, name, kind, status, operating_system, …})
    (:Item)-[:RUNS_ON {status, strength, gate, min_up, weight, confidence, …}]->(:Item)
    (:Identifier {key, state})-[:IDENTIFIES]->(:Item)      what it is known by
    (:Identifier {key, state})-[:IDENTIFIED]->(:Item)      what it was known by
    (:Report {source, scope, values, …})-[:REPORTS]->(:Item)
    (:WaitingLink {relation, from_key, to_key, reason, …})
    (:Revision {number, time, actor, source, reason, …})
    (:Edit {revision, entity, id, action, reason, before, after})
    (:Run {id, source, started, status, …})
    (:Store {schema_version, revision})

Labels and relationship types can't be parameters. Statements that need them are made here from
declared names, never from a value; all else travels in parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmdb.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the layout: statements, each safe to run twice, that lead from the one before."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (Migration("first layout", ()),)
"""The layout, step by step: its version is how many steps there are. Constraints and indexes are
not among them: they follow the catalogue, and are checked whenever a store is opened."""

STORE = "cmdb"
FULL_TEXT = "item_words"

OUR_LABELS = frozenset(
    {"Item", "Identifier", "Report", "WaitingLink", "Revision", "Edit", "Run", "Store"}
)


def quoted(name: str) -> str:
    """A declared name as Cypher writes it, whatever characters are in it."""
    return "`" + name.replace("`", "``") + "`"


def label(kind: str) -> str:
    """A kind's label, quoted; a kind that is called like one of our labels gets ``Kind`` added."""
    return quoted(f"{kind}Kind" if kind in OUR_LABELS else kind)


def labels(catalogue: Catalogue, kind: str) -> str:
    """All labels of an item of a kind but ``Item``, such as ``:`Server`:`Host```.

    A kind that is no longer declared, which an old item may be of, has its own label alone.
    """
    lineage = catalogue.kind(kind).lineage if kind in catalogue.kinds else (kind,)
    return "".join(f":{label(name)}" for name in lineage)


def schema(catalogue: Catalogue) -> Mapping[str, str]:
    """Constraints and indexes by name, each with the statement that makes it."""
    made = {
        name: f"CREATE CONSTRAINT {name} IF NOT EXISTS FOR (n:{on}) REQUIRE n.{key} IS UNIQUE"
        for name, on, key in (
            ("store_key", "Store", "key"),
            ("item_id", "Item", "id"),
            ("identifier_key", "Identifier", "key"),
            ("waiting_id", "WaitingLink", "id"),
            ("revision_number", "Revision", "number"),
            ("edit_number", "Edit", "number"),
            ("run_id", "Run", "id"),
        )
    }
    for name, on, key in (
        ("item_sort_name", "Item", "_sort_name"),
        ("waiting_from", "WaitingLink", "from_key"),
        ("waiting_to", "WaitingLink", "to_key"),
        ("revision_time", "Revision", "time"),
        ("edit_id", "Edit", "id"),
        ("run_started", "Run", "started"),
        ("identifier_shared", "Identifier", "shared"),
    ):
        made[name] = f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{on}) ON (n.{key})"
    for resolved in catalogue.concrete_kinds:
        name = f"kind_{resolved.name}_name"
        made[name] = (
            f"CREATE INDEX {quoted(name)} IF NOT EXISTS FOR (n:{label(resolved.name)}) ON (n.name)"
        )
    # The words are made in Python and stand between spaces: the analyzer has nothing to decide.
    made[FULL_TEXT] = (
        f"CREATE FULLTEXT INDEX {FULL_TEXT} IF NOT EXISTS FOR (n:Item) ON EACH [n._words] "
        "OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace'}}"
    )
    return made


SHOW_CONSTRAINTS = "SHOW CONSTRAINTS YIELD name RETURN name"
SHOW_INDEXES = "SHOW INDEXES YIELD name RETURN name"
AWAIT_INDEXES = "CALL db.awaitIndexes(600)"
COUNT_NODES = "MATCH (n) RETURN count(n)"
READ_STORE = """MATCH (s:Store {key: $key})
    RETURN s.schema_version, s.revision, s.revision_time"""
CREATE_STORE = """MERGE (s:Store {key: $key})
    ON CREATE SET s.schema_version = 0, s.revision = 0"""
SET_VERSION = "MATCH (s:Store {key: $key}) SET s.schema_version = $version"
ENGINE = """CALL dbms.components() YIELD name, versions, edition
    RETURN name + ' ' + versions[0] + ' ' + edition LIMIT 1"""

# --- reading -----------------------------------------------------------------------------------

PACK = 500
"""What is looked up for one record: the driver takes some 150 µs over a record, however small."""


def _packed(given: str, match: str, row: str) -> str:
    """``row`` of all that ``match`` finds for each ``given`` value of the parameter ``rows``: every
    record is a list of such rows."""
    return f"""UNWIND range(0, size($rows) - 1, {PACK}) AS start
    CALL (start) {{ UNWIND $rows[start..start + {PACK}] AS {given} {match}
        RETURN collect([{row}]) AS found }}
    RETURN found"""


_ITEM = "n._body, n._seen"
_LINK = "r._body, r._seen"
_WAITING = "w._body, w._seen"

ITEMS_BY_ID = _packed("id", "MATCH (n:Item {id: id})", _ITEM)
OWNERS = _packed(
    "key",
    """MATCH (k:Identifier {key: key})
        OPTIONAL MATCH (k)-[:IDENTIFIES|IDENTIFIED]->(n:Item)""",
    "key, n.id, k.state",
)
SHARED = "MATCH (k:Identifier) WHERE k.shared = true RETURN k.key AS key ORDER BY key"

LINKS: Mapping[str, str] = {
    "out": f"""UNWIND $ids AS id MATCH (a:Item {{id: id}})-[r]->(b:Item)
        WHERE ($relations IS NULL OR type(r) IN $relations)
        AND ($retired OR r.status <> 'retired') RETURN {_LINK}""",
    "in": f"""UNWIND $ids AS id MATCH (b:Item {{id: id}})<-[r]-(a:Item)
        WHERE ($relations IS NULL OR type(r) IN $relations)
        AND ($retired OR r.status <> 'retired') RETURN {_LINK}""",
}
WAITING_ALL = f"MATCH (w:WaitingLink) RETURN {_WAITING} ORDER BY w.id"
WAITING_BY_KEY = f"""UNWIND $keys AS key
    CALL (key) {{ MATCH (w:WaitingLink {{from_key: key}}) RETURN w
        UNION MATCH (w:WaitingLink {{to_key: key}}) RETURN w }}
    WITH DISTINCT w RETURN {_WAITING} ORDER BY w.id"""
LIMIT = " LIMIT $limit"

# Each row names what it is of, so that a torn one can be read again.
STREAM_ITEMS = f"MATCH (n:Item) RETURN n.id, {_ITEM}"
STREAM_LINKS = f"MATCH (a:Item)-[r]->(b:Item) RETURN type(r), a.id, b.id, {_LINK}"
STREAM_WAITING = f"MATCH (w:WaitingLink) RETURN w.id, {_WAITING}"
WAITING_BY_ID = _packed("id", "MATCH (w:WaitingLink {id: id})", _WAITING)

COUNT_ITEMS = "MATCH (n:Item) WHERE n.status <> 'retired' RETURN n.kind, count(*)"
COUNT_LINKS = "MATCH (:Item)-[r]->(:Item) WHERE r.status <> 'retired' RETURN type(r), count(*)"
COUNT_WAITING = "MATCH (w:WaitingLink) RETURN count(w)"

# A commit is applied to records first and to indexes last: a revision whose edits are all in the
# index is wholly there.
COUNT_EDITS = """MATCH (r:Revision {number: $number}) RETURN r.edits,
    COUNT { MATCH (e:Edit) WHERE e.number >= $first AND e.number <= $last }"""
_REVISION = "r.number, r.time, r.actor, r.source, r.reason, r.edits, r.run, r.shared, r.address"
ONE_REVISION = f"MATCH (r:Revision {{number: $number}}) RETURN {_REVISION}"
REVISIONS = f"""MATCH (r:Revision) WHERE r.number > $after AND r.number <= $latest
    RETURN {_REVISION} ORDER BY r.number LIMIT $limit"""
REVISIONS_NEWEST = f"""MATCH (r:Revision) WHERE r.number > $after AND r.number <= $latest
    RETURN {_REVISION} ORDER BY r.number DESC LIMIT $limit"""
REVISION_AT = """MATCH (r:Revision) WHERE r.time <= $time AND r.number <= $latest
    RETURN coalesce(max(r.number), 0)"""
_EDIT = "e.revision, e.entity, e.id, e.action, e.reason, e.before, e.after"
EDITS = f"""MATCH (e:Edit) WHERE e.number > $after AND e.number <= $upto
    RETURN {_EDIT} ORDER BY e.number"""
HISTORY = f"""MATCH (e:Edit {{id: $id}}) WHERE e.number < $before
    WITH e ORDER BY e.number DESC LIMIT $limit
    MATCH (r:Revision {{number: e.revision}})
    RETURN {_EDIT}, {_REVISION} ORDER BY e.number DESC"""

REPORTED: Mapping[str, str] = {
    "item": """MATCH (r:Report {source: $source, scope: $scope, retired: false})-[:REPORTS]->(n)
        RETURN DISTINCT n.id""",
    "link": """MATCH (a:Item)-[r]->(b:Item) WHERE $tag IN r.reported_by
        RETURN type(r) + ':' + a.id + ':' + b.id""",
    "waiting": """MATCH (w:WaitingLink {source: $source, scope: $scope, retired: false})
        RETURN w.id""",
}
RUNS = """MATCH (r:Run) WHERE $source IS NULL OR r.source = $source
    RETURN r._body ORDER BY r.started DESC, r.id DESC LIMIT $limit"""

# --- the query for a page: these parts are joined by AND -----------------------------------------

MATCH_ITEMS = "MATCH (n:Item) WHERE "
MATCH_WORDS = f"CALL db.index.fulltext.queryNodes('{FULL_TEXT}', $words) YIELD node AS n WHERE "
RETURN_COUNT = " RETURN count(n)"
ALWAYS = "true"
KINDS = "n.kind IN ${0}"
STATUSES = "n.status IN ${0}"
NOT_RETIRED = "n.status <> 'retired'"

COLUMNS: Mapping[str, str] = {
    "id": "n.id",
    "kind": "n.kind",
    "name": "n.name",
    "status": "n.status",
    "revision": "n.revision",
}
SORT_COLUMNS: Mapping[str, str] = {**COLUMNS, "name": "n._sort_name"}
PROPERTY = "n[${0}]"
NAME_PROPERTY = "CASE WHEN n._unnamed THEN null ELSE coalesce(n._property_name, n.name) END"

EXISTS = "{value} IS NOT NULL"
EXISTS_NOT = "{value} IS NULL"
EQUAL = "{value} = ${0}"
NOT_EQUAL = "NOT coalesce({value} = ${0}, false)"
IN = "{value} IN ${0}"
COMPARE: Mapping[str, str] = {
    "lt": "{value} < ${0}",
    "le": "{value} <= ${0}",
    "gt": "{value} > ${0}",
    "ge": "{value} >= ${0}",
}
# OR and AND of a CASE keep toLower from a value that is no string.
CONTAINS = """CASE WHEN {value} IS :: STRING NOT NULL THEN toLower({value}) CONTAINS ${0}
    WHEN {value} IS :: LIST<STRING NOT NULL> NOT NULL THEN ${1} IN {value} ELSE false END"""
STARTS_WITH = """CASE WHEN {value} IS :: STRING NOT NULL
    THEN toLower({value}) STARTS WITH ${0} ELSE false END"""

WITH_COLUMN = """ WITH n, {value} AS v ORDER BY v{direction}, n.id LIMIT $limit"""
WITH_PROPERTY = """ WITH n, {value} AS given
    WITH n, CASE WHEN given IS :: BOOLEAN NOT NULL THEN 0
        WHEN given IS :: INTEGER NOT NULL OR given IS :: FLOAT NOT NULL THEN 1
        WHEN given IS :: STRING NOT NULL THEN 2 END AS rank, given
    WITH n, rank, CASE WHEN rank IS NULL THEN null ELSE given END AS v WHERE {after}
    WITH n, rank, v ORDER BY rank IS NULL, rank{direction}, v{direction}, n.id LIMIT $limit"""
DESCENDING = " DESC"
AFTER_COLUMN = "{value} >= $last AND ({value} > $last OR n.id > $last_id)"
AFTER_COLUMN_DESCENDING = "{value} <= $last AND ({value} < $last OR n.id > $last_id)"
AFTER_NONE = "rank IS NULL AND n.id > $last_id"
AFTER_PROPERTY = """(rank IS NULL OR rank > $last_rank OR (rank = $last_rank
    AND (v > $last OR (v = $last AND n.id > $last_id))))"""
AFTER_PROPERTY_DESCENDING = """(rank IS NULL OR rank < $last_rank OR (rank = $last_rank
    AND (v < $last OR (v = $last AND n.id > $last_id))))"""
RETURN_PAGE = f" RETURN {_ITEM}, v"
RETURN_HITS = f""" WITH n ORDER BY n._sort_name = $name DESC, n._sort_name STARTS WITH $name DESC,
    n.kind, n._sort_name, n.id SKIP $offset LIMIT $limit
    RETURN {_ITEM}"""

# --- writing -----------------------------------------------------------------------------------

# Taking the lock first puts all writers into one row: whatever is read after it, is current.
LOCK_STORE = "MATCH (s:Store {key: $key}) SET s.locked = true"
SET_REVISION = """MATCH (s:Store {key: $key})
    SET s.revision = $row.number, s.revision_time = $row.time CREATE (r:Revision) SET r = $row"""

STORED_ITEMS = _packed("id", "MATCH (n:Item {id: id})", "id, n.revision, n._seen")
UPDATE_ITEMS = "UNWIND $rows AS row MATCH (n:Item {id: row.item.id}) SET n = row.item"
DELETE_REPORTS = """UNWIND $rows AS id MATCH (:Item {id: id})<-[:REPORTS]-(r:Report)
    DETACH DELETE r"""
CREATE_REPORTS = """UNWIND $rows AS row MATCH (n:Item {id: row.item.id})
    UNWIND row.reports AS report CREATE (r:Report)-[:REPORTS]->(n) SET r = report"""

DROP_IDENTIFIERS = """UNWIND $rows AS row
    MATCH (k:Identifier {key: row[0]})-[:IDENTIFIES|IDENTIFIED]->(:Item {id: row[1]})
    DETACH DELETE k"""
DEMOTE_IDENTIFIERS = """UNWIND $rows AS row
    MATCH (k:Identifier {key: row[0]})-[live:IDENTIFIES]->(n:Item {id: row[1]})
    DELETE live SET k.state = 'former' CREATE (k)-[:IDENTIFIED]->(n)"""
FREE_IDENTIFIERS = """UNWIND $rows AS row
    MATCH (k:Identifier {key: row[0]})-[old:IDENTIFIES|IDENTIFIED]->(:Item) DELETE old"""
TAKE_IDENTIFIERS = """UNWIND $rows AS row
    MATCH (k:Identifier {key: row[0]}) MATCH (n:Item {id: row[1]})
    SET k.state = 'live' CREATE (k)-[:IDENTIFIES]->(n)"""
CREATE_IDENTIFIERS = """UNWIND $rows AS row MATCH (n:Item {id: row[1]})
    CREATE (:Identifier {key: row[0], state: 'live'})-[:IDENTIFIES]->(n)"""
CREATE_FORMER = """UNWIND $rows AS row MATCH (n:Item {id: row[1]})
    CREATE (:Identifier {key: row[0], state: 'former'})-[:IDENTIFIED]->(n)"""
SHARE_IDENTIFIERS = """UNWIND $rows AS key MERGE (k:Identifier {key: key})
    SET k.state = 'shared', k.shared = true"""
FREE_SHARED = """UNWIND $rows AS key
    MATCH (:Identifier {key: key})-[old:IDENTIFIES|IDENTIFIED]->(:Item) DELETE old"""

CREATE_EDITS = "UNWIND $rows AS row CREATE (e:Edit) SET e = row"

STORED_WAITING = _packed("id", "MATCH (w:WaitingLink {id: id})", "id, w.revision, w._seen")
CREATE_WAITING = "UNWIND $rows AS row CREATE (w:WaitingLink) SET w = row"
UPDATE_WAITING = "UNWIND $rows AS row MATCH (w:WaitingLink {id: row.id}) SET w = row"
DELETE_WAITING = "UNWIND $rows AS id MATCH (w:WaitingLink {id: id}) DELETE w"

_LATER = """SET {0}._seen = [
    i IN range(0, CASE WHEN size({0}._seen) > row[1] THEN size({0}._seen) - 1 ELSE row[1] END) |
    CASE WHEN i = row[1] AND coalesce({0}._seen[i], $never) < row[2] THEN row[2]
        ELSE coalesce({0}._seen[i], $never) END]"""
TOUCH_ITEMS = f"UNWIND $rows AS row MATCH (n:Item {{id: row[0]}}) {_LATER.format('n')}"
TOUCH_WAITING = f"UNWIND $rows AS row MATCH (w:WaitingLink {{id: row[0]}}) {_LATER.format('w')}"
SAVE_RUN = "MERGE (r:Run {id: $row.id}) SET r = $row"


class Generated:
    """The statements that carry labels and relationship types, made from one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def create_items(self, kind: str) -> str:
        """New items of one kind with their reports and the identifiers that nobody ever had."""
        own = labels(self._catalogue, kind)
        return f"""UNWIND $rows AS row CREATE (n:Item{own}) SET n = row.item
            FOREACH (report IN row.reports | CREATE (r:Report)-[:REPORTS]->(n) SET r = report)
            FOREACH (key IN row.keys |
                CREATE (:Identifier {{key: key, state: 'live'}})-[:IDENTIFIES]->(n))"""

    def relabel_items(self, old: str, new: str) -> str:
        """Items that turned out to be of another kind."""
        return f"""UNWIND $rows AS id MATCH (n:Item {{id: id}})
            REMOVE n{labels(self._catalogue, old)} SET n{labels(self._catalogue, new)}"""

    def _link(self, relation: str) -> str:
        return f"(a:Item {{id: row[0]}})-[r:{quoted(relation)}]->(b:Item {{id: row[1]}})"

    def links_by_ends(self, relation: str) -> str:
        """Links of one relation by pairs of ends."""
        return _packed("row", f"MATCH {self._link(relation)}", _LINK)

    def stored_links(self, relation: str) -> str:
        """Revision and touches of links that are about to change."""
        found = "type(r) + ':' + a.id + ':' + b.id, r.revision, r._seen"
        return _packed("row", f"MATCH {self._link(relation)}", found)

    def create_links(self, relation: str) -> str:
        """New links of one relation; returns how many were new and had both ends."""
        kind = quoted(relation)
        return f"""UNWIND $rows AS row MATCH (a:Item {{id: row[0]}}) MATCH (b:Item {{id: row[1]}})
            WITH a, b, row WHERE NOT EXISTS {{ (a)-[:{kind}]->(b) }}
            CREATE (a)-[r:{kind}]->(b) SET r = row[2] RETURN count(r)"""

    def update_links(self, relation: str) -> str:
        """Links of one relation that change."""
        return f"UNWIND $rows AS row MATCH {self._link(relation)} SET r = row[2]"

    def delete_links(self, relation: str) -> str:
        """Links of one relation whose ends became one thing."""
        return f"UNWIND $rows AS row MATCH {self._link(relation)} DELETE r"

    def touch_links(self, relation: str) -> str:
        """When a source last saw links of one relation."""
        link = self._link(relation).replace("row[1]", "row[3]")
        return f"UNWIND $rows AS row MATCH {link} {_LATER.format('r')}"


def conjunction(parts: Sequence[str]) -> str:
    """All of the parts at once."""
    return " AND ".join(f"({part})" for part in parts) if parts else ALWAYS
