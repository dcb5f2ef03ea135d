# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError, Refused
from . import accounts

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Users and groups own things, which somebody must own after them.

Row = dict[str, t.Any]
OPTIONS = ArgumentSpec(
    {
        "transfer_to_user": {"type": "str"},
        "transfer_to_user_group": {"type": "str"},
        "skip_transfer": {"type": "bool", "default": False},
    },
    {"mutually_exclusive": [("transfer_to_user", "transfer_to_user_group")]},
)


def heir(client: Commvault, params: Row, kind: str, name: str) -> Row:
    """The query of a deletion (OpenAPI DeleteUser, DeleteUserGroup, the odd spelling being theirs). Asks for the heir's id.

    Raises Refused where the task names none and does not say that none is wanted; InputError where it says both.
    """
    user, group, skip = params["transfer_to_user"], params["transfer_to_user_group"], params["skip_transfer"]
    if skip and (user or group):
        raise InputError("skip_transfer says that nobody inherits, and transfer_to_user or transfer_to_user_group names an heir: give one.")
    if user:
        found = accounts.find_user(client, user)
        return {"transferToUser": found.id} if found else {}
    if group:
        found = accounts.find_user_group(client, group)
        return {"transfertoUserGroup": found.id} if found else {}
    if not skip:
        raise Refused(
            f'What the {kind} "{name}" owns (plans, credentials, alerts, reports) would have no owner any more. '
            "Name an heir with transfer_to_user or transfer_to_user_group, or give skip_transfer.",
            object=name,
        )
    return {"skipOwnerShipTransfer": "true"}
