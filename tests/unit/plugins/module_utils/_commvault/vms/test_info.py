# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms.info import may_be_one


@pytest.mark.parametrize(
    ("address", "other", "expected"),
    [
        ("VC.example.com", "vc.example.com:443", True),
        ("vc", "vc.example.com", True),
        ("vc.example.com", "vc", True),
        ("198.18.0.1", "vc.example.com", True),
        (None, "vc.example.com", True),
        ("fe80::1", "vc.example.com", True),
        ("vc.example.com", "vc2.example.com", False),
        ("vc.lux.example.com", "vc.jer.example.com", False),
        ("vc.example.com:8443", "vc.example.com", False),
        ("198.18.0.1", "198.18.0.2", False),
    ],
)
def test_only_what_is_another_server_for_certain_is_one(address: str | None, other: str, expected: bool) -> None:
    assert may_be_one(address, other) is expected
