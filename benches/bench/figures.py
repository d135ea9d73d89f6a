"""Where figures go, from which machine they are, and how they are written."""

import argparse
import csv
import datetime
import os
import pathlib
import platform
import re
import statistics

from .process import ROOT


def arguments(about):
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=5, help="so many times in turn [5]")
    parser.add_argument("--mnload", type=pathlib.Path, help="a program that is built already, instead of building one")
    parser.add_argument("--profile", default="release", help="how it was built, in words, for the report [release]")
    parser.add_argument("--out", type=pathlib.Path, default=default_folder(), help="where the figures go [%(default)s]")
    return parser


def default_folder():
    host = f"{os.cpu_count()}-core-{platform.machine()}"
    return ROOT / "reports" / "bench" / f"{datetime.date.today().isoformat()}-{host}"


def machine():
    """The day and the machine, in one line."""
    return (f"{datetime.date.today().isoformat()}, {os.cpu_count()} cores {platform.machine()}, {processor()}, "
            f"{platform.system()} {platform.release().split('-')[0]}")


def processor():
    names = re.findall(r"model name\s*: (.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return names[0] if names else "processor not named"


def spread(values, digits):
    """Median, lowest and highest; of a single value that alone."""
    values = list(values)
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def write(folder, name, rows, text):
    """NAME.md and NAME.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    with open(folder / f"{name}.csv", "w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
