# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, kept simple: a tenant's user reads its company and changes it only with a role that manages; a provider's user
without a role on the CommCell is confined to the companies on which it has one. api-platform 5.5."""

from __future__ import annotations

import typing as t

from commvaultsim import identity
from commvaultsim import model as m
from commvaultsim.replies import generic
from commvaultsim.routing import Reply, Request
from commvaultsim.simulator import Simulator

Json = dict[str, t.Any]


def may_log_in(sim: Simulator, user: m.User) -> bool:
    """False for a disabled user, and for those of a company whose logins are off; sessions that they have end too."""
    company = sim.companies.get(user.company_id)
    closed = company is not None and (company.status == "DELETED" or bool(company.options.get("disableLogin")))
    return user.enabled and not closed


def refused(sim: Simulator, request: Request, writes: bool) -> Reply | None:
    """Settle the company that the request acts in, and refuse what the user's roles do not allow; None lets it pass."""
    user = sim.users[request.user_id]
    if user.company_id:
        if writes and not _manages(sim, user, user.company_id):
            return _denied(user)
        return None
    roles = identity.roles_on(sim, user, identity.COMMCELL, 0)
    if roles:
        return None if not writes or any(role.manages for role in roles) else _denied(user)
    own = [c.id for c in sim.companies.values() if c.status != "DELETED" and identity.roles_on(sim, user, identity.COMPANY, c.id)]
    if not request.company_id and len(own) == 1:
        request.company_id = own[0]
    if request.company_id not in own or (writes and not _manages(sim, user, request.company_id)):
        return _denied(user)
    return None


def _manages(sim: Simulator, user: m.User, company_id: int) -> bool:
    return any(role.manages for role in identity.roles_on(sim, user, identity.COMPANY, company_id))


def _denied(user: m.User) -> Reply:
    return generic(5, f"User [{user.name}] does not have permission for this operation.", status=403)
