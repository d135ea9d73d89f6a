//! Releases through the binary: what they leave, what they say, and what they are written as.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

mod emit;
#[path = "../support/mod.rs"]
mod support;
