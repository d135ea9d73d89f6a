//! The clock that everything is timed by: what a look at it costs, and how fine it is.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::system;

/// Looks whose mean is taken.
const LOOKS: u32 = 100_000;
/// No clock of use stands still for longer.
const PATIENCE: Duration = Duration::from_millis(50);
/// Steps that are seen before the smallest is believed.
const STEPS: usize = 200;

/// The clock that everything is timed by.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ClockCheck {
    /// What the system reads it from.
    pub source: Option<String>,
    /// What a look costs, in nanoseconds.
    pub read_ns: f64,
    /// The smallest step that was seen, in nanoseconds; none if it never moved.
    pub step_ns: Option<u64>,
}

pub(super) fn check() -> ClockCheck {
    let began = Instant::now();
    for _ in 0..LOOKS {
        black_box(Instant::now());
    }
    let read_ns = began.elapsed().as_nanos() as f64 / f64::from(LOOKS);
    ClockCheck { source: system::clock_source(), read_ns, step_ns: smallest_step() }
}

fn smallest_step() -> Option<u64> {
    let began = Instant::now();
    let steps = (0..STEPS).map_while(|_| {
        let from = Instant::now();
        loop {
            let now = Instant::now();
            if now > from {
                return Some((now - from).as_nanos() as u64);
            }
            if began.elapsed() > PATIENCE && now == from {
                return None;
            }
        }
    });
    steps.min()
}
