//! One timed call: connect, TLS, HTTP/1.1 or HTTP/2, and the failure that came of it.
//!
//! Takes a prebuilt request and gives an [`Exchange`]: when it was taken up, when the first byte came, when it was done,
//! and the answer or a [`CallError`]. Knows no scenario and counts nothing.

mod certificate;
mod channel;
mod clock;
mod connector;
mod cookies;
mod deadline;
mod dial;
mod error;
mod exchange;
mod gather;
mod http1;
mod http2;
mod local;
mod lookup;
mod pool;
mod proxy;
mod redirect;
mod remote;
mod retry_after;
mod shared;
mod socket;
mod tls;
mod transport;

pub use certificate::Certificate;
pub use channel::Channel;
pub use clock::Clock;
pub use connector::Connector;
pub use cookies::Jar;
pub use dial::{Network, Route};
pub use error::CallError;
pub use exchange::{Answer, Exchange, Opening, Request};
pub use pool::{Pool, Wear};
pub use proxy::{Proxy, ProxySpeech};
pub use redirect::{Redirect, redirect};
pub use remote::{PrepareError, Remote};
pub use retry_after::{LONGEST_WAIT_S, retry_after, wait_until};
pub use tls::{Http, Trust};
