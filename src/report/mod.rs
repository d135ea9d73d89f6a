//! Finished data to bytes: every view of a run is a pure function of its [`Report`].
//!
//! Takes what the run left ([`crate::metrics::Summary`], findings) as plain data, gives text, JSON, CSV and HTML.
//! Never imports the engine: a report can be made again long after the run.

mod build;
mod calls;
mod capacities;
mod cases;
mod ci;
mod compared;
mod comparison;
mod console;
mod csv;
mod doctor;
mod document;
mod emit;
mod exploration;
mod finding;
#[cfg(test)]
mod fixture;
mod forecast;
#[cfg(test)]
mod goldens;
mod html;
mod inert;
mod json;
mod junit;
mod k6;
mod killed;
mod kind;
mod lines;
mod manifest;
mod margin;
mod markdown;
mod markup;
mod openmetrics;
mod percentiles;
mod progress;
mod release;
mod result;
mod route;
mod samples;
mod schema;
mod sketch;
mod statement;
mod strain;
mod stretches;
mod subject;
mod svg;
mod target;

pub use build::{Commit, Occasion, report_of};
pub use calls::render_failed as render_failed_call;
pub use capacities::{CapacityDocument, render as render_capacities};
pub use ci::{
    Place, Server, exploration_outputs, github_outputs, guarded, step_summary, told_to_azure, told_to_github,
};
pub use compared::CompareDocument;
pub use comparison::{ComparisonDocument, render as render_comparison};
pub use console::{Detail, clean, render as render_console};
pub use doctor::{DoctorDocument, render as render_doctor};
pub use document::{Count, LimitDocument, PlanDocument, TargetDocument};
pub use emit::{EmitError, EmitKind, EmitOptions, emit};
pub use exploration::{
    ExplorationKind, ExplorationProgress, SoFar, UnknownExplorationKind, exploration_result_schema,
    render_exploration_console,
};
pub use forecast::render as render_forecast;
pub use html::HtmlError;
pub use inert::inert;
pub use json::write as write_json;
pub use killed::{Remains, killed};
pub use kind::{Kind, RenderError, UnknownKind, Wanted};
pub use manifest::{Calibration, FileEntry, MANIFEST, Manifest, Unsound};
pub use progress::Progress;
pub use release::{
    ReleaseKind, UnknownReleaseKind, release_outputs, release_result_schema, release_to_azure, release_to_github,
    render_release_console,
};
pub use result::{
    CallFailure, CallResult, ErrorResult, ExampleResult, GeneratorResult, Load, PlanResult, Rates, RunResult,
    StepResult, Steps, Times, WarmUpResult,
};
pub use samples::SampleRows;
pub use schema::schema as result_schema;
pub use statement::{statement, waiting};
pub use stretches::{Identity, StepStretches, Stretches, Unreadable};
pub use subject::{GateFacts, StepFacts, Subject};
pub use target::{Asked, render as render_target};

use crate::metrics::{CurvePoint, Timeline};

/// A finished run, ready to be shown in any form.
#[derive(Debug, Clone)]
pub struct Report {
    /// What `result.json` holds.
    pub result: RunResult,
    /// The run second by second; steps are numbers in the order of `result.steps`.
    pub timeline: Timeline,
    /// The percentile curve of response times, all steps together, in microseconds.
    pub response_curve: Vec<CurvePoint>,
    /// The percentile curve of service times.
    pub service_curve: Vec<CurvePoint>,
}
