//! A server that says the bytes it is told to: for answers that no decent server gives.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What a server says to a request: its number, its head and its body.
pub(crate) type Answer = dyn Fn(u64, &str, &[u8]) -> Vec<u8> + Send + Sync;

/// Answers every request on every connection with what `answer` gives for its number and head.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    /// Where each connection came from.
    peers: Arc<Mutex<Vec<SocketAddr>>>,
    seen: Arc<AtomicU64>,
}

impl RawServer {
    pub(crate) fn start(answer: impl Fn(u64, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::reading(move |number, head, _| answer(number, head))
    }

    /// The same for answers that depend on the body, too.
    pub(crate) fn reading(answer: impl Fn(u64, &str, &[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::over(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    /// The same over a listener of one's own.
    pub(crate) fn over(
        listener: TcpListener,
        answer: impl Fn(u64, &str, &[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (seen, peers) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (answer, counted, accepted) = (Arc::new(answer), Arc::clone(&seen), Arc::clone(&peers));
        // Ends with the test program: it only waits for connections by then.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                accepted.lock().unwrap().push(stream.peer_addr().unwrap());
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&counted));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { address, peers, seen }
    }

    /// Requests so far.
    pub(crate) fn requests_seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub(crate) fn connections_seen(&self) -> u64 {
        self.peers.lock().unwrap().len() as u64
    }

    /// Where the connections so far came from.
    pub(crate) fn peers(&self) -> Vec<IpAddr> {
        self.peers.lock().unwrap().iter().map(SocketAddr::ip).collect()
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Answers what comes over `stream` until it ends.
pub(crate) fn serve(mut stream: impl Read + Write, seen: &AtomicU64, answer: &Answer) {
    let mut buffer = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(read) => buffer.extend_from_slice(&chunk[..read]),
        }
        while let Some((head, length)) = whole_request(&buffer) {
            let request: Vec<u8> = buffer.drain(..length).collect();
            let body = &request[head_length(&request)..];
            if stream.write_all(&answer(seen.fetch_add(1, Ordering::SeqCst), &head, body)).is_err() {
                return;
            }
        }
    }
}

/// The head of the first request in `buffer` and the length of it all, once it is all there.
fn whole_request(buffer: &[u8]) -> Option<(String, usize)> {
    let end = head_length(buffer);
    if end == 0 {
        return None;
    }
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let whole = end + length.unwrap_or(0);
    (buffer.len() >= whole).then_some((head, whole))
}

/// Where the body starts; zero while the head is not all there.
fn head_length(buffer: &[u8]) -> usize {
    buffer.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |end| end + 4)
}

/// A 200 with `headers` (each with its line end) and `body`.
pub(crate) fn ok(headers: &str, body: &str) -> Vec<u8> {
    answer(200, headers, body)
}

/// An answer of `status` with `headers` (each with its line end) and `body`.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
