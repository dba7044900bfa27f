"""Neo4j's own walk: what is reached, counted by Cypher."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import neo4j
import numpy as np
import numpy.typing as npt

BATCH = 20_000
TIME_LIMIT = 60.0
"""Seconds of one query at most."""

REACHED = """
MATCH (start:Walked {n: $n})
CALL (start) { MATCH (start)-[:FEEDS*0..]->(item) RETURN count(DISTINCT item) AS reached }
RETURN reached
"""


def load(address: str, items: int, pairs: npt.NDArray[np.uint32]) -> Callable[[int], int]:
    """Empty the database, fill it with the pairs, and return a walk over them.

    A walk raises the driver's error where it takes longer than the time limit.
    """
    parts = urlsplit(address)
    driver = neo4j.GraphDatabase.driver(
        f"{parts.scheme}://{parts.hostname}:{parts.port}",
        auth=(parts.username or "", parts.password or ""),
    )
    with driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
    driver.execute_query(
        "CREATE CONSTRAINT walked IF NOT EXISTS FOR (w:Walked) REQUIRE w.n IS UNIQUE"
    )
    for first in range(0, items, BATCH):
        rows = list(range(first, min(items, first + BATCH)))
        driver.execute_query("UNWIND $rows AS n CREATE (:Walked {n: n})", rows=rows)
    for first in range(0, len(pairs), BATCH):
        driver.execute_query(
            "UNWIND $rows AS row MATCH (a:Walked {n: row[0]}), (b:Walked {n: row[1]}) "
            "CREATE (a)-[:FEEDS]->(b)",
            rows=pairs[first : first + BATCH].tolist(),
        )
    query = neo4j.Query(REACHED, timeout=TIME_LIMIT)  # pyright: ignore[reportArgumentType]

    def reached(item: int) -> int:
        with driver.session() as session:
            record = session.run(query, n=item).single()
            return 0 if record is None else int(record["reached"])

    return reached
