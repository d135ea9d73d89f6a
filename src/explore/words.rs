//! Rates in sentences.

use super::result::Capacity;
use crate::units::{format_count, format_rate};

/// `297/s`, `21,000/s`
pub(super) fn rate(per_s: f64) -> String {
    match per_s >= 1_000.0 {
        true => format!("{}/s", format_count(per_s.round() as u64)),
        false => format_rate(per_s),
    }
}

/// `between 240/s and 330/s`, `at least 240/s`, `at most 330/s`; none if neither end is known.
pub(super) fn between(low_per_s: Option<f64>, high_per_s: Option<f64>) -> Option<String> {
    Some(match (low_per_s, high_per_s) {
        (Some(low), Some(high)) => format!("between {} and {}", rate(low), rate(high)),
        (Some(low), None) => format!("at least {}", rate(low)),
        (None, Some(high)) => format!("at most {}", rate(high)),
        (None, None) => return None,
    })
}

/// `291/s to 304/s`; none unless both ends are known.
pub(super) fn both(low_per_s: Option<f64>, high_per_s: Option<f64>) -> Option<String> {
    Some(format!("{} to {}", rate(low_per_s?), rate(high_per_s?)))
}

/// `297/s (291/s to 304/s)`, or as much of it as is known.
pub(super) fn about(capacity: &Capacity) -> String {
    match (capacity.per_s, capacity.low_per_s, capacity.high_per_s) {
        (Some(per_s), low @ Some(_), high @ Some(_)) => {
            format!("{} ({})", rate(per_s), both(low, high).unwrap_or_default())
        }
        (_, low, high) => between(low, high).unwrap_or_else(|| "unknown".to_owned()),
    }
}
