//! The exploration while it goes on: rate after rate, until it is enough or somebody wants it to end.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::attend::Attendant;
use super::load::{Bounded, Bounds, most_beside, numbered, sent, within};
use super::wishes::Wishes;
use crate::client::Connector;
use crate::engine::{self, EngineError, Finished, Ground, Stop, View};
use crate::explore::{self, Next, Point, Spell, Spent};
use crate::metrics::{Live, Second};
use crate::plan::Machine;
use crate::report::ExplorationProgress;
use crate::verdict::Ending;

/// An exploration that goes on.
pub(super) struct Course<'c> {
    pub(super) wishes: &'c Wishes,
    pub(super) view: &'c RefCell<ExplorationProgress>,
    /// Every rate that was tried so far.
    pub(super) points: Vec<Point>,
    /// Requests that were sent so far, and those that setup and teardown may send.
    pub(super) requests: u64,
    /// What went wrong beside the load.
    pub(super) warnings: Vec<String>,
    machine: Machine,
    connector: Connector,
    attendant: Attendant,
    started: Instant,
    /// What setup gave, and when.
    ground: Option<(Ground, Instant)>,
    /// Journeys of all loads so far.
    journeys: u64,
}

/// Why it does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    /// Nothing more may be sent.
    Spent,
    /// The target asked to be left alone for longer than there is time.
    Unwanted(Duration),
    /// By a signal; what is known stays.
    Asked(Ending),
    /// By a second one, before all was over.
    Left(Ending),
    /// A step failed whose failure ends the run.
    Aborted,
    /// It could not.
    Broken(EngineError),
}

impl<'c> Course<'c> {
    pub(super) fn new(
        wishes: &'c Wishes,
        machine: Machine,
        connector: Connector,
        attendant: Attendant,
        view: &'c RefCell<ExplorationProgress>,
    ) -> Self {
        Self {
            wishes,
            view,
            points: Vec::new(),
            requests: 0,
            warnings: Vec::new(),
            machine,
            connector,
            attendant,
            started: Instant::now(),
            ground: None,
            journeys: 0,
        }
    }

    /// Tries rates until it is enough; `written` is called after each.
    ///
    /// # Errors
    /// With why it came to an end before that.
    pub(super) async fn carry_out(&mut self, mut written: impl FnMut(&Self)) -> Result<(), Halt> {
        self.set_up().await?;
        while let Some(spell) = self.next() {
            let recovery = self.recovered(&spell).await?;
            self.set_up().await?;
            // Time and requests were spent on that.
            let Some(spell) = self.next() else { break };
            self.try_out(spell, recovery).await?;
            written(self);
            self.unless_asked()?;
        }
        Ok(())
    }

    /// Undoes what setup did.
    ///
    /// # Errors
    /// When somebody does not want to wait for it.
    pub(super) async fn tear_down(&mut self) -> Result<(), Halt> {
        let Some((ground, _)) = self.ground.take() else { return Ok(()) };
        let left = self.during(&Stop::default(), engine::leave(&self.wishes.plan, ground)).await?;
        for warning in left {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Ok(())
    }

    /// How long it has gone on.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How much time is left.
    pub(super) fn time_left(&self) -> Duration {
        let budget = Duration::try_from_secs_f64(self.wishes.asked.budget_s).unwrap_or(Duration::MAX);
        budget.saturating_sub(self.elapsed())
    }

    pub(super) fn spent(&self) -> Spent {
        Spent { elapsed_s: self.elapsed().as_secs_f64(), requests: self.requests }
    }

    fn requests_left(&self) -> Option<u64> {
        self.wishes.asked.max_requests.map(|most| most.saturating_sub(self.requests))
    }

    fn next(&self) -> Option<Spell> {
        match explore::next(&self.wishes.asked, &self.points, &self.spent()) {
            Next::Try(spell) => Some(spell),
            Next::Stop => None,
        }
    }

    /// Runs setup, unless what it gave is young enough.
    async fn set_up(&mut self) -> Result<(), Halt> {
        let plan = &self.wishes.plan;
        let has_no_age = plan.setup.is_empty() && plan.teardown.is_empty();
        let is_young = |at: &Instant| has_no_age || at.elapsed() < self.wishes.setup_every;
        if self.ground.as_ref().is_some_and(|(_, at)| is_young(at)) {
            return Ok(());
        }
        self.tear_down().await?;
        let beside = most_beside(plan);
        if self.requests_left().is_some_and(|left| left < beside) {
            return Err(Halt::Spent);
        }
        self.requests += beside;
        let (stop, connector) = (Stop::default(), self.connector.clone());
        let ground = self.during(&stop, engine::prepare(plan, connector, &stop)).await?;
        self.unless_asked()?;
        self.ground = Some((ground.map_err(Halt::Broken)?, Instant::now()));
        Ok(())
    }

    /// Carries out one load, which `stop` ends early; none if not one journey may be sent. Says whether requests were too few
    /// for all of it.
    ///
    /// # Errors
    /// When it breaks down, or somebody does not want to wait for its end.
    pub(super) async fn load(
        &mut self,
        per_s: f64,
        longest: Duration,
        stop: &Stop,
        second: &mut dyn FnMut(&Second),
    ) -> Result<Option<(Finished, bool)>, Halt> {
        let (requests_left, journeys_before) = (self.requests_left(), self.journeys);
        let bounds = Bounds { per_s, longest, requests_left, journeys_before };
        let Some(Bounded { plan, is_cut }) = within(&bounds, self.wishes, &self.machine) else { return Ok(None) };
        let Some((ground, at)) = self.ground.take() else { return Ok(None) };
        let (plan, (live, _)) = (Arc::new(plan), watch::channel(Live::default()));
        let view = View { live: &live, second, most_samples: 0 };
        let loaded = self.during(stop, engine::load(&plan, &ground, view, stop)).await;
        self.ground = Some((ground, at));
        let finished = loaded?.map_err(Halt::Broken)?;
        self.requests += sent(&finished.summary);
        self.journeys += numbered(&finished.summary, plan.limits.workers as u64);
        Ok(Some((finished, is_cut)))
    }

    /// Carries `work` out, which `stop` ends early.
    ///
    /// # Errors
    /// When somebody does not want to wait for it.
    pub(super) async fn during<T>(&mut self, stop: &Stop, work: impl Future<Output = T>) -> Result<T, Halt> {
        let view = self.view;
        let done = self.attendant.during(stop, |line| view.borrow().say(line), work).await;
        done.ok_or(Halt::Left(self.attendant.ending().unwrap_or(Ending::Interrupted)))
    }

    /// # Errors
    /// When somebody wants it to end.
    pub(super) fn unless_asked(&self) -> Result<(), Halt> {
        self.attendant.ending().map_or(Ok(()), |ending| Err(Halt::Asked(ending)))
    }
}
