//! The demo target as a client sees it: its API, and each of its faults.
#![expect(clippy::unwrap_used, reason = "a test that fails should say where")]

mod api;
mod client;
mod faults;
