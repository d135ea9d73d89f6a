//! What a plan says about reaching its target, in the words of the client.

use crate::client;
use crate::client::{Connector, Http, PrepareError, Remote, Trust};
use crate::plan::{Endpoint, Plan, ProxySpeech, Route};

/// A connector to `places`, reached and trusted as `plan` says.
pub(super) async fn connector_to(plan: &Plan, places: &[Endpoint]) -> Result<Connector, PrepareError> {
    let remotes = places.iter().map(|place| remote_of(plan, place)).collect();
    Connector::prepare(remotes, &trust_of(plan), &network_of(plan), http_of(plan)).await
}

fn http_of(plan: &Plan) -> Http {
    match plan.target.http {
        crate::plan::Http::Auto => Http::Auto,
        crate::plan::Http::One => Http::One,
        crate::plan::Http::Two => Http::Two,
    }
}

fn trust_of(plan: &Plan) -> Trust {
    match (&plan.target.authorities, plan.target.insecure) {
        (_, true) => Trust::Anybody,
        (Some(authorities), false) => Trust::Authorities(authorities.clone()),
        (None, false) => Trust::System,
    }
}

fn remote_of(plan: &Plan, place: &Endpoint) -> Remote {
    let addresses = plan.target.addresses_of(place);
    Remote { host: place.host.clone(), port: place.port, tls: place.tls, addresses }
}

fn network_of(plan: &Plan) -> client::Network {
    let network = &plan.target.network;
    let route = match &network.route {
        Route::Direct => client::Route::Direct,
        Route::UnixSocket(path) => client::Route::UnixSocket(path.clone()),
        Route::Proxy(proxy) => client::Route::Proxy(client::Proxy {
            shown: proxy.to_string(),
            speech: match proxy.speech {
                ProxySpeech::Http => client::ProxySpeech::Http,
                ProxySpeech::Socks5 => client::ProxySpeech::Socks5,
            },
            host: proxy.host.clone(),
            port: proxy.port,
            credentials: proxy.credentials.clone(),
        }),
    };
    client::Network { lookup_every: network.lookup_every, local_addresses: network.local_addresses.clone(), route }
}
