//! Ways to be green, or red, for the wrong reason: none of them may work.

use std::process::Command;
use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions, Faults};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Workspace, punctual};

#[test]
fn the_rate_is_what_the_server_did_in_the_time_not_what_it_did_later() {
    let demo = Demo::start(DemoOptions {
        faults: Faults { delay: Duration::from_millis(900), ..Faults::default() },
        ..DemoOptions::without_latency()
    })
    .unwrap();
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"100/s\"\nduration = \"1s\"\n[[step]]\nget = \"/health\"\n[gates]\nrate = \"rate >= 50/s\"\n",
        demo.base_url()
    );
    let result = punctual(|| Workspace::with(&text).run(&[])).exits_with(99).result();
    assert!(
        result.rates.requests_per_s < 20.0,
        "only the first tenth was answered within the second: {:?}",
        result.rates
    );
    assert_eq!(result.accounting.passed, 100);
}

#[test]
fn a_gate_on_one_steps_errors_does_not_excuse_the_others() {
    let server = RawServer::start(|_, head| if head.contains("/bad") { answer(500, "", "") } else { ok("", "") });
    let text = |gate: &str| {
        format!(
            "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = 1\niterations = 40\n[[step]]\nname = \"good\"\nget = \"/good\"\n[[step]]\nname = \"bad\"\nget = \"/bad\"\n[gates]\nlatency = \"p95 < 5s\"\n{gate}\n",
            server.base_url()
        )
    };
    for gate in [
        "e = \"error_rate of good < 1%\"",
        "e = \"error_rate <= 100%\"",
        "e = \"error_rate > 5%\"",
        "e = \"checks >= 0%\"",
        "",
    ] {
        let result = Workspace::with(&text(gate)).run(&[]).exits_with(99).result();
        assert_eq!(result.plan.added_gates, ["errors"], "{gate}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_generator_without_sockets_blames_itself() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let scenario = |users: u32| {
        format!(
            "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = {users}\nduration = \"1s\"\n[[step]]\nget = \"/health\"\n",
            demo.base_url()
        )
    };
    let limited = |users: u32| {
        let workspace = Workspace::with(&scenario(users));
        let script = format!("ulimit -n 200 && exec {} run scenario.toml --out run", env!("CARGO_BIN_EXE_mnload"));
        let output = Command::new("sh").args(["-c", &script]).current_dir(workspace.path()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = limited(300);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("more than this machine allows") && said.contains("ulimit -n"), "{said}");
    // Few sockets in all must neither panic nor keep a small run from working.
    let workspace = Workspace::with(&scenario(2));
    let script = format!("ulimit -n 60 && exec {} run scenario.toml --out run", env!("CARGO_BIN_EXE_mnload"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(workspace.path()).output().unwrap();
    assert!([Some(0), Some(4)].contains(&output.status.code()), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_head_of_many_kilobytes_is_read() {
    let large = format!("x-policy: {}\r\n", "a".repeat(20_000));
    let server = RawServer::start(move |_, _| ok(&large, "fine"));
    Workspace::with(&format!("[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/\"\n", server.base_url()))
        .run(&[])
        .exits_with(0);
}

#[test]
fn what_is_not_http_is_a_protocol_error() {
    let server = RawServer::start(|_, _| b"SSH-2.0-OpenSSH\r\n\r\n".to_vec());
    let outcome =
        Workspace::with(&format!("[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/\"\n", server.base_url())).run(&[]);
    assert_eq!(outcome.exits_with(99).result().errors[0].class, "protocol");
}

#[test]
fn a_post_without_a_body_says_so_and_framing_is_not_the_files_business() {
    let server =
        RawServer::start(|_, head| if head.contains("content-length: 0") { ok("", "") } else { answer(411, "", "") });
    let text = |more: &str| format!("[target]\nbase_url = \"{}\"\n[[step]]\npost = \"/\"\n{more}", server.base_url());
    Workspace::with(&text("")).run(&[]).exits_with(0);
    let refused = Workspace::with(&text("headers = { Content-Length = \"3\" }\n")).run(&[]).exits_with(3);
    refused.tells("`Content-Length` cannot be set");
}

#[test]
#[cfg(unix)]
fn the_evidence_stays_when_nobody_reads_stdout() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace =
        Workspace::with(&format!("[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/health\"\n", demo.base_url()));
    let script = format!("{} run scenario.toml --out run | true", env!("CARGO_BIN_EXE_mnload"));
    Command::new("sh").args(["-c", &script]).current_dir(workspace.path()).output().unwrap();
    let result = std::fs::read_to_string(workspace.path().join("run/result.json")).unwrap();
    assert!(result.contains("\"verdict\": \"pass\""), "{result}");
}

#[test]
fn a_demo_run_goes_to_no_other_host() {
    let text = "[target]\nbase_url = \"http://127.0.0.1:9\"\n[[step]]\nget = \"http://127.0.0.1:9/x\"\n";
    Workspace::with(text).run(&["--demo"]).exits_with(3).tells("names a host of its own");
}

#[test]
fn numbers_beyond_reason_are_refused_at_once() {
    let start = Instant::now();
    for (load, said) in [
        ("model = \"open\"\nrate = \"1e300/s\"\nduration = \"1s\"", "more than any generator"),
        ("model = \"open\"\nrate = \"1000000/s\"\nduration = \"700h\"", "million journeys"),
        ("model = \"open\"\nrate = \"1/s\"\nduration = \"999999h\"", "longer than a run can be"),
        ("model = \"closed\"\nusers = 1000000000000\nduration = \"1s\"", "more than this machine allows"),
        ("model = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\nseed = -1", "whole number"),
    ] {
        let text = format!(
            "[target]\nbase_url = \"http://127.0.0.1:9\"\n[load]\n{load}\n[[step]]\nget = \"/\"\ntimeout = \"700h\"\n[[step]]\nname = \"b\"\nget = \"/\"\ntimeout = \"700h\"\n"
        );
        Workspace::with(&text).mnload(&["plan", "scenario.toml", "--no-probe"]).exits_with(3).tells(said);
    }
    let poisson = "[target]\nbase_url = \"http://127.0.0.1:9\"\n[load]\nmodel = \"open\"\narrivals = \"poisson\"\nrate = \"900000/s\"\nduration = \"15m\"\n[[step]]\nget = \"/\"\n";
    Workspace::with(poisson)
        .mnload(&["plan", "scenario.toml", "--no-probe"])
        .exits_with(0)
        .says("about 810,000,000 journeys");
    assert!(start.elapsed() < Duration::from_secs(60));
}
