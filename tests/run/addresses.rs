//! Where connections go and where they come from: addresses in place of names, local addresses, and Unix sockets.

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use mnload::demo::{Demo, DemoOptions, TlsFiles};

use crate::support::raw::{RawServer, ok, serve};
use crate::support::tunnel::join;
use crate::support::{Workspace, free_address};

/// Four requests, each over a connection of its own.
const FOUR: &str = "connections = { max_requests = 1 }\n\
    [[step]]\nget = \"/1\"\n[[step]]\nget = \"/2\"\n[[step]]\nget = \"/3\"\n[[step]]\nget = \"/4\"\n";
const ONE: &str = "[[step]]\nget = \"/health\"\n";

fn scenario(base_url: &str, rest: &str) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{base_url}\"\ntimeout = \"5s\"\n{rest}"))
}

/// A demo with a certificate for `name`, which stands in `ca.pem` of the workspace.
pub(crate) fn demo_called(name: &str, workspace: &Workspace) -> (Demo, SocketAddr) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = workspace.file("ca.pem", &made.cert.pem());
    let key = workspace.file("key.pem", &made.signing_key.serialize_pem());
    let tls = Some(TlsFiles { certificate, key });
    let demo = Demo::start(DemoOptions { tls, ..DemoOptions::without_latency() }).unwrap();
    let address = demo.base_url().strip_prefix("https://").unwrap().parse().unwrap();
    (demo, address)
}

/// A server that keeps the heads of requests.
fn listening() -> (RawServer, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let server = RawServer::start(move |_, head| {
        kept.lock().unwrap().push(head.to_ascii_lowercase());
        ok("", "")
    });
    (server, heads)
}

#[test]
fn a_given_address_leaves_the_name_in_host() {
    let (server, heads) = listening();
    let (address, port) = (server.address, server.address.port());
    let other = "[[teardown]]\nget = \"http://api.example:1/x\"\n";
    for (base_url, resolve, rest, host) in [
        (format!("http://app.example:{port}"), "\"app.example\" = \"127.0.0.1\"".to_owned(), "", "app.example:"),
        ("http://App.example".to_owned(), format!("\"app.example:80\" = \"{address}\""), "", "app.example\r\n"),
        (
            "http://app.example:8443".to_owned(),
            format!("\"app.example:8443\" = \"{address}\", \"api.example\" = \"{address}\""),
            other,
            "api.example:1\r\n",
        ),
    ] {
        let rest = format!("resolve = {{ {resolve} }}\n{ONE}{rest}");
        scenario(&base_url, &rest).run(&[]).exits_with(0);
        let last = heads.lock().unwrap().last().unwrap().clone();
        assert!(last.contains(&format!("\r\nhost: {host}")), "{last}");
    }
}

#[test]
fn a_given_address_leaves_the_name_in_tls() {
    let workspace = Workspace::with("");
    let (demo, address) = demo_called("app.example", &workspace);
    let written = |name: &str| {
        format!(
            "[target]\nbase_url = \"https://{name}\"\nca = \"ca.pem\"\nresolve = {{ \"{name}\" = \"{address}\" }}\n{ONE}"
        )
    };
    workspace.file("scenario.toml", &written("app.example"));
    workspace.run(&[]).exits_with(0);
    assert!(demo.requests_seen() > 0);
    workspace.file("scenario.toml", &written("other.example"));
    workspace.run(&["--overwrite"]).exits_with(3).tells("other.example");

    // What says hello says the name.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hello = std::thread::spawn(move || {
        let mut bytes = vec![0; 4096];
        let length = listener.accept().unwrap().0.read(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    });
    let rest = format!("resolve = {{ \"app.example\" = \"{address}\" }}\n{ONE}");
    scenario("https://app.example", &rest).run(&[]).exits_with(3);
    assert!(hello.join().unwrap().contains("app.example"));
}

#[test]
fn connections_go_round_over_all_addresses() {
    let servers = [RawServer::start(|_, _| ok("", "")), RawServer::start(|_, _| ok("", ""))];
    let [one, two] = servers.each_ref().map(|server| server.address);
    let rest = format!("resolve = {{ \"app.example\" = [\"{one}\", \"{two}\"] }}\n{FOUR}");
    scenario("http://app.example", &rest).run(&[]).exits_with(0);
    assert_eq!(servers.each_ref().map(RawServer::requests_seen), [2, 2]);
    // One was used before the start, to see whether somebody is there.
    assert_eq!(servers.each_ref().map(RawServer::connections_seen), [3, 2]);

    let dead = free_address();
    let rest = format!("resolve = {{ \"app.example\" = [\"{dead}\", \"{one}\"] }}\n{FOUR}");
    scenario("http://app.example", &rest).run(&[]).exits_with(0);
    assert_eq!(servers[0].requests_seen(), 6, "the next one is tried when one takes no connection");
}

#[test]
fn connections_come_from_each_local_address_in_turn() {
    let server = RawServer::start(|_, _| ok("", ""));
    let rest = format!("local_addresses = [\"127.0.0.2\", \"127.0.0.3\"]\n{FOUR}");
    scenario(&server.base_url(), &rest).run(&[]).exits_with(0);
    let wanted = ["127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3", "127.0.0.2"];
    assert_eq!(server.peers(), wanted.map(|text| text.parse::<IpAddr>().unwrap()));
}

#[test]
fn a_local_address_that_is_none_stops_the_run_before_it_starts() {
    let server = RawServer::start(|_, _| ok("", ""));
    // An address for documentation, which no machine has.
    let rest = format!("local_addresses = [\"127.0.0.1\", \"192.0.2.7\"]\n{ONE}");
    let outcome = scenario(&server.base_url(), &rest).run(&[]).exits_with(3);
    let outcome = outcome.tells("cannot open connections from 192.0.2.7, which local_addresses names");
    assert!(!outcome.stderr.contains("is it running"), "it is no fault of the target's:\n{}", outcome.stderr);
    assert_eq!(server.connections_seen(), 0);
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever reads the test's output should know that it tested nothing")]
fn the_kinds_of_addresses_must_fit_and_ipv6_is_a_target_as_any() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: this machine has no IPv6");
        return;
    };
    let six = RawServer::over(listener, |_, _, _| ok("", ""));
    scenario(&six.base_url(), ONE).run(&[]).exits_with(0);
    assert_eq!((six.requests_seen(), six.peers()[0].to_string().as_str()), (1, "::1"));
    let port = six.address.port();
    let rest = format!("resolve = {{ \"app.example:80\" = \"[::1]:{port}\" }}\nlocal_addresses = [\"::1\"]\n{ONE}");
    scenario("http://app.example", &rest).run(&[]).exits_with(0);
    let rest = format!("local_addresses = [\"127.0.0.1\"]\n{ONE}");
    scenario(&six.base_url(), &rest).run(&[]).exits_with(3).tells("none of local_addresses can connect to ::1");
}

#[test]
fn all_requests_go_over_a_unix_socket() {
    let workspace = Workspace::with(
        "[target]\nbase_url = \"http://app.example/base\"\nunix_socket = \"app.sock\"\nwait_for = \"/ready\"\n\
         [[step]]\nget = \"/a\"\n[[step]]\nget = \"http://other.example:81/b\"\n",
    );
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    serve_unix(&workspace.path().join("app.sock"), move |stream| {
        let kept = Arc::clone(&kept);
        let answer = move |_, head: &str, _: &[u8]| {
            kept.lock().unwrap().push(head.to_ascii_lowercase());
            ok("", "")
        };
        serve(stream, &AtomicU64::new(0), &answer);
    });
    workspace.run(&[]).exits_with(0);
    let heads = heads.lock().unwrap().clone();
    let wanted = [("/base/ready", "app.example"), ("/base/a", "app.example"), ("/b", "other.example:81")];
    assert_eq!(heads.len(), wanted.len(), "{heads:?}");
    for (head, (path, host)) in heads.iter().zip(wanted) {
        assert!(head.starts_with(&format!("get {path} ")) && head.contains(&format!("\r\nhost: {host}\r\n")), "{head}");
    }
    // What the plan asks goes over it as well.
    workspace
        .mnload(&["plan", "scenario.toml"])
        .exits_with(0)
        .says("was answered with 200")
        .says("over the Unix socket app.sock");
}

#[test]
fn tls_is_spoken_over_a_unix_socket_as_over_any_other() {
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"https://app.example\"\nunix_socket = \"app.sock\"\nca = \"ca.pem\"\n{ONE}"
    ));
    let (demo, address) = demo_called("app.example", &workspace);
    serve_unix(&workspace.path().join("app.sock"), move |stream| {
        let to = TcpStream::connect(address).unwrap();
        join((stream.try_clone().unwrap(), stream), (to.try_clone().unwrap(), to));
    });
    workspace.run(&[]).exits_with(0);
    assert!(demo.requests_seen() > 0);
}

#[test]
fn a_unix_socket_that_is_not_there_is_named() {
    let outcome = scenario("http://app.example", &format!("unix_socket = \"app.sock\"\n{ONE}")).run(&[]);
    outcome.exits_with(3).tells("cannot connect to app.example:80: the Unix socket app.sock: No such file");
}

#[test]
fn names_are_looked_up_again_while_a_load_runs() {
    let server = RawServer::start(|_, _| ok("", ""));
    let base_url = server.base_url().replace("127.0.0.1", "localhost");
    let rest = "lookup = \"1s\"\nconnections = { max_requests = 1 }\n\
        [load]\nmodel = \"closed\"\nusers = 1\nduration = \"1500ms\"\n\
        [gates]\nlatency = \"p50 < 60s\"\n[[step]]\nget = \"/\"\nthink = \"100ms\"\n";
    let outcome = scenario(&base_url, rest).run(&[]).exits_with(0);
    assert_eq!(outcome.result().warnings, Vec::<String>::new());
}

fn serve_unix(path: &Path, carry: impl Fn(std::os::unix::net::UnixStream) + Send + Sync + 'static) {
    let (listener, carry) = (UnixListener::bind(path).unwrap(), Arc::new(carry));
    // Ends with the test program: it only waits for connections by then.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let carry = Arc::clone(&carry);
            std::thread::spawn(move || carry(stream));
        }
    });
}
