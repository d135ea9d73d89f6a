//! Against a real server: nginx, plain and with TLS, for 10 s at 2,000 requests a second.
//!
//! Needs Debian's nginx; without it these tests say so and pass, unless MNLOAD_REQUIRE_NGINX is set (as CI does).
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails by a panic says where")]

#[path = "support/mod.rs"]
mod support;

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Outcome, Workspace, free_address, punctual};

struct Nginx {
    process: Child,
    port: u16,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master process takes its worker with it.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

impl Nginx {
    /// A server in `folder`, with TLS if `tls`.
    fn start(folder: &Path, tls: bool) -> Self {
        // A port that was free a moment ago may be another test's by now.
        (0..10).find_map(|_| Self::start_at(free_address().port(), folder, tls)).unwrap()
    }

    /// The same on `port`; none if somebody else has it.
    fn start_at(port: u16, folder: &Path, tls: bool) -> Option<Self> {
        let _ = std::fs::remove_file(folder.join("error.log"));
        let (listen, certificate) = match tls {
            true => ("ssl", "ssl_certificate server.pem; ssl_certificate_key server.key;"),
            false => ("", ""),
        };
        let configuration = format!(
            "daemon off; worker_processes 1; pid nginx.pid; error_log error.log;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
             server {{ listen 127.0.0.1:{port} {listen}; {certificate} location / {{ return 200 'ok'; }} }} }}\n"
        );
        std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let process = Command::new(binary().unwrap())
            .args(["-p", &folder.display().to_string(), "-c", "nginx.conf", "-e", "error.log"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self { process, port };
        let log = || std::fs::read_to_string(folder.join("error.log")).unwrap_or_default();
        let start = Instant::now();
        // Its own pid file comes after its listening socket; somebody else's server has none here.
        while !folder.join("nginx.pid").exists() || TcpStream::connect(("127.0.0.1", port)).is_err() {
            if log().contains("Address already in use") {
                return None;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "nginx does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }
}

fn binary() -> Option<&'static str> {
    ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|path| Path::new(path).exists())
}

/// Whether the test can run; it must where CI says so.
fn have_nginx() -> bool {
    let there = binary().is_some();
    assert!(there || std::env::var_os("MNLOAD_REQUIRE_NGINX").is_none(), "nginx is required here and not installed");
    if !there {
        println!("skipped: nginx is not installed (Debian: apt-get install nginx)");
    }
    there
}

fn at_2000_per_second(base_url: &str, more: &str) -> Outcome {
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{base_url}\"\n{more}\n[load]\nmodel = \"open\"\nrate = \"2000/s\"\nduration = \"10s\"\n[[step]]\nget = \"/\"\nexpect = {{ status = 200 }}\n"
    ));
    workspace.run(&[])
}

#[track_caller]
fn all_sent_and_none_failed(outcome: Outcome) {
    let result = outcome.exits_with(0).result();
    assert_eq!((result.accounting.scheduled, result.accounting.passed), (20_000, 20_000));
    assert!(result.errors.is_empty(), "{:?}", result.errors);
    assert!(
        (result.rates.achieved_per_s - result.rates.offered_per_s).abs() < 0.001 * result.rates.offered_per_s,
        "{:?}",
        result.rates
    );
}

#[test]
fn plain_http_at_2000_per_second_is_all_sent_and_none_fails() {
    if have_nginx() {
        let folder = tempfile::TempDir::new().unwrap();
        let nginx = Nginx::start(folder.path(), false);
        all_sent_and_none_failed(punctual(|| at_2000_per_second(&format!("http://127.0.0.1:{}", nginx.port), "")));
    }
}

#[test]
fn https_with_an_authority_of_our_own_is_all_sent_and_none_fails() {
    if have_nginx() {
        let folder = tempfile::TempDir::new().unwrap();
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(folder.path().join("server.pem"), own.cert.pem()).unwrap();
        std::fs::write(folder.path().join("server.key"), own.signing_key.serialize_pem()).unwrap();
        let nginx = Nginx::start(folder.path(), true);
        let url = format!("https://127.0.0.1:{}", nginx.port);

        let ca = format!("ca = \"{}\"", folder.path().join("server.pem").display());
        all_sent_and_none_failed(punctual(|| at_2000_per_second(&url, &ca)));

        let untrusted = Workspace::with(&format!("[target]\nbase_url = \"{url}\"\n[[step]]\nget = \"/\"\n")).run(&[]);
        untrusted.exits_with(3).tells("certificate").tells("[target] ca");
        let insecure = format!("[target]\nbase_url = \"{url}\"\ninsecure = true\n[[step]]\nget = \"/\"\n");
        Workspace::with(&insecure).run(&[]).exits_with(0).says("INSECURE");
    }
}
