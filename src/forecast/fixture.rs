//! Forecasts for tests, on a machine that is the same every time.

use super::{Forecast, Host};
use crate::plan::fixture::plan;

pub(crate) const HOST: Host = Host {
    open_files: 20_000,
    kept_back: 64,
    ports: Some(28_232),
    memory_bytes: Some(8 << 30),
    resident_bytes: 10 << 20,
};

/// The forecast of a scenario whose target is given.
#[track_caller]
pub(crate) fn forecast(text: &str) -> Forecast {
    Forecast::of(&plan(text), &HOST)
}
