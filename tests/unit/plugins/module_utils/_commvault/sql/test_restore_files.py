# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import restore as sql_restore
from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql.restore import File
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError

FILES = [
    File("Sales", "D:\\SQL\\Data\\Sales.mdf"),
    File("Archive", "D:\\SQL\\Data\\old.ndf"),
    File("Sales_log", "L:\\Log\\Sales_log.LDF"),
]


def wanted(**options):
    return {"name": "Sales", "new_name": None, "files": [], "data_path": None, "log_path": None, **options}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [file.path for file in FILES]),
        ({"new_name": "Kopie"}, ["D:\\SQL\\Data\\Kopie.mdf", "D:\\SQL\\Data\\Kopie_old.ndf", "L:\\Log\\Kopie_log.LDF"]),
        ({"data_path": "E:\\"}, ["E:\\Sales.mdf", "E:\\old.ndf", "L:\\Log\\Sales_log.LDF"]),
        ({"log_path": "\\\\nas\\logs"}, [FILES[0].path, FILES[1].path, "\\\\nas\\logs\\Sales_log.LDF"]),
        ({"data_path": "/var/opt/mssql/"}, ["/var/opt/mssql/Sales.mdf", "/var/opt/mssql/old.ndf", "L:\\Log\\Sales_log.LDF"]),
        ({"files": [{"logical": "ARCHIVE", "path": "F:\\a.ndf"}]}, [FILES[0].path, "F:\\a.ndf", FILES[2].path]),
    ],
)
def test_where_files_go(options, expected):
    assert sql_restore.places(wanted(**options), FILES) == expected


def test_a_new_name_that_is_no_file_name_becomes_one():
    assert sql_restore.places(wanted(new_name='a/b:c*"d"? '), FILES)[0] == "D:\\SQL\\Data\\a_b_c__d__.mdf"


def test_files_of_a_linux_server_keep_their_folder():
    (path,) = sql_restore.places(wanted(new_name="x"), [File("Sales", "/var/opt/mssql/data/Sales.mdf")])
    assert path == "/var/opt/mssql/data/x.mdf"


def test_a_device_string_has_five_fields_for_every_file():
    (text,) = sql_restore.device_strings("Sales", "Übung", FILES[:1], ["E:\\Übung.mdf"])
    assert text == "|Sales|#12!Übung|#12!Sales|#12!E:\\Übung.mdf|#12!D:\\SQL\\Data\\Sales.mdf"


@pytest.mark.parametrize("evil", ["a|b", "a#12!b", "|#12!", "a\nb", "a\x00b", "\x7f", " "])
@pytest.mark.parametrize("field", range(4))
def test_nothing_can_add_a_field(evil, field):
    values = ["Sales", "Copy", "Sales", "E:\\x.mdf"]
    values[field] = evil
    with pytest.raises(InputError):
        sql_restore.device_strings(values[0], values[1], [File(values[2], "D:\\x.mdf")], [values[3]])


@pytest.mark.parametrize("path", ["", "SQL", "E:", "E:SQL", "..\\x", "\\x", "\\\\server", "E:\\a|b"])
def test_a_folder_is_a_whole_path(path):
    with pytest.raises(InputError):
        sql_restore.require_path(path, "data_path", folder=True)


@pytest.mark.parametrize("path", ["E:\\", "e:\\SQL\\", "\\\\server\\share", "/var/opt"])
def test_whole_paths(path):
    assert sql_restore.require_path(path, "data_path", folder=True) == path
