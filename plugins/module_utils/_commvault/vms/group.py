# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, changes
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import ApiError, BaasError, InputError, Refused
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..wire.lookup import Found
from ..wire.replies import flag, number, part, text
from ..wire.writes import create_numbered, require_gone
from . import content as vm_content
from . import disk_filters, group_consistency
from . import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

_CONTENT = {"type": "dict", "options": vm_content.OPTIONS}
SPEC = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "new_name": {"type": "str"},
        "hypervisor": {"type": "str", "required": True},
        "plan": {"type": "str"},
        "content": _CONTENT,
        "content_mode": {"type": "str", "choices": ["exact", "add", "remove"], "default": "exact"},
        "filters": _CONTENT,
        "disk_filters": {"type": "list", "elements": "dict", "options": disk_filters.OPTIONS},
        "consistency": {"type": "str", "choices": list(group_consistency.LEVELS)},
        # The name of a credential, which is not secret.
        "guest_credential": {"type": "str", "no_log": False},
        "backup_enabled": {"type": "bool"},
        "allow_empty": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    {"required_if": [("content_mode", "add", ["content"]), ("content_mode", "remove", ["content"])]},
)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What is read beside the record. taken: the group that has the new name already. detail: GET V4/VmGroup/{id}, or empty."""

    hypervisor: Found | None
    taken: Found | None
    detail: Record

    @property
    def settings(self) -> Record:
        return part(self.detail, "settings")


@dataclasses.dataclass(frozen=True)
class References:
    """What the names in the options stand for."""

    plan: Found | None
    credential: Found | None


Where = t.Callable[[list[Record]], list[Record]]
"""What became of VMs in vCenter (_vcenter namesakes.whereabouts)."""


class VmGroup(Resource):
    """A VM group: a subclient of a hypervisor's Virtual Server agent (OpenAPI CreateVMGroup, GetVMGroup, UpdateVMGroup).

    params: name, new_name, hypervisor, plan, content, content_mode, filters, disk_filters, consistency, guest_credential,
    backup_enabled, allow_empty, vcenter, state. where: with it exact content takes a VM out only where it is proven gone, or seen.
    Raises NotFound for an unknown hypervisor, plan or credential, Refused where content would be wiped by accident, guests could not
    be logged in to, or the new name is taken.
    """

    comparers: t.Mapping[str, Comparer] = {
        # Commvault finds it without regard to case; it is how the group was found.
        "hypervisor": lambda want, have: True,
        "plan": lambda want, have: bool(have) and want.casefold() == have.casefold(),
        "content": vm_content.same,
        "filters": vm_content.same,
        "disk_filters": disk_filters.same,
        "guest_credential": lambda want, have: bool(have) and want.casefold() == have.casefold(),
        "leaving": lambda want, have: not want,
    }

    def __init__(self, client: Commvault, params: Record, where: Where | None = None) -> None:
        self._client = client
        self._where = where
        self._params = params
        given = params["content"]
        for objects in (given, params["filters"]):
            if objects and params["content_mode"] != "remove":
                vm_content.guard(objects)
        self._given = None if given is None else vm_content.normal(given)
        if params["content_mode"] != "exact" and self._given and self._given["match"] == "all" and vm_content.has_rules(self._given):
            raise InputError("match=all makes one group of all rules, which can only be set as a whole: use content_mode=exact.")

    def observe(self) -> Seen:
        name, new_name, absent = self._params["name"], self._params["new_name"], self._params["state"] == "absent"
        look_up = vm_lookup.find_hypervisor if absent else vm_lookup.require_hypervisor
        hypervisor = look_up(self._client, self._params["hypervisor"])
        known = self._below(hypervisor) if hypervisor else []
        taken = vm_lookup.choose_vm_group(self._client, new_name, known) if new_name and not absent else None
        row = vm_lookup.choose_vm_group(self._client, name, known) or taken
        if row is None or hypervisor is None:
            return Seen(None, Surroundings(hypervisor, taken, {}))
        return self._read(row.id, hypervisor, taken)

    def desired(self, seen: Seen) -> Record:
        filters, disks, credential = (self._params[key] for key in ("filters", "disk_filters", "guest_credential"))
        content = self._wanted_content(seen.record)
        leaving, staying = self._departures(seen.record, content)
        return {
            "name": self._params["new_name"] or (seen.record or self._params)["name"],
            "hypervisor": self._params["hypervisor"],
            "plan": self._params["plan"],
            "content": content if content is None else {**content, "vms": content["vms"] + staying},
            "leaving": leaving,
            "filters": None if filters is None else vm_content.normal(filters),
            "disk_filters": None if disks is None else disk_filters.normal(disks),
            "consistency": self._params["consistency"],
            "guest_credential": group_consistency.wanted_credential(self._client, credential, seen.record, seen.raw.settings),
            "backup_enabled": self._params["backup_enabled"],
        }

    def prepare_create(self, seen: Seen, desired: Record) -> References:
        self._guard_content(desired.get("content") or vm_content.normal({}))
        return self._references(seen, desired)

    def prepare_update(self, seen: Seen, changed: Record) -> Record:
        """The body to send."""
        current, taken = seen.known, seen.raw.taken
        if "content" in changed:
            self._guard_content(changed["content"])
        if taken and taken.id != current["id"]:
            raise Refused(
                f'The VM group "{current["name"]}" cannot be called "{self._params["new_name"]}": another one of its hypervisor has that '
                "name. Give another new_name, or rename or delete that one first.",
                object=current["name"],
            )
        return self._body(changed, seen, self._references(seen, changed))

    def prepare_delete(self, seen: Seen) -> None:
        if part(seen.raw.detail, "summary").get("isDefaultVMGroup"):
            raise Refused(
                f'The VM group "{seen.known["name"]}" is the default one of its hypervisor and cannot be deleted. '
                "Set backup_enabled to false instead.",
                object=seen.known["name"],
            )

    def create(self, seen: Seen, desired: Record, means: References) -> Record:
        hypervisor: Found = seen.raw.hypervisor
        body = {
            "name": desired["name"],
            # The capital letter is the API's: a small one is answered with 400.
            "Hypervisor": {"id": hypervisor.id, "name": hypervisor.name},
            "content": vm_content.to_api(desired.get("content") or vm_content.normal({}), overwrite=True),
        }
        if means.plan:
            body["plan"] = {"id": means.plan.id, "name": means.plan.name}
        made = create_numbered(
            self._client,
            f'VM group "{desired["name"]}"',
            "/V4/VMGroup",
            body,
            lambda: vm_lookup.choose_vm_group(self._client, desired["name"], self._below(hypervisor)),
            lambda reply: number(reply, "subclientId"),
        )
        try:
            return self._complete(made, hypervisor, desired, means)
        except BaasError as error:
            raise ApiError(
                f'The VM group "{desired["name"]}" was created (id {made}), but not everything could be set on it. Run the task again. '
                f"{error}",
                **{**error.details, "object": desired["name"], "created_id": made},
            ) from None

    def update(self, seen: Seen, changed: Record, means: Record) -> Record:
        current = seen.known
        appends = "content" in changed and self._params["content_mode"] == "add"
        # Whether the server would add the same object twice is not known, so that an append is sent once only.
        self._client.put(f"/V4/VmGroup/{current['id']}", means, repeat=not appends)
        after = self._need(current["id"], seen.raw.hypervisor).known
        left = changes({**changed, "leaving": None}, after, self.comparers)
        if left:
            self._client.warn(
                f'Commvault accepted the change of the VM group "{after["name"]}", but does not show it yet: {", ".join(sorted(left))}.'
            )
        return {**after, "leaving": changed["leaving"]} if "leaving" in changed else after

    def delete(self, seen: Seen, _means: None) -> None:
        name, path = seen.known["name"], f"/V4/VmGroup/{seen.known['id']}"
        reply = self._client.delete(path) or {}
        require_gone("VM group", name, self._client.get(path, absent=(404,)) is not None)
        # Live servers were seen to hide a group whose deletion still waits for approval, and to show it again if it is denied.
        if "pending" in str(reply.get("errorMessage", "")).casefold():
            self._client.warn(f'The deletion of the VM group "{name}" can still be denied: {reply["errorMessage"]}')

    # Reading

    def _below(self, hypervisor: Found) -> list[Found]:
        """The groups of the hypervisor."""
        groups = vm_lookup.vm_groups(self._client, {"hypervisorId": hypervisor.id})
        below = [one for one in groups if part(one.row, "hypervisor").get("id", hypervisor.id) == hypervisor.id]
        return [Found(one.id, one.name, one.company_id, one.company) for one in below]

    def _read(self, group_id: int, hypervisor: Found, taken: Found | None = None) -> Seen:
        detail = self._client.get(f"/V4/VmGroup/{group_id}", absent=(404,))
        if detail is None:
            return Seen(None, Surroundings(hypervisor, taken, {}))
        settings = part(detail, "settings")
        record = {
            "id": group_id,
            "name": detail.get("name") or (detail.get("vmGroup") or detail).get("name") or self._params["name"],
            "hypervisor": hypervisor.name,
            "plan": text(detail, "summary", "plan", "name"),
            "content": vm_content.from_api(detail.get("content")),
            "filters": vm_content.from_api(detail.get("filters")),
            "disk_filters": disk_filters.from_api(detail.get("diskFilters")),
            "consistency": group_consistency.level(settings),
            "guest_credential": group_consistency.credential(self._client, settings),
            "backup_enabled": flag(detail.get("activityControl"), "enableBackup"),
        }
        return Seen(record, Surroundings(hypervisor, taken, detail))

    def _need(self, group_id: int, hypervisor: Found) -> Seen:
        found = self._read(group_id, hypervisor)
        if found.record is None:
            raise ApiError(
                f'The VM group "{self._params["name"]}" (id {group_id}) is gone: somebody else deleted it meanwhile.',
                object=self._params["name"],
            )
        return found

    def _references(self, seen: Seen, wanted: Record) -> References:
        """What the names stand for, once it is sure that guests can be logged in to where they have to."""
        group_consistency.guard(self._client, seen.raw.hypervisor, seen.record, wanted, seen.raw.settings)
        return References(
            plan_lookup.plan(self._client, wanted["plan"]) if wanted.get("plan") else None,
            server_lookup.credential(self._client, wanted["guest_credential"]) if wanted.get("guest_credential") else None,
        )

    # Wishes

    def _wanted_content(self, found: Record | None) -> Record | None:
        mode, given = self._params["content_mode"], self._given
        if given is None or mode == "exact":
            return given
        current = found["content"] if found else vm_content.normal({})
        if vm_content.has_rules(given) and current["match"] == "all":
            raise Refused(
                f'The rules of the VM group "{self._params["name"]}" must all hold together: adding or removing one changes what the '
                "others mean. Give the whole content with content_mode=exact.",
                object=self._params["name"],
            )
        return vm_content.plus(current, given) if mode == "add" else vm_content.minus(current, given)

    def _departures(self, found: Record | None, content: Record | None) -> tuple[list[Record] | None, list[Record]]:
        """The VMs that exact content takes out, each with the reason, and those that it must not: nobody knows what became of them."""
        if self._where is None or found is None or content is None or self._params["content_mode"] != "exact":
            return None, []
        missing = vm_content.minus(found["content"], content)["vms"]
        fates = self._where(missing) if missing else []
        staying = [vm for vm in fates if vm["fate"] == "unknown"]
        for vm in staying:
            self._client.warn(f'The VM "{vm["name"]}" stays in the VM group "{found["name"]}": it is not proven gone, {vm["why"]}.')
        leaving = [self._departure(vm) for vm in fates if vm["fate"] != "unknown"]
        return leaving, [{"name": vm["name"], "uuid": vm["uuid"]} for vm in staying]

    def _departure(self, vm: Record) -> Record:
        """Seen in the folder that the group is for, or if none is named, it is left out by what the task says; elsewhere, it was moved."""
        said = {"name": vm["name"], "uuid": vm["uuid"]}
        if vm["fate"] == "gone":
            return {**said, "reason": "gone"}
        top = str(self._params["vcenter"]["folder"] or "").strip("/")
        inside = not top or f"{vm['folder']}/".startswith(f"{top}/")
        return {**said, "reason": "excluded" if inside else "moved", "folder": vm["folder"]}

    def _guard_content(self, content: Record) -> None:
        if vm_content.is_empty(content) and not self._params["allow_empty"]:
            raise Refused(
                f'The VM group "{self._params["name"]}" would protect nothing: its content would be empty. '
                "Give content, or allow_empty=true.",
                object=self._params["name"],
            )

    # Writing

    def _complete(self, group_id: int, hypervisor: Found, desired: Record, references: References) -> Record:
        """Set what the creation does not take (filters, settings, activity), if the server's defaults are not what is wanted."""
        found = self._need(group_id, hypervisor)
        left = changes(desired, found.known, self.comparers)
        if not left:
            return found.known
        self._client.put(f"/V4/VmGroup/{group_id}", self._body(left, found, references, whole=True))
        return self._need(group_id, hypervisor).known

    def _body(self, changed: Record, seen: Seen, references: References, whole: bool = False) -> Record:
        """Only what changes; what is left out stays as it is. useContentFromPlan, which replaces content, is never sent.

        whole: the content is sent as it is to be, whatever content_mode says.
        """
        body: Record = {}
        settings = group_consistency.body(changed, references.credential)
        if "name" in changed:
            body["newName"] = changed["name"]
        if "plan" in changed and references.plan:
            body["plan"] = {"id": references.plan.id, "name": references.plan.name}
        if "content" in changed:
            wanted = changed["content"]
            body["content"] = vm_content.to_api(wanted, overwrite=True) if whole else self._content_body(wanted, seen)
            if vm_content.is_empty(wanted):
                settings["allowEmptySubclient"] = True
        if "filters" in changed:
            body["filters"] = vm_content.to_api(changed["filters"], overwrite=True)
        if "disk_filters" in changed:
            body["diskFilters"] = disk_filters.to_api(changed["disk_filters"])
        if "backup_enabled" in changed:
            activity = seen.raw.detail.get("activityControl")
            body["activityControl"] = {"enableBackup": changed["backup_enabled"], "enableRestore": flag(activity, "enableRestore")}
        return body | ({"settings": settings} if settings else {})

    def _content_body(self, wanted: Record, seen: Seen) -> Record:
        mode, given = self._params["content_mode"], self._given
        if mode == "add" and given:
            return vm_content.to_api(vm_content.minus(given, seen.known["content"]), overwrite=False)
        if mode == "remove" and given:
            return vm_content.without(seen.raw.detail.get("content"), given)
        return vm_content.to_api(wanted, overwrite=True)
