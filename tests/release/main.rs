//! Releases through the binary: hostile commands, order, sign-offs, resume, selection, and what is kept.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod confirmed;
mod drill;
mod order;
mod resumed;
mod words;
