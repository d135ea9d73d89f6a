//! Releases through the binary: what is run, in which order, what is read as evidence, who signs, and what is taken over.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod confirmed;
mod docs;
mod drill;
mod emit;
mod emit_jobs;
mod held;
mod judged;
mod medianest;
mod observability;
mod order;
mod reports;
mod resumed;
mod rows;
mod shop;
mod systems;
mod words;
