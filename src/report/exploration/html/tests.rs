//! The page of every shape of exploration: whole, small, and harmless.

use super::super::fixture;
use super::*;
use crate::report::html::whole::{assert_whole, keep};

/// What links may point to.
const IDS: [&str; 12] = [
    "verdict",
    "capacity",
    "charts",
    "rates",
    "gates",
    "asked",
    "generator",
    "environment",
    "scenario",
    "command",
    "definitions",
    "started",
];

fn page(result: &ExplorationResult) -> String {
    render(result).unwrap()
}

/// Every shape that the page must bear, by name.
fn all_kinds() -> Vec<(&'static str, ExplorationResult)> {
    let more = [("many", fixture::many()), ("hostile", fixture::hostile()), ("huge", fixture::huge())];
    fixture::small().into_iter().chain(more).collect()
}

#[test]
fn every_kind_of_exploration_has_a_whole_page_under_the_limit() {
    for (kind, result) in all_kinds() {
        let page = page(&result);
        assert_whole(kind, &page, IDS);
        keep(&format!("exploration-{kind}"), &page);
    }
}

#[test]
fn a_limit_that_was_found_is_laid_out_as_before() {
    let page = page(&fixture::found());
    let (_, body) = page.split_once("</style>").unwrap();
    insta::assert_snapshot!(body.split_once("<script").unwrap().0);
}

#[test]
fn the_curve_tells_outcomes_apart_by_shape() {
    let page = page(&fixture::found());
    let curve = page.split("<figure id=\"curve\">").nth(1).unwrap().split("</figure>").next().unwrap();
    let wide = curve.split("</svg>").next().unwrap();
    let result = fixture::found();
    let count = |outcome| result.points.iter().filter(|point| point.outcome == outcome).count();
    use crate::explore::Outcome;
    assert_eq!(wide.matches("<circle class=\"holds\"").count(), count(Outcome::Holds));
    assert_eq!(wide.matches("<circle class=\"unclear\"").count(), count(Outcome::Unclear));
    // A cross is two strokes.
    assert_eq!(wide.matches("<path class=\"breaks\"").count(), 2 * count(Outcome::Breaks));
    for text in ["p95 &lt; 300ms", "capacity 297/s", "knee 269/s", "class=\"within\""] {
        assert!(wide.contains(text), "{text}");
    }
    // The limit by itself is worth a chart only where it was found, between rates that are far away.
    assert!(page.contains("<figure id=\"limit\">"));
    let page = self::page(&fixture::generator());
    assert!(!page.contains("<figure id=\"limit\">"));
    assert!(page.contains("<path class=\"generator\"") && page.contains("The generator was short of something"));
}

#[test]
fn what_is_not_known_is_not_drawn() {
    let page = page(&fixture::empty());
    assert!(!page.contains("<svg class=\"wide\"") && page.contains("No rate was tried."));
    let page = self::page(&fixture::nothing_held());
    assert!(page.contains("<svg class=\"wide\"") && !page.contains("class=\"within\" d="));
}

#[test]
fn a_target_that_did_not_recover_is_not_called_what_broke_the_gates() {
    let by_the_target = "what was broken was broken by the target";
    let mut result = fixture::found();
    assert!(page(&result).contains(by_the_target));
    let recovery = result.points[3].recovery.as_mut().unwrap();
    recovery.recovered = false;
    let page = page(&result);
    assert!(!page.contains(by_the_target) && page.contains("The target was not back to its speed"));
}

#[test]
fn what_is_no_measurement_is_not_shown_as_one() {
    let mut result = fixture::found();
    result.points[0].growth = crate::explore::Growth { per_s: 0.0, error: 1e9, ..Default::default() };
    assert!(!page(&result).contains("1000000000"));
    let mut csv = Vec::new();
    crate::report::ExplorationKind::Csv.render(&result, &mut csv).unwrap();
    assert!(!String::from_utf8(csv).unwrap().contains("1000000000"));
}

#[test]
fn the_headline_of_a_wide_interval_is_its_ends_and_names_stand_in_quotes() {
    let mut result = fixture::found();
    result.asked.precision = 0.01;
    result.exit_code = 4;
    result.reasons = vec!["the budget was too small: beyond that `latency` is broken".to_owned()];
    let page = page(&result).replace("&#x2f;", "/");
    let head = page.split("<section").next().unwrap().split("</style>").nth(1).unwrap();
    assert!(head.contains("288.4/s to 304.9/s") && !head.contains("297/s"), "{head}");
    assert!(head.contains("beyond that “latency” is broken") && !head.contains('`'), "{head}");
    assert!(head.contains("the capacity is not known as well as was asked"), "{head}");
    assert!(!page.contains("that is 594 requests/s") && !page.contains("capacity 297/s"));
}

#[test]
fn what_comes_from_outside_stays_text() {
    for (kind, result) in all_kinds() {
        let page = page(&result);
        assert_eq!(page.matches("<script").count(), 1, "{kind}: the page's own alone");
        for c in ['\u{0}', '\u{1b}', '\u{202E}', '\u{2066}'] {
            assert!(!page.contains(c), "{kind}: {c:?}");
        }
    }
}
