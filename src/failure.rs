//! The classes of what a target can do wrong: data, never an error of ours.
//!
//! One vocabulary for the client that sees it, the metrics that count it and the reports that name it.

use std::fmt;

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The target's name has no address.
    Dns,
    /// Nothing listens at the address.
    ConnectRefused,
    /// The connection was not made within the request's timeout.
    ConnectTimeout,
    /// The connection could not be made for another reason.
    Connect,
    /// The TLS handshake failed, the certificate included.
    Tls,
    /// The target reset the connection.
    Reset,
    /// The target closed the connection before the answer was complete.
    Closed,
    /// The answer was not complete within the request's timeout.
    Timeout,
    /// The generator's machine had no socket, port or memory left: the target was never asked.
    Generator,
    /// What came back is not HTTP.
    Protocol,
    /// A status that the step does not expect.
    Http(u16),
    /// An expectation about anything but the status was not met.
    Check,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Generator => "generator",
            Self::Protocol => "protocol",
            Self::Http(status) => return write!(f, "http_{status}"),
            Self::Check => "check",
        };
        f.write_str(name)
    }
}
