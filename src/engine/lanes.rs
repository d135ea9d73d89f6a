//! Lanes: long-lived tasks, each with its connections, that take up arrivals one after the other.
//!
//! An arrival goes to the lane that was idle last (its connection is the warmest), to a new lane while there may be more,
//! or waits; its wait counts, since it stays due when it was due.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::sync::Notify;
use tokio::task::spawn_local;

use super::journey::{Stage, perform};
use crate::client::{Channel, Connector};

/// All lanes of one worker.
pub(super) struct Lanes {
    stage: Rc<Stage>,
    connector: Connector,
    most: usize,
    /// Lanes that wait for something to do; the last one was busy last.
    idle: RefCell<Vec<Rc<Seat>>>,
    /// Due times of arrivals that wait for a lane.
    waiting: RefCell<VecDeque<u64>>,
    lanes: Cell<usize>,
    busy: Cell<usize>,
    peak_busy: Cell<usize>,
    waited: Cell<u64>,
    quiet: Notify,
}

/// Where an idle lane is handed its next arrival.
#[derive(Default)]
struct Seat {
    due_ns: Cell<Option<u64>>,
    waker: Cell<Option<Waker>>,
}

impl Lanes {
    pub(super) fn new(stage: Rc<Stage>, connector: Connector, most: usize) -> Rc<Self> {
        Rc::new(Self {
            stage,
            connector,
            most,
            idle: RefCell::default(),
            waiting: RefCell::default(),
            lanes: Cell::new(0),
            busy: Cell::new(0),
            peak_busy: Cell::new(0),
            waited: Cell::new(0),
            quiet: Notify::new(),
        })
    }

    /// Has the journey that is due at `due_ns` taken up as soon as can be.
    pub(super) fn offer(self: &Rc<Self>, due_ns: u64) {
        let idle = self.idle.borrow_mut().pop();
        if let Some(seat) = idle {
            self.mark_busy();
            seat.due_ns.set(Some(due_ns));
            if let Some(waker) = seat.waker.take() {
                waker.wake();
            }
        } else if self.lanes.get() < self.most {
            self.mark_busy();
            self.lanes.set(self.lanes.get() + 1);
            spawn_local(Rc::clone(self).lane(due_ns));
        } else {
            self.waited.set(self.waited.get() + 1);
            self.waiting.borrow_mut().push_back(due_ns);
        }
    }

    /// Takes up no more of the arrivals that wait.
    pub(super) fn forget_waiting(&self) -> u64 {
        self.waiting.borrow_mut().drain(..).count() as u64
    }

    /// Waits until nothing is under way and nothing waits.
    pub(super) async fn all_quiet(&self) {
        while self.busy.get() > 0 {
            self.quiet.notified().await;
        }
    }

    /// Journeys under way.
    pub(super) fn busy(&self) -> u64 {
        self.busy.get() as u64
    }

    /// The most journeys that were under way at one time.
    pub(super) fn peak_busy(&self) -> u64 {
        self.peak_busy.get() as u64
    }

    /// Arrivals that had to wait for a lane.
    pub(super) fn waited(&self) -> u64 {
        self.waited.get()
    }

    fn mark_busy(&self) {
        self.busy.set(self.busy.get() + 1);
        self.peak_busy.set(self.peak_busy.get().max(self.busy.get()));
    }

    fn mark_idle(&self, seat: &Rc<Seat>) {
        self.busy.set(self.busy.get() - 1);
        self.idle.borrow_mut().push(Rc::clone(seat));
        if self.busy.get() == 0 {
            self.quiet.notify_one();
        }
    }

    async fn lane(self: Rc<Self>, first_due_ns: u64) {
        let mut channel = Channel::new(self.connector.clone(), self.stage.clock);
        let seat = Rc::new(Seat::default());
        let mut due_ns = first_due_ns;
        loop {
            perform(&self.stage, &mut channel, due_ns).await;
            let waiting = self.waiting.borrow_mut().pop_front();
            due_ns = match waiting {
                Some(due_ns) => due_ns,
                None => {
                    self.mark_idle(&seat);
                    seat.next(&mut channel).await
                }
            };
        }
    }
}

impl Seat {
    /// The next arrival; until it comes, connections that the target closes are let go of.
    async fn next(&self, channel: &mut Channel) -> u64 {
        poll_fn(|cx| {
            if let Some(due_ns) = self.due_ns.take() {
                return Poll::Ready(due_ns);
            }
            channel.poll_idle(cx);
            self.waker.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await
    }
}
