//! A generator that is asked for more than it can send names itself, and never the target.

use mnload::verdict::{Status, Verdict};

use crate::support::Workspace;
use crate::support::raw::{RawServer, ok};

/// A server that hands out bytes, and what it costs the generator to look at them: many times as much, on any machine.
fn cheap_to_serve() -> RawServer {
    let rows: Vec<String> = (0..1_000).map(|id| format!("{{\"id\":{id},\"name\":\"row\"}}")).collect();
    let answer = ok("", &format!("[{}]", rows.join(",")));
    RawServer::start(move |_, _| answer.clone())
}
const DEAR_TO_JUDGE: &str = "expect = { \"json:$..id\" = { type = \"array\" } }\n";
/// So many at a time that the worker has something to do even while the server stands still.
const AT_A_TIME: usize = 256;

#[test]
fn a_rate_that_no_core_can_send_is_the_generators_limit_and_no_slow_server() {
    let server = cheap_to_serve();
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"400000/s\"\nduration = \"2s\"\nmax_in_flight = {AT_A_TIME}\ndrain = \"500ms\"\n\
         [[step]]\nget = \"/\"\n{DEAR_TO_JUDGE}[gates]\nlatency = \"p95 < 5ms\"\nerrors = \"error_rate < 1%\"\n",
        server.base_url()
    );
    let outcome = Workspace::with(&text).run(&["--workers", "1"]).exits_with(4);
    let result = outcome.result();
    assert_eq!(result.verdict, Verdict::Inconclusive);
    let failed = result.findings.iter().find(|finding| finding.status == Status::Fail);
    assert_eq!(failed, None, "what the generator did is no failure of the target");
    let latency = &result.findings[0];
    assert_eq!(latency.status, Status::Invalid, "{latency:?}");
    assert!(latency.error_budget_us.is_some_and(|us| us > 5_000.0), "{latency:?}");
    let named = result.findings.iter().find(|finding| finding.name == "generator had time");
    let named = named.unwrap_or_else(|| panic!("{:?}\n{:?}", result.findings, result.generator));
    assert!(named.reason.as_deref().is_some_and(|reason| reason.contains("the one worker was busy")), "{named:?}");
    assert!(!outcome.stdout.contains("target is too slow"), "{}", outcome.stdout);
    let worker = result.generator.each_worker[0];
    assert!(worker.never_idle() > 0.95, "{worker:?}");
    assert!(result.accounting.balances() && result.accounting.unstarted > 0, "{:?}", result.accounting);
}

#[test]
fn users_without_a_pause_keep_a_worker_busy_and_the_figures_are_its_own() {
    let server = cheap_to_serve();
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = {AT_A_TIME}\nduration = \"2s\"\n[[step]]\nget = \"/\"\n{DEAR_TO_JUDGE}[gates]\nerrors = \"error_rate < 1%\"\n",
        server.base_url()
    );
    let result = Workspace::with(&text).run(&["--workers", "1"]).exits_with(4).result();
    assert!(result.findings.iter().any(|finding| finding.name == "generator had time"), "{:?}", result.findings);
}

#[test]
fn a_load_within_its_means_knows_what_it_used() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"50/s\"\nduration = \"1500ms\"\n[[step]]\nget = \"/\"\n[gates]\nerrors = \"error_rate < 1%\"\n",
        server.base_url()
    );
    let generator = Workspace::with(&text).run(&["--workers", "2"]).result().generator;
    assert_eq!(generator.each_worker.len(), 2);
    assert!((20..=70).contains(&generator.loop_lag_us.count), "20 ticks a second and worker: {generator:?}");
    if cfg!(target_os = "linux") {
        let machine = generator.machine;
        assert!(machine.open_files_limit.is_some() && machine.local_ports_limit.is_some() && machine.cores.is_some());
        assert!(machine.others_cores.is_some_and(|cores| cores >= 0.0) && machine.stolen_share.is_some());
    }
}

#[test]
fn one_pass_through_the_steps_is_not_looked_at() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let text = format!("[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/\"\n", server.base_url());
    let generator = Workspace::with(&text).run(&[]).exits_with(0).result().generator;
    assert_eq!((generator.each_worker.len(), generator.loop_lag_us.count, generator.machine.cores), (0, 0, None));
}
