//! From what was seen of an item to how it came out: pure, the same for every kind of item.
//!
//! A command that failed is a failure whatever it left. Then what is not known outweighs what is known to be bad.

use std::time::Duration;

use super::super::checklist::Item;
use super::super::figure::Reading;
use super::super::result::CheckResult;
use super::super::work::{CommandLine, Work};
use super::process::{Cause, Exit};
use super::signal;
use crate::units::format_duration;
use crate::verdict::{Finding, Kind, Status};

/// A command is shown in reasons up to here.
const MOST_SHOWN: usize = 80;

/// What was seen of an item.
#[derive(Debug, Default)]
pub(super) struct Seen<'a> {
    /// How its command ended; none if it has none.
    pub(super) ended: Option<CommandEnd<'a>>,
    /// What its readers found, by their names.
    pub(super) readings: &'a [(&'static str, Reading)],
    /// What else is not known, as sentences.
    pub(super) missing: &'a [String],
    /// Why the person's confirmation is not there; none if it is, or none is wanted.
    pub(super) unsigned: Option<&'a str>,
}

/// How the command of an item ended.
#[derive(Debug)]
pub(super) struct CommandEnd<'a> {
    /// How it ended.
    pub(super) exit: &'a Exit,
    /// Why it was ended, if it was.
    pub(super) cause: Option<Cause>,
    /// The last thing that it complained about.
    pub(super) last_words: &'a str,
    /// Of a scenario: whether it left a result. Its reader judges that.
    pub(super) left_result: bool,
}

/// How an item came out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    /// Pass, fail or no data.
    pub(super) status: Status,
    /// Why it is no pass.
    pub(super) reasons: Vec<String>,
    /// What was compared.
    pub(super) checks: Vec<CheckResult>,
}

/// Judges an item that was carried out.
pub(super) fn judge(item: &Item, seen: &Seen<'_>) -> Judged {
    let command = seen.ended.as_ref().map(|ended| of_command(item, ended));
    let (mut failed, mut unknown) = (Vec::new(), Vec::new());
    let command_failed = matches!(command, Some((Status::Fail, _)));
    match command {
        Some((Status::Pass, _)) | None => {}
        Some((Status::Fail, why)) => failed.push(why),
        Some((_, why)) => unknown.push(why),
    }
    // What was not read was not read for a reason that stands above.
    let is_read = seen.readings.len() == item.readers.len();
    let of_readers = seen.readings.iter().map(|(reader, reading)| (*reader, reading)).collect::<Vec<_>>();
    for (_, reading) in &of_readers {
        unknown.extend(reading.missing.iter().cloned());
        failed.extend(reading.broken.iter().cloned());
    }
    unknown.extend(seen.missing.iter().cloned());
    let mut checks = Vec::new();
    for accept in item.accept.iter().filter(|_| is_read) {
        let checked = accept.check(&of_readers);
        let name = match &accept.reader {
            Some(reader) if item.readers.len() > 1 && !accept.text.starts_with(&format!("{reader}.")) => {
                format!("{reader}.{}", accept.text)
            }
            _ => accept.text.clone(),
        };
        match (checked.status, &checked.observed) {
            (Status::Pass, _) => {}
            (Status::Fail, observed) => {
                failed.push(format!("`{name}` does not hold: it is {}", observed.as_deref().unwrap_or("nothing")));
            }
            (_, Some(observed)) => unknown.push(format!("`{name}` cannot be compared with {observed}")),
            // The reader has said why.
            (_, None) if of_readers.iter().any(|(_, reading)| !reading.missing.is_empty()) => {}
            (_, None) => unknown.push(format!("`{name}`: the evidence holds no such figure")),
        }
        checks.push(CheckResult { wanted: accept.text.clone(), observed: checked.observed, status: checked.status });
    }
    let nothing_known = checks.iter().any(|check| check.status == Status::NoData);
    unknown.extend(seen.unsigned.map(str::to_owned));
    let (status, reasons) = if command_failed {
        (Status::Fail, [failed, unknown].concat())
    } else if !unknown.is_empty() || nothing_known {
        (Status::NoData, [unknown, failed].concat())
    } else if !failed.is_empty() {
        (Status::Fail, failed)
    } else {
        (Status::Pass, Vec::new())
    };
    Judged { status, reasons, checks }
}

/// What the end of a command says by itself.
fn of_command(item: &Item, ended: &CommandEnd<'_>) -> (Status, String) {
    let (name, timeout, accepted) = match &item.work {
        Some(Work::Command(line)) => (shown(line), line.timeout, line.exit_codes.as_slice()),
        Some(Work::Scenario(run)) => (format!("the run of {}", run.file.display()), run.timeout, &[0][..]),
        None => (String::new(), Duration::ZERO, &[0][..]),
    };
    let is_scenario = matches!(item.work, Some(Work::Scenario(_)));
    let said = match ended.last_words {
        "" => String::new(),
        words => format!(": {words}"),
    };
    match (ended.cause, ended.exit) {
        (Some(Cause::Stopped), _) => (Status::NoData, format!("{name} was ended, since the release was stopped")),
        (_, Exit::NotStarted(why)) => (Status::NoData, format!("{name} was not started: {why}")),
        (Some(Cause::TimedOut), _) => {
            (Status::Fail, format!("{name} was not over after {}, and was ended", format_duration(timeout)))
        }
        (None, Exit::Signal(number)) => (Status::Fail, format!("{name} was killed by {}", signal::shown(*number))),
        // The reader of the run says what its verdict is.
        (None, Exit::Code(0 | 4 | 5 | 99)) if is_scenario && ended.left_result => (Status::Pass, String::new()),
        (None, Exit::Code(code)) if is_scenario => {
            (Status::NoData, format!("{name} left no result: it exited with {code}{said}"))
        }
        (None, Exit::Code(code)) if accepted.contains(code) => (Status::Pass, String::new()),
        (None, Exit::Code(code @ (126 | 127))) => {
            let what = if *code == 127 { "a program was not found" } else { "a program may not be executed" };
            (Status::NoData, format!("{name} exited with {code}, which says that {what}{said}"))
        }
        (None, Exit::Code(code)) => {
            let signal = signal::of_shell_code(*code).map(|signal| format!(", as a shell says {signal}"));
            (Status::Fail, format!("{name} exited with {code}{}", signal.unwrap_or_default()))
        }
    }
}

/// A command as it stands in a reason.
fn shown(line: &CommandLine) -> String {
    let text = line.program.shown();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// An item that was never started because of `cause`; `decides` tells whether the cause decides the verdict by itself.
pub(super) fn left_out(cause: &Item, decides: bool) -> (Status, String) {
    match decides {
        true => (Status::Skipped, format!("not started: `{}` did not pass", cause.id)),
        // Else nothing would tell that it is missing.
        false => {
            (Status::NoData, format!("not started: `{}` did not pass, which only warns and decides nothing", cause.id))
        }
    }
}

/// The finding of an item.
pub(super) fn finding(
    item: &Item,
    status: Status,
    reasons: &[String],
    checks: &[CheckResult],
    code: Option<i32>,
) -> Finding {
    let wanted: Vec<String> = match (&item.accept[..], &item.work, &item.manual) {
        ([], Some(Work::Command(line)), _) => {
            let codes: Vec<String> = line.exit_codes.iter().map(i32::to_string).collect();
            vec![format!("exit code {}", codes.join(" or "))]
        }
        ([], Some(Work::Scenario(run)), _) => vec![format!("{} passes", run.file.display())],
        ([], None, Some(ask)) => vec![ask.clone()],
        (accept, ..) => accept.iter().map(ToString::to_string).collect(),
    };
    let worst = checks.iter().find(|check| check.status != Status::Pass).or(checks.first());
    let observed = match (worst, code) {
        (_, Some(code)) if code != 0 => Some(format!("exit code {code}")),
        (Some(check), _) => check.observed.clone(),
        (None, code) => code.map(|code| format!("exit code {code}")),
    };
    let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
    Finding {
        status,
        observed,
        warn: item.warn,
        reason,
        ..Finding::new(item.id.clone(), Kind::Item, wanted.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::figure::Figure;
    use super::super::fixture::{item, written};
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Command {
        None,
        Good,
        Bad,
        Hung,
        Killed,
        Absent,
        NotFound,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Evidence {
        None,
        Good,
        Missing,
        Broken,
        BelowBound,
        NoFigure,
        MissingAndBroken,
    }

    fn reading(evidence: Evidence) -> Reading {
        let mut reading = Reading::default();
        match evidence {
            Evidence::None | Evidence::NoFigure => {}
            Evidence::Good => reading.figure("size", Figure::Bytes(9)),
            Evidence::Missing => reading = Reading::nothing("x does not exist"),
            Evidence::Broken | Evidence::MissingAndBroken => {
                reading.figure("size", Figure::Bytes(9));
                reading.broken.push("x is broken".to_owned());
            }
            Evidence::BelowBound => reading.figure("size", Figure::Bytes(0)),
        }
        if evidence == Evidence::MissingAndBroken {
            reading.missing.push("a part is missing".to_owned());
        }
        reading
    }

    fn judged(command: Command, evidence: Evidence, unsigned: bool) -> Judged {
        let read = if evidence == Evidence::None { "" } else { "read = { file = 'x' }" };
        let item = written(&format!("run = 'true'\n{read}"));
        let exit = match command {
            Command::Bad => Exit::Code(2),
            Command::Killed | Command::Hung => Exit::Signal(9),
            Command::Absent => Exit::NotStarted("no program".into()),
            Command::NotFound => Exit::Code(127),
            Command::None | Command::Good => Exit::Code(0),
        };
        let cause = (command == Command::Hung).then_some(Cause::TimedOut);
        let end = CommandEnd { exit: &exit, cause, last_words: "", left_result: false };
        let readings = [("file", reading(evidence))];
        let seen = Seen {
            ended: (command != Command::None).then_some(end),
            readings: if evidence == Evidence::None { &[] } else { &readings },
            missing: &[],
            unsigned: unsigned.then_some("nobody has signed"),
        };
        judge(&item, &seen)
    }

    #[test]
    fn the_truth_table() {
        use Command::{Absent, Bad, Good, Hung, Killed, NotFound};
        use Evidence::{BelowBound, Broken, Missing, MissingAndBroken, NoFigure};
        use Status::{Fail, NoData, Pass};
        let all = [Evidence::None, Evidence::Good, Missing, Broken, BelowBound, NoFigure, MissingAndBroken];
        for evidence in all {
            for unsigned in [false, true] {
                for command in [Command::None, Good, Bad, Hung, Killed, Absent, NotFound] {
                    let wanted = match (command, evidence, unsigned) {
                        // A command that failed has failed, whatever else there is.
                        (Bad | Hung | Killed, ..) => Fail,
                        (Absent | NotFound, ..) | (_, Missing | NoFigure | MissingAndBroken, _) | (.., true) => NoData,
                        (_, Broken | BelowBound, _) => Fail,
                        (_, Evidence::None | Evidence::Good, _) => Pass,
                    };
                    let judged = judged(command, evidence, unsigned);
                    assert_eq!(judged.status, wanted, "{command:?} {evidence:?} {unsigned}: {judged:?}");
                    assert_eq!(judged.reasons.is_empty(), wanted == Pass, "{command:?} {evidence:?} {unsigned}");
                }
            }
        }
    }

    #[test]
    fn reasons_name_the_command_its_code_and_the_figure() {
        assert_eq!(judged(Command::Bad, Evidence::None, false).reasons, ["`true` exited with 2"]);
        let killed = judged(Command::Killed, Evidence::None, false).reasons;
        assert_eq!(killed, ["`true` was killed by SIGKILL (9): out of memory?"]);
        let below = judged(Command::Good, Evidence::BelowBound, false).reasons;
        assert_eq!(below, ["`size > 0` does not hold: it is 0 B"]);
        let hung = judged(Command::Hung, Evidence::None, false).reasons;
        assert_eq!(hung, ["`true` was not over after 30m, and was ended"]);
    }

    #[test]
    fn what_is_left_out_because_of_a_warning_is_not_lost() {
        assert_eq!(left_out(&item("a"), true).0, Status::Skipped);
        assert_eq!(left_out(&item("a"), false).0, Status::NoData);
    }
}
