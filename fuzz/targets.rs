//! What is done with a stranger's bytes: shared by the libFuzzer targets and by `tests/fuzz.rs`, which goes through the
//! corpus in every `cargo test`.
//!
//! A target takes any bytes. It must neither panic nor hang, and what it asserts must hold.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mnload::answer::{Check, Facts, Seen, Selector};
use mnload::diagnostic::Diagnostics;
use mnload::gate::Gate;
use mnload::journal::Reader;
use mnload::metrics::{Aggregate, Snapshot, Tally};
use mnload::plan::{Environment, Machine, Overrides, Plan, Scope, Seat, Step};
use mnload::release::evidence::{Context, Output};
use mnload::release::{Checklist, Figure, ReleaseFile, RunFacts};
use mnload::scenario::ScenarioFile;

/// A fuzz target.
pub(crate) type Target = fn(&[u8]);

/// Every target by its name.
pub(crate) const TARGETS: [(&str, Target); 6] = [
    ("scenario", scenario),
    ("gate", gate),
    ("template", template),
    ("answer", answer),
    ("journal", journal),
    ("report", report),
];

/// A scenario file: read, resolved, and three of its journeys rendered.
pub(crate) fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A text that is not TOML reads no file, so only the others have to be looked at.
    if toml::from_str::<toml::Value>(text).is_ok_and(|value| names_other_files(&value)) {
        return;
    }
    plan_and_render(text);
}

/// A gate: what is printed is the same gate when it is read again.
pub(crate) fn gate(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Gate>() {
        Ok(gate) => {
            let printed = gate.to_string();
            assert_eq!(printed.parse::<Gate>().as_ref(), Ok(&gate), "{text:?} is printed as {printed:?}");
        }
        Err(error) => assert!(text.get(error.span.clone()).is_some(), "{text:?}: {error:?}"),
    }
}

/// A text with templates in every place where one may stand: known before the run, during it, as JSON and as a condition.
pub(crate) fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = toml::Value::from(text).to_string();
    plan_and_render(&format!(
        "description = {text}\n[target]\nbase_url = 'http://127.0.0.1:9'\n\
         [vars]\nlist = ['a', 'é', 3]\nword = 'alien'\nnumber = 7\n\
         [[step]]\nname = 'first'\nget = '/'\nextract = {{ token = 'body', code = 'status', doc = 'json:$' }}\n\
         [[step]]\nname = 'second'\npost = '/x'\nheaders = {{ X-A = {text} }}\njson = {{ a = {text} }}\nwhen = {text}\n\
         [[step]]\nname = 'third'\npost = '/y'\nbody = {text}\nexpect = {{ body = {text} }}\n\
         [[step]]\nname = 'fourth'\nget = {text}\n"
    ));
}

/// A selector or an expectation (the first line) and an answer's body (the rest).
pub(crate) fn answer(data: &[u8]) {
    let cut = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, body) = (String::from_utf8_lossy(&data[..cut]), &data[(cut + 1).min(data.len())..]);
    let headers = [("content-type", "application/json"), ("set-cookie", "a=b; Path=/"), ("x-id", "1")];
    let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let seen = seen(&headers, body);
    let (key, wanted) = line.split_once(" = ").unwrap_or((&line, ""));
    match Selector::parse(key) {
        Ok(selector) => {
            let printed = selector.to_string();
            assert!(Selector::parse(&printed).is_ok_and(|again| again.to_string() == printed), "{key:?}: {printed:?}");
            if let Err(missing) = selector.select(&seen) {
                assert_is_one_line(&missing.to_string());
            }
        }
        Err(error) => assert!(key.get(error.span.clone()).is_some(), "{key:?}: {error:?}"),
    }
    let wanted = serde_json::from_str(wanted).unwrap_or_else(|_| wanted.into());
    for check in Check::read(key, &wanted).into_iter().flatten() {
        if let Err(missed) = check.judge_constant(&seen) {
            assert_is_one_line(&missed.to_string());
        }
    }
}

/// A journal: every second that is read can be counted with the others, and none is counted twice.
pub(crate) fn journal(data: &[u8]) {
    let Ok((_, mut reader)) = Reader::open::<serde_json::Value>(data) else { return };
    let mut aggregate = Aggregate::new(1, reader.series());
    let mut requests = 0;
    while let Ok(Some(second)) = reader.next_second() {
        let tally = Tally::clone(&second.tally);
        requests += tally.all_steps().requests + tally.warm_up.requests.requests;
        let snapshot = Snapshot {
            worker: 0,
            second: second.number,
            tally,
            outcomes: second.outcomes.to_vec(),
            samples: Vec::new(),
            last: false,
        };
        aggregate.take(snapshot, |_| {});
    }
    let (total, timeline, batches) = aggregate.finish();
    assert_eq!(timeline.overall().map(|row| row.requests).sum::<u64>(), requests);
    assert!(batches.all().iter().map(|batch| batch.tally.all_steps().requests).sum::<u64>() <= requests);
    let latency = total.all_steps().response.latency();
    assert!(latency.p50 <= latency.p99 && latency.p99 <= latency.max, "{latency:?}");
}

/// A report of a tool, read by every reader of such: what is counted adds up, and nothing is known of what is missing.
pub(crate) fn report(data: &[u8]) {
    static RELEASE: OnceLock<Checklist> = OnceLock::new();
    let release = RELEASE.get_or_init(|| {
        let file = ReleaseFile::read(&folder().join("readers.toml")).unwrap();
        Checklist::resolve(&file, &Environment::default(), &[], &RunFacts::default()).unwrap()
    });
    let stdout = Output { bytes: data.to_vec(), cut: false };
    let now = std::time::UNIX_EPOCH.try_into().unwrap();
    let context = Context { stdout: Some(&stdout), ..Context::bare(now, &release.secrets) };
    for reader in release.items().flat_map(|item| &item.readers) {
        let reading = reader.read(&context);
        assert!(!reading.figures.is_empty() || !reading.missing.is_empty(), "{} is silent", reader.name());
        let number = |name: &str| {
            let figure = reading.figures.iter().find(|(figure, _)| figure == name);
            figure.and_then(|(_, figure)| figure.number())
        };
        for (name, figure) in &reading.figures {
            let value = figure.number().unwrap();
            let most = if matches!(figure, Figure::Share(_)) { 1.0 } else { f64::MAX };
            assert!((0.0..=most).contains(&value), "{name} is {value}");
        }
        if let (Some(tests), Some(passed), Some(failed)) = (number("tests"), number("passed"), number("failed")) {
            assert!(tests > 0.0 && passed + failed == tests, "{passed} and {failed} of {tests}");
        }
        let texts = reading.missing.iter().chain(&reading.broken).chain(&reading.notes);
        texts.for_each(|text| assert_is_one_line(text));
    }
}

fn seen<'a>(headers: &'a hyper::HeaderMap, body: &'a [u8]) -> Seen<'a> {
    let version = hyper::Version::HTTP_11;
    Seen::new(Facts { status: 200, headers, body, version, response_us: 12_000, certificate_days: None })
}

/// What is said of an answer goes to terminals and reports.
fn assert_is_one_line(text: &str) {
    assert!(text.chars().count() < 1_000 && !text.contains(char::is_control), "{text:?}");
}

fn plan_and_render(text: &str) {
    let name = folder().join("scenario.toml").display().to_string();
    let file = match ScenarioFile::parse(&name, text, None) {
        Ok(file) => file,
        Err(mistakes) => return assert_can_be_shown(&mistakes),
    };
    let environment: Environment = [("NAME", "value"), ("PASSWORD", "hunter2 hunter2")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    let overrides = Overrides { environment, ..Overrides::default() };
    match Plan::resolve(&file, &overrides, &Machine { cores: 4, sockets: 1_000 }) {
        Ok(plan) => (0..3).for_each(|arrival| journey(&plan, arrival)),
        Err(mistakes) => assert_can_be_shown(&mistakes),
    }
}

/// One journey through every step, without sending anything.
fn journey(plan: &Plan, arrival: u64) {
    let seat = Seat { user: arrival, iteration: 0, arrival };
    let Some(rows) = plan.data.iter().map(|data| data.row(seat)).collect() else { return };
    let scope = plan.scope.fork();
    scope.begin(&plan.scope, seat, rows);
    plan.setup.iter().chain(&plan.steps).chain(&plan.teardown).take(50).for_each(|step| visit(step, &scope));
}

fn visit(step: &Step, scope: &Scope) {
    for condition in step.only.when.iter().chain(&step.only.unless) {
        let _ = condition.holds(scope);
    }
    if let Ok(rendered) = step.request.render(scope) {
        assert!(rendered.path.path().starts_with('/') || rendered.path.path() == "*", "{:?}", rendered.path);
    }
    let headers = hyper::HeaderMap::new();
    let judged = step.expect.judge(&seen(&headers, br#"{"data":{"token":"t","items":[{"id":1},{"id":"x"}]}}"#), scope);
    assert_eq!(judged.checks.passed + judged.checks.failed, step.expect.count());
}

fn assert_can_be_shown(mistakes: &Diagnostics) {
    let shown = mistakes.to_string();
    assert!(!mistakes.0.is_empty() && shown.starts_with("error: "), "{shown}");
    assert!(!shown.contains('\u{1b}'), "a file steers the terminal: {shown:?}");
    for (source, span) in mistakes.0.iter().filter_map(|mistake| mistake.place.as_ref()) {
        assert!(source.text_at(span).is_some(), "{span:?} is no part of the text: {shown}");
    }
}

/// Whether a key that names a file says anything but a plain name: the targets read nothing outside their folder.
fn names_other_files(value: &toml::Value) -> bool {
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&c));
    fn texts(value: &toml::Value) -> Vec<&str> {
        match value {
            toml::Value::String(text) => vec![text],
            toml::Value::Array(items) => items.iter().flat_map(texts).collect(),
            _ => Vec::new(),
        }
    }
    match value {
        toml::Value::Table(table) => table.iter().any(|(key, value)| {
            let names_files = ["use", "file", "ca"].contains(&key.as_str());
            (names_files && texts(value).into_iter().any(|name| !plain(name))) || names_other_files(value)
        }),
        toml::Value::Array(items) => items.iter().any(names_other_files),
        _ => false,
    }
}

/// The files that scenarios may name.
fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzz = if package.ends_with("fuzz") { package.to_owned() } else { package.join("fuzz") };
    fuzz.join("files")
}
