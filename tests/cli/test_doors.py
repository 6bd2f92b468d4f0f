"""The sockets that the program listens on."""

from __future__ import annotations

import asyncio
import socket

from everyhand.cli.doors import open_door


def test_an_answer_in_several_pieces_waits_for_nobody() -> None:
    """asyncio sends at once on sockets that are named as TCP alone; what they accept is as they are."""

    async def accepted() -> int:
        sends_at_once: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            sends_at_once.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        door = open_door("EVERYHAND_WEB", ("127.0.0.1", 0))
        async with await asyncio.start_server(met, sock=door):
            _reader, writer = await asyncio.open_connection(*door.getsockname())
            try:
                return await asyncio.wait_for(sends_at_once, 10)
            finally:
                writer.close()

    assert asyncio.run(accepted()) == 1
