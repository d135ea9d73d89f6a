//! The thread that exports: takes in seconds, sends them on now and then, and answers whoever scrapes.

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::TcpListener as StdListener;
use std::rc::Rc;
use std::sync::mpsc::Sender as Teller;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::families::{Family, Sums};
use super::push::Pusher;
use super::wanted::{Receiver, Wanted};
use super::{ExportError, News, open_metrics};

/// The time between two pushes.
const EVERY: Duration = Duration::from_secs(5);
/// The pause after a failed accept, which mostly means that no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// So many may scrape at one time.
const MOST_SCRAPES: usize = 16;
/// So long one of them may take.
const SCRAPE: Duration = Duration::from_secs(5);

/// Where it goes, with the addresses taken already.
pub(super) struct Places {
    receivers: Vec<Receiver>,
    listeners: Vec<StdListener>,
}

impl Places {
    /// Takes the addresses that are `wanted`.
    pub(super) fn open(wanted: &[Wanted]) -> Result<Self, ExportError> {
        let mut places = Self { receivers: Vec::new(), listeners: Vec::new() };
        for wanted in wanted {
            match wanted {
                Wanted::Prometheus(receiver) => places.receivers.push(receiver.clone()),
                Wanted::OpenMetrics(address) => {
                    let failed = |error| ExportError::Listen { address: *address, error };
                    let listener = StdListener::bind(address).map_err(failed)?;
                    listener.set_nonblocking(true).map_err(failed)?;
                    places.listeners.push(listener);
                }
            }
        }
        Ok(places)
    }
}

/// Exports until the run is over.
pub(super) async fn serve(
    places: Places,
    sums: Sums,
    mut news: tokio::sync::mpsc::Receiver<News>,
    teller: Teller<String>,
) {
    let sums = Rc::new(RefCell::new(sums));
    for listener in places.listeners {
        spawn_local(answer(listener, Rc::clone(&sums)));
    }
    // One after the other in each task: a push that takes long is followed by one with all that came meanwhile.
    let (ask, asked) = tokio::sync::watch::channel(false);
    let mut pushers = JoinSet::new();
    for receiver in places.receivers {
        let pusher = Pusher::new(receiver);
        pushers.spawn_local(push_now_and_then(pusher, Rc::clone(&sums), asked.clone(), teller.clone()));
    }
    while let Some(News::Second(second)) = news.recv().await {
        sums.borrow_mut().add(&second);
    }
    // Nobody listens where nothing is pushed.
    let _ = ask.send(true);
    while let Some(ended) = pushers.join_next().await {
        if ended.is_err() {
            let _ = teller.send("metrics: the export broke down, and what came after that was not sent".to_owned());
        }
    }
}

async fn push_now_and_then(
    mut pusher: Pusher,
    sums: Rc<RefCell<Sums>>,
    mut over: tokio::sync::watch::Receiver<bool>,
    teller: Teller<String>,
) {
    let tell = |words: Option<String>| {
        if let Some(words) = words {
            // A run that does not wait any more does not listen either.
            let _ = teller.send(words);
        }
    };
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_over = tokio::select! {
            _ = ticks.tick() => false,
            _ = over.wait_for(|over| *over) => true,
        };
        let (families, at_ms) = state_of(&sums);
        tell(pusher.push(&families, at_ms).await);
        if is_over {
            // Until then the last figures can be seen, as long as those before them.
            return tell(pusher.finish(&families, at_ms + EVERY.as_millis() as i64).await);
        }
    }
}

fn state_of(sums: &RefCell<Sums>) -> (Vec<Family>, i64) {
    let sums = sums.borrow();
    (sums.families(), sums.at_ms())
}

async fn answer(listener: StdListener, sums: Rc<RefCell<Sums>>) {
    // It is nonblocking: the runtime can have it.
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut scrapes = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while scrapes.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) if scrapes.len() < MOST_SCRAPES => {
                let sums = Rc::clone(&sums);
                let service = service_fn(move |request| std::future::ready(answered(&request, &sums)));
                let connection =
                    http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
                scrapes.spawn_local(timeout(SCRAPE, connection));
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn answered(request: &Request<Incoming>, sums: &RefCell<Sums>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, kind, text) = match request.uri().path() {
        "/metrics" => match open_metrics::text(sums.borrow().families()) {
            Ok(text) => (StatusCode::OK, open_metrics::CONTENT_TYPE, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
        },
        _ => (StatusCode::NOT_FOUND, "text/plain", "the metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    Ok(response)
}
