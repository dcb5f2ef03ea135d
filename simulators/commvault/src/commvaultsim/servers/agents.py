# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents: push install (CreateTask 4026), uninstall (4027), retire, delete, and their activity.

cvpysdk deployment/install.py, deployment/uninstall.py, agent.py; OpenAPI RetireClientPackages, DeleteAgent, DisableBackupAgent.
Where a push install may go to is in the scenario (``install_hosts``), with what it finds there.
"""

from __future__ import annotations

import functools
import typing as t

from commvaultsim.jobs.lifecycle import note, start_job, task_reply
from commvaultsim.servers import activity
from commvaultsim.servers.clients import find, make_client, names_of, remove
from commvaultsim.state import model as m
from commvaultsim.state.job import INSTALL, UNINSTALL, Job, JobFailure, Outcome
from commvaultsim.state.registry import AGENTS, TASKS
from commvaultsim.state.simulator import Simulator, app_name
from commvaultsim.wire.replies import generic, nested, response_list
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]
REFUSED = 2
#: Packages of Windows and Unix that are agents here; the others only bring files.
PACKAGES = {
    702: m.FILE_SYSTEM_WINDOWS,
    1101: m.FILE_SYSTEM_LINUX,
    353: m.SQL_SERVER,
    1212: m.SQL_SERVER,
    713: m.VIRTUAL_SERVER,
    1136: m.VIRTUAL_SERVER,
}
ALL_PACKAGES = 7


def _options(info: Json) -> Json:
    tasks = info.get("subTasks") or [{}]
    task = tasks[0] if isinstance(tasks, list) else tasks
    return t.cast(Json, (task.get("options") or {}).get("adminOpts") or {})


def _packages(option: Json) -> list[int]:
    """The application ids of clientComposition[].components.componentInfo[], by ComponentId or ComponentName."""
    found = []
    for composition in (option.get("installerOption") or {}).get("clientComposition") or []:
        for component in (composition.get("components") or {}).get("componentInfo") or []:
            name = str(component.get("ComponentName") or "").lower()
            named = m.SQL_SERVER if "sql" in name else m.FILE_SYSTEM_WINDOWS if "file system" in name else 0
            found.append(PACKAGES.get(to_int(component.get("ComponentId")), named))
    return [application for application in dict.fromkeys(found) if application]


def install(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """One job for all hosts of the request; it is submitted also for what is installed already."""
    options = _options(info)
    option = options.get("clientInstallOption") or {}
    names = [str((row.get("clientEntity") or {}).get("clientName") or "") for row in option.get("clientDetails") or []]
    account = option.get("clientAuthForJob") or {}
    if not names or not all(names) or not _packages(option):
        return generic(REFUSED, "clientDetails and the packages to install are required.")
    if not account.get("userName") or not (account.get("password") or account.get("sshKeyFileContent")):
        return generic(REFUSED, "clientAuthForJob needs a user name and a password or key.")
    update, plan = options.get("updateOption") or {}, None
    if (update.get("plan") or {}).get("planId"):
        plan = sim.plan_ref(request, update["plan"])
        if plan is None:
            return generic(REFUSED, f"Plan [{update['plan']['planId']}] does not exist.")
    work = functools.partial(_install_all, names, _packages(option), request.company_id, plan.id if plan else 0, str(account["userName"]))
    result = {"names": names, "reboot": flag(update.get("rebootClient"))}
    return task_reply(_start(sim, request, INSTALL, "Install Software", work, result=result))


def _start(sim: Simulator, request: Request, kind: int, operation: str, work: t.Callable[..., Outcome], **fields: t.Any) -> Job:
    return start_job(
        sim,
        op_type=kind,
        operation=operation,
        effect=work,
        company_id=request.company_id,
        user=request.user or "admin",
        user_id=request.user_id or 1,
        task=request.body,
        **fields,
    )


def _install_all(names: list[str], packages: list[int], company: int, plan: int, user: str, sim: Simulator, job: Job) -> Outcome:
    failed: list[Json] = []
    for name in names:
        try:
            client = _install(sim, name, packages, company, plan, user)
        except ValueError as error:
            failed.append({"client": name, "reason": str(error)})
            note(sim, job, str(error), 6)
        else:
            job.client_id = job.destination_client_id = client.id
            restarted = " It was restarted." if job.result.get("reboot") else ""
            note(sim, job, f"The software was installed on client [{client.name}].{restarted}")
    if len(failed) == len(names):
        raise JobFailure(failed[0]["reason"])
    reason = f"{len(failed)} client(s) failed. First: {failed[0]['reason']}" if failed else ""
    return Outcome("Completed w/ one or more errors" if failed else "Completed", reason, result={"failed_items": failed})


def _install(sim: Simulator, name: str, packages: list[int], company: int, plan: int, user: str) -> m.Client:
    row = next((row for row in sim.scenario.get("install_hosts") or [] if name.lower() in names_of(row)), None)
    client = sim.client_by_name(row["name"] if row else name)
    if client and client.company_id != company and company:
        raise ValueError(f"A client with the name [{name}] exists already.")
    if row is None and client is None:
        raise ValueError(f"The host [{name}] could not be found: name resolution failed.")
    given = row or t.cast(Json, client.props.get("scenario") or {} if client else {})
    if not given.get("ready", True):
        raise ValueError(str(given.get("ready_reason") or f"The host [{name}] is not reachable on its push-install ports."))
    if given.get("install_user", user).lower() != user.lower():
        raise ValueError(f"Access to the host [{name}] was denied for user [{user}].")
    client = client or make_client(sim, given)
    client.company_id = client.company_id or company
    if client.props.pop("retired", False):
        client.ready, client.ready_reason, client.enable_backup = True, "", True
    for application in packages:
        client.props.get("agents_off", {}).pop(application, None)
        for subclient in add_agent(sim, client, application, given):
            subclient.company_id, subclient.plan_id = client.company_id, plan
    return client


def uninstall(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """Selected packages, or with Operationtype 7 (or none selected) all of them: the client stays as a deconfigured one."""
    option = _options(info).get("clientInstallOption") or {}
    entity = (info.get("associations") or option.get("clientDetails") or [{}])[0]
    client = sim.client_of(entity.get("clientEntity") or entity)
    if client is None or not sim.visible(request, client.company_id):
        return generic(REFUSED, f"Client [{entity.get('clientName') or ''}] not found.")
    whole = to_int((option.get("installerOption") or {}).get("Operationtype"), ALL_PACKAGES) == ALL_PACKAGES
    work = functools.partial(_uninstall, [] if whole else _packages(option), False)
    return task_reply(_start(sim, request, UNINSTALL, "Uninstall Software", work, client_id=client.id))


def _uninstall(packages: list[int], retire: bool, sim: Simulator, job: Job) -> Outcome:
    client = sim.clients[job.client_id]
    if not client.ready:
        raise JobFailure(client.ready_reason or f"Client [{client.name}] is not reachable.")
    if packages:
        for application in packages:
            _take_off(sim, client, application)
    elif retire and not _has_data(sim, client):
        remove(sim, client)
    else:
        _deconfigure(client)
    return Outcome()


def _has_data(sim: Simulator, client: m.Client, application: int = 0) -> bool:
    kept = [row for row in sim.file_backups if row.client_id == client.id]
    if application:
        kept = [
            row for row in kept if row.backupset_id in sim.backupsets and sim.backupsets[row.backupset_id].application_id == application
        ]
    return bool(kept) or (not application and any(row.hypervisor_id == client.id for row in sim.vm_backups))


def _take_off(sim: Simulator, client: m.Client, application: int) -> None:
    """An agent with data leaves its backup sets and subclients behind, disabled, for restores."""
    if _has_data(sim, client, application):
        client.agents = [agent for agent in client.agents if agent != application]
        client.props.setdefault("agents_off", {})[application] = [1]
    else:
        remove_agent(sim, client, application)


def _deconfigure(client: m.Client) -> None:
    client.props["retired"] = True
    client.enable_backup = client.ready = False
    client.ready_reason = f"Client [{client.name}] is deconfigured."


def _own(sim: Simulator, request: Request) -> m.Client:
    client = find(sim, request)
    if not sim.visible(request, client.company_id):  # shared infrastructure is seen by companies, not theirs
        raise Refusal(generic(5, f"You do not have permission on client [{client.name}].", 403))
    return client


@route("PUT", "/V4/Client/{id:int}/Retire")
def retire(sim: Simulator, request: Request) -> Reply | Json:
    """{"retireClient": true} or selected packages. With data the client stays as a deconfigured one; without, it is deleted.

    There is no job when there is nothing to uninstall from: an unreachable client, or one that is deconfigured already.
    """
    client = _own(sim, request)
    whole = flag(request.body.get("retireClient"))
    packages = [PACKAGES.get(to_int(row.get("id")), 0) for row in request.body.get("packages") or []]
    if not whole and not any(packages):
        return nested(REFUSED, "retireClient or the packages to uninstall are required.")
    if not client.ready and whole:
        if _has_data(sim, client):
            _deconfigure(client)
        else:
            remove(sim, client)
        return nested()
    work = functools.partial(_uninstall, [] if whole else [application for application in packages if application], whole)
    job = _start(sim, request, UNINSTALL, "Retire Client" if whole else "Uninstall Software", work, client_id=client.id)
    return nested(jobId=job.id)


@route("DELETE", "/V4/Server/{id:int}/Agent/{agent:int}")
def delete_agent(sim: Simulator, request: Request) -> Reply:
    """An agent that is still configured is deconfigured on the way; its instances and subclients go with it."""
    client, application = _own(sim, request), request.number("agent")
    if application not in client.agents and application not in client.props.get("agents_off", {}):
        return generic(404, f"Agent [{application}] is not installed on client [{client.name}].", 404)
    remove_agent(sim, client, application)
    client.props.get("agents_off", {}).pop(application, None)
    return generic()


@route("POST", "/Agent")
def update_agent(sim: Simulator, request: Request) -> Reply:
    """Activity control of an agent, named in the association or in its own properties."""
    properties = request.body.get("agentProperties") or {}
    entities = (request.body.get("association") or {}).get("entity") or [properties.get("idaEntity") or {}]
    for entity in entities:
        client, name = sim.client_of(entity), str(entity.get("appName") or "").lower()
        if client is None or not sim.visible(request, client.company_id):
            return response_list(REFUSED, f"Client [{entity.get('clientName') or ''}] not found.")
        found = [
            a for a in client.agents if a == to_int(entity.get("applicationId")) or name in (app_name(a).lower(), app_name(a, True).lower())
        ]
        if not found:
            return response_list(REFUSED, f"Agent [{entity.get('appName') or ''}] is not installed on client [{client.name}].")
        wishes = (properties.get("idaActivityControl") or {}).get("activityControlOptions") or []
        activity.written(sim, activity.Level("agent", client.id, found[0]), wishes)
    return response_list()


def add_agent(sim: Simulator, client: m.Client, application: int, row: Json) -> list[m.Subclient]:
    """Install an agent on a client; answers the default subclients that it came with."""
    if application in AGENTS:
        return AGENTS[application].install(sim, client, row)
    client.access_node = True
    client.agents += [application] if application not in client.agents else []
    return []


def remove_agent(sim: Simulator, client: m.Client, application: int) -> None:
    """Take an agent off a client with all that hangs on it; what was backed up stays until it ages."""
    client.agents = [agent for agent in client.agents if agent != application]
    for table in (sim.subclients, sim.backupsets, sim.instances):
        rows = t.cast("dict[int, t.Any]", table)
        for number in [key for key, row in rows.items() if row.client_id == client.id and row.application_id == application]:
            del rows[number]
    if application in AGENTS:
        AGENTS[application].forget(sim, client)


TASKS[(4026, 0)] = install
TASKS[(4027, 0)] = uninstall
