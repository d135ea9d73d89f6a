//! Writes a journal while the run goes on, from a thread of its own: a disk that fails or hangs holds nothing up.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::FILE_NAME;
use super::hold::is_gone;
use super::log::{Log, Parts};
use super::note::End;
use crate::metrics::Second;
use crate::verdict::Ending;

/// So many seconds wait for a disk that does not keep up.
const MOST_WAITING: usize = 16;
/// So long is waited for it when the run is over.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a journal says of its run at its start.
#[derive(Debug)]
pub struct Facts<A> {
    /// When the run began.
    pub started: SystemTime,
    /// The tags of its series.
    pub series: Vec<String>,
    /// What else is known.
    pub about: A,
}

/// Keeps the journal of a run that goes on.
#[derive(Debug)]
pub struct Keeper {
    sender: SyncSender<Message>,
    done: Receiver<()>,
    trouble: Arc<Mutex<Trouble>>,
    /// Seconds that were left out since the last that was taken.
    left_out: u64,
}

#[derive(Debug)]
enum Message {
    Second(Second, u64),
    End(Ending, u64),
}

/// What went wrong with the file.
#[derive(Debug, Default)]
struct Trouble {
    /// The first that went wrong.
    first: Option<String>,
    told: bool,
    left_out: u64,
}

impl Keeper {
    /// Keeps a journal in `file`; `facts` is asked on the journal's own thread, and may take a moment.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start<A: Serialize>(file: File, facts: impl FnOnce() -> Facts<A> + Send + 'static) -> io::Result<Self> {
        let (sender, messages) = sync_channel(MOST_WAITING);
        let (over, done) = sync_channel(1);
        let trouble = Arc::new(Mutex::new(Trouble::default()));
        let shared = Arc::clone(&trouble);
        let thread = std::thread::Builder::new().name("journal".to_owned());
        thread.spawn(move || {
            // The load goes first. Here that is said of a thread; elsewhere it would be of the whole process.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(5);
            let mut sheet = Sheet { file, good: 0, usable: true, trouble: shared };
            if let Err(error) = keep(&mut sheet, facts(), &messages) {
                sheet.note(&error.to_string());
            }
            // Whoever waited may have lost patience.
            let _ = over.send(());
        })?;
        Ok(Self { sender, done, trouble, left_out: 0 })
    }

    /// Takes a second to write; gives what went wrong, once.
    pub fn see(&mut self, second: &Second) -> Option<String> {
        match self.sender.try_send(Message::Second(second.clone(), self.left_out)) {
            Ok(()) => self.left_out = 0,
            Err(TrySendError::Full(_)) => {
                self.left_out += 1;
                self.locked().first.get_or_insert_with(|| "its disk does not keep up".to_owned());
            }
            Err(TrySendError::Disconnected(_)) => self.left_out += 1,
        }
        let mut trouble = self.locked();
        let first = trouble.first.clone().filter(|_| !trouble.told)?;
        trouble.told = true;
        Some(format!(
            "{FILE_NAME} cannot be written: {first}; the load goes on, and what cannot be written is left out of it"
        ))
    }

    /// Ends the journal of a run that ended so, and waits a moment until it is written; gives what it lacks.
    pub fn finish(self, ending: Ending) -> Option<String> {
        let until = Instant::now() + PATIENCE;
        let mut message = Message::End(ending, self.left_out);
        let mut untold = 0;
        while let Err(refused) = self.sender.try_send(message) {
            match refused {
                TrySendError::Full(again) if Instant::now() < until => message = again,
                TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                    untold = self.left_out;
                    break;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let hangs = self.done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        let trouble = self.locked();
        let lacks = if hangs { "its end".to_owned() } else { lacking(trouble.left_out + untold) };
        let why = if hangs { Some("its disk does not keep up") } else { trouble.first.as_deref() };
        why.map(|why| format!("{FILE_NAME} lacks {lacks}: {why}"))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lacking(seconds: u64) -> String {
    match seconds {
        0 => "its end".to_owned(),
        1 => "a second of the run".to_owned(),
        many => format!("{many} seconds of the run"),
    }
}

fn keep<A: Serialize>(sheet: &mut Sheet, facts: Facts<A>, messages: &Receiver<Message>) -> io::Result<()> {
    let mut parts = Parts::default();
    let mut log = Log::begin(&mut parts, facts.started, facts.series, facts.about)?;
    let head = log.take();
    // Without it nothing behind it can be read.
    let mut headed = sheet.add(&head);
    let (mut seconds, mut all_left_out, mut left_out) = (0, 0, 0);
    for message in messages {
        headed = headed || sheet.add(&head);
        match message {
            Message::Second(second, before) => {
                left_out += before;
                all_left_out += before;
                log.second(&second, left_out)?;
                let text = log.take();
                match headed && sheet.add(&text) {
                    true => (seconds, left_out) = (seconds + 1, 0),
                    false => (all_left_out, left_out) = (all_left_out + 1, left_out + 1),
                }
            }
            Message::End(ending, before) => {
                all_left_out += before;
                log.end(End { ending, seconds, left_out: all_left_out })?;
                let text = log.take();
                let _ = headed && sheet.add(&text);
                break;
            }
        }
        sheet.locked().left_out = all_left_out;
    }
    sheet.locked().left_out = all_left_out;
    Ok(())
}

/// The file, which always ends with a whole second.
struct Sheet {
    file: File,
    /// As far as it is good.
    good: u64,
    usable: bool,
    trouble: Arc<Mutex<Trouble>>,
}

impl Sheet {
    /// Adds `text`, all of it or nothing.
    fn add(&mut self, text: &[u8]) -> bool {
        if !self.usable {
            return false;
        }
        if is_gone(&self.file) {
            self.usable = false;
            self.note("the run folder, or the file in it, is gone");
            return false;
        }
        match self.file.write_all(text).and_then(|()| self.file.flush()) {
            Ok(()) => {
                self.good += text.len() as u64;
                true
            }
            Err(error) => {
                self.note(&error.to_string());
                // A torn second in the middle would end the journal for whoever reads it.
                let back = self.file.set_len(self.good).and_then(|()| self.file.seek(SeekFrom::Start(self.good)));
                self.usable = back.is_ok();
                false
            }
        }
    }

    fn note(&self, problem: &str) {
        self.locked().first.get_or_insert_with(|| problem.to_owned());
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;
    use std::fs;
    use std::sync::mpsc::channel;

    fn second(number: u64) -> Second {
        Second { number, ..Second::default() }
    }

    fn facts() -> Facts<String> {
        Facts { started: SystemTime::UNIX_EPOCH, series: Vec::new(), about: "a run".to_owned() }
    }

    #[test]
    fn a_disk_that_hangs_holds_nothing_up_and_what_is_left_out_is_counted() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(FILE_NAME);
        let (release, held) = channel();
        let hung = move || {
            held.recv().unwrap();
            facts()
        };
        let mut keeper = Keeper::start(File::create(&path).unwrap(), hung).unwrap();
        let told: Vec<String> = (0..40).filter_map(|number| keeper.see(&second(number))).collect();
        assert_eq!(told.len(), 1, "once: {told:?}");
        assert!(told[0].contains("its disk does not keep up"), "{told:?}");
        release.send(()).unwrap();
        // There is room again as soon as it goes on.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(keeper.see(&second(40)), None);
        let lacks = keeper.finish(Ending::Completed).unwrap();
        assert_eq!(lacks, "journal.hlog lacks 24 seconds of the run: its disk does not keep up");
        let input = io::BufReader::new(File::open(&path).unwrap());
        let (_, mut reader) = Reader::open::<String>(input).unwrap();
        let mut numbers = Vec::new();
        while let Some(second) = reader.next_second().unwrap() {
            numbers.push(second.number);
        }
        assert_eq!(numbers, (0..16).chain([40]).collect::<Vec<_>>());
        assert_eq!((reader.left_out(), reader.end().map(|end| end.seconds)), (24, Some(17)));
    }

    #[test]
    fn a_run_without_trouble_has_nothing_to_tell() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut keeper = Keeper::start(File::create(folder.path().join("a")).unwrap(), facts).unwrap();
        assert!((0..3).all(|number| keeper.see(&second(number)).is_none()));
        assert_eq!(keeper.finish(Ending::Interrupted), None);
    }

    #[test]
    fn a_file_that_is_gone_is_told() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a");
        let mut keeper = Keeper::start(File::create(&path).unwrap(), facts).unwrap();
        fs::remove_file(&path).unwrap();
        keeper.see(&second(0));
        let lacks = keeper.finish(Ending::Completed);
        assert!(lacks.is_some_and(|lacks| lacks.contains("is gone")));
    }
}
