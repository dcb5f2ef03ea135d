# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import changes
from ..._core.errors import ApiError, BaasError, InputError, Refused
from ..._core.reconcile import Record, Resource
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..wire import lookup
from ..wire import writes as effects
from ..wire.replies import flag, listed
from . import content as vm_content
from . import disk_filters
from . import group_consistency as vm_group_consistency
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
        "consistency": {"type": "str", "choices": list(vm_group_consistency.LEVELS)},
        # The name of a credential, which is not secret.
        "guest_credential": {"type": "str", "no_log": False},
        "backup_enabled": {"type": "bool"},
        "allow_empty": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    {"required_if": [("content_mode", "add", ["content"]), ("content_mode", "remove", ["content"])]},
)


class VmGroup(Resource):
    """A VM group: a subclient of a hypervisor's Virtual Server agent (OpenAPI CreateVMGroup, GetVMGroup, UpdateVMGroup).

    params: name, new_name, hypervisor, plan, content, content_mode, filters, disk_filters, consistency, guest_credential,
    backup_enabled, allow_empty, state. Raises NotFound for an unknown hypervisor, plan or credential, Refused where content would be
    wiped by accident, guests could not be logged in to, or the new name is taken.
    """

    comparers: t.Mapping[str, t.Callable[[t.Any, t.Any], bool]] = {
        # Commvault finds it without regard to case; it is how the group was found.
        "hypervisor": lambda want, have: True,
        "plan": lambda want, have: bool(have) and want.casefold() == have.casefold(),
        "content": vm_content.same,
        "filters": vm_content.same,
        "disk_filters": disk_filters.same,
        "guest_credential": lambda want, have: bool(have) and want.casefold() == have.casefold(),
    }

    def __init__(self, client: Commvault, params: Record) -> None:
        self._client = client
        self._params = params
        self._hypervisor: lookup.Found | None = None
        self._plan: lookup.Found | None = None
        self._credential: lookup.Found | None = None
        self._current: Record | None = None
        self._name = params["new_name"] or params["name"]
        self._taken: lookup.Found | None = None
        self._detail: Record = {}
        given = params["content"]
        self._given = None if given is None else vm_content.normal(given)
        if params["content_mode"] != "exact" and self._given and self._given["match"] == "all" and vm_content.has_rules(self._given):
            raise InputError("match=all makes one group of all rules, which can only be set as a whole: use content_mode=exact.")

    def find(self) -> Record | None:
        name = self._params["hypervisor"]
        absent = self._params["state"] == "absent"
        self._hypervisor = vm_lookup.find_hypervisor(self._client, name) if absent else vm_lookup.require_hypervisor(self._client, name)
        known = self._rows() if self._hypervisor else []
        row = self._choose(self._params["name"], known)
        if self._params["new_name"] and not absent:
            self._taken = self._choose(self._params["new_name"], known)
            row = row or self._taken
        self._current = self._read(row.id) if row else None
        return self._current

    def desired(self) -> Record:
        filters, disks, credential = (self._params[key] for key in ("filters", "disk_filters", "guest_credential"))
        return {
            "name": self._params["new_name"] or (self._current or self._params)["name"],
            "hypervisor": self._params["hypervisor"],
            "plan": self._params["plan"],
            "content": self._wanted_content(),
            "filters": None if filters is None else vm_content.normal(filters),
            "disk_filters": None if disks is None else disk_filters.normal(disks),
            "consistency": self._params["consistency"],
            "guest_credential": vm_group_consistency.wanted_credential(self._client, credential, self._current, self._settings),
            "backup_enabled": self._params["backup_enabled"],
        }

    def guard_create(self, desired: Record) -> None:
        self._guard_content(desired.get("content") or vm_content.normal({}))
        vm_group_consistency.guard(self._client, self._hypervisor, None, desired, {})
        self._look_up(desired)

    def guard_update(self, current: Record, changed: Record) -> None:
        if "content" in changed:
            self._guard_content(changed["content"])
        if self._taken and self._taken.id != current["id"]:
            raise Refused(
                f'The VM group "{current["name"]}" cannot be called "{self._name}": another one of its hypervisor has that name. '
                "Give another new_name, or rename or delete that one first.",
                object=current["name"],
            )
        vm_group_consistency.guard(self._client, self._hypervisor, current, changed, self._settings)
        self._look_up(changed)

    def guard_delete(self, current: Record) -> None:
        if (self._detail.get("summary") or {}).get("isDefaultVMGroup"):
            raise Refused(
                f'The VM group "{current["name"]}" is the default one of its hypervisor and cannot be deleted. '
                "Set backup_enabled to false instead.",
                object=current["name"],
            )

    def create(self, desired: Record) -> Record:
        hypervisor = self._need_hypervisor()
        body = {
            "name": desired["name"],
            # The capital letter is the API's: a small one is answered with 400.
            "Hypervisor": {"id": hypervisor.id, "name": hypervisor.name},
            "content": vm_content.to_api(desired.get("content") or vm_content.normal({}), overwrite=True),
        }
        if self._plan:
            body["plan"] = {"id": self._plan.id, "name": self._plan.name}
        made = effects.create_once(lambda: self._post(body), self._made)
        try:
            return self._complete(made, desired)
        except BaasError as error:
            text = f'The VM group "{desired["name"]}" was created (id {made}), but not everything could be set on it.'
            raise ApiError(
                f"{text} Run the task again. {error}", **{**error.details, "object": desired["name"], "created_id": made}
            ) from None

    def update(self, current: Record, changed: Record) -> Record:
        appends = "content" in changed and self._params["content_mode"] == "add"
        # Whether the server would add the same object twice is not known, so that an append is sent once only.
        self._client.put(f"/V4/VmGroup/{current['id']}", self._body(changed), repeat=not appends)
        after = self._need(current["id"])
        left = changes(changed, after, self.comparers)
        if left:
            self._client.warn(
                f'Commvault accepted the change of the VM group "{after["name"]}", but does not show it yet: {", ".join(sorted(left))}.'
            )
        return after

    def delete(self, current: Record) -> None:
        path = f"/V4/VmGroup/{current['id']}"
        reply = self._client.delete(path) or {}
        effects.require_gone("VM group", current["name"], self._client.get(path, absent=(404,)) is not None)
        # Live servers were seen to hide a group whose deletion still waits for approval, and to show it again if it is denied.
        if "pending" in str(reply.get("errorMessage", "")).casefold():
            self._client.warn(f'The deletion of the VM group "{current["name"]}" can still be denied: {reply["errorMessage"]}')

    # Reading

    def _rows(self) -> list[lookup.Found]:
        """The groups of the hypervisor; a list that is empty is answered with 404."""
        hypervisor = self._need_hypervisor()
        reply = self._client.get("/V4/VMGroups", {"hypervisorId": hypervisor.id}, absent=(404,)) or {}
        known = []
        for row in listed(reply.get("vmGroups")):
            # Live servers were seen to tell the identity below vmGroup only.
            identity = row.get("vmGroup") or row
            owner = (row.get("hypervisor") or {}).get("id", hypervisor.id)
            if owner == hypervisor.id and identity.get("id"):
                known.append(lookup.Found(int(identity["id"]), str(identity.get("name") or row.get("name") or "")))
        return known

    def _choose(self, name: str, known: list[lookup.Found]) -> lookup.Found | None:
        return lookup.choose(self._client, "VM group", name, known)

    def _read(self, group_id: int) -> Record | None:
        detail = self._client.get(f"/V4/VmGroup/{group_id}", absent=(404,))
        if detail is None:
            return None
        self._detail = detail
        summary, settings = detail.get("summary") or {}, detail.get("settings") or {}
        identity = detail.get("vmGroup") or detail
        return {
            "id": group_id,
            "name": detail.get("name") or identity.get("name") or self._params["name"],
            "hypervisor": self._need_hypervisor().name,
            "plan": (summary.get("plan") or {}).get("name") or None,
            "content": vm_content.from_api(detail.get("content")),
            "filters": vm_content.from_api(detail.get("filters")),
            "disk_filters": disk_filters.from_api(detail.get("diskFilters")),
            "consistency": vm_group_consistency.level(settings),
            "guest_credential": vm_group_consistency.credential(self._client, settings),
            "backup_enabled": flag(detail.get("activityControl"), "enableBackup"),
        }

    @property
    def _settings(self) -> Record:
        return self._detail.get("settings") or {}

    def _need(self, group_id: int) -> Record:
        found = self._read(group_id)
        if found is None:
            raise ApiError(
                f'The VM group "{self._params["name"]}" (id {group_id}) is gone: somebody else deleted it meanwhile.',
                object=self._params["name"],
            )
        return found

    def _need_hypervisor(self) -> lookup.Found:
        if self._hypervisor is None:
            raise InputError(f'The hypervisor "{self._params["hypervisor"]}" is not known.', object=self._params["hypervisor"])
        return self._hypervisor

    def _made(self) -> int | None:
        row = self._choose(self._name, self._rows())
        return row.id if row else None

    # Wishes

    def _wanted_content(self) -> Record | None:
        mode, given = self._params["content_mode"], self._given
        if given is None or mode == "exact":
            return given
        current = self._current["content"] if self._current else vm_content.normal({})
        if vm_content.has_rules(given) and current["match"] == "all":
            raise Refused(
                f'The rules of the VM group "{self._params["name"]}" must all hold together: adding or removing one changes what the '
                "others mean. Give the whole content with content_mode=exact.",
                object=self._params["name"],
            )
        return vm_content.plus(current, given) if mode == "add" else vm_content.minus(current, given)

    def _guard_content(self, content: Record) -> None:
        if vm_content.is_empty(content) and not self._params["allow_empty"]:
            raise Refused(
                f'The VM group "{self._params["name"]}" would protect nothing: its content would be empty. '
                "Give content, or allow_empty=true.",
                object=self._params["name"],
            )

    def _look_up(self, wanted: Record) -> None:
        if wanted.get("plan"):
            self._plan = plan_lookup.plan(self._client, wanted["plan"])
        if wanted.get("guest_credential"):
            self._credential = server_lookup.credential(self._client, wanted["guest_credential"])

    # Writing

    def _post(self, body: Record) -> int:
        made = int(self._client.post("/V4/VMGroup", body).get("subclientId") or 0)
        if not made:
            raise ApiError(f'Commvault answered the creation of the VM group "{body["name"]}" without an id.', call="POST /V4/VMGroup")
        return made

    def _complete(self, group_id: int, desired: Record) -> Record:
        """Set what the creation does not take (filters, settings, activity), if the server's defaults are not what is wanted."""
        found = self._need(group_id)
        left = changes(desired, found, self.comparers)
        if not left:
            return found
        self._client.put(f"/V4/VmGroup/{group_id}", self._body(left, whole=True))
        return self._need(group_id)

    def _body(self, changed: Record, whole: bool = False) -> Record:
        """Only what changes; what is left out stays as it is. useContentFromPlan, which replaces content, is never sent."""
        body: Record = {}
        settings = vm_group_consistency.body(changed, self._credential)
        if "name" in changed:
            body["newName"] = changed["name"]
        if "plan" in changed and self._plan:
            body["plan"] = {"id": self._plan.id, "name": self._plan.name}
        if "content" in changed:
            body["content"] = vm_content.to_api(changed["content"], overwrite=True) if whole else self._content_body(changed["content"])
            if vm_content.is_empty(changed["content"]):
                settings["allowEmptySubclient"] = True
        if "filters" in changed:
            body["filters"] = vm_content.to_api(changed["filters"], overwrite=True)
        if "disk_filters" in changed:
            body["diskFilters"] = disk_filters.to_api(changed["disk_filters"])
        if "backup_enabled" in changed:
            activity = self._detail.get("activityControl")
            body["activityControl"] = {"enableBackup": changed["backup_enabled"], "enableRestore": flag(activity, "enableRestore")}
        return body | ({"settings": settings} if settings else {})

    def _content_body(self, wanted: Record) -> Record:
        mode, given = self._params["content_mode"], self._given
        if mode == "add" and given and self._current:
            return vm_content.to_api(vm_content.minus(given, self._current["content"]), overwrite=False)
        if mode == "remove" and given:
            return vm_content.without(self._detail.get("content"), given)
        return vm_content.to_api(wanted, overwrite=True)
