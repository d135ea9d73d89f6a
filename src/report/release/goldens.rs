//! Every kind of report of a release: as it was before, and harmless whatever a release holds.

use super::fixture;
use super::{ReleaseKind, render_release_console};
use crate::release::result::ReleaseResult;
use crate::report::goldens::{cases, cells, harmless_console, harmless_report};
use crate::report::{Detail, Place, release_to_azure, release_to_github};

fn rendered(kind: ReleaseKind, result: &ReleaseResult) -> String {
    let mut out = Vec::new();
    kind.render(result, &mut out).unwrap_or_else(|error| panic!("{kind}: {error}"));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_kind_is_written_as_before_and_the_same_twice() {
    for (name, result) in fixture::small() {
        for kind in ReleaseKind::ALL.into_iter().filter(|kind| *kind != ReleaseKind::Html) {
            let text = rendered(kind, &result);
            assert_eq!(text, rendered(kind, &result), "{kind} of {name}");
            // One of each is enough to read; the others differ in what the tests beside the code name.
            if kind != ReleaseKind::Json || name == "no-go" {
                insta::assert_snapshot!(format!("{name}-{kind}"), text);
            }
        }
    }
}

fn most_bytes(kind: ReleaseKind) -> usize {
    match kind {
        ReleaseKind::Json => 128 << 20,
        ReleaseKind::Html => 1_000_000,
        ReleaseKind::Markdown => 64 << 10,
        ReleaseKind::Ownership => 128 << 10,
        ReleaseKind::Junit => 16 << 20,
    }
}

#[test]
fn a_hostile_release_is_harmless_in_every_kind() {
    for (name, result) in
        [("hostile", fixture::hostile()), ("texts of 10 MB", fixture::huge()), ("5,000 items", fixture::many())]
    {
        for kind in ReleaseKind::ALL {
            let text = rendered(kind, &result);
            let place = format!("{kind} of {name}");
            assert!(text.len() <= most_bytes(kind), "{place}: {} bytes", text.len());
            harmless_report(&place, &text, kind == ReleaseKind::Html);
            match kind {
                ReleaseKind::Json => {
                    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert!(read.is_object(), "{place}");
                }
                ReleaseKind::Junit => cases(&place, &text),
                ReleaseKind::Markdown | ReleaseKind::Ownership => cells(&place, &text),
                ReleaseKind::Html => {}
            }
        }
    }
}

#[test]
fn the_console_and_the_build_server_take_no_command_from_a_release() {
    for (name, result) in [("hostile", fixture::hostile()), ("5,000 items", fixture::many())] {
        harmless_console(name, &render_release_console(&result, Detail::Full));
        let told = release_to_github(&result, &Place::default());
        assert!(
            told.lines().all(|line| line.starts_with("::error file=") || line.starts_with("::warning file=")),
            "{told}"
        );
        assert!(told.lines().count() <= 20, "{told}");
        let told = release_to_azure(&result, &Place::default(), std::path::Path::new("summary.md"));
        assert!(told.lines().all(|line| line.matches("##vso[").count() == 1), "{told}");
    }
}
