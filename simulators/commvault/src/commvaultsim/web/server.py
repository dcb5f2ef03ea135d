# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serving a simulator in this process: for tests, and for the command line."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import threading
import time
import typing as t

import uvicorn

from commvaultsim.state.simulator import Simulator
from commvaultsim.web.app import Application


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A bound and listening socket; port 0 takes a free one."""
    # Named as TCP, or asyncio does not switch Nagle's algorithm off, and each reply waits 40 ms for an acknowledgement.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(128)
    return sock


def config(
    sim: Simulator, *, certfile: pathlib.Path | None = None, keyfile: pathlib.Path | None = None, ticker: bool = False
) -> uvicorn.Config:
    """uvicorn's settings: HTTP/1.1 with keep-alive, the pure Python parser, quiet."""
    return uvicorn.Config(
        Application(sim, ticker),
        http="h11",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        date_header=False,  # the application sends one by its own clock
        timeout_keep_alive=75,
        # A client that keeps its connection would hold up the end: closing TLS waits for the other side.
        timeout_graceful_shutdown=1,
        ssl_certfile=str(certfile) if certfile else None,
        ssl_keyfile=str(keyfile) if keyfile else None,
    )


@contextlib.contextmanager
def serving(
    sim: Simulator, *, certfile: pathlib.Path | None = None, keyfile: pathlib.Path | None = None, ticker: bool = False
) -> t.Iterator[str]:
    """Serve on a free loopback port in a thread for the length of a with block; yields the base URL without a path."""
    sock = listen()
    server = uvicorn.Server(config(sim, certfile=certfile, keyfile=keyfile, ticker=ticker))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the simulator did not start within 10 seconds")
        time.sleep(0.01)
    sim.base_url = f"{'https' if certfile else 'http'}://127.0.0.1:{sock.getsockname()[1]}"
    try:
        yield sim.base_url
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        sock.close()
