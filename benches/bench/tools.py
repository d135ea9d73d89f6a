"""The tools that are compared: how each is installed, asked for the same work, and read.

Every tool has one thread. A tool's `command` is None when it cannot do what is asked.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

from .process import ROOT

CACHE = ROOT / "target" / "tools"
SCENARIOS = ROOT / "benches" / "peers"


@dataclasses.dataclass(frozen=True)
class Load:
    """What a tool is asked for: so many seconds or requests, over so many connections with so many streams each."""

    url: str
    connections: int = 64
    seconds: int = 0
    requests: int = 0
    rate: int = 0
    streams: int = 0
    pacing: str = ""

    @property
    def http2(self):
        return self.streams > 0

    @property
    def secure(self):
        return self.url.startswith("https")


@dataclasses.dataclass
class Done:
    """What a tool says that it did."""

    requests: int
    errors: int


class Unsupported(Exception):
    """This build of mnload does not know what is asked for."""


class Wrk:
    name, program, package = "wrk", "wrk", "wrk"

    def command(self, load, _):
        if load.http2 or load.rate or not load.seconds:
            return None
        return [self.program, "-t1", f"-c{load.connections}", f"-d{load.seconds}s", load.url]

    def done(self, said, _):
        errors = [int(number) for line in re.findall(r"Socket errors: (.*)", said) for number in re.findall(r"\d+", line)]
        errors += [int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", said)]
        return Done(number_in(r"(\d+) requests in", said), sum(errors))

    def version(self):
        return said_by(self.program, "-v").split(" Copyright")[0].removeprefix("wrk ")


class Hey:
    name, program, package = "hey", "hey", "hey"

    def command(self, load, _):
        # Its HTTP/2 shares one connection whatever is asked for, and its rates are per connection, on a timer each.
        if load.http2 or load.rate > 2_000:
            return None
        amount = ["-z", f"{load.seconds}s"] if load.seconds else ["-n", load.requests]
        rate = ["-q", load.rate / load.connections] if load.rate else []
        return [self.program, *amount, "-c", load.connections, *rate, load.url]

    def done(self, said, _):
        statuses = {int(status): int(count) for status, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", said)}
        failed = [int(count) for count in re.findall(r"\[(\d+)\]", said.partition("Error distribution:")[2])]
        return Done(sum(statuses.values()), sum(statuses.values()) - statuses.get(200, 0) + sum(failed))

    def version(self):
        return package_version("hey")


class H2load:
    name, program, package = "h2load", "h2load", "nghttp2-client"

    def command(self, load, _):
        amount = ["-D", load.seconds] if load.seconds else ["-n", load.requests]
        protocol = ["-m", load.streams] if load.http2 else ["--h1"]
        rate = ["--rps", load.rate / load.connections] if load.rate else []
        return [self.program, "-t1", "-c", load.connections, *amount, *protocol, *rate, load.url]

    def done(self, said, _):
        kinds = ("failed", "errored", "timeout", "3xx", "4xx", "5xx")
        return Done(number_in(r"(\d+) succeeded", said), sum(number_in(rf"(\d+) {kind}", said) for kind in kinds))

    def version(self):
        return said_by(self.program, "--version").removeprefix("h2load ")


class Oha:
    name, program, package = "oha", None, None

    def install(self):
        """With cargo, into a folder under target/: it is in no Debian release."""
        self.program = shutil.which("oha", path=os.pathsep.join([str(CACHE / "bin"), os.environ.get("PATH", "")]))
        if not self.program:
            subprocess.run(["cargo", "install", "oha", "--locked", "--root", CACHE], cwd="/", check=True)
            self.program = str(CACHE / "bin" / "oha")

    def command(self, load, _):
        amount = ["-z", f"{load.seconds}s", "-w"] if load.seconds else ["-n", load.requests]
        protocol = ["--http2", "-p", load.streams] if load.http2 else []
        rate = ["-q", load.rate, "--latency-correction"] if load.rate else []
        secure = ["--insecure"] if load.secure else []
        return [self.program, "--no-tui", "--output-format", "json", *amount, "-c", load.connections, *protocol, *rate,
                *secure, load.url]

    def done(self, said, _):
        document, _ = json.JSONDecoder().raw_decode(said, said.index("{"))
        statuses = document["statusCodeDistribution"]
        everything = sum(statuses.values())
        return Done(everything, everything - statuses.get("200", 0) + sum(document["errorDistribution"].values()))

    def version(self):
        return said_by(self.program, "--version").removeprefix("oha ")


class Mnload:
    """With recording, the status checked, figures of every step, and all reports, as always."""

    name, package = "mnload", None

    def __init__(self, program):
        self.program = program

    def command(self, load, scratch):
        scenario = SCENARIOS / f"{self.scenario(load)}.toml"
        return [self.program, "run", scenario, "--quiet", "--overwrite", "--out", scratch / "run"]

    def scenario(self, load):
        if load.http2:
            return "http2"
        if load.rate:
            return f"open-{load.pacing}" if load.pacing else "open"
        return "closed" if load.seconds else "count" if load.requests > 1 else "once"

    def environment(self, load):
        base_url, page = re.fullmatch(r"(\w+://[^/]+)(/.*)", load.url).groups()
        # One user for each request that may be under way.
        return {
            "BASE_URL": base_url, "PAGE": page, "SECONDS": str(load.seconds), "RATE": str(load.rate),
            "REQUESTS": str(load.requests), "CONNECTIONS": str(load.connections * max(load.streams, 1)),
            "STREAMS": str(load.streams),
        }

    def done(self, _, scratch):
        steps = json.loads((scratch / "run" / "result.json").read_text())["steps"].values()
        return Done(sum(step["requests"] for step in steps), sum(step["failed"] for step in steps))

    def version(self):
        return said_by(self.program, "--version").removeprefix("mnload ")


class Curl:
    """For the smoke case alone."""

    name, program, package = "curl", "curl", "curl"

    def command(self, load, _):
        return [self.program, "-sf", "-o", "/dev/null", load.url]

    def done(self, _, __):
        return Done(1, 0)

    def version(self):
        return said_by(self.program, "--version").split()[1]


def check(tool, cost, scratch):
    """What the tool did in a run that cost `cost`; ends the program if not all of it was well."""
    # A generator that is kept busy on purpose is INCONCLUSIVE (4), which says nothing against its CPU.
    allowed = (0, 4) if isinstance(tool, Mnload) else (0,)
    if cost.code == 3 and isinstance(tool, Mnload) and "unknown key" in cost.said:
        raise Unsupported
    if cost.code not in allowed:
        sys.exit(f"{tool.name} ended with {cost.code}:\n{cost.said}")
    done = tool.done(cost.said, scratch)
    if done.errors or not done.requests:
        sys.exit(f"{tool.name} made {done.requests} requests and counted {done.errors} errors: it measured something else\n"
                 f"{cost.said[-2_000:]}")
    return done


def install(tools):
    """What is missing, from Debian's packages or with cargo."""
    packages = [tool.package for tool in tools if tool.package and not shutil.which(tool.program)]
    packages += [package for program, package in (("nginx", "nginx"), ("openssl", "openssl"), ("time", "time"))
                 if not shutil.which(program)]
    if packages:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdout=subprocess.DEVNULL)
    for tool in tools:
        if hasattr(tool, "install"):
            tool.install()


def number_in(pattern, said):
    found = re.search(pattern, said)
    if not found:
        sys.exit(f"the tool does not say {pattern}:\n{said}")
    return int(found.group(1))


def said_by(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return (result.stdout + result.stderr).strip().splitlines()[0]


def package_version(package):
    """For a program that does not say."""
    if not shutil.which("dpkg-query"):
        return "unknown"
    return said_by("dpkg-query", "-W", "-f", "${Version}", package)


def revision():
    """The commit that is checked out, and whether anything differs from it."""
    result = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return result.stdout.strip() or "unknown"
