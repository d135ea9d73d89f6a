//! Releases through the binary: hostile commands, order, sign-offs, resume, selection, what is kept, and what a release file
//! is written as.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod confirmed;
mod drill;
mod emit;
mod order;
mod resumed;
mod words;
