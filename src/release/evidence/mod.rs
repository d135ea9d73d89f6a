//! Evidence readers: what a command printed or left, or what a service says, as figures.
//!
//! Each reader is one file with four parts: the section that is written, what it resolves to, the figures that it gives,
//! and `read`, which says nothing rather than guess. `source` opens what is read, and holds how old it may be.

mod ask;
mod backup;
mod containers;
mod coverage;
mod env_file;
mod file;
mod git;
mod grafana;
mod images;
mod json;
mod loki;
mod placeholder;
mod prometheus;
mod prometheus_rules;
mod prometheus_targets;
mod rows;
mod run;
mod shapes;
pub(super) mod source;
mod test_report;
mod text;
mod vulnerabilities;

use schemars::JsonSchema;
use serde::Deserialize;

use super::accept::Acceptance;
use super::figure::{Reading, Unit};
use crate::scenario::{Short, Spanned};
use crate::values::Resolver;
pub use backup::BackupSection;
pub use containers::ContainersSection;
pub use coverage::CoverageSection;
pub use env_file::EnvFileSection;
pub use file::FileSection;
pub use git::GitSection;
pub use grafana::GrafanaSection;
pub use images::ImagesSection;
pub use json::JsonSection;
pub use loki::LokiSection;
pub use prometheus::PrometheusSection;
pub use run::{RunFolder, RunFolderSection};
pub use source::{Context, Evidence, Output, Place, PlaceKind};
pub use test_report::TestsSection;
pub use text::TextSection;
pub use vulnerabilities::{VulnerabilitiesSection, WaiverSection};

/// `read = { … }`: the readers of one item, by name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSection {
    /// What a text must hold and must not hold.
    pub text: Option<Spanned<TextSection>>,
    /// Whether files are there, how large and how old they are: a path, or a table.
    pub file: Option<Spanned<Short<FileSection>>>,
    /// What a run of mnload came to: its folder, or a table. An item's own `scenario` is read without being named here.
    pub run: Option<Spanned<Short<RunFolderSection>>>,
    /// Values of a JSON document.
    pub json: Option<Spanned<JsonSection>>,
    /// What `docker compose ps --all --format json` prints.
    pub containers: Option<Spanned<ContainersSection>>,
    /// What `docker image ls --format json` prints.
    pub images: Option<Spanned<ImagesSection>>,
    /// The keys of an environment file: its path, or a table.
    pub env_file: Option<Spanned<Short<EnvFileSection>>>,
    /// Whether the working tree is what was committed, and its tags.
    pub git: Option<Spanned<GitSection>>,
    /// The newest backup, and whether it is whole: a path, or a table.
    pub backup: Option<Spanned<Short<BackupSection>>>,
    /// What Prometheus scrapes, knows, and warns of.
    pub prometheus: Option<Spanned<PrometheusSection>>,
    /// Log lines that have arrived in Loki.
    pub loki: Option<Spanned<LokiSection>>,
    /// Whether Grafana is well, and has its dashboards.
    pub grafana: Option<Spanned<GrafanaSection>>,
    /// How much of the code the tests went through: a report's path, or a table.
    pub coverage: Option<Spanned<Short<CoverageSection>>>,
    /// How tests came out: a report's path, or a table.
    pub tests: Option<Spanned<Short<TestsSection>>>,
    /// What an audit found: a report's path, or a table.
    pub vulnerabilities: Option<Spanned<Short<VulnerabilitiesSection>>>,
}

/// A reader, resolved.
#[derive(Debug, Clone)]
pub enum Reader {
    /// What a text holds.
    Text(text::Text),
    /// Whether files are there.
    File(file::Files),
    /// What a run of mnload came to.
    Run(RunFolder),
    /// Values of a JSON document.
    Json(json::JsonValues),
    /// What `docker compose ps --all --format json` prints.
    Containers(containers::Containers),
    /// What `docker image ls --format json` prints.
    Images(images::Images),
    /// The keys of an environment file: its path, or a table.
    EnvFile(env_file::EnvFile),
    /// Whether the working tree is what was committed, and its tags.
    Git(git::Git),
    /// The newest backup, and whether it is whole: a path, or a table.
    Backup(backup::Backup),
    /// What Prometheus scrapes, knows, and warns of.
    Prometheus(Box<prometheus::Prometheus>),
    /// Log lines that have arrived in Loki.
    Loki(Box<loki::Loki>),
    /// Whether Grafana is well, and has its dashboards.
    Grafana(Box<grafana::Grafana>),
    /// How much of the code the tests went through.
    Coverage(coverage::Coverage),
    /// How tests came out.
    Tests(test_report::Tests),
    /// What an audit found.
    Vulnerabilities(vulnerabilities::Vulnerabilities),
}

/// The readers that `section` asks for; mistakes in it are noted.
pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &ReadSection) -> Vec<Reader> {
    let readers = [
        section.text.as_ref().and_then(|section| text::resolve(resolver, section)).map(Reader::Text),
        section.file.as_ref().and_then(|section| file::resolve(resolver, section)).map(Reader::File),
        section.run.as_ref().and_then(|section| run::resolve(resolver, section)).map(Reader::Run),
        section.json.as_ref().and_then(|section| json::resolve(resolver, section)).map(Reader::Json),
        section.containers.as_ref().and_then(|section| containers::resolve(resolver, section)).map(Reader::Containers),
        section.images.as_ref().and_then(|section| images::resolve(resolver, section)).map(Reader::Images),
        section.env_file.as_ref().and_then(|section| env_file::resolve(resolver, section)).map(Reader::EnvFile),
        section.git.as_ref().and_then(|section| git::resolve(resolver, section)).map(Reader::Git),
        section.backup.as_ref().and_then(|section| backup::resolve(resolver, section)).map(Reader::Backup),
        section
            .prometheus
            .as_ref()
            .and_then(|section| prometheus::resolve(resolver, section))
            .map(Box::new)
            .map(Reader::Prometheus),
        section.loki.as_ref().and_then(|section| loki::resolve(resolver, section)).map(Box::new).map(Reader::Loki),
        section
            .grafana
            .as_ref()
            .and_then(|section| grafana::resolve(resolver, section))
            .map(Box::new)
            .map(Reader::Grafana),
        section.coverage.as_ref().and_then(|section| coverage::resolve(resolver, section)).map(Reader::Coverage),
        section.tests.as_ref().and_then(|section| test_report::resolve(resolver, section)).map(Reader::Tests),
        section
            .vulnerabilities
            .as_ref()
            .and_then(|section| vulnerabilities::resolve(resolver, section))
            .map(Reader::Vulnerabilities),
    ];
    readers.into_iter().flatten().collect()
}

impl Reader {
    /// The name of its section, which stands in front of its figures where they need one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::File(_) => "file",
            Self::Run(_) => "run",
            Self::Json(_) => "json",
            Self::Containers(_) => "containers",
            Self::Images(_) => "images",
            Self::EnvFile(_) => "env_file",
            Self::Git(_) => "git",
            Self::Backup(_) => "backup",
            Self::Prometheus(_) => "prometheus",
            Self::Loki(_) => "loki",
            Self::Grafana(_) => "grafana",
            Self::Coverage(_) => "coverage",
            Self::Tests(_) => "tests",
            Self::Vulnerabilities(_) => "vulnerabilities",
        }
    }

    /// The figures that it gives.
    pub fn figures(&self) -> Vec<(String, Unit)> {
        let own = |figures: &[(&str, Unit)]| figures.iter().map(|(name, unit)| ((*name).to_owned(), *unit)).collect();
        match self {
            Self::Text(_) => own(&text::FIGURES),
            Self::File(_) => own(&file::FIGURES),
            Self::Run(_) => own(&run::FIGURES),
            Self::Json(values) => values.figures(),
            Self::Containers(_) => own(&containers::FIGURES),
            Self::Images(_) => own(&images::FIGURES),
            Self::EnvFile(_) => own(&env_file::FIGURES),
            Self::Git(_) => own(&git::FIGURES),
            Self::Backup(_) => own(&backup::FIGURES),
            Self::Prometheus(_) => own(&prometheus::FIGURES),
            Self::Loki(_) => own(&loki::FIGURES),
            Self::Grafana(_) => own(&grafana::FIGURES),
            Self::Coverage(_) => own(&coverage::FIGURES),
            Self::Tests(_) => own(&test_report::FIGURES),
            Self::Vulnerabilities(_) => own(&vulnerabilities::FIGURES),
        }
    }

    /// What is wanted of them where `accept` names none of them; none where the user has to say.
    pub fn defaults(&self) -> &'static [&'static str] {
        match self {
            Self::Text(_) => &["lines >= 1"],
            Self::File(_) => &["size > 0"],
            Self::Run(run) if run.compared => &["newly_failed == 0"],
            Self::Run(_) | Self::Json(_) => &[],
            Self::Containers(_) => &["down == 0", "unhealthy == 0", "restarting == 0", "starting == 0"],
            Self::Images(_) => &["tags >= 2"],
            Self::EnvFile(env) if env.template => &["missing == 0"],
            Self::EnvFile(_) => &["missing == 0", "placeholders == 0", "empty == 0"],
            Self::Git(_) => &["changed == 0"],
            Self::Backup(_) => &["size > 0"],
            Self::Prometheus(prometheus) => prometheus.defaults(),
            Self::Loki(_) => &["lines >= 1"],
            Self::Grafana(grafana) if grafana.has_dashboards() => &["dashboards >= 1"],
            Self::Grafana(_) | Self::Coverage(_) => &[],
            Self::Tests(_) => &["failed == 0"],
            Self::Vulnerabilities(_) => &vulnerabilities::DEFAULTS,
        }
    }

    /// Whether it judges by itself, beyond what its figures are compared with.
    pub fn judges(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Grafana(_))
    }

    /// Whether each default stands for itself: one that `accept` does not name still holds.
    pub fn keeps_defaults(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    /// Whether it tells of something that runs, and may be otherwise a moment later.
    pub fn is_of_a_moment(&self) -> bool {
        let is_live = |place: &&Place| place.kind == PlaceKind::Live;
        matches!(self, Self::Containers(_) | Self::Images(_)) || self.places().iter().any(is_live)
    }

    /// The figures that were asked for by name, of which something must be wanted.
    pub fn asked_for(&self) -> Vec<String> {
        match self {
            Self::Json(values) => values.figures().into_iter().map(|(name, _)| name).collect(),
            Self::Prometheus(prometheus) if prometheus.has_query() => vec!["value".to_owned()],
            _ => Vec::new(),
        }
    }

    /// Whether `one` says what is enough where `default` would: a share of tests that must pass lets some of them fail.
    pub fn says_enough(&self, one: &Acceptance, default: &Acceptance) -> bool {
        matches!(self, Self::Tests(_)) && one.figure == "pass_share" && default.figure == "failed"
    }

    /// A condition to show to whoever has to say what is enough of its figures.
    pub fn example(&self) -> Option<&'static str> {
        match self {
            Self::Coverage(_) => Some("lines >= 65%"),
            _ => None,
        }
    }

    /// What it reads.
    pub fn places(&self) -> Vec<&Place> {
        match self {
            Self::Text(text) => vec![&text.from],
            Self::File(files) => vec![&files.from],
            Self::Run(run) => vec![&run.from],
            Self::Json(json) => vec![&json.from],
            Self::Containers(containers) => vec![&containers.from],
            Self::Images(images) => vec![&images.from],
            Self::EnvFile(env) => std::iter::once(&env.from).chain(&env.examples).collect(),
            Self::Git(git) => vec![&git.from],
            Self::Backup(backup) => vec![&backup.from],
            Self::Prometheus(prometheus) => vec![&prometheus.service.from],
            Self::Loki(loki) => vec![&loki.service.from],
            Self::Grafana(grafana) => vec![&grafana.service.from],
            Self::Coverage(coverage) => vec![&coverage.from],
            Self::Tests(tests) => vec![&tests.from],
            Self::Vulnerabilities(vulnerabilities) => vec![&vulnerabilities.from],
        }
    }

    /// Reads the evidence.
    pub fn read(&self, context: &Context<'_>) -> Reading {
        match self {
            Self::Text(text) => text.read(context),
            Self::File(files) => files.read(context),
            Self::Run(run) => run.read(context),
            Self::Json(json) => json.read(context),
            Self::Containers(containers) => containers.read(context),
            Self::Images(images) => images.read(context),
            Self::EnvFile(env_file) => env_file.read(context),
            Self::Git(git) => git.read(context),
            Self::Backup(backup) => backup.read(context),
            Self::Prometheus(prometheus) => prometheus.read(context),
            Self::Loki(loki) => loki.read(context),
            Self::Grafana(grafana) => grafana.read(context),
            Self::Coverage(coverage) => coverage.read(context),
            Self::Tests(tests) => tests.read(context),
            Self::Vulnerabilities(vulnerabilities) => vulnerabilities.read(context),
        }
    }
}

/// A report that a tool really wrote.
#[cfg(test)]
fn real(path: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/release/files");
    std::fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[cfg(test)]
mod false_greens;
