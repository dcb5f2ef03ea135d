# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login, token renewal, logout, who am I, and the unauthenticated root that clients probe."""

from __future__ import annotations

import base64
import binascii
import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.wire.replies import access_denied
from commvaultsim.wire.routing import Reply, Request, route

Json = dict[str, t.Any]
BAD_LOGIN = 1127


@route("GET", "/", auth=False)
def root(_sim: Simulator, _request: Request) -> Json:
    """cvpysdk probes this before it logs in and wants a 200."""
    return {"Version": "11.44", "name": "Commvault REST API (simulated)"}


def _decoded(password: t.Any) -> str | None:
    try:
        return base64.b64decode(str(password), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def _find_user(sim: Simulator, name: str, domain: str) -> m.User | None:
    wanted = f"{domain}\\{name}" if domain and "\\" not in name else name
    for user in sim.users.values():
        if wanted.lower() in (user.name.lower(), user.email.lower()):
            return user
    return None


def _new_token(sim: Simulator, user: m.User, device: str) -> str:
    token = "QSDK " + sim.guid("token", sim.new_id()).replace("-", "").lower() * 4
    sim.sessions[token] = m.Session(token, user.id, device, sim.clock.now())
    return token


@route("POST", "/Login", auth=False, writes=False)
def login(sim: Simulator, request: Request) -> Json:
    """Bad credentials are answered 200 without a token (api-platform 2.1). The password travels as base64."""
    body = request.body if isinstance(request.body, dict) else {}
    user = _find_user(sim, str(body.get("username", "")), str(body.get("domain", "")))
    given = _decoded(body.get("password", ""))
    if user is None or given is None or given != user.password or not user.enabled:
        attempts = 0
        if user is not None:
            user.failed_logins += 1
            attempts = user.failed_logins
        return {
            "errList": [{"errLogMessage": "Login failed. Username or password is incorrect.", "errorCode": BAD_LOGIN}],
            "loginAttempts": attempts,
            "isAccountLocked": False,
            "remainingLockTime": 0,
        }
    company = sim.companies.get(user.company_id)
    if not identity.may_log_in(sim, user):
        return {"errList": [{"errLogMessage": "Login is disabled for this company.", "errorCode": BAD_LOGIN + 1}], "loginAttempts": 0}
    user.failed_logins = 0
    owner = {
        "GUID": company.guid if company else sim.guid("company", 0),
        "providerId": user.company_id,
        "providerDomainName": company.alias if company else m.COMMCELL_NAME,
    }
    return {
        "aliasName": str(user.id),
        "userGUID": user.guid,
        "userName": user.name,
        "smtpAddress": user.email,
        "loginAttempts": 0,
        "remainingLockTime": 0,
        "providerType": 1,
        "ccn": 0,
        "token": _new_token(sim, user, str(body.get("deviceId", ""))),
        "capability": 4328650366975,
        "forcePasswordChange": False,
        "isAccountLocked": False,
        "ownerOrganization": owner,
        "providerOrganization": owner,
        "additionalResp": {"nameValues": [{"name": "USERNAME", "value": user.name}]},
        "errList": [],
    }


@route("POST", "/RenewLoginToken", auth=False, writes=False)
def renew(sim: Simulator, request: Request) -> Json:
    """The old token is replaced; it may have expired, but it must still be known."""
    old = sim.sessions.pop(str(request.body.get("sessionId", "")), None)
    user = sim.users.get(old.user_id) if old else None
    if old is None or user is None or (old.device and old.device != request.body.get("deviceId")):
        return {"error": {"errLogMessage": "The session is not known or belongs to another device.", "errorCode": 5}}
    return {"token": _new_token(sim, user, old.device)}


@route("POST", "/Logout", auth=False, writes=False)
def logout(sim: Simulator, request: Request) -> Reply:
    """Answers plain text; a token that is not (or no longer) valid is a 401."""
    token = (request.headers.get("authtoken") or "").strip()
    if sim.sessions.pop(token, None) is None:
        return access_denied()
    return Reply("User logged out", 200, "text/plain")


@route("POST", "/WhoAmI", writes=False)
def who_am_i(_sim: Simulator, request: Request) -> Json:
    """A cheap check of a token."""
    return {"user": {"userName": request.user, "userId": request.user_id}}


@route("GET", "/WhoAmI", "/V2/WhoAmI")
def get_who_am_i(_sim: Simulator, request: Request) -> Json:
    """The same by GET."""
    return {"user": {"userName": request.user, "userId": request.user_id}}
