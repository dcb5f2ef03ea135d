# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a simulator from the scenario file that vcsim is filled from too (demo.yml, for instance)."""

from __future__ import annotations

import pathlib
import typing as t

import yaml

from commvaultsim.state import model as m
from commvaultsim.state.registry import LOADERS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.routing import load_handlers

Json = dict[str, t.Any]
ADMIN = "admin"
AUTOMATION = "baas-automation"


def read(path: str | pathlib.Path) -> Json:
    """The scenario as plain data."""
    with open(path, encoding="utf-8") as handle:
        return yaml.safe_load(handle) or {}


def load(sim: Simulator, scenario: Json, password: str) -> None:
    """Make the provider's rows: users, regions, pools, access nodes, file servers. Companies and plans are the playbooks' work."""
    sim.scenario = scenario
    sim.clients[2] = m.Client(2, m.COMMSERVE, "commserve", m.COMMSERVE, f"{m.COMMSERVE}.example.com", sim.guid("client", 2))
    for number, name in ((1, ADMIN), (3, AUTOMATION)):
        sim.users[number] = m.User(number, name, password, sim.guid("user", number), f"{name}@provider.example.com", name)
    regions = {row["name"]: _region(sim, row) for row in scenario.get("regions", [])}
    for row in scenario.get("storage_pools", []):
        _pool(sim, row, regions.get(row.get("region", "")))
    for row in scenario.get("access_nodes", []):
        client = _client(sim, row, regions, [m.VIRTUAL_SERVER])
        client.access_node = True
    for row in [*scenario.get("file_servers", []), *scenario.get("restore_hosts", [])]:
        linux = str(row.get("os", "windows")).lower() != "windows"
        application = m.FILE_SYSTEM_LINUX if linux else m.FILE_SYSTEM_WINDOWS
        client = _client(sim, row, regions, [application])
        backupset = m.Backupset(sim.new_id(), client.id, application, 1, guid=sim.guid("backupset", client.id))
        sim.backupsets[backupset.id] = backupset
    load_handlers()  # the loaders register themselves when their files are imported
    for function in LOADERS:
        function(sim, scenario)


def _region(sim: Simulator, row: Json) -> m.Region:
    location: Json = {key: row[key] for key in ("city", "state", "country", "latitude", "longitude") if key in row}
    region = m.Region(sim.new_id(), row["name"], [location])
    sim.regions[region.id] = region
    return region


def _pool(sim: Simulator, row: Json, region: m.Region | None) -> None:
    capacity = int(row.get("capacity_mb", 104857600))
    agent = str(row.get("media_agent", ""))
    pool = m.StoragePool(
        sim.new_id(),
        row["name"],
        row.get("type", "disk"),
        region.id if region else 0,
        bool(row.get("encrypted", True)),
        capacity_mb=capacity,
        free_mb=int(row.get("free_mb", capacity * 3 // 5)),
        media_agent=agent,
        retention_days=int(row.get("retention_days", -1)),
        worm=int(row.get("worm", 0)),
        copy_id=sim.new_id(),
    )
    sim.pools[pool.id] = pool
    if region:
        sim.entity_regions[("STORAGE_POOL", pool.id)] = {"BACKUP": region.id}
    if agent and sim.client_by_name(agent) is None:
        client = _client(sim, {"name": agent, "region": region.name if region else ""}, {region.name: region} if region else {}, [])
        client.media_agent = True


def _client(sim: Simulator, row: Json, regions: dict[str, m.Region], agents: list[int]) -> m.Client:
    name = row["name"]
    existing = sim.client_by_name(name)
    if existing:  # one machine may be media agent, access node and file server at once
        existing.agents += [agent for agent in agents if agent not in existing.agents]
        return existing
    region = regions.get(row.get("region", ""))
    client = m.Client(
        sim.new_id(),
        name,
        "server",
        name,
        row.get("host_name", f"{name}.example.com"),
        os=row.get("os", "windows"),
        region_id=region.id if region else 0,
        agents=agents,
        ready=bool(row.get("ready", True)),
        ready_reason=str(row.get("ready_reason", "")),
        props={"scenario": row},
    )
    client.guid = sim.guid("client", client.id)
    sim.clients[client.id] = client
    if region:
        sim.entity_regions[("CLIENT", client.id)] = {"BACKUP": region.id, "WORKLOAD": region.id}
    return client
