//! What a run says of the target, and the exit code that says it to programs.

use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, Faults};
use mnload::verdict::{Status, Verdict};

use crate::support::{Workspace, free_address, punctual};

fn target(faults: Faults) -> Demo {
    Demo::start(DemoOptions { faults, ..DemoOptions::without_latency() }).unwrap()
}

fn open_load(demo: &Demo, rate: u32, duration: &str, more: &str) -> Workspace {
    Workspace::with(&format!(
        "name = \"t\"\n[target]\nbase_url = \"{}\"\ntimeout = \"5s\"\n[load]\nmodel = \"open\"\nrate = \"{rate}/s\"\nduration = \"{duration}\"\n[[step]]\nname = \"health\"\nget = \"/health\"\n{more}",
        demo.base_url()
    ))
}

#[test]
fn a_target_that_does_well_passes_with_0() {
    let outcome = punctual(|| {
        let demo = target(Faults::default());
        let outcome = open_load(&demo, 100, "1s", "").run(&[]);
        assert_eq!(demo.requests_seen(), 100, "every journey that was due was sent, once");
        outcome
    });
    let result = outcome.exits_with(0).says("PASS  t (exit 0)").says("added by mnload").result();
    assert_eq!(result.verdict, Verdict::Pass);
    assert_eq!((result.accounting.scheduled, result.accounting.passed), (100, 100));
    assert_eq!(result.plan.added_gates, ["latency", "errors"], "the runbook's two, and the report says so");
}

#[test]
fn a_target_that_errs_too_often_fails_with_99() {
    let faults = Faults { error_share: "20%".parse().unwrap(), ..Faults::default() };
    let outcome = punctual(|| open_load(&target(faults), 200, "1s", "").run(&[]));
    let result = outcome.exits_with(99).says("http_500").result();
    assert_eq!(result.verdict, Verdict::Fail);
    let errors = result.errors.iter().find(|error| error.class == "http_500").unwrap();
    assert!((10..80).contains(&errors.count), "{errors:?}");
    assert_eq!(errors.examples[0].message, "expected status below 400, got status 500");
    assert_eq!(result.accounting.failed, errors.count);
}

#[test]
fn a_target_that_is_too_slow_fails_with_99() {
    let faults = Faults { delay: Duration::from_millis(150), ..Faults::default() };
    let outcome = punctual(|| open_load(&target(faults), 50, "1s", "[gates]\nlatency = \"p95 < 100ms\"\n").run(&[]));
    let result = outcome.exits_with(99).result();
    assert_eq!(result.findings[0].status, Status::Fail);
    assert_eq!(result.plan.added_gates, ["errors"], "a file that judges only times still has its errors judged");
}

#[test]
fn requests_that_fail_fast_do_not_pass_a_gate_on_time() {
    let faults = Faults { reset_share: "100%".parse().unwrap(), ..Faults::default() };
    let outcome = punctual(|| open_load(&target(faults), 50, "1s", "[gates]\nlatency = \"p95 < 600ms\"\n").run(&[]));
    let result = outcome.exits_with(99).result();
    assert!(result.errors.iter().any(|error| ["reset", "closed"].contains(&error.class.as_str())));
}

#[test]
fn a_percentile_of_too_few_samples_is_inconclusive_with_4() {
    let demo = target(Faults::default());
    let outcome = open_load(&demo, 10, "1s", "[gates]\nlatency = \"p95 < 600ms\"\n").run(&[]).exits_with(4);
    let outcome = outcome.says("INCONCLUSIVE").says("p95 needs at least 20 samples, there were 10");
    assert_eq!(outcome.result().findings[0].status, Status::NoData);
}

#[test]
fn a_step_that_never_ran_has_no_data_and_is_inconclusive_with_4() {
    let demo = target(Faults::default());
    let more = "expect = { status = 418 }\n[[step]]\nname = \"search\"\nget = \"/api/health\"\n[gates]\nsearch = \"p95 of search < 1s\"\n";
    let result = open_load(&demo, 50, "1s", more).run(&[]).exits_with(4).result();
    assert_eq!(result.findings[0].status, Status::NoData);
    assert_eq!(result.steps.0[1].1.requests, 0);
}

#[test]
fn arrivals_that_wait_in_the_generator_are_its_own_fault_and_inconclusive_with_4() {
    let demo = target(Faults { delay: Duration::from_millis(100), ..Faults::default() });
    let text = format!(
        "name = \"t\"\n[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"50/s\"\nduration = \"1s\"\nmax_in_flight = 1\n[[step]]\nget = \"/health\"\n",
        demo.base_url()
    );
    let result = Workspace::with(&text).run(&[]).exits_with(4).says("max_in_flight = 1").result();
    assert!(result.generator.waited_for_slot > 0);
    assert!(result.times_us.response.max > 3 * result.times_us.service.p50, "the wait counts: {:?}", result.times_us);
}

#[test]
fn nothing_that_was_due_runs_nothing_with_5() {
    let demo = target(Faults::default());
    open_load(&demo, 0, "1s", "").run(&[]).exits_with(5);
}

#[test]
fn a_target_that_is_down_is_said_in_one_clear_line_with_3_and_nothing_is_written() {
    let address = free_address();
    let workspace =
        Workspace::with(&format!("[target]\nbase_url = \"http://{address}\"\n[[step]]\nget = \"/health\"\n"));
    let outcome = workspace.run(&[]).exits_with(3).tells("cannot connect to 127.0.0.1").tells("is it running");
    assert!(!outcome.run_folder.exists());
    assert_eq!(outcome.stdout, "");
}

#[test]
fn a_target_that_dies_in_mid_run_fails_with_the_class_and_the_second() {
    let faults = Faults { die_after: Some(Duration::from_secs(2)), ..Faults::default() };
    let outcome = punctual(|| open_load(&target(faults), 50, "4s", "").run(&[]));
    let result = outcome.exits_with(99).says("connect_refused").result();
    let refused = result.errors.iter().find(|error| error.class == "connect_refused").unwrap();
    assert!((1.9..3.0).contains(&refused.first_at_s), "{refused:?}");
    assert_eq!(result.accounting.scheduled, 200);
    assert!(result.accounting.balances());
}

#[test]
fn a_hanging_target_times_out_and_every_journey_is_accounted_for() {
    let faults = Faults { hang_share: "10%".parse().unwrap(), ..Faults::default() };
    let text = |demo: &Demo| {
        format!(
            "[target]\nbase_url = \"{}\"\ntimeout = \"300ms\"\n[load]\nmodel = \"open\"\nrate = \"100/s\"\nduration = \"1s\"\n[[step]]\nget = \"/health\"\n",
            demo.base_url()
        )
    };
    let outcome = punctual(|| {
        let demo = target(faults);
        Workspace::with(&text(&demo)).run(&[])
    });
    let result = outcome.exits_with(99).result();
    let timeouts = result.errors.iter().find(|error| error.class == "timeout").unwrap();
    assert_eq!(timeouts.count, result.accounting.failed);
    assert!(result.times_us.response.max >= 300_000, "a timeout's wait is in the figures");
    assert!(result.accounting.balances());
}

#[test]
fn an_expected_refusal_is_a_pass() {
    let demo = target(Faults::default());
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/metrics\"\nexpect = {{ status = 401 }}\n",
        demo.base_url()
    );
    let result = Workspace::with(&text).run(&[]).exits_with(0).result();
    assert_eq!((result.accounting.passed, result.errors.len()), (1, 0));
}

#[test]
fn a_closed_load_runs_its_iterations_within_its_rate() {
    let demo = target(Faults::default());
    let closed = |more: &str| {
        Workspace::with(&format!(
            "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = 4\n{more}\n[[step]]\nget = \"/health\"\n",
            demo.base_url()
        ))
    };
    let result = closed("iterations = 101").run(&["--workers", "2"]).exits_with(0).result();
    assert_eq!((result.accounting.scheduled, result.accounting.passed), (101, 101));
    assert_eq!(demo.requests_seen(), 101);
    let capped = closed("duration = \"2s\"\nmax_rate = \"40/s\"").run(&[]).exits_with(0).result();
    assert!((40..=82).contains(&capped.accounting.passed), "{:?}", capped.accounting);
}

#[test]
fn one_pass_is_judged_by_its_checks() {
    let demo = target(Faults::default());
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/health\"\n[[step]]\nget = \"/nowhere\"\n[[step]]\nget = \"/api/health\"\n",
        demo.base_url()
    );
    let result = Workspace::with(&text).run(&[]).exits_with(99).result();
    assert_eq!(result.findings[0].wanted, "checks >= 100%");
    assert_eq!(result.accounting.failed, 1);
    assert_eq!(demo.requests_seen(), 2, "a journey stops at a step that fails");
}
