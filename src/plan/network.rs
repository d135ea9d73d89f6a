//! How the places of a plan are reached: when names are looked up, where connections come from and what they go through.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::proxy::{self, Proxy};
use super::redirected::{self, Redirected};
use super::target::Target;
use crate::diagnostic::listed;
use crate::scenario::{Spanned, TargetSection, beside};
use crate::units::{self, UnitError};
use crate::values::{LONGEST, Resolver};

/// More often would be a load on the name server.
const SHORTEST_LOOKUP: Duration = Duration::from_secs(1);
const LOCAL: &str = "for example local_addresses = [\"127.0.0.2\", \"127.0.0.3\"]";

/// How the places of a plan are reached.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Names are looked up again when the last lookup is older; never if there is nothing.
    pub lookup_every: Option<Duration>,
    /// Connections are opened from these in turn; if there are none, from where the system likes.
    pub local_addresses: Vec<IpAddr>,
    /// What connections go through.
    pub route: Route,
    redirected: Vec<Redirected>,
}

/// What connections go through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Route {
    /// Nothing: straight to the target's address.
    #[default]
    Direct,
    /// A Unix socket, whatever the place is called.
    UnixSocket(PathBuf),
    /// A proxy.
    Proxy(Proxy),
}

impl Network {
    /// What is connected to in place of `host` and `port`; nothing if their name is looked up.
    pub(super) fn addresses_of(&self, host: &str, port: u16) -> Vec<SocketAddr> {
        let entry = Redirected::best(&self.redirected, host, port);
        entry.map(|entry| entry.addresses(port)).unwrap_or_default()
    }
}

/// What `section` says; nothing of it holds for the built-in target, which stands in if the target is `replaced`.
pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &TargetSection, replaced: bool) -> Network {
    let mut network = Network::default();
    if let Some(lookup) = &section.lookup {
        network.lookup_every = lookup_every(resolver, lookup);
    }
    if let Some(resolve) = &section.resolve {
        network.redirected = redirected::resolve(resolver, resolve.get_ref());
    }
    if let Some(local) = &section.local_addresses {
        network.local_addresses = local_addresses(resolver, local);
    }
    if let Some(path) = section.unix_socket.as_ref().and_then(|path| unix_socket(resolver, path)) {
        network.route = Route::UnixSocket(path);
    }
    if let Some(proxy) = section.proxy.as_ref().and_then(|proxy| proxy::resolve(resolver, proxy)) {
        network.route = Route::Proxy(proxy);
    }
    contradictions(resolver, section, &network);
    if replaced { Network::default() } else { network }
}

/// Refuses what an entry of `resolve` says of a host that no request goes to; only if nothing else is wrong, which may
/// be why there is none.
pub(super) fn check(resolver: &mut Resolver<'_>, written: Option<&Spanned<TargetSection>>, target: &Target) {
    let Some(written) = written.filter(|_| resolver.mistakes.0.is_empty()) else { return };
    let redirected = &target.network.redirected;
    let best = |endpoint: &super::Endpoint| Redirected::best(redirected, &endpoint.host, endpoint.port);
    let used: Vec<_> = target.endpoints.iter().filter_map(best).collect();
    for (key, _) in written.get_ref().resolve.iter().flat_map(|resolve| &resolve.get_ref().0) {
        let is_it = |entry: &&Redirected| entry.span == key.span();
        let unused = redirected.iter().any(|entry| is_it(&entry)) && !used.iter().any(is_it);
        if unused {
            let hosts: Vec<_> = target.endpoints.iter().map(|endpoint| endpoint.authority.as_str()).collect();
            let message = format!("no request uses `{}`, so this entry changes nothing", key.get_ref());
            let hint = format!("requests go to {}", listed(hosts));
            resolver.mistake(key.span(), message, hint);
        }
    }
}

fn lookup_every(resolver: &mut Resolver<'_>, written: &Spanned<String>) -> Option<Duration> {
    let refuse = |problem: String, hint: &str| Err(UnitError { problem, hint: hint.to_owned() });
    let read = |text: &str| match units::parse_duration(text) {
        _ if text == "once" => Ok(None),
        Ok(every) if every < SHORTEST_LOOKUP => refuse(
            "names are not looked up that often".to_owned(),
            "at least 1s: only new connections use what is found",
        ),
        Ok(every) if every > LONGEST => refuse(format!("`{text}` is longer than a run can be"), "at most 720h"),
        Ok(every) => Ok(Some(every)),
        Err(_) => refuse(format!("`{text}` is neither \"once\" nor a duration"), "for example lookup = \"30s\""),
    };
    resolver.parsed(written, read).flatten()
}

fn local_addresses(resolver: &mut Resolver<'_>, written: &Spanned<Vec<Spanned<String>>>) -> Vec<IpAddr> {
    if written.get_ref().is_empty() {
        resolver.mistake(written.span(), "this names no address", LOCAL);
    }
    let mut all = Vec::new();
    for text in written.get_ref() {
        let Some(known) = resolver.known(text) else { continue };
        let problem = match known.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() || address.is_multicast() => {
                "connections cannot come from this address"
            }
            Ok(address) if all.contains(&address) => "this address is there twice",
            Ok(address) => {
                all.push(address);
                continue;
            }
            Err(_) => "this is no address: one of this machine's own, without a port",
        };
        resolver.mistake(text.span(), problem, LOCAL);
    }
    all
}

/// The path of the socket, as seen from the file that names it.
fn unix_socket(resolver: &mut Resolver<'_>, written: &Spanned<String>) -> Option<PathBuf> {
    let name = resolver.known(written)?;
    let path = beside(resolver.source.file_at(&written.span()), &name);
    let problem = match is_socket_path(&path) {
        Ok(()) if !name.is_empty() => return Some(path),
        Ok(()) => "a Unix socket has a path".to_owned(),
        Err(problem) => format!("this cannot be the path of a Unix socket: {problem}"),
    };
    resolver.mistake(written.span(), problem, "for example unix_socket = \"/run/app.sock\"");
    None
}

#[cfg(unix)]
fn is_socket_path(path: &std::path::Path) -> Result<(), String> {
    // The address of a socket has little room, and how much depends on the system.
    let fits = std::os::unix::net::SocketAddr::from_pathname(path);
    fits.map(drop).map_err(|_| format!("{} bytes are too many, or one of them is NUL", path.as_os_str().len()))
}

#[cfg(not(unix))]
fn is_socket_path(_: &std::path::Path) -> Result<(), String> {
    Err("this system has none".to_owned())
}

/// Refuses keys that leave each other nothing to do.
fn contradictions(resolver: &mut Resolver<'_>, section: &TargetSection, network: &Network) {
    let looked_up = section.lookup.as_ref().filter(|_| network.lookup_every.is_some()).map(Spanned::span);
    let others = [
        ("proxy", section.proxy.as_ref().map(Spanned::span)),
        ("resolve", section.resolve.as_ref().map(Spanned::span)),
        ("local_addresses", section.local_addresses.as_ref().map(Spanned::span)),
        ("lookup", looked_up),
    ];
    if section.unix_socket.is_some() {
        for (name, span) in others {
            let Some(span) = span else { continue };
            let message = format!("`unix_socket` and `{name}` contradict each other");
            resolver.mistake(span, message, "keep one of them: all requests go over the Unix socket");
        }
    } else if let (Some(_), Some(resolve)) = (&section.proxy, &section.resolve) {
        let hint = "keep one of them: it is the proxy that looks the target's name up";
        resolver.mistake(resolve.span(), "`proxy` and `resolve` contradict each other", hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;
    use crate::plan::{Machine, Overrides, Plan};
    use crate::scenario::ScenarioFile;

    #[test]
    fn everything_has_a_place_in_the_plan() {
        let written = "lookup = \"30s\"\nlocal_addresses = [\"127.0.0.2\", \"::1\"]\n\
            resolve = { \"127.0.0.1\" = [\"127.0.0.3\", \"127.0.0.4:5\"] }\n[[step]]\nget = \"/\"\n";
        let target = plan(written).target;
        assert_eq!(target.network.lookup_every, Some(Duration::from_secs(30)));
        assert_eq!(target.network.local_addresses, ["127.0.0.2", "::1"].map(|text| text.parse::<IpAddr>().unwrap()));
        let wanted = ["127.0.0.3:9", "127.0.0.4:5"].map(|text| text.parse::<SocketAddr>().unwrap());
        assert_eq!(target.addresses_of(&target.endpoints[0]), wanted);
        let plain = plan("lookup = \"once\"\n[[step]]\nget = \"/\"\n").target;
        assert_eq!((plain.network.lookup_every, plain.addresses_of(&plain.endpoints[0])), (None, Vec::new()));
    }

    #[test]
    fn the_socket_is_found_beside_the_file_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shared")).unwrap();
        let shared = "[target]\nbase_url = \"http://app.example\"\nunix_socket = \"app.sock\"\n";
        std::fs::write(folder.path().join("shared/target.toml"), shared).unwrap();
        let name = folder.path().join("main.toml").display().to_string();
        let file = ScenarioFile::parse(&name, "use = [\"shared/target.toml\"]\n[[step]]\nget = \"/\"\n", None).unwrap();
        let resolve = |base_url: Option<&str>| {
            let overrides = Overrides { base_url: base_url.map(str::to_owned), ..Overrides::default() };
            Plan::resolve(&file, &overrides, &Machine { cores: 1, sockets: 1_000 }).unwrap().target.network.route
        };
        assert_eq!(resolve(None), Route::UnixSocket(folder.path().join("shared/app.sock")));
        assert_eq!(resolve(Some("http://127.0.0.1:9")), Route::Direct, "the built-in target is none of this");
    }
}
