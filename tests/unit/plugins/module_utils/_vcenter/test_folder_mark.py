# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from pyVmomi import vim

from ansible_collections.calligo.baas.plugins.module_utils._core.engine import Seen
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import Refused
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import Found
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.folder_mark import ATTRIBUTE, FolderMark, mark_of


class Fields:
    """A manager of custom attributes to which somebody else adds the same one first."""

    def __init__(self):
        self.field = []
        self.written = []

    def AddCustomFieldDef(self, name, **_options):  # noqa: N802 - a name of the API
        self.field.append(types.SimpleNamespace(name=name, key=7))
        raise vim.fault.DuplicateName(name=name)

    def SetField(self, entity, key, value):  # noqa: N802
        self.written.append((entity, key, value))


def test_an_attribute_that_another_run_has_just_made_is_taken():
    fields = Fields()
    vcenter = types.SimpleNamespace(vim=vim, content=types.SimpleNamespace(customFieldsManager=fields))
    mark = FolderMark(vcenter, {"folder": "Tenants/Acme", "tenant": "acme", "state": "present"})
    mark.create(Seen(None, ("folder", None, {})), {"tenant": "acme"}, None)
    assert fields.written == [("folder", 7, "acme")] and fields.field[0].name == ATTRIBUTE


def test_a_mark_that_is_withheld_is_not_taken_for_none():
    folder = vim.Folder("group-v7")
    assert mark_of(Found(folder, {"name": "Acme", "customValue": []}, {}), 7) is None
    with pytest.raises(Refused, match=r"does not tell the custom attributes of the folder Acme, so that nobody knows whose it is"):
        mark_of(Found(folder, {"name": "Acme"}, {"customValue": "NoPermission"}), 7)
