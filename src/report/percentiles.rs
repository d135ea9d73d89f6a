//! `percentiles.txt`: the percentile tables that wrk2 and HdrHistogram's tools print, times in milliseconds.
//!
//! HdrHistogram's plotter reads it; of several tables it takes the first, which is the response time.

use std::fmt::Write as _;

use super::Report;
use crate::metrics::{CurvePoint, Latency};

/// Both tables.
pub(super) fn render(report: &Report) -> String {
    let times = &report.result.times_us;
    let response = table("response time: done - due", &report.response_curve, &times.response);
    let service = table("service time: done - sent", &report.service_curve, &times.service);
    format!("{response}\n{service}")
}

fn table(title: &str, curve: &[CurvePoint], latency: &Latency) -> String {
    let mut out = format!("#[{title}, in milliseconds]\n");
    out.push_str("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    for point in curve {
        let (ms, quantile, count) = (point.us as f64 / 1e3, point.quantile, point.count);
        // Writing to a string does not fail.
        let _ = match quantile < 1.0 {
            true => writeln!(out, "{ms:12.3} {quantile:2.12} {count:10} {:14.2}", 1.0 / (1.0 - quantile)),
            false => writeln!(out, "{ms:12.3} {quantile:2.12} {count:10} {:>14}", "inf"),
        };
    }
    let mean = format!("{:.3}", latency.mean / 1e3);
    let (max, count) = (format!("{:.3}", latency.max as f64 / 1e3), latency.count);
    let _ = writeln!(out, "#[Mean    = {mean:>12}]");
    let _ = writeln!(out, "#[Max     = {max:>12}, Total count    = {count:>12}]");
    // The library's own at three significant digits: 2,048 counters in a bucket, and as many buckets as an hour takes.
    let _ = writeln!(out, "#[Buckets = {:>12}, SubBuckets     = {:>12}]", 22, 2_048);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    /// The figures of every line that has some.
    fn rows(text: &str) -> Vec<[f64; 4]> {
        let rows = text.lines().filter(|line| line.contains('.') && !line.starts_with('#'));
        let figures = |line: &str| line.split_whitespace().map(|word| word.parse().unwrap()).collect::<Vec<f64>>();
        rows.map(|line| figures(line).try_into().unwrap()).collect()
    }

    #[test]
    fn counts_add_up_to_all_and_nothing_goes_down() {
        let report = Fixture::default().report();
        let rows = rows(&table("", &report.response_curve, &report.result.times_us.response));
        assert!(rows.len() > 20, "{rows:?}");
        assert!(rows.windows(2).all(|pair| (0..4).all(|at| pair[0][at] <= pair[1][at])), "{rows:?}");
        let count = report.result.times_us.response.count as f64;
        assert!(rows.iter().all(|[_, quantile, seen, _]| *seen >= (quantile * count).floor()), "{rows:?}");
        let last = rows.last().unwrap();
        assert_eq!((last[1], last[2], last[3]), (1.0, count, f64::INFINITY));
        assert_eq!(last[0], report.result.times_us.response.max as f64 / 1e3);
    }

    #[test]
    fn nothing_has_a_table_without_rows() {
        let text = render(&Fixture::empty().report());
        assert!(rows(&text).is_empty() && text.contains("Total count    =            0"), "{text}");
    }
}
