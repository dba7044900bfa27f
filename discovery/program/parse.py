"""Observation lines as observations of one scope; a line that is none is told of."""

from __future__ import annotations

import io
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.catalogue.files import load_catalogue
from cmdb.exchange.jsonl import decode_lines
from cmdb.exchange.problems import Problems
from cmdb.exchange.record import Defaults, FlawedRecord, Line, observation
from cmdb.items import Observation
from discovery.program import ProgramSettings
from discovery.program.payload import ProgramPayload
from discovery.scanner import Parsed

SOURCE = "program"
_decoder = msgspec.json.Decoder(Line)


def parse(payload: ProgramPayload, settings: ProgramSettings, time: datetime) -> Parsed:
    """The observations of the lines; those that can't be read are errors, by their number.

    Whatever source and scope a line claims, it is this scanner that says it.
    """
    scope = settings.scope or payload.name
    defaults = Defaults(SOURCE, time, scope)
    catalogue = _catalogue(settings.catalogue)
    problems = Problems()
    seen: list[Observation] = []
    stream = io.BytesIO(payload.lines.encode())
    for number, line in decode_lines(stream, payload.name, problems, _decoder):
        line = msgspec.structs.replace(line, source=None, scope=None)
        try:
            seen.append(observation(line, defaults, catalogue))
        except FlawedRecord as flawed:
            for flaw in flawed.flaws:
                problems.add(flaw.message, payload.name, number, flaw.field)
    errors = [str(problem) for problem in problems.found]
    if (more := problems.total - len(errors)) > 0:
        errors.append(f"{payload.name}: {more} more of its lines have flaws")
    full = settings.full and payload.ended_well
    return Parsed(scope, tuple(seen), full=full, errors=tuple(errors))


@lru_cache(maxsize=8)
def _catalogue(files: tuple[str, ...]) -> Catalogue:
    return load_catalogue([Path(file) for file in files])
