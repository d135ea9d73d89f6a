//! `mnload init`: writes scenarios to start from, and the schema beside them that lets an editor check them.
//!
//! Everything is checked before the first file is written: either all of them are, or none.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};

use super::CommandError;
use super::machine::this_machine;
use super::schema;
use super::starters::check_url;
use crate::cli::{InitArgs, Starter};
use crate::diagnostic::Diagnostics;
use crate::plan::{Overrides, Plan};
use crate::scenario::ScenarioFile;
use crate::verdict::ExitCode;

/// A file to write.
struct Output {
    path: PathBuf,
    text: String,
    about: &'static str,
    /// What stands there already may go.
    replace: bool,
}

pub(super) fn run(args: &InitArgs) -> Result<ExitCode, CommandError> {
    let kinds = kinds(args);
    if let Some(url) = &args.url {
        check_url(url)?;
    }
    check_folder(&args.dir)?;
    let mut outputs = Vec::new();
    for kind in &kinds {
        let (path, text) = (beside(&args.dir, kind.file()), kind.text(args.url.as_deref()));
        if kind.is_scenario() {
            check(&text).map_err(|mistakes| unusable(args.url.as_deref(), mistakes))?;
        }
        outputs.push(Output { path, text, about: kind.about(), replace: args.overwrite });
    }
    outputs.extend(schemas_for(&kinds, args));
    refuse_to_overwrite(&outputs)?;
    for output in &outputs {
        write(output)?;
    }
    tell(args, &kinds, &outputs).context("cannot write to standard output")?;
    Ok(ExitCode::Passed)
}

/// That what is about to be written can be run: a URL that is none is found here.
fn check(text: &str) -> Result<(), Diagnostics> {
    let file = ScenarioFile::parse("scenario.toml", text, None)?;
    Plan::resolve(&file, &Overrides::default(), &this_machine()).map(|_| ())
}

/// The user wrote the URL and nothing else of the file: the mistake is told without its place.
fn unusable(url: Option<&str>, mistakes: Diagnostics) -> CommandError {
    match (url, mistakes.0.first()) {
        (Some(url), Some(mistake)) => anyhow!("--url {url}: {}", mistake.message).into(),
        _ => CommandError::Scenario(mistakes),
    }
}

/// The ones that were asked for, each once; a release brings the scenario that it runs, if there is none.
fn kinds(args: &InitArgs) -> Vec<Starter> {
    let mut kinds = if args.kinds.is_empty() { Starter::DEFAULT.to_vec() } else { args.kinds.clone() };
    let smoke = beside(&args.dir, Starter::Smoke.file());
    if kinds.contains(&Starter::Release) && fs::symlink_metadata(smoke).is_err() {
        kinds.push(Starter::Smoke);
    }
    let mut seen = Vec::new();
    kinds.retain(|kind| {
        let new = !seen.contains(kind);
        seen.push(*kind);
        new
    });
    kinds
}

fn check_folder(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => bail!("{shown} is not a folder: name one with --dir"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no folder {shown}: create it first, or name another one with --dir")
        }
        Err(error) => Err(error).with_context(|| format!("cannot use the folder {shown}")),
    }
}

/// The schemas; one that an earlier mnload wrote is nobody's work, and is brought up to date.
fn schemas_for(kinds: &[Starter], args: &InitArgs) -> Vec<Output> {
    let output = |name: &str, text: String, about: &'static str| {
        let path = beside(&args.dir, name);
        let replace = args.overwrite || fs::read_to_string(&path).is_ok_and(|there| schema::is_ours(&there));
        Output { path, text, about, replace }
    };
    let scenario = kinds.iter().any(|kind| kind.is_scenario());
    let scenario = scenario.then(|| output(schema::FILE, schema::text(), "what editors check scenarios with"));
    let release = kinds.contains(&Starter::Release);
    let release =
        release.then(|| output(schema::RELEASE_FILE, schema::release_text(), "what editors check releases with"));
    scenario.into_iter().chain(release).collect()
}

fn refuse_to_overwrite(outputs: &[Output]) -> anyhow::Result<()> {
    let in_the_way = |output: &&Output| !output.replace && fs::symlink_metadata(&output.path).is_ok();
    let there: Vec<String> =
        outputs.iter().filter(in_the_way).map(|output| output.path.display().to_string()).collect();
    if there.is_empty() {
        return Ok(());
    }
    let (exist, them) = if there.len() == 1 { ("exists", "it") } else { ("exist", "them") };
    bail!("{} already {exist}: name another folder with --dir, or replace {them} with --overwrite", there.join(" and "))
}

/// Nobody else's file is written over, even if it came a moment ago.
fn write(output: &Output) -> anyhow::Result<()> {
    let mut how = OpenOptions::new();
    how.write(true);
    if output.replace {
        how.create(true).truncate(true)
    } else {
        how.create_new(true)
    };
    let written = how.open(&output.path).and_then(|mut file| file.write_all(output.text.as_bytes()));
    written.with_context(|| format!("cannot write {}", output.path.display()))
}

/// What was written, and what to type next.
fn tell(args: &InitArgs, kinds: &[Starter], outputs: &[Output]) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let width = outputs.iter().map(|output| output.path.display().to_string().len()).max().unwrap_or(0);
    for output in outputs {
        writeln!(out, "wrote {:width$}  {}", output.path.display().to_string(), output.about)?;
    }
    let Some(first) = kinds.first() else { return Ok(()) };
    let file = quoted(&beside(&args.dir, first.file()).display().to_string());
    if !first.is_scenario() {
        return writeln!(out, "\nnext, to see what would be done:  mnload release {file} --dry-run");
    }
    writeln!(out, "\nnext, against the built-in target:  mnload run {file} --demo")?;
    match &args.url {
        Some(_) => writeln!(out, "then, against your service:         mnload run {file}"),
        None => writeln!(out, "then, against your service:         BASE_URL=http://127.0.0.1:8080 mnload run {file}"),
    }
}

/// As a shell reads it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// `name` in `folder`, without the `./` of the folder that one is in.
fn beside(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}
