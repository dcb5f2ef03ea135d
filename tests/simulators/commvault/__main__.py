# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m ansible_collections.calligo.baas.tests.simulators.commvault --scenario F --state-dir D``."""

from __future__ import annotations

import argparse
import json
import logging
import pathlib
import sys

import uvicorn

from ansible_collections.calligo.baas.tests.simulators.commvault import scenario, server
from ansible_collections.calligo.baas.tests.simulators.commvault.clock import SimClock
from ansible_collections.calligo.baas.tests.simulators.commvault.simulator import Simulator


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line; secrets come from files below the state directory, never from here."""
    parser = argparse.ArgumentParser(prog="commvault-simulator", description=__doc__)
    parser.add_argument("--scenario", required=True, type=pathlib.Path, help="scenario file, as inventories/demo/scenario.yml")
    parser.add_argument("--state-dir", required=True, type=pathlib.Path, help="holds secrets/, drives/ and store/")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--certfile", type=pathlib.Path)
    parser.add_argument("--keyfile", type=pathlib.Path)
    parser.add_argument("--endpoints-file", type=pathlib.Path, help="how to reach the vCenters; default STATE_DIR/vcenters.json")
    parser.add_argument("--password-file", type=pathlib.Path, help="default STATE_DIR/secrets/commvault_password")
    parser.add_argument("--clock", choices=("real", "manual"), default="real")
    parser.add_argument("--job-seconds", type=float, default=2.0, help="how long a job takes on the simulated clock")
    return parser.parse_args(argv)


def build(options: argparse.Namespace) -> Simulator:
    """A simulator filled from the scenario."""
    sim = Simulator(SimClock(options.clock), options.job_seconds, options.state_dir)
    endpoints = options.endpoints_file or options.state_dir / "vcenters.json"
    sim.vcenters_file = endpoints
    password = (options.password_file or options.state_dir / "secrets" / "commvault_password").read_text(encoding="utf-8").strip()
    scenario.load(sim, scenario.read(options.scenario), password)
    return sim


def announce(sim: Simulator, state_dir: pathlib.Path) -> None:
    """Tell where the server listens: a line on standard output, and commvault.json in the state directory, written atomically."""
    line = json.dumps({"url": sim.base_url})
    draft = state_dir / ".commvault.json.tmp"
    draft.write_text(line + "\n", encoding="utf-8")
    draft.replace(state_dir / "commvault.json")
    print(line, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Serve until a signal ends it."""
    options = arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    options.state_dir.mkdir(parents=True, exist_ok=True)
    sim = build(options)
    sock = server.listen(options.host, options.port)
    sim.base_url = f"{'https' if options.certfile else 'http'}://{options.host}:{sock.getsockname()[1]}"
    announce(sim, options.state_dir)
    uvicorn.Server(server.config(sim, certfile=options.certfile, keyfile=options.keyfile, ticker=True)).run(sockets=[sock])
    return 0


if __name__ == "__main__":
    sys.exit(main())
