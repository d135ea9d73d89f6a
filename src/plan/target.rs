//! Where requests go, and whom to trust there.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::connections::{self, Connections, Http};
use super::network::{self, Network};
use super::request::refuse_framing;
use super::wait_for::{self, WaitFor};
use crate::diagnostic::Diagnostic;
use crate::scenario::{Entries, Spanned, TargetSection};
use crate::values::Resolver;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where requests go.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// The URL that paths are appended to, without a slash at its end.
    pub base_url: String,
    /// How long one request may take if its step does not say.
    pub timeout: Duration,
    /// Headers of every request.
    pub headers: HeaderMap,
    /// The only authorities to trust; the system's if none are named.
    pub authorities: Option<Vec<CertificateDer<'static>>>,
    /// Any certificate is accepted.
    pub insecure: bool,
    /// Redirects that are followed if a step does not say.
    pub redirects: u64,
    /// Cookies that the target sets are kept and sent back.
    pub cookies: bool,
    /// Which HTTP is spoken.
    pub http: Http,
    /// How connections are used.
    pub connections: Connections,
    /// The base URL was given in place of the file's.
    pub replaced: bool,
    /// Every place that a step names.
    pub endpoints: Vec<Endpoint>,
    /// How its places are reached.
    pub network: Network,
    /// What is asked before the run until it answers.
    pub wait_for: Option<WaitFor>,
}

/// A place that connections are made to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// The name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host and port as the Host header says it.
    pub authority: String,
}

impl Endpoint {
    /// The place that `url` points at, if it is one for HTTP.
    fn of(url: &Uri) -> Option<Self> {
        let tls = match url.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Some(Self { tls, host, port, authority: url.authority()?.as_str().to_owned() })
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority)
    }
}

impl Target {
    /// The number of the endpoint that `url` points at, if a step names it.
    pub fn known_endpoint(&self, url: &Uri) -> Option<usize> {
        let Endpoint { tls, host, port, .. } = Endpoint::of(url)?;
        self.endpoints
            .iter()
            .position(|known| known.tls == tls && known.port == port && known.host.eq_ignore_ascii_case(&host))
    }

    /// Where `endpoint` is, if the scenario says so.
    pub fn addresses_of(&self, endpoint: &Endpoint) -> Vec<SocketAddr> {
        self.network.addresses_of(&endpoint.host, endpoint.port)
    }

    /// The number of the endpoint that `url` points at, noted if it is new.
    pub(super) fn endpoint_of(&mut self, url: &Uri) -> Option<usize> {
        let endpoint = Endpoint::of(url)?;
        let known = self.endpoints.iter().position(|known| *known == endpoint);
        Some(known.unwrap_or_else(|| {
            self.endpoints.push(endpoint);
            self.endpoints.len() - 1
        }))
    }
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<TargetSection>>,
    base_url: Option<&str>,
) -> Target {
    let mut target = Target { timeout: DEFAULT_TIMEOUT, replaced: base_url.is_some(), ..Target::default() };
    let empty = TargetSection::default();
    let section = written.map_or(&empty, Spanned::get_ref);
    target.base_url = match (base_url, &section.base_url) {
        (Some(given), _) => given.trim_end_matches('/').to_owned(),
        (None, Some(written)) => checked_base_url(resolver, written),
        (None, None) => {
            let message = "the scenario does not say where to send requests";
            let mistake = match written {
                Some(section) => Diagnostic::at(resolver.source, section.span(), message),
                None => Diagnostic::nowhere(format!("{}: {message}", resolver.source.name)),
            };
            resolver.mistakes.push(mistake.hint("add [target] with base_url = \"http://127.0.0.1:3000\""));
            String::new()
        }
    };
    if let Some(timeout) = section.timeout.as_ref().and_then(|timeout| resolver.duration(timeout, true)) {
        target.timeout = timeout;
    }
    if let Some(redirects) = &section.redirects {
        target.redirects = resolver.count("redirects", redirects, 0).unwrap_or(0);
    }
    target.cookies = section.cookies.as_ref().is_none_or(|cookies| *cookies.get_ref());
    if let Some(http) = section.http.as_ref().and_then(|http| resolver.parsed(http, connections::http_of)) {
        target.http = http;
    }
    if let Some(written) = &section.connections {
        target.connections = connections::resolve(resolver, written);
    }
    if let Some(headers) = &section.headers {
        target.headers = resolve_headers(resolver, headers.get_ref());
    }
    target.insecure = section.insecure.as_ref().is_some_and(|insecure| *insecure.get_ref());
    if let Some(ca) = &section.ca {
        target.authorities = authorities(resolver, ca);
        if let Some(insecure) = section.insecure.as_ref().filter(|insecure| *insecure.get_ref()) {
            resolver.mistake(
                insecure.span(),
                "`ca` and `insecure` contradict each other",
                "keep `ca`: it checks certificates",
            );
        }
    }
    target.network = network::resolve(resolver, section, target.replaced);
    target.wait_for = section.wait_for.as_ref().and_then(|written| wait_for::resolve(resolver, written, &mut target));
    target
}

/// The base URL as a URL with a host and nothing behind the path.
fn checked_base_url(resolver: &mut Resolver<'_>, written: &Spanned<String>) -> String {
    let before = resolver.mistakes.0.len();
    let text = resolver.text(written);
    let problem = match text.parse::<Uri>() {
        Ok(url) if !matches!(url.scheme_str(), Some("http" | "https")) => "it must start with http:// or https://",
        Ok(url) if url.host().is_none_or(str::is_empty) => "it names no host",
        Ok(url) if url.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
            "it must not hold credentials: send them in a header"
        }
        Ok(url) if has_bad_port(&url) => "its port is not a number from 1 to 65535",
        Ok(_) if text.contains('#') => "it must not have a fragment (#)",
        Ok(url) if url.query().is_some() => "it must not have a query: put that into the steps' paths",
        Ok(_) => return text.trim_end_matches('/').to_owned(),
        Err(_) if text.ends_with("://") => "it names no host",
        Err(_) => "it cannot be read",
    };
    if resolver.mistakes.0.len() == before {
        resolver.mistake(
            written.span(),
            format!("this is not a base URL: {problem}"),
            "for example http://127.0.0.1:3000",
        );
    }
    String::new()
}

/// Whether something stands where the port should, and is none.
pub(super) fn has_bad_port(url: &Uri) -> bool {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let behind_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    behind_host.contains(':') && url.port_u16().is_none_or(|port| port == 0)
}

/// The header map that a table of names and values means.
pub(super) fn resolve_headers(resolver: &mut Resolver<'_>, entries: &Entries) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (key, value) in &entries.0 {
        refuse_framing(resolver, key);
        let text = resolver.scalar(key.get_ref(), value);
        let Ok(name) = HeaderName::try_from(key.get_ref().as_str()) else {
            resolver.mistake(
                key.span(),
                format!("`{}` is not a header name", key.get_ref()),
                "header names have letters, digits and -",
            );
            continue;
        };
        match HeaderValue::try_from(text) {
            Ok(value) => drop(headers.append(name, value)),
            Err(_) => resolver.mistake(
                value.span(),
                "this cannot be sent as a header value",
                "header values are one line of visible text",
            ),
        }
    }
    headers
}

/// The certificates in the PEM file `written`, found from the folder of the file that names it.
fn authorities(resolver: &mut Resolver<'_>, written: &Spanned<String>) -> Option<Vec<CertificateDer<'static>>> {
    let path = resolver.path(written)?;
    let read =
        CertificateDer::pem_file_iter(&path).and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>());
    let hint = "`ca` names a PEM file, relative to the scenario file that it stands in";
    match read {
        Ok(certificates) if !certificates.is_empty() => return Some(certificates),
        Ok(_) => resolver.mistake(written.span(), format!("{} holds no certificate", path.display()), hint),
        Err(error) => resolver.mistake(written.span(), format!("cannot read {}: {error}", path.display()), hint),
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::plan::{Machine, Overrides, Plan};
    use crate::scenario::ScenarioFile;

    #[test]
    fn the_authority_is_found_beside_the_file_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shared")).unwrap();
        let shared = "[target]\nbase_url = \"https://localhost\"\nca = \"ca.pem\"\n";
        std::fs::write(folder.path().join("shared/target.toml"), shared).unwrap();
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
        std::fs::write(folder.path().join("shared/ca.pem"), certificate).unwrap();

        let name = folder.path().join("main.toml").display().to_string();
        let resolve = |text: &str| {
            let file = ScenarioFile::parse(&name, text, None).unwrap();
            Plan::resolve(&file, &Overrides::default(), &Machine { cores: 1, sockets: 1_000 })
        };
        let text = "use = [\"shared/target.toml\"]\n[[step]]\nget = \"/\"\n";
        let plan = resolve(text).unwrap();
        assert_eq!((plan.target.authorities.map(|list| list.len()), plan.name.as_str()), (Some(1), "main"));

        let own = resolve(&format!("{text}[target]\nca = \"ca.pem\"\n")).unwrap_err().to_string();
        assert!(own.contains("main.toml:5:6") && !own.contains("shared"), "{own}");
    }
}
