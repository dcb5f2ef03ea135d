# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypervisors (vCenter clients), V4 and the older form POST /Client with clientType 12. api-virtualization-jobs 1.

OpenAPI CreateHypervisor, ReConfigureHypervisor and neighbours; cvpysdk client.py add_vmware_client."""

from __future__ import annotations

import typing as t

from commvaultsim.servers import clients
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import backup as vmbackup
from commvaultsim.vms.content import empty
from commvaultsim.vms.vcenter import VCenterError, connect
from commvaultsim.wire.replies import generic, response_object
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
NUMBERS = {"VMW": 1}


def find(sim: Simulator, request: Request, number: int) -> m.Client:
    """The hypervisor, or a 404 also when another company owns it."""
    client = sim.clients.get(number)
    if client is None or client.kind != "hypervisor" or client.deleted or not sim.visible(request, client.company_id):
        raise Refusal(generic(404, f"Hypervisor [{number}] not found.", status=404))
    return client


def visible(sim: Simulator, request: Request) -> list[m.Client]:
    """Hypervisors of the tenant, or of all."""
    return [c for c in sim.clients.values() if c.kind == "hypervisor" and not c.deleted and sim.visible(request, c.company_id)]


def phase(client: m.Client) -> str:
    """UNKNOWN is the normal state; a retired one with data is DECONFIGURED."""
    return "DECONFIGURED" if client.props.get("retired") else "UNKNOWN"


def instance_of(sim: Simulator, client: m.Client) -> Json:
    """The VMware instance of a hypervisor."""
    row = next((i for i in sim.instances.values() if i.client_id == client.id), None)
    return {"id": row.id if row else 0, "name": row.name if row else ""}


def _refuse(code: int, message: str) -> Refusal:
    """Refusals of creation and update are 200 with a code in response."""
    return Refusal(Reply({"response": {"errorCode": code, "errorMessage": message, "warningCode": 0, "warningMessage": ""}}))


def nodes_of(sim: Simulator, request: Request, refs: t.Any) -> list[int]:
    rows = refs if isinstance(refs, list) else [refs] if refs else []
    found = []
    for ref in rows:
        client = sim.by_ref(sim.clients, ref)
        if client is None or not client.access_node or not clients.seen(sim, request, client):
            raise _refuse(11, f"Access node [{ref.get('name') or ref.get('id')}] was not found or has no Virtual Server package.")
        found.append(client.id)
    return found


def _check(sim: Simulator, props: Json) -> None:
    try:
        with connect(sim, props["vcenter_host"], props["username"], props["password"]):
            pass
    except VCenterError as error:
        raise _refuse(12, str(error)) from error


def create(sim: Simulator, request: Request, name: str, props: Json, nodes: list[int]) -> m.Client:
    """The pseudo client with its VMware instance, default backup set, default VM group and the hidden list of what is never backed up."""
    if any(c.name.lower() == name.lower() and not c.deleted for c in sim.clients.values()):
        raise _refuse(10, f"Client [{name}] already exists.")
    client = m.Client(
        sim.new_id(),
        name,
        "hypervisor",
        name,
        props["vcenter_host"],
        os="any",
        company_id=request.company_id,
        agents=[m.VIRTUAL_SERVER],
        props={**props, "access_nodes": nodes},
    )
    client.guid = sim.guid("client", client.id)
    instance = m.Instance(sim.new_id(), client.id, m.VIRTUAL_SERVER, "VMware", sim.guid("instance", client.id))
    backupset = m.Backupset(sim.new_id(), client.id, m.VIRTUAL_SERVER, instance.id, guid=sim.guid("backupset", client.id))
    sim.clients[client.id], sim.instances[instance.id], sim.backupsets[backupset.id] = client, instance, backupset
    for title in ("default", vmbackup.DO_NOT_BACKUP):
        row = m.Subclient(
            sim.new_id(),
            title,
            client.id,
            m.VIRTUAL_SERVER,
            instance.id,
            backupset.id,
            company_id=client.company_id,
            is_default=title == "default",
            content=empty(),
            created=sim.clock.epoch(),
        )
        row.guid = sim.guid("subclient", row.id)
        sim.subclients[row.id] = row
    return client


@route("POST", "/V4/Hypervisor")
def create_hypervisor(sim: Simulator, request: Request) -> Reply | Json:
    """skipCredentialValidation is true unless sent: a wrong password is then found out by the first job only."""
    body = request.body
    name, kind = str(body.get("name") or ""), body.get("hypervisorType")
    missing = [key for key in ("name", "hypervisorType", "vcenterHostName") if not body.get(key)]
    if missing:
        return generic(2, f"Required: {', '.join(missing)}.", 400)
    if kind != "VMW":
        return generic(3, f"hypervisorType [{kind}] is not simulated: VMW is.", 400)
    nodes = nodes_of(sim, request, body.get("accessNodes") or body.get("accessNode"))
    if not nodes:
        raise _refuse(11, "At least one access node is required.")
    if not body.get("userName") and not body.get("credentials"):
        raise _refuse(13, "userName and password, or credentials, are required.")
    props = {"vcenter_host": str(body["vcenterHostName"]), **_login(sim, request)}
    if body.get("skipCredentialValidation", True) is False:
        _check(sim, props)
    client = create(sim, request, name, props, nodes)
    plan = sim.plan_ref(request, body.get("planEntity"))
    client.plan_id = plan.id if plan else 0
    return {
        "response": {
            "hypervisorId": client.id,
            "hypervisorName": client.name,
            "instanceId": instance_of(sim, client)["id"],
            "errorCode": 0,
            "errorMessage": "",
            "warningCode": 0,
            "warningMessage": "",
        }
    }


def _login(sim: Simulator, request: Request) -> Json:
    body = request.body
    saved = body.get("credentials") or {}
    seen = [c for c in sim.credentials.values() if sim.visible(request, c["company_id"], shared=True)]
    row = next((c for c in seen if to_int(saved.get("id")) == c["id"] or saved.get("name") == c["name"]), None)
    if saved and row is None:
        raise _refuse(14, f"Credential [{saved.get('name') or saved.get('id')}] not found.")
    if row:
        return {"username": row["userAccount"], "password": row["password"], "credential_id": row["id"]}
    return {"username": str(body.get("userName") or ""), "password": str(body.get("password") or ""), "credential_id": 0}


def _saved(sim: Simulator, client: m.Client) -> Json:
    row = sim.credentials.get(client.props.get("credential_id", 0))
    return {"credentials": {"credentialId": row["id"], "credentialName": row["name"]}} if row else {}


@route("GET", "/V4/Hypervisor")
def list_hypervisors(sim: Simulator, request: Request) -> Json:
    """Capital letters as documented; the hypervisor_type_number fault serves the numbers that some servers were seen to send."""
    numbers = sim.faults.peek("hypervisor_type_number")
    rows = []
    for c in visible(sim, request):
        if sim.listed(request, c.id):
            control: t.Any = {"activityType": "BACKUP", "enableActivityType": c.enable_backup, "enableAfterADelay": False}
            rows.append(
                {
                    "id": c.id,
                    "name": c.name,
                    "displayName": c.display_name,
                    "hostName": c.props.get("vcenter_host", ""),
                    "HypervisorType": 1 if numbers else "VMW",
                    "status": (2 if c.props.get("retired") else 0) if numbers else phase(c),
                    "version": "11.44.1",
                    "instance": instance_of(sim, c),
                    "clientActivityControl": [control] if numbers else control,
                    "tags": [],
                    "commcell": {"name": m.COMMSERVE},
                    "manageSnapshot": True,
                    "company": sim.company_ref(c.company_id),
                }
            )
    return {"HypervisorCount": len(rows), "Hypervisors": rows}


@route("GET", "/V4/Hypervisor/{id:int}")
def get_hypervisor(sim: Simulator, request: Request) -> Json:
    """Neither user name nor password is returned."""
    c = find(sim, request, request.number("id"))
    vms = [v for v in sim.clients.values() if v.kind == "vm" and v.props.get("hypervisor_id") == c.id]
    good = sum(str(v.props.get("last_status", "")).startswith("COMPLETED") for v in vms)
    nodes = [sim.clients[n] for n in c.props.get("access_nodes", []) if n in sim.clients]
    region = sim.regions.get(sim.region_of("CLIENT", c.id))
    return {
        "id": c.id,
        "name": c.name,
        "displayName": c.display_name,
        "instance": instance_of(sim, c),
        "general": {
            "vendor": "VMW",
            "version": "11.44.1",
            "vmBackupInfo": {
                "vmTotalCount": len(vms),
                "vmProtectedCount": good,
                "vmNotProtectedCount": len(vms) - good,
                "vmPendingCount": 0,
                "vmNeverBackedUpCount": 0,
                "vmBackedUpWithErrorCount": sum(v.props.get("last_status") == "COMPLETED_WITH_ERRORS" for v in vms),
            },
        },
        "accountDetails": {"hostName": c.props.get("vcenter_host", "")} | _saved(sim, c),
        "activityControl": {
            "enableBackup": c.enable_backup,
            "enableRestore": c.enable_restore,
            "backupActivityControlOptions": {"enableAfterDelay": False, "delayTime": ""},
            "restoreActivityControlOptions": {"enableAfterDelay": False, "delayTime": ""},
        },
        "accessNodeList": {
            "accessNodeMessage": "",
            "resourcePoolName": "",
            "accessNode": [{"id": n.id, "name": n.name, "displayName": n.display_name, "type": 3} for n in nodes],
        },
        "settings": {
            "regionInfo": {"id": region.id, "name": region.name, "displayName": region.name} if region else {},
            "timeZone": {},
            "metricsMonitoringPolicy": {},
            "customAttributes": {},
            "guestCredentials": {},
            "applicationCredentials": {},
            "mountAccessNode": {},
        },
        "hypervisorCommonProperties": {
            "isIndexingV2": True,
            "company": sim.company_ref(c.company_id),
            "isDeconfigured": bool(c.props.get("retired")),
            "retirePhase": phase(c),
            "isSnapBackupEnabled": False,
            "isRegionBasedBackup": False,
        },
        "manageSnapshot": True,
        "vmGroups": [{"id": g.id, "name": g.name, "status": "PROTECTED"} for g in vmbackup.groups(sim, c.id)],
    }


@route("PUT", "/V4/Hypervisor/{id:int}")
def update_hypervisor(sim: Simulator, request: Request) -> Reply | Json:
    """The access node list replaces the old one; only keys sent are changed."""
    c, body = find(sim, request, request.number("id")), request.body
    name = body.get("newName") or c.name
    if any(o is not c and not o.deleted and o.name.lower() == name.lower() for o in sim.clients.values()):
        raise _refuse(10, f"Client [{name}] already exists.")
    wanted = body.get("accessNodes", body.get("accessNode"))
    nodes = nodes_of(sim, request, wanted) if wanted is not None else c.props["access_nodes"]
    if not nodes:
        raise _refuse(11, "At least one access node is required.")
    props = {**c.props, "access_nodes": nodes, "vcenter_host": body.get("vcenterHostName") or c.props["vcenter_host"]}
    if body.get("userName") or body.get("password") or body.get("credentials"):
        login = _login(sim, request)
        props |= {key: value for key, value in login.items() if value != ""}
    if body.get("skipCredentialValidation", True) is False and {"vcenterHostName", "userName", "password"} & set(body):
        _check(sim, props)
    c.props, c.name, c.display_name, c.host_name = props, name, body.get("newName") or c.display_name, props["vcenter_host"]
    activity = body.get("activityControl") or {}
    c.enable_backup = bool(activity.get("enableBackup", c.enable_backup))
    c.enable_restore = bool(activity.get("enableRestore", c.enable_restore))
    return {"response": {"hypervisorId": c.id, "errorCode": 0, "errorMessage": "", "warningCode": 0, "warningMessage": ""}}


@route("PUT", "/V4/Hypervisor/{id:int}/AccessNode")
def put_access_node(sim: Simulator, request: Request) -> Reply:
    """One access node, singular object."""
    c = find(sim, request, request.number("id"))
    c.props["access_nodes"] = nodes_of(sim, request, request.body.get("accessNode"))
    return generic()


@route("PUT", "/V4/Hypervisor/{id:int}/Credentials")
def put_credentials(sim: Simulator, request: Request) -> Json:
    """Answers the creation's shape."""
    c = find(sim, request, request.number("id"))
    c.props |= {key: value for key, value in _login(sim, request).items() if value != ""}
    return {"response": {"hypervisorId": c.id, "errorCode": 0, "errorString": ""}}


@route("DELETE", "/V4/Hypervisor/{id:int}")
def delete_hypervisor(sim: Simulator, request: Request) -> Reply:
    """Gone, with its VM clients and what they have backed up."""
    c = find(sim, request, request.number("id"))
    for vm in [v for v in sim.clients.values() if v.kind == "vm" and v.props.get("hypervisor_id") == c.id]:
        clients.remove(sim, vm)
    sim.vm_backups = [b for b in sim.vm_backups if b.hypervisor_id != c.id]
    clients.remove(sim, c)
    return generic()


@route("POST", "/Client")
def create_legacy(sim: Simulator, request: Request) -> Reply:
    """cvpysdk's add_vmware_client; only clientType 12 (virtual server) is modelled."""
    info = request.body.get("clientInfo") or {}
    vendor = (info.get("virtualServerClientProperties") or {}).get("virtualServerInstanceInfo") or {}
    if to_int(info.get("clientType")) != 12 or not vendor.get("vmwareVendor"):
        return response_object(2, "Only VMware pseudo clients can be created in the simulator.")
    members = (vendor.get("associatedClients") or {}).get("memberServers") or []
    host, login = vendor["vmwareVendor"].get("vcenterHostName", ""), vendor["vmwareVendor"].get("virtualCenter") or {}
    try:
        nodes = nodes_of(sim, request, [{"id": row["client"].get("clientId"), "name": row["client"].get("clientName")} for row in members])
        name = str((request.body.get("entity") or {}).get("clientName") or "")
        props = {"vcenter_host": host, "username": login.get("userName", ""), "password": login.get("password", "")}
        client = create(sim, request, name, props, nodes)
    except Refusal as refusal:
        error = refusal.reply.body["response"]
        return response_object(error["errorCode"], error["errorMessage"])
    return response_object(entity={"clientId": client.id, "clientName": client.name, "_type_": 3})


@route("POST", "/V4/Hypervisor/{id:int}/Reconfigure")
def reconfigure(sim: Simulator, request: Request) -> Reply:
    """Its VM groups and backups are there as before; backups may run again."""
    client = find(sim, request, request.number("id"))
    client.props.pop("retired", None)
    client.enable_backup = True
    return generic()
