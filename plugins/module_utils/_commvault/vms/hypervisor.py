# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_names
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import ApiError, InputError, Refused
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire.replies import number, part, text
from ..wire.writes import create_numbered, require_gone
from . import content as vm_content
from . import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
VMWARE = "VMW"
ON_CREATE, IF_REFUSED, ALWAYS = "on_create", "if_refused", "always"
NO_VM = {"name_patterns": [{"condition": "equals", "value": "calligo.baas asks whether this vCenter can be read"}]}
"""A content that no VM meets. To find that out, Commvault has to log in."""

OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "vcenter_host": {"type": "str"},
        "vcenter_username": {"type": "str"},
        "vcenter_password": {"type": "str", "no_log": True},
        "access_nodes": {"type": "list", "elements": "str"},
        # It says when a password is sent, and holds none.
        "update_password": {"type": "str", "choices": [ON_CREATE, IF_REFUSED, ALWAYS], "default": ON_CREATE, "no_log": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "reuse_retired": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    },
    {"required_together": [("vcenter_username", "vcenter_password")]},
)


class Hypervisor(Resource):
    """A vCenter as Commvault knows it: OpenAPI CreateHypervisor, GetHypervisors, updateHypervisor, DeleteHypervisor; cvpysdk client.py."""

    comparers: t.Mapping[str, Comparer] = {
        "name": lambda want, have: want.casefold() == have.casefold(),
        "vcenter_host": lambda want, have: want.casefold() == str(have or "").casefold(),
        "access_nodes": same_names,
    }
    secrets = frozenset({"vcenter_password"})

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params

    def observe(self) -> Seen:
        """raw: the retired ones, of which one may have the name."""
        known = [] if self._client.company_missing else vm_lookup.hypervisors(self._client)
        retired = [row for row in known if vm_lookup.retired(row)]
        found = vm_lookup.choose_hypervisor(self._client, self._params["name"], [row for row in known if row not in retired], "own")
        return Seen(self._read(found) if found else None, retired)

    def desired(self, seen: Seen) -> Record:
        params = self._params
        record = {key: params[key] for key in ("name", "vcenter_host", "access_nodes")}
        # Commvault tells neither the user nor the password, so that they can only be sent, not compared.
        if seen.record is None or params["update_password"] == ALWAYS or self._refusal(seen):
            record.update({key: params[key] for key in ("vcenter_username", "vcenter_password")})
        return record

    def _refusal(self, seen: Seen) -> str | None:
        """Why Commvault cannot read the vCenter with the login that it has, if the task wants that to be asked. It only reads.

        A preview of a VM group (OpenAPI PreviewVMGroupContent) is asked for, since no call tells whether the saved login is right.
        """
        if self._params["update_password"] != IF_REFUSED:
            return None
        body = {"content": vm_content.to_api(vm_content.normal(NO_VM), overwrite=True)}
        try:
            self._client.query("/V4/VmGroup/Preview", body, {"hypervisorId": seen.known["id"]})
        except ApiError as error:
            return str(error)
        return None

    def prepare_create(self, seen: Seen, desired: Record) -> Json:
        needed = ("vcenter_host", "vcenter_username", "vcenter_password", "access_nodes")
        absent = [key for key in needed if not desired.get(key)]
        if absent:
            raise InputError(f'The hypervisor "{desired["name"]}" does not exist yet: give {", ".join(absent)}.')
        retired = vm_lookup.choose_hypervisor(self._client, desired["name"], seen.raw, "own")
        if retired and not self._params["reuse_retired"]:
            raise Refused(
                f'The hypervisor "{retired.name}" was retired, and its backups are kept under that name. To put it back into use, say '
                "reuse_retired: true (in a tenant's specification: baas_tenant.state is active); otherwise choose another name.",
                object=retired.name,
            )
        return {"retired": retired, "body": self._body(desired)}

    def prepare_update(self, seen: Seen, changed: Record) -> Json:
        current = seen.known
        if changed.get("access_nodes") == []:
            raise InputError(f'The hypervisor "{current["name"]}" needs at least one access node.')
        if "vcenter_host" in changed:
            if not self._params["vcenter_password"]:
                raise InputError(
                    f'The hypervisor "{current["name"]}" would move from "{current["vcenter_host"]}" to "{changed["vcenter_host"]}": '
                    "give vcenter_username and vcenter_password, so that Commvault can try them there."
                )
            changed = {**{key: self._params[key] for key in ("vcenter_username", "vcenter_password")}, **changed}
        return self._body(changed)

    def create(self, _seen: Seen, desired: Record, means: Json) -> Record:
        retired: lookup.Found | None = means["retired"]
        if retired:
            # Its name is taken as long as it has backups; it is put back into use, and they belong to it again.
            self._client.post(f"/V4/Hypervisor/{retired.id}/Reconfigure", {})
            return self.update(Seen({"id": retired.id, "name": retired.name, "company": retired.company}), desired, means["body"])
        body = {"name": desired["name"], **means["body"]}
        made = create_numbered(
            self._client,
            f'hypervisor "{desired["name"]}"',
            "/V4/Hypervisor",
            body,
            lambda: vm_lookup.find_hypervisor(self._client, desired["name"], "own"),
            lambda reply: number(reply, "response", "hypervisorId"),
        )
        return self._read(lookup.Found(made, desired["name"], company=self._client.company)) or {**desired, "id": made}

    def update(self, seen: Seen, changed: Record, means: Json) -> Record:
        current = seen.known
        self._client.put(f"/V4/Hypervisor/{current['id']}", means)
        if "vcenter_password" in changed and (refusal := self._refusal(seen)):
            raise ApiError(f'Commvault took the login of the hypervisor "{current["name"]}", and still cannot read the vCenter. {refusal}')
        # What the update answers differs between releases, so that it is read again.
        found = lookup.Found(current["id"], current["name"], company=current["company"])
        return self._read(found) or {**current, **changed}

    def delete(self, seen: Seen, _means: None) -> None:
        """Retired, which keeps the backups; with force deleted, and the backups with it."""
        current = seen.known
        if self._params["force"]:
            self._client.delete(f"/V4/Hypervisor/{current['id']}")
        else:
            body = {"client": {"clientId": current["id"], "clientName": current["name"]}}
            self._client.delete(f"/Client/{current['id']}/Retire", body=body, absent=())
        require_gone("hypervisor", current["name"], vm_lookup.find_hypervisor(self._client, current["name"], "own") is not None)

    # Mapping

    def _read(self, found: lookup.Found) -> Record | None:
        """None where the detail says what the list did not: that it was retired."""
        detail = vm_lookup.hypervisor_detail(self._client, found.id)
        common = part(detail, "hypervisorCommonProperties")
        if detail is None or common.get("isDeconfigured") or str(common.get("retirePhase")) in vm_lookup.RETIRED:
            return None
        owner = vm_lookup.hypervisor_owner(detail)
        self._check_owner(found, owner)
        vendor = part(detail, "general").get("vendor") or found.row.get("HypervisorType")
        # Some servers send a number here, whose meaning differs between calls.
        if isinstance(vendor, str) and not vendor.isdigit() and vendor != VMWARE:
            raise InputError(
                f'The hypervisor "{found.name}" exists, but is of the kind {vendor}, not VMware. Choose another name.', object=found.name
            )
        return {
            "id": found.id,
            "name": found.name,
            "company": owner.company or found.company,
            "vcenter_host": text(detail, "accountDetails", "hostName") or found.row.get("hostName"),
            "access_nodes": self._node_names(detail),
        }

    def _check_owner(self, found: lookup.Found, owner: lookup.Owner) -> None:
        if owner.company_id is not None and owner.company_id != (self._client.company_id or 0):
            raise Refused(
                f'The hypervisor "{found.name}" belongs to {owner.company or owner.company_id}, not to the company acted in. '
                "Choose another name, or give company.",
                object=found.name,
            )

    def _node_names(self, detail: Json) -> list[str]:
        """The access nodes, spelled as the task spells them where it means them by their display names."""
        asked = {name.casefold() for name in self._params["access_nodes"] or []}
        names = [(str(node.get("displayName") or node["name"]), str(node["name"])) for node in vm_lookup.access_nodes_of(detail)]
        return sorted(shown if shown.casefold() in asked else name for shown, name in names)

    def _body(self, record: Record) -> Json:
        """For POST and PUT. The access nodes' names become ids. Commvault is always told to try the credentials: its default is to
        believe them.
        """
        body: Json = {"hypervisorType": VMWARE, "skipCredentialValidation": False}
        keys = {"vcenter_host": "vcenterHostName", "vcenter_username": "userName", "vcenter_password": "password"}
        body.update({api: record[key] for key, api in keys.items() if record.get(key)})
        if record.get("access_nodes"):
            nodes = server_lookup.access_nodes(self._client, record["access_nodes"]) or []
            body["accessNodes"] = [{"id": node.id, "name": node.name, "type": number(node.row, "type") or 3} for node in nodes]
        return body
