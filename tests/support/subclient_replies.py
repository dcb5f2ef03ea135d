# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies of the older API about file system subclients of one client, for scripted answers."""

from __future__ import annotations

import typing as t

Json = dict[str, t.Any]


def entity(number: int, name: str, client: str = "srv01", application: int = 33, **more: t.Any) -> Json:
    """The flat entity object."""
    return {
        "clientId": 5,
        "clientName": client,
        "applicationId": application,
        "appName": "Windows File System" if application == 33 else "Linux File System",
        "instanceId": 1,
        "instanceName": "DefaultInstanceName",
        "backupsetId": 9,
        "backupsetName": "defaultBackupSet",
        "subclientId": number,
        "subclientName": name,
        **more,
    }


def row(number: int, name: str, default: bool = False, **more: t.Any) -> Json:
    """An element of GET /Subclient."""
    return {"subClientEntity": entity(number, name, **more), "commonProperties": {"isDefaultSubclient": default}}


def detail(
    number: int, name: str, content: t.Any, default: bool = False, plan: str | None = "Gold", entity_more: Json | None = None, **more: t.Any
) -> Json:
    """GET /Subclient/{id}. entity_more: changes of its entity; more: of its properties."""
    return {
        "subClientProperties": [
            {
                "subClientEntity": entity(number, name, **(entity_more or {})),
                "planEntity": {"planId": 7, "planName": plan} if plan else {},
                "useLocalContent": True,
                "content": content,
                "fsSubClientProp": {"useVSS": True, "vssOptions": 2},
                "commonProperties": {"isDefaultSubclient": default, "description": "", "enableBackup": True},
                **more,
            }
        ]
    }
