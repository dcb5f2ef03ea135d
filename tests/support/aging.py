# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes in a sandbox, and what data aging takes then."""

from __future__ import annotations

import base64

import requests

from ansible_collections.calligo.baas.tests.support.modules import Modules

DAY = 86400


def advance(modules: Modules, days: int) -> None:
    """Let days pass."""
    modules.sandbox.control("POST", "/clock", {"advance": days * DAY})


def age(modules: Modules) -> None:
    """Data aging, as the server runs it every night."""
    endpoint = modules.sandbox.endpoints["commvault"]
    with requests.Session() as session:
        session.verify, session.trust_env = str(modules.sandbox.ca_path), False
        root = f"{endpoint['url']}/commandcenter/api"
        password = base64.b64encode(modules.sandbox.password("commvault").encode()).decode()
        session.headers["Accept"] = "application/json"
        session.headers["Authtoken"] = session.post(
            f"{root}/Login", json={"username": endpoint["username"], "password": password}, timeout=30
        ).json()["token"]
        sub_task = {"subTask": {"subTaskType": 1, "operationType": 4018}, "options": {"adminOpts": {"dataAgingOption": {}}}}
        started = session.post(f"{root}/CreateTask", json={"taskInfo": {"associations": [], "subTasks": [sub_task]}}, timeout=30).json()
    modules("commvault_job_info", {"job_ids": [int(started["jobIds"][0])]})
    modules.sandbox.control("POST", "/clock", {"advance": 5})
