"""The Merkle tree of RFC 6962 §2.1 over SHA-256: leaf and node hashes, roots, inclusion and consistency proofs.

A `CompactRange` holds what is needed to append: the roots of the perfect subtrees, left to right, at most log2(n).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class CompactRange:
    """The frontier of a tree of `size` leaves: one root for each set bit of `size`, the largest subtree first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> CompactRange:
        """The tree with one more leaf (given by its leaf hash)."""
        hashes, size, node = list(self.hashes), self.size, leaf
        while size & 1:
            node = node_hash(hashes.pop(), node)
            size >>= 1
        return CompactRange(self.size + 1, (*hashes, node))

    def root(self) -> bytes:
        """The Merkle tree hash MTH(D[size])."""
        if not self.hashes:
            return EMPTY_ROOT
        node = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = CompactRange()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(index, D[n]) of RFC 6962 §2.1.1: the siblings from the leaf up."""
    if len(leaves) <= 1:
        return []
    split = _largest_power_of_two_below(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf at `index` of `size` to `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == root


def _largest_power_of_two_below(n: int) -> int:
    return 1 << (n - 1).bit_length() - 1
