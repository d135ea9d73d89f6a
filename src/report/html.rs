//! `report.html` (to come with its charts).

use super::Report;

/// The page.
pub fn render(report: &Report) -> String {
    report.result.name.clone()
}
