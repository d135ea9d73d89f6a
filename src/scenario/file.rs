//! The sections and keys of a scenario file, as written: texts are templates, nothing is checked but names and types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::schema;
use super::spanned::Spanned;
use super::value::{Entries, Short, Value};

/// A whole scenario file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What the run is called; the file's name by default.
    pub name: Option<Spanned<String>>,
    /// What it is for.
    pub description: Option<Spanned<String>>,
    /// Where the requests go.
    pub target: Option<Spanned<TargetSection>>,
    /// When they go; once by default.
    pub load: Option<Spanned<LoadSection>>,
    /// Names and values for templates.
    pub vars: Option<Spanned<Entries>>,
    /// Files whose rows templates may use, by name.
    pub data: Option<BTreeMap<String, Spanned<DataSection>>>,
    /// Steps that run once before the load, outside the figures.
    #[serde(default)]
    pub setup: Vec<Spanned<StepSection>>,
    /// The steps of the one flow.
    #[serde(default)]
    pub step: Vec<Spanned<StepSection>>,
    /// Several flows, instead of `step`.
    #[serde(default)]
    pub flow: Vec<Spanned<FlowSection>>,
    /// Steps that run once after the load, outside the figures.
    #[serde(default)]
    pub teardown: Vec<Spanned<StepSection>>,
    /// What a failure of a step of the load means, if the step does not say: `stop_journey` (default), `continue` or
    /// `abort_run`.
    pub on_failure: Option<Spanned<String>>,
    /// Gate name = expression.
    pub gates: Option<Spanned<Entries>>,
    /// What `mnload explore` may try.
    pub explore: Option<Spanned<ExploreSection>>,
}

/// `[target]`: where requests go.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    /// The URL that paths are appended to.
    pub base_url: Option<Spanned<String>>,
    /// How long one request may take.
    pub timeout: Option<Spanned<String>>,
    /// Headers of every request.
    pub headers: Option<Spanned<Entries>>,
    /// A path that is asked for until it answers, before anything else is sent: as text, or as a table.
    pub wait_for: Option<Spanned<Short<WaitForSection>>>,
    /// A PEM file of the authorities to trust instead of the system's.
    pub ca: Option<Spanned<String>>,
    /// Accept any certificate.
    pub insecure: Option<Spanned<bool>>,
    /// Redirects that are followed if a step does not say; none by default.
    pub redirects: Option<Spanned<Value>>,
    /// Keep the cookies that the target sets and send them back; true by default.
    pub cookies: Option<Spanned<bool>>,
    /// Which HTTP is spoken: `auto` (default), `1.1` or `2`.
    pub http: Option<Spanned<String>>,
    /// Whose connections are: `user` or `pooled`, or a table that also limits their age and use.
    pub connections: Option<Spanned<Short<ConnectionsSection>>>,
    /// When names are looked up: `once` (default), or again when the last lookup is older than this.
    pub lookup: Option<Spanned<String>>,
    /// Host, or host and port = the address that is connected to instead, or a list of them.
    pub resolve: Option<Spanned<Entries>>,
    /// Addresses of this machine that connections are opened from, in turn.
    pub local_addresses: Option<Spanned<Vec<Spanned<String>>>>,
    /// A Unix socket that all requests go over.
    pub unix_socket: Option<Spanned<String>>,
    /// A proxy that all requests go through.
    pub proxy: Option<Spanned<String>>,
}

/// `[load]`: when journeys start.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSection {
    /// `once`, `open` or `closed`.
    pub model: Option<Spanned<String>>,
    /// Open: journeys started per second.
    pub rate: Option<Spanned<String>>,
    /// How long journeys are started.
    pub duration: Option<Spanned<String>>,
    /// Open: the rate over time, instead of `rate` and `duration`.
    pub stages: Option<Vec<Spanned<StageSection>>>,
    /// Open: the first part of `duration`, in which the rate climbs from zero.
    pub ramp_up: Option<Spanned<String>>,
    /// Open: `even` or `poisson`.
    pub arrivals: Option<Spanned<String>>,
    /// Open: `default`, `precise` or `economy`.
    pub pacing: Option<Spanned<String>>,
    /// What every random draw follows.
    pub seed: Option<Spanned<Value>>,
    /// Closed: virtual users.
    pub users: Option<Spanned<Value>>,
    /// Closed: journeys in all.
    pub iterations: Option<Spanned<Value>>,
    /// Closed: journeys per second at the most.
    pub max_rate: Option<Spanned<String>>,
    /// Open: journeys under way at one time at the most.
    pub max_in_flight: Option<Spanned<Value>>,
    /// Closed: a user's cookies and what its journeys extracted are kept for its next journey.
    pub keep_state: Option<Spanned<bool>>,
    /// How long journeys under way may take to finish after the last arrival.
    pub drain: Option<Spanned<String>>,
    /// The first part of the load, whose journeys are counted apart and judged by no gate; `ramp_up` if that is given.
    pub warm_up: Option<Spanned<String>>,
}

/// One of `stages`: the rate moves in a straight line to the one that it ends with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageSection {
    /// How long the stage takes.
    #[schemars(required)]
    pub over: Option<Spanned<String>>,
    /// The rate that it ends with.
    #[schemars(required)]
    pub to: Option<Spanned<String>>,
}

/// `[data.NAME]`: a file whose rows templates use.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSection {
    /// A CSV file with a header, or a JSON list.
    pub file: Option<Spanned<String>>,
    /// `sequential` (default), `random`, `shuffled` or `unique`.
    pub order: Option<Spanned<String>>,
    /// A row for each `journey` (default) or each `user`.
    pub per: Option<Spanned<String>>,
    /// When all rows have been used: `repeat` (default), or `stop` (default for `unique`).
    pub exhausted: Option<Spanned<String>>,
}

/// `[[flow]]`: a kind of journey.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowSection {
    /// What reports call it.
    pub name: Option<Spanned<String>>,
    /// How often it is chosen, relative to the others; 1 by default.
    pub weight: Option<Spanned<Value>>,
    /// When its journeys go, apart from the other flows.
    pub load: Option<Spanned<LoadSection>>,
    /// How long its own load waits after the start of the run.
    pub start_after: Option<Spanned<String>>,
    /// Its steps, in order.
    #[serde(default)]
    pub step: Vec<Spanned<StepSection>>,
}

/// `retry = { times, pause }`: a step that fails is tried again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrySection {
    /// How often a step that fails is tried again.
    #[schemars(required)]
    pub times: Option<Spanned<Value>>,
    /// How long to wait before that.
    pub pause: Option<Spanned<String>>,
}

/// `poll = { every, deadline }`: a step is asked again until it passes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollSection {
    /// How long to wait between two requests.
    pub every: Option<Spanned<String>>,
    /// How long the step may take to pass.
    #[schemars(required)]
    pub deadline: Option<Spanned<String>>,
}

/// `basic = { user, password }`: an `Authorization: Basic` header.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicSection {
    /// The user.
    #[schemars(required)]
    pub user: Option<Spanned<String>>,
    /// The password.
    #[schemars(required)]
    pub password: Option<Spanned<String>>,
}

/// `wait_for = { get, status, every, deadline }`: what is asked before the run until it answers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitForSection {
    /// The path to GET.
    #[schemars(required)]
    pub get: Option<Spanned<String>>,
    /// What the answer's status must be.
    pub status: Option<Spanned<Value>>,
    /// How long to wait between two requests.
    pub every: Option<Spanned<String>>,
    /// How long it may take until the answer is as wanted.
    pub deadline: Option<Spanned<String>>,
}

/// `think = { distribution, … }`: pauses that are spread as people's are.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThinkSection {
    /// `exponential`, `normal` or `lognormal`.
    pub distribution: Option<Spanned<String>>,
    /// Exponential and normal: the mean.
    pub mean: Option<Spanned<String>>,
    /// Normal: the standard deviation.
    pub deviation: Option<Spanned<String>>,
    /// Lognormal: half of the pauses are shorter.
    pub median: Option<Spanned<String>>,
    /// Lognormal: 95 of 100 pauses are shorter.
    pub p95: Option<Spanned<String>>,
    /// No pause is longer.
    pub max: Option<Spanned<String>>,
}

/// `connections = { policy, max_age, max_requests, streams }`: how connections are used.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionsSection {
    /// `user` or `pooled`: who may send the next request over a connection.
    pub policy: Option<Spanned<String>>,
    /// No connection is used for longer.
    pub max_age: Option<Spanned<String>>,
    /// No connection carries more requests.
    pub max_requests: Option<Spanned<Value>>,
    /// The most requests at one time over one HTTP/2 connection; 100 by default.
    pub streams: Option<Spanned<Value>>,
}

/// `[[step]]`: one request, what its answer must be, and how the journey goes on.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = schema::one_method)]
pub struct StepSection {
    /// What reports and gates call it; the method and path by default.
    pub name: Option<Spanned<String>>,
    /// The path (or full URL) to GET.
    pub get: Option<Spanned<String>>,
    /// The path to POST to.
    pub post: Option<Spanned<String>>,
    /// The path to PUT to.
    pub put: Option<Spanned<String>>,
    /// The path to PATCH.
    pub patch: Option<Spanned<String>>,
    /// The path to DELETE.
    pub delete: Option<Spanned<String>>,
    /// The path to ask for HEAD of.
    pub head: Option<Spanned<String>>,
    /// The path to ask for OPTIONS of.
    pub options: Option<Spanned<String>>,
    /// Headers of this request.
    pub headers: Option<Spanned<Entries>>,
    /// The token of an `Authorization: Bearer` header.
    pub bearer: Option<Spanned<String>>,
    /// The user and password of an `Authorization: Basic` header.
    pub basic: Option<Spanned<BasicSection>>,
    /// A body as a URL-encoded form.
    pub form: Option<Spanned<Entries>>,
    /// A body as JSON.
    pub json: Option<Spanned<Value>>,
    /// A body of parts: fields, and files as `{ file = "…" }`.
    pub multipart: Option<Spanned<Entries>>,
    /// A body as text.
    pub body: Option<Spanned<String>>,
    /// How the body is compressed: `gzip`.
    pub compression: Option<Spanned<String>>,
    /// How long this request may take.
    pub timeout: Option<Spanned<String>>,
    /// What the answer must be.
    pub expect: Option<Spanned<Entries>>,
    /// Variable = where its value stands in the answer.
    pub extract: Option<Spanned<Entries>>,
    /// Redirects that are followed; none by default.
    pub redirects: Option<Spanned<Value>>,
    /// Send the user's cookies and keep new ones; as `[target] cookies` by default.
    pub cookies: Option<Spanned<bool>>,
    /// Reports count the steps of one group together, too.
    pub group: Option<Spanned<String>>,
    /// Names and values by which gates can speak of several steps.
    pub tags: Option<Spanned<Entries>>,
    /// A pause after the step: `1s`, `1s..3s`, or a distribution.
    pub think: Option<Spanned<Short<ThinkSection>>>,
    /// Only if this holds.
    pub when: Option<Spanned<String>>,
    /// Only if this does not hold.
    pub unless: Option<Spanned<String>>,
    /// Only in this share of journeys: `10%`.
    pub probability: Option<Spanned<String>>,
    /// How often the step is done in a row.
    pub repeat: Option<Spanned<Value>>,
    /// Try again while the step fails.
    pub retry: Option<Spanned<RetrySection>>,
    /// Ask again until the step passes.
    pub poll: Option<Spanned<PollSection>>,
    /// `stop_journey` (default), `continue` or `abort_run`.
    pub on_failure: Option<Spanned<String>>,
}

/// `[explore]`: which rates `mnload explore` may try, and for how long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExploreSection {
    /// The first rate that is tried; 10/s by default.
    pub from: Option<Spanned<String>>,
    /// The highest rate that is tried; 2000/s by default, or the ceiling if that is lower.
    pub to: Option<Spanned<String>>,
    /// No rate above this is ever tried, whatever the command line says.
    pub ceiling: Option<Spanned<String>>,
    /// How well the capacity is to be known, as a share of it; 5% by default.
    pub precision: Option<Spanned<String>>,
    /// How long it may take in all; 5m by default.
    pub budget: Option<Spanned<String>>,
    /// How many requests may be sent in all.
    pub max_requests: Option<Spanned<Value>>,
    /// How old the setup may be when a rate is tried; 10m by default.
    pub setup_every: Option<Spanned<String>>,
}

impl StepSection {
    /// The method keys that are present, with their paths.
    pub fn methods(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        [
            ("GET", &self.get),
            ("POST", &self.post),
            ("PUT", &self.put),
            ("PATCH", &self.patch),
            ("DELETE", &self.delete),
            ("HEAD", &self.head),
            ("OPTIONS", &self.options),
        ]
        .into_iter()
        .filter_map(|(method, path)| path.as_ref().map(|path| (method, path)))
    }
}
