//! Proxies as small as they can be: HTTP's CONNECT and SOCKS 5. Wherever they are asked to connect, they connect to one
//! target: names that nobody else knows are theirs alone.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a proxy says to the next one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Connects.
    Obliging,
    /// Connects whoever shows the user `me` with the password `a@b/c:canary`.
    Asking,
    /// Refuses: status 403, or the SOCKS reply for what is not allowed.
    Refusing,
    /// Hangs up.
    Dying,
}

/// A proxy.
pub(crate) struct Tunnels {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a proxy does with a connection: its manner, and where it notes what it was asked for.
type Handshake = fn(&mut TcpStream, Manner, &Mutex<Vec<String>>) -> bool;

impl Tunnels {
    /// An HTTP proxy to `target`, in the manner that `manner` gives for each connection.
    pub(crate) fn http(target: SocketAddr, manner: impl Fn(usize) -> Manner + Send + 'static) -> Self {
        Self::start(target, manner, http_handshake)
    }

    /// A SOCKS 5 proxy.
    pub(crate) fn socks(target: SocketAddr, manner: impl Fn(usize) -> Manner + Send + 'static) -> Self {
        Self::start(target, manner, socks_handshake)
    }

    /// What it was asked to connect to so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn start(target: SocketAddr, manner: impl Fn(usize) -> Manner + Send + 'static, handshake: Handshake) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // Ends with the test program: it only waits for connections by then.
        std::thread::spawn(move || {
            for (number, mut stream) in listener.incoming().flatten().enumerate() {
                let (manner, noted) = (manner(number), Arc::clone(&noted));
                std::thread::spawn(move || {
                    if manner != Manner::Dying && handshake(&mut stream, manner, &noted) {
                        let to = TcpStream::connect(target).unwrap();
                        join((stream.try_clone().unwrap(), stream), (to.try_clone().unwrap(), to));
                    }
                });
            }
        });
        Self { address, asked }
    }
}

/// Carries bytes both ways until both have ended; of each side its reading and its writing half.
pub(crate) fn join<A, B>(mut a: (A, A), mut b: (B, B))
where
    A: Read + Write + Send + 'static,
    B: Read + Write + Send + 'static,
{
    let there = std::thread::spawn(move || std::io::copy(&mut a.0, &mut b.1));
    let _ = std::io::copy(&mut b.0, &mut a.1);
    // Whoever still waits is done once the other side hangs up.
    drop((a.1, b.0));
    let _ = there;
}

fn http_handshake(stream: &mut TcpStream, manner: Manner, asked: &Mutex<Vec<String>>) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(byte(stream));
    }
    let head = String::from_utf8(head).unwrap();
    let authority = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap().to_owned();
    assert!(head.contains(&format!("ost: {authority}\r\n")), "{head}");
    asked.lock().unwrap().push(authority);
    // me:a@b/c:canary
    let knows = head.to_ascii_lowercase().contains("proxy-authorization: basic bwu6yubil2m6y2fuyxj5\r\n");
    let answer = match manner {
        Manner::Refusing => "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno",
        Manner::Asking if !knows => {
            "HTTP/1.1 407 X\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n"
        }
        _ => "HTTP/1.1 200 Connection established\r\n\r\n",
    };
    stream.write_all(answer.as_bytes()).unwrap();
    answer.contains(" 200 ")
}

fn socks_handshake(stream: &mut TcpStream, manner: Manner, asked: &Mutex<Vec<String>>) -> bool {
    assert_eq!(byte(stream), 5);
    let methods = counted(stream);
    let wanted = if manner == Manner::Asking { 2 } else { 0 };
    if !methods.contains(&wanted) {
        stream.write_all(&[5, 0xFF]).unwrap();
        return false;
    }
    stream.write_all(&[5, wanted]).unwrap();
    if manner == Manner::Asking {
        assert_eq!(byte(stream), 1);
        let knows = counted(stream) == b"me" && counted(stream) == b"a@b/c:canary";
        stream.write_all(&[1, u8::from(!knows)]).unwrap();
        if !knows {
            return false;
        }
    }
    assert_eq!([byte(stream), byte(stream), byte(stream)], [5, 1, 0]);
    let host = match byte(stream) {
        1 => format!("{}.{}.{}.{}", byte(stream), byte(stream), byte(stream), byte(stream)),
        3 => String::from_utf8(counted(stream)).unwrap(),
        kind => panic!("a host of kind {kind}"),
    };
    let port = u16::from_be_bytes([byte(stream), byte(stream)]);
    asked.lock().unwrap().push(format!("{host}:{port}"));
    let refused = manner == Manner::Refusing;
    stream.write_all(&[5, if refused { 2 } else { 0 }, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    !refused
}

/// As many bytes as the first one says.
fn counted(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; byte(stream).into()];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn byte(stream: &mut TcpStream) -> u8 {
    let mut one = [0];
    stream.read_exact(&mut one).unwrap();
    one[0]
}
