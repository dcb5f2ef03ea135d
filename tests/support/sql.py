# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in which Acme's SQL Server is set up for backup, and a look at its databases from outside."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules
from ansible_collections.calligo.baas.tests.support.walk import recorded
from commvaultsim.sandbox import Sandbox

SERVER, INSTANCE = "acme-sql01", "ACME-SQL01\\PROD"
RESTORE_SERVER, RESTORE_INSTANCE = "lux-sql-restore-01", "LUX-SQL-RESTORE-01"
SALES, KOELN, WAREHOUSE, SIMPLE = "Sales", "Übersicht Köln 2026", "Warehouse", "Test copy"
SUBCLIENT: Json = {"client": SERVER, "instance": INSTANCE, "name": "default"}
COMPANY: Json = {**tenant.COMPANY, "servers": ["acme-fs01", SERVER]}


class SqlWorld:
    """Runs modules against that sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.modules = Modules(sandbox)

    def run(self, module: str, options: Json, *, check: bool = False) -> Json:
        """A module that has to succeed, inside the company."""
        return self.modules(module, tenant.inside(options), check=check)

    def failure(self, module: str, options: Json, *, check: bool = False) -> Json:
        """A module that has to fail, inside the company, and that must not have written anything."""
        self.sandbox.control("DELETE", "/journal")
        return self.modules.failure(module, tenant.inside(options), check=check)

    def requests(self, module: str, options: Json, *, check: bool = False) -> tuple[Json, list[str], list[str]]:
        """A module that has to succeed, what it asked, and what of that writes. One connection: reads side by side would need more."""
        result, rows = recorded(self.modules, module, tenant.inside({"parallel": 1, **options}), check=check)
        lines = [f"{row['method']} {row['path'].partition('/api')[2]}" for row in rows]
        return result, lines, [line for line, row in zip(lines, rows, strict=True) if row["writes"]]

    def writes(self) -> list[str]:
        """What was asked that writes since the journal was cleared."""
        rows = self.sandbox.control("GET", "/journal")["requests"]
        return [f"{row['method']} {row['path'].partition('/api')[2]}" for row in rows if row["writes"]]

    def backup(self, level: str = "full", **more: t.Any) -> Json:
        """Back the default subclient up, wait for it, and let the clock pass on, so that the next backup is another second's."""
        result = self.run("commvault_backup", {"sql_subclients": [SUBCLIENT], "level": level, **more})
        self.pass_on()
        return t.cast(Json, result["jobs"][0])

    def pass_on(self, seconds: int = 10) -> int:
        """Move the clock; the time that it shows then, in epoch seconds."""
        self.sandbox.control("POST", "/clock", {"advance": seconds})
        return int(self.sandbox.control("GET", "/clock")["now"])

    def live(self, database: str, instance: str = INSTANCE) -> Json | None:
        """A database as it is now."""
        found = next(row for row in self.sandbox.control("GET", "/sql")["instances"] if row["instance"] == instance)
        return next((row for row in found["databases"] if row["name"] == database), None)

    def rows(self, database: str, instance: str = INSTANCE) -> str:
        """A checksum of what a database holds."""
        found = self.live(database, instance)
        assert found is not None, f"there is no database {database}"
        return str(found["hash"])

    def act(self, action: str, database: str = SALES, **more: t.Any) -> Json:
        """What happens on the SQL Server itself: change, drop, create, break_chain, set, corrupt_backup."""
        wish = {"client": SERVER, "instance": INSTANCE, "database": database, "action": action, **more}
        return self.sandbox.control("POST", "/sql", wish)


@contextlib.contextmanager
def sql_world(folder: Path) -> t.Iterator[SqlWorld]:
    """Start a sandbox and give Acme its SQL Server with a plan. Nothing is backed up yet."""
    with Sandbox(folder, job_seconds=0.5) as sandbox:
        world = SqlWorld(sandbox)
        world.modules("commvault_company", COMPANY)
        world.run("commvault_plan", tenant.PLAN)
        world.run("commvault_sql_instance", {"instances": [{"client": SERVER, "instance": INSTANCE, "plan": tenant.PLAN["name"]}]})
        yield world
