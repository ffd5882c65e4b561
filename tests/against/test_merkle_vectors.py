"""The tree against published vectors of Certificate Transparency.

Sources
-------
* Leaves, roots, audit paths and consistency proofs of trees of one to eight leaves: google/certificate-transparency,
  ``python/ct/crypto/merkle_test.py`` and its C++ tests; the same stand in transparency-dev/merkle,
  ``testonly/constants.go`` and ``proof/verify_test.go`` (Apache-2.0).
* Hashes of single leaves and nodes: transparency-dev/merkle, ``rfc6962/rfc6962_test.go``.
* Roots of larger trees, to 65,535 leaves: transparency-dev/merkle, ``compact/range_test.go``.
* An audit path of a log at work, leaf 848,049 of 3,630,887: google/certificate-transparency, ``merkle_test.py``.
* Which proofs must be refused: transparency-dev/merkle, ``proof/verify_test.go``.
"""

from base64 import b64decode

import pytest

from zveno.log.merkle import EMPTY_ROOT, Tree, continued, included, leaf_hash, node_hash

LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(one)
    for one in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
A, B, C, D, E, F, G, H, K, L = (  # nodes of the tree of eight leaves that the proofs use
    bytes.fromhex(one)
    for one in (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    )
)
PATHS = {(0, 1): (), (0, 8): (A, B, C), (5, 8): (D, E, F), (2, 3): (G,), (1, 5): (H, B, D)}
"""Audit paths by index and size."""
PROOFS = {(1, 1): (), (1, 8): (A, B, C), (6, 8): (K, E, F), (2, 5): (B, D), (6, 7): (K, L, F)}
"""Consistency proofs by the two sizes."""
LARGE = {
    10: "VjWMPSYNtCuCNlF/RLnQy6HcwSk6CIipfxm+hettA+4=",
    15: "j4SulYmocFuxdeyp12xXCIgK6PekBcxzAIj4zbQzNEI=",
    16: "c+4Uc6BCMOZf/v3NZK1kqTUJe+bBoFtOhP+P3SayKRE=",
    100: "dUh9hYH88p0CMoHkdr1wC2szbhcLAXOejWpINIooKUY=",
    255: "SmdsuKUqiod3RX2jyF2M6JnbdE4QuTwwipfAowI4/i0=",
    256: "qFI0t/tZ1MdOYgyPpPzHFiZVw86koScXy9q3FU5casA=",
    1000: "RXrgb8xHd55Y48FbfotJwCbV82Kx22LZfEbmBGAvwlQ=",
    4095: "cWRFdQhPcjn9WyBXE/r1f04ejxIm5lvg40DEpRBVS0w=",
    4096: "6uU/phfHg1n/GksYT6TO9aN8EauMCCJRl3dIK0HDs2M=",
    10000: "VZcav65F9haHVRk3wre2axFoBXRNeUh/1d9d5FQfxIg=",
    65535: "iPuVYJhP6SEE4gUFp8qbafd2rYv9YTCDYqAxCj8HdLM=",
}
"""Roots of trees whose leaf i is the two bytes of i, the lower one first."""
AT_WORK = """
1a208aeebcd1b39fe2de247ee8db9454e1e93a312d206b87f6ca9cc6ec6f1ddd
0a1b78b383f580856f433c01a5741e160d451c185910027f6cc9f828687a40c4
3d1745789bc63f2da15850de1c12a5bf46ed81e1cc90f086148b1662e79aab3d
9095b61e14d8990acf390905621e62b1714fb8e399fbb71de5510e0aef45affe
0a332b91b8fab564e6afd1dd452449e04619b18accc0ff9aa8393cd4928451f2
2336f0181d264aed6d8f3a6507ca14a8d3b3c3a23791ac263e845d208c1ee330
b4ce56e300590500360c146c6452edbede25d4ed83919278749ee5dbe178e048
933f6ddc848ea562e4f9c5cfb5f176941301dad0c6fdb9d1fbbe34fac1be6966
b95a6222958a86f74c030be27c44f57dbe313e5e7c7f4ffb98bcbd3a03bb52f2
daeeb3ce5923defd0faeb8e0c210b753b85b809445d7d3d3cd537a9aabaa9c45
7fadd0a13e9138a2aa6c3fdec4e2275af233b94812784f66bcca9aa8e989f2bc
1864e6ba3e32878610546539734fb5eeae2529991f130c575c73a7e25a2a7c56
12842d1202b1dc6828a17ab253c02e7ce9409b5192430feba44189f39cc02d66
29af64b16fa3053c13d02ac63aa75b23aa468506e44c3a2315edc85d2dc22b11
b527b99934a0bd9edd154e449b0502e2c499bba783f3bc3dfe23364b6b532009
4584db8ae8e351ace08e01f306378a92bfd43611714814f3d834a2842d69faa8
86a9a41573b0d6e4292f01e93243d6cc65b30f06606fc6fa57390e7e90ed580f
a88b98fbe84d4c6aae8db9d1605dfac059d9f03fe0fcb0d5dff1295dacba09e6
06326dc617a6d1f7021dc536026dbfd5fffc6f7c5531d48ef6ccd1ed1569f2a1
f41fe8fdc3a2e4e8345e30216e7ebecffee26ff266eeced208a6c2a3cf08f960
40cf5bde8abb76983f3e98ba97aa36240402975674e120f234b3448911090f8d
b3222dc8658538079883d980d7fdc2bef9285344ea34338968f736b04aeb387a
"""
SOME = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


def tree(size: int) -> Tree:
    return Tree(leaf_hash(one) for one in LEAVES[:size])


def test_hashes_of_leaves_and_nodes():
    assert ROOTS[0] == EMPTY_ROOT
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize("size", range(9))
def test_roots_of_small_trees(size):
    assert tree(size).root() == ROOTS[size]
    assert tree(8).root(size) == ROOTS[size]


def test_roots_of_large_trees():
    whole = Tree(leaf_hash(bytes([i & 0xFF, i >> 8 & 0xFF])) for i in range(max(LARGE)))
    for size, root in LARGE.items():
        assert whole.root(size) == b64decode(root)


@pytest.mark.parametrize(("place", "path"), PATHS.items())
def test_audit_paths(place, path):
    index, size = place
    assert tree(8).inclusion(index, size) == path
    assert included(leaf_hash(LEAVES[index]), index, size, ROOTS[size], path)


@pytest.mark.parametrize(("sizes", "proof"), PROOFS.items())
def test_consistency_proofs(sizes, proof):
    old, size = sizes
    assert tree(8).consistency(old, size) == proof
    assert continued(old, size, ROOTS[old], ROOTS[size], proof)


def test_an_audit_path_of_a_log_at_work():
    leaf = bytes.fromhex("7a395c866d5ecdb0cccb623e011dbc392cd348d1d1d72776174e127a24b09c78")
    root = bytes.fromhex("78316a05c9bcf14a3a4548f5b854a9adfcd46a4c034401b3ce7eb7ac2f1d0ecb")
    path = [bytes.fromhex(one) for one in AT_WORK.split()]
    assert included(leaf, 848_049, 3_630_887, root, path)
    assert not included(leaf, 848_050, 3_630_887, root, path)


@pytest.mark.parametrize(("place", "path"), [one for one in PATHS.items() if one[1]])
def test_audit_paths_that_must_be_refused(place, path):
    index, size = place
    leaf, root = leaf_hash(LEAVES[index]), ROOTS[size]
    refused = [
        (index - 1, size, root, leaf, path), (index + 1, size, root, leaf, path), (index ^ 2, size, root, leaf, path),
        (index, size * 2, root, leaf, path), (index, size // 2, root, leaf, path),
        (index, size, root, b"WrongLeaf", path), (index, size, EMPTY_ROOT, leaf, path), (index, size, SOME, leaf, path),
        (index, size, root, leaf, (*path, b"")), (index, size, root, leaf, (*path, root)),
        (index, size, root, leaf, (b"", *path)), (index, size, root, leaf, (root, *path)),
        (index, size, root, leaf, path[:-1]), (index, size, root, leaf, (path[0], SOME, *path[1:])),
        *((index, size, root, leaf, flipped(path, at, 8)) for at in range(len(path))),
    ]  # fmt: skip
    for one_index, one_size, one_root, one_leaf, one_path in refused:
        assert not included(one_leaf, one_index, one_size, one_root, one_path)


@pytest.mark.parametrize(("sizes", "proof"), [one for one in PROOFS.items() if one[1]])
def test_consistency_proofs_that_must_be_refused(sizes, proof):
    old, size = sizes
    first, last = ROOTS[old], ROOTS[size]
    refused = [
        (old - 1, size, first, last, proof) if old > 1 else (old, size, first, last, ()),
        (old + 1, size, first, last, proof), (old ^ 2, size, first, last, proof),
        (old, size * 2, first, last, proof), (old, size // 2, first, last, proof),
        (old, size, b"WrongRoot", last, proof), (old, size, first, b"WrongRoot", proof), (old, size, last, first, proof),
        (old, size, first, last, ()), (old, size, first, last, (*proof, b"")), (old, size, first, last, (*proof, first)),
        (old, size, first, last, (*proof, last)), (old, size, first, last, (b"", *proof)),
        (old, size, first, last, (first, *proof)), (old, size, first, last, (last, *proof)),
        (old, size, first, last, (proof[0], *proof)), (old, size, first, last, proof[:-1]),
        *((old, size, first, last, flipped(proof, at, 16)) for at in range(len(proof))),
    ]  # fmt: skip
    for one_old, one_size, one_first, one_last, one_proof in refused:
        assert not continued(one_old, one_size, one_first, one_last, one_proof)


@pytest.mark.parametrize(
    ("old", "size", "first", "last", "proof", "holds"),
    [
        (0, 0, SOME, SOME, (), True), (0, 1, SOME, ROOTS[1], (), True), (1, 1, SOME, SOME, (), True),
        (1, 1, SOME, ROOTS[1], (), False), (1, 0, SOME, ROOTS[1], (), False), (2, 1, SOME, ROOTS[1], (), False),
        (1, 2, SOME, ROOTS[1], (), False), (1, 1, EMPTY_ROOT, SOME, (), False),
        (0, 0, EMPTY_ROOT, EMPTY_ROOT, (EMPTY_ROOT,), False), (0, 1, EMPTY_ROOT, EMPTY_ROOT, (EMPTY_ROOT,), False),
        (1, 1, EMPTY_ROOT, EMPTY_ROOT, (EMPTY_ROOT,), False),
    ],
)  # fmt: skip
def test_consistency_at_the_edges(old, size, first, last, proof, holds):
    assert continued(old, size, first, last, proof) == holds


@pytest.mark.parametrize(("index", "size"), [(0, 0), (0, 1), (1, 0), (2, 1)])
def test_inclusion_at_the_edges(index, size):
    for leaf, root in ((SOME, b""), (b"", EMPTY_ROOT), (SOME, EMPTY_ROOT)):
        assert not included(leaf, index, size, root, ())


def flipped(path: tuple[bytes, ...], at: int, bit: int) -> tuple[bytes, ...]:
    """A path with one bit of one hash changed."""
    return (*path[:at], bytes([path[at][0] ^ bit]) + path[at][1:], *path[at + 1 :])
