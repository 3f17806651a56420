#!/usr/bin/env python3
"""writer.py DIRECTORY MB_A_SECOND: append to all files of a directory through shared mappings, and rewrite pages of them now and then,
as a database does with its columns, until SIGTERM. Files grow in pages of 16 MiB and are cut to what was written at the end."""
import mmap
import os
import pathlib
import random
import signal
import sys
import time

PAGE = 16 << 20
PIECE = 64 << 10


class Column:
    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR)
        self.end = os.fstat(self.fd).st_size
        self.room, self.map = 0, None
        self.grow()

    def grow(self):
        self.room = (self.end // PAGE + 2) * PAGE
        os.ftruncate(self.fd, self.room)
        self.map = mmap.mmap(self.fd, self.room)

    def append(self, data):
        if self.end + len(data) > self.room:
            self.grow()
        self.map[self.end:self.end + len(data)] = data
        self.end += len(data)

    def rewrite(self, data):
        at = random.randrange(self.end - len(data))
        self.map[at:at + len(data)] = data

    def close(self):
        self.map.close()
        os.ftruncate(self.fd, self.end)
        os.close(self.fd)


def main():
    directory, rate = pathlib.Path(sys.argv[1]), float(sys.argv[2]) * 1e6
    columns = [Column(path) for path in sorted(directory.iterdir())]
    noise = os.urandom(2 * PIECE)
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    began, written = time.monotonic(), 0
    while not asked:
        for column in columns:
            at = written // PIECE % PIECE
            column.append(noise[at:at + PIECE])
            written += PIECE
        random.choice(columns).rewrite(noise[:8 << 10])
        time.sleep(max(0, written / rate - (time.monotonic() - began)))
    for column in columns:
        column.close()
    print(written / 1e6 / (time.monotonic() - began), flush=True)


if __name__ == "__main__":
    main()
