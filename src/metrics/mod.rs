//! Numbers only: what happened to each request and journey, mergeable and exact.
//!
//! Takes [`Sample`]s and the endings of journeys on each worker, passes on a [`Snapshot`] a second, and ends in a
//! [`Summary`]. Knows no scenario, no socket and no report: steps are numbers here.

mod accounting;
mod aggregate;
mod batches;
mod call;
mod errors;
mod generator;
mod histogram;
mod history;
mod outcome;
mod pages;
mod punctuality;
mod recorder;
mod sample;
mod series;
mod summary;
mod tally;
mod timeline;
mod transient;
mod warm_up;

pub use accounting::{Accounting, JourneyEnding};
pub use aggregate::{Aggregate, Live, Second};
pub use batches::{Batch, Batches};
pub use call::{Call, Calls, Evidence, Excerpt, FailedCheck, HeaderLine, Phases, SeenResponse, SentRequest};
pub use errors::{ErrorExample, ErrorTally, Errors};
pub use generator::{Generator, MachineUse, WorkerUse};
pub use histogram::{CurvePoint, Histogram, Latency};
pub use outcome::Outcome;
pub use punctuality::{LATE, Punctuality};
pub use recorder::{Recorder, Snapshot};
pub use sample::{Checks, Role, Sample};
pub use series::{MOST_SERIES, Series};
pub use summary::{Requests, StreamSummary, Summary};
pub use tally::{StepTally, Tally, Unsent};
pub use timeline::{RowDetail, Timeline, TimelineRow, band_of, lowest_of_band};
pub use transient::{Transient, transient};
pub use warm_up::WarmUp;
