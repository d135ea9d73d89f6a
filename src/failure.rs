//! The classes of what a target can do wrong: data, never an error of ours.
//!
//! One vocabulary for the client that sees it, the metrics that count it and the reports that name it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
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

/// A word that is no class of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a class of failure")]
pub struct UnknownFailure;

impl Failure {
    /// The words for all classes but those of a status.
    pub const NAMES: [&str; 11] = [
        "dns",
        "connect_refused",
        "connect_timeout",
        "connect",
        "tls",
        "reset",
        "closed",
        "timeout",
        "generator",
        "protocol",
        "check",
    ];
}

impl FromStr for Failure {
    type Err = UnknownFailure;

    fn from_str(text: &str) -> Result<Self, UnknownFailure> {
        Ok(match text {
            "dns" => Self::Dns,
            "connect_refused" => Self::ConnectRefused,
            "connect_timeout" => Self::ConnectTimeout,
            "connect" => Self::Connect,
            "tls" => Self::Tls,
            "reset" => Self::Reset,
            "closed" => Self::Closed,
            "timeout" => Self::Timeout,
            "generator" => Self::Generator,
            "protocol" => Self::Protocol,
            "check" => Self::Check,
            _ => {
                let status = text.strip_prefix("http_").and_then(|status| status.parse().ok());
                Self::Http(status.filter(|status| (100..=999).contains(status)).ok_or(UnknownFailure)?)
            }
        })
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

impl TryFrom<String> for Failure {
    type Error = UnknownFailure;

    fn try_from(text: String) -> Result<Self, UnknownFailure> {
        text.parse()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_read_as_it_is_written() {
        for name in Failure::NAMES {
            assert_eq!(name.parse::<Failure>().unwrap().to_string(), name);
        }
        assert_eq!("http_429".parse(), Ok(Failure::Http(429)));
        for wrong in ["", "http_", "http_42", "http_4290", "429", "Timeout"] {
            assert_eq!(wrong.parse::<Failure>(), Err(UnknownFailure), "{wrong}");
        }
    }
}
