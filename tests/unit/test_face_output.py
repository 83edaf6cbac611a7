"""Output files are there whole or not at all."""

import os
import stat

import pytest

from evcore.errors import OutputError
from evcore.output import WholeFile


def test_an_error_leaves_what_stood_there(tmp_path):
    path = tmp_path / "out.ndjson"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), WholeFile(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.ndjson"]


def test_success_replaces_it_with_an_ordinary_file(tmp_path):
    path = tmp_path / "out.ndjson"
    path.write_bytes(b"old")
    mask = os.umask(0o027)
    try:
        with WholeFile(path) as file:
            file.write(b"new")
            assert path.read_bytes() == b"old"
    finally:
        os.umask(mask)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["out.ndjson"]


def test_a_link_keeps_pointing(tmp_path):
    (tmp_path / "real.ndjson").write_bytes(b"old")
    (tmp_path / "link.ndjson").symlink_to("real.ndjson")
    with WholeFile(tmp_path / "link.ndjson") as file:
        file.write(b"new")
    assert (tmp_path / "link.ndjson").is_symlink()
    assert (tmp_path / "real.ndjson").read_bytes() == b"new"


def test_a_device_is_written_not_replaced():
    with WholeFile(os.devnull) as file:
        file.write(b"x")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize("name", ["", "no/such/folder/out.ndjson"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(OutputError, match=str(tmp_path)), WholeFile(tmp_path / name):
        pass
