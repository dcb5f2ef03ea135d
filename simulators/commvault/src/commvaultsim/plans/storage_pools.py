# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage pools: V4 disk and cloud, associated copies, and the older /StoragePool. api-platform 7. Unencrypted pools are allowed here."""

from __future__ import annotations

import typing as t
from xml.sax.saxutils import quoteattr

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.control import action
from commvaultsim.wire.filtering import select
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
KEY_LENGTHS = {"BlowFish": (128, 256), "Twofish": (128, 256), "AES": (128, 256), "Serpent": (128, 256), "DES3": (192,), "GOST": (256,)}


def plans_of(sim: Simulator, pool: m.StoragePool) -> list[m.Plan]:
    """Plans with a destination on the pool."""
    return [plan for plan in sim.plans.values() if any(d.pool_id == pool.id for d in plan.destinations)]


def _pool_type(pool: m.StoragePool) -> str:
    return "DEDUPLICATION" if pool.deduplication else "NON_DEDUPLICATION"


def _visible(sim: Simulator, request: Request, kind: str | None = None) -> list[m.StoragePool]:
    own_only = request.headers.get("onlygetcompanyownedentities") == "1"
    return [p for p in sim.pools.values() if kind in (None, p.kind) and sim.visible(request, p.company_id, shared=not own_only)]


def _get(sim: Simulator, request: Request, kind: str | None = None) -> m.StoragePool:
    pool = sim.pools.get(request.number("id"))
    if pool is None or kind not in (None, pool.kind) or not sim.visible(request, pool.company_id, shared=True):
        raise Refusal(generic(404, f"Storage pool [{request.params['id']}] not found.", status=404))
    return pool


def _row(sim: Simulator, pool: m.StoragePool) -> Json:
    return {
        "id": pool.id,
        "name": pool.name,
        "storagePoolType": _pool_type(pool),
        "status": "Online",
        "capacity": pool.capacity_mb,
        "freeSpace": pool.free_mb,
        "company": sim.company_ref(pool.company_id),
        "commcell": {"id": 2, "name": m.COMMSERVE},
    }


def _encryption(pool: m.StoragePool) -> Json:
    if not pool.encrypted:
        return {"encrypt": False}
    return {"encrypt": True, "cipher": pool.cipher, "keyLength": pool.key_length, "keyProvider": {"id": 1, "name": "Built-in"}}


@route("GET", "/V4/Storage/Disk")
def list_disk(sim: Simulator, request: Request) -> Json:
    """No encryption and no region in the list: one detail call a pool."""
    return {"diskStorage": [_row(sim, pool) for pool in _visible(sim, request, "disk")]}


@route("GET", "/V4/Storage/Cloud")
def list_cloud(sim: Simulator, request: Request) -> Json:
    """The same for cloud pools."""
    return {"cloudStorage": [_row(sim, pool) for pool in _visible(sim, request, "cloud")]}


@route("GET", "/V4/Storage/HyperScale", "/V4/Storage/Tape")
def list_none(_sim: Simulator, request: Request) -> Json:
    """None are modelled."""
    return {"hyperScaleStorage" if "hyper" in request.path.lower() else "tapeStorage": []}


@route("GET", "/V4/Storage/Disk/{id:int}")
def get_disk(sim: Simulator, request: Request) -> Json:
    """Detail of a disk pool; plans are associatedPlanList here."""
    pool = _get(sim, request, "disk")
    return {
        "id": pool.id,
        "name": pool.name,
        "general": {
            "capacity": pool.capacity_mb,
            "freeSpace": pool.free_mb,
            "sizeOnDisk": pool.capacity_mb - pool.free_mb,
            "dedupeSavingsPercent": 71 if pool.deduplication else 0,
        },
        "backupLocations": [{"id": pool.copy_id, "name": f"[{pool.media_agent}] /backup/{pool.name}", "status": "Ready"}],
        "encryption": _encryption(pool),
        "security": [],
        "associatedPlanList": [{"id": plan.id, "name": plan.name} for plan in plans_of(sim, pool)],
    }


@route("GET", "/V4/Storage/Cloud/{id:int}")
def get_cloud(sim: Simulator, request: Request) -> Json:
    """Detail of a cloud pool; plans are associatedPlans here, and the savings a text."""
    pool = _get(sim, request, "cloud")
    return {
        "id": pool.id,
        "name": pool.name,
        "general": {
            "type": "Amazon S3",
            "vendorType": "Amazon S3",
            "totalCapacity": pool.capacity_mb,
            "freeSpace": pool.free_mb,
            "sizeOnDisk": pool.capacity_mb - pool.free_mb,
            "deduplicationSavings": "64%",
        },
        "bucket": [{"id": pool.copy_id, "name": pool.name, "status": "Ready"}],
        "encryption": _encryption(pool),
        "security": [],
        "cacheConfigurations": {"enable": False, "metadataCache": []},
        "associatedPlans": [{"id": plan.id, "name": plan.name} for plan in plans_of(sim, pool)],
    }


@route("POST", "/V4/Storage/Disk", "/V4/Storage/Cloud")
def create_pool(sim: Simulator, request: Request) -> Reply | Json:
    """A new pool is not encrypted until a PUT says so."""
    name = str(request.body.get("name") or "")
    if not name or any(p.name.lower() == name.lower() for p in sim.pools.values()):
        return generic(3, f"Storage pool [{name}] already exists." if name else "A storage pool needs a name.", status=400)
    kind = "cloud" if "cloud" in request.path.lower() else "disk"
    storage = (request.body.get("storage") or [{}])[0]
    agent = sim.by_ref(sim.clients, storage.get("mediaAgent") or request.body.get("mediaAgent"))
    pool = m.StoragePool(
        sim.new_id(),
        name,
        kind,
        encrypted=False,
        capacity_mb=1048576,
        free_mb=1048576,
        media_agent=agent.name if agent else "",
        deduplication=bool(request.body.get("enableDeduplication", request.body.get("useDeduplication", False))),
        company_id=request.company_id,
        copy_id=sim.new_id(),
    )
    sim.pools[pool.id] = pool
    return {"id": pool.id, "name": pool.name}


@route("PUT", "/V4/Storage/Disk/{id:int}", "/V4/Storage/Cloud/{id:int}")
def update_pool(sim: Simulator, request: Request) -> Reply:
    """dataEncryption for disk, encryption for cloud; key lengths are checked as the ciphers allow."""
    pool = _get(sim, request)
    wanted = request.body.get("dataEncryption" if pool.kind == "disk" else "encryption")
    if wanted is not None:
        cipher, length = wanted.get("cipher", pool.cipher), to_int(wanted.get("keyLength", pool.key_length))
        if wanted.get("encrypt") and length not in KEY_LENGTHS.get(cipher, ()):
            return generic(2, f"Cipher [{cipher}] does not take a key of {length} bits.", status=400)
        pool.encrypted, pool.cipher, pool.key_length = bool(wanted.get("encrypt")), cipher, length
    pool.name = request.body.get("newName") or pool.name
    return generic()


@route("DELETE", "/V4/Storage/Disk/{id:int}", "/V4/Storage/Cloud/{id:int}")
def delete_pool(sim: Simulator, request: Request) -> Reply:
    """Refused while a plan uses it."""
    pool = _get(sim, request)
    used = plans_of(sim, pool)
    if used:
        return generic(6, f"Storage pool [{pool.name}] is used by: {', '.join(p.name for p in used)}.", status=500)
    del sim.pools[pool.id]
    return generic()


def _copy(plan: m.Plan, copy: m.Destination, pool: m.StoragePool) -> Json:
    return {
        "copy": {"id": copy.id, "name": copy.name},
        "plan": {"id": plan.id, "name": plan.name},
        "planType": "Server",
        "isSnapCopy": False,
        "copyType": "SYNCHRONOUS" if copy.backups_to_copy == "All_JOBS" else "SELECTIVE",
        "backupsToCopy": copy.backups_to_copy,
        "retentionPeriodDays": copy.retention_days if copy.override else pool.retention_days,
        "useExtendedRetentionRules": copy.use_extended,
        "extendedRetentionRules": copy.extended,
    }


@route("GET", "/V4/Storage/{id:int}/associatedCopies")
def associated_copies(sim: Simulator, request: Request) -> Json:
    """Which plans keep how long on this pool."""
    pool = _get(sim, request)
    plans = [plan for plan in plans_of(sim, pool) if sim.plan_visible(request, plan)]
    return {"copies": [_copy(plan, copy, pool) for plan in plans for copy in plan.destinations if copy.pool_id == pool.id]}


@route("GET", "/StoragePool")
def list_pools(sim: Simulator, request: Request) -> Reply | Json:
    """All types in one list; as XML for the SDK, which asks for it."""
    page, _total = select(request, _visible(sim, request), {"name": lambda p: p.name, "storagePoolName": lambda p: p.name})
    if "application/xml" in request.headers.get("accept", ""):
        rows = "".join(
            f'<storagePoolList storagePoolType="{1 if p.deduplication else 3}"><storagePoolEntity storagePoolId="{p.id}" '
            f"storagePoolName={quoteattr(p.name)}/></storagePoolList>"
            for p in page
        )
        return Reply(f"<Api_GetStoragePoolListResp>{rows}</Api_GetStoragePoolListResp>", 200, "application/xml")
    return {
        "storagePoolList": [
            {
                "storagePoolEntity": {"storagePoolId": p.id, "storagePoolName": p.name, "entityInfo": sim.entity_info(p.company_id)},
                "storagePolicyEntity": {"storagePolicyId": p.id, "storagePolicyName": p.name},
                "storagePool": {"clientGroupId": 0},
                "storagePoolType": 1 if p.deduplication else 3,
                "storageType": 1 if p.kind == "disk" else 2,
                "status": "Online",
                "statusCode": 0,
                "totalCapacity": p.capacity_mb,
                "totalFreeSpace": p.free_mb,
                "sizeOnDisk": p.capacity_mb - p.free_mb,
                "libraryVendorType": 0,
            }
            for p in page
        ]
    }


@route("GET", "/StoragePool/{id:int}")
def get_pool(sim: Simulator, request: Request) -> Json:
    """The older detail with the copy behind the pool."""
    pool = _get(sim, request)
    return {
        "storagePoolDetails": {
            "storagePoolType": 1 if pool.deduplication else 3,
            "storageType": 1 if pool.kind == "disk" else 2,
            "isWormStorage": bool(pool.worm),
            "libraryVendorId": 0,
            "libraryList": [{"model": pool.kind.upper(), "library": {"libraryId": pool.copy_id, "libraryName": pool.name}}],
            "dedupDBDetailsList": [],
            "copyInfo": {
                "StoragePolicyCopy": {"copyId": pool.copy_id, "copyName": "Primary", "storagePolicyName": pool.name},
                "wormStorageFlag": pool.worm,
                "copyFlags": {"wormCopy": 1 if pool.worm & 1 else 0},
            },
        }
    }


@action("POST", "pool")
def change_pool(sim: Simulator, _query: Json, body: t.Any) -> Json:
    """What administrators of the storage do without this API: {"name", "retention_days", "worm"}."""
    pool = next(pool for pool in sim.pools.values() if pool.name == body["name"])
    pool.retention_days, pool.worm = int(body.get("retention_days", pool.retention_days)), int(body.get("worm", pool.worm))
    return {"name": pool.name, "retention_days": pool.retention_days, "worm": pool.worm}
