#!/usr/bin/python3 -ISEB
"""The proxy of the stand-in's SeaTable project: what it is asked on 127.0.0.1 it asks the server, by as little Python as will do.

seatable_proxy.py ROOT PORT SERVER_PORT. ROOT tells whose it is. Where no server answers it says so, as a proxy does."""
import socket
import sys

root, port, server_port = sys.argv[1:]


def until_end(connection, end):
    """What comes until there is nothing more, or such an end."""
    said = b""
    while not (end and end in said):
        more = connection.recv(4096)
        if not more:
            break
        said += more
    return said


def answer(client):
    client.settimeout(5)
    asked = until_end(client, b"\r\n\r\n")
    try:
        with socket.create_connection(("127.0.0.1", int(server_port)), 5) as server:
            server.sendall(asked)
            said = until_end(server, b"")
    except OSError:
        said = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    client.sendall(said)


with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        with client:
            try:
                answer(client)
            except OSError:
                pass
