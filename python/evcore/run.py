"""The loop of `Pipeline.run`: inputs in, counts, output and progress out."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

from evcore.batch import Reject
from evcore.errors import OutputError
from evcore.output import STDOUT, WholeFile
from evcore.sources import FOLDER_SUFFIXES
from evcore.steps import steps
from evcore.summary import FileSummary, Progress, ProgressLine, Summary, listener, reject_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from evcore import _core
    from evcore.sources import Input

COUNTS = ("received", "kept", "filtered", "duplicate", "rejected")


def run(
    pipeline: _core.Pipeline,
    stream: _core.Stream,
    inputs: list[Input],
    *,
    output: str | os.PathLike[str] | None,
    progress: bool | Callable[[Progress], None],
    reject_limit: int,
) -> Summary:
    """Fold all inputs; see :meth:`evcore.Pipeline.run`, which holds the docstring."""
    if output is not None:
        _check_output(os.fspath(output), inputs)
    listen = listener(progress)
    before = pipeline.metrics()
    files: list[FileSummary] = []
    rejects: list[dict[str, Any]] = []
    started = time.perf_counter()
    bytes_total = _total(inputs)
    with contextlib.ExitStack() as stack:
        if isinstance(listen, ProgressLine):
            stack.callback(listen.close)
        file = None if output is None else stack.enter_context(WholeFile(output))
        last = dict.fromkeys((*COUNTS, "bytes_read"), 0)
        for step in steps(stream, inputs):
            if file is not None:
                file.write(stream.take_ndjson())
            if step.is_end:
                now = stream.totals() | {"bytes_read": stream.bytes_read}
                name = inputs[step.number].name
                change = {key: now[key] - last[key] for key in last}
                files.append(FileSummary(name=name, **change))
                last = now
                for fields in stream.take_rejects():
                    if len(rejects) < reject_limit:
                        rejects.append(reject_entry(name, Reject(*fields)))
            if listen is not None:
                listen(
                    Progress(
                        bytes_read=stream.bytes_read,
                        bytes_total=bytes_total,
                        events=stream.totals()["received"],
                        seconds=time.perf_counter() - started,
                    )
                )
        pipeline.finish()
    seconds = time.perf_counter() - started
    added = _difference(pipeline.metrics(), before)
    return Summary(
        files=files,
        bytes_read=stream.bytes_read,
        received=added["received"],
        kept=added["kept"],
        filtered=added["filtered"],
        duplicate=added["duplicate"],
        rejected=added["rejected"],
        notes=added["notes"],
        tags=added["tags"],
        categories=added["categories"],
        rejects=rejects,
        seconds=seconds,
        events_per_second=added["received"] / seconds,
        bytes_per_second=stream.bytes_read / seconds,
        output=None if output is None else os.fspath(output),
    )


def _check_output(output: str, inputs: list[Input]) -> None:
    """Refuse an output of another format, or that is an input: it would be replaced."""
    if output == STDOUT or (os.path.exists(output) and not os.path.isfile(output)):
        return
    if not output.endswith(FOLDER_SUFFIXES):
        raise OutputError(f"{output}: the name must end in {' or '.join(FOLDER_SUFFIXES)}")
    if os.path.realpath(output) in {os.path.realpath(source.name) for source in inputs}:
        raise OutputError(f"{output}: is also an input")


def _total(inputs: list[Input]) -> int | None:
    sizes = [source.size for source in inputs]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _difference(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return what one run added to the pipeline's counters."""
    change: dict[str, Any] = {}
    for key, value in now.items():
        if isinstance(value, dict):
            old = before[key]
            change[key] = {name: count - old.get(name, 0) for name, count in value.items()}
        elif isinstance(value, int):
            change[key] = value - before[key]
    return change
