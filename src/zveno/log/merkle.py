"""The Merkle tree of RFC 6962: one hash for a whole list, short proofs that a list holds and continues another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256 of a zero byte and the data.

    References
    ----------
    RFC 6962 (2013), Certificate Transparency, section 2.1.

    Examples
    --------
    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node: SHA-256 of a one byte and the hashes of its two parts."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """Hashes of a growing list of leaves; all full nodes are kept, so that a root or proof takes few steps.

    Parameters
    ----------
    leaves
        Leaf hashes to begin with.

    References
    ----------
    RFC 6962, sections 2.1 to 2.1.2.

    Examples
    --------
    >>> tree = Tree([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")])
    >>> included(leaf_hash(b"b"), 1, 3, tree.root(), tree.inclusion(1))
    True
    >>> continued(2, 3, tree.root(2), tree.root(), tree.consistency(2))
    True
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for one in leaves:
            self.append(one)

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def leaves(self) -> Sequence[bytes]:
        """Hashes of the leaves in their order."""
        return self._levels[0]

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        self._levels[0].append(leaf)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(node_hash(*self._levels[level][-2:]))
            level += 1

    def root(self, size: int | None = None) -> bytes:
        """Root of the whole tree, or of its first ``size`` leaves."""
        size = self._size(size)
        return self._hash(0, size) if size else EMPTY_ROOT

    def root_with(self, leaf: bytes) -> bytes:
        """Root that the tree will have with one more leaf."""
        return self._hash_with(0, len(self) + 1, leaf)

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of a leaf in the tree of the first ``size`` leaves, from the leaf upwards."""
        size = self._size(size)
        if not 0 <= index < size:
            raise IndexError(f"no leaf {index} in a tree of {size}")
        return tuple(self._path(index, 0, size))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """Proof that the tree of ``size`` leaves continues that of ``old`` leaves."""
        size = self._size(size)
        if not 0 <= old <= size:
            raise IndexError(f"a tree of {size} does not continue one of {old}")
        return tuple(self._subproof(old, 0, size, whole=True)) if 0 < old < size else ()

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise IndexError(f"a tree of {len(self)} has no first {size} leaves")
        return size

    def _hash(self, start: int, end: int) -> bytes:
        """Hash over the leaves of a range that begins at a multiple of the power of two not below its length."""
        length = end - start
        level = length.bit_length() - 1
        if length == 1 << level:
            return self._levels[level][start >> level]
        middle = start + _split(length)
        return node_hash(self._hash(start, middle), self._hash(middle, end))

    def _hash_with(self, start: int, end: int, last: bytes) -> bytes:
        if end - start == 1:
            return last
        middle = start + _split(end - start)
        return node_hash(self._hash(start, middle), self._hash_with(middle, end, last))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._hash(middle, end)]
        return [*self._path(index, middle, end), self._hash(start, middle)]

    def _subproof(self, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old == end:
            return [] if whole else [self._hash(start, end)]
        middle = start + _split(end - start)
        if old <= middle:
            return [*self._subproof(old, start, middle, whole=whole), self._hash(middle, end)]
        return [*self._subproof(old, middle, end, whole=False), self._hash(start, middle)]


def _split(length: int) -> int:
    """The largest power of two below a length of at least two."""
    return 1 << (length - 1).bit_length() - 1


def included(leaf: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path proves that a leaf stands at an index of the tree with this size and root.

    References
    ----------
    RFC 9162 (2021), section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for one in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(one, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, one)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def continued(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of ``size`` leaves begins with all leaves of the tree of ``old`` leaves.

    References
    ----------
    RFC 9162 (2021), section 2.1.4.2.
    """
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and (old == 0 or old_root == root)
    if not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, one)
        first, last = first >> 1, last >> 1
    return last == 0 and before == old_root and after == root
