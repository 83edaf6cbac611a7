"""The ``evcore`` command.

Exit codes: 0 done; 1 the job failed (a configuration that is not valid, an input that is missing or
cannot be read, an output that cannot be written, rejects with ``--fail-on-reject``); 2 wrong usage;
130 stopped with Ctrl-C. Rejected events alone are no failure: they are counted and shown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from evcore import __version__
from evcore.errors import EvcoreError, InputError

if TYPE_CHECKING:
    from evcore.pipeline import Pipeline


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments
        What stands after ``evcore``; none: the process's own.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    # Names may hold characters that the terminal's encoding lacks.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # `evcore … | head`: the reader has seen enough. Python's own flush at exit must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("evcore: stopped", file=sys.stderr)
        return 130
    except EvcoreError as error:
        print(_message(error), file=sys.stderr)
        return 1
    return code


def _message(error: EvcoreError) -> str:
    text = str(error)
    return text if text.startswith("error") else f"evcore: {text}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evcore",
        description="Decode, tag, filter and aggregate customer events.",
        epilog="Exit codes: 0 done, 1 the job failed, 2 wrong usage.",
    )
    parser.add_argument("--version", action="version", version=f"evcore {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="run events through a configuration")
    run.add_argument("config", metavar="CONFIG", help=".toml, .json or .yaml")
    run.add_argument(
        "inputs", metavar="INPUT", nargs="+", help="file, pattern, folder, or - for standard input"
    )
    run.add_argument(
        "-o", "--output", metavar="OUT.ndjson", help="kept events with their tags; - too"
    )
    run.add_argument("--results", metavar="FILE.json", help="write the aggregates there; - too")
    run.add_argument("--threads", type=_threads, default=1, metavar="N")
    run.add_argument("--feed", help="the wire format, if not the configuration's")
    run.add_argument("--json", action="store_true", help="print the summary as JSON")
    run.add_argument("--quiet", action="store_true", help="print no summary and no progress")
    run.add_argument("--fail-on-reject", action="store_true", help="exit 1 if anything is rejected")
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="check a configuration and its rules")
    check.add_argument("config", metavar="CONFIG")
    check.add_argument("--plan", action="store_true", help="show what runs when, and how")
    check.add_argument("--json", action="store_true", help="print as JSON")
    check.set_defaults(command=_check)

    explain = commands.add_parser("explain", help="show each rule's verdict on one event")
    explain.add_argument("config", metavar="CONFIG")
    explain.add_argument("event", metavar="EVENT.json", help="a file with one event, or -")
    explain.add_argument("--feed", help="the wire format, if not the configuration's")
    explain.add_argument("--json", action="store_true", help="print as JSON")
    explain.set_defaults(command=_explain)

    demo = commands.add_parser("demo", help="make sample events and show what comes out")
    demo.add_argument("--events", type=_count, default=400_000, metavar="N")
    demo.add_argument("--dir", default="demo", help="folder for the sample files")
    demo.add_argument("--threads", type=_threads, default=1, metavar="N")
    demo.set_defaults(command=_demo)

    bench = commands.add_parser("bench", help="measure this machine")
    bench.add_argument("--events", type=_count, default=200_000, metavar="N")
    bench.add_argument("--threads", type=_threads, default=1, metavar="N")
    bench.add_argument("--json", action="store_true", help="print as JSON")
    bench.set_defaults(command=_bench)
    return parser


def _threads(text: str) -> int:
    return _whole(text, 1, 256)


def _count(text: str) -> int:
    return _whole(text.replace("_", ""), 1, 1_000_000_000)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most:,}")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from evcore.output import STDOUT, WholeFile
    from evcore.pipeline import Pipeline
    from evcore.show import show_answer

    if options.output == options.results == STDOUT:
        _usage("run: only one of --output and --results can go to standard output")
    pipeline = Pipeline(options.config, threads=options.threads)
    with contextlib.ExitStack() as stack:
        # Opened first: a place that cannot be written shows before an hour of work, not after it.
        results = None
        if options.results is not None:
            results = stack.enter_context(WholeFile(options.results))
        summary = pipeline.run(
            options.inputs, output=options.output, progress=not options.quiet, feed=options.feed
        )
        if results is not None:
            results.write(pipeline.results().to_json() + b"\n")
    if not options.quiet:
        # Where data goes to standard output, the summary must not mix with it.
        place = sys.stderr if STDOUT in (options.output, options.results) else sys.stdout
        if options.json:
            print(summary.to_json().decode(), file=place)
        else:
            print(summary, file=place)
            if options.results is None:
                for result in pipeline.results().values():
                    show_answer(result, place)
    return 1 if options.fail_on_reject and sum(summary.rejected.values()) else 0


def _usage(message: str) -> NoReturn:
    print(f"evcore {message}", file=sys.stderr)
    raise SystemExit(2)


def _check(options: argparse.Namespace) -> int:
    from evcore.pipeline import Pipeline

    pipeline = Pipeline(options.config)
    if options.json:
        print(_check_json(pipeline, with_plan=options.plan).decode())
        return 0
    config = pipeline.config
    parts = [
        f"{len(config.category)} categories",
        f"{len(config.tag)} tags",
        f"{len(config.filter)} filters",
        f"{len(config.aggregate)} aggregates",
    ]
    print(f"{options.config}: ok, {', '.join(parts)}")
    if options.plan:
        print(pipeline.plan())
    return 0


def _check_json(pipeline: Pipeline, *, with_plan: bool) -> bytes:
    import msgspec

    document: dict[str, Any] = {"config": pipeline.config}
    if with_plan:
        document["plan"] = pipeline.plan().to_dict()
    return msgspec.json.encode(document)


def _explain(options: argparse.Namespace) -> int:
    from evcore.pipeline import Pipeline

    pipeline = Pipeline(options.config)
    try:
        if options.event == "-":
            event = sys.stdin.buffer.read()
        else:
            with open(options.event, "rb") as file:
                event = file.read()
    except OSError as error:
        raise InputError(f"{options.event}: {error.strerror}") from None
    explanation = pipeline.explain(event, feed=options.feed)
    print(explanation.to_json().decode() if options.json else explanation)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from evcore.demo import demo

    demo(options.events, folder=options.dir, threads=options.threads)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from evcore.demo import bench

    bench(options.events, threads=options.threads, as_json=options.json)
    return 0
