//! How punctual this machine lets a worker be when it has nothing else to do.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::pacer::Pacer;
use crate::load::Pacing;
use crate::metrics::Histogram;

/// Waits for `per_s` due times a second, `lasting` so long, as a worker with `pacing` does; gives how late each wake was, in
/// microseconds. Needs a runtime of one thread, as workers have.
///
/// # Errors
/// When the system gives no timer.
pub async fn pacing_floor(pacing: Pacing, per_s: u32, lasting: Duration) -> io::Result<Histogram> {
    let gap = Duration::from_secs(1) / per_s.max(1);
    let mut pacer = Pacer::new(pacing, f64::from(per_s), Rc::default())?;
    let mut lag = Histogram::default();
    let first = Instant::now() + gap;
    let mut due = first;
    while due < first + lasting {
        pacer.until(due).await?;
        lag.record(due.elapsed().as_micros() as u64);
        due += gap;
    }
    Ok(lag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_due_time_is_waited_for_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let began = Instant::now();
        let lag = runtime.block_on(pacing_floor(Pacing::Default, 200, Duration::from_millis(100))).unwrap();
        assert_eq!(lag.count(), 20);
        assert!(began.elapsed() >= Duration::from_millis(100), "it does not run ahead");
    }
}
