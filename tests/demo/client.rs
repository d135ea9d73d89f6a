//! A tiny blocking HTTP/1.1 client, so that the demo's tests read as sentences and depend on nothing they test.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than any answer takes, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection, kept alive.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer and when its parts came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) to_head: Duration,
    pub(crate) to_end: Duration,
}

/// A request in the making.
pub(crate) struct Asking<'a> {
    client: &'a mut Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Client {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self::try_of(address).unwrap()
    }

    pub(crate) fn try_of(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Gives up waiting after this time.
    pub(crate) fn patience(self, patience: Duration) -> Self {
        self.stream.get_ref().set_read_timeout(Some(patience)).unwrap();
        self
    }

    pub(crate) fn get(&mut self, path: &str) -> Asking<'_> {
        self.ask("GET", path)
    }

    pub(crate) fn post(&mut self, path: &str, json: &Value) -> Asking<'_> {
        let mut asking = self.ask("POST", path).with("content-type", "application/json");
        asking.body = json.to_string().into_bytes();
        asking
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str) -> Asking<'_> {
        let (method, path) = (method.to_owned(), path.to_owned());
        Asking { client: self, method, path, headers: Vec::new(), body: Vec::new() }
    }

    /// Signs in as a demo user and gives the token.
    pub(crate) fn sign_in(&mut self, email: &str) -> String {
        let credentials = serde_json::json!({ "email": email, "password": "demo-password" });
        let answer = self.post("/api/auth/login", &credentials).now();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["data"]["token"].as_str().unwrap().to_owned()
    }
}

impl Asking<'_> {
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn fault(self, fault: &str) -> Self {
        self.with("x-demo-fault", fault)
    }

    /// Sends it and expects an answer.
    pub(crate) fn now(self) -> Answer {
        self.attempt().unwrap()
    }

    /// Sends it and gives the answer or what became of the connection.
    pub(crate) fn attempt(self) -> io::Result<Answer> {
        let Asking { client, method, path, headers, body } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: demo\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("content-length: {}\r\n", body.len());
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.extend(body);
        let sent = Instant::now();
        client.stream.get_mut().write_all(&bytes)?;
        read_answer(&mut client.stream, &method, sent)
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>, method: &str, sent: Instant) -> io::Result<Answer> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"));
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let to_head = sent.elapsed();
    let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<_> = lines[1..]
        .iter()
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: Vec::new(), to_head, to_end: to_head };
    if method != "HEAD" {
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = vec![0; length];
        stream.read_exact(&mut answer.body)?;
    }
    answer.to_end = sent.elapsed();
    Ok(answer)
}

impl Answer {
    /// A header's value; the last one if there are several.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).last().copied()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(have, _)| have == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
