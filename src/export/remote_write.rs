//! Sums as remote writes: numbers in one request, native histograms in another, since a receiver that knows no such
//! histograms throws the whole request away.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;

use super::families::{Family, Labels, Value};
use super::message::{Label, NativeHistogram, Sample, TimeSeries, WriteRequest};
use super::{classic, native};
use crate::metrics::Histogram;

/// Which form times are sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Native histograms.
    Native,
    /// Numbers by bound.
    Classic,
}

/// The requests of one push: each is a body, compressed.
pub(super) fn bodies(families: &[Family], form: Form, at_ms: i64) -> Vec<Vec<u8>> {
    requests(families, form, at_ms).iter().filter(|request| !request.timeseries.is_empty()).map(body).collect()
}

/// The same, that says of every series that it is over.
pub(super) fn farewell(families: &[Family], form: Form, at_ms: i64) -> Vec<Vec<u8>> {
    let mut requests = requests(families, form, at_ms);
    for series in requests.iter_mut().flat_map(|request| &mut request.timeseries) {
        series.samples.iter_mut().for_each(|sample| sample.value = native::stale());
        series.histograms.iter_mut().for_each(|histogram| *histogram = native::over(at_ms));
    }
    requests.iter().filter(|request| !request.timeseries.is_empty()).map(body).collect()
}

fn requests(families: &[Family], form: Form, at_ms: i64) -> [WriteRequest; 2] {
    let (mut numbers, mut histograms) = (WriteRequest::default(), WriteRequest::default());
    for family in families {
        let name = family.full_name();
        for (labels, value) in &family.samples {
            match (value, form) {
                (Value::Count(count), _) => numbers.timeseries.push(number(&name, labels, *count as f64, at_ms)),
                (Value::Times(times), Form::Native) => {
                    histograms.timeseries.push(histogram(&name, labels, native::of(times, at_ms)));
                }
                (Value::Times(times), Form::Classic) => {
                    numbers.timeseries.extend(by_bounds(&name, labels, times, at_ms));
                }
            }
        }
    }
    [numbers, histograms]
}

fn body(request: &WriteRequest) -> Vec<u8> {
    // Compressing fails only for what is larger than 4 GiB.
    snap::raw::Encoder::new().compress_vec(&request.encode_to_vec()).unwrap_or_default()
}

fn number(name: &str, labels: &Labels, value: f64, timestamp: i64) -> TimeSeries {
    let samples = vec![Sample { value, timestamp }];
    TimeSeries { labels: named(name, labels), samples, histograms: Vec::new() }
}

fn histogram(name: &str, labels: &Labels, histogram: NativeHistogram) -> TimeSeries {
    TimeSeries { labels: named(name, labels), samples: Vec::new(), histograms: vec![histogram] }
}

fn by_bounds(name: &str, labels: &Labels, times: &Histogram, at_ms: i64) -> Vec<TimeSeries> {
    let bucket = |(bound, count): (f64, u64)| {
        let le = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
        let labels: Labels = labels.iter().cloned().chain([("le".to_owned(), le)]).collect();
        number(&format!("{name}_bucket"), &labels, count as f64, at_ms)
    };
    let buckets = classic::cumulative(times).into_iter().map(bucket);
    let sum = number(&format!("{name}_sum"), labels, times.sum_us() / 1e6, at_ms);
    buckets.chain([sum, number(&format!("{name}_count"), labels, times.count() as f64, at_ms)]).collect()
}

/// All labels in the order of their names, the metric's own among them.
fn named(name: &str, labels: &Labels) -> Vec<Label> {
    let all: BTreeMap<&str, &str> = labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        // Who scrapes gives the job a name; here nobody else does.
        .chain([("__name__", name), ("job", "mnload")])
        // An empty value says that there is no such label.
        .filter(|(_, value)| !value.is_empty())
        .collect();
    all.into_iter().map(|(name, value)| Label { name: name.to_owned(), value: value.to_owned() }).collect()
}

/// The names of all series that are sent, in either form.
pub(super) fn names(families: &[Family]) -> BTreeSet<String> {
    let label = |series: &TimeSeries| series.labels.iter().find(|label| label.name == "__name__").cloned();
    let both = [Form::Native, Form::Classic].into_iter().flat_map(|form| requests(families, form, 0));
    both.flat_map(|request| request.timeseries).filter_map(|series| Some(label(&series)?.value)).collect()
}
