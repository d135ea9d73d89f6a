//! Releases: what is read as evidence, and how it is judged.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod docs;
mod judged;
mod medianest;
mod observability;
mod rows;
mod shop;
mod systems;
