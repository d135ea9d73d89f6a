//! The words that start a program: a shell for texts, and a session of its own where there is a terminal.

use std::env;
use std::path::{Path, PathBuf};

use super::super::work::Program;

/// What this machine offers to start programs with.
#[derive(Debug, Clone)]
pub struct Starter {
    bash: bool,
    /// Takes the terminal away from what it starts: a question there would be asked where nobody looks, and wait for ever.
    setsid: Option<PathBuf>,
}

impl Starter {
    /// That of this machine.
    pub fn of_this_machine() -> Self {
        let has_terminal = cfg!(unix) && std::fs::File::open("/dev/tty").is_ok();
        Self { bash: found("bash").is_some(), setsid: found("setsid").filter(|_| has_terminal) }
    }

    /// Whether the words make a session of their own.
    pub fn own_session(&self) -> bool {
        self.setsid.is_some()
    }

    /// The words that start `program`.
    pub fn words(&self, program: &Program) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let own = match program {
            Program::Words(own) => own.clone(),
            // The first failure ends it, and that of any part of a pipe is one.
            Program::Shell(text) if self.bash => words(&["bash", "-e", "-o", "pipefail", "-c", text]),
            Program::Shell(text) => words(&["sh", "-e", "-c", text]),
        };
        let session = self.setsid.iter().map(|setsid| setsid.display().to_string());
        session.chain(own).collect()
    }

    /// What is lost with the shell that is there.
    pub fn loss(&self, program: &Program) -> Option<&'static str> {
        let pipes = matches!(program, Program::Shell(text) if text.replace("||", "").contains('|'));
        (pipes && !self.bash).then_some("there is no bash: only the last part of a pipe counts")
    }
}

/// The file of a program, by the search path.
fn found(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_bash_it_is_said_that_a_pipe_hides_failures() {
        let (with, without) = (Starter { bash: true, setsid: None }, Starter { bash: false, setsid: None });
        let text = |text: &str| Program::Shell(text.to_owned());
        assert_eq!(with.words(&text("a | b")).join(" "), "bash -e -o pipefail -c a | b");
        assert_eq!(without.words(&text("a | b")).join(" "), "sh -e -c a | b");
        assert!(without.loss(&text("a | b")).is_some());
        assert!(without.loss(&text("a || b")).is_none() && with.loss(&text("a | b")).is_none());
        let own = Starter { bash: true, setsid: Some("/usr/bin/setsid".into()) };
        assert_eq!(own.words(&Program::Words(vec!["npm".into(), "ci".into()])).join(" "), "/usr/bin/setsid npm ci");
    }
}
