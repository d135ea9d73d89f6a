//! Which scenario a run was of: a hash that two runs share if they send the same at the same rate.
//!
//! The file as it is written, so no value of a secret; where requests go and what random draws follow are kept apart, and
//! told by themselves.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::stream::Stream;
use crate::load::Load;
use crate::scenario::ScenarioFile;
use crate::values::tells;

/// The hash, as `sha256:` and its digits.
pub(super) fn hash(file: &ScenarioFile, vars: &[(String, String)], streams: &[Stream]) -> String {
    let mut text = file.canonical.clone();
    let target = file.document.target.as_ref();
    let base_url = target.and_then(|target| target.get_ref().base_url.as_ref()).map_or("", |url| url.get_ref());
    // A variable that says where requests go is no more part of the scenario than the address itself.
    let where_to = words_of_templates(base_url);
    let mut vars: Vec<_> = vars.iter().filter(|(name, _)| !tells(name) && !where_to.contains(&name.as_str())).collect();
    vars.sort_unstable();
    for (name, value) in vars {
        let _ = write!(text, "\n{name:?}={value:?}");
    }
    // A rate may come from the environment: what came of it counts.
    for stream in streams {
        let load = match &stream.load {
            Load::Once => "once".to_owned(),
            Load::Open(open) => format!("{} at up to {}/s", open.profile.expected(), open.profile.peak_per_s()),
            Load::Closed(closed) => format!("{} users, {:?}", closed.users, closed.until),
        };
        let _ = write!(text, "\n{:?}: {load} for {:?} after {:?}", stream.name, stream.load.duration(), stream.warm_up);
    }
    let digits: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// The words within `${ … }` in `text`.
fn words_of_templates(text: &str) -> Vec<&str> {
    let templates = text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
    templates.flat_map(|template| template.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

#[cfg(test)]
mod tests {
    use crate::plan::fixture::plan;

    #[test]
    fn runs_of_one_scenario_share_it_and_a_changed_rate_has_another() {
        let text = |rate: u32| {
            format!("[load]\nmodel = \"open\"\nrate = \"{rate}/s\"\nduration = \"9s\"\n[[step]]\nget = \"/x\"\n")
        };
        let [one, again, other] = [2, 2, 3].map(|rate| plan(&text(rate)).scenario_hash);
        assert!(one == again && one != other);
        assert_eq!(super::words_of_templates("http://${ host }.test:${vars.port}"), ["", "host", "", "vars", "port"]);
        assert_eq!(one.len(), "sha256:".len() + 64);
    }
}
