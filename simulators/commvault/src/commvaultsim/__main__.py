# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``commvaultsim up|status|down`` for a whole sandbox, ``commvaultsim serve`` for the Commvault simulator alone."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import pathlib
import signal
import sys

import uvicorn

from commvaultsim import scenario
from commvaultsim.sandbox import DEFAULT_SCENARIO, Sandbox, SandboxError
from commvaultsim.state.clock import SimClock
from commvaultsim.state.simulator import Simulator
from commvaultsim.web import server

DOWN = 3


def _parser() -> argparse.ArgumentParser:
    """The command line; secrets come from files below the state directory, never from here."""
    parser = argparse.ArgumentParser(prog="commvaultsim", description="A simulated Commvault, alone or with the vCenters around it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--scenario", type=pathlib.Path, default=DEFAULT_SCENARIO, help="what is there at the start (default: %(default)s)")
    common.add_argument("--clock", choices=("real", "manual"), default="real")
    common.add_argument("--job-seconds", type=float, default=2.0, help="how long a job takes on the simulated clock")

    folder = os.environ.get("BAAS_SANDBOX_DIR") or ".sandbox"
    for name, text in {
        "up": "start a sandbox: Commvault and the scenario's vCenters, with TLS, and leave them running",
        "status": f"tell where the sandbox is; status {DOWN} when it is down",
        "down": "stop the sandbox",
    }.items():
        command = commands.add_parser(name, help=text, description=text, parents=[common])
        command.add_argument("--dir", default=folder, help="state directory (default: %(default)s)")

    text = "serve the Commvault simulator alone, until a signal ends it"
    serving = commands.add_parser("serve", help=text, description=text, parents=[common])
    serving.add_argument("--state-dir", required=True, type=pathlib.Path, help="holds secrets/, drives/ and store/")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=0, help="0 takes a free port")
    serving.add_argument("--certfile", type=pathlib.Path)
    serving.add_argument("--keyfile", type=pathlib.Path)
    serving.add_argument("--endpoints-file", type=pathlib.Path, help="how to reach the vCenters; default STATE_DIR/vcenters.json")
    serving.add_argument("--password-file", type=pathlib.Path, help="default STATE_DIR/secrets/commvault_password")
    return parser


def _filled(options: argparse.Namespace) -> Simulator:
    """A simulator filled from the scenario."""
    sim = Simulator(SimClock(options.clock), options.job_seconds, options.state_dir)
    sim.vcenters_file = options.endpoints_file or options.state_dir / "vcenters.json"
    password = (options.password_file or options.state_dir / "secrets" / "commvault_password").read_text(encoding="utf-8").strip()
    scenario.load(sim, scenario.read(options.scenario), password)
    return sim


def _announce(sim: Simulator, state_dir: pathlib.Path) -> None:
    """Tell where the server listens: a line on standard output, and commvault.json in the state directory, written atomically."""
    line = json.dumps({"url": sim.base_url})
    draft = state_dir / ".commvault.json.tmp"
    draft.write_text(line + "\n", encoding="utf-8")
    draft.replace(state_dir / "commvault.json")
    print(line, flush=True)


def _serve(options: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    options.state_dir.mkdir(parents=True, exist_ok=True)
    sim = _filled(options)
    sock = server.listen(options.host, options.port)
    sim.base_url = f"{'https' if options.certfile else 'http'}://{options.host}:{sock.getsockname()[1]}"
    _announce(sim, options.state_dir)
    uvicorn.Server(server.config(sim, certfile=options.certfile, keyfile=options.keyfile, ticker=True)).run(sockets=[sock])
    return 0


def _sandbox(options: argparse.Namespace) -> int:
    """Start, stop or look at a sandbox."""
    # A polite end while it starts is an exception like any other: what was started is stopped.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    sandbox = Sandbox(options.dir, options.scenario, job_seconds=options.job_seconds, clock=options.clock)
    if options.command == "down":
        print(f"{sandbox.stop()} process(es) stopped.")
        return 0
    if options.command == "up" and not sandbox.running():
        sandbox.start()
    with contextlib.suppress(SandboxError):
        if sandbox.running():
            print(json.dumps(sandbox.endpoints, indent=2, ensure_ascii=False))
            return 0
    print(f"No sandbox is up in {sandbox.state_dir}.")
    return DOWN


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when done (or up, for status), 3 when status finds it down, 1 on an error."""
    options = _parser().parse_args(arguments)
    try:
        return _serve(options) if options.command == "serve" else _sandbox(options)
    except SandboxError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
