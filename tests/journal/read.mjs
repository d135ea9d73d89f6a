// Adds up the histograms of a journal by tag with the JavaScript library of HdrHistogram, and prints them as JSON.
import { readFileSync } from "node:fs";
import hdr from "hdr-histogram-js";

const reader = new hdr.HistogramLogReader(readFileSync(process.argv[2], "utf8"));
const sums = new Map();
for (let interval = reader.nextIntervalHistogram(); interval; interval = reader.nextIntervalHistogram()) {
  const sum = sums.get(interval.tag) ?? hdr.build({ lowestDiscernibleValue: 1, highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: 3 });
  sum.add(interval);
  sums.set(interval.tag, sum);
}
const figures = [...sums].map(([tag, sum]) => [tag, { count: sum.totalCount, p50: sum.getValueAtPercentile(50), p99: sum.getValueAtPercentile(99) }]);
console.log(JSON.stringify({ start: reader.startTimeSec, tags: Object.fromEntries(figures) }));
