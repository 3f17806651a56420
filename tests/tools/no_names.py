#!/usr/bin/env python3
"""A name server that knows no name, for Docker engines in a network of their own: no_names.py ADDRESS

Every question is answered with NXDOMAIN at once, as by a resolver that can be reached. Without one Docker answers nothing, and who looks up
the name of a container that is being made anew waits 20 s for it.
"""
import socket
import sys


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((sys.argv[1], 53))
        while True:
            question, client = server.recvfrom(4096)
            # RFC 1035, 4.1.1: the same number and question, QR and RA set, code 3; what came behind the question is not sent back.
            if len(question) >= 12:
                end = question.find(b"\0", 12) + 5
                server.sendto(question[:2] + bytes([question[2] | 0x80, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]) + question[12:end], client)


if __name__ == "__main__":
    main()
