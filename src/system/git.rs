//! What `git` says of a repository, asked so that looking runs nothing that the repository names.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Variables that would lead `git` to another repository than the folder's: a hook has them.
const LEADING_ELSEWHERE: [&str; 4] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"];

/// What `git` says in `folder`, up to `most_bytes` of it; none if it fails, is not there or takes longer than `patience`.
pub fn git(folder: &Path, arguments: &[&str], patience: Duration, most_bytes: u64) -> Option<String> {
    git_bytes(folder, arguments, patience, most_bytes).map(|said| String::from_utf8_lossy(&said).into_owned())
}

/// The same byte for byte: names of files may be no text.
pub fn git_bytes(folder: &Path, arguments: &[&str], patience: Duration, most_bytes: u64) -> Option<Vec<u8>> {
    let mut command = Command::new("git");
    LEADING_ELSEWHERE.iter().for_each(|name| {
        command.env_remove(name);
    });
    let mut child = command
        // A repository can name programs to run, which looking at it must not do.
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C"])
        .arg(folder)
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = child.stdout.take()?;
    let reading = std::thread::spawn(move || {
        let mut said = Vec::new();
        // Its pipe is closed behind that, which ends it if it has more to say.
        stdout.take(most_bytes).read_to_end(&mut said).ok().map(|_| said)
    });
    let until = Instant::now() + patience;
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            None => {
                // It may be gone by now.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let said = reading.join().ok()??;
    // One that was cut off in the middle of a long list has failed, and has said enough.
    (status.success() || said.len() as u64 == most_bytes).then_some(said)
}
