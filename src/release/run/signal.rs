//! The names of signals, and what the usual ones mean.

/// Names of the signals that programs die of, by their numbers on Linux and macOS alike.
const NAMES: [(i32, &str); 14] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
];

/// `SIGKILL (9): out of memory?`
pub(super) fn shown(number: i32) -> String {
    let name = NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
    let guess = match number {
        9 => ": out of memory?",
        6 => ": it gave up by itself",
        11 => ": it read or wrote where it must not",
        13 => ": nobody read what it wrote",
        _ => "",
    };
    match name {
        Some(name) => format!("{name} ({number}){guess}"),
        None => format!("signal {number}"),
    }
}

/// The signal that an exit code above 128 stands for in a shell; 255 and other codes stand for themselves.
pub(super) fn of_shell_code(code: i32) -> Option<String> {
    NAMES.iter().find(|(number, _)| number + 128 == code).map(|(number, _)| shown(*number))
}
