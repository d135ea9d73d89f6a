//! One command from its start to its end, whatever it does: hangs, floods, dies, leaves children behind.
//!
//! It gets a process group of its own, nothing to read, and pipes that are always emptied. Time is up: the group is asked
//! to end, and after a grace it is ended. What it leaves behind may hold the pipes, and holds nothing else.

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use super::capture::Capture;

/// After the end of a command its pipes are read for so long if nothing comes, for what it started and left.
const QUIET: Duration = Duration::from_millis(300);
/// After the end of a command its pipes are read for so long at the most.
const LINGER: Duration = Duration::from_secs(5);
/// A process that cannot even be killed is waited for no longer.
const IMMORTAL: Duration = Duration::from_secs(5);
/// How often it is looked whether time is up.
const TICK: Duration = Duration::from_millis(20);

/// A request to end, which many threads look at.
#[derive(Debug, Default)]
pub struct Halt {
    asked: Arc<AtomicU8>,
    /// So many requests are older than what looks at it.
    before: u8,
}

/// What is started.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    /// The program and its arguments.
    pub(super) words: &'a [String],
    /// Where it runs.
    pub(super) dir: &'a Path,
    /// Its environment variables, beside those of this process.
    pub(super) env: &'a [(String, String)],
    /// How long it may take.
    pub(super) timeout: Duration,
    /// How long it has to end by itself once it is asked to.
    pub(super) grace: Duration,
    /// Whether the words make a session of their own for it, which is a process group as well.
    pub(super) own_session: bool,
}

/// How a command ended by itself or was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exit {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It could not be started, for this reason.
    NotStarted(String),
}

/// Why a command was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It took too long.
    TimedOut,
    /// The release was stopped.
    Stopped,
}

/// A command that is over.
#[derive(Debug)]
pub(super) struct Ended {
    /// How.
    pub(super) exit: Exit,
    /// Why, if it did not end by itself.
    pub(super) cause: Option<Cause>,
    /// How long it took.
    pub(super) elapsed: Duration,
    /// What it printed.
    pub(super) stdout: Capture,
    /// What it complained about.
    pub(super) stderr: Capture,
    /// Whether something that it started still held its output when it was over.
    pub(super) left_behind: bool,
}

impl Halt {
    /// Asks for an end: the first time commands are asked to end, from then on they are ended.
    pub fn ask(&self) {
        let add = |asked: u8| Some(asked.saturating_add(1));
        // It never fails: there is always a next one.
        let _ = self.asked.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }

    /// Whether an end was asked for.
    pub fn is_asked(&self) -> bool {
        self.times() > 0
    }

    /// The same for what has to be done after all: requests so far do not concern it.
    pub(super) fn afresh(&self) -> Self {
        Self { asked: Arc::clone(&self.asked), before: self.asked.load(Ordering::SeqCst) }
    }

    /// Whether an end was asked for before what looks at this began.
    pub(super) fn is_late(&self) -> bool {
        self.before > 0
    }

    pub(super) fn is_asked_again(&self) -> bool {
        self.times() > 1
    }

    fn times(&self) -> u8 {
        self.asked.load(Ordering::SeqCst).saturating_sub(self.before)
    }
}

/// A command that could not be started.
pub(super) fn not_started(why: String) -> Ended {
    Ended {
        exit: Exit::NotStarted(why),
        cause: None,
        elapsed: Duration::ZERO,
        stdout: Capture::default(),
        stderr: Capture::default(),
        left_behind: false,
    }
}

/// Carries out a command.
pub(super) fn carry_out(launch: &Launch<'_>, halt: &Halt) -> Ended {
    let Some((program, arguments)) = launch.words.split_first() else {
        return not_started("there is no command".to_owned());
    };
    // An empty path is the folder that mnload itself runs in.
    let dir = if launch.dir.as_os_str().is_empty() { Path::new(".") } else { launch.dir };
    if !dir.is_dir() {
        return not_started(format!("the folder {} does not exist", dir.display()));
    }
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).envs(launch.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    if !launch.own_session {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let started = Instant::now();
    match command.spawn() {
        Ok(child) => watched(child, launch, halt, started)
            .unwrap_or_else(|error| not_started(format!("its output could not be read: {error}"))),
        Err(error) => not_started(match error.kind() {
            io::ErrorKind::NotFound => format!("no program `{program}` was found"),
            io::ErrorKind::PermissionDenied => format!("`{program}` may not be executed"),
            _ => format!("`{program}` could not be started: {error}"),
        }),
    }
}

#[cfg(unix)]
fn watched(child: Child, launch: &Launch<'_>, halt: &Halt, started: Instant) -> io::Result<Ended> {
    let group = rustix::process::Pid::from_child(&child);
    let watched = unix::watch(child, launch, halt, started);
    if watched.is_err() {
        // Nobody looks after it any more.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    watched
}

#[cfg(not(unix))]
fn watched(mut child: Child, _: &Launch<'_>, _: &Halt, _: Instant) -> io::Result<Ended> {
    let _ = child.kill();
    Err(io::Error::other("commands of a release run on Linux and macOS"))
}

#[cfg(unix)]
mod unix {
    use std::os::fd::OwnedFd;
    use std::os::unix::process::ExitStatusExt as _;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::{Errno, read};
    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

    use super::{
        Capture, Cause, Child, Duration, Ended, Exit, ExitStatus, Halt, IMMORTAL, Instant, LINGER, Launch, QUIET, TICK,
        io,
    };

    /// One pipe of a command, open for as long as somebody may write to it.
    struct Pipe {
        open: Option<OwnedFd>,
        capture: Capture,
    }

    pub(super) fn watch(mut child: Child, launch: &Launch<'_>, halt: &Halt, started: Instant) -> io::Result<Ended> {
        let group = Pid::from_child(&child);
        let pipe = |open: Option<OwnedFd>| Pipe { open, capture: Capture::default() };
        let mut pipes = [pipe(child.stdout.take().map(OwnedFd::from)), pipe(child.stderr.take().map(OwnedFd::from))];
        let mut exited: Option<(ExitStatus, Duration, Instant)> = None;
        let mut asked: Option<(Cause, Instant)> = None;
        let mut killed: Option<Instant> = None;
        let mut last_heard = Instant::now();
        loop {
            if fill(&mut pipes)? {
                last_heard = Instant::now();
            }
            let now = Instant::now();
            if exited.is_none() {
                exited = child.try_wait()?.map(|status| (status, started.elapsed(), now));
            }
            if exited.is_none() && asked.is_none() {
                let late = started.elapsed() >= launch.timeout;
                let cause = if halt.is_asked() { Some(Cause::Stopped) } else { late.then_some(Cause::TimedOut) };
                if let Some(cause) = cause {
                    // It may be gone by now.
                    let _ = kill_process_group(group, Signal::TERM);
                    asked = Some((cause, now));
                }
            }
            if let Some((_, since)) = asked
                && killed.is_none()
                && (now - since >= launch.grace || halt.is_asked_again())
            {
                let _ = kill_process_group(group, Signal::KILL);
                killed = Some(now);
            }
            let is_open = pipes.iter().any(|pipe| pipe.open.is_some());
            let over = match (&exited, asked, killed) {
                (Some((_, _, at)), None, _) => !is_open || now - last_heard.max(*at) >= QUIET || now - *at >= LINGER,
                // Its children get the same grace as it does.
                (Some(_), Some(_), None) => test_kill_process_group(group).is_err(),
                (Some(_), Some(_), Some(at)) => !is_open || now - at >= QUIET,
                (None, _, Some(at)) => now - at >= IMMORTAL,
                (None, _, None) => false,
            };
            if over {
                let (exit, elapsed) = match exited {
                    Some((status, elapsed, _)) => (exit_of(status), elapsed),
                    None => (Exit::Signal(Signal::KILL.as_raw()), started.elapsed()),
                };
                let cause = asked.map(|(cause, _)| cause);
                let [stdout, stderr] = pipes.map(|pipe| pipe.capture);
                return Ok(Ended { exit, cause, elapsed, stdout, stderr, left_behind: is_open && cause.is_none() });
            }
        }
    }

    fn exit_of(status: ExitStatus) -> Exit {
        match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, signal) => Exit::Signal(signal.unwrap_or_default()),
        }
    }

    /// Waits a moment for output and takes what there is; tells whether something came.
    fn fill(pipes: &mut [Pipe; 2]) -> io::Result<bool> {
        let open: Vec<usize> = (0..pipes.len()).filter(|at| pipes[*at].open.is_some()).collect();
        if open.is_empty() {
            // Both are closed at the very end, most of the time.
            std::thread::sleep(Duration::from_millis(5));
            return Ok(false);
        }
        let ready: Vec<usize> = {
            let mut waited: Vec<PollFd<'_>> =
                pipes.iter().filter_map(|pipe| Some(PollFd::new(pipe.open.as_ref()?, PollFlags::IN))).collect();
            let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
            match poll(&mut waited, Some(&tick)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            open.into_iter().zip(&waited).filter(|(_, fd)| !fd.revents().is_empty()).map(|(at, _)| at).collect()
        };
        let mut part = [0; 64 << 10];
        let mut came = false;
        for at in ready {
            let pipe = &mut pipes[at];
            let Some(fd) = &pipe.open else { continue };
            match read(fd, &mut part) {
                Ok(0) => pipe.open = None,
                Ok(read) => {
                    pipe.capture.take(&part[..read]);
                    came = true;
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(came)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn carried(text: &str, timeout_ms: u64, grace_ms: u64) -> Ended {
        let words = ["bash", "-c", text].map(str::to_owned);
        let launch = Launch {
            words: &words,
            dir: Path::new(""),
            env: &[("GIVEN".to_owned(), "x".to_owned())],
            timeout: Duration::from_millis(timeout_ms),
            grace: Duration::from_millis(grace_ms),
            own_session: false,
        };
        carry_out(&launch, &Halt::default())
    }

    fn text(capture: &Capture) -> String {
        String::from_utf8(capture.output().bytes).unwrap()
    }

    #[test]
    fn outputs_codes_and_signals_are_told_apart() {
        let ended = carried("echo out $GIVEN; echo err >&2; exit 7", 60_000, 1);
        assert_eq!((ended.exit, ended.cause), (Exit::Code(7), None));
        assert_eq!((text(&ended.stdout), text(&ended.stderr)), ("out x\n".to_owned(), "err\n".to_owned()));
        assert_eq!(carried("kill -SEGV $$", 60_000, 1).exit, Exit::Signal(11));
        assert_eq!(carried("cat; echo read nothing", 60_000, 1).exit, Exit::Code(0), "there is nothing to read");
    }

    #[test]
    fn what_hangs_is_ended_with_its_children_even_if_they_do_not_want_to() {
        let ended = carried("trap '' TERM; (trap '' TERM; sleep 100) & echo $!; wait; sleep 100", 300, 200);
        assert_eq!((&ended.exit, ended.cause), (&Exit::Signal(9), Some(Cause::TimedOut)));
        let child = text(&ended.stdout).trim().to_owned();
        assert!(!Path::new(&format!("/proc/{child}/cwd")).exists(), "the child {child} still runs");
        let polite = carried("trap 'exit 3' TERM; sleep 100 & wait", 300, 20_000);
        assert_eq!((polite.exit, polite.cause), (Exit::Code(3), Some(Cause::TimedOut)));
    }

    #[test]
    fn what_stays_in_the_background_holds_nothing_up() {
        let ended = carried("sleep 3 & echo started", 60_000, 1);
        assert!(ended.left_behind && ended.elapsed < Duration::from_secs(2), "{ended:?}");
        assert_eq!(text(&ended.stdout), "started\n");
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let ended = carried("head -c 100000000 /dev/zero", 60_000, 1);
        assert_eq!((ended.exit, ended.stdout.bytes(), ended.stdout.is_cut()), (Exit::Code(0), 100_000_000, true));
    }

    #[test]
    fn what_cannot_be_started_says_why() {
        let start = |word: &str, dir: &str| {
            let words = [word.to_owned()];
            let (timeout, grace) = (Duration::from_secs(9), Duration::ZERO);
            let launch = Launch { words: &words, dir: Path::new(dir), env: &[], timeout, grace, own_session: false };
            carry_out(&launch, &Halt::default()).exit
        };
        assert_eq!(start("no-such-program", ""), Exit::NotStarted("no program `no-such-program` was found".into()));
        assert_eq!(start("/etc/passwd", ""), Exit::NotStarted("`/etc/passwd` may not be executed".into()));
        assert_eq!(start("true", "/no/dir"), Exit::NotStarted("the folder /no/dir does not exist".into()));
    }
}
