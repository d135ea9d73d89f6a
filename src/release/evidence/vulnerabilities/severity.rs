//! How bad something is, by the words and scores of many tools.

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    Critical,
    High,
    Moderate,
    Low,
    Info,
    /// Its report does not tell, so it may be anything.
    Unknown,
}

impl Severity {
    /// All of them, in the order of their figures.
    pub(super) const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Moderate, Self::Low, Self::Info, Self::Unknown];

    /// The name of its figure.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Moderate => "moderate",
            Self::Low => "low",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }

    /// Its place where the worst is told first; what is unknown may be as bad as anything but is not said to be.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Critical => 0,
            Self::High => 1,
            Self::Unknown => 2,
            Self::Moderate => 3,
            Self::Low => 4,
            Self::Info => 5,
        }
    }

    /// A word in any case; none if it is no severity.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Some(Self::Critical),
            "high" | "important" => Some(Self::High),
            "moderate" | "medium" => Some(Self::Moderate),
            "low" | "minor" => Some(Self::Low),
            "info" | "informational" | "negligible" | "none" => Some(Self::Info),
            _ => None,
        }
    }

    /// A score of CVSS, by that standard's own steps; none of zero, which tools write for what they do not know.
    pub(super) fn of_score(score: f64) -> Option<Self> {
        match score {
            9.0..=10.0 => Some(Self::Critical),
            7.0..9.0 => Some(Self::High),
            4.0..7.0 => Some(Self::Moderate),
            score if score > 0.0 && score < 4.0 => Some(Self::Low),
            _ => None,
        }
    }

    /// The worst of what is said; unknown if nothing is.
    pub(super) fn worst(said: impl IntoIterator<Item = Self>) -> Self {
        said.into_iter().min_by_key(|severity| severity.rank()).unwrap_or(Self::Unknown)
    }
}
