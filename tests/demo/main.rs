//! The demo target as a client sees it: its API, each of its faults, and the command.
#![expect(clippy::unwrap_used, reason = "a test that fails should say where")]

mod api;
mod capacity;
mod client;
mod command;
mod faults;
