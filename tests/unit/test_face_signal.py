"""Ctrl-C stops the engine at once, wherever it is, and leaves no half-written file."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

SETUP = """
import evcore, sys, time
config = evcore.Config(feed="canonical", aggregate=[evcore.Aggregate(name="n", count=True)])
pipeline = evcore.Pipeline(config)
LINE = b'{"name":"n","time":1772546400000,"attributes":{"text":"' + b"x" * 400 + b'"}}\\n'
BLOCK = LINE * 20_000

class Endless:
    def read(self, size):
        return BLOCK

def say(text):
    print(text, flush=True)

try:
    say("ready")
    {work}
except KeyboardInterrupt:
    say("stopped")
    sys.exit(7)
"""

WORK = {
    "scan": "for batch in pipeline.scan(Endless()): pass",
    "run": "pipeline.run(Endless(), output='out.ndjson')",
    "process": "while True: pipeline.process(BLOCK * 20)",
    "a file": "open('x.ndjson', 'wb').write(BLOCK * 20)\n    while True: pipeline.run('x.ndjson')",
}


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_ends_it(tmp_path, work):
    script = SETUP.replace("{work}", textwrap.dedent(WORK[work]))
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.7)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopped\n"
    took = time.monotonic() - sent
    assert process.wait(timeout=10) == 7
    process.stdout.close()
    # 0.2 s is the promise; a loaded test machine gets more.
    assert took < 2
    assert not [name for name in os.listdir(tmp_path) if "out.ndjson" in name]


def test_the_command_exits_130(tmp_path):
    (tmp_path / "c.toml").write_text('feed = "canonical"\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "evcore", "run", "c.toml", "-"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write('{"name":"x","time":1}\n')
    process.stdin.flush()
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert process.stderr.read() == "evcore: stopped\n"
    process.stdin.close()
    process.stderr.close()
