//! `[target] resolve`: addresses in place of what a name leads to. The name itself stays, in Host and in TLS.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use crate::scenario::{Entries, Spanned, Value};
use crate::values::Resolver;

const KEYS: &str = "for example \"app.example\" or \"app.example:8443\"";
const ADDRESSES: &str = "for example \"127.0.0.1\", \"127.0.0.1:9443\" or \"[::1]:9443\"";

/// One entry: what is connected to in place of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirected {
    host: String,
    /// The one port that it is for; all if there is none.
    port: Option<u16>,
    /// Without a port where it is that of the request.
    addresses: Vec<(IpAddr, Option<u16>)>,
    pub(super) span: Range<usize>,
}

impl Redirected {
    /// Whether requests to `host` and `port` go to its addresses.
    pub(super) fn is_for(&self, host: &str, port: u16) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port.is_none_or(|own| own == port)
    }

    /// The entry among `all` that says most about `host` and `port`.
    pub(super) fn best<'r>(all: &'r [Self], host: &str, port: u16) -> Option<&'r Self> {
        all.iter().filter(|entry| entry.is_for(host, port)).max_by_key(|entry| entry.port.is_some())
    }

    /// Its addresses for a request to `port`.
    pub(super) fn addresses(&self, port: u16) -> Vec<SocketAddr> {
        self.addresses.iter().map(|(address, own)| SocketAddr::new(*address, own.unwrap_or(port))).collect()
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, entries: &Entries) -> Vec<Redirected> {
    let mut all: Vec<Redirected> = Vec::new();
    for (key, value) in &entries.0 {
        let addresses = addresses(resolver, value);
        let Some((host, port)) = host_and_port(key.get_ref()) else {
            resolver.mistake(key.span(), format!("`{}` is no host, with or without a port", key.get_ref()), KEYS);
            continue;
        };
        if all.iter().any(|entry| entry.port == port && entry.host.eq_ignore_ascii_case(&host)) {
            resolver.mistake(key.span(), format!("`{}` is there twice", key.get_ref()), "keep one of them");
        }
        all.push(Redirected { host, port, addresses, span: key.span() });
    }
    all
}

/// One address or several.
fn addresses(resolver: &mut Resolver<'_>, written: &Spanned<Value>) -> Vec<(IpAddr, Option<u16>)> {
    match written.get_ref() {
        Value::Array(items) if items.is_empty() => {
            resolver.mistake(written.span(), "this names no address", ADDRESSES);
            Vec::new()
        }
        Value::Array(items) => items.iter().filter_map(|item| address(resolver, item)).collect(),
        _ => address(resolver, written).into_iter().collect(),
    }
}

fn address(resolver: &mut Resolver<'_>, written: &Spanned<Value>) -> Option<(IpAddr, Option<u16>)> {
    let Value::String(text) = written.get_ref() else {
        let message = format!("an address must be text, not {}", written.get_ref().type_name());
        resolver.mistake(written.span(), message, ADDRESSES);
        return None;
    };
    let text = resolver.known(&Spanned::new(written.span(), text.clone()))?;
    let with_port = text.parse().ok().filter(|address: &SocketAddr| address.port() > 0);
    let found = match with_port {
        Some(address) => Some((address.ip(), Some(address.port()))),
        None => without_brackets(&text).parse().ok().map(|address| (address, None)),
    };
    match found {
        Some((address, _)) if address.is_unspecified() || address.is_multicast() => {
            resolver.mistake(written.span(), "nothing can be connected to at this address", ADDRESSES);
        }
        Some(found) => return Some(found),
        None => {
            let message = "this is no address, with or without a port; names are not looked up here";
            resolver.mistake(written.span(), message, ADDRESSES);
        }
    }
    None
}

/// The host and perhaps the port that `text` names.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let bare = without_brackets(text);
    if bare.parse::<IpAddr>().is_ok() {
        return Some((bare.to_owned(), None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
        None => (text, None),
    };
    let host = without_brackets(host);
    let is_name = |host: &str| !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    (is_name(host) || host.parse::<IpAddr>().is_ok()).then(|| (host.to_owned(), port))
}

fn without_brackets(text: &str) -> &str {
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_may_have_ports_and_brackets() {
        for (text, wanted) in [
            ("app.example", Some(("app.example", None))),
            ("app.example:8443", Some(("app.example", Some(8443)))),
            ("::1", Some(("::1", None))),
            ("[::1]", Some(("::1", None))),
            ("[::1]:80", Some(("::1", Some(80)))),
            ("10.0.0.1:80", Some(("10.0.0.1", Some(80)))),
            ("app.example:0", None),
            ("app.example:x", None),
            ("http://app.example", None),
            ("app.example/x", None),
            (":80", None),
            ("", None),
        ] {
            let wanted = wanted.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(host_and_port(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_entry_with_the_port_goes_before_the_one_without() {
        let entry = |port, address: &str| Redirected {
            host: "app.example".to_owned(),
            port,
            addresses: vec![(address.parse().unwrap(), port.map(|_| 9_443))],
            span: 0..0,
        };
        let all = [entry(Some(8_443), "127.0.0.2"), entry(None, "127.0.0.1")];
        let at = |host, port| Redirected::best(&all, host, port).map(|entry| entry.addresses(port));
        assert_eq!(at("App.Example", 8_443), Some(vec!["127.0.0.2:9443".parse().unwrap()]));
        assert_eq!(at("app.example", 80), Some(vec!["127.0.0.1:80".parse().unwrap()]));
        assert_eq!(at("other.example", 80), None);
    }
}
