//! The main job through the binary: verdicts, exit codes, signals, mistakes and the run folder.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod answers;
mod ci;
mod compare;
mod counted;
mod data;
mod doctor;
mod examples;
mod explorations;
mod flows;
mod grounds;
mod http2;
mod init;
mod intervals;
mod journal;
mod loads;
mod mistakes;
mod outputs;
mod over_time;
mod plan;
mod protocols;
mod proxies;
mod punctual;
mod reports;
mod saturation;
mod signals;
mod smoke;
mod state;
mod trust;
mod twins;
mod verdicts;
mod warm_up;
