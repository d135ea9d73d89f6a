//! How a target is reached, for people: what stands between a name and a connection to it.

use super::console::clean;
use crate::plan::{Plan, Route};
use crate::units::format_duration;

/// The ways of `plan`'s connections in one line; none if they go where names lead.
pub(super) fn route(plan: &Plan) -> Option<String> {
    let target = &plan.target;
    let through = match &target.network.route {
        Route::Direct => None,
        Route::UnixSocket(path) => Some(format!("over the Unix socket {}", path.display())),
        Route::Proxy(proxy) => Some(format!("through the proxy {proxy}")),
    };
    let redirected = target.endpoints.iter().filter_map(|endpoint| {
        let addresses = listed(target.addresses_of(endpoint));
        (!addresses.is_empty()).then(|| format!("{} is at {addresses}", endpoint.authority))
    });
    let local = listed(&target.network.local_addresses);
    let local = (!local.is_empty()).then(|| format!("from {local}"));
    let every =
        target.network.lookup_every.map(|every| format!("names are looked up every {}", format_duration(every)));
    let all: Vec<String> = through.into_iter().chain(redirected).chain(local).chain(every).collect();
    (!all.is_empty()).then(|| clean(&plan.secrets.redact(&all.join("; "))))
}

fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;

    #[test]
    fn what_differs_from_plain_names_is_said_without_credentials() {
        let said = |target: &str| route(&plan(&format!("{target}\n[[step]]\nget = \"/\"\n")));
        assert_eq!(said(""), None);
        assert_eq!(said("unix_socket = \"/run/app.sock\"").unwrap(), "over the Unix socket /run/app.sock");
        let proxy = said("proxy = \"socks5://me:canary@127.0.0.1\"\nlookup = \"30s\"").unwrap();
        assert_eq!(proxy, "through the proxy socks5://127.0.0.1:1080; names are looked up every 30s");
        let given = "resolve = { \"127.0.0.1\" = [\"127.0.0.2\", \"127.0.0.3:8\"] }\nlocal_addresses = [\"127.0.0.4\"]";
        assert_eq!(said(given).unwrap(), "127.0.0.1:9 is at 127.0.0.2:9, 127.0.0.3:8; from 127.0.0.4");
    }
}
