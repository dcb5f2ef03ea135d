# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is known to go on, to be over, or to be one of which nobody here can know."""

from __future__ import annotations

import subprocess
import sys

from ansible_collections.calligo.baas.plugins.module_utils._core import processes


def test_a_process_goes_on_until_it_ends() -> None:
    host = processes.holder().rsplit(":", 2)[0]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        one = f"{host}:{process.pid}:{processes._since(process.pid)}"
        assert processes.alive(one) is True
        assert processes.alive(f"{host}:{process.pid}:1") is False, "another one of the same number"
        process.kill()
        process.wait()
        assert processes.alive(one) is False


def test_of_another_host_nobody_can_know() -> None:
    assert processes.alive("elsewhere/0:1:1") is None
    assert processes.alive("") is None
    assert processes.alive(processes.holder()) is True
