"""A bbolt file, read as its format has it: what SFTPGo's own reader in crossgrade is judged by must not be that reader."""

from __future__ import annotations

import collections.abc
import pathlib
import struct

MAGIC = 0xED0CDAED
BRANCH, LEAF = 0x01, 0x02
IS_BUCKET = 0x01        # of an element of a leaf: its value is a bucket
HEADER = 16             # of a page: id, flags, count, overflow


class File:
    def __init__(self, path: pathlib.Path) -> None:
        self.data = path.read_bytes()
        size = struct.unpack_from("<I", self.data, HEADER + 8)[0]
        metas = [meta for at in (0, size) if (meta := struct.unpack_from("<4I5Q", self.data, at + HEADER))[0] == MAGIC]
        newest = max(metas, key=lambda meta: meta[8])
        self.size, self.root = newest[2], newest[4]

    def elements(self, at: int) -> collections.abc.Iterator[tuple[int, bytes, bytes]]:
        """Flags, key and value of each element of a leaf, or of the leaves below a branch, whose page begins there."""
        _, flags, count, _ = struct.unpack_from("<QHHI", self.data, at)
        for element in range(at + HEADER, at + HEADER + 16 * count, 16):
            if flags & BRANCH:
                yield from self.elements(struct.unpack_from("<Q", self.data, element + 8)[0] * self.size)
            elif flags & LEAF:
                kind, offset, key, value = struct.unpack_from("<4I", self.data, element)
                begin = element + offset
                yield kind, self.data[begin:begin + key], self.data[begin + key:begin + key + value]

    def buckets(self) -> dict[str, dict[bytes, bytes]]:
        """The pairs of each bucket at the top. A small one lies in its element, page and all."""
        found = {}
        for kind, name, value in self.elements(self.root * self.size):
            if kind & IS_BUCKET:
                page = struct.unpack_from("<Q", value)[0]
                inside = self if page else self.of(value)
                found[name.decode()] = {key: pair for _, key, pair in inside.elements(page * self.size if page else HEADER)}
        return found

    def of(self, data: bytes) -> File:
        small = object.__new__(File)
        small.data, small.size, small.root = data, self.size, 0
        return small
