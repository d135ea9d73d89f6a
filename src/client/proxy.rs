//! Asking a proxy for a connection: HTTP's CONNECT, or SOCKS 5. Either way the proxy looks the target's name up.

use std::fmt;
use std::future::{Future, Ready, poll_fn, ready};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::CallError;
use crate::failure::Failure;

/// A proxy that all connections go through.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// What it is called: its URL, without its credentials.
    pub shown: String,
    /// What it speaks.
    pub speech: ProxySpeech,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user and the password that it wants.
    pub credentials: Option<(String, String)>,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxySpeech {
    /// HTTP, with CONNECT for every connection.
    Http,
    /// SOCKS 5.
    Socks5,
}

impl Proxy {
    /// A connection to `authority` (host and port) over `stream`, which leads to the proxy.
    pub(super) async fn tunnel(&self, stream: TcpStream, authority: &str) -> Result<TcpStream, CallError> {
        match self.speech {
            ProxySpeech::Http => self.http(stream, authority).await,
            ProxySpeech::Socks5 => self.socks(stream, authority).await,
        }
    }

    /// What is said when the proxy itself cannot be reached.
    pub(super) fn unreachable(&self, error: CallError) -> CallError {
        match error.failure {
            // That is no fault of the proxy's.
            Failure::Generator => error,
            failure => CallError::new(failure, format!("cannot connect to the proxy {self}: {}", error.message)),
        }
    }

    async fn http(&self, stream: TcpStream, authority: &str) -> Result<TcpStream, CallError> {
        let broken = |error: &hyper::Error| {
            let CallError { failure, message } = CallError::of_http(error);
            CallError::new(failure, format!("the proxy {self} did not answer: {message}"))
        };
        let request = self.connect_request(authority).map_err(|error| self.refused(authority, error))?;
        let (mut sender, mut connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        let mut answer = pin!(sender.send_request(request));
        let mut done = false;
        let answer = poll_fn(|cx| {
            if !done && let Poll::Ready(ended) = connection.poll_without_shutdown(cx) {
                done = true;
                // Its error reaches the request, too, where it has a name.
                drop(ended);
            }
            answer.as_mut().poll(cx)
        });
        let status = answer.await.map_err(|error| broken(&error))?.status();
        match (status, &self.credentials) {
            (status, _) if status.is_success() => {}
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, None) => {
                return Err(CallError::new(
                    Failure::Connect,
                    format!("the proxy {self} asks for credentials: {status}"),
                ));
            }
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(_)) => {
                let message = format!("the proxy {self} does not take the credentials: {status}");
                return Err(CallError::new(Failure::Connect, message));
            }
            (status, _) => return Err(self.refused(authority, status)),
        }
        if !done {
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await.map_err(|error| broken(&error))?;
        }
        let parts = connection.into_parts();
        if !parts.read_buf.is_empty() {
            // Clients speak first: this can be no word of the target's.
            let message = format!("the proxy {self} said more than it was asked");
            return Err(CallError::new(Failure::Protocol, message));
        }
        Ok(parts.io.into_inner())
    }

    fn connect_request(&self, authority: &str) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
        let mut request = Request::connect(authority).header(HOST, authority).body(Empty::new())?;
        if let Some((user, password)) = &self.credentials {
            let mut value = HeaderValue::try_from(format!("Basic {}", BASE64.encode(format!("{user}:{password}"))))?;
            value.set_sensitive(true);
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn socks(&self, stream: TcpStream, authority: &str) -> Result<TcpStream, CallError> {
        let to = Uri::builder().scheme("http").authority(authority).path_and_query("/").build();
        let to = to.map_err(|error| self.refused(authority, error))?;
        // The connection is there already: nobody asks where it would lead.
        let own = Uri::default();
        let mut socks = SocksV5::new(own, Connected(Some(stream)));
        if let Some((user, password)) = &self.credentials {
            socks = socks.with_auth(user.clone(), password.clone());
        }
        let tunnel = socks.call(to).await.map_err(|error| {
            let said = error.to_string();
            self.refused(authority, said.strip_prefix("SOCKS error: ").unwrap_or(&said))
        })?;
        Ok(tunnel.into_inner())
    }

    fn refused(&self, authority: &str, why: impl fmt::Display) -> CallError {
        CallError::new(Failure::Connect, format!("the proxy {self} does not connect to {authority}: {why}"))
    }
}

/// Host and port in one, as a URL has them.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// What it is called.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A connection that is there already, for a library that would open it itself.
struct Connected(Option<TcpStream>);

impl Service<Uri> for Connected {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().map(TokioIo::new).ok_or_else(|| io::Error::other("it was used before")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    fn proxy(speech: ProxySpeech, port: u16) -> Proxy {
        let credentials = Some(("me".into(), "canary".into()));
        Proxy { shown: "http://127.0.0.1:9".into(), speech, host: "127.0.0.1".into(), port, credentials }
    }

    /// What comes of a proxy that says `answer` to the first thing it hears, and what that was.
    async fn asked(speech: ProxySpeech, answer: &'static [u8]) -> (Result<TcpStream, CallError>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = vec![0; 4096];
            let length = stream.read(&mut heard).unwrap();
            heard.truncate(length);
            stream.write_all(answer).unwrap();
            heard
        });
        let stream = TcpStream::connect(address).await.unwrap();
        let result = proxy(speech, address.port()).tunnel(stream, "app.example:443").await;
        (result, served.join().unwrap())
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_with_the_name_and_the_credentials() {
        for answer in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.0 200 Connection established\r\nvia: x\r\n\r\n",
            "HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\n",
        ] {
            let (result, heard) = asked(ProxySpeech::Http, answer.as_bytes()).await;
            result.unwrap_or_else(|error| panic!("{answer}: {error:?}"));
            let heard = String::from_utf8(heard).unwrap().to_ascii_lowercase();
            assert!(heard.starts_with("connect app.example:443 http/1.1\r\n"), "{heard}");
            assert!(heard.contains("host: app.example:443\r\n"), "{heard}");
            assert!(heard.contains("proxy-authorization: basic bwu6y2fuyxj5\r\n"), "{heard}");
        }
    }

    #[tokio::test]
    async fn what_a_proxy_does_wrong_is_told_without_the_credentials() {
        use Failure::{Closed, Connect, Protocol};
        for (speech, answer, failure, words) in [
            (
                ProxySpeech::Http,
                "HTTP/1.1 407 X\r\ncontent-length: 1\r\n\r\nx",
                Connect,
                "does not take the credentials: 407",
            ),
            (
                ProxySpeech::Http,
                "HTTP/1.1 403 X\r\n\r\n",
                Connect,
                "does not connect to app.example:443: 403 Forbidden",
            ),
            (ProxySpeech::Http, "HTTP/1.1 200 X\r\n\r\nhello", Protocol, "said more than it was asked"),
            (ProxySpeech::Http, "220 smtp.example\r\n", Protocol, "did not answer"),
            (ProxySpeech::Http, "", Closed, "did not answer"),
            (ProxySpeech::Socks5, "\x05\x00", Connect, "does not connect to app.example:443"),
            (ProxySpeech::Socks5, "HTTP/1.1 400 X\r\n\r\n", Connect, "failed parsing server response"),
            (ProxySpeech::Socks5, "", Connect, "does not connect to app.example:443"),
        ] {
            let error = asked(speech, answer.as_bytes()).await.0.unwrap_err();
            assert_eq!(error.failure, failure, "{answer}: {}", error.message);
            assert!(error.message.contains(words) && error.message.contains("the proxy "), "{}", error.message);
            assert!(!error.message.contains("canary") && !error.message.contains("Y2FuYXJ5"), "{}", error.message);
        }
    }
}
