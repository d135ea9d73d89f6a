//! What HTTP/2 alone has: what is picked in the TLS handshake, many requests over one connection, and requests that the
//! target hands back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http_body_util::Full;
use hyper::Response;
use mnload::demo::{Demo, DemoOptions, Latency};
use mnload::report::RunResult;
use tokio::net::{TcpListener, TcpStream};

use crate::support::raw::{RawServer, ok};
use crate::support::server::{HttpServer, Identity, WAYS, Way};
use crate::support::{Outcome, Workspace};

const PLAIN: Way = Way { http2: true, tls: false };
const SECURE: Way = Way { http2: true, tls: true };

fn over_tls(address: SocketAddr, identity: &Identity, http: &str) -> Outcome {
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"https://{address}\"\nca = \"ca.pem\"\nhttp = \"{http}\"\n[[step]]\nget = \"/health\"\n"
    ));
    workspace.file("ca.pem", &identity.pem);
    workspace.run(&[])
}

/// Four journeys and more of each user, pooled over connections for `streams` requests, by one worker.
fn pooled(address: SocketAddr, users: u64, streams: u64) -> RunResult {
    let rest = format!(
        "[load]\nmodel = \"closed\"\nusers = {users}\niterations = {}\n[gates]\nerrors = \"error_rate <= 0%\"\n[[step]]\nget = \"/health\"\n",
        users * 4
    );
    let target = format!("connections = {{ streams = {streams} }}");
    PLAIN.scenario(address, &Identity::new(), &target, &rest).run(&["--workers", "1"]).exits_with(0).result()
}

#[test]
fn over_tls_the_target_picks_unless_the_scenario_does() {
    let identity = Identity::new();
    let spoken = |demo: &Demo, http: &str| {
        let result = over_tls(demo.address(), &identity, http).exits_with(0).result();
        (result.generator.connections_opened, result.generator.connections_http2)
    };
    let both = SECURE.demo(&identity, DemoOptions::without_latency());
    assert_eq!([spoken(&both, "auto"), spoken(&both, "1.1"), spoken(&both, "2")], [(1, 1), (1, 0), (1, 1)]);
    let old = SECURE.demo(&identity, DemoOptions { http1_only: true, ..DemoOptions::without_latency() });
    assert_eq!([spoken(&old, "auto"), spoken(&old, "1.1")], [(1, 0), (1, 0)]);
    over_tls(old.address(), &identity, "2").exits_with(3).tells("the target does not speak HTTP/2");
}

#[test]
fn prior_knowledge_of_a_target_that_speaks_something_else_is_known_before_the_start() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let steps = "[[step]]\nget = \"/\"\n";
    let run = |address| PLAIN.scenario(address, &Identity::new(), "", steps).run(&[]).exits_with(3);
    run(server.address).tells("it does not speak HTTP/2");
    let old = Demo::start(DemoOptions { http1_only: true, ..DemoOptions::without_latency() }).unwrap();
    run(old.address()).tells("it does not speak HTTP/2");
}

#[test]
fn users_who_share_a_connection_use_one_however_many_start_at_once() {
    for way in WAYS.into_iter().filter(|way| way.http2) {
        let identity = Identity::new();
        let options = DemoOptions { latency: Latency::Fixed(Duration::from_millis(5)), ..DemoOptions::default() };
        let demo = way.demo(&identity, options);
        let rest = "[load]\nmodel = \"closed\"\nusers = 64\niterations = 640\n[gates]\nerrors = \"error_rate <= 0%\"\n[[step]]\nget = \"/health\"\n";
        let target = "connections = { policy = \"pooled\", streams = 64 }";
        let workspace = way.scenario(demo.address(), &identity, target, rest);
        let result = workspace.run(&["--workers", "1"]).exits_with(0).result();
        let generator = &result.generator;
        assert_eq!((generator.connections_opened, generator.connections_reused), (1, 639), "{way:?}");
        // The one more is the look at the target before the start.
        assert_eq!((demo.connections_seen(), demo.requests_seen()), (2, 640), "{way:?}");
        assert_eq!(generator.peak_in_flight, 64, "{way:?}");
    }
}

#[test]
fn no_connection_carries_more_at_one_time_than_either_side_wants() {
    let server = Streams::start(Some(8), |_, _| Fate::Answer);
    assert_eq!(pooled(server.address, 64, 16).generator.connections_opened, 8, "the target takes 8 at one time");
    assert_eq!(server.peak(), 8);
    let server = Streams::start(None, |_, _| Fate::Answer);
    assert_eq!(pooled(server.address, 64, 16).generator.connections_opened, 4);
    assert_eq!(server.peak(), 16);
}

#[test]
fn hundreds_of_short_answers_at_once_come_over_one_connection() {
    // They leave the server together, since all have waited for as long.
    let server = Streams::start(None, |_, _| Fate::Answer);
    let result = pooled(server.address, 200, 200);
    assert_eq!((result.accounting.passed, result.generator.connections_opened), (800, 1));
}

#[test]
fn a_request_that_was_not_processed_is_sent_anew() {
    // Each third stream of a connection is handed back.
    let server = Streams::start(None, |_, stream| if stream % 3 == 2 { Fate::Refuse } else { Fate::Answer });
    let result = pooled(server.address, 8, 8);
    assert_eq!((result.accounting.passed, result.accounting.failed), (32, 0));
    assert!(server.refused() > 0);
    // A connection that ends with a GOAWAY hands back what came after the last stream that it names.
    let server = Streams::start(None, |_, stream| if stream == 4 { Fate::GoAway } else { Fate::Answer });
    let result = pooled(server.address, 8, 8);
    assert_eq!((result.accounting.passed, result.accounting.failed), (32, 0));
    assert!(result.generator.connections_opened > 1);
}

#[test]
fn a_target_that_hands_everything_back_is_not_asked_for_ever() {
    let server = Streams::start(None, |_, _| Fate::Refuse);
    let steps = "[[step]]\nget = \"/\"\n";
    let result = PLAIN.scenario(server.address, &Identity::new(), "", steps).run(&[]).exits_with(99).result();
    assert_eq!((result.errors[0].class.as_str(), server.refused()), ("reset", 9));
}

#[test]
fn a_stream_that_was_reset_is_a_failure_and_not_sent_again() {
    let server = Streams::start(None, |_, _| Fate::Reset);
    let steps = "[[step]]\nget = \"/\"\n";
    let result = PLAIN.scenario(server.address, &Identity::new(), "", steps).run(&[]).exits_with(99).result();
    assert_eq!((result.errors[0].class.as_str(), server.streams()), ("reset", 1));
}

#[test]
fn a_connection_whose_time_is_over_ends_with_its_last_request() {
    let answer = |_: &hyper::Request<()>, _| Response::new(Full::<Bytes>::default());
    let server = HttpServer::start(PLAIN, &Identity::new(), answer);
    let rest = "[load]\nmodel = \"closed\"\nusers = 8\nduration = \"1500ms\"\n[gates]\nerrors = \"error_rate <= 0%\"\n[[step]]\nget = \"/\"\nthink = \"5ms\"\n";
    let target = "connections = { policy = \"pooled\", max_age = \"100ms\" }";
    let workspace = PLAIN.scenario(server.address, &Identity::new(), target, rest);
    let result = workspace.run(&["--workers", "1"]).exits_with(0).result();
    assert!(result.generator.connections_opened >= 5, "{}", result.generator.connections_opened);
    assert_eq!(server.connections_seen(), result.generator.connections_opened + 1);
    assert_eq!(server.connections_open(), 0, "none is left open");
}

/// What becomes of a stream.
#[derive(Clone, Copy)]
enum Fate {
    Answer,
    Refuse,
    Reset,
    /// The connection names the last stream that it answers, and this is not it.
    GoAway,
}

/// A server that decides what becomes of each stream, by the numbers of its connection and of the stream on it.
struct Streams {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    streams: AtomicU64,
    refused: AtomicU64,
    /// Streams at one time on one connection, at the most.
    peak: AtomicU64,
}

impl Streams {
    fn start(most: Option<u32>, fate: impl Fn(u64, u64) -> Fate + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        let fate: Arc<dyn Fn(u64, u64) -> Fate + Send + Sync> = Arc::new(fate);
        // Ends with the test program: it only waits for connections by then.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                for number in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(streams(stream, number, most, Arc::clone(&fate), Arc::clone(&counted)));
                }
            });
        });
        Self { address, counts }
    }

    fn refused(&self) -> u64 {
        self.counts.refused.load(Ordering::SeqCst)
    }

    fn streams(&self) -> u64 {
        self.counts.streams.load(Ordering::SeqCst)
    }

    fn peak(&self) -> u64 {
        self.counts.peak.load(Ordering::SeqCst)
    }
}

async fn streams(
    stream: TcpStream,
    number: u64,
    most: Option<u32>,
    fate: Arc<dyn Fn(u64, u64) -> Fate + Send + Sync>,
    counts: Arc<Counts>,
) {
    let mut builder = h2::server::Builder::new();
    most.map(|most| builder.max_concurrent_streams(most));
    let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else { return };
    let busy = Arc::new(AtomicU64::new(0));
    let mut on_it = 0;
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        counts.streams.fetch_add(1, Ordering::SeqCst);
        counts.peak.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let fate = fate(number, on_it);
        on_it += 1;
        match fate {
            Fate::Answer => {
                let busy = Arc::clone(&busy);
                tokio::spawn(async move {
                    // Long enough that those who start together are here together.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    busy.fetch_sub(1, Ordering::SeqCst);
                    if let Ok(mut body) = respond.send_response(Response::new(()), false) {
                        let _ = body.send_data(Bytes::from_static(b"ok"), true);
                    }
                });
            }
            Fate::Refuse => {
                counts.refused.fetch_add(1, Ordering::SeqCst);
                busy.fetch_sub(1, Ordering::SeqCst);
                respond.send_reset(Reason::REFUSED_STREAM);
            }
            Fate::Reset => respond.send_reset(Reason::INTERNAL_ERROR),
            Fate::GoAway => {
                counts.refused.fetch_add(1, Ordering::SeqCst);
                connection.graceful_shutdown();
                respond.send_reset(Reason::REFUSED_STREAM);
            }
        }
    }
}
