"""Files that a target means, and what they hold: for scanners that read what people declared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cmdb.errors import InvalidInput

MAX_FILE = 64 * 2**20
"""Bytes of one file; what people declare is far below."""


def scope_of(prefix: str, targets: Sequence[str]) -> str:
    """What was looked at: the same for the same files, wherever they are named from."""
    text = " ".join(sorted({str(Path(t).expanduser().resolve()) for t in targets}))
    kept = text if len(text) <= 200 else hashlib.sha256(text.encode()).hexdigest()[:32]
    return f"{prefix}/{kept}"


def files_of(target: str, wanted: Callable[[Path], bool]) -> list[Path]:
    """The file itself, or all that are wanted in and below the folder, by name."""
    path = Path(target).expanduser()
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and wanted(file))


def read_bytes(path: Path) -> bytes:
    """What a file holds; raises :class:`~cmdb.errors.InvalidInput` where it can't be read."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise InvalidInput(f"{path} is larger than {MAX_FILE // 2**20} MiB.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from None


def yaml_documents(data: bytes, name: str) -> Iterator[Any]:
    """The documents of YAML or JSON; empty ones are left out.

    Tags that only tell a tool how to merge are passed over. Raises
    :class:`~cmdb.errors.InvalidInput` with the line where it is neither; never with what is there.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader, for which a tag of somebody else's is no error."""

    Loader.add_multi_constructor("!", _untagged)
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} is not UTF-8 text.") from None
    try:
        yield from (d for d in yaml.load_all(text, Loader=Loader) if d is not None)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise InvalidInput(f"{name}{where}: this is neither YAML nor JSON.") from None


def _untagged(loader: Any, suffix: str, node: Any) -> Any:
    """The value behind a tag; nothing behind one that takes a value back."""
    if suffix == "reset":
        return None
    kinds = {"scalar": loader.construct_scalar, "sequence": loader.construct_sequence}
    make = kinds.get(node.id)
    return make(node) if make else loader.construct_mapping(node, deep=True)
