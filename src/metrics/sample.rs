//! One timed request.

use crate::failure::Failure;

/// What is known of one request. Times are nanoseconds from the start of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which step asked for it.
    pub step: usize,
    /// When it should have been sent.
    pub due_ns: u64,
    /// When the generator took it up: connecting, if that is needed, comes after.
    pub sent_ns: u64,
    /// When the head of the answer was there; none if it never was.
    pub first_byte_ns: Option<u64>,
    /// How long it took to connect; none if it went over a connection that was there.
    pub connect_us: Option<u64>,
    /// How long the TLS handshake took; none without one.
    pub tls_us: Option<u64>,
    /// When the last byte was read, or the request given up.
    pub done_ns: u64,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The expectations that were looked at.
    pub checks: Checks,
    /// Whether the due time was set by the schedule, so that `sent - due` is the generator's lag.
    pub scheduled: bool,
    /// Which part it plays in its step.
    pub role: Role,
    /// Whether its journey belongs to the warm-up.
    pub warm_up: bool,
}

/// Which part a request plays in its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// The step's last word: its outcome is the step's.
    #[default]
    Final,
    /// The step is tried again.
    TriedAgain,
    /// A redirect that was followed.
    Followed,
}

/// How many expectations were met and missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checks {
    /// Met.
    pub passed: u64,
    /// Missed, or not looked at because no answer came.
    pub failed: u64,
}

impl Sample {
    /// Done − due: what a user waits.
    pub fn response_us(&self) -> u64 {
        self.done_ns.saturating_sub(self.due_ns) / 1_000
    }

    /// Done − sent: what curl would say.
    pub fn service_us(&self) -> u64 {
        self.done_ns.saturating_sub(self.sent_ns) / 1_000
    }

    /// First byte − sent: how long the target thought.
    pub fn first_byte_us(&self) -> Option<u64> {
        self.first_byte_ns.map(|first_byte| first_byte.saturating_sub(self.sent_ns) / 1_000)
    }

    /// Done − first byte: how long the answer took to come in.
    pub fn receive_us(&self) -> Option<u64> {
        self.first_byte_ns.map(|first_byte| self.done_ns.saturating_sub(first_byte) / 1_000)
    }

    /// Sent − due: the generator's own fault.
    pub fn send_lag_us(&self) -> u64 {
        self.sent_ns.saturating_sub(self.due_ns) / 1_000
    }
}
