//! One HTTP/1.1 exchange after another over one connection, with a server in the same thread: so that who runs when,
//! and with it the count, is the same each time. The server's few reads and writes are part of the count.

use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Method, Uri};
use mnload::client::{Channel, Clock, Connector, Http, Network, Pool, Remote, Request, Trust, Wear};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::Instant;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 32\r\nConnection: keep-alive\r\n\r\n\
    {\"success\":true,\"data\":{\"n\":1}} ";

/// A client with an open connection, and its server.
pub(crate) struct Exchanging {
    runtime: Runtime,
    tasks: LocalSet,
    channel: Channel,
    path: Uri,
    headers: HeaderMap,
}

impl Exchanging {
    /// Connects, and makes the first exchange.
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let tasks = LocalSet::new();
        let channel = tasks.block_on(&runtime, async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::task::spawn_local(async move { serve(listener.accept().await.unwrap().0).await });
            let remote = Remote { host: "127.0.0.1".to_owned(), port, tls: false, addresses: Vec::new() };
            let connector =
                Connector::prepare(vec![remote], &Trust::System, &Network::default(), Http::One).await.unwrap();
            let pool = Rc::new(Pool::new(&connector, Wear::default()));
            Channel::new(connector, Clock::starting_at(Instant::now()), pool)
        });
        let headers = HeaderMap::from_iter([
            (HOST, HeaderValue::from_static("127.0.0.1:3000")),
            (hyper::header::USER_AGENT, HeaderValue::from_static("mnload/bench")),
            (hyper::header::ACCEPT, HeaderValue::from_static("*/*")),
        ]);
        let mut started =
            Self { runtime, tasks, channel, path: Uri::from_static("/api/media/search?q=alien"), headers };
        started.exchange(2);
        started
    }

    /// Makes `count` exchanges.
    pub(crate) fn exchange(&mut self, count: u64) {
        let Self { runtime, tasks, channel, path, headers } = self;
        tasks.block_on(runtime, async {
            for _ in 0..count {
                let request = Request {
                    place: 0,
                    method: &Method::GET,
                    path,
                    headers,
                    body: &Bytes::new(),
                    timeout: Duration::from_secs(10),
                    keep_body: usize::MAX,
                };
                let answer = channel.call(&request).await.result.unwrap();
                assert_eq!((answer.status, answer.body_bytes), (200, 32));
                channel.recycle(answer.headers);
            }
        });
    }
}

/// Answers whatever comes in one piece, as these requests do.
async fn serve(stream: TcpStream) {
    let mut request = [0; 1_024];
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut request) {
            Ok(0) => return,
            Ok(_) => assert_eq!(stream.try_write(ANSWER).unwrap(), ANSWER.len()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
}
