//! Those who look on while a release is carried out: told what happens, and asked what only a person can say.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, Write as _};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::show::line;
use super::tell;
use crate::release::checklist::{Checklist, Item};
use crate::release::result::{ItemResult, SignOff};
use crate::release::run::{Book, Ground, Onlooker, Signing, asked, given};
use crate::report::clean;
use crate::units::format_duration;

/// What takes longer is named now and then.
pub(super) const STILL: Duration = Duration::from_secs(60);

/// What happens.
pub(super) enum Said {
    /// An item starts.
    Starts(String),
    /// An item is over.
    Ended(String, Box<ItemResult>),
    /// Somebody is asked to confirm an item.
    Asks { id: String, title: String, ask: String, owners: Vec<String>, reply: mpsc::Sender<SignOff> },
}

/// The side of the threads that carry items out.
pub(super) struct People {
    ground: Arc<Ground>,
    book: Mutex<Book>,
    is_asked: bool,
    said: UnboundedSender<Said>,
    /// One question at a time.
    turn: Mutex<()>,
}

/// The side of the terminal.
pub(super) struct Asker {
    ground: Arc<Ground>,
    quiet: bool,
    question: Option<Question>,
    later: VecDeque<Said>,
    running: BTreeMap<String, Instant>,
    /// Nobody is asked any more.
    is_stopped: bool,
}

struct Question {
    id: String,
    answer: oneshot::Receiver<String>,
    reply: mpsc::Sender<SignOff>,
}

impl People {
    pub(super) fn new(ground: Arc<Ground>, book: Book, is_asked: bool, said: UnboundedSender<Said>) -> Self {
        Self { ground, book: Mutex::new(book), is_asked, said, turn: Mutex::new(()) }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Onlooker for People {
    fn starts(&self, item: &Item) {
        // The terminal may be gone.
        let _ = self.said.send(Said::Starts(item.id.clone()));
    }

    fn ended(&self, gate: &str, item: &ItemResult) {
        let _ = self.said.send(Said::Ended(gate.to_owned(), Box::new(item.clone())));
    }

    fn signing(&self, item: &Item) -> Signing {
        self.book().signing(self.ground.timeless(item), &self.ground.checklist.roles, self.ground.commit.as_ref())
    }

    fn ask(&self, item: &Item) -> Option<SignOff> {
        if !self.is_asked || self.ground.commit.is_none() {
            return None;
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (reply, answer) = mpsc::channel();
        let (id, title) = (item.id.clone(), item.title.clone());
        let (ask, owners) = (item.manual.clone().unwrap_or_default(), item.owners.clone());
        self.said.send(Said::Asks { id, title, ask, owners, reply }).ok()?;
        let sign_off = answer.recv().ok()?;
        let mut book = self.book();
        book.add(sign_off.clone());
        if let Some(path) = &self.ground.checklist.signoffs {
            // It holds for this run all the same.
            if let Err(error) = book.write(path) {
                tell(&format!("cannot write {}: {error}", path.display()));
            }
        }
        Some(sign_off)
    }
}

impl Asker {
    pub(super) fn new(ground: &Arc<Ground>, quiet: bool) -> Self {
        let (later, running) = (VecDeque::new(), BTreeMap::new());
        Self { ground: Arc::clone(ground), quiet, question: None, later, running, is_stopped: false }
    }

    /// Says what is about to be done.
    pub(super) fn say_start(&self) {
        if !self.quiet {
            let checklist = &self.ground.checklist;
            let asked = checklist.items().filter(|item| self.ground.selection.has(&item.id)).count();
            let all = checklist.items().count();
            let name = checklist.secrets.redact(&checklist.name);
            tell(&format!("{}: {asked} of {all} items in {} gates", clean(&name), checklist.gates.len()));
        }
    }

    /// Takes up what happened; while somebody is asked, nothing else is said.
    pub(super) fn hear(&mut self, said: Said) {
        if self.question.is_some() {
            self.later.push_back(said);
            return;
        }
        match said {
            Said::Starts(id) => {
                if !self.quiet {
                    tell(&format!("  …        {}", clean(&id)));
                }
                self.running.insert(id, Instant::now());
            }
            Said::Ended(gate, item) => {
                self.running.remove(&item.id);
                if !self.quiet {
                    tell(&line(&gate, &item));
                }
            }
            // Its item goes on without an answer.
            Said::Asks { .. } if self.is_stopped => {}
            Said::Asks { id, title, ask, owners, reply } => {
                let owners = if owners.is_empty() { String::new() } else { format!(" ({})", owners.join(", ")) };
                let text = format!("{title}{owners}: {ask}");
                tell(&format!("\n{}", clean(&self.ground.checklist.secrets.redact(&text))));
                self.question = Some(question(id, reply));
            }
        }
    }

    /// Says what takes long: a log in which nothing comes is ended by some build servers.
    pub(super) fn say_running(&self) {
        let long = self.running.iter().filter(|(_, since)| since.elapsed() >= STILL);
        let long: Vec<String> =
            long.map(|(id, since)| format!("{} ({})", clean(id), format_duration(since.elapsed()))).collect();
        if !self.quiet && self.question.is_none() && !long.is_empty() {
            tell(&format!("  … still  {}", long.join(", ")));
        }
    }

    /// Waits for the answer to the question, for ever if there is none.
    pub(super) async fn answered(&mut self) {
        let Some(asked) = &mut self.question else { return std::future::pending().await };
        let answer = (&mut asked.answer).await.unwrap_or_default();
        let Some(Question { id, reply, .. }) = self.question.take() else { return };
        match understood(&self.ground.checklist, &id, &answer) {
            Understood::Nothing => {}
            Understood::Signed(name, note) => {
                if let Some(sign_off) = sign_off(&self.ground, &id, name, note) {
                    // The release may have been stopped.
                    let _ = reply.send(sign_off);
                }
            }
            Understood::Refused(why) => {
                tell(&self.ground.checklist.secrets.redact(&why));
                self.question = Some(question(id, reply));
            }
        }
        while self.question.is_none() {
            match self.later.pop_front() {
                Some(said) => self.hear(said),
                None => break,
            }
        }
    }

    /// Takes the question back.
    pub(super) fn stop(&mut self) {
        tell("stopping: commands are asked to end; once more ends them at once");
        self.question = None;
        self.is_stopped = true;
        std::mem::take(&mut self.later).into_iter().for_each(|said| self.hear(said));
    }
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
enum Understood {
    /// It is not confirmed.
    Nothing,
    /// By whom it is confirmed, and what that person adds.
    Signed(String, String),
    /// Why it is no name of somebody who may sign: the question is asked again.
    Refused(String),
}

fn understood(checklist: &Checklist, id: &str, answer: &str) -> Understood {
    let answer = answer.trim();
    if answer.is_empty() {
        return Understood::Nothing;
    }
    match given(checklist, &format!("{id}={answer}")) {
        Ok((_, name, note)) => Understood::Signed(name, note),
        Err(why) => Understood::Refused(why.trim_start_matches("--sign ").to_owned()),
    }
}

fn question(id: String, reply: mpsc::Sender<SignOff>) -> Question {
    drop_what_was_typed();
    let mut terminal = anstream::stderr();
    let _ = write!(terminal, "  your name if you confirm it, NAME: NOTE to add something; nothing if you do not: ");
    let _ = terminal.flush();
    let (tell, answer) = oneshot::channel();
    // Nothing can take a line back from a thread that waits for one; it goes with the process.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().lock().read_line(&mut line);
        let _ = tell.send(line);
    });
    Question { id, answer, reply }
}

/// What was typed before the question was there is no answer to it.
fn drop_what_was_typed() {
    #[cfg(unix)]
    {
        use rustix::termios::{QueueSelector, tcflush};
        // It may be no terminal.
        let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
    }
}

/// A sign-off of now for what is released; none if there is nothing to sign for.
pub(super) fn sign_off(ground: &Ground, item: &str, by: String, note: String) -> Option<SignOff> {
    let commit = ground.commit.as_ref()?;
    let asked = ground.timeless.items().find(|other| other.id == item).map(asked)?;
    Some(SignOff {
        item: item.to_owned(),
        by,
        at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        commit: commit.id.clone(),
        tree: commit.tree.clone(),
        asked,
        note: ground.checklist.secrets.redact(&note).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Environment;
    use crate::release::run::{Earlier, Left, Selection, Starter};
    use crate::release::{ReleaseFile, RunFacts};

    fn checklist() -> Checklist {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("release.toml");
        std::fs::write(&path, "[[gate]]\nid = 'H'\n[[gate.item]]\nid = 'uat'\nmanual = 'seen'\n").unwrap();
        let file = ReleaseFile::read(&path).unwrap();
        Checklist::resolve(&file, &Environment::default(), &[], &RunFacts::default()).unwrap()
    }

    fn ground() -> Arc<Ground> {
        let checklist = checklist();
        Arc::new(Ground {
            selection: Selection::of(&checklist, &[], None).unwrap(),
            timeless: checklist.clone(),
            checklist,
            folder: "run".into(),
            run_id: "r1".to_owned(),
            commit: None,
            tracked: None,
            collects: false,
            left: Left::default(),
            env: Vec::new(),
            starter: Starter::of_this_machine(),
            executable: "mnload".into(),
            earlier: Earlier::default(),
            started: std::time::SystemTime::UNIX_EPOCH,
            repeat: String::new(),
            parallel: 1,
        })
    }

    #[test]
    fn once_stopped_nobody_is_asked() {
        let mut asker = Asker::new(&ground(), true);
        let asks = |reply| {
            let (id, title, ask) = ("uat".to_owned(), "UAT".to_owned(), "seen".to_owned());
            Said::Asks { id, title, ask, owners: Vec::new(), reply }
        };
        asker.stop();
        let (reply, answer) = mpsc::channel();
        asker.hear(asks(reply));
        assert!(asker.question.is_none());
        assert!(matches!(answer.try_recv(), Err(mpsc::TryRecvError::Disconnected)), "whoever waits goes on");
    }

    #[test]
    fn a_no_is_asked_again_and_nothing_is_a_no() {
        let checklist = checklist();
        let understood = |answer: &str| understood(&checklist, "uat", answer);
        assert_eq!(understood(" \n"), Understood::Nothing);
        assert_eq!(understood("Ann: all\n"), Understood::Signed("Ann".to_owned(), "all".to_owned()));
        for answer in ["no\n", "N", "yes", "-", "no: not yet"] {
            assert!(matches!(understood(answer), Understood::Refused(_)), "{answer}");
        }
    }
}
