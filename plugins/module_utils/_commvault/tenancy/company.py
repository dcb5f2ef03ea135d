# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.compare import Comparer, same_members, same_names
from ..._core.engine import Record, Resource, Seen
from ..._core.errors import ApiError, InputError, Refused
from ..plans import lookup as plan_lookup
from ..servers import lookup as server_lookup
from ..vms import lookup as vm_lookup
from ..wire.lookup import Found, choose, same_name
from ..wire.replies import listed, part, text
from ..wire.writes import create_numbered, require_gone
from . import accounts
from .lookup import NameLists, same_account, to_companies, users

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
CLIENT_ENTITY, COMPANY_ENTITY = 3, 61
OVERWRITE = 1
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
        "allow_alias_change": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    }
)


@dataclasses.dataclass(frozen=True)
class Operator:
    """Who of the provider acts in the company, with a role. words: as results have it. row: as the server has it, empty in check mode
    where it does not know who is named.
    """

    words: Record
    row: Json

    @classmethod
    def read(cls, row: Json) -> Operator:
        who = {"user": text(row, "user", "name")} if row.get("user") else {"user_group": text(row, "userGroup", "name")}
        return cls({**who, "role": text(row, "role", "name")}, row)

    def is_meant_by(self, want: Record) -> bool:
        return want.keys() == self.words.keys() and all(same_account(want[key], self.words[key] or "", within=False) for key in want)

    def ids(self) -> Json:
        """As requests name it."""
        return {key: {"id": int(self.row[key]["id"])} for key in ("user", "userGroup", "role") if self.row.get(key)}


@dataclasses.dataclass(frozen=True)
class _Lists:
    """A company's lists as they are to be, with the ids that requests take.

    plans: None for one that nobody knows yet (check mode). servers: the same, and 0 for one that the company has already.
    """

    plans: dict[str, int | None]
    servers: dict[str, int | None]
    contacts: accounts.Membership
    operators: list[Operator]


class Company(Resource):
    """A company: OpenAPI CreateCompany, GetCompanyDetails, ModifyCompany, DeleteCompany; look-up and deactivation from the older
    Organization calls (cvpysdk organization.py), since no V4 reply gives name, status and properties together.

    Seen.raw has the lists as they are to be. What the task does not name stays: nothing is taken from a tenant by omission.
    """

    comparers: t.Mapping[str, Comparer] = {
        **dict.fromkeys(("name", "alias", "email_suffix"), same_name),
        **dict.fromkeys(("contacts", "disabled", "supported_solutions"), same_names),
        "operators": same_members,
        # Tags that are to go make the wanted dict the smaller one.
        "tags": lambda want, have: want == have,
    }

    def __init__(self, client: Commvault, params: Json) -> None:
        self._client = client
        self._params = params
        self._names = NameLists(client)

    def observe(self) -> Seen:
        row = None if self._client.company_missing else self._look_up()
        detail = self._client.require(f"/V4/company/{row.id}") if row else {}
        record = self._read(row, detail) if row else None
        return Seen(record, None if self._params["state"] == "absent" else self._wanted_lists(record or {}, detail))

    def desired(self, seen: Seen) -> Record:
        found, params, lists = seen.known, self._params, seen.raw
        record: Record = {key: params[key] for key in ("name", "alias", "email_suffix")}
        words = {
            "plans": sorted(lists.plans),
            "servers": sorted(lists.servers),
            "contacts": lists.contacts.names,
            "operators": [operator.words for operator in lists.operators],
        }
        record |= {key: value for key, value in words.items() if params[key] is not None}
        if params["tags"] is not None:
            tags = {str(name): "" if value is None else str(value) for name, value in params["tags"].items()}
            record["tags"] = tags if self._exact("tags") else {**found.get("tags", {}), **tags}
        if params["supported_solutions"] is not None:
            kept = [] if self._exact("supported_solutions") else found.get("supported_solutions", [])
            record["supported_solutions"] = sorted({*kept, *params["supported_solutions"]})
        if params["state"] in STATUSES:
            record["status"] = STATUSES[params["state"]]
            record["disabled"] = sorted(params["disable"]) if params["state"] == "deactivated" else []
        return record | self._first_contact(seen)

    def prepare_create(self, _seen: Seen, desired: Record) -> None:
        if not desired.get("alias"):
            raise InputError(f'The company "{desired["name"]}" does not exist yet: give alias, the short name that its users log in with.')
        rows = self._client.rows("/Organization", "providers", {"hardRefresh": "true"})
        for row in rows:
            if same_name(desired["alias"], part(row, "shortName").get("domainName")):
                other = row.get("connectName")
                raise Refused(
                    f'The alias "{desired["alias"]}" belongs to the company "{other}". Correct name or alias.', object=desired["name"]
                )

    def prepare_update(self, seen: Seen, changed: Record) -> None:
        if "alias" in changed and not self._params["allow_alias_change"]:
            self._require_alias(seen)

    def _require_alias(self, seen: Seen) -> None:
        """Name and alias together say which company is meant: of another tenant's name nothing is changed."""
        wanted, current = self._params["alias"], seen.known
        if wanted and not same_name(wanted, current["alias"]):
            raise Refused(
                f'The company "{current["name"]}" has the alias "{current["alias"]}", not "{wanted}": it may be another tenant\'s. '
                "Correct name or alias; to give this company another alias, say allow_alias_change.",
                object=current["name"],
            )

    def prepare_delete(self, seen: Seen) -> None:
        self._require_alias(seen)
        current = seen.known
        # The groups that come with a company go with it.
        owned = [name for name in current["servers"] if not name.startswith(f"{current['alias']}\\")]
        if owned and not self._params["force"]:
            lost = self._owned_counts(current["id"])
            counts = ", ".join(f"{count} {what}" for what, count in lost.items() if count)
            raise Refused(
                f'The company "{current["name"]}" still owns {len(owned)}: {", ".join(owned)}. '
                + (f"With it would go: {counts}, and all their backups. " if counts else "")
                + "Move or delete them first; with force the deletion is tried all the same.",
                object=current["name"],
                owned=owned,
                lost=lost,
            )

    def create(self, seen: Seen, desired: Record, _means: None) -> Record:
        contact = desired.get("contact") or {}
        body = {
            "name": desired["name"],
            "alias": desired["alias"],
            "emailSuffix": desired.get("email_suffix"),
            "contactName": contact.get("name"),
            "email": contact.get("email"),
            "plans": [{"id": number} for number in seen.raw.plans.values()],
            "sendWelcomeEmail": False,
        }
        sent = {key: value for key, value in body.items() if value not in (None, [])}
        made = create_numbered(self._client, f'company "{desired["name"]}"', "/V4/company", sent, self._look_up)
        # A new company is active, and what it supports from the start is told by nobody: so it is set.
        later = ("operators", "supported_solutions", "tags", "status")
        changed = {key: desired[key] for key in later if desired.get(key) not in (None, [], {}, "ACTIVE")}
        return self._write(made, desired["name"], changed, seen.raw) or {**desired, "id": made}

    def update(self, seen: Seen, changed: Record, _means: None) -> Record:
        current = seen.known
        return self._write(current["id"], current["name"], changed, seen.raw) or {**current, **changed}

    def delete(self, seen: Seen, _means: None) -> None:
        """Deactivated first, as the API wants it."""
        number, name = seen.known["id"], seen.known["name"]
        self._deactivate(number, ACTIVITIES)
        try:
            self._client.delete(f"/V4/company/{number}")
        except ApiError as error:
            raise ApiError(f'The company "{name}" was deactivated, but not deleted. {error}', **error.details) from None
        require_gone("company", name, self._look_up() is not None)

    # Reading

    def _look_up(self) -> Found | None:
        name = self._params["name"]
        filters = {"fq": f"providers.connectName:eq:{name}", "hardRefresh": "true"}
        return choose(self._client, "company", name, to_companies(self._client.rows("/Organization", "providers", filters)))

    def _read(self, found: Found, detail: Json) -> Record:
        number, general, contacts = found.id, part(detail, "general"), listed(detail.get("contacts"))
        record = {
            "id": number,
            "name": found.name,
            "alias": general.get("newAlias") or found.row["shortName"].get("domainName"),
            "status": _status(found.row),
            "contact": {"name": contacts[0].get("fullname"), "email": contacts[0].get("email")} if contacts else {},
            "contacts": sorted(str(row.get("name") or "") for row in contacts),
            "operators": [Operator.read(row).words for row in listed(detail.get("tenantOperators"))],
            **read_settings(detail),
        }
        if self._params["tags"] is not None:
            record["tags"] = self._tags(number)
        if self._params["state"] in STATUSES:
            record["disabled"] = self._disabled(number)
        if self._params["servers"] is not None or self._params["state"] == "absent":
            record["servers"] = sorted(str(entity["name"]) for entity in owned_entities(self._client, number))
        return record

    def _tags(self, number: int) -> dict[str, str]:
        """GET Tags/PROVIDER_ENTITY/{id} (cvpysdk organization.py)."""
        entities = self._client.rows(f"/Tags/PROVIDER_ENTITY/{number}", "tags")
        return tag_values(tag for entity in entities for tag in listed(entity.get("tag")))

    def _disabled(self, number: int) -> list[str]:
        """What a deactivated company may not do (GET Organization/{id}; cvpysdk organization.py)."""
        flags = part(self._client.require(f"/Organization/{number}"), "organizationInfo", "organization", "deactivateOptions")
        return [activity for activity, flag in sorted(ACTIVITIES.items()) if flags.get(flag)]

    def _owned_counts(self, number: int) -> dict[str, int]:
        """How much belongs to the company, by kind."""
        groups = [group.company_id for group in vm_lookup.vm_groups(self._client)]
        lists = {
            "servers": server_lookup.servers(self._client),
            "hypervisors": vm_lookup.hypervisors(self._client),
            "plans": plan_lookup.plans(self._client),
            "users": users(self._client),
        }
        return {**{what: sum(row.company_id == number for row in rows) for what, rows in lists.items()}, "VM groups": groups.count(number)}

    # The lists as they are to be: names become ids before the first write, in check mode too

    def _exact(self, option: str) -> bool:
        """Whether a list is to be exactly what the task names; else it is added to what is there."""
        return option in self._params["exact"]

    def _wanted_lists(self, record: Record, detail: Json) -> _Lists:
        number = record.get("id")
        return _Lists(
            self._wanted_plans({str(plan["name"]): int(plan["id"]) for plan in listed(detail.get("plans"))}, number),
            self._wanted_servers(record.get("servers", []), number),
            self._wanted_contacts(accounts.references(detail.get("contacts")), number),
            self._wanted_operators([Operator.read(row) for row in listed(detail.get("tenantOperators"))]),
        )

    def _wanted_plans(self, have: dict[str, int | None], owner: int | None) -> dict[str, int | None]:
        """The plans that the company has, and the wanted ones, the provider's or its own."""
        wanted = self._params["plans"]
        if wanted is None:
            return have
        names = {name.casefold() for name in wanted}
        kept = {name: number for name, number in have.items() if not self._exact("plans") or name.casefold() in names}
        new = _new(have, wanted)
        known = [plan for plan in self._names.all("plan") if plan.company_id in (None, 0, owner)] if new else []
        found = [(name, self._names.find("plan", name, known=known)) for name in new]
        return {**kept, **{plan.name if plan else name: plan.id if plan else None for name, plan in found}}

    def _wanted_servers(self, have: list[str], owner: int | None) -> dict[str, int | None]:
        """The servers that the company has, and the wanted ones."""
        wanted: dict[str, int | None] = dict.fromkeys(have, 0)
        for name in _new(have, self._params["servers"] or []):
            server = self._names.find("client", name)
            wanted[server.name if server else name] = self._given(server, owner) if server else None
        return wanted

    def _given(self, server: Found, owner: int | None) -> int:
        """The id of a server that can be given to the company; 0 if it has it.

        Only the provider's clients may be given to a company: taking one from a tenant would hand over that tenant's data.
        """
        if server.company_id and server.company_id == owner:
            return 0
        if server.company_id != 0:
            whose = (
                f'belongs to the company "{server.company or server.company_id}"'
                if server.company_id
                else "has an owner that Commvault hides"
            )
            raise Refused(
                f'The client "{server.name}" {whose}; "{self._params["name"]}" cannot have it. '
                "Take it out of that company in Commvault first, or correct servers.",
                object=server.name,
            )
        return server.id

    def _wanted_contacts(self, have: list[Found], owner: int | None) -> accounts.Membership:
        """The contacts, who are users of the company."""
        wanted = self._params["contacts"]
        if wanted is None:
            return accounts.membership(have, [], "add", lambda _name: None)
        if owner is None:
            raise InputError(
                f'The company "{self._params["name"]}" does not exist yet, so that contacts cannot name users of it: make it with contact, '
                "then its users with calligo.baas.commvault_user, and give contacts after that."
            )
        if self._exact("contacts") and not wanted:
            raise InputError("A company cannot be left without a contact: name one in contacts, or take contacts out of exact.")

        def find(name: str) -> Found | None:
            own = (user for user in self._names.all("user") if user.company_id == owner and same_account(name, user.name))
            found = next(own, None)
            if found is None:
                self._names.missing("user", name, "user of this company")
            return found

        return accounts.membership(have, wanted, "exact" if self._exact("contacts") else "add", find)

    def _wanted_operators(self, have: list[Operator]) -> list[Operator]:
        """The operators in the order of before, and the new ones behind."""
        wanted = [{key: value for key, value in row.items() if value is not None} for row in self._params["operators"] or []]
        kept = [one for one in have if not self._exact("operators") or any(map(one.is_meant_by, wanted))]
        new = [want for want in wanted if not any(one.is_meant_by(want) for one in have)]
        return kept + [self._new_operator(want) for want in new]

    def _new_operator(self, want: Record) -> Operator:
        role = self._names.find("role", want["role"])
        kind = "user" if "user" in want else "user_group"
        who = self._names.find(kind, want[kind])
        if not role or not who:
            return Operator(want, {})
        named = {"user" if kind == "user" else "userGroup": who, "role": role}
        return Operator.read({key: {"id": found.id, "name": found.name} for key, found in named.items()})

    def _first_contact(self, seen: Seen) -> Record:
        """The contact of a new company; of one that is there it stays as it is, with a warning."""
        wanted = self._params["contact"]
        if seen.record is None:
            return {"contact": wanted}
        have = seen.record["contact"].get("email")
        if wanted and not same_name(wanted["email"], have):
            self._client.warn(
                f'The contact of the company "{self._params["name"]}" is given at creation only. It was left as it is: {have or "none"}. '
                "Say with contacts who the contacts are."
            )
        return {}

    # Writing

    def _write(self, number: int, name: str, changed: Record, lists: _Lists) -> Record | None:
        """What changed, in as few calls as the API allows, whether the company is active last; the record as it is then."""
        body = _settings_body(changed, lists)
        if body:
            self._client.put(f"/V4/company/{number}", body)
        if "contacts" in changed:
            self._client.put("/Organization", _contacts_body(number, name, lists.contacts.final), {"organizationId": number})
        if "tags" in changed:
            # All tags of an entity are replaced, so that they are sent whole.
            tags = [{"name": tag, "value": value} for tag, value in changed["tags"].items()]
            self._client.put("/Tags", {"entityTag": [{"entityId": number, "entityType": COMPANY_ENTITY, "tag": tags}]})
        given = [{"clientId": server, "_type_": CLIENT_ENTITY} for server in lists.servers.values() if server]
        if given:
            # All in one call (cvpysdk organization.py add_client_association).
            self._client.put(f"/company/{number}/company-association", {"entities": given})
        if self._params["state"] == "deactivated" and {"status", "disabled"} & changed.keys():
            self._deactivate(number, self._params["disable"])
        elif "status" in changed:
            self._client.post(f"/Organization/{number}/action/activate", {})
        found = self._look_up()
        return self._read(found, self._client.require(f"/V4/company/{found.id}")) if found else None

    def _deactivate(self, number: int, activities: t.Iterable[str]) -> None:
        """All three flags are needed (cvpysdk Organization.deactivate)."""
        flags = {flag: activity in activities for activity, flag in ACTIVITIES.items()}
        self._client.post(f"/Organization/{number}/action/deactivate", {"deactivateOptions": flags})


def _settings_body(changed: Record, lists: _Lists) -> Json:
    """For PUT V4/company, whose lists replace what is there, so that they are sent whole."""
    general = {api: changed[key] for key, api in (("alias", "newAlias"), ("email_suffix", "emailSuffix")) if key in changed}
    if "supported_solutions" in changed:
        general["supportedSolutions"] = [word.upper() for word in changed["supported_solutions"]]
    body: Json = {"general": general} if general else {}
    if "plans" in changed:
        body["plans"] = [{"id": plan} for plan in lists.plans.values()]
    if "operators" in changed:
        body["tenantOperators"] = [operator.ids() for operator in lists.operators]
    return body


def _contacts_body(number: int, name: str, contacts: list[Found]) -> Json:
    """For PUT Organization, since V4 writes no contacts (cvpysdk organization.py, contacts and _prepare_operators_payload)."""
    return {
        "organizationInfo": {
            "organization": {"shortName": {"id": number, "domainName": name}},
            "organizationProperties": {
                "primaryContactsOperationType": OVERWRITE,
                "primaryContacts": [{"user": {"userId": ref.id, "userName": ref.name}} for ref in contacts],
            },
        }
    }


# What other readings of companies share


def read_settings(detail: Json) -> Record:
    """What a company's detail says of it in both the record of the resource and that of the _info module (OpenAPI GetCompanyDetails)."""
    general = part(detail, "general")
    return {
        "email_suffix": general.get("emailSuffix") or "",
        "supported_solutions": sorted(str(word).lower() for word in listed(general.get("supportedSolutions"))),
        "plans": sorted(str(plan["name"]) for plan in listed(detail.get("plans"))),
    }


def owned_entities(client: Commvault, number: int) -> list[Json]:
    """What a company owns: clients, and other things too when the server counts them (OpenAPI GetAssociationsForCompany)."""
    return client.rows(f"/V4/Company/{number}/associations", "associatedEntities")


def tag_values(rows: t.Iterable[Json]) -> dict[str, str]:
    """Names and values of tags."""
    return {str(row["name"]): str(row.get("value") or "") for row in rows if row.get("name")}


def _new(have: t.Iterable[str], want: list[str]) -> list[str]:
    known = {name.casefold() for name in have}
    return [name for name in want if name.casefold() not in known]


def _status(row: Json) -> str:
    status = row.get("status")
    if isinstance(status, str):
        return status
    return "ACTIVE" if row.get("enabled", True) and not status else "DEACTIVATED"
