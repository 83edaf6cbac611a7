"""The command as a person runs it: exit codes, one clear line on an error, nothing half written."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

import evcore

COMMAND = [sys.executable, "-m", "evcore"]
LINES = "".join(
    f'{{"name":"n{number % 3}","time":{number * 1000},"user":"u{number}"}}\n'
    for number in range(300)
)
CONFIG = """\
feed = "canonical"
[[tag]]
name = "zero"
when = 'name == "n0"'
[[filter]]
name = "two"
drop = 'name == "n2"'
[[aggregate]]
name = "by_name"
count = true
by = ["name"]
[[aggregate]]
name = "slots"
count = true
by = ["weekday_hour"]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.toml").write_text(CONFIG)
    (tmp_path / "events.ndjson").write_text(LINES)
    return tmp_path


def evcore_command(*arguments, stdin=""):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_fails(done, code, *parts):
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in parts:
        assert part in done.stderr


def test_run_prints_summary_and_answers():
    done = evcore_command("run", "shop.toml", "events.ndjson")
    assert done.returncode == 0, done.stderr
    assert "received 300 = kept 200 + filtered 100 + duplicate 0 + rejected 0" in done.stdout
    assert "M events/s" in done.stdout
    assert "Thursday 00:00–01:00" in done.stdout
    assert done.stderr == ""


def test_run_writes_results_output_and_json(folder):
    done = evcore_command(
        *("run", "shop.toml", "events.ndjson", "-", "-o", "out.ndjson"),
        *("--results", "results.json", "--json", "--threads", "2"),
        stdin=LINES,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert [file["name"] for file in summary["files"]] == ["events.ndjson", "<stdin>"]
    assert (summary["received"], summary["kept"], summary["output"]) == (600, 400, "out.ndjson")
    rows = [json.loads(line) for line in (folder / "out.ndjson").read_text().splitlines()]
    assert len(rows) == 400
    assert rows[0]["evcore"]["tags"] == ["zero"]
    results = json.loads((folder / "results.json").read_text())
    assert results["by_name"]["rows"][0] == {"name": "n0", "count": 200}
    assert results["slots"]["best"] == "Thursday 00:00–01:00"


def test_data_may_go_to_standard_output():
    done = evcore_command("run", "shop.toml", "events.ndjson", "-o", "-")
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()][:2] == ["n0", "n1"]
    assert "kept 200" in done.stderr
    done = evcore_command("run", "shop.toml", "events.ndjson", "--results", "-", "--quiet")
    assert json.loads(done.stdout)["by_name"]["rows"]
    assert done.stderr == ""
    done = evcore_command("run", "shop.toml", "events.ndjson", "--results", "-", "-o", "-")
    assert_fails(done, 2, "only one of")


def test_quiet_prints_nothing():
    done = evcore_command("run", "shop.toml", "events.ndjson", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


FAILURES = {
    "no configuration": (("run", "none.toml", "events.ndjson"), "none.toml: no such file"),
    "a folder as configuration": (("run", ".", "events.ndjson"), "Is a directory"),
    "a bad rule": (("run", "bad.toml", "events.ndjson"), "bad.toml:4:"),
    "no input": (("run", "shop.toml", "none.ndjson"), "none.ndjson: no such file"),
    "no match": (("run", "shop.toml", "none*.ndjson"), "no file matches"),
    "an empty folder": (("run", "shop.toml", "empty"), "holds no .ndjson"),
    "an unknown feed": (("run", "shop.toml", "events.ndjson", "--feed", "x"), "unknown feed `x`"),
    "no folder for the output": (
        ("run", "shop.toml", "events.ndjson", "-o", "none/out.ndjson"),
        "none/out.ndjson: cannot write",
    ),
    "no folder for the results": (
        ("run", "shop.toml", "events.ndjson", "--quiet", "--results", "none/r.json"),
        "none/r.json: cannot write",
    ),
    "another format": (("run", "shop.toml", "events.ndjson", "-o", "x.parquet"), ".ndjson"),
    "output over input": (
        ("run", "shop.toml", "events.ndjson", "-o", "events.ndjson"),
        "is also an input",
    ),
    "check": (("check", "bad.toml"), "^"),
    "explain without an event": (("explain", "shop.toml", "none.json"), "none.json: No such file"),
    "explain of no JSON": (("explain", "shop.toml", "shop.toml"), "evcore:"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_job_exits_1_with_one_clear_message(folder, case):
    (folder / "empty").mkdir()
    (folder / "bad.toml").write_text(CONFIG.replace('== "n0"', "=="))
    arguments, message = FAILURES[case]
    done = evcore_command(*arguments)
    assert_fails(done, 1, message)
    assert len(done.stderr.splitlines()) <= 8
    assert (folder / "events.ndjson").read_text() == LINES


def test_a_kernel_that_the_machine_lacks_is_named(monkeypatch):
    monkeypatch.setenv("EVCORE_SIMD", "mmx")
    assert_fails(evcore_command("run", "shop.toml", "events.ndjson"), 1, "EVCORE_SIMD=mmx")
    monkeypatch.setenv("EVCORE_SIMD", "portable")
    assert evcore_command("run", "shop.toml", "events.ndjson").returncode == 0


USAGE = {
    "nothing": (),
    "an unknown command": ("rnu",),
    "no input": ("run", "shop.toml"),
    "no threads": ("run", "shop.toml", "x", "--threads", "0"),
    "words for threads": ("run", "shop.toml", "x", "--threads", "two"),
    "an unknown option": ("run", "shop.toml", "x", "--thread-count", "2"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage_exits_2(case):
    assert_fails(evcore_command(*USAGE[case]), 2, "usage: evcore")


def test_version_and_help():
    assert evcore_command("--version").stdout == f"evcore {evcore.__version__}\n"
    text = evcore_command("--help").stdout
    for command in ("run", "check", "explain", "demo", "bench"):
        assert command in text


def test_rejects_fail_only_if_asked(folder):
    (folder / "bad.ndjson").write_text(LINES + "{")
    done = evcore_command("run", "shop.toml", "bad.ndjson")
    assert done.returncode == 0
    assert "bad_json 1" in done.stdout
    assert "bad.ndjson:301" in done.stdout
    done = evcore_command("run", "shop.toml", "bad.ndjson", "--fail-on-reject")
    assert done.returncode == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"{", b"\xff", b"\xef\xbb\xbf"])
def test_tiny_files(folder, content):
    (folder / "tiny.ndjson").write_bytes(content)
    done = evcore_command("run", "shop.toml", "tiny.ndjson", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kept"] == 0


def test_check_says_ok_and_shows_the_plan():
    done = evcore_command("check", "shop.toml")
    assert done.returncode == 0
    assert done.stdout == "shop.toml: ok, 0 categories, 1 tags, 1 filters, 2 aggregates\n"
    done = evcore_command("check", "shop.toml", "--plan")
    assert "zero" in done.stdout
    assert "two" in done.stdout
    document = json.loads(evcore_command("check", "shop.toml", "--plan", "--json").stdout)
    assert document["config"]["tag"][0]["name"] == "zero"
    assert document["plan"]


def test_explain_takes_a_file_or_standard_input(folder):
    event = LINES.splitlines()[0]
    (folder / "event.json").write_text(event)
    done = evcore_command("explain", "shop.toml", "event.json")
    assert done.returncode == 0, done.stderr
    assert "zero" in done.stdout
    piped = evcore_command("explain", "shop.toml", "-", stdin=event)
    assert piped.stdout == done.stdout
    document = json.loads(evcore_command("explain", "shop.toml", "event.json", "--json").stdout)
    assert document["tags"] == ["zero"]


def test_the_demo_names_the_best_hour():
    done = evcore_command("demo", "--events", "5000", "--dir", "sample")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Busiest: \w+day \d\d:00–\d\d:00\.", done.stdout)
    assert "received 5,000" in done.stdout
    assert "making" in done.stdout
    again = evcore_command("demo", "--events", "5000", "--dir", "sample")
    assert "making" not in again.stdout


def test_bench_measures_and_checks():
    done = evcore_command("bench", "--events", "2000", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["events"] == 2000
    assert figures["events_per_second"] > 0


def test_a_reader_that_leaves_early_is_no_error(folder):
    (folder / "long.ndjson").write_text(LINES * 300)
    process = subprocess.Popen(
        [*COMMAND, "run", "shop.toml", "long.ndjson", "-o", "-", "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline().startswith(b"{")
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_progress_is_drawn_on_a_terminal_only(folder):
    with (folder / "long.ndjson").open("w") as file:
        for _ in range(3000):
            file.write(LINES)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", "shop.toml", "long.ndjson"], stdout=subprocess.DEVNULL, stderr=slave
    )
    os.close(slave)
    shown = b""
    try:
        while piece := os.read(master, 65536):
            shown += piece
    except OSError:  # Linux: the other end is closed
        pass
    os.close(master)
    assert process.wait(timeout=60) == 0
    assert b"Traceback" not in shown
    if shown:  # a fast machine may be done before the first drawing is due
        assert b"events" in shown
        assert shown.endswith(b"\r")
