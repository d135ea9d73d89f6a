//! The addresses of a name: looked up before the start, and again when they have grown old.
//!
//! A lookup is a thread of its own: the system's resolver cannot be stopped, and nothing may wait for it at the end.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

/// What asks for the addresses of a name with a port.
pub(super) type Ask = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// A new connection waits no longer than this for a new answer while there is an old one.
const PATIENCE: Duration = Duration::from_secs(1);

/// The addresses of one name.
pub(super) struct Name {
    host: String,
    port: u16,
    ask: Ask,
    /// Answers that are older are asked for anew; none keeps them for good.
    again_after: Option<Duration>,
    known: Mutex<Known>,
    turn: AtomicUsize,
    /// How long the first lookup took; none for an address.
    pub(super) took: Option<Duration>,
}

struct Known {
    addresses: Vec<SocketAddr>,
    /// So many of them, from the first one on, take turns.
    taking_turns: usize,
    /// When the answer came, or none did.
    at: Instant,
    under_way: bool,
    failed: u64,
    last_error: String,
}

impl Known {
    /// What a resolver gave: the addresses of the kind of the first one take turns, the others are there in case.
    fn found(addresses: &[SocketAddr]) -> Self {
        let like_first = |address: &&SocketAddr| addresses.first().is_some_and(|it| it.is_ipv4() == address.is_ipv4());
        let (mut ordered, others): (Vec<_>, Vec<_>) = addresses.iter().partition(like_first);
        let taking_turns = ordered.len();
        ordered.extend(others);
        Self::given(ordered, taking_turns)
    }

    fn given(addresses: Vec<SocketAddr>, taking_turns: usize) -> Self {
        let last_error = String::new();
        Self { addresses, taking_turns, at: Instant::now(), under_way: false, failed: 0, last_error }
    }
}

/// What the system says.
pub(super) fn system() -> Ask {
    Arc::new(|host, port| (host, port).to_socket_addrs().map(Iterator::collect))
}

impl Name {
    /// The addresses that `host` has now.
    ///
    /// # Errors
    /// When it has none, or nobody knows.
    pub(super) async fn look_up(
        host: &str,
        port: u16,
        again_after: Option<Duration>,
        ask: Ask,
    ) -> io::Result<Arc<Self>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Self::of(host, vec![SocketAddr::new(address, port)]));
        }
        let began = Instant::now();
        let (sender, receiver) = oneshot::channel();
        let (asked, name) = (Arc::clone(&ask), host.to_owned());
        lookup_thread(move || drop(sender.send(asked(&name, port))))?;
        let found = receiver.await.unwrap_or_else(|_| Err(io::Error::other("the lookup broke down")))?;
        if found.is_empty() {
            return Err(io::Error::other("it has no address"));
        }
        Ok(Arc::new(Self {
            host: host.to_owned(),
            port,
            ask,
            again_after,
            known: Mutex::new(Known::found(&found)),
            turn: AtomicUsize::new(0),
            took: Some(began.elapsed()),
        }))
    }

    /// `host` at `addresses` for good: all of them take turns.
    pub(super) fn of(host: &str, addresses: Vec<SocketAddr>) -> Arc<Self> {
        let taking_turns = addresses.len();
        Arc::new(Self {
            host: host.to_owned(),
            port: 0,
            ask: system(),
            again_after: None,
            known: Mutex::new(Known::given(addresses, taking_turns)),
            turn: AtomicUsize::new(0),
            took: None,
        })
    }

    /// All addresses in the order in which a new connection tries them: each connection starts with the next one.
    pub(super) async fn addresses(self: &Arc<Self>) -> Vec<SocketAddr> {
        if let Some(answered) = self.ask_again() {
            // Whoever opens a connection waits for the answer as any client does, but not for one that does not come.
            let _ = timeout(PATIENCE, answered).await;
        }
        let known = self.known();
        let mut addresses = known.addresses.clone();
        if known.taking_turns > 1 {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % known.taking_turns;
            addresses[..known.taking_turns].rotate_left(turn);
        }
        addresses
    }

    /// All addresses as they are known now, in no turn.
    pub(super) fn now(&self) -> Vec<SocketAddr> {
        self.known().addresses.clone()
    }

    /// What went wrong in looking it up again, if anything did.
    pub(super) fn warning(&self) -> Option<String> {
        let known = self.known();
        let times = match known.failed {
            0 => return None,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let (host, error) = (&self.host, &known.last_error);
        Some(format!("{host} could not be looked up again, {times}: {error}; the addresses known before were used on"))
    }

    /// Starts a lookup if what is known is too old and nobody else is at it; what is given is done when it is.
    fn ask_again(self: &Arc<Self>) -> Option<oneshot::Receiver<()>> {
        let again_after = self.again_after?;
        let mut known = self.known();
        if known.under_way || known.at.elapsed() < again_after {
            return None;
        }
        known.under_way = true;
        drop(known);
        let (sender, receiver) = oneshot::channel();
        let name = Arc::clone(self);
        let started = lookup_thread(move || {
            name.note((name.ask)(&name.host, name.port));
            let _ = sender.send(());
        });
        match started {
            Ok(()) => Some(receiver),
            Err(error) => {
                self.note(Err(error));
                None
            }
        }
    }

    fn note(&self, found: io::Result<Vec<SocketAddr>>) {
        let mut known = self.known();
        match found {
            Ok(found) if !found.is_empty() => {
                let (failed, last_error) = (known.failed, std::mem::take(&mut known.last_error));
                *known = Known { failed, last_error, ..Known::found(&found) };
            }
            failed => {
                known.failed += 1;
                known.last_error = failed.map_or_else(|error| error.to_string(), |_| "it has no address".to_owned());
                known.at = Instant::now();
                known.under_way = false;
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lookup_thread(lookup: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("mnload-lookup".to_owned()).spawn(lookup).map(drop)
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn at(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// A name whose lookups give what `answers` holds, one after the other, and wait while there is nothing.
    async fn name(again_after: Option<Duration>) -> (Arc<Name>, mpsc::Sender<io::Result<Vec<SocketAddr>>>) {
        let (answers, next) = mpsc::channel();
        let next = Mutex::new(next);
        answers.send(Ok(at(&["10.0.0.1:80"]))).unwrap();
        let ask: Ask = Arc::new(move |host, port| {
            assert_eq!((host, port), ("app.example", 80));
            next.lock().unwrap().recv().unwrap_or_else(|_| Err(io::Error::other("the test is over")))
        });
        (Name::look_up("app.example", 80, again_after, ask).await.unwrap(), answers)
    }

    #[tokio::test]
    async fn looked_up_once_the_addresses_stay() {
        let (name, answers) = name(None).await;
        answers.send(Ok(at(&["10.0.0.2:80"]))).unwrap();
        for _ in 0..3 {
            assert_eq!(name.addresses().await, at(&["10.0.0.1:80"]));
        }
        assert!(name.took.is_some());
    }

    #[tokio::test]
    async fn an_old_answer_is_asked_for_anew() {
        let (name, answers) = name(Some(Duration::ZERO)).await;
        answers.send(Ok(at(&["10.0.0.2:80"]))).unwrap();
        assert_eq!(name.addresses().await, at(&["10.0.0.2:80"]));
        assert_eq!(name.warning(), None);
    }

    #[tokio::test]
    async fn a_young_answer_is_good() {
        let (name, answers) = name(Some(Duration::from_secs(3_600))).await;
        answers.send(Ok(at(&["10.0.0.2:80"]))).unwrap();
        assert_eq!(name.addresses().await, at(&["10.0.0.1:80"]));
    }

    #[tokio::test]
    async fn a_failing_lookup_keeps_what_is_known_and_is_told() {
        let (name, answers) = name(Some(Duration::ZERO)).await;
        answers.send(Err(io::Error::other("no such name"))).unwrap();
        assert_eq!(name.addresses().await, at(&["10.0.0.1:80"]));
        let warning = name.warning().unwrap();
        assert!(warning.contains("app.example could not be looked up again, once: no such name"), "{warning}");
        answers.send(Ok(Vec::new())).unwrap();
        assert_eq!(name.addresses().await, at(&["10.0.0.1:80"]));
        answers.send(Ok(at(&["10.0.0.3:80"]))).unwrap();
        assert_eq!(name.addresses().await, at(&["10.0.0.3:80"]));
        assert!(name.warning().unwrap().contains("2 times: it has no address"));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_a_lookup_that_hangs_and_only_one_is_under_way() {
        let (name, answers) = name(Some(Duration::ZERO)).await;
        let begun = tokio::time::Instant::now();
        assert_eq!(name.addresses().await, at(&["10.0.0.1:80"]));
        assert_eq!(begun.elapsed(), PATIENCE);
        assert_eq!(name.addresses().await, at(&["10.0.0.1:80"]));
        assert_eq!(begun.elapsed(), PATIENCE, "the second one does not wait");
        drop(answers);
    }

    #[tokio::test]
    async fn addresses_of_one_kind_take_turns_and_the_others_are_there_in_case() {
        let found = at(&["10.0.0.1:80", "[::1]:80", "10.0.0.2:80"]);
        let name = Name::look_up("app.example", 80, None, Arc::new(move |_, _| Ok(found.clone()))).await.unwrap();
        for wanted in [["10.0.0.1:80", "10.0.0.2:80", "[::1]:80"], ["10.0.0.2:80", "10.0.0.1:80", "[::1]:80"]] {
            assert_eq!(name.addresses().await, at(&wanted));
        }
        let given = Name::of("x", at(&["10.0.0.1:80", "[::1]:80"]));
        given.addresses().await;
        assert_eq!(given.addresses().await, at(&["[::1]:80", "10.0.0.1:80"]));
    }

    #[tokio::test]
    async fn an_address_is_not_looked_up() {
        let ask: Ask = Arc::new(|host, _| panic!("{host} was looked up"));
        let name = Name::look_up("::1", 80, Some(Duration::ZERO), ask).await.unwrap();
        assert_eq!((name.addresses().await, name.took), (at(&["[::1]:80"]), None));
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_error() {
        let error = Name::look_up("app.example", 80, None, Arc::new(|_, _| Ok(Vec::new()))).await.unwrap_err();
        assert_eq!(error.to_string(), "it has no address");
    }
}
