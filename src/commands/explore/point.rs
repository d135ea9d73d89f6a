//! One rate: loaded until enough was seen of it, and what came of it.

use super::course::{Course, Halt};
use crate::engine::Stop;
use crate::explore::{self, Ended, Glance, Known, Place, Recovery, Spell, Watch};
use crate::metrics::Second;
use crate::report::SoFar;
use crate::verdict::Ending;

impl Course<'_> {
    /// Tries the rate of `spell`, and keeps what comes of it; of one that a signal ended, too.
    pub(super) async fn try_out(&mut self, spell: Spell, recovery: Option<Recovery>) -> Result<(), Halt> {
        let (plan, asked, view) = (&self.wishes.plan, &self.wishes.asked, self.view);
        let (number, started_s) = (self.points.len() as u64 + 1, self.elapsed().as_secs_f64());
        let known = explore::known(asked, &self.points, &self.spent());
        let timeout = plan.steps.iter().map(|step| step.timeout).max().unwrap_or(plan.target.timeout);
        let (per_s, longest) = (spell.rate_per_s, spell.longest.min(self.time_left().max(spell.least)));
        view.borrow_mut().point_started(number, spell.phase, per_s);
        let mut watch = Watch::new(&plan.gates, plan.series.count(), spell, asked.precision, timeout);
        let (stop, mut enough) = (Stop::default(), None);
        let mut second = |second: &Second| {
            if enough.is_none() {
                enough = watch.see(second);
                if enough.is_some() {
                    stop.ask(Ending::Aborted);
                }
            }
            view.borrow_mut().update(&so_far(&watch.glance(), &known));
        };
        let loaded = self.load(per_s, longest, &stop, &mut second).await?;
        let Some((finished, is_cut)) = loaded else { return Err(Halt::Spent) };
        let summary = finished.summary;
        let ended = match (summary.ending, enough) {
            (Ending::Interrupted | Ending::Terminated, _) => Ended::Interrupted,
            (_, Some(why)) => why,
            (Ending::Aborted, None) => return Err(Halt::Aborted),
            (_, None) if is_cut => Ended::Requests,
            (_, None) => Ended::Time,
        };
        let lasted_s = summary.window.min(summary.elapsed).as_secs_f64();
        let point = watch.point(ended, &summary, Place { number, started_s, lasted_s, recovery });
        view.borrow_mut().point_done(&point);
        self.points.push(point);
        Ok(())
    }
}

/// What a live view shows.
fn so_far(glance: &Glance, known: &Known) -> SoFar {
    let response = &glance.response_us;
    SoFar {
        seconds: glance.seconds,
        p95_us: (response.count > 0).then_some(response.p95),
        error_rate: glance.error_rate,
        leaning: glance.leaning,
        holds_per_s: known.holds_per_s,
        breaks_per_s: known.breaks_per_s,
        remaining_s: Some((known.remaining_s - glance.seconds as f64).max(0.0)),
    }
}
