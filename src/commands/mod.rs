//! One file per command; only orchestration.

pub mod demo;
