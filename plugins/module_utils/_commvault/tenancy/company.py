# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_members, same_names
from ..._core.errors import ApiError, InputError, Refused
from ..._core.reconcile import Record, Resource
from ..wire import lookup
from ..wire.replies import listed
from ..wire.writes import create_once, require_gone
from .company_belongings import Belongings
from .company_people import People, read_tags, write_tags

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
CLIENT_ENTITY = 3
ACTIVITIES = {"backup": "disableBackup", "login": "disableLogin", "restore": "disableRestore"}
STATUSES = {"active": "ACTIVE", "deactivated": "DEACTIVATED"}
LISTS = ("contacts", "operators", "plans", "supported_solutions", "tags")
SOLUTIONS = ["activate", "active_directory", "archiving", "bigdata_apps", "cloud_apps", "databases", "exchange", "file_server", "g_suite"]
SOLUTIONS += ["kubernetes", "laptop", "office_365", "replication", "salesforce", "sharepoint", "virtualization"]
"""OpenAPI, general.supportedSolutions, in lower case."""

_OPERATOR = {"user": {"type": "str"}, "user_group": {"type": "str"}, "role": {"type": "str", "required": True}}
OPTIONS = ArgumentSpec(
    {
        "name": {"type": "str", "required": True},
        "alias": {"type": "str"},
        "contact": {
            "type": "dict",
            "options": {"name": {"type": "str", "required": True}, "email": {"type": "str", "required": True}},
        },
        "contacts": {"type": "list", "elements": "str"},
        "operators": {
            "type": "list",
            "elements": "dict",
            "options": _OPERATOR,
            "mutually_exclusive": [("user", "user_group")],
            "required_one_of": [("user", "user_group")],
        },
        "tags": {"type": "dict"},
        "supported_solutions": {"type": "list", "elements": "str", "choices": SOLUTIONS},
        "email_suffix": {"type": "str"},
        "plans": {"type": "list", "elements": "str"},
        "servers": {"type": "list", "elements": "str"},
        "exact": {"type": "list", "elements": "str", "choices": list(LISTS), "default": []},
        "disable": {"type": "list", "elements": "str", "choices": sorted(ACTIVITIES), "default": sorted(ACTIVITIES)},
        "state": {"type": "str", "choices": ["present", "active", "deactivated", "absent"], "default": "present"},
        "force": {"type": "bool", "default": False},
    }
)


def _same_text(want: t.Any, have: t.Any) -> bool:
    return str(want).casefold() == str(have or "").casefold()


class Company(Resource):
    """A company: OpenAPI CreateCompany, GetCompanyDetails, ModifyCompany, DeleteCompany; look-up and deactivation from the older
    Organization calls (cvpysdk organization.py), since no V4 reply gives name, status and properties together.
    """

    comparers: t.Mapping[str, Comparer] = {
        **dict.fromkeys(("name", "alias", "email_suffix"), _same_text),
        **dict.fromkeys(("contacts", "disabled", "supported_solutions"), same_names),
        "operators": same_members,
        # Tags that are to go make the wanted dict the smaller one.
        "tags": lambda want, have: want == have,
    }

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._found: Record | None = None
        self._belongings = Belongings(client, params["name"])
        self._people = People(client)

    def find(self) -> Record | None:
        if self._client.company_missing:
            return None
        row = self._look_up()
        self._found = self._read(row) if row else None
        return self._found

    def desired(self) -> Record:
        found, params = self._found or {}, self._params
        record = {"name": params["name"], "alias": params["alias"], "email_suffix": params["email_suffix"]}
        number = found.get("id")
        # What the task does not name stays: nothing is taken from a tenant by omission.
        if params["plans"] is not None:
            record["plans"] = self._belongings.plans(found.get("plans") or [], params["plans"], number, "plans" in params["exact"])
        if params["servers"] is not None:
            record["servers"] = self._belongings.servers(found.get("servers") or [], params["servers"], number)
        record |= self._wanted_lists(found)
        if params["state"] in STATUSES:
            record["status"] = STATUSES[params["state"]]
            record["disabled"] = sorted(params["disable"]) if params["state"] == "deactivated" else []
        if not found:
            record["contact"] = params["contact"]
        elif params["contact"] and not _same_text(params["contact"]["email"], found["contact"].get("email")):
            self._client.warn(
                f'The contact of the company "{params["name"]}" is given at creation only. It was left as it is: '
                f"{found['contact'].get('email', 'none')}. Say with contacts who the contacts are."
            )
        return record

    def guard_create(self, desired: Record) -> None:
        if not desired.get("alias"):
            raise InputError(f'The company "{desired["name"]}" does not exist yet: give alias, the short name that its users log in with.')

    def guard_delete(self, current: Record) -> None:
        # The groups that come with a company go with it.
        owned = [name for name in current["servers"] if not name.startswith(f"{current['alias']}\\")]
        if owned and not self._params["force"]:
            lost = self._belongings.count(current["id"])
            counts = ", ".join(f"{count} {what}" for what, count in lost.items() if count)
            raise Refused(
                f'The company "{current["name"]}" still owns {len(owned)}: {", ".join(owned)}. '
                + (f"With it would go: {counts}, and all their backups. " if counts else "")
                + "Move or delete them first; with force the deletion is tried all the same.",
                object=current["name"],
                owned=owned,
                lost=lost,
            )

    def create(self, desired: Record) -> Record:
        contact = desired.get("contact") or {}
        body = {
            "name": desired["name"],
            "alias": desired["alias"],
            "emailSuffix": desired.get("email_suffix"),
            "contactName": contact.get("name"),
            "email": contact.get("email"),
            "plans": [{"id": number} for number in self._belongings.plan_ids.values()],
            "sendWelcomeEmail": False,
        }
        sent = {key: value for key, value in body.items() if value not in (None, [])}

        def look() -> int | None:
            row = self._look_up()
            return int(row["shortName"]["id"]) if row else None

        company_id = create_once(lambda: int(self._client.post("/V4/company", sent).get("id") or 0), look)
        if company_id <= 0:
            raise ApiError(f'Commvault answered the creation of the company "{desired["name"]}" without an id.', call="POST /V4/company")
        later = ("operators", "supported_solutions", "tags", "status")
        # A new company is active, and what it supports from the start is told by nobody: so it is set.
        changed = {key: desired[key] for key in later if desired.get(key) not in (None, [], {}, "ACTIVE")}
        self._write({"id": company_id, "name": desired["name"]}, changed)
        return self.find() or {**desired, "id": company_id}

    def update(self, current: Record, changed: Record) -> Record:
        self._write(current, changed)
        return self.find() or {**current, **changed}

    def delete(self, current: Record) -> None:
        """Deactivated first, as the API wants it."""
        number, name = current["id"], current["name"]
        self._deactivate(number, ACTIVITIES)
        try:
            self._client.delete(f"/V4/company/{number}")
        except ApiError as error:
            raise ApiError(f'The company "{name}" was deactivated, but not deleted. {error}', **error.details) from None
        require_gone("company", name, self._look_up() is not None)

    # Reading

    def _look_up(self) -> Json | None:
        name = self._params["name"]
        filters = {"fq": f"providers.connectName:eq:{name}", "hardRefresh": "true"}
        rows = listed((self._client.get("/Organization", filters, absent=(404,)) or {}).get("providers"))
        known = [lookup.Found(int(row["shortName"]["id"]), str(row["connectName"]), row=row) for row in rows]
        found = lookup.choose(self._client, "company", name, known)
        return found.row if found else None

    def _read(self, row: Json) -> Record:
        number = int(row["shortName"]["id"])
        detail = self._client.require(f"/V4/company/{number}")
        general = detail.get("general") or {}
        contacts = listed(detail.get("contacts"))
        solutions = [str(word).lower() for word in listed(general.get("supportedSolutions"))]
        plans = {str(plan["name"]): int(plan["id"]) for plan in listed(detail.get("plans"))}
        self._belongings.plan_ids = dict(plans)
        record = {
            "id": number,
            "name": row["connectName"],
            "alias": general.get("newAlias") or row["shortName"].get("domainName"),
            "status": _status(row),
            "email_suffix": general.get("emailSuffix") or "",
            "contact": {"name": contacts[0].get("fullname"), "email": contacts[0].get("email")} if contacts else {},
            **self._people.read(detail),
            "supported_solutions": sorted(solutions),
            "plans": sorted(plans),
        }
        if self._params["tags"] is not None:
            record["tags"] = read_tags(self._client, number)
        if self._params["state"] in STATUSES:
            record["disabled"] = self._disabled(number)
        if self._params["servers"] is not None or self._params["state"] == "absent":
            record["servers"] = self._owned(number)
        return record

    def _owned(self, number: int) -> list[str]:
        """What the company owns: clients, and other things too when the server counts them (OpenAPI GetAssociationsForCompany)."""
        reply = self._client.get(f"/V4/Company/{number}/associations", absent=(404,)) or {}
        return sorted(str(entity["name"]) for entity in listed(reply.get("associatedEntities")))

    def _disabled(self, number: int) -> list[str]:
        """What a deactivated company may not do (GET Organization/{id}; cvpysdk organization.py)."""
        info = self._client.require(f"/Organization/{number}").get("organizationInfo") or {}
        flags = (info.get("organization") or {}).get("deactivateOptions") or {}
        return [activity for activity, flag in sorted(ACTIVITIES.items()) if flags.get(flag)]

    # Writing

    def _wanted_lists(self, found: Record) -> Record:
        """Contacts, operators, tags and solutions: added to what is there, or exactly these where the task says so."""
        params, exact = self._params, self._params["exact"]
        record: Record = {}
        if params["contacts"] is not None:
            if not found:
                raise InputError(
                    f'The company "{params["name"]}" does not exist yet, so that contacts cannot name users of it: make it with contact, '
                    "then its users with calligo.baas.commvault_user, and give contacts after that."
                )
            record["contacts"] = self._people.contacts(params["contacts"], found["id"], "contacts" in exact)
        if params["operators"] is not None:
            record["operators"] = self._people.operators(params["operators"], "operators" in exact)
        if params["tags"] is not None:
            tags = {str(name): "" if value is None else str(value) for name, value in params["tags"].items()}
            record["tags"] = tags if "tags" in exact else {**found.get("tags", {}), **tags}
        if params["supported_solutions"] is not None:
            kept = [] if "supported_solutions" in exact else found.get("supported_solutions", [])
            record["supported_solutions"] = sorted({*kept, *params["supported_solutions"]})
        return record

    def _write(self, current: Record, changed: Record) -> None:
        """What changed, in as few calls as the API allows; whether the company is active comes last."""
        number = int(current["id"])
        general = {"newAlias": changed.get("alias"), "emailSuffix": changed.get("email_suffix")}
        body: Json = {"general": {key: value for key, value in general.items() if value is not None}}
        if "supported_solutions" in changed:
            body["general"]["supportedSolutions"] = [word.upper() for word in changed["supported_solutions"]]
        if "plans" in changed:
            # Lists replace what is there, so that they are sent whole.
            body["plans"] = [{"id": plan} for plan in self._belongings.plan_ids.values()]
        if "operators" in changed:
            body["tenantOperators"] = self._people.operators_body()
        sent = {key: value for key, value in body.items() if key != "general" or value}
        if sent:
            self._client.put(f"/V4/company/{number}", sent)
        if "contacts" in changed:
            self._client.put("/Organization", self._people.contacts_body(number, current["name"]), {"organizationId": number})
        if "tags" in changed:
            write_tags(self._client, number, changed["tags"])
        self._associate(number)
        if self._params["state"] == "deactivated" and {"status", "disabled"} & changed.keys():
            self._deactivate(number, self._params["disable"])
        elif "status" in changed:
            self._client.post(f"/Organization/{number}/action/activate", {})

    def _deactivate(self, number: int, activities: t.Iterable[str]) -> None:
        """All three flags are needed (cvpysdk Organization.deactivate)."""
        flags = {flag: activity in activities for activity, flag in ACTIVITIES.items()}
        self._client.post(f"/Organization/{number}/action/deactivate", {"deactivateOptions": flags})

    def _associate(self, number: int) -> None:
        """Give servers to the company, all in one call (cvpysdk organization.py add_client_association)."""
        if self._belongings.new_servers:
            entities = [{"clientId": client_id, "_type_": CLIENT_ENTITY} for client_id in self._belongings.new_servers]
            self._client.put(f"/company/{number}/company-association", {"entities": entities})


def _status(row: Json) -> str:
    status = row.get("status")
    if isinstance(status, str):
        return status
    return "ACTIVE" if row.get("enabled", True) and not status else "DEACTIVATED"
