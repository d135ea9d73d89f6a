//! How many instructions the hot path takes, counted by valgrind: the same on a busy machine as on a quiet one.
//!
//! `benches/instructions.py` runs this and compares the counts with those in `instructions.csv`. Every bench does
//! [`OPERATIONS`] operations; what it needs for that is made outside the count, and so is what it leaves behind.
#![expect(clippy::unwrap_used, reason = "a bench that fails by a panic says where")]
#![expect(missing_docs, unused_qualifications, clippy::exit, reason = "the macros do as they need")]

mod exchange;

use std::hint::black_box;
use std::time::Duration;

use gungraun::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use mnload::answer::{Facts, Seen};
use mnload::load::{Arrivals, Open, Pacing, RateProfile, Shard};
use mnload::metrics::{Checks, Histogram, Recorder, Role, Sample, Series};
use mnload::plan::{Machine, Overrides, Plan};
use mnload::scenario::ScenarioFile;

use exchange::Exchanging;

/// How often each bench does what it counts.
const OPERATIONS: u64 = 100;

const STEPS: usize = 4;

const SCENARIO: &str = r#"
[target]
base_url = "http://127.0.0.1:9"
headers = { Accept-Language = "en", X-Client = "bench" }

[vars]
query = "the matrix"
token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl"

[[step]]
name = "constant"
get = "/api/media/search?q=alien"
expect = { status = 200 }

[[step]]
name = "templated"
get = "/api/media/search?q=${ query | urlencode }&page=${ random_int(1, 20) }"
bearer = "${ token }"
expect = { status = 200, "json:$.data.totalResults" = 20 }
"#;

/// A recorder whose histograms are as they are in a busy second.
fn recorder() -> Recorder {
    let mut recorder = Recorder::new(0, Series::of_steps(STEPS, &[]), 0..u64::MAX);
    (0..STEPS as u64 * 1_000).for_each(|number| recorder.record(&sample(number), String::new));
    recorder
}

fn sample(number: u64) -> Sample {
    let due_ns = number * 1_000_000;
    Sample {
        step: number as usize % STEPS,
        due_ns,
        sent_ns: due_ns + 40_000,
        first_byte_ns: Some(due_ns + 900_000 + number * 7_919),
        connect_us: None,
        tls_us: None,
        done_ns: due_ns + 950_000 + number * 7_919,
        failure: None,
        checks: Checks { passed: 1, failed: 0 },
        scheduled: true,
        role: Role::Final,
        warm_up: false,
    }
}

#[library_benchmark]
#[bench::passed(recorder())]
fn record_a_sample(mut recorder: Recorder) -> Recorder {
    for number in 0..OPERATIONS {
        recorder.record(black_box(&sample(number)), String::new);
    }
    recorder
}

fn histograms() -> (Histogram, Histogram) {
    let of = |step: usize| {
        let mut histogram = Histogram::default();
        (0..10_000_u64).step_by(step).for_each(|number| histogram.record(100 + number * number));
        histogram
    };
    (of(1), of(3))
}

#[library_benchmark]
#[bench::of_ten_thousand_times(histograms())]
fn merge_a_histogram((mut all, part): (Histogram, Histogram)) -> (Histogram, Histogram) {
    for _ in 0..OPERATIONS {
        all.merge(black_box(&part));
    }
    (all, part)
}

fn open(arrivals: Arrivals) -> Open {
    Open {
        profile: RateProfile::constant(1_000.0, Duration::from_secs(60)),
        arrivals,
        seed: 7,
        pacing: Pacing::Default,
    }
}

#[library_benchmark]
#[bench::even(open(Arrivals::Even))]
#[bench::poisson(open(Arrivals::Poisson))]
fn next_arrival(open: Open) -> Open {
    for arrival in open.schedule(Shard::WHOLE).take(OPERATIONS as usize) {
        black_box(arrival);
    }
    open
}

fn plan() -> Plan {
    let file = ScenarioFile::parse("bench.toml", SCENARIO, None).unwrap();
    Plan::resolve(&file, &Overrides::default(), &Machine { cores: 2, sockets: 1_000 }).unwrap()
}

/// The plan, and the number of the step.
fn step(number: usize) -> (Plan, usize) {
    (plan(), number)
}

#[library_benchmark]
#[bench::constant(step(0))]
#[bench::templated(step(1))]
fn render_a_request((plan, step): (Plan, usize)) -> Plan {
    for _ in 0..OPERATIONS {
        black_box(plan.steps[step].request.render(black_box(&plan.scope)).unwrap());
    }
    plan
}

/// The plan, the number of the step, and an answer to it of some 2 KiB.
fn answered(number: usize) -> (Plan, usize, HeaderMap, Vec<u8>) {
    let headers = HeaderMap::from_iter([
        (hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (hyper::header::SERVER, HeaderValue::from_static("bench")),
    ]);
    let results: Vec<_> = (0..20)
        .map(|id| format!(r#"{{"id":{id},"title":"Title number {id}","mediaType":"movie","voteAverage":7.{id}}}"#))
        .collect();
    let body = format!(r#"{{"success":true,"data":{{"results":[{}],"page":1,"totalResults":20}}}}"#, results.join(","));
    (plan(), number, headers, body.into_bytes())
}

#[library_benchmark]
#[bench::status(answered(0))]
#[bench::json(answered(1))]
fn judge_an_answer((plan, step, headers, body): (Plan, usize, HeaderMap, Vec<u8>)) -> (Plan, HeaderMap, Vec<u8>) {
    let expect = &plan.steps[step].expect;
    for _ in 0..OPERATIONS {
        let facts = Facts {
            status: 200,
            headers: black_box(&headers),
            body: black_box(&body),
            version: hyper::Version::HTTP_11,
            response_us: 900,
            certificate_days: None,
        };
        let judged = expect.judge(&Seen::new(facts).through(expect.outline()), &plan.scope);
        assert!(judged.failure.is_none());
        black_box(judged);
    }
    (plan, headers, body)
}

#[library_benchmark]
#[bench::http1(Exchanging::start())]
fn make_an_exchange(mut exchanging: Exchanging) -> Exchanging {
    exchanging.exchange(OPERATIONS);
    exchanging
}

library_benchmark_group!(
    name = hot_path,
    benchmarks =
        [record_a_sample, merge_a_histogram, next_arrival, render_a_request, judge_an_answer, make_an_exchange]
);

main!(
    // Instructions are what is judged; a simulated cache would only take time.
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = hot_path
);
