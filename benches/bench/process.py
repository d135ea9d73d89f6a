"""Processes on a core of their own, and what they cost."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLIENT_CORE, SERVER_CORE = 0, 1
# A tool that takes longer hangs, and ends as if it had failed.
LONGEST_S = 300


@dataclasses.dataclass
class Cost:
    """What one process cost, from its start to its end, and what it said on both streams."""

    code: int
    cpu_s: float
    wall_s: float
    said: str


@contextlib.contextmanager
def on_core(core):
    """What is started in here stays on this core: set before the start, so that no launcher's time is counted."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(command, environment=None, core=CLIENT_CORE):
    """Runs a command to its end; CPU is user and system time of the process and of all that it waited for."""
    with open(os.devnull) as nothing, on_core(core):
        began = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in command], env={**os.environ, **(environment or {})},
            stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
    watch = threading.Timer(LONGEST_S, process.kill)
    watch.start()
    said = process.stdout.read()
    watch.cancel()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(process.returncode, cpu_s, time.monotonic() - began, said.decode(errors="replace"))


@contextlib.contextmanager
def server(command, stop_with="terminate"):
    """A server on the server's core for as long as the block runs."""
    with on_core(SERVER_CORE):
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            getattr(process, stop_with)()
        process.wait()


def wait_until(answers, process, what):
    """Waits five seconds for `answers` to give true, as long as the process lives."""
    for _ in range(100):
        if answers():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{what} does not answer")


def build():
    """Builds mnload as it is published."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "mnload"
