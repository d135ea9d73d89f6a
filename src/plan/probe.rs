//! The one request with which a plan asks the target about itself.

use std::borrow::Cow;
use std::time::Duration;

use hyper::header::HeaderMap;
use hyper::{Method, Uri};

use super::request::{default_headers, override_headers};
use super::target::Endpoint;
use super::{Plan, Seat, Step};

/// A request that reads and changes nothing, to a place that the scenario names.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// Path and query.
    pub path: Uri,
    /// All headers but those that framing needs.
    pub headers: HeaderMap,
    /// How long it may take.
    pub timeout: Duration,
    /// Method and path without its query, for people.
    pub summary: String,
    /// The step that it is; none for the base path.
    pub step: Option<String>,
}

impl Plan {
    /// The first step that can be sent on its own: a GET without a body that needs nothing from an answer before it; the
    /// base path if there is none. Whatever it is, it goes to a place that the load goes to.
    pub fn probe(&self) -> Option<Probe> {
        let done = self.flows.iter().filter(|flow| flow.weight > 0 || self.is_once());
        let steps = done.flat_map(|flow| &self.steps[flow.steps.clone()]).chain(&self.setup);
        steps
            .filter(|step| step.request.method == Method::GET)
            .find_map(|step| self.asking(step))
            .or_else(|| self.base())
    }

    /// `step` as the first journey would send it, if it can be sent on its own.
    fn asking(&self, step: &Step) -> Option<Probe> {
        if step.only.when.is_some() || step.only.unless.is_some() || step.only.probability == Some(0.0) {
            return None;
        }
        let (seat, scope) = (Seat::default(), self.scope.fork());
        let rows: Option<Vec<_>> = self.data.iter().map(|data| data.row(seat)).collect();
        scope.begin(&self.scope, seat, rows?);
        let rendered = step.request.render(&scope).ok().filter(|rendered| rendered.body.is_empty())?;
        Some(Probe {
            endpoint: self.target.endpoints.get(step.request.endpoint)?.clone(),
            path: rendered.path.into_owned(),
            headers: Cow::into_owned(rendered.headers),
            timeout: step.timeout,
            summary: step.request.summary(),
            step: Some(step.name.clone()),
        })
    }

    /// The base path, at the place of the first step.
    fn base(&self) -> Option<Probe> {
        let endpoint = self.target.endpoints.get(self.steps.first()?.request.endpoint)?;
        let base: Uri = self.target.base_url.parse().ok()?;
        let same = base.authority().is_some_and(|authority| authority.as_str() == endpoint.authority);
        let path = if same { format!("{}/", base.path().trim_end_matches('/')) } else { "/".to_owned() };
        let mut headers = default_headers(endpoint, None);
        override_headers(&mut headers, &self.target.headers);
        Some(Probe {
            endpoint: endpoint.clone(),
            summary: format!("GET {path}"),
            path: path.parse().ok()?,
            headers,
            timeout: self.target.timeout,
            step: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::fixture::plan;

    fn asked(text: &str) -> (String, Option<String>) {
        let probe = plan(text).probe().unwrap();
        (probe.path.to_string(), probe.step)
    }

    const TOKEN: &str = "[[step]]\nname = \"in\"\npost = \"/login\"\nextract = { token = \"json:$.token\" }\n";

    #[test]
    fn the_first_get_that_stands_alone_is_asked() {
        let needs = "[[step]]\nname = \"needs\"\nget = \"/a\"\nbearer = \"${ token }\"\n";
        let body = "[[step]]\nname = \"body\"\nget = \"/b\"\nbody = \"x\"\n";
        let conditional = "[[step]]\nname = \"maybe\"\nget = \"/c\"\nwhen = \"token is defined\"\n";
        let alone = "[[step]]\nname = \"alone\"\nget = \"/d?q=${ random_int(7, 7) }\"\n";
        let all = format!("{TOKEN}{needs}{body}{conditional}{alone}");
        assert_eq!(asked(&all), ("/d?q=7".to_owned(), Some("alone".to_owned())));
        assert_eq!(asked(&format!("{TOKEN}{needs}{body}{conditional}")), ("/".to_owned(), None));
    }

    #[test]
    fn the_base_path_is_asked_with_the_headers_of_every_request_at_the_place_of_the_load() {
        let probe = plan(&format!("headers = {{ X-Client = \"c\" }}\n{TOKEN}")).probe().unwrap();
        assert_eq!(
            (&probe.headers["x-client"], &probe.headers["host"]),
            (&"c".parse().unwrap(), &"127.0.0.1:9".parse().unwrap())
        );
        let elsewhere = plan("[[step]]\npost = \"http://127.0.0.1:8/x/y\"\n").probe().unwrap();
        assert_eq!((elsewhere.endpoint.port, elsewhere.path.path()), (8, "/"));
    }
}
