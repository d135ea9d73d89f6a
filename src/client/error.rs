//! Why a call failed, in one of the classes that are counted, and in words.

use std::error::Error;
use std::io;

use crate::failure::Failure;

/// A call that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// The class that is counted.
    pub failure: Failure,
    /// What was said, for the first few that are shown.
    pub message: String,
}

impl CallError {
    pub(super) fn new(failure: Failure, message: impl Into<String>) -> Self {
        Self { failure, message: message.into() }
    }

    /// A TCP connection that was not made.
    pub(super) fn of_connecting(error: &io::Error) -> Self {
        let failure = match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::ConnectRefused,
            io::ErrorKind::TimedOut => Failure::ConnectTimeout,
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::OutOfMemory => Failure::Generator,
            _ if is_out_of_sockets(error) => Failure::Generator,
            _ => Failure::Connect,
        };
        Self::new(failure, error.to_string())
    }

    /// A TLS handshake that failed.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        let failure = match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Failure::Reset,
            io::ErrorKind::UnexpectedEof => Failure::Closed,
            _ => Failure::Tls,
        };
        Self::new(failure, error.to_string())
    }

    /// What hyper says of a request that was under way.
    pub(super) fn of_http(error: &hyper::Error) -> Self {
        let failure = match io_kind(error) {
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted) => {
                Failure::Reset
            }
            // What a chunked body or a TLS record should not have held.
            Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => Failure::Protocol,
            Some(_) => Failure::Closed,
            None if error.is_parse() || error.is_parse_too_large() => Failure::Protocol,
            None if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => Failure::Closed,
            None => Failure::Protocol,
        };
        Self::new(failure, sentence(error))
    }

    /// What happened to an HTTP/2 connection or to one request on it.
    pub(super) fn of_http2(error: &h2::Error) -> Self {
        let failure = match (error.get_io().map(io::Error::kind), error.reason()) {
            (Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted), _) => Failure::Reset,
            (Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput), _) => Failure::Protocol,
            // That is what a connection that ends in order looks like from a request on it.
            (Some(io::ErrorKind::BrokenPipe), _) => {
                return Self::new(Failure::Closed, "the target closed the connection before the answer was complete");
            }
            (Some(_), _) => Failure::Closed,
            (None, Some(h2::Reason::NO_ERROR)) if error.is_go_away() => Failure::Closed,
            (None, Some(_)) if error.is_remote() && error.is_reset() => Failure::Reset,
            (None, _) => Failure::Protocol,
        };
        Self::new(failure, error.to_string())
    }
}

/// Whether the system has no descriptor or buffer left for a connection.
fn is_out_of_sockets(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let ours = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
        error.raw_os_error().is_some_and(|code| ours.iter().any(|errno| errno.raw_os_error() == code))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

/// The I/O error at the bottom of it, if there is one.
fn io_kind(error: &hyper::Error) -> Option<io::ErrorKind> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = cause.source();
    }
    None
}

/// The error and its causes in one line.
fn sentence(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
