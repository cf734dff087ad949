#!/usr/bin/env python3
"""A slow line on loopback: forwards TCP with latency and a shared rate limit.

    slow_proxy.py LISTEN_PORT TARGET_PORT [--rtt-ms 40] [--mbit 100]

Both ports are on 127.0.0.1. Half the round-trip time is added to each direction, a whole one to each new connection (its
handshake), and all connections together receive at most the given rate, fairly, in pieces of 16 KiB. Prints `ready` when
it listens, and runs until it is terminated.

It needs no privileges and no kernel module (netem is not in every kernel), and leaves out what a real line would add:
loss, and the slow start of new connections.
"""

from __future__ import annotations

import argparse
import asyncio
import collections

PIECE = 16 * 1024
IDLE = 0.005  # seconds without a piece after which the line had nothing to send
WINDOW = 4 * 1024 * 1024  # bytes of one connection that may be under way: a line with large buffers


class Line:
    """The shared downstream: connections take turns, each turn sends one piece.

    A piece that leaves late, because the clock of the loop is coarse or the machine busy, does not make the next one later: time is
    lost only when there was nothing to send.
    """

    def __init__(self, bytes_per_second: float):
        self.bytes_per_second = bytes_per_second
        self.free_at = 0.0
        self.served_at = 0.0
        self.waiting: collections.deque[tuple[int, asyncio.Future]] = collections.deque()
        self.serving: asyncio.Task | None = None

    async def turn(self, n_bytes: int) -> None:
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((n_bytes, future))
        if self.serving is None:
            self.serving = asyncio.create_task(self.serve())
        await future

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self.served_at > IDLE:
            self.free_at = max(self.free_at, loop.time())
        while self.waiting:
            n_bytes, future = self.waiting.popleft()
            self.free_at += n_bytes / self.bytes_per_second
            if (early := self.free_at - loop.time()) > 0.002:  # coarser than the loop's clock
                await asyncio.sleep(early)
            self.served_at = loop.time()
            if not future.done():
                future.set_result(None)
        self.serving = None


async def deliver(queue: asyncio.Queue, writer) -> None:
    """Writes each piece when it is due, then ends the direction. What a vanished receiver should get is thrown away."""
    loop = asyncio.get_running_loop()
    is_open = True
    while (item := await queue.get()) is not None:
        due, piece = item
        if (wait := due - loop.time()) > 0 and is_open:
            await asyncio.sleep(wait)
        try:
            if is_open := is_open and not writer.is_closing():
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            is_open = False
    if is_open and not writer.is_closing():
        writer.write_eof()


async def pump(reader, writer, delay: float, line: Line | None) -> None:
    """Forwards one direction: every piece leaves `delay` after it came, and after its turn on the line."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue = asyncio.Queue(WINDOW // PIECE)
    delivering = asyncio.create_task(deliver(queue, writer))
    try:
        while (piece := await reader.read(PIECE)) and not writer.is_closing():
            if line:
                await line.turn(len(piece))
            await queue.put((loop.time() + delay, piece))
    except ConnectionError:
        pass  # the sender is gone; what it sent is still delivered
    await queue.put(None)
    await delivering


async def serve(options) -> None:
    line, half = Line(options.mbit * 1e6 / 8), options.rtt_ms / 2000

    async def connection(reader, writer) -> None:
        await asyncio.sleep(2 * half)  # the handshake
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", options.target, limit=PIECE)
        directions = pump(reader, up_writer, half, None), pump(up_reader, writer, half, line)
        await asyncio.gather(*directions, return_exceptions=True)
        for end in (writer, up_writer):
            end.close()

    server = await asyncio.start_server(connection, "127.0.0.1", options.listen, limit=PIECE, backlog=512)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listen", type=int)
    parser.add_argument("target", type=int)
    parser.add_argument("--rtt-ms", type=float, default=40)
    parser.add_argument("--mbit", type=float, default=100)
    try:
        asyncio.run(serve(parser.parse_args()))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
