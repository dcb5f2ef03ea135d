# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A platform that is kept under a name and brought back: a test that needs an onboarded tenant a hundred times makes it once.

The vCenters are none of this simulator's business: they stay as they are.
"""

from __future__ import annotations

import pickle
import shutil
import typing as t

from commvaultsim.state.job import JobTable
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.control import action

Json = dict[str, t.Any]
#: What belongs to the process and not to the platform. By how much the clock was moved is the platform's.
PROCESS = {"lock", "state_dir", "faults", "journal", "vcenters", "vcenters_file", "scenario", "job_hooks", "base_url"}
FOLDERS = ("drives", "guests", "sql", "store")


@action("POST", "save")
def save(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Keep everything under a name: {"name": ...}. Refused while a job runs, since what it is about to do cannot be kept."""
    if live := [job.id for job in sim.jobs.live()]:
        raise ValueError(f"jobs still run: {live}")
    for job in sim.jobs.values():
        job.effect = None
    kept = {name: value for name, value in vars(sim).items() if name not in PROCESS}
    folder = sim.state_dir / "saved" / str(body["name"])
    shutil.rmtree(folder, ignore_errors=True)
    for name in FOLDERS:
        if (sim.state_dir / name).is_dir():
            shutil.copytree(sim.state_dir / name, folder / name, symlinks=True)
    (folder / "state.pickle").write_bytes(pickle.dumps({**kept, "jobs": list(sim.jobs.values())}))
    return {"name": body["name"]}


@action("POST", "load")
def load(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """Bring back what was kept under a name, without faults and with an empty journal; jobs that run are gone."""
    folder = sim.state_dir / "saved" / str(body["name"])
    kept = pickle.loads((folder / "state.pickle").read_bytes())  # noqa: S301 - written above
    for name in FOLDERS:
        shutil.rmtree(sim.state_dir / name, ignore_errors=True)
        if (folder / name).is_dir():
            shutil.copytree(folder / name, sim.state_dir / name, symlinks=True)
    jobs = JobTable()
    for job in kept.pop("jobs"):
        jobs[job.id] = job
    vars(sim).update(kept, jobs=jobs)
    sim.faults.clear()
    sim.journal.clear()
    return {"name": body["name"]}
