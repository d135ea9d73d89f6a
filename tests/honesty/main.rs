//! The honesty tests: what a server makes people wait is known, by arithmetic and from the server's own records, and
//! mnload's figures are held against both.
//!
//! A generator that lets a stalling server hold back its own arrivals reports a twentieth of a percent of the truth in
//! the first of these; this one must report it all, and nothing of its own on top.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod shapes;
mod truth;
