//! mnload tells a team whether a build may ship, with numbers that survive an argument.
//!
//! ```text
//! ScenarioFile → Plan → Arrival → Sample → Snapshot → Summary → Verdict → Report
//! as written    checked  due when  one call  mergeable   finished  findings  bytes
//! ```
pub mod cli;
pub mod commands;
pub mod demo;
pub mod tls;
