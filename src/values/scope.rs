//! The values of one journey: what it extracted, its rows of data, its numbers, and its own random draws.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, Value};
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;

use super::names::Names;

/// What all journeys share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) engine: minijinja::Environment<'static>,
    pub(super) names: Names,
    pub(super) constants: Value,
    pub(super) seed: u64,
}

/// Who is on a journey, and the how-manieth it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seat {
    /// The virtual user.
    pub user: u64,
    /// The user's journey, from zero.
    pub iteration: u64,
    /// The journey of the run, from zero.
    pub arrival: u64,
}

/// The values of one journey.
#[derive(Debug, Clone)]
pub struct Scope(pub(super) Arc<Frame>);

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) shared: Arc<Shared>,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) seat: Seat,
    pub(super) slots: Vec<Option<Value>>,
    pub(super) rows: Vec<Value>,
    pub(super) random: Pcg64Mcg,
    /// What a template handed out, until it is fetched.
    pub(super) kept: Option<Value>,
}

/// A template that could not be filled in while the run was under way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub(super) String);

impl RenderError {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<&minijinja::Error> for RenderError {
    fn from(error: &minijinja::Error) -> Self {
        Self(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
    }
}

impl Scope {
    /// A scope in which nothing has been extracted yet.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let state = State {
            seat: Seat::default(),
            slots: vec![None; shared.names.slots.len()],
            rows: Vec::new(),
            random: Pcg64Mcg::seed_from_u64(shared.seed),
            kept: None,
        };
        Self(Arc::new(Frame { shared, state: Mutex::new(state) }))
    }

    /// A scope of its own with the values of this one.
    pub fn fork(&self) -> Self {
        let state = self.0.state();
        let copy = State {
            seat: state.seat,
            slots: state.slots.clone(),
            rows: state.rows.clone(),
            random: state.random.clone(),
            kept: None,
        };
        Self(Arc::new(Frame { shared: Arc::clone(&self.0.shared), state: Mutex::new(copy) }))
    }

    /// Begins the journey `seat` with the values of `base`; its draws follow from the run's seed and the journey alone.
    pub fn begin(&self, base: &Self, seat: Seat, rows: Vec<Value>) {
        let seed = self.0.shared.seed ^ seat.arrival.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let slots = base.0.state().slots.clone();
        *self.0.state() = State { seat, slots, rows, random: Pcg64Mcg::seed_from_u64(seed), kept: None };
    }

    /// Puts `value` into `slot`.
    pub fn set(&self, slot: usize, value: Value) {
        if let Some(place) = self.0.state().slots.get_mut(slot) {
            *place = Some(value);
        }
    }

    /// A draw between 0 and 1 that is the next of this journey's.
    pub fn draw(&self) -> f64 {
        use rand::RngExt as _;
        self.0.state().random.random()
    }

    /// What `draw` makes of this journey's random numbers.
    pub fn sample<T>(&self, draw: impl FnOnce(&mut Pcg64Mcg) -> T) -> T {
        draw(&mut self.0.state().random)
    }

    pub(super) fn value(&self) -> Value {
        Value::from_dyn_object(Arc::clone(&self.0))
    }
}

impl Frame {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for Frame {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(slot) = self.shared.names.slots.get(name)
            && let Some(value) = self.state().slots[*slot].clone()
        {
            return Some(value);
        }
        match name {
            "user" => Some(self.state().seat.user.into()),
            "iteration" => Some(self.state().seat.iteration.into()),
            "arrival" => Some(self.state().seat.arrival.into()),
            "now" => Some(jiff::Timestamp::now().to_string().into()),
            "data" => {
                let rows = self.state().rows.clone();
                Some(
                    self.shared
                        .names
                        .feeders
                        .iter()
                        .map(|(name, _)| name.as_str())
                        .zip(rows)
                        .collect::<std::collections::BTreeMap<_, _>>()
                        .into(),
                )
            }
            // Functions draw from the journey that they are called in.
            SELF => Some(Value::from_dyn_object(Arc::clone(self))),
            _ => self.shared.constants.get_attr(name).ok().filter(|value| !value.is_undefined()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// The name under which functions find the scope; no template can write it.
pub(super) const SELF: &str = "\u{1}scope";
