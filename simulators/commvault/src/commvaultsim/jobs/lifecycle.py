# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How jobs move: Queued, Waiting, Running through their phases, and an end.

A job's effect (reading a vCenter, writing files) runs once, when the job enters its working phase. The state is only
evaluated by :func:`tick`, which the server calls on each request and five times a second, so a manual clock decides alone.
"""

from __future__ import annotations

import logging
import typing as t

from commvaultsim.state.job import (
    ATTEMPTS,
    BACKUP,
    SYNTHETIC,
    Effect,
    Job,
    JobFailure,
    JobPending,
    Outcome,
    phases,
)
from commvaultsim.wire.faults import matches
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
LOG = logging.getLogger("commvault.jobs")
BARRED = 7
#: Reasons why a job may not run at all, such as a company that is deactivated; each answers a text, or nothing.
BARS: list[t.Callable[[Simulator, Job], str]] = []
#: Other reasons why a backup may not start yet, such as a blackout window; each answers a text, or nothing.
GATES: list[t.Callable[[Simulator, Job], str]] = []
#: What else happens as time passes; called before the jobs are looked at.
TICKS: list[t.Callable[[Simulator], None]] = []


def start_job(sim: Simulator, *, op_type: int, operation: str, effect: Effect | None, level: str = "", **fields: t.Any) -> Job:
    """Queue a job and answer it; the caller replies ``task_reply(job)``. ``fields`` are fields of Job, ids first of all.

    :raises Refusal: the job is barred, and the installation does not queue what is (its setting queueJobsIfActivityDisabled).
    """
    now = sim.clock.now()
    job = Job(sim.new_job_id(), op_type, operation, effect, level, submitted=now, updated=now, last_tick=now, **fields)
    barred = _bar(sim, job)
    if barred and not sim.faults.peek("barred_jobs_queue"):
        raise Refusal(generic(BARRED, barred))
    job.task_id = job.task_id or sim.new_id()
    sim.jobs[job.id] = job
    note(sim, job, f"{operation} job {job.id} was submitted.")
    return job


def add_child(sim: Simulator, parent: Job, **fields: t.Any) -> Job:
    """A child job (one VM of a virtual server backup): it runs and ends with its parent."""
    now = sim.clock.now()
    job = Job(
        sim.new_job_id(),
        parent.op_type,
        "Backup",
        None,
        parent.level,
        parent_id=parent.id,
        task_id=parent.task_id,
        user=parent.user,
        user_id=parent.user_id,
        company_id=parent.company_id,
        status=parent.status,
        phase=parent.phase,
        percent=parent.percent,
        submitted=now,
        started=now,
        updated=now,
        last_tick=now,
        **fields,
    )
    sim.jobs[job.id] = job
    return job


def task_reply(*jobs: Job) -> Json:
    """The answer of everything that starts jobs: ``{"taskId": int, "jobIds": ["1"]}``."""
    return {"taskId": jobs[0].task_id if jobs else 0, "jobIds": [str(job.id) for job in jobs]}


def note(sim: Simulator, job: Job, text: str, severity: int = 0) -> None:
    """Write a line for GET /Events?jobId=; severity 0 information, 3 minor, 6 major, 9 critical."""
    job.events.append({"id": sim.new_id(), "time": sim.clock.epoch(), "severity": severity, "description": text})


def tick(sim: Simulator) -> None:
    """Let every unfinished job go as far as the clock allows."""
    for act in TICKS:
        act(sim)
    for job in sim.jobs.live():
        if not job.final and not job.parent_id:
            _advance(sim, job)


def _advance(sim: Simulator, job: Job) -> None:
    now = sim.clock.now()
    passed, job.last_tick = now - job.last_tick, now
    if _obey_wish(sim, job, now) or job.status == "Suspended" or _is_held(sim, job, now):
        return
    blocked = _queue_reason(sim, job)
    if blocked:
        job.status, job.delay_reason = "Queued", blocked
        return
    job.delay_reason = ""
    if job.retry_at:
        if now < job.retry_at:
            return
        job.retry_at = 0.0
    job.elapsed += passed
    reached = [step for step in phases(job) if job.elapsed >= step[0] * sim.job_seconds]
    for _share, status, phase, percent in reached:
        if not status:
            finish(sim, job, _end(sim, job, job.outcome or Outcome()))
            return
        if phase and not job.started:
            job.started = now
            if _hold(sim, job, now) or _act(sim, job):
                return
        if percent == 20 and job.outcome is None and not _work(sim, job, status, phase):
            return
    _share, status, phase, percent = reached[-1]
    _show(sim, job, status, phase, max(job.percent, _smooth(sim, job, percent)))


def _smooth(sim: Simulator, job: Job, percent: int) -> int:
    return max(percent, min(99, int(100 * job.elapsed / sim.job_seconds))) if sim.job_seconds and percent >= 20 else percent


def _show(sim: Simulator, job: Job, status: str, phase: str, percent: int) -> None:
    if (status, phase, percent) != (job.status, job.phase, job.percent):
        job.updated = sim.clock.now()
    job.status, job.phase, job.percent, job.reason = status, phase, percent, ""
    for child in children(sim, job):
        if not child.final:
            child.status, child.phase, child.percent = status, phase, percent


def children(sim: Simulator, job: Job) -> list[Job]:
    """The child jobs of a parent."""
    return sim.jobs.children(job.id)


def _work(sim: Simulator, job: Job, status: str, phase: str) -> bool:
    """Run the effect once. False when the job ended or has to wait."""
    _show(sim, job, status, phase, 20)
    fault = sim.faults.take("job_fail", lambda p: matches(p.get("match"), *job.names(sim)))
    if fault:
        finish(sim, job, Outcome("Failed", str(fault.params.get("reason", "The job failed on request of the simulator."))))
        return False
    job.attempts += 1
    try:
        job.outcome = job.effect(sim, job) if job.effect else Outcome()
    except JobPending as pending:
        if job.attempts >= ATTEMPTS:
            finish(sim, job, Outcome("Failed", str(pending)))
            return False
        job.status, job.reason, job.retry_at = "Pending", str(pending), sim.clock.now() + max(1.0, sim.job_seconds)
        note(sim, job, str(pending), 6)
        return False
    except JobFailure as failure:
        finish(sim, job, Outcome("Failed", str(failure)))
        return False
    except Exception as error:  # an effect must not take the server down; the job says what happened
        LOG.exception("job %s: its effect raised", job.id)
        finish(sim, job, Outcome("Failed", f"{type(error).__name__}: {error}"))
        return False
    job.files, job.size, job.media_size = job.outcome.files, job.outcome.size, job.outcome.media_size
    job.failed_files, job.failed_folders = job.outcome.failed_files, job.outcome.failed_folders
    job.result.update(job.outcome.result)
    return True


def _hold(sim: Simulator, job: Job, now: float) -> bool:
    for name, status in (("job_pending", "Pending"), ("job_waiting", "Waiting")):
        fault = sim.faults.take(name, lambda p: matches(p.get("match"), *job.names(sim)))
        if fault:
            seconds = fault.params.get("for_seconds")
            job.hold, job.hold_until = fault, now + float(seconds) if seconds is not None else float("inf")
            job.status, job.reason, job.updated = status, str(fault.params.get("reason", "Held by the simulator.")), now
            note(sim, job, job.reason, 6)
            return True
    return False


def _act(sim: Simulator, job: Job) -> bool:
    """Whether somebody else ends or suspends the job that has just begun to run."""
    fault = sim.faults.take("job_act", lambda p: matches(p.get("match"), *job.names(sim)))
    if fault:
        control(sim, job, str(fault.params["action"]))
    return fault is not None


def _end(sim: Simulator, job: Job, outcome: Outcome) -> Outcome:
    """How a job whose work succeeded ends."""
    fault = sim.faults.take("job_end", lambda p: matches(p.get("match"), *job.names(sim)))
    return Outcome(str(fault.params["status"]), str(fault.params.get("reason", ""))) if fault else outcome


def _is_held(sim: Simulator, job: Job, now: float) -> bool:
    if job.hold is None:
        return False
    if now < job.hold_until and job.hold in sim.faults.all():
        return True
    job.hold, job.reason = None, ""
    return False


def _queue_reason(sim: Simulator, job: Job) -> str:
    """Why a job may not start yet: it is barred; and a backup, as activity is disabled, or the same subclient is already running."""
    if job.started:
        return ""
    barred = _bar(sim, job)
    if barred or job.op_type not in (BACKUP, SYNTHETIC):
        return barred
    subclient = sim.subclients.get(job.subclient_id)
    client = sim.clients.get(job.client_id)
    agent_off = client is not None and 1 in client.props.get("agents_off", {}).get(job.application_id, ())
    if agent_off or (subclient and not subclient.enable_backup) or (client and not client.enable_backup):
        return "Backup activity is disabled; the job starts when it is enabled again."
    for gate in GATES:
        reason = gate(sim, job)
        if reason:
            return reason
    for other in sim.jobs.live():
        if other.id < job.id and not other.final and not other.is_restore and job.subclient_id and other.subclient_id == job.subclient_id:
            return f"Another backup of the same subclient is running: job {other.id}."
    return ""


def _bar(sim: Simulator, job: Job) -> str:
    return next((reason for barrier in BARS if (reason := barrier(sim, job))), "")


def _obey_wish(sim: Simulator, job: Job, now: float) -> bool:
    """Carry out kill, pause and resume a moment after they were asked for, as the real one does."""
    if not job.wish:
        return False
    if now - job.wish_at < min(1.0, 0.1 * sim.job_seconds):
        return True
    wish, job.wish = job.wish, ""
    if wish == "kill":
        finish(sim, job, Outcome("Killed", "The job was killed by a user."))
    elif wish == "pause":
        job.status, job.updated = "Suspended", now
        note(sim, job, "The job was suspended by a user.", 3)
    return True


def finish(sim: Simulator, job: Job, outcome: Outcome) -> None:
    """End a job and its children."""
    now = sim.clock.now()
    job.status, job.reason, job.phase, job.ended, job.updated = outcome.status, outcome.reason, "", now, now
    job.started = job.started or now
    job.percent = 100 if outcome.status.startswith("Completed") else job.percent
    bad = outcome.status in ("Failed", "Killed", "Failed to Start")
    for child in children(sim, job):
        if not child.final:
            reason = outcome.reason if bad else child.result.get("reason", "")
            finish(sim, child, Outcome(outcome.status if bad else child.result.get("status", "Completed"), reason))
    for vm in job.vms:
        vm.end = vm.end or int(now)
        if bad and not vm.reason:
            vm.reason = outcome.reason
    note(sim, job, f"{job.operation} job {job.id} ended: {outcome.status}. {outcome.reason}".strip(), 6 if bad else 0)
    for hook in sim.job_hooks:
        hook(sim, job)


def control(sim: Simulator, job: Job, action: str) -> str:
    """Kill, pause or resume; answers an error text, or nothing when it was accepted."""
    if job.parent_id and job.parent_id in sim.jobs:
        job = sim.jobs[job.parent_id]
    if job.final:
        return f"Job [{job.id}] is not active. It is [{job.status}]."
    now = sim.clock.now()
    if action == "resume":
        if job.status != "Suspended" and job.hold is None and job.status != "Pending":
            return f"Job [{job.id}] is not suspended. It is [{job.status}]."
        job.status, job.hold, job.reason, job.retry_at, job.last_tick = "Waiting", None, "", 0.0, now
        return ""
    if action == "pause" and job.status == "Suspended":
        return f"Job [{job.id}] is already suspended."
    job.wish, job.wish_at, job.updated = action, now, now
    job.status = "Kill Pending" if action == "kill" else "Suspend Pending"
    return ""
