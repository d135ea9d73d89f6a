//! A target that misbehaves in one way: the built-in one, with one answer altered on its way.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::raw::RawServer;

/// Forwards to `target`, which speaks plain HTTP; `alter` gives what is sent instead of an answer, from the head of the
/// request and the answer. Nothing at all leaves the request without an answer.
pub(crate) fn altered(target: &str, alter: impl Fn(&str, String) -> String + Send + Sync + 'static) -> RawServer {
    let address: SocketAddr = target.strip_prefix("http://").unwrap().parse().unwrap();
    RawServer::reading(move |_, head, body| alter(head, forward(address, head, body)).into_bytes())
}

fn forward(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.replacen("connection: close\r\n", "", 1)
}
