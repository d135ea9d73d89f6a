//! The page of every shape of run: whole, small, and harmless.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::shell::LARGEST;
use super::whole::{assert_whole, keep};
use super::*;
use crate::report::fixture::{Fixture, finding, invalid, known};
use crate::verdict::{Finding, Status};

/// What links may point to.
const IDS: [&str; 15] = [
    "verdict",
    "gates",
    "validity",
    "comparison",
    "steps",
    "charts",
    "errors",
    "phases",
    "connections",
    "environment",
    "scenario",
    "command",
    "definitions",
    "started",
    "mnload-data",
];

const HOSTILE: &str =
    "<script>alert('1')</script> \"q\" ]]> --> \u{202E}evil\u{2066} \u{0}\u{1b}[31m &amp; ${x} {{ y }}";

fn page(fixture: &Fixture) -> String {
    render(&fixture.report()).unwrap()
}

/// What is seen of `page`, without its style, script and data.
fn seen(page: &str) -> &str {
    let (_, body) = page.split_once("</style>").unwrap();
    body.split_once("<script").unwrap().0
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
            ..known(finding("media", Status::Pass, "p95 of 'open media' < 300ms", Some("96.4ms")), "88.1ms to 312ms")
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
        ("inconclusive", Fixture { findings: [failing().findings, vec![late]].concat(), insecure: true, ..failing() }),
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
    insta::assert_snapshot!(seen(&page));
}

#[test]
fn every_kind_of_run_has_a_whole_page_under_the_limit() {
    for (kind, fixture) in all_kinds() {
        let page = page(&fixture);
        // One sample of each step makes no chart, and its phases stand with its calls.
        let left_out = |id: &str| kind == "once" && ["charts", "phases", "connections"].contains(&id);
        assert_whole(kind, &page, IDS.into_iter().filter(|id| !left_out(id)));
        assert!(IDS.iter().all(|id| !left_out(id) || !page.contains(&format!("id=\"{id}\""))), "{kind}");
        keep(kind, &page);
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
    assert!(!seen(&page).contains("p95"), "one request has no percentiles");
}

#[test]
fn what_comes_from_outside_stays_text() {
    let (_, hostile) = all_kinds().pop().unwrap();
    let page = page(&hostile);
    let scripts: Vec<&str> = page.match_indices("<script").map(|(at, _)| &page[at..at + 20]).collect();
    assert_eq!(scripts, ["<script type=\"applic", &format!("<script>{}", &PARTS.script[..12])], "the page's own alone");
    assert_eq!(page.matches("</script>").count(), 2);
    for c in ['\u{0}', '\u{1b}', '\u{202E}', '\u{2066}'] {
        assert!(!page.contains(c), "{c:?}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#x27;1&#x27;)&lt;&#x2f;script&gt;"), "it is shown as written");
    assert!(page.contains("{{ y }}"), "and not taken for a template");
}

/// Reports that try to make the page too large.
fn extremes() -> Vec<(&'static str, Report)> {
    let endless = "<&\u{202e}\u{0}🎬".repeat(100_000);
    let mut long_texts = failing().report();
    let result = &mut long_texts.result;
    for text in [&mut result.name, &mut result.description, &mut result.command, &mut result.plan.scenario] {
        *text = endless.clone();
    }
    for text in [&mut result.plan.statement, &mut result.plan.base_url, &mut result.started_at, &mut result.plan.file] {
        *text = endless.clone();
    }
    result.name = endless.repeat(10);
    result.reasons = vec![endless.clone(); 3];
    result.warnings = vec![endless.clone(); 3];
    result.steps.0[0].0 = endless.clone();
    for finding in &mut result.findings {
        *finding = Finding { reason: Some(endless.clone()), wanted: endless.clone(), ..finding.clone() };
    }
    result.errors.iter_mut().for_each(|error| error.examples.iter_mut().for_each(|one| one.message = endless.clone()));

    let steps = (0..5_000).map(|k| format!("step {k} {}", "<".repeat(200))).collect();
    let many_steps = Fixture { seconds: 2, per_second: 1, steps, ..failing() }.report();

    let mut a_day = Fixture { seconds: 1_600, per_second: 1, every_fails: 7, ..failing() }.report();
    for row in &mut a_day.timeline.rows {
        // The last quarter of an hour by the second, before that rows of ten minutes.
        let (second, seconds) =
            if row.second < 700 { (row.second * 600, 600) } else { (420_000 + row.second - 700, 1) };
        (row.second, row.seconds) = (second, seconds);
    }

    let mut many_calls = Fixture::once().report();
    let failed = many_calls.result.calls[1].clone();
    many_calls.result.calls = vec![failed; 5_000];
    for call in &mut many_calls.result.calls {
        let response = call.failure.as_mut().and_then(|failure| failure.evidence.response.as_mut()).unwrap();
        response.body.text = "<&>\n".repeat(2_000);
    }

    let mut many_findings = failing().report();
    let long = "<".repeat(3_000);
    many_findings.result.findings = vec![invalid(&long, &long, &long, &long); 3_000];
    vec![
        ("long texts", long_texts),
        ("many steps", many_steps),
        ("a day", a_day),
        ("many calls", many_calls),
        ("many findings", many_findings),
    ]
}

#[test]
fn nothing_makes_a_page_too_large() {
    for (kind, report) in extremes() {
        let page = render(&report).unwrap();
        assert!(page.len() < LARGEST, "{kind}: {} bytes", page.len());
        assert!(page.trim_end().ends_with("</html>"), "{kind}");
        assert!(!page.contains('\u{202e}') && !page.contains('\u{0}'), "{kind}");
        let data = page.split_once("id=\"mnload-data\"").unwrap().1.split_once('>').unwrap().1;
        let data = data.split_once("</script>").unwrap().0;
        assert!(serde_json::from_str::<serde_json::Value>(data).is_ok(), "{kind}");
        keep(kind, &page);
    }
}

#[test]
fn the_policy_lets_in_what_is_in_the_page_and_nothing_else() {
    let page = page(&Fixture::default());
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let script = page.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let wanted = format!("default-src 'none'; style-src {}; script-src {};", hash(style), hash(script));
    assert!(page.contains(&wanted), "{wanted}");
    assert!(!page.contains(" style=") && !page.contains(" onclick"), "nothing that the policy would refuse");
}

#[test]
fn the_data_in_the_page_is_the_result() {
    let report = failing().report();
    let page = render(&report).unwrap();
    let data = page.split_once("id=\"mnload-data\">").unwrap().1.split_once("</script>").unwrap().0;
    assert_eq!(serde_json::from_str::<crate::report::RunResult>(data).unwrap(), report.result);
}

#[test]
fn a_run_that_is_not_whole_says_so() {
    let mut report = Fixture::default().report();
    assert!(!render(&report).unwrap().contains("PARTIAL"));
    report.result.ending = crate::verdict::Ending::Interrupted;
    let page = render(&report).unwrap();
    assert!(page.contains("<b>PARTIAL</b> The run is not whole: stopped by Ctrl-C."));
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
    assert!(!seen(&page).contains("NaN") && !seen(&page).contains("inf%"));
}

#[test]
fn a_bound_far_above_is_named_instead_of_drawn() {
    let gate = |wanted: &str| vec![finding("latency", Status::Pass, wanted, Some("1ms"))];
    let drawn = page(&Fixture { findings: gate("p95 < 600ms"), ..Fixture::default() });
    assert!(drawn.contains("p95 &lt; 600ms</text>"));
    let far = page(&Fixture { findings: gate("p95 < 1h"), ..Fixture::default() });
    assert!(far.contains("The bound p95 &lt; 1h lies far above") && !far.contains("1h</text>"));
}
