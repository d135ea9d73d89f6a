//! Debian's Prometheus, for tests of what is sent to it and read from it.
//!
//! Without it those tests say so and pass, unless MNLOAD_REQUIRE_PROMETHEUS is set (as CI does).
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::free_address;

/// Debian's Prometheus.
pub(crate) struct Prometheus {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// One that takes remote writes, in `folder`, configured by its `prometheus.yml` if there is one; none if there is no
    /// such program.
    pub(crate) fn start(folder: &Path, options: &[&str]) -> Option<Self> {
        let found = Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            assert!(std::env::var_os("MNLOAD_REQUIRE_PROMETHEUS").is_none(), "there is no prometheus");
            println!("skipped: there is no prometheus");
            return None;
        }
        let configuration = folder.join("prometheus.yml");
        if !configuration.exists() {
            std::fs::write(configuration, "global: {}\n").unwrap();
        }
        let address = free_address();
        let process = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.enable-remote-write-receiver"])
            .arg(format!("--web.listen-address={address}"))
            .args(options)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { process, address };
        let start = Instant::now();
        while started.get("/-/ready").is_none_or(|text| !text.lines().next().is_some_and(|line| line.contains(" 200 ")))
        {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not get ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(started)
    }

    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: x\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The values of `query` at `at_s`.
    pub(crate) fn ask(&self, query: &str, at_s: f64) -> Vec<f64> {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", query)
            .append_pair("time", &at_s.to_string())
            .finish();
        let text = self.get(&format!("/api/v1/query?{query}")).unwrap();
        let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
        let values = body["data"]["result"].as_array().unwrap().iter();
        values.map(|one| one["value"][1].as_str().unwrap().parse().unwrap()).collect()
    }
}
