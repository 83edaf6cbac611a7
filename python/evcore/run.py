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
    from evcore.steps import Call


def run(
    pipeline: _core.Pipeline,
    call: Call,
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
    bytes_total = _total(inputs)
    received_before = pipeline.received()
    parts: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    started = time.perf_counter()
    with contextlib.ExitStack() as stack:
        if isinstance(listen, ProgressLine):
            stack.callback(listen.close)
        file = None if output is None else stack.enter_context(WholeFile(output))
        for step in steps(pipeline, call, inputs):
            if file is not None:
                file.write(step.stream.take_ndjson())
            if step.is_end:
                batch = step.stream.take_batch()
                parts.append(batch.counts())
                room = reject_limit - len(rejects)
                name = inputs[step.number].name
                rejects += [reject_entry(name, Reject(*r)) for r in batch.rejects()[:room]]
            if listen is not None:
                listen(
                    Progress(
                        bytes_read=step.bytes_read,
                        bytes_total=bytes_total,
                        events=pipeline.received() - received_before,
                        seconds=time.perf_counter() - started,
                    )
                )
        pipeline.finish()
    seconds = time.perf_counter() - started
    total = _sum(parts)
    return Summary(
        files=[_file(source.name, part) for source, part in zip(inputs, parts, strict=True)],
        bytes_read=total["bytes"],
        received=total["received"],
        kept=total["kept"],
        filtered=total["filtered"],
        duplicate=total["duplicate"],
        rejected=total["rejected"],
        notes=total["notes"],
        tags=total["tags"],
        categories=total["categories"],
        rejects=rejects,
        seconds=seconds,
        events_per_second=total["received"] / seconds,
        bytes_per_second=total["bytes"] / seconds,
        output=None if output is None else os.fspath(output),
    )


def _file(name: str, counts: dict[str, Any]) -> FileSummary:
    return FileSummary(
        name=name,
        bytes_read=counts["bytes"],
        received=counts["received"],
        kept=counts["kept"],
        filtered=sum(counts["filtered"].values()),
        duplicate=counts["duplicate"],
        rejected=sum(counts["rejected"].values()),
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


def _sum(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counters of all inputs together."""
    total: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, dict):
                named = total.setdefault(key, {})
                for name, count in value.items():
                    named[name] = named.get(name, 0) + count
            elif isinstance(value, int):
                total[key] = total.get(key, 0) + value
    return total
