//! How much a target can take: the highest rate at which the gates hold, with an interval.
//!
//! Pure: a [`Watch`] says of each second of a load whether enough was seen of it, a [`Point`] is what came of a load, and
//! [`next`] says from all points which rate comes next, or that it is enough. Nothing here sends anything, and the tests
//! explore simulated servers. `docs/explore.md` has the method and its sources.

mod capacity;
mod comparison;
mod findings;
#[cfg(test)]
pub(crate) mod fixture;
mod keeping;
mod knee;
mod margin;
mod monotone;
mod point;
mod reason;
pub mod recovery;
mod result;
mod scalability;
mod search;
#[cfg(test)]
mod simulation;
mod steady;
mod watch;
mod words;

pub use capacity::capacity;
pub use comparison::{
    CapacityComparison, CompareOptions, ComparedExploration, ComparedRate, RateOutcome, Side, compare,
};
pub use findings::{End, Judged, judge};
pub use keeping::{KEEPS_UP, REFUSED};
pub use knee::knee;
pub use point::{Ended, Evidence, GateAt, GeneratorAt, Growth, Outcome, Phase, Point, Recovery};
pub use result::{
    Asked, Capacity, ExplorationResult, Fit, Knee, LimitedBy, SCHEMA, SCHEMA_VERSION, Scalability, UsedUp,
};
pub use scalability::scalability;
pub use search::{Known, Next, Spent, known, next};
pub use watch::{Glance, Journey, Place, Spell, Watch};
