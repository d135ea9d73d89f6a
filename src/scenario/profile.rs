//! `[profile.NAME]`: what is different when the user asks for NAME.
//!
//! Takes the profiles out of the tree, notes every mistake in them (in the ones that nobody asked for, too), and lays the
//! one that was chosen over the document, each on top of its `base`.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::merge::{Level, lay_over};
use super::parse::{unknown_key, wrong_type};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, nearest};

/// The key that holds the profiles.
pub(super) const KEY: &str = "profile";
/// The key that names the profile that another one starts from.
pub(super) const BASE: &str = "base";
/// More than anybody needs, and few enough to check each one in no time.
const MOST_PROFILES: usize = 64;
/// What a profile may set.
pub(super) const SETTABLE: [&str; 8] =
    ["name", "description", "target", "load", "vars", "on_failure", "gates", "explore"];

/// The profiles of a scenario, without their mistakes.
#[derive(Debug)]
pub(super) struct Profiles<'t> {
    source: &'t Source,
    named: BTreeMap<String, Profile<'t>>,
}

#[derive(Debug)]
struct Profile<'t> {
    /// Where its name stands first.
    start: usize,
    base: Option<Spanned<String>>,
    sets: DeTable<'t>,
}

impl<'t> Profiles<'t> {
    /// Takes the profiles out of `tree`.
    pub(super) fn take_from(tree: &mut DeTable<'t>, source: &'t Source, mistakes: &mut Diagnostics) -> Self {
        let mut profiles = Self { source, named: BTreeMap::new() };
        let written = tree.remove(KEY).and_then(|value| table(source, value, mistakes)).unwrap_or_default();
        if let Some((key, _)) = written.iter().nth(MOST_PROFILES) {
            let message = format!("this scenario has more than {MOST_PROFILES} profiles");
            mistakes.push(Diagnostic::at(source, key.span(), message).hint("spread them over several files"));
        }
        for (key, value) in written.into_iter().take(MOST_PROFILES) {
            if let Some(sets) = table(source, value, mistakes) {
                let profile = Profile::read(source, key.span().start, sets, mistakes);
                profiles.named.insert(key.into_inner().into_owned(), profile);
            }
        }
        for name in profiles.names() {
            if let Err(mistake) = profiles.check_base(name) {
                mistakes.push(mistake);
            }
        }
        profiles
    }

    /// The names, in the order of the file.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.named.iter().map(|(name, profile)| (profile.start, name.as_str())).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// Lays the profile and those that it starts from over `tree`.
    pub(super) fn lay_over(&self, tree: &mut DeTable<'t>, name: &str) {
        for name in self.chain(name).into_iter().rev() {
            lay_over(tree, self.named[name].sets.clone(), Level::Profile);
        }
    }

    /// What the profile makes of the part of `tree` that profiles may set.
    pub(super) fn part_of(&self, tree: &DeTable<'t>, name: &str) -> DeTable<'t> {
        let settable = tree.iter().filter(|(key, _)| SETTABLE.contains(&key.get_ref().as_ref()));
        let mut part = settable.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.lay_over(&mut part, name);
        part
    }

    /// That `name` is one of the profiles.
    ///
    /// # Errors
    /// When it is not, with the names that are.
    pub(super) fn check_known(&self, name: &str) -> Result<(), Diagnostic> {
        if self.named.contains_key(name) {
            return Ok(());
        }
        let names = self.names();
        let mistake = Diagnostic::nowhere(format!("{}: there is no profile `{name}`", self.source.name));
        if names.is_empty() {
            return Err(mistake.hint(format!("the scenario has no profiles: add [{KEY}.{name}]")));
        }
        let mistake = match nearest(name, names.iter().copied()) {
            Some(near) => mistake.hint(format!("did you mean `{near}`?")),
            None => mistake,
        };
        Err(mistake.hint(format!("the profiles are: {}", names.join(", "))))
    }

    /// `name` and what it starts from, one after the other, up to a base that is missing or was met before.
    fn chain<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let mut chain: Vec<&str> = Vec::new();
        let mut next = self.named.get_key_value(name);
        while let Some((name, profile)) = next.filter(|(name, _)| !chain.contains(&name.as_str())) {
            chain.push(name);
            next = profile.base.as_ref().and_then(|base| self.named.get_key_value(base.get_ref()));
        }
        chain
    }

    /// That the base of `name` exists and does not lead back; a circle is noted at the first of its profiles only.
    fn check_base(&self, name: &str) -> Result<(), Diagnostic> {
        let Some(base) = &self.named[name].base else { return Ok(()) };
        if !self.named.contains_key(base.get_ref()) {
            let mistake = Diagnostic::at(self.source, base.span(), format!("there is no profile `{}`", base.get_ref()));
            return Err(match nearest(base.get_ref(), self.names()) {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake.hint(format!("the profiles are: {}", self.names().join(", "))),
            });
        }
        let chain = self.chain(name);
        let last = chain.last().and_then(|last| self.named[*last].base.as_ref());
        let leads_back = last.is_some_and(|last| last.get_ref() == name);
        let is_first = chain.iter().all(|other| self.named[*other].start >= self.named[name].start);
        if leads_back && is_first {
            let message = format!("profiles start from each other in a circle: {} → {name}", chain.join(" → "));
            return Err(Diagnostic::at(self.source, base.span(), message).hint(format!("take one `{BASE}` out")));
        }
        Ok(())
    }
}

impl<'t> Profile<'t> {
    fn read(source: &Source, start: usize, mut written: DeTable<'t>, mistakes: &mut Diagnostics) -> Self {
        let base = written.remove(BASE).and_then(|value| {
            let name = value.get_ref().as_str().map(|name| Spanned::new(value.span(), name.to_owned()));
            let name = name.ok_or_else(|| wrong_type(source, value.span(), "a string in quotes", value.get_ref()));
            mistakes.keep(name)
        });
        let (sets, unknown): (Vec<_>, Vec<_>) =
            written.into_iter().partition(|(key, _)| SETTABLE.contains(&key.get_ref().as_ref()));
        for (key, _) in unknown {
            let known = SETTABLE.into_iter().chain([BASE]);
            mistakes.push(unknown_key(source, key.span(), key.get_ref(), known));
        }
        Self { start, base, sets: sets.into_iter().collect() }
    }
}

fn table<'t>(source: &Source, value: Spanned<DeValue<'t>>, mistakes: &mut Diagnostics) -> Option<DeTable<'t>> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Some(table),
        other => {
            let example = "for example [profile.smoke.load] with model = \"once\"";
            mistakes.push(wrong_type(source, span, "a table", &other).hint(example));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{LoadSection, ScenarioFile, TargetSection};

    const TEXT: &str = "\
name = 'all'
[target]
base_url = 'http://a'
timeout = '1s'
[load]
model = 'open'
rate = '5/s'
duration = '1m'
[gates]
latency = 'p95 < 1s'
errors = 'error_rate < 1%'
[profile.smoke]
load = { model = 'once' }
name = 'smoke'
[profile.smoke.target]
base_url = 'http://b'
[profile.strict.gates]
errors = 'error_rate < 0.1%'
[profile.nightly]
base = 'strict'
target.timeout = '9s'
gates.latency = 'p95 < 2s'
gates.rate = 'rate > 4/s'
[profile.weekly]
base = 'nightly'
gates.latency = 'p95 < 3s'
";

    fn parse(text: &str, profile: Option<&str>) -> Result<ScenarioFile, String> {
        ScenarioFile::parse("s.toml", text, profile).map_err(|mistakes| mistakes.to_string())
    }

    fn load(file: &ScenarioFile) -> LoadSection {
        file.document.load.clone().unwrap().into_inner()
    }

    fn target(file: &ScenarioFile) -> TargetSection {
        file.document.target.clone().unwrap().into_inner()
    }

    /// The gates as they are written, sorted.
    fn gates(file: &ScenarioFile) -> String {
        let gates = &file.document.gates.as_ref().unwrap().get_ref().0;
        let mut written: Vec<_> =
            gates.iter().map(|(_, value)| file.source.text_at(&value.span()).unwrap().trim_matches('\'')).collect();
        written.sort_unstable();
        written.join(", ")
    }

    #[track_caller]
    fn assert_mistakes(text: &str, profile: Option<&str>, count: usize, parts: &[&str]) {
        let shown = parse(text, profile).unwrap_err();
        assert_eq!(shown.matches("error:").count(), count, "{shown}");
        for part in parts {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn without_a_profile_the_document_stays_as_it_is() {
        let file = parse(TEXT, None).unwrap();
        assert_eq!(file.document.name.as_ref().unwrap().get_ref(), "all");
        assert_eq!(gates(&file), "error_rate < 1%, p95 < 1s");
    }

    #[test]
    fn a_profile_replaces_the_load_and_merges_the_rest() {
        let file = parse(TEXT, Some("smoke")).unwrap();
        let (load, target) = (load(&file), target(&file));
        assert_eq!(load.model.unwrap().get_ref(), "once");
        assert!(load.rate.is_none() && load.duration.is_none());
        assert_eq!(target.base_url.unwrap().get_ref(), "http://b");
        assert_eq!(target.timeout.unwrap().get_ref(), "1s");
        assert_eq!(file.document.name.as_ref().unwrap().get_ref(), "smoke");
        assert_eq!(gates(&file), "error_rate < 1%, p95 < 1s");
    }

    #[test]
    fn a_profile_lies_over_its_base_and_that_one_over_its_own() {
        let file = parse(TEXT, Some("weekly")).unwrap();
        assert_eq!(gates(&file), "error_rate < 0.1%, p95 < 3s, rate > 4/s");
        assert_eq!(target(&file).timeout.unwrap().get_ref(), "9s");
        assert_eq!(load(&file).rate.unwrap().get_ref(), "5/s");
        assert_eq!(gates(&parse(TEXT, Some("strict")).unwrap()), "error_rate < 0.1%, p95 < 1s");
    }

    #[test]
    fn a_profile_that_does_not_exist_lists_the_ones_that_do() {
        let all = "the profiles are: smoke, strict, nightly, weekly";
        assert_mistakes(TEXT, Some("smok"), 1, &["there is no profile `smok`", "did you mean `smoke`?", all]);
        assert_mistakes("name = 'x'", Some("smoke"), 1, &["s.toml: there is no profile", "add [profile.smoke]"]);
    }

    #[test]
    fn a_missing_file_is_not_blamed_on_the_profile() {
        assert_mistakes("use = ['none.toml']", Some("smoke"), 1, &["cannot read none.toml"]);
    }

    #[test]
    fn all_profiles_are_checked_whichever_is_chosen() {
        let text = "\
[profile.a]
lod = 1
base = 'b'
[profile.b.load]
modle = 'once'
[profile.b]
step = []
target = 5
[profile.c]
base = 7
gates = { x = 1 }
";
        let parts = ["s.toml:2:1", "did you mean `load`?", "s.toml:5:1", "did you mean `model`?", "s.toml:7:1"];
        for profile in [None, Some("a"), Some("b"), Some("c")] {
            assert_mistakes(text, profile, 5, &parts);
            assert_mistakes(text, profile, 5, &["unknown key `step`", "s.toml:8:10", "s.toml:10:8", "found integer"]);
        }
    }

    #[test]
    fn profiles_that_are_no_tables_are_mistakes() {
        assert_mistakes("profile = 1", None, 1, &["s.toml:1:11", "expected a table"]);
        assert_mistakes("profile = { a = 1, b = {} }", Some("b"), 1, &["s.toml:1:17", "expected a table"]);
    }

    #[test]
    fn a_base_that_is_missing_or_leads_back_is_a_mistake_at_its_place() {
        assert_mistakes(
            "profile.smoke = {}\nprofile.b = { base = 'smke' }",
            None,
            1,
            &["s.toml:2:22", "did you mean `smoke`?"],
        );
        let circle = "[profile.z]\nbase = 'b'\n[profile.b]\nbase = 'z'\n[profile.c]\nbase = 'b'\n";
        for profile in [None, Some("z"), Some("b"), Some("c")] {
            assert_mistakes(circle, profile, 1, &["s.toml:2:8", "z → b → z"]);
        }
        assert_mistakes("profile.a.base = 'a'", Some("a"), 1, &["s.toml:1:18", "a → a"]);
    }

    #[test]
    fn profiles_of_used_files_can_be_chosen_and_refined() {
        let folder = tempfile::tempdir().unwrap();
        let common =
            "[profile.ci]\nload = { model = 'open', rate = '1/s' }\ntarget.timeout = '3s'\n[profile.x]\nbse = 1";
        std::fs::write(folder.path().join("common.toml"), common.split("[profile.x]").next().unwrap()).unwrap();
        std::fs::write(folder.path().join("wrong.toml"), common).unwrap();
        let name = folder.path().join("main.toml").display().to_string();
        let text = "use = ['common.toml']\n[target]\ntimeout = '1s'\n[profile.ci]\nload = { model = 'once' }\n";
        let file = ScenarioFile::parse(&name, text, Some("ci")).unwrap();
        assert_eq!(target(&file).timeout.unwrap().get_ref(), "3s", "a profile lies over every file");
        assert!(load(&file).rate.is_none(), "the load of a profile is taken whole");
        let shown = ScenarioFile::parse(&name, &text.replace("common", "wrong"), None).unwrap_err().to_string();
        assert!(shown.contains("wrong.toml:5:1") && shown.contains("did you mean `base`?"), "{shown}");
    }
}
