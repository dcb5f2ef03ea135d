# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError, WaitTimeout
from ansible_collections.calligo.baas.plugins.module_utils._core.output import Written, compare_file, locked, require_directory, write_file
from ansible_collections.calligo.baas.tests.support.scripted_client import FakeClock


def mode(path):
    return oct(path.stat().st_mode)[-3:]


def test_a_new_file(tmp_path):
    path = tmp_path / "rows"
    assert write_file(str(path), iter(["é", "\n"]), "0640") == Written(str(path), 3, changed=True)
    assert (path.read_text(encoding="utf-8"), mode(path)) == ("é\n", "640")


def test_the_same_again_leaves_the_file_alone(tmp_path):
    path = tmp_path / "rows"
    write_file(str(path), ["a", "b"], "0600")
    before = path.stat()
    assert write_file(str(path), ["ab"], "0600").changed is False
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(tmp_path.iterdir()) == [path]


def test_another_content_or_mode_replaces_it(tmp_path):
    path = tmp_path / "rows"
    write_file(str(path), ["a"], "0600")
    assert write_file(str(path), ["b"], "0600").changed
    assert write_file(str(path), ["b"], "0640").changed
    assert (path.read_text(encoding="utf-8"), mode(path)) == ("b", "640")


def test_check_mode_tells_and_writes_nothing(tmp_path):
    path = tmp_path / "rows"
    assert compare_file(str(path), ["abc"], "0600") == Written(str(path), 3, changed=True)
    assert not list(tmp_path.iterdir())
    write_file(str(path), ["abc"], "0600")
    assert compare_file(str(path), ["abc"], "0600").changed is False
    assert compare_file(str(path), ["abd"], "0600").changed is True
    assert path.read_text(encoding="utf-8") == "abc"


def test_a_failure_in_between_leaves_the_old_file(tmp_path):
    path = tmp_path / "rows"
    write_file(str(path), ["old"], "0600")

    def parts():
        yield "new"
        raise ValueError("the server went away")

    with pytest.raises(ValueError, match="went away"):
        write_file(str(path), parts(), "0600")
    assert (path.read_text(encoding="utf-8"), list(tmp_path.iterdir())) == ("old", [path])


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match=r"output_file: .* cannot be written: No such file or directory"):
        write_file(str(tmp_path / "missing" / "rows"), ["a"], "0600")
    with pytest.raises(InputError, match="Is a directory"):
        compare_file(str(tmp_path), ["a"], "0600")


def test_a_directory_for_files_is_there_or_can_be_made(tmp_path):
    require_directory(str(tmp_path))
    require_directory(str(tmp_path / "a" / "b"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [("evidence", "relative"), ("{}/file/evidence", "no directory"), ("{}/gone/x", "symbolic link"), ("{}/link", "symbolic link")],
)
def test_a_directory_that_cannot_be(tmp_path, place, wrong):
    (tmp_path / "file").touch()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match=wrong):
        require_directory(place.format(tmp_path))


def test_a_directory_that_may_not_be_written_to_or_is_full(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(output.os, "access", lambda path, mode: False)
        with pytest.raises(InputError, match="written to by this user"):
            require_directory(str(tmp_path))
    monkeypatch.setattr(output, "ROOM", 1 << 80)
    with pytest.raises(InputError, match="no room"):
        require_directory(str(tmp_path / "x"))


def test_a_directory_that_another_run_keeps_to_itself_is_not_waited_for_without_end(tmp_path):
    clock = FakeClock()
    held = r"was held by another run for 60 seconds\. See what that one waits for"
    with locked(str(tmp_path)), pytest.raises(WaitTimeout, match=held), locked(str(tmp_path), clock=clock):
        raise AssertionError("two were alone")
    with locked(str(tmp_path), clock=clock):
        pass
