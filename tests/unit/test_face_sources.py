"""What may be named as input, and what is said about everything else."""

import gzip
import io
import mmap
import os

import numpy as np
import pytest

import evcore
from evcore.errors import InputError
from evcore.sources import File, Pieces, resolve

LINE = b'{"name":"Paid","time":1772546400000}\n'


@pytest.fixture
def folder(tmp_path):
    for name in ("b.ndjson", "a.jsonl", "c.json", "notes.txt"):
        (tmp_path / name).write_bytes(LINE)
    (tmp_path / "d.ndjson").mkdir()
    return tmp_path


@pytest.fixture
def pipeline():
    return evcore.Pipeline(evcore.Config(feed="canonical"))


def names(source):
    return [os.path.basename(found.name) for found in resolve(source)]


def test_a_folder_is_its_ndjson_files_in_order(folder):
    assert names(folder) == names(str(folder)) == ["a.jsonl", "b.ndjson"]


def test_a_pattern_is_every_file_that_matches(folder):
    assert names(str(folder / "*.json*")) == ["a.jsonl", "c.json"]
    assert names([folder / "b.ndjson", str(folder / "*.txt")]) == ["b.ndjson", "notes.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    (tmp_path / "a[1].ndjson").write_bytes(LINE)
    assert names(tmp_path / "a[1].ndjson") == ["a[1].ndjson"]


def test_a_pipe_is_pushed_not_read_by_position(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    handle = os.open(pipe, os.O_RDWR)
    try:
        (found,) = resolve(pipe)
        assert isinstance(found, Pieces)
        found.reader.close()
    finally:
        os.close(handle)
    (tmp_path / "file").write_bytes(LINE)
    assert resolve(tmp_path / "file") == [File(str(tmp_path / "file"), len(LINE))]


MISTAKES = {
    "no such file": ("missing.ndjson", r"missing\.ndjson: no such file"),
    "a slip in the name": ("b.ndjsn", r"did you mean .*b\.ndjson"),
    "no such folder": ("nowhere/x.ndjson", "there is no folder .*nowhere"),
    "no match": ("*.parquet", "no file matches"),
    "a folder without files": ("d.ndjson", r"holds no \.ndjson or \.jsonl"),
    "a zero byte": ("a\0b", "null"),
    "nothing": ("", None),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_path_is_named(folder, mistake):
    name, message = MISTAKES[mistake]
    path = str(folder / name) if name else ""
    with pytest.raises(InputError, match=message or "path is empty"):
        resolve(path)


@pytest.mark.parametrize("source", [5, None, {"name": "x"}, object(), [], b"x".decode], ids=repr)
def test_a_wrong_type_is_named(source):
    with pytest.raises(InputError, match=r"cannot read a|the list is empty"):
        resolve(source)


def test_text_mode_is_refused(tmp_path, pipeline):
    path = tmp_path / "x.ndjson"
    path.write_bytes(LINE)
    with path.open() as file, pytest.raises(InputError, match="'rb'"):
        resolve(file)
    with pytest.raises(InputError, match="open as text"):
        resolve(io.StringIO("{}"))

    class Odd:
        def read(self, size):
            return "text"

    with pytest.raises(InputError, match="gives text"):
        pipeline.run(Odd())


def test_compressed_files_are_refused_with_the_way_out(tmp_path, pipeline):
    path = tmp_path / "x.ndjson.gz"
    with gzip.open(path, "wb") as file:
        file.write(LINE)
    with pytest.raises(InputError, match=r"gzip\.open"):
        resolve(path)
    with gzip.open(path) as file:
        assert pipeline.run(file).kept == 1
    cut = path.read_bytes()[:-12]
    with gzip.open(io.BytesIO(cut)) as file, pytest.raises(InputError):
        pipeline.run(file)


def test_any_contiguous_buffer_is_read_where_it_lies(pipeline):
    array = np.frombuffer(LINE, dtype=np.uint8)
    for data in (LINE, bytearray(LINE), memoryview(LINE), array, array.reshape(1, -1)):
        assert len(pipeline.process(data)) == 1
        assert pipeline.run(data).kept == 1
    assert len(pipeline.process(memoryview(b""))) == 0
    assert len(pipeline.process(np.zeros((0, 3), dtype=np.uint8))) == 0


def test_a_caller_may_pass_an_mmap(tmp_path, pipeline):
    path = tmp_path / "x.ndjson"
    path.write_bytes(LINE * 3)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert len(pipeline.process(view)) == 3
        assert pipeline.run(view).kept == 3


def test_a_buffer_with_gaps_is_refused(pipeline):
    for data in (memoryview(LINE)[::2], np.frombuffer(LINE, dtype=np.uint8)[::2]):
        with pytest.raises(InputError, match="not contiguous"):
            pipeline.process(data)
        with pytest.raises(InputError, match="not contiguous"):
            pipeline.run(data)


def test_a_file_object_may_give_pieces_of_any_size(pipeline):
    class Drip:
        name = "drip"

        def __init__(self, data, size):
            self.file, self.size = io.BytesIO(data), size

        def read(self, size):
            return self.file.read(self.size)

    for size in (1, 7, 36, 37, 38, 1000):
        summary = pipeline.run(Drip(LINE * 20 + b'{"name":', size))
        assert (summary.kept, sum(summary.rejected.values())) == (20, 1)
        assert summary.files[0].name == "drip"
        assert summary.bytes_read == len(LINE) * 20 + 8
