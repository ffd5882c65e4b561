"""The list of the files of an archive with their hashes, whole and by blocks: a changed block is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from zveno.log.canonical import canonical, read_canonical

FORMAT = "zveno/manifest-1"
SMALLEST_BLOCK = 4096
_MOST_BLOCKS = 4096


@dataclass(frozen=True)
class FileHash:
    """Hashes of a file: of the whole, and of each block."""

    name: str
    size: int
    whole: str
    blocks: tuple[str, ...]


def block_size(size: int) -> int:
    """Bytes of a block of a file: 4 KiB, doubled until there are at most 4,096 blocks.

    Examples
    --------
    >>> block_size(100), block_size(20_000_000)
    (4096, 8192)
    """
    block = SMALLEST_BLOCK
    while size > block * _MOST_BLOCKS:
        block *= 2
    return block


def hash_blocks(name: str, size: int, blocks: Iterable[bytes]) -> FileHash:
    """Hashes of a file given by its blocks."""
    whole, each = sha256(), []
    for one in blocks:
        whole.update(one)
        each.append(sha256(one).hexdigest())
    return FileHash(name, size, whole.hexdigest(), tuple(each))


def hash_source(name: str, source: bytes | Path) -> FileHash:
    """Hashes of bytes, or of a file on the disk."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    return hash_blocks(name, size, _blocks(source, block_size(size)))


def _blocks(source: bytes | Path, block: int) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[at : at + block] for at in range(0, len(source), block))
        return
    with source.open("rb") as file:
        while piece := file.read(block):
            yield piece


def manifest(files: Sequence[FileHash]) -> bytes:
    """The bytes of the list."""
    said = [{"blocks": list(one.blocks), "name": one.name, "sha256": one.whole, "size": one.size} for one in files]
    return canonical({"files": said, "format": FORMAT}) + b"\n"


def read_manifest(content: bytes) -> tuple[FileHash, ...] | None:
    """Hashes of the files; None if the bytes are no such list."""
    try:
        said = read_canonical(content.removesuffix(b"\n"))
        found = tuple(FileHash(one["name"], one["size"], one["sha256"], tuple(one["blocks"])) for one in said["files"])
        return found if manifest(found) == content else None
    except (ValueError, KeyError, TypeError):
        return None
