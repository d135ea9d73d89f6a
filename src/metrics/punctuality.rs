//! How punctually journeys were taken up.

use std::time::Duration;

/// A send lag that no gate of usual size is moved by.
pub const LATE: Duration = Duration::from_millis(10);

/// How punctually the journeys of one of several loads were taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Punctuality {
    /// Due by its schedule.
    pub due: u64,
    /// Taken up before the schedule was over.
    pub in_time: u64,
    /// Taken up later than a gate of usual size bears.
    pub late: u64,
    /// Those that waited for a place.
    pub waited: u64,
}

impl Punctuality {
    /// Adds the journeys of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.due += other.due;
        self.in_time += other.in_time;
        self.late += other.late;
        self.waited += other.waited;
    }
}
