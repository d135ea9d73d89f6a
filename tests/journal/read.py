"""Adds up the histograms of a journal by tag with the Python library of HdrHistogram, and prints them as JSON."""
import json
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

sums = {}
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3_600_000_000, 3))
while (interval := reader.get_next_interval_histogram()) is not None:
    tag = interval.get_tag()
    if tag not in sums:
        sums[tag] = HdrHistogram(1, 3_600_000_000, 3)
    sums[tag].add(interval)
figures = {
    tag: {"count": total.get_total_count(), "p50": total.get_value_at_percentile(50), "p99": total.get_value_at_percentile(99)}
    for tag, total in sums.items()
}
print(json.dumps({"start": reader.get_start_time_sec(), "tags": figures}))
