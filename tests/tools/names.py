#!/usr/bin/env python3
"""A name server that knows one name: names.py ADDRESS NAME ANSWER

Answers queries for NAME with the IPv4 address ANSWER, and all others with "no such name". Prints `ready` when it listens.
"""

import socket
import struct
import sys


def answer(query, name, address):
    end = query.index(b"\0", 12) + 5
    labels, question = query[12 : end - 5], query[12:end]
    asked = b".".join(labels[at + 1 : at + 1 + length] for at, length in walk(labels)).decode()
    kind = struct.unpack(">H", question[-4:-2])[0]
    is_known = asked.lower() == name
    record = b""
    if is_known and kind == 1:
        record = struct.pack(">HHHLH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
    flags = 0x8580 if is_known else 0x8583
    return query[:2] + struct.pack(">HHHHH", flags, 1, 1 if record else 0, 0, 0) + question + record


def walk(labels):
    at = 0
    while at < len(labels):
        yield at, labels[at]
        at += labels[at] + 1


def main():
    address, name, known_as = sys.argv[1:]
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    print("ready", flush=True)
    while True:
        query, client = server.recvfrom(512)
        server.sendto(answer(query, name, known_as), client)


main()
