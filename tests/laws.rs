//! The accounting law, held over whole runs: whatever the load, the faults and the moment of a stop, every scheduled
//! journey is passed, failed, abandoned or unstarted, and the target saw as many as were started.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

use std::sync::Arc;
use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, Faults};
use mnload::engine::{self, Stop, View};
use mnload::metrics::{Live, Summary};
use mnload::plan::{Machine, Overrides, Plan};
use mnload::scenario::ScenarioFile;
use mnload::verdict::Ending;
use proptest::prelude::*;
use tokio::sync::watch;

#[derive(Debug, Clone)]
struct Case {
    load: String,
    faults: Faults,
    workers: usize,
    stop_after: Option<Duration>,
}

fn any_case() -> impl Strategy<Value = Case> {
    let open = (0u32..400, 1u32..40, any::<bool>(), any::<u64>()).prop_map(|(rate, most, even, seed)| {
        let (arrivals, seed) = (if even { "even" } else { "poisson" }, seed >> 1);
        format!("model = \"open\"\nrate = \"{rate}/s\"\nduration = \"400ms\"\nramp_up = \"100ms\"\narrivals = \"{arrivals}\"\nseed = {seed}\nmax_in_flight = {most}\ndrain = \"100ms\"")
    });
    let closed = (1u32..9, 1u32..200, any::<bool>()).prop_map(|(users, iterations, timed)| {
        let end = if timed {
            "duration = \"300ms\"".to_owned()
        } else {
            format!("iterations = {iterations}\nduration = \"300ms\"")
        };
        format!("model = \"closed\"\nusers = {users}\n{end}\ndrain = \"100ms\"")
    });
    let fault = |name: &'static str| (0u32..30).prop_map(move |percent| (name, format!("{percent}%")));
    let load = prop_oneof![2 => open, 1 => closed];
    (load, fault("error"), fault("reset"), fault("hang"), 0u64..30, 1usize..4, prop::option::of(0u64..500)).prop_map(
        |(load, error, reset, hang, delay_ms, workers, stop_ms)| Case {
            load,
            faults: Faults {
                error_share: error.1.parse().unwrap(),
                reset_share: reset.1.parse().unwrap(),
                hang_share: hang.1.parse().unwrap(),
                delay: Duration::from_millis(delay_ms),
                ..Faults::default()
            },
            workers,
            stop_after: stop_ms.map(Duration::from_millis),
        },
    )
}

/// Runs the case to its end, with the number of requests that the target saw.
fn run(case: &Case) -> (Plan, Summary, u64) {
    let demo = Demo::start(DemoOptions { faults: case.faults, ..DemoOptions::without_latency() }).unwrap();
    let text = format!(
        "[target]\nbase_url = \"{}\"\ntimeout = \"150ms\"\n[load]\n{}\n[[step]]\nget = \"/health\"\n",
        demo.base_url(),
        case.load
    );
    let file = ScenarioFile::parse("case.toml", &text, None).unwrap();
    let overrides = Overrides { workers: Some(case.workers), ..Overrides::default() };
    let plan = Arc::new(Plan::resolve(&file, &overrides, &Machine { cores: 2, sockets: 1_000 }).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let summary = runtime.block_on(async {
        let connector = engine::reach(&plan).await.unwrap();
        let stop = Stop::default();
        let (live, _watched) = watch::channel(Live::default());
        let stopping = async {
            match case.stop_after {
                Some(after) => {
                    tokio::time::sleep(after).await;
                    stop.ask(Ending::Interrupted);
                }
                None => std::future::pending().await,
            }
            std::future::pending::<()>().await;
        };
        let view = View { live: &live, second: &mut |_| (), most_samples: 0 };
        tokio::select! {
            finished = engine::run(&plan, connector, view, &stop) => finished.unwrap().summary,
            () = stopping => unreachable!(),
        }
    });
    let seen = demo.requests_seen();
    (Arc::unwrap_or_clone(plan), summary, seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn every_scheduled_journey_is_accounted_for(case in any_case()) {
        let (plan, summary, seen) = run(&case);
        let accounting = summary.accounting;
        prop_assert!(accounting.balances(), "{accounting:?}");
        if let Some(journeys) = plan.streams[0].load.journeys() {
            prop_assert_eq!(accounting.scheduled, journeys);
        }
        prop_assert_eq!(accounting.started(), summary.total.journeys_started);
        // A journey that was cut off may have been cut before its request was out.
        prop_assert!(seen <= accounting.started() && seen + accounting.abandoned >= accounting.passed + accounting.failed);
        let warm_up = &summary.total.warm_up;
        let requests = summary.all_steps.requests + warm_up.requests.requests;
        prop_assert_eq!(requests, accounting.passed + accounting.failed);
        prop_assert_eq!(summary.all_steps.response.count(), summary.all_steps.requests);
        prop_assert_eq!(warm_up.requests.response.count(), warm_up.requests.requests);
        let judged = summary.judged_journeys();
        prop_assert!(judged.balances(), "{judged:?}");
        let rows: u64 = summary.timeline.overall().map(|row| row.requests).sum();
        prop_assert_eq!(rows, requests, "the timeline holds what the total holds");
    }
}
