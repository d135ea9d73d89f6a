//! How far a figure lies from the bound of its gate.

use super::finding::figure;
use crate::gate::{Bound, Gate};
use crate::units::{format_share, parse_duration, parse_rate, parse_share};
use crate::verdict::Finding;

/// From here on a figure is told as so many times its bound.
const MANY: f64 = 2.0;

/// The distance in words, as a share of the bound: `65% under`, `6% over`, `10 times`; none where there is no figure, or
/// nothing to take a share of.
pub(super) fn margin(finding: &Finding) -> Option<String> {
    let gate: Gate = finding.wanted.parse().ok()?;
    let observed = value(figure(finding.observed.as_deref()?), gate.bound)?;
    let ratio = Some(observed / gate.bound_value()).filter(|ratio| ratio.is_finite())?;
    Some(match ratio {
        _ if ratio == 1.0 => "at the bound".to_owned(),
        _ if ratio >= MANY => format!("{} times", format_share(ratio / 100.0).trim_end_matches('%')),
        _ if ratio > 1.0 => format!("{} over", format_share(ratio - 1.0)),
        _ => format!("{} under", format_share(1.0 - ratio)),
    })
}

/// `figure` in the unit of the bound.
fn value(figure: &str, bound: Bound) -> Option<f64> {
    let number = |text: &str| text.replace(',', "").parse::<f64>().ok();
    match bound {
        Bound::Time(_) => parse_duration(figure).ok().map(|time| time.as_nanos() as f64 / 1e3),
        Bound::Percent(_) => parse_share(figure).ok(),
        Bound::PerSecond(_) => parse_rate(figure).ok(),
        Bound::Count(_) => number(figure),
        Bound::Baseline(_) => number(figure.strip_suffix('x')?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::finding;
    use crate::verdict::Status;

    #[test]
    fn distances_are_shares_of_the_bound() {
        for (wanted, observed, words) in [
            ("p95 < 600ms", "212ms", Some("64.7% under")),
            ("p95 < 600ms over 10s", "636ms (worst of 11 windows, ended at 16s)", Some("6% over")),
            ("p95 < 600ms", "6.07s", Some("10.1 times")),
            ("p95 < 1m", "1m 30s", Some("50% over")),
            ("error_rate < 1%", "0.25%", Some("75% under")),
            ("checks >= 100%", "100%", Some("at the bound")),
            ("checks >= 100%", "33.33%", Some("66.7% under")),
            ("rate >= 20/s", "18.7/s", Some("6.5% under")),
            ("errors = 0", "3", None),
            ("errors <= 1000", "1,500", Some("50% over")),
            ("p95 < 1.2x baseline", "1.01x: 18.3ms to 18.5ms", Some("15.8% under")),
            ("no gate", "3", None),
        ] {
            let found = margin(&finding("a", Status::Pass, wanted, Some(observed)));
            assert_eq!(found.as_deref(), words, "{wanted}: {observed}");
        }
        assert_eq!(margin(&finding("a", Status::NoData, "p95 < 600ms", None)), None);
    }
}
