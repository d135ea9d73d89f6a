//! What the histograms of a journal are called: one tag per series and kind of time, which any reader takes as it is.

use std::collections::{BTreeMap, HashSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::metrics::{Histogram, StepTally, Tally};

/// What stays as it is. All else is encoded: a comma or a space ends a tag, and brackets are for names of ours.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');
/// Longer names are cut.
const LONGEST: usize = 120;

/// What the series is called that many steps share.
const OTHER: &str = "(other)";
/// What belongs to the warm-up, all steps together.
const WARM_UP: &str = "(warm-up)";
/// How late requests were sent.
const SEND_LAG: &str = "send_lag";
/// How long answers took to come in.
const RECEIVE: &str = "receive";

/// A histogram of a series, and where it is kept.
type Time = (&'static str, fn(&StepTally) -> &Histogram, fn(&mut StepTally) -> &mut Histogram);

/// The kinds of times that a series has.
const TIMES: [Time; 5] = [
    ("response", |step| &step.response, |step| &mut step.response),
    ("service", |step| &step.service, |step| &mut step.service),
    ("first_byte", |step| &step.first_byte, |step| &mut step.first_byte),
    ("connect", |step| &step.connect, |step| &mut step.connect),
    ("tls", |step| &step.tls, |step| &mut step.tls),
];

/// The tags of series with these names, each its own; none for the one that many steps share.
pub fn series_tags<'n>(names: impl IntoIterator<Item = Option<&'n str>>) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut unused = |name: String| {
        let numbered = (2..).map(|number| format!("{name}~{number}"));
        let mut all = std::iter::once(name.clone()).chain(numbered);
        let tag = all.find(|tag| !taken.contains(tag)).unwrap_or_default();
        taken.insert(tag.clone());
        tag
    };
    names.into_iter().map(|name| unused(name.map_or_else(|| OTHER.to_owned(), encoded))).collect()
}

fn encoded(name: &str) -> String {
    let mut tag = String::new();
    for part in name.chars().map(|c| utf8_percent_encode(c.encode_utf8(&mut [0; 4]), ENCODED).to_string()) {
        if tag.len() + part.len() > LONGEST {
            break;
        }
        tag.push_str(&part);
    }
    if tag.is_empty() { "step".to_owned() } else { tag }
}

/// Every histogram of `tally` that holds something, with its tag.
pub(super) fn histograms<'t>(tally: &'t Tally, series: &'t [String]) -> impl Iterator<Item = (String, &'t Histogram)> {
    let of = |name: &'t str, step: &'t StepTally| {
        TIMES.iter().map(move |(time, get, _)| (format!("{name}.{time}"), get(step)))
    };
    let steps = series.iter().zip(&tally.steps).flat_map(move |(name, step)| of(name, step));
    let others = [(SEND_LAG.to_owned(), &tally.send_lag), (RECEIVE.to_owned(), &tally.receive)];
    let all = steps.chain(others).chain(of(WARM_UP, &tally.warm_up.requests));
    all.filter(|(_, histogram)| histogram.count() > 0)
}

/// Which series a name is of.
pub(super) fn places(series: &[String]) -> BTreeMap<String, usize> {
    series.iter().cloned().zip(0..).collect()
}

/// Where the histogram of `tag` is kept; none if there is no such.
pub(super) fn place<'t>(
    tally: &'t mut Tally,
    places: &BTreeMap<String, usize>,
    tag: &str,
) -> Option<&'t mut Histogram> {
    match tag {
        SEND_LAG => return Some(&mut tally.send_lag),
        RECEIVE => return Some(&mut tally.receive),
        _ => {}
    }
    let (name, time) = tag.rsplit_once('.')?;
    let (_, _, get) = TIMES.iter().find(|(known, ..)| *known == time)?;
    match name {
        WARM_UP => Some(get(&mut tally.warm_up.requests)),
        name => tally.steps.get_mut(*places.get(name)?).map(get),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_a_tag_of_its_own_that_any_reader_takes() {
        let long = "é".repeat(500);
        let names = ["search", "a, b", "a, b", "\"x\"\r\n", "(warm-up)", "search~2", "search", "", "send_lag", &long];
        let tags = series_tags(names.into_iter().map(Some).chain([None]));
        let different: HashSet<&String> = tags.iter().collect();
        assert_eq!(different.len(), tags.len(), "{tags:?}");
        assert_eq!(tags[..5], ["search", "a%2C%20b", "a%2C%20b~2", "%22x%22%0D%0A", "%28warm-up%29"]);
        assert_eq!((tags[6].as_str(), tags[10].as_str()), ("search~3", OTHER));
        assert!(tags.iter().all(|tag| tag.len() <= LONGEST + 4 && tag.is_ascii()), "{tags:?}");
    }
}
