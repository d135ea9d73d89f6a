//! The main job through the binary: verdicts, exit codes, signals, mistakes and the run folder.

#[path = "../support/mod.rs"]
mod support;

mod mistakes;
mod outputs;
mod signals;
mod verdicts;
