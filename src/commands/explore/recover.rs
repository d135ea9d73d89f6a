//! The wait between two rates: as long as the target asked for, and until a trickle of requests finds it as fast as before.

use std::time::{Duration, Instant};

use super::course::{Course, Halt};
use crate::engine::Stop;
use crate::explore::recovery::{self, Progress, Recovering, Respite};
use crate::explore::{Recovery, Spell};
use crate::metrics::Second;
use crate::units::format_duration;
use crate::verdict::Ending;

/// So many trickles are tried on a target that asks to be left alone by each.
const TRICKLES: u32 = 3;

impl Course<'_> {
    /// Lets the target recover before `next` is tried; none if it need not.
    pub(super) async fn recovered(&mut self, next: &Spell) -> Result<Option<Recovery>, Halt> {
        let Some(before) = self.points.last().filter(|before| recovery::needed(Some(before))) else { return Ok(None) };
        let mut respite = Respite::after(before);
        let floor_us = recovery::floor_us(&self.points);
        let start = Instant::now();
        let mut recovering = Recovering::new(floor_us, Duration::ZERO);
        for _ in 0..TRICKLES {
            self.leave_alone(respite, next.least).await?;
            respite = Respite::NONE;
            let longest = recovery::longest(self.time_left());
            if longest.is_zero() {
                break;
            }
            recovering = Recovering::new(floor_us, longest);
            match self.trickle(next.rate_per_s, longest, &mut recovering).await? {
                Some(asked) => respite = asked,
                None => break,
            }
        }
        // After the last trickle it is left alone as well.
        self.leave_alone(respite, next.least).await?;
        Ok(Some(recovering.finish(start.elapsed())))
    }

    /// Trickles until it is seen that the target is itself again, or is not; gives what it asks for if it refuses even that.
    async fn trickle(
        &mut self,
        next_per_s: f64,
        longest: Duration,
        recovering: &mut Recovering,
    ) -> Result<Option<Respite>, Halt> {
        let per_s = recovery::rate(next_per_s, self.wishes.asked.to_per_s);
        self.view.borrow_mut().recovering("until the target is as fast as before");
        let (stop, mut is_enough) = (Stop::default(), false);
        let mut second = |second: &Second| {
            if recovering.see(second) != Progress::GoOn && !is_enough {
                is_enough = true;
                stop.ask(Ending::Aborted);
            }
        };
        let loaded = self.load(per_s, longest, &stop, &mut second).await?;
        self.unless_asked()?;
        let Some((finished, _)) = loaded else { return Ok(None) };
        if finished.summary.ending == Ending::Aborted && !is_enough {
            return Err(Halt::Aborted);
        }
        let asked_s = finished.summary.total.retry_after_s;
        Ok((asked_s > 0).then(|| Respite::asked_for(asked_s as f64)))
    }

    /// Sends nothing for so long.
    ///
    /// # Errors
    /// When the target asks for more than what is left for it before a load that takes at `least` so long.
    async fn leave_alone(&mut self, respite: Respite, least: Duration) -> Result<(), Halt> {
        let Respite { wait, is_asked } = respite;
        if wait.is_zero() {
            return Ok(());
        }
        if is_asked && !respite.leaves_room(self.time_left(), least) {
            return Err(Halt::Unwanted(wait));
        }
        let why = match is_asked {
            true => format!("for {}, which the target asked for", format_duration(wait)),
            false => format!("for {}, as it refused requests", format_duration(wait)),
        };
        self.view.borrow_mut().recovering(&why);
        let (stop, wait) = (Stop::default(), wait.min(self.time_left()));
        let waited = async {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.asked() => {}
            }
        };
        self.during(&stop, waited).await?;
        self.unless_asked()
    }
}
