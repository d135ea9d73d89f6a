//! `report.html`: one page that needs no network and no script, for whoever decides and whoever argues.
//!
//! Takes a [`Report`], words it ([`page::Page`]), and fills one template. Whatever came from the scenario or the target
//! is hostile input: the template escapes it, and characters that would move or hide text are replaced.

mod calls;
mod charts;
mod page;
mod tables;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior};

use super::Report;
use super::console::clean;
use super::inert::cut;
use super::svg::ChartError;

/// A page that could not be made: a mistake in mnload, never in what was measured.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The template does not fit the data.
    #[error("the page's template does not fit the report: {0}")]
    Template(#[from] minijinja::Error),
    /// A chart could not be drawn.
    #[error("{0}")]
    Chart(String),
}

impl From<ChartError> for HtmlError {
    fn from(error: ChartError) -> Self {
        Self::Chart(error.to_string())
    }
}

const TEMPLATE: &str = include_str!("html/page.html");
/// A longer text is cut, so that none makes the page too large to open; `result.json` has it whole.
const LONGEST: usize = 50_000;
const STYLE: &str = include_str!("html/style.css");

/// The page.
///
/// # Errors
/// When the template and the data do not fit together, which the tests rule out.
pub(super) fn render(report: &Report) -> Result<String, HtmlError> {
    let page = page::Page::of(report, STYLE)?;
    let mut templates = Environment::empty();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_formatter(cleaned);
    templates.add_filter("safe", |text: String| Value::from_safe_string(text));
    Ok(templates.render_named_str("report.html", TEMPLATE, Serde(page))?)
}

/// Escapes as usual, and leaves no character that could hide or reorder what stands around it.
fn cleaned(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            minijinja::escape_formatter(out, state, &Value::from(clean(&cut(text, LONGEST))))
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding, invalid, known};
    use crate::verdict::{Finding, Status};

    const HOSTILE: &str =
        "<script>alert('1')</script> \"q\" ]]> --> \u{202E}evil\u{2066} \u{0}\u{1b}[31m &amp; ${x} {{ y }}";

    fn page(fixture: &Fixture) -> String {
        render(&fixture.report()).unwrap()
    }

    /// The run that is looked at: it fails, and shows every panel.
    fn failing() -> Fixture {
        let findings = vec![
            Finding {
                first_broken_s: Some(62),
                ..known(finding("latency", Status::Fail, "p95 < 600ms", Some("6.07s")), "590ms to 9.8s")
            },
            Finding {
                reason: Some("the bound lies within the interval 88.1ms to 312ms: a longer run may tell".to_owned()),
                ..known(
                    finding("media", Status::Pass, "p95 of 'open media' < 300ms", Some("96.4ms")),
                    "88.1ms to 312ms",
                )
            },
            Finding {
                warn: true,
                reason: Some("p99.9 needs at least 1000 samples, there were 20".to_owned()),
                ..finding("tail", Status::NoData, "p99.9 < 2s, warn", None)
            },
            finding("longest", Status::Pass, "max < 15s", Some("12.17s")),
            known(finding("errors", Status::Pass, "error_rate < 1%", Some("0.25%")), "0.17% to 0.37%"),
            finding("search", Status::Skipped, "p95 of search < 300ms", None),
        ];
        Fixture { findings, stall: 60..72, ..Fixture::default() }
    }

    /// Every shape that the page must bear, by name.
    fn all_kinds() -> Vec<(&'static str, Fixture)> {
        let normal = Fixture::default();
        let late = invalid("punctual", "send lag p99 <= 10ms", "48ms", "the generator was late: use a smaller rate");
        let hostile: Vec<String> = (0..200).map(|k| format!("{k} {HOSTILE} {}", "long".repeat(60))).collect();
        vec![
            ("once", Fixture::once()),
            ("pass", normal.clone()),
            ("fail", failing()),
            (
                "inconclusive",
                Fixture { findings: [failing().findings, vec![late]].concat(), insecure: true, ..failing() },
            ),
            ("empty", Fixture::empty()),
            (
                "second",
                Fixture { seconds: 1, stall: 0..0, steps: vec!["health".to_owned()], per_second: 1, ..normal.clone() },
            ),
            ("huge", Fixture { slower: 400, ..normal.clone() }),
            ("all-fail", Fixture { every_fails: 1, ..failing() }),
            (
                "hostile",
                Fixture {
                    steps: hostile,
                    name: HOSTILE.to_owned(),
                    message: HOSTILE.repeat(30),
                    seconds: 20,
                    per_second: 2,
                    every_fails: 3,
                    findings: vec![finding(HOSTILE, Status::Fail, HOSTILE, Some(HOSTILE))],
                    ..normal
                },
            ),
        ]
    }

    #[test]
    fn a_small_report_is_laid_out_as_before() {
        let small = Fixture {
            seconds: 3,
            per_second: 2,
            stall: 1..2,
            steps: vec!["search".to_owned()],
            every_fails: 4,
            ..Fixture::default()
        };
        let page = page(&small);
        let (_, body) = page.split_once("</style>").unwrap();
        insta::assert_snapshot!(body);
    }

    #[test]
    fn every_kind_of_run_has_a_whole_page_under_the_limit() {
        for (kind, fixture) in all_kinds() {
            let page = page(&fixture);
            assert!(page.len() < 1_000_000, "{kind}: {} bytes", page.len());
            assert_eq!(page.matches("<h1>").count(), 1, "{kind}");
            assert!(page.trim_end().ends_with("</html>"), "{kind}");
            for id in ["verdict", "gates", "validity", "steps", "charts", "errors", "environment", "definitions"] {
                // One sample of each step makes no chart.
                let wanted = usize::from(!(kind == "once" && id == "charts"));
                assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), wanted, "{kind}: {id}");
            }
            // For those who want to look at them, and for the browser test.
            if let Some(folder) = std::env::var_os("MNLOAD_PAGES") {
                std::fs::write(std::path::Path::new(&folder).join(format!("{kind}.html")), page).unwrap();
            }
        }
    }

    #[test]
    fn a_smoke_check_shows_its_calls_and_why_they_failed() {
        let page = page(&Fixture::once());
        for text in [
            "<td class=\"n\">1.87ms</td>",
            "<span class=\"wanted\">- status 200</span>",
            "<span class=\"found\">+   &quot;a&quot;: 2</span>",
            "POST https:&#x2f;&#x2f;staging.example.test&#x2f;api&#x2f;auth&#x2f;login\nauthorization: [redacted]\n",
            "HTTP&#x2f;1.1 401 Unauthorized\n",
        ] {
            assert!(page.contains(text), "{text} is missing:\n{page}");
        }
        let (_, body) = page.split_once("</style>").unwrap();
        assert!(!body.contains("p95"), "one request has no percentiles");
    }

    #[test]
    fn what_comes_from_outside_stays_text() {
        let (_, hostile) = all_kinds().pop().unwrap();
        let page = page(&hostile);
        assert!(!page.contains("<script"), "no script of any kind is in the page");
        for c in ['\u{0}', '\u{1b}', '\u{202E}', '\u{2066}'] {
            assert!(!page.contains(c), "{c:?}");
        }
        assert!(page.contains("&lt;script&gt;alert(&#x27;1&#x27;)&lt;&#x2f;script&gt;"), "it is shown as written");
        assert!(page.contains("{{ y }}"), "and not taken for a template");
    }

    #[test]
    fn a_long_run_of_many_steps_stays_small() {
        let steps = (0..30).map(|k| format!("step {k}")).collect();
        let long = Fixture { seconds: 5_000, per_second: 1, steps, ..Fixture::default() };
        let page = page(&long);
        assert!(page.len() < 400_000, "{} bytes", page.len());
    }

    #[test]
    fn an_empty_run_is_never_shown_as_a_pass() {
        let page = page(&Fixture::empty());
        assert!(page.contains("<title>INCONCLUSIVE: light"));
        assert!(page.contains("there is no latency to draw"));
        assert!(!page.contains("NaN") && !page.contains("inf%"));
    }

    #[test]
    fn a_bound_far_above_is_named_instead_of_drawn() {
        let gate = |wanted: &str| vec![finding("latency", Status::Pass, wanted, Some("1ms"))];
        let drawn = page(&Fixture { findings: gate("p95 < 600ms"), ..Fixture::default() });
        assert!(drawn.contains("p95 &lt; 600ms</text>"));
        let far = page(&Fixture { findings: gate("p95 < 1h"), ..Fixture::default() });
        assert!(far.contains("The bound p95 &lt; 1h lies far above") && !far.contains("1h</text>"));
    }
}
