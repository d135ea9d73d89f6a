//! `mnload release`: read the file, carry its gates out, judge, report.

mod dry_run;
mod emit;
mod folder;
mod people;
mod show;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::CommandError;
use super::inputs::of_env_file;
use super::signals::Signals;
use crate::cli::{ReleaseAction, ReleaseArgs};
use crate::plan::Environment;
use crate::release::result::ReleaseResult;
use crate::release::run::{
    Book, Circumstances, Done, Earlier, Ground, Halt, Left, Selection, Starter, carry_out, commit_of, file_time, given,
    note_environment, result_of, tracked_of,
};
use crate::release::{Checklist, ReleaseFile, RunFacts};
use crate::report::ReleaseKind;
use crate::verdict::{Ending, ExitCode, Status};
use folder::RunFolder;
use people::{Asker, People};

/// Where run folders lie if nobody says otherwise.
const REPORTS: &str = "reports";

pub(super) fn run(args: &ReleaseArgs) -> Result<ExitCode, CommandError> {
    if let Some(ReleaseAction::Emit(args)) = &args.action {
        return emit::run(args);
    }
    if !cfg!(unix) {
        return Err(CommandError::Usage("mnload release runs on Linux and macOS".to_owned()));
    }
    let started_at = Timestamp::now();
    let document = show::on_stdout(args)?;
    let prepared = prepare(args, started_at)?;
    if args.dry_run {
        return dry_run::show(&prepared.ground, &prepared.book);
    }
    let folder = RunFolder::create(&prepared.ground.folder, args.overwrite)?;
    let ground = Arc::new(Ground { started: file_time(folder.path()), ..prepared.ground });
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    let book = sign(&ground, prepared.book, prepared.signed)?;
    let (done, ending) = runtime.block_on(carried_out(args, &ground, book, &folder, started_at))?;
    let result = finished(&ground, &done, started_at, ending);
    // A thread may still wait for an answer on a terminal that nobody gives.
    runtime.shutdown_background();
    // The evidence first: a reader of standard output may have gone away.
    let written = folder.write_all(&result, &elsewhere(args));
    show::show(&result, &ground.checklist, args, document, folder.path());
    written?;
    Ok(exit_code(&result))
}

/// The reports that go to files of their own.
fn elsewhere(args: &ReleaseArgs) -> Vec<(ReleaseKind, PathBuf)> {
    let named = args.report.iter().filter_map(|(kind, path)| Some((*kind, path.clone()?)));
    named.filter(|(_, path)| path != Path::new("-")).collect()
}

/// A release that is ready to be carried out.
struct Prepared {
    ground: Ground,
    book: Book,
    /// Items, names and notes of the command line.
    signed: Vec<(String, String, String)>,
}

fn prepare(args: &ReleaseArgs, started_at: Timestamp) -> Result<Prepared, CommandError> {
    let path = args.file.as_deref().ok_or_else(|| CommandError::Usage("name a release file".to_owned()))?;
    let more = args.env_file.as_deref().map(of_env_file).transpose()?.unwrap_or_default();
    let environment = Environment::of_process().with(more.clone());
    let file = ReleaseFile::read(path).map_err(CommandError::Release)?;
    let resolve =
        |facts: &RunFacts| Checklist::resolve(&file, &environment, &args.set, facts).map_err(CommandError::Release);
    // First without the facts of the run: where things lie, and what is the same from run to run.
    let mut timeless = resolve(&RunFacts::default())?;
    timeless.signoffs = args.signoffs.clone().or(timeless.signoffs);
    let selection = Selection::of(&timeless, &args.only, args.from.as_deref()).map_err(CommandError::Usage)?;
    let signed = args.sign.iter().map(|text| given(&timeless, text)).collect::<Result<_, _>>();
    let signed = signed.map_err(CommandError::Usage)?;
    let earlier = earlier(args, &timeless.name)?;
    let out = args.out.clone().unwrap_or_else(|| super::outputs::unused_folder(&timeless.name, &started_at));
    let run_folder = std::path::absolute(&out).with_context(|| format!("cannot find {}", out.display()))?;
    if earlier.folders().any(|folder| same(folder, &run_folder)) {
        let message = format!("{} is taken up: give the new run another --out", run_folder.display());
        return Err(CommandError::Usage(message));
    }
    if holds(&run_folder, path) {
        let message =
            format!("--out {} holds the release file: give the run a folder of its own", run_folder.display());
        return Err(CommandError::Usage(message));
    }
    let run_folders = [run_folder.clone(), PathBuf::from(REPORTS)].into_iter();
    let left = Left::of(&timeless, run_folders.chain(earlier.folders().map(Path::to_path_buf)));
    let folder = if timeless.folder.as_os_str().is_empty() { Path::new(".") } else { &timeless.folder };
    let commit = commit_of(folder, &left, timeless.signoffs.as_deref());
    let tracked = commit.as_ref().and_then(|_| tracked_of(folder, timeless.signoffs.as_deref()));
    let run_id = run_id(started_at);
    let facts = RunFacts {
        id: run_id.clone(),
        commit: commit.as_ref().map(|commit| commit.id.clone()).unwrap_or_default(),
        started_at: started_at.to_string(),
    };
    let mut checklist = resolve(&facts)?;
    checklist.signoffs.clone_from(&timeless.signoffs);
    // What is run for one commit says nothing of another.
    let timeless = Checklist { signoffs: timeless.signoffs, ..resolve(&of_commit(&facts))? };
    if earlier.is_previous_deployed() {
        let message = format!(
            "--resume: a drill began to deploy the previous version, and no later one put the new version back; run `{} \
             --only rollback-restore`, and name its run as a further --resume",
            repeated(args, &checklist, path)
        );
        return Err(CommandError::Usage(message));
    }
    let own =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let own: Vec<(String, String)> = own.collect();
    let variables = own.iter().chain(&more).chain(&checklist.env).chain(&checklist.vars);
    note_environment(&checklist.secrets, variables.map(|(name, value)| (name.as_str(), value.as_str())));
    note_environment(&checklist.secrets, environments(&checklist));
    let mut book = match &checklist.signoffs {
        Some(path) => Book::read(path).map_err(CommandError::Release)?,
        None => Book::default(),
    };
    earlier.results().for_each(|result| book.add_those_of(result));
    let ground = Ground {
        selection,
        folder: run_folder,
        run_id,
        commit,
        tracked,
        collects: args.collect,
        left,
        env: more,
        starter: Starter::of_this_machine(),
        executable: std::env::current_exe().context("cannot find this program itself")?,
        earlier,
        started: started_at.into(),
        repeat: repeated(args, &checklist, path),
        parallel: args.parallel.map_or(checklist.parallel, usize::from),
        timeless,
        checklist,
    };
    Ok(Prepared { ground, book, signed })
}

/// The facts that are the same in all runs for one commit.
fn of_commit(facts: &RunFacts) -> RunFacts {
    RunFacts { commit: facts.commit.clone(), ..RunFacts::default() }
}

/// The environment variables that items give their commands.
fn environments(checklist: &Checklist) -> impl Iterator<Item = (&str, &str)> {
    use crate::release::work::Work;
    let of_work = checklist.items().filter_map(|item| item.work.as_ref()).flat_map(|work| match work {
        Work::Command(line) => &line.env,
        Work::Scenario(run) => &run.env,
    });
    of_work.map(|(name, value)| (name.as_str(), value.as_str()))
}

/// The runs that are taken up.
fn earlier(args: &ReleaseArgs, name: &str) -> Result<Earlier, CommandError> {
    let folder = |folder: &String| match folder.is_empty() {
        false => Ok(PathBuf::from(folder)),
        true => Earlier::newest(Path::new(REPORTS), name)
            .ok_or_else(|| format!("--resume: there is no earlier run of `{name}` in {REPORTS}/; name its folder")),
    };
    let folders: Result<Vec<PathBuf>, String> = args.resume.iter().map(folder).collect();
    let earlier = folders.and_then(|folders| Earlier::read(&folders, name).map_err(|why| format!("--resume: {why}")));
    earlier.map_err(CommandError::Usage)
}

fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().is_some_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn holds(folder: &Path, file: &Path) -> bool {
    folder.canonicalize().is_ok_and(|folder| file.canonicalize().is_ok_and(|file| file.starts_with(folder)))
}

/// A name that no other run has, in letters that a header or a label can hold.
fn run_id(started_at: Timestamp) -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    format!("{}-{:08x}", started_at.strftime("%Y%m%dt%H%M%Sz"), random >> 32)
}

/// The command of every repetition; what it is to do comes behind it.
fn repeated(args: &ReleaseArgs, checklist: &Checklist, path: &Path) -> String {
    let mut words = vec!["mnload".to_owned(), "release".to_owned(), path.display().to_string()];
    for (name, value) in &args.set {
        words.extend(["--set".to_owned(), format!("{name}={}", checklist.secrets.redact_named(name, value))]);
    }
    let files = [("--env-file", &args.env_file), ("--signoffs", &args.signoffs)];
    for (option, file) in files.into_iter().filter_map(|(option, file)| Some((option, file.as_ref()?))) {
        words.extend([option.to_owned(), file.display().to_string()]);
    }
    shell_words::join(words.iter().map(|word| checklist.secrets.redact(word).into_owned()))
}

/// Adds what is confirmed on the command line.
fn sign(ground: &Ground, mut book: Book, signed: Vec<(String, String, String)>) -> Result<Book, CommandError> {
    let now = signed.into_iter().filter_map(|(item, name, note)| people::sign_off(ground, &item, name, note));
    let now: Vec<_> = now.collect();
    let path = ground.checklist.signoffs.as_ref().filter(|_| !now.is_empty());
    now.into_iter().for_each(|sign_off| book.add(sign_off));
    if let Some(path) = path {
        book.write(path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(book)
}

/// Carries the release out, tells how it goes, asks who is there, and stops when somebody wants it to.
async fn carried_out(
    args: &ReleaseArgs,
    ground: &Arc<Ground>,
    book: Book,
    folder: &RunFolder,
    started_at: Timestamp,
) -> Result<(BTreeMap<String, Done>, Ending), CommandError> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let halt = Arc::new(Halt::default());
    let (said, mut to_say) = tokio::sync::mpsc::unbounded_channel();
    let is_asked =
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
    let people = People::new(Arc::clone(ground), book, is_asked, said);
    let (over, mut is_over) = tokio::sync::oneshot::channel();
    let thread = {
        let (ground, halt, folder) = (Arc::clone(ground), Arc::clone(&halt), folder.clone());
        std::thread::spawn(move || {
            let done = carry_out(&ground, &people, &halt, |done| {
                // It will be written again; only a run that is killed has nothing else.
                let _ = folder.write(&finished(&ground, done, started_at, Ending::Killed));
            });
            let _ = over.send(done);
        })
    };
    let mut asker = Asker::new(ground, args.quiet);
    asker.say_start();
    let mut ending = Ending::Completed;
    let mut still = tokio::time::interval(people::STILL);
    let done = loop {
        tokio::select! {
            Some(said) = to_say.recv() => asker.hear(said),
            () = asker.answered() => {}
            _ = still.tick() => asker.say_running(),
            asked = signals.next() => {
                ending = if ending == Ending::Completed { asked } else { ending };
                halt.ask();
                asker.stop();
            }
            done = &mut is_over => break done,
        }
    };
    while let Ok(said) = to_say.try_recv() {
        asker.hear(said);
    }
    let done = done.map_err(|_| anyhow::anyhow!("the thread that carries the release out is gone"))?;
    // It has sent its last word.
    let _ = thread.join();
    Ok((done, ending))
}

fn finished(ground: &Ground, done: &BTreeMap<String, Done>, started_at: Timestamp, ending: Ending) -> ReleaseResult {
    let elapsed = crate::release::run::since(started_at, Timestamp::now());
    // While it goes on, each item looks by itself.
    let is_steady = ending == Ending::Killed || ground.is_tree_as_it_was();
    let warnings = if ending == Ending::Killed { Vec::new() } else { warnings(ground, done, is_steady) };
    result_of(ground, done, &Circumstances { started_at, elapsed, ending, warnings, is_steady })
}

/// What went wrong beside the items.
fn warnings(ground: &Ground, done: &BTreeMap<String, Done>, is_steady: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let folder = if ground.checklist.folder.as_os_str().is_empty() { Path::new(".") } else { &ground.checklist.folder };
    let now = commit_of(folder, &ground.left, ground.checklist.signoffs.as_deref());
    if let (Some(then), Some(now)) = (&ground.commit, &now)
        && then.tree != now.tree
        && is_steady
    {
        warnings.push(
            "files that are in no commit changed while the release was carried out, so sign-offs and what passed hold for a state \
             that is no more: keep what commands write out of the repository, or list it in `artifacts`"
                .to_owned(),
        );
    }
    warnings.extend(signed_by_anybody(ground, done));
    let drill = |id: &str| done.get(id).filter(|done| done.item.drill && done.item.started_at.is_some());
    let is_back = drill("rollback-restore").is_some_and(|done| done.item.status == Status::Pass);
    if drill("rollback-deploy").is_some() && !is_back {
        warnings.push(format!(
            "the drill deployed the previous version, and the new one was not put back: {} --only rollback-restore does that",
            ground.repeat
        ));
    }
    warnings
}

/// Roles whose `people` name nobody, for which somebody signed all the same: anybody could.
fn signed_by_anybody(ground: &Ground, done: &BTreeMap<String, Done>) -> Vec<String> {
    let roles = ground.checklist.roles.iter().filter(|(_, role)| role.names_nobody);
    let signed = |role: &str| -> Vec<String> {
        let owned = done.values().map(|done| &done.item).filter(|item| item.owners.iter().any(|owner| owner == role));
        let signed = owned.filter(|item| item.manual.as_ref().is_some_and(|manual| manual.signed.is_some()));
        signed.map(|item| item.id.clone()).collect()
    };
    let said = roles.filter_map(|(name, role)| match signed(name) {
        ids if ids.is_empty() => None,
        ids => Some(format!(
            "anybody could sign for {}: no people are named for {}, since `people` of the role `{name}` came out empty",
            ids.join(", "),
            role.title,
        )),
    });
    said.collect()
}

fn exit_code(result: &ReleaseResult) -> ExitCode {
    let is_done =
        |item: &crate::release::result::ItemResult| item.started_at.is_some() || item.status != Status::Skipped;
    let started = result.gates.iter().flat_map(|gate| &gate.items).filter(|item| is_done(item)).count();
    result.verdict.exit_code(result.ending, started as u64)
}

/// Says something to people; a stderr that is gone must not end the release.
fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", crate::report::inert(text));
}
