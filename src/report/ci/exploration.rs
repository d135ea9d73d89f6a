//! An exploration as the build servers want to be told of it.

use super::github;
use crate::explore::ExplorationResult;

/// The outputs of a step of GitHub, each between lines that its value cannot hold, since `token` is in none.
pub fn outputs(result: &ExplorationResult, report_path: &str, token: &str) -> String {
    let verdict = serde_json::to_value(result.verdict).unwrap_or_default();
    let per_s = |rate: Option<f64>| rate.map(|per_s| format!("{per_s:.3}")).unwrap_or_default();
    let capacity = &result.capacity;
    let values = [
        ("verdict", verdict.as_str().unwrap_or_default()),
        ("exit_code", &result.exit_code.to_string()),
        ("capacity_per_s", &per_s(capacity.per_s)),
        ("capacity_low_per_s", &per_s(capacity.low_per_s)),
        ("capacity_high_per_s", &per_s(capacity.high_per_s)),
        ("report_path", report_path),
    ];
    github::between(&values, token)
}
