//! Several loads from one ground, as the engine gives them to whoever tries one rate after the other.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mnload::demo::{Capacity, Demo, DemoOptions};
use mnload::engine::{self, Finished, Ground, Stop, View};
use mnload::metrics::{Live, Second};
use mnload::plan::{AtRate, Machine, Overrides, Plan};
use mnload::scenario::ScenarioFile;
use mnload::verdict::Ending;
use tokio::sync::watch;

use crate::support::Workspace;
use crate::support::raw::{RawServer, answer, ok};

const MACHINE: Machine = Machine { cores: 2, sockets: 1_000 };

/// A plan whose loads are tried, and what they start from.
struct Trial {
    plan: Arc<Plan>,
    runtime: tokio::runtime::Runtime,
}

impl Trial {
    fn of(workspace: &Workspace, text: &str) -> Self {
        let file = workspace.path().join("scenario.toml");
        let file = ScenarioFile::parse(&file.display().to_string(), text, None).unwrap();
        let plan = Arc::new(Plan::resolve(&file, &Overrides::default(), &MACHINE).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { plan, runtime }
    }

    fn prepare(&self) -> Ground {
        self.runtime.block_on(async {
            let connector = engine::reach(&self.plan).await.unwrap();
            engine::prepare(&self.plan, connector, &Stop::default()).await.unwrap()
        })
    }

    fn load(&self, ground: &Ground, at: AtRate, stop: &Stop, second: &mut dyn FnMut(&Second)) -> Finished {
        let plan = Arc::new(self.plan.at_rate(&at, &MACHINE).unwrap());
        let (live, _watched) = watch::channel(Live::default());
        let view = View { live: &live, second, most_samples: 0 };
        self.runtime.block_on(engine::load(&plan, ground, view, stop)).unwrap()
    }

    fn leave(&self, ground: Ground) -> Vec<String> {
        self.runtime.block_on(engine::leave(&self.plan, ground))
    }
}

fn at(per_s: f64, lasting: Duration, journeys_before: u64) -> AtRate {
    AtRate { per_s, lasting, journeys_before, workers: None }
}

#[test]
fn two_loads_sign_in_once_and_the_second_goes_on_behind_the_first() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let server = RawServer::start(move |_, head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        noted.lock().unwrap().push(path.to_owned());
        ok("", "{\"token\":\"t1\"}")
    });
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[data.rows]\nfile = \"rows.csv\"\n[load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"1s\"\narrivals = \"even\"\n[[setup]]\npost = \"/in\"\nextract = {{ token = \"json:$.token\" }}\n[[step]]\nget = \"/work/${{ token }}/${{ data.rows.id }}/${{ random_int(1, 1000000000) }}\"\n[[teardown]]\npost = \"/out\"\n",
        server.base_url()
    );
    let workspace = Workspace::with(&text);
    let rows: String = (0..100).map(|row| format!("r{row:02}\n")).collect();
    workspace.file("rows.csv", &format!("id\n{rows}"));
    let trial = Trial::of(&workspace, &text);

    let explored = || {
        let ground = trial.prepare();
        let first = trial.load(&ground, at(20.0, Duration::from_millis(500), 0), &Stop::default(), &mut |_| ());
        let before = first.summary.accounting.scheduled;
        let second = trial.load(&ground, at(40.0, Duration::from_millis(300), before), &Stop::default(), &mut |_| ());
        let passed = [first, second].map(|load| load.summary.accounting.passed);
        assert_eq!((passed, trial.leave(ground)), ([10, 12], Vec::new()));
        std::mem::take(&mut *asked.lock().unwrap())
    };
    let paths = explored();
    assert_eq!((paths.first().unwrap().as_str(), paths.last().unwrap().as_str()), ("/in", "/out"));
    let mut work: Vec<_> = paths.iter().filter_map(|path| path.strip_prefix("/work/t1/")).collect();
    assert_eq!(work.len() + 2, paths.len(), "one sign-in for both, whose token all have: {paths:?}");
    work.sort_unstable();
    let (rows, mut draws): (Vec<_>, Vec<_>) = work.iter().map(|one| one.split_once('/').unwrap()).unzip();
    assert_eq!(rows, (0..22).map(|row| format!("r{row:02}")).collect::<Vec<_>>(), "no row twice, and none left out");
    let again = explored();
    assert!(work.iter().all(|one| again.iter().any(|path| path.ends_with(one))), "the seed decides");
    draws.sort_unstable();
    draws.dedup();
    assert_eq!(draws.len(), 22, "the second load draws anew");
}

#[test]
fn a_load_that_is_stopped_before_a_long_queue_comes_back_within_its_drain() {
    // What is due in two seconds takes it half a minute.
    let capacity: Capacity = "10/s".parse().unwrap();
    let demo = Demo::start(DemoOptions { capacity: Some(capacity), ..DemoOptions::without_latency() }).unwrap();
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"1s\"\narrivals = \"even\"\ndrain = \"1s\"\n[[step]]\nget = \"/health\"\n",
        demo.base_url()
    );
    let trial = Trial::of(&Workspace::with(&text), &text);
    let ground = trial.prepare();
    let stop = Stop::default();
    let (begun, mut seconds) = (Instant::now(), 0);
    let enough = &mut |second: &Second| {
        seconds += 1;
        if second.number == 1 {
            assert!(stop.ask(Ending::Aborted), "nobody had asked before");
        }
    };
    let finished = trial.load(&ground, at(150.0, Duration::from_secs(600), 0), &stop, enough);
    let took = begun.elapsed();
    let (summary, accounting) = (&finished.summary, finished.summary.accounting);
    assert_eq!(summary.ending, Ending::Aborted);
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(20), "{took:?}");
    assert!(accounting.balances() && accounting.scheduled == 90_000, "{accounting:?}");
    // It can serve ten a second, and the first of them after a tenth of one.
    let most = (took.as_secs_f64() * 10.0) as u64;
    assert!(accounting.passed > 0 && accounting.passed <= most, "{accounting:?} in {took:?}");
    assert!(accounting.abandoned > 100 && accounting.unstarted > 80_000, "{accounting:?}");
    assert_eq!(accounting.started(), summary.total.journeys_started);
    assert!(demo.requests_seen() <= accounting.started());
    assert!(seconds >= 2 && trial.leave(ground).is_empty());
}

#[test]
fn what_the_target_refuses_is_counted_with_the_longest_time_that_it_asks_for() {
    let server = RawServer::start(|number, _| match number {
        0 => answer(429, "retry-after: 7\r\n", ""),
        1 => answer(503, "", ""),
        2 => answer(429, "retry-after: 2\r\n", ""),
        // Neither of these refuses.
        3 => answer(500, "retry-after: 90\r\n", ""),
        _ => ok("retry-after: 80\r\n", ""),
    });
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"1s\"\narrivals = \"even\"\n[[step]]\nget = \"/\"\nexpect = {{ status = [200, 429] }}\n",
        server.base_url()
    );
    let trial = Trial::of(&Workspace::with(&text), &text);
    let ground = trial.prepare();
    let mut by_second = 0;
    let note = &mut |second: &Second| by_second += second.tally.refused;
    let Finished { summary, .. } = trial.load(&ground, at(20.0, Duration::from_millis(500), 0), &Stop::default(), note);
    assert_eq!((summary.total.refused, summary.total.retry_after_s, by_second), (3, 7, 3));
    let accounting = summary.accounting;
    assert_eq!((accounting.passed, accounting.failed), (8, 2), "a refusal may be what is expected");
    let next = trial.load(&ground, at(20.0, Duration::from_millis(500), 10), &Stop::default(), &mut |_| ());
    assert_eq!((next.summary.total.refused, next.summary.total.retry_after_s), (0, 0), "each load has its own");
}
