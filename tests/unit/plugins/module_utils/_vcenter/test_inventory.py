# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.inventory import Entity, Inventory, plain_name, stored_segment

ENTITIES = {
    "group-d1": Entity("Folder", "Datacenters", None),
    "datacenter-2": Entity("Datacenter", "Jersey", "group-d1"),
    "group-v3": Entity("Folder", "vm", "datacenter-2"),
    "group-v4": Entity("Folder", "Tenants", "group-v3"),
    "group-v5": Entity("Folder", "Acme %25 A%2fB", "group-v4"),
    "group-h6": Entity("Folder", "host", "datacenter-2"),
    "domain-c7": Entity("ClusterComputeResource", "CL1", "group-h6"),
    "host-8": Entity("HostSystem", "esx-1", "domain-c7"),
    "domain-s9": Entity("ComputeResource", "esx-2", "group-h6"),
    "host-10": Entity("HostSystem", "esx-2", "domain-s9"),
    "group-v11": Entity("Folder", "below a folder that may not be seen", "group-v99"),
}
INVENTORY = Inventory(ENTITIES)


@pytest.mark.parametrize(
    ("folder", "path"),
    [("group-v3", ""), ("group-v4", "Tenants"), ("group-v5", "Tenants/Acme % A%2fB"), ("group-v11", None), ("group-v98", None)],
)
def test_folder_path(folder, path):
    assert INVENTORY.folder_path(vim.Folder(folder)) == path


def test_no_folder_and_no_host():
    assert INVENTORY.folder_path(None) is None
    assert INVENTORY.name(None) is None
    assert INVENTORY.cluster(None) is None


def test_places_of_hosts():
    assert INVENTORY.cluster(vim.HostSystem("host-8")) == "CL1"
    assert INVENTORY.cluster(vim.HostSystem("host-10")) is None
    assert INVENTORY.datacenter(vim.HostSystem("host-10")) == "Jersey"


@pytest.mark.parametrize(
    ("stored", "plain"), [("a%2fb", "a/b"), ("a%2Fb", "a/b"), ("a%5cb", "a\\b"), ("50%25", "50%"), ("Café & Söhne", "Café & Söhne")]
)
def test_plain_name(stored, plain):
    assert plain_name(stored) == plain


@pytest.mark.parametrize(("written", "stored"), [("a%2fb", "a%2fb"), ("50%", "50%25"), ("a\\b", "a%5cb"), ("Boréal", "Boréal")])
def test_stored_segment(written, stored):
    assert stored_segment(written) == stored


def test_a_path_that_is_shown_can_be_given_back():
    shown = INVENTORY.folder_path(vim.Folder("group-v5"))
    assert shown is not None
    assert [stored_segment(segment) for segment in shown.split("/")] == ["Tenants", "Acme %25 A%2fB"]
