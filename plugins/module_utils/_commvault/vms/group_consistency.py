# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.engine import Record
from ..._core.errors import InputError, Refused
from ..servers import lookup as server_lookup
from ..wire.replies import number, part, text
from . import lookup as vm_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.lookup import Found

# How consistent the backups of a VM group are, and the login to the guests that one of the levels needs.
#
# Commvault looks for that login at the VM, then at its VM group, then at the hypervisor (vendor's page "Using Credentials
# for Application-Aware Backups"). A server need not show what is saved there: without the key guestCredentials nothing is
# known, and then an application-aware group is taken to have its login, and any other to have none.

LEVELS = {
    "crash": ("CRASH_CONSISTENT", False),
    "filesystem_and_application": ("FILE_SYSTEM_AND_APPLICATION_CONSISTENT", False),
    "application_aware": ("APPLICATION_AWARE", True),
}
"""vmBackupType and isApplicationAware: one without the other leaves an inconsistent group."""
AWARE = "application_aware"
_KEY = "guestCredentials"


def level(settings: Record) -> str | None:
    """The modules' word for the two settings; "inconsistent" where they contradict each other, else the server's own word."""
    kind, aware = settings.get("vmBackupType"), settings.get("isApplicationAware")
    for word, (api, needed) in LEVELS.items():
        if kind == api:
            return word if aware in (None, needed) else "inconsistent"
    return str(kind).lower() if kind else None


def credential(client: Commvault, settings: Record) -> str | None:
    """Name of the saved credential of the guests. None where there is none, a plain user name instead, or the server does not tell."""
    name, saved = text(settings, _KEY, "savedCredentials", "name"), number(settings, _KEY, "savedCredentials", "id")
    if name or not saved:
        return name
    known = {row.id: row.name for row in server_lookup.credentials(client)}
    # Somebody else's credential may not be listed; that there is one must be seen all the same.
    return known.get(saved, f"id {saved}")


def wanted_credential(client: Commvault, given: str | None, current: Record | None, settings: Record) -> str | None:
    """What to compare: the given name, or None where that cannot be compared with anything and is taken to be there."""
    if given is None or current is None or _KEY in settings or current["consistency"] != AWARE:
        return given
    client.warn(
        f'Commvault does not show the guest credential of the VM group "{current["name"]}", which is application-aware: it is taken to be '
        f'"{given}" and is not written again. To write it, give the group another consistency, and then application_aware again.'
    )
    return None


def guard(client: Commvault, hypervisor: Found | None, current: Record | None, wanted: Record, settings: Record) -> None:
    """Before anything is written. wanted: the keys that change.

    InputError for a credential that no backup would use, Refused for an application-aware group that could log in to no guest.
    """
    name = (current or wanted)["name"]
    after = wanted.get("consistency") or (current or {}).get("consistency")
    if wanted.get("guest_credential"):
        if after != AWARE:
            raise InputError(
                f'The VM group "{name}" would not use the guest credential "{wanted["guest_credential"]}", since its consistency is '
                f"{after or 'not given'}. Give consistency={AWARE}, or leave guest_credential out.",
                object=name,
            )
    elif wanted.get("consistency") == AWARE and not _has_login(settings) and not _hypervisor_has_login(client, hypervisor):
        if current is None or _KEY in settings:
            raise Refused(
                f'The VM group "{name}" would be application-aware without a login to its guests, neither its own nor its hypervisor\'s: '
                "databases in them could not be handled. Give guest_credential, the name of a credential that "
                "calligo.baas.commvault_credential makes.",
                object=name,
            )
        client.warn(
            f'Commvault does not show whether the VM group "{name}" has a guest credential, which application_aware needs. '
            "Give guest_credential to be sure."
        )


def body(changed: Record, found: Found | None) -> Record:
    """The settings to write. found: the credential that was looked up. A plain user name and password is never sent."""
    settings: Record = {}
    if "consistency" in changed:
        settings["vmBackupType"], settings["isApplicationAware"] = LEVELS[changed["consistency"]]
    if "guest_credential" in changed and found:
        settings[_KEY] = {"savedCredentials": {"id": found.id, "name": found.name}}
    return settings


def _has_login(settings: Record) -> bool:
    # A hypervisor's is an id and a name without savedCredentials around them (OpenAPI hypervisorSettings).
    places = [part(settings, _KEY), part(settings, _KEY, "savedCredentials"), part(settings, _KEY, "credentials")]
    return any(place.get("id") or place.get("name") for place in places)


def _hypervisor_has_login(client: Commvault, hypervisor: Found | None) -> bool:
    return hypervisor is not None and _has_login(part(vm_lookup.hypervisor_detail(client, hypervisor.id), "settings"))
