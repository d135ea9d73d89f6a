//! Streams: the flows that share one load. A file has one; a flow with a load of its own is one more.

use std::time::Duration;

use super::flow::Flow;
use super::limits::{self, Limits, Machine};
use super::load::{self, PlannedLoad};
use super::step::Step;
use crate::load::Load;
use crate::scenario::{Document, FlowSection, LoadSection, Spanned};
use crate::values::Resolver;
use crate::values::Seat;

/// Flows that share one load.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// What it is called: the flow's name if it has a load of its own, else empty.
    pub name: String,
    /// When its journeys go, from its own start.
    pub load: Load,
    /// How long it waits after the start of the run.
    pub start_after: Duration,
    /// How long its journeys belong to the warm-up, from its own start.
    pub warm_up: Duration,
    /// Its flows, as numbers of the plan's flows.
    pub flows: Vec<usize>,
    /// Its journeys under way at one time, all workers together.
    pub max_in_flight: u64,
    /// How long its journeys under way may take to finish after the last arrival.
    pub drain: Duration,
    /// Its journeys before this load's first, in another load of the same plan.
    pub(super) journeys_before: u64,
    /// The journeys under way at one time that the file asks for.
    pub(super) asked_in_flight: Option<u64>,
    /// Which of the plan's streams it is, and how many there are.
    place: (u64, u64),
}

/// All streams of a scenario, and what they have in common.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) all: Vec<Stream>,
    pub(super) seed: u64,
    pub(super) limits: Limits,
}

impl Stream {
    /// When its last journey is due or may start, from the start of the run; none if that is not known beforehand.
    pub fn ends_after(&self) -> Option<Duration> {
        self.load.duration().map(|duration| self.start_after.saturating_add(duration))
    }

    /// When its warm-up is over, from the start of the run.
    pub fn judged_from(&self) -> Duration {
        self.start_after.saturating_add(self.warm_up)
    }

    /// Whether a journey that is due (open) or starts (closed) then belongs to the warm-up.
    pub fn is_warm_up(&self, due_ns: u64) -> bool {
        !self.warm_up.is_zero() && u128::from(due_ns) < self.judged_from().as_nanos()
    }

    /// Whether a user's values and cookies last from one journey to its next.
    pub fn keeps_state(&self) -> bool {
        matches!(&self.load, Load::Closed(closed) if closed.keep_state)
    }

    /// The seat of its journey number `journey` by its user number `user`; no other stream has the same.
    pub fn seat(&self, user: u64, iteration: u64, journey: u64) -> Seat {
        let (index, of) = self.place;
        let number = |own: u64| (self.journeys_before + own) * of + index;
        Seat { user: number(user), iteration, arrival: number(journey) }
    }

    /// How many of the plan's numbers are passed over until its first `count` have been dealt.
    pub(super) fn numbers(&self, count: u64) -> u64 {
        let (index, of) = self.place;
        count.checked_sub(1).map_or(0, |last| last * of + index + 1)
    }
}

/// Which flows share a load, in the order of the file.
pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    document: &Document,
    steps: &[Step],
    flows: &[Flow],
    workers: Option<usize>,
    machine: &Machine,
) -> Streams {
    let written = document.load.as_ref();
    let sections = || document.flow.iter().map(Spanned::get_ref);
    let all_have_their_own = !document.flow.is_empty() && sections().all(|flow| flow.load.is_some());
    let shared = load::resolve(resolver, written, all_have_their_own);
    let seed = shared.seed;
    let own: Vec<Option<Own<'_>>> =
        sections().zip(0u64..).map(|(flow, index)| own(resolver, flow, seed, index)).collect();
    let mut parts = Vec::new();
    let has_model = written.is_some_and(|load| load.get_ref().model.is_some());
    // Once through every flow is that, whatever loads the flows have in other profiles.
    let once = shared.load == Load::Once && (has_model || own.iter().all(Option::is_none));
    let sharing: Vec<usize> =
        (0..flows.len()).filter(|flow| once || own.get(*flow).is_none_or(Option::is_none)).collect();
    if let (Some(flow), false, true) = (sharing.first().filter(|_| !own.is_empty()), once, written.is_none()) {
        resolver.mistake(
            document.flow[*flow].span(),
            format!("the flow `{}` has no load, but others have their own", flows[*flow].name),
            "add a [load] for the flows that have none of their own",
        );
    }
    if let (Some(first), true) = (document.flow.first(), sharing.iter().all(|flow| flows[*flow].weight == 0))
        && !sharing.is_empty()
    {
        let message = "no flow is ever chosen: all weights are zero";
        resolver.mistake(first.span(), message, "give one a weight of 1 or more");
    }
    if let (Some(place), true) = (written.filter(|_| has_model), sharing.is_empty()) {
        resolver.mistake(place.span(), "no flow uses [load]: each has its own", "take it out, or a flow's own load");
    }
    if !sharing.is_empty() || flows.is_empty() {
        parts.push(Own { written, planned: shared, start_after: Duration::ZERO, flows: sharing });
    }
    if !once {
        let with_flows = own.into_iter().enumerate().filter_map(|(flow, own)| Some(Own { flows: vec![flow], ..own? }));
        parts.extend(with_flows);
    }
    let of = parts.len() as u64;
    let share = Machine { sockets: (machine.sockets / of.max(1)).max(1), ..*machine };
    let mut taken = 0;
    let all: Vec<Stream> = (0..of)
        .zip(parts)
        .map(|(index, part)| {
            taken = limits::check(resolver, part.written, &part.planned, taken, machine);
            let journeys = part.flows.iter().map(|flow| &steps[flows[*flow].steps.clone()]);
            let (max_in_flight, drain) = limits::of_stream(&part.planned, journeys, &share);
            // A flow's own load is known by the flow's name.
            let name = match &part.flows[..] {
                [flow] if of > 1 => flows[*flow].name.clone(),
                _ => String::new(),
            };
            let Own { planned, start_after, flows, .. } = part;
            Stream {
                name,
                load: planned.load,
                start_after,
                warm_up: planned.warm_up,
                flows,
                max_in_flight,
                drain,
                journeys_before: 0,
                asked_in_flight: planned.max_in_flight,
                place: (index, of),
            }
        })
        .collect();
    let requests_of = |stream: &Stream| {
        let flows = stream.flows.iter().map(|flow| flows[*flow].steps.clone());
        flows.map(|numbers| steps[numbers].iter().map(|step| step.repeat as usize).sum()).max().unwrap_or(1)
    };
    let limits = limits::resolve(&all, requests_of, workers, machine);
    Streams { all, seed, limits }
}

/// Whether every flow is done once, in order.
pub(super) fn is_once(streams: &[Stream]) -> bool {
    matches!(streams, [Stream { load: Load::Once, .. }])
}

struct Own<'s> {
    written: Option<&'s Spanned<LoadSection>>,
    planned: PlannedLoad,
    start_after: Duration,
    flows: Vec<usize>,
}

/// The load that `flow` has apart from the others, drawing numbers of its own.
fn own<'s>(resolver: &mut Resolver<'_>, flow: &'s FlowSection, seed: u64, index: u64) -> Option<Own<'s>> {
    let start_after = flow.start_after.as_ref().and_then(|text| resolver.duration(text, false));
    let Some(written) = &flow.load else {
        if let Some(start_after) = &flow.start_after {
            resolver.mistake(
                start_after.span(),
                "`start_after` needs a load of the flow's own",
                "add [flow.load], which then starts so much later than the run",
            );
        }
        return None;
    };
    if let Some(seed) = &written.get_ref().seed {
        resolver.mistake(seed.span(), "a run has one seed", "move `seed` to the [load] of the file");
    }
    if let Some(weight) = &flow.weight {
        resolver.mistake(
            weight.span(),
            "`weight` means nothing here: this flow has a load of its own",
            "take out one of them",
        );
    }
    let mut planned = load::resolve(resolver, Some(written), false);
    if let Load::Open(open) = &mut planned.load {
        open.seed = seed.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
    let start_after = start_after.unwrap_or_default();
    Some(Own { written: Some(written), planned, start_after, flows: Vec::new() })
}
