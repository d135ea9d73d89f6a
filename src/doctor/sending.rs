//! What it costs to send: two small loads against the built-in target, of which only the worker's CPU time counts.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::DoctorError;
use crate::demo::{Demo, DemoOptions};
use crate::engine::{self, Stop, View};
use crate::metrics::{Latency, Live, Summary};
use crate::plan::{Machine, Overrides, Plan};
use crate::scenario::ScenarioFile;

/// Users without a pause: enough to keep one worker busy.
const USERS: u32 = 16;
/// Journeys per second of the load with a schedule.
const PER_S: u32 = 1_000;

/// What it costs to send.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SendingCheck {
    /// CPU time of a request where one follows the other, in microseconds.
    pub flat_out_cpu_us: Option<f64>,
    /// Requests per second that one worker sent so.
    pub flat_out_per_s: f64,
    /// CPU time of a request at `paced_per_s`, in microseconds: each has a wake of its own.
    pub paced_cpu_us: Option<f64>,
    /// Requests per second of the load with a schedule.
    pub paced_per_s: u32,
    /// How late its requests were sent, in microseconds.
    pub paced_lag_us: Latency,
    /// Requests of both loads that failed.
    pub failed: u64,
    /// Requests per second that one core can send at the most, by its CPU time: an estimate.
    pub one_core_per_s: Option<f64>,
}

pub(super) async fn check(lasting: Duration) -> Result<SendingCheck, DoctorError> {
    let demo = Demo::start(DemoOptions::without_latency())?;
    let seconds = lasting.as_secs_f64();
    let flat_out = load(&demo, &format!("model = \"closed\"\nusers = {USERS}\nduration = \"{seconds}s\"")).await?;
    let paced = load(&demo, &format!("model = \"open\"\nrate = \"{PER_S}/s\"\nduration = \"{seconds}s\"")).await?;
    let flat_out_cpu_us = cpu_us(&flat_out);
    Ok(SendingCheck {
        flat_out_cpu_us,
        flat_out_per_s: flat_out.all_steps.in_window as f64 / flat_out.window.as_secs_f64().max(1e-9),
        paced_cpu_us: cpu_us(&paced),
        paced_per_s: PER_S,
        paced_lag_us: paced.total.send_lag.latency(),
        failed: flat_out.all_steps.failed + paced.all_steps.failed,
        one_core_per_s: flat_out_cpu_us.map(|us| 1e6 / us),
    })
}

/// CPU time of the workers for each request, in microseconds; none if the system does not tell it.
fn cpu_us(summary: &Summary) -> Option<f64> {
    let (cpu, requests) = (summary.generator.cpu, summary.all_steps.requests);
    (!cpu.is_zero() && requests > 0).then(|| cpu.as_secs_f64() * 1e6 / requests as f64)
}

/// One worker's run of `load` against `demo`.
async fn load(demo: &Demo, load: &str) -> Result<Summary, DoctorError> {
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\n{load}\n[[step]]\nname = \"health\"\nget = \"/health\"\n",
        demo.base_url()
    );
    let file = ScenarioFile::parse("doctor.toml", &text, None)?;
    let overrides = Overrides { workers: Some(1), ..Overrides::default() };
    let plan = Arc::new(Plan::resolve(&file, &overrides, &Machine { cores: 1, sockets: 1_000 })?);
    let connector = engine::reach(&plan).await?;
    let (live, _watched) = watch::channel(Live::default());
    Ok(engine::run(&plan, connector, View { live: &live, second: &mut |_| (), most_samples: 0 }, &Stop::default())
        .await?
        .summary)
}
