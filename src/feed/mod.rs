//! Rows of data for virtual users: read from a CSV or JSON file once, then picked by number.
//!
//! Picking is a pure function of (row count, order, seed, k), so that workers, and later machines, need not share a
//! cursor: they agree on who gets which row without talking. What `k` counts, journeys or users, is the caller's choice.

mod csv;
mod json;
mod pick;
mod shuffle;
mod table;

pub use pick::{Exhausted, Feeder, Order};
pub use table::{FeedError, Table};
