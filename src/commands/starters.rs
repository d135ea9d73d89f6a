//! The scenarios that `mnload init` writes: templates in the binary, one file each in `starters/`.
//!
//! Lines that begin with `# ` are prose; lines that begin with `#` and a key or a bracket are options to take the `#`
//! from. Tests do that with every block of them.

use anyhow::bail;

use crate::cli::Starter;

/// The address of the built-in target, which stands in the templates.
const PLACEHOLDER: &str = "http://127.0.0.1:3000";

impl Starter {
    /// What is written without being asked for.
    pub(super) const DEFAULT: [Self; 2] = [Self::Smoke, Self::Light];

    /// Whether it is a scenario, and no release.
    pub(super) fn is_scenario(self) -> bool {
        !matches!(self, Self::Release)
    }

    /// The name of the file.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Smoke => "smoke.toml",
            Self::Light => "light.toml",
            Self::E2e => "e2e.toml",
            Self::Capacity => "capacity.toml",
            Self::Release => "release.toml",
        }
    }

    /// What it is, in a line.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Smoke => "once through what must work, judged by its answers",
            Self::Light => "a load at a steady rate, judged by gates",
            Self::E2e => "a journey in which each step stands on the one before it",
            Self::Capacity => "the highest rate at which the gates hold, for mnload explore",
            Self::Release => "what must hold before a build is released",
        }
    }

    /// The text of the file, with `url` as the place that requests go to.
    pub(super) fn text(self, url: Option<&str>) -> String {
        let template = match self {
            Self::Smoke => include_str!("starters/smoke.toml"),
            Self::Light => include_str!("starters/light.toml"),
            Self::E2e => include_str!("starters/e2e.toml"),
            Self::Capacity => include_str!("starters/capacity.toml"),
            Self::Release => include_str!("starters/release.toml"),
        };
        url.map_or_else(|| template.to_owned(), |url| template.replace(PLACEHOLDER, url))
    }
}

/// That `url` can stand in a template in a scenario; whether it is a base URL is for the plan to say.
pub(super) fn check_url(url: &str) -> anyhow::Result<()> {
    match url.chars().find(|c| "'\"\\{}$".contains(*c) || c.is_control() || c.is_whitespace()) {
        Some(wrong) => bail!(
            "the URL holds {wrong:?}, which has a meaning in scenario files: write it without, or percent-encoded"
        ),
        None => Ok(()),
    }
}
