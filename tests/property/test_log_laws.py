"""Laws of the log: every proof holds, no other one does, and whatever is written in any order stays as it was signed."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.signed_books import T0, books

from zveno.log import Draft, Log, SignedRecord, verify_archive, write_archive
from zveno.log.canonical import canonical, read_canonical
from zveno.log.merkle import Tree, continued, included, leaf_hash, node_hash

TEXTS = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def reference_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(reference_root(leaves[:split]), reference_root(leaves[split:]))


ANY = st.integers(0, 10**6)
"""A number of which the remainder is taken, so that every place of a list is as likely."""


@given(size=st.integers(1, 70), picks=st.tuples(ANY, ANY, ANY, ANY, ANY))
def test_every_proof_holds_and_every_altered_one_fails(size, picks):
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    tree = Tree(leaves)
    part = 1 + picks[0] % size
    index, old, other = picks[1] % part, 1 + picks[2] % part, picks[3] % size
    assert tree.root(part) == reference_root(leaves[:part])
    assert Tree(leaves[: part - 1]).root_with(leaves[part - 1]) == tree.root(part)
    path, proof = tree.inclusion(index, part), tree.consistency(old, part)
    assert included(leaves[index], index, part, tree.root(part), path)
    assert included(leaves[other], index, part, tree.root(part), path) == (other == index)
    assert continued(old, part, tree.root(old), tree.root(part), proof)
    if path:
        assert not included(leaves[index], index, part, tree.root(part), altered(path, picks[4]))
        assert not included(leaves[index], index, part, tree.root(part), path[1:])
    if proof:
        assert not continued(old, part, tree.root(old), tree.root(part), altered(proof, picks[4]))
        assert not continued(old, part, tree.root(old), tree.root(part), proof[:-1])


def altered(steps: tuple[bytes, ...], pick: int) -> tuple[bytes, ...]:
    """A proof with one bit changed."""
    at, bit = divmod(pick % (256 * len(steps)), 256)
    step = bytearray(steps[at])
    step[bit // 8] ^= 1 << bit % 8
    return (*steps[:at], bytes(step), *steps[at + 1 :])


@given(size=st.integers(2, 60), picks=st.tuples(ANY, ANY))
def test_a_log_with_another_past_continues_nothing(size, picks):
    """No proof that the honest log can give shows that it continues a log in which one record was different."""
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    old = 1 + picks[0] % size
    at = picks[1] % old
    other = [*leaves[:at], leaf_hash(b"altered"), *leaves[at + 1 :]]
    honest = Tree(leaves)
    assert not continued(old, size, Tree(other[:old]).root(), honest.root(), honest.consistency(old))


@given(JSON)
def test_what_is_written_is_read_back_and_written_the_same(value):
    data = canonical(value)
    assert read_canonical(data) == value
    assert canonical(read_canonical(data)) == data


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["accountant", "chief"]), TEXTS, st.integers(0, 50)), min_size=1, max_size=12)
)
def test_any_sequence_of_records_stays_as_it_was_signed(steps):
    with TemporaryDirectory() as folder:
        our = books(Path(folder) / "store")
        latest, entries = 0, []
        for who, text, minutes in steps:
            latest += minutes
            signer = our.accountant if who == "accountant" else our.chief
            draft = Draft("provisional", {"note": text}, T0 + timedelta(minutes=latest), {text: "0" * 64})
            entries.append(our.log.enter(signer, draft))
        tree = our.log.tree
        for entry in entries:
            assert entry.proven()
            assert our.log.entry(entry.number).proven()
            assert SignedRecord.parse(entry.record.data) == entry.record
            assert continued(
                entry.head.size, len(tree), entry.head.root, tree.root(), tree.consistency(entry.head.size)
            )
        assert Log(our.folder).records == our.log.records
        assert our.log.verify() == ()
        write_archive(our.log, our.chief, T0 + timedelta(minutes=latest), {"a": b"a"}, Path(folder) / "a.tar")
        assert verify_archive(Path(folder) / "a.tar").sound


@settings(max_examples=40, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_one_changed_byte_breaks_the_log(where, change):
    with TemporaryDirectory() as folder:
        our = books(Path(folder) / "store")
        path = our.folder / "log" / "journal"
        content = bytearray(path.read_bytes())
        content[int(where * len(content))] ^= change
        path.write_bytes(content)
        assert our.log.verify() != ()
