//! A run that was killed: what its journal holds, as a summary. What only the end of a run tells is not known of it.

use std::time::Duration;

use super::subject::Subject;
use crate::metrics::{Accounting, Batches, Generator, Second, Summary, Tally, Timeline};
use crate::verdict::Ending;

/// What is known of a run from its seconds alone.
#[derive(Debug, Clone, Default)]
pub struct Remains {
    /// How many seconds there are, from the start of the load to the last that is known.
    pub seconds: u64,
    /// Journeys that were due in those of them that are judged as a whole.
    due: u64,
    /// How many seconds in the middle are missing.
    missing: u64,
}

impl Remains {
    /// Takes the next second of a run of `subject`.
    pub fn see(&mut self, subject: &Subject, second: &Second) {
        self.missing += second.number - self.seconds.min(second.number);
        self.seconds = second.number + 1;
        if second.number.saturating_mul(1_000_000) >= subject.judged_from_us {
            self.due += second.tally.journeys_due;
        }
    }
}

/// The summary of a run of `subject` by so many workers that left `remains`, and nothing else.
pub fn killed(
    subject: &Subject,
    workers: u64,
    remains: &Remains,
    (total, timeline, batches): (Tally, Timeline, Batches),
) -> Summary {
    let elapsed = Duration::from_secs(remains.seconds);
    let planned = subject.ends_after();
    let over = planned.unwrap_or(elapsed).min(elapsed);
    let warm_up = Duration::from_micros(subject.judged_from_us).min(over);
    // Nothing is known of a second that is missing: it is no time in which nothing happened.
    let window = over.saturating_sub(warm_up).saturating_sub(Duration::from_secs(remains.missing));
    // Journeys that are due are counted by seconds, the first of them whole.
    let judged_s = over.as_secs_f64() - warm_up.as_secs_f64().ceil() - remains.missing as f64;
    let per_s = |count: u64, seconds: f64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    let scheduled = total.journeys_due.max(total.journeys_started);
    let ended = total.journeys_passed + total.journeys_failed;
    let started = total.journeys_started.max(ended);
    let scheduled = scheduled.max(started);
    Summary {
        ending: Ending::Killed,
        accounting: Accounting {
            scheduled,
            passed: total.journeys_passed,
            failed: total.journeys_failed,
            abandoned: started - ended,
            unstarted: scheduled - started,
        },
        window,
        warm_up,
        elapsed,
        offered_per_s: per_s(remains.due, judged_s),
        achieved_per_s: per_s(total.started_in_window, window.as_secs_f64()),
        all_steps: total.all_steps(),
        total,
        timeline,
        batches,
        generator: Generator {
            workers: usize::try_from(workers).unwrap_or_default(),
            max_in_flight: subject.plan.max_in_flight,
            ..Generator::default()
        },
        ..Summary::default()
    }
}
