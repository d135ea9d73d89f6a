//! `manifest.json`: which files a run left, with their hashes, and what exactly ran.
//!
//! It shows what was changed by accident. Whoever means to can write another, since nobody signs it.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::build::Commit;
use super::result::RunResult;
use crate::compare::MachineFacts;
use crate::verdict::Verdict;

/// What its file is called in the run folder.
pub const MANIFEST: &str = "manifest.json";
/// The value of `schema`.
const SCHEMA: &str = "mnload.manifest";
/// The value of `schema_version`: fields may be added within a major.
const SCHEMA_VERSION: &str = "1.0.0";

/// What ran, and what it left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `mnload.manifest`.
    pub schema: String,
    /// Semantic version of this shape.
    pub schema_version: String,
    /// The version of mnload that ran.
    pub mnload_version: String,
    /// What the run is called.
    pub name: String,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// A hash of what is sent and when.
    pub scenario_hash: String,
    /// What every random draw followed.
    pub seed: u64,
    /// The commit of the repository that the scenario lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The machine that sent.
    pub machine: MachineFacts,
    /// How exact the generator was in this very run.
    pub calibration: Calibration,
    /// pass, fail or inconclusive.
    pub verdict: Verdict,
    /// What the process exited with.
    pub exit_code: u8,
    /// The command that repeats it, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Every file of the run folder but this one, by name.
    pub files: Vec<FileEntry>,
}

/// How exact the generator was, in microseconds; none of what was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// The median of how late requests were sent.
    pub send_lag_p50_us: Option<u64>,
    /// 99 % were sent no later than this.
    pub send_lag_p99_us: Option<u64>,
    /// 99 % of moments were noticed no later than this.
    pub loop_lag_p99_us: Option<u64>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileEntry {
    /// What it is called; never a path.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Why a manifest is none.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// It is no JSON, or lacks something.
    #[error("it cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else, or from a later major version.
    #[error("it is no manifest that this version knows")]
    Foreign,
    /// It names a file that cannot be one of the folder.
    #[error("it names a file outside the run folder: {0:?}")]
    Outside(String),
}

impl Manifest {
    /// That of a run which left `files`.
    pub fn of(result: &RunResult, mut files: Vec<FileEntry>) -> Self {
        files.sort_unstable();
        let identity = result.identity.as_ref();
        let (lag, loop_lag) = (&result.times_us.send_lag, &result.generator.loop_lag_us);
        let measured = |count: u64, us: u64| (count > 0).then_some(us);
        Self {
            schema: SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            mnload_version: result.mnload_version.clone(),
            name: result.name.clone(),
            started_at: result.started_at.clone(),
            scenario_hash: identity.map(|identity| identity.scenario_hash.clone()).unwrap_or_default(),
            seed: result.plan.seed,
            commit: identity.and_then(|identity| identity.commit.clone()),
            machine: identity.map(|identity| identity.machine.clone()).unwrap_or_default(),
            calibration: Calibration {
                send_lag_p50_us: measured(lag.count, lag.p50),
                send_lag_p99_us: measured(lag.count, lag.p99),
                loop_lag_p99_us: measured(loop_lag.count, loop_lag.p99),
            },
            verdict: result.verdict,
            exit_code: result.exit_code,
            command: result.command.clone(),
            files,
        }
    }

    /// Reads one, which may be anybody's.
    ///
    /// # Errors
    /// When it is none, or names what is not in its folder.
    pub fn read(text: &[u8]) -> Result<Self, Unsound> {
        let manifest: Self = serde_json::from_slice(text)?;
        if manifest.schema != SCHEMA || !manifest.schema_version.starts_with("1.") {
            return Err(Unsound::Foreign);
        }
        let outside = |name: &str| {
            name.is_empty()
                || name == "."
                || name == ".."
                || name.contains(['/', '\0'])
                || (cfg!(windows) && name.contains(['\\', ':']))
        };
        match manifest.files.iter().find(|file| outside(&file.name)) {
            Some(file) => Err(Unsound::Outside(file.name.clone())),
            None => Ok(manifest),
        }
    }

    /// Its text.
    ///
    /// # Errors
    /// Never, but for a mistake in mnload.
    pub fn text(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

impl FileEntry {
    /// That of a file with this name and content.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(name: &str, mut content: impl Read) -> io::Result<Self> {
        let (mut hash, mut bytes, mut part) = (Sha256::new(), 0, vec![0; 64 << 10]);
        loop {
            match content.read(&mut part)? {
                0 => break,
                read => {
                    hash.update(&part[..read]);
                    bytes += read as u64;
                }
            }
        }
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name: name.to_owned(), bytes, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn files_are_in_order_with_the_hash_that_everybody_computes() {
        let files = ["b", "a"].map(|name| FileEntry::of(name, name.as_bytes()).unwrap());
        let manifest = Manifest::of(&Fixture::default().report().result, files.to_vec());
        let hash = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        assert_eq!(manifest.files[0], FileEntry { name: "a".to_owned(), bytes: 1, sha256: hash.to_owned() });
        assert_eq!(Manifest::read(&manifest.text().unwrap()).unwrap(), manifest);
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused() {
        for name in ["../a", "/etc/passwd", "..", ".", "", "a/b"] {
            let files = vec![FileEntry { name: name.to_owned(), bytes: 0, sha256: String::new() }];
            let text = Manifest::of(&Fixture::default().report().result, files).text().unwrap();
            assert!(matches!(Manifest::read(&text), Err(Unsound::Outside(_))), "{name:?}");
        }
        for text in ["", "{}", "[]", "{\"schema\":\"x\"}"] {
            assert!(Manifest::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
