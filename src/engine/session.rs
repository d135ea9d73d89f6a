//! What one virtual user has: the values of its journey, its cookies, and the connections that it sends through.

use std::rc::Rc;

use minijinja::Value as Row;

use super::journey::Stage;
use crate::client::{Channel, Connector, Jar, Pool, Wear};
use crate::plan::{Connections, Per, Scope, Seat};

/// What journeys start from: setup's values and cookies.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) scope: Scope,
    pub(super) jar: Jar,
}

/// One virtual user.
pub(super) struct Session {
    pub(super) channel: Channel,
    pub(super) scope: Scope,
    pub(super) jar: Jar,
    /// Requests that were sent in its name.
    pub(super) sent: u64,
    /// Nobody else uses its connections.
    alone: bool,
}

impl Session {
    /// A user with the values of `stage`'s base; `per` says whose connections it uses if the plan does not.
    pub(super) fn new(stage: &Stage, connector: &Connector, per: Per) -> Self {
        let Connections { per: asked, .. } = stage.plan.target.connections;
        let alone = asked.unwrap_or(per) == Per::User;
        let pool = match alone {
            true => Rc::new(Pool::new(connector, wear(&stage.plan.target.connections))),
            false => Rc::clone(&stage.pool),
        };
        let channel = Channel::new(connector.clone(), stage.clock, pool);
        Self { channel, scope: stage.base.scope.fork(), jar: stage.base.jar.clone(), sent: 0, alone }
    }

    /// Begins the journey `seat` afresh, with the values and cookies of `base`.
    pub(super) fn begin(&mut self, base: &Base, seat: Seat, rows: Vec<Row>) {
        self.scope.begin(&base.scope, seat, rows);
        self.jar.clone_from(&base.jar);
    }

    /// Begins the journey `seat` with what the last one left.
    pub(super) fn go_on(&mut self, seat: Seat, rows: Vec<Row>) {
        let before = self.scope.fork();
        self.scope.begin(&before, seat, rows);
    }

    /// Makes room for somebody else, who does not get this user's connections.
    pub(super) fn leave(&self) {
        if self.alone {
            self.channel.hang_up();
        }
    }
}

/// The limits on a connection's life that `connections` sets.
pub(super) fn wear(connections: &Connections) -> Wear {
    Wear { max_age: connections.max_age, max_requests: connections.max_requests }
}
