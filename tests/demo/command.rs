//! `mnload demo` as a command: what it says, what it refuses, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use crate::client::Client;

fn mnload_demo(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mnload"));
    command.arg("demo").args(flags).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it and waits for the line that says where it listens.
fn started(flags: &[&str]) -> (Child, SocketAddr) {
    let mut child = mnload_demo(&[&["--listen", "127.0.0.1:0"], flags].concat()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("mnload demo listening on http://").unwrap();
    (child, address.parse().unwrap())
}

fn refused(flags: &[&str]) -> String {
    let Output { status, stderr, .. } = mnload_demo(flags).output().unwrap();
    assert!(!status.success());
    String::from_utf8_lossy(&stderr).into_owned()
}

#[test]
#[cfg(unix)]
fn it_says_where_it_listens_serves_and_ends_cleanly_when_interrupted() {
    let freeze = ["--freeze", "1s/5s", "--freeze-connections", "10%"];
    let faults = ["--error-share", "100%", "--slow-down", "1ms..200ms/20s", "--away", "1s@10m"];
    let capacity = ["--latency", "none", "--capacity", "600/m", "--queue", "2s"];
    let (mut child, address) = started(&[&capacity[..], &freeze[..], &faults[..]].concat());
    assert_eq!(Client::of(address).get("/health").now().status, 500);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    for part in [
        "user@medianest.example",
        "demo-password",
        "100% of the answers",
        "on 10% of the connections in the last 1s of every 5s",
        "1ms to 200ms over 20s",
        "10/s one after the other; who would wait longer than 2s is refused",
        "away for 1s from 10m after",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
#[cfg(unix)]
fn it_writes_when_each_request_arrived_and_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arrivals.csv");
    let (mut child, address) = started(&["--fixed-latency", "20ms", "--record", file.to_str().unwrap()]);
    for _ in 0..2 {
        assert_eq!(Client::of(address).get("/health").now().status, 200);
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let written = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<Vec<u64>> =
        written.lines().skip(1).map(|line| line.split(',').map(|time| time.parse().unwrap()).collect()).collect();
    assert_eq!(written.lines().next(), Some("arrived_ns,answered_ns"));
    let [first, second] = &rows[..] else { panic!("{written}") };
    assert!(first[0] == 0 && first[1] >= 20_000_000 && second[0] >= first[1], "{written}");
    assert!(refused(&["--record", "/no/such/folder/arrivals.csv"]).contains("--record"));
}

#[test]
fn flags_that_make_no_sense_are_refused_with_an_example() {
    for (flags, hint) in [
        (["--latency", "fast"], "5ms..40ms"),
        (["--freeze", "5s/1s"], "shorter than its period"),
        (["--capacity", "300"], "as in `300/s`"),
        (["--capacity", "0/s"], "it must be above zero"),
        (["--queue", "1s"], "--capacity <RATE>"),
        (["--freeze-connections", "10%"], "--freeze <LASTS/EVERY>"),
        (["--slow-down", "200ms..1ms/20s"], "it must grow"),
        (["--away", "0s@1s"], "1s@10s"),
        (["--error-share", "2"], "`2%`"),
        (["--listen", "0.0.0.0:0"], "loopback only"),
        (["--tls-cert", "cert.pem"], "--tls-key"),
    ] {
        let said = refused(&flags);
        assert!(said.contains(hint), "{flags:?}: {said}");
    }
}
