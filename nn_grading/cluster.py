"""The same work on many machines: submissions go to a dask.distributed cluster, records come back.

A task is one submission and may run any number of times. Nothing is written by a task: the records come back
and this process, the one writer, keeps them. The secret and the limits travel with each task; the course is
loaded on each worker, which therefore needs the same version of the project (that is checked).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from distributed import Client, KilledWorker, LocalCluster, as_completed

from nn_grading import course as courses
from nn_grading import sandbox
from nn_grading.grade import Job, Limits, Record
from nn_grading.pool import Grader, Setting
from nn_grading.results import Order

AHEAD = 8  # tasks in flight for each worker thread
_here = threading.local()


def task(
    student: str,
    assignment: str,
    data: bytes | None,
    remarks: list[str],
    unreadable: str,
    only: list[str] | None,
    secret: bytes,
    seconds: float,
    memory: int,
    unsafe: bool,
    fresh: bool,
    version: str,
) -> Record:
    """Grade one submission on whichever machine this runs."""
    if courses.version() != version:
        return {"fatal": f"a worker has another version of the project ({courses.version()}, not {version})"}
    job = Job(
        student, assignment, data, tuple(remarks), unreadable, None if only is None else frozenset(only)
    )
    about = (secret, seconds, memory, unsafe, fresh)
    if getattr(_here, "about", None) != about:
        _here.grader = Grader(Setting(courses.load(secret=secret), Limits(seconds, memory), unsafe, fresh))
        _here.about = about
    try:
        return _here.grader.grade(job)
    except sandbox.SandboxError as error:
        return {"fatal": str(error)}


def run(
    setting: Setting, orders: Iterator[Order], address: str, processes: int
) -> Iterator[tuple[Order, Record | None]]:
    """Yield each order with its record as it is done; None for one that took its worker down too often."""
    local = None
    if address == "local":
        local = LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
        )
        address = local.scheduler_address
    try:
        with Client(address, set_as_default=False) as client:
            yield from _stream(client, setting, orders)
    except (OSError, TimeoutError) as error:
        raise sandbox.SandboxError(f"the scheduler at {address} cannot be reached: {error}") from None
    finally:
        if local is not None:
            local.close()


def _stream(
    client: Client, setting: Setting, orders: Iterator[Order]
) -> Iterator[tuple[Order, Record | None]]:
    limits, version = setting.limits, courses.version()
    threads = sum(client.nthreads().values()) or 1
    waiting: dict[str, Order] = {}

    def submit(order: Order):
        job = order.job()
        only = None if job.only is None else sorted(job.only)
        future = client.submit(
            task,
            job.student,
            job.assignment,
            job.data,
            list(job.remarks),
            job.unreadable,
            only,
            setting.course.secret,
            limits.time,
            limits.memory,
            setting.unsafe,
            setting.fresh,
            version,
            pure=False,
        )
        waiting[future.key] = order
        return future

    orders = iter(orders)
    first = [submit(order) for order in itertools.islice(orders, AHEAD * threads)]
    done = as_completed(first, loop=client.loop)
    for future in done:
        order = waiting.pop(future.key)
        error = future.exception()
        record: Record | None = None
        if error is None:
            record = future.result()
        elif not isinstance(error, KilledWorker):
            record = {"fault": f"{type(error).__name__}: {error}"}
        if record is not None and "fatal" in record:
            raise sandbox.SandboxError(record["fatal"])
        future.release()
        following = next(orders, None)
        if following is not None:
            done.add(submit(following))
        yield order, record
