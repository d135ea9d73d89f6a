//! mnload tells a team whether a build may ship, with numbers that survive an argument.
//!
//! It sends a scenario's requests on a schedule that the server cannot slow down, measures every one from
//! the moment it was due, judges the result against gates and leaves evidence behind. Data flows one way:
//!
//! ```text
//! ScenarioFile → Plan → Arrival → Sample → Snapshot → Summary → Verdict → Report
//! as written    checked  due when  one call  mergeable   finished  findings  bytes
//! ```
//!
//! Glossary: a *scenario* is a file; a *flow* is its list of *steps*; a *journey* is one passage through a flow by
//! one *virtual user*; an *arrival* is the moment at which a journey is due; a *sample* is one timed request.
//! *Response time* runs from the due time to the end, *service time* from sending to the end, and *send lag* is
//! the difference: the generator's own fault.

pub mod answer;
pub mod cli;
pub mod client;
pub mod commands;
pub mod compare;
pub mod demo;
pub mod diagnostic;
pub mod doctor;
pub mod engine;
pub mod explore;
pub mod export;
pub mod failure;
pub mod feed;
pub mod forecast;
pub mod gate;
pub mod journal;
pub mod load;
pub mod metrics;
pub mod plan;
pub mod release;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod system;
pub mod tls;
pub mod units;
pub mod values;
pub mod verdict;
