//! The page of every shape of release: whole, small, and harmless.

use super::super::fixture;
use super::*;
use crate::report::html::whole::{assert_whole, keep};

/// What links may point to.
const IDS: [&str; 8] = ["verdict", "gates", "items", "ownership", "environment", "command", "definitions", "started"];

fn page(result: &ReleaseResult) -> String {
    render(result).unwrap()
}

/// Every shape that the page must bear, by name.
fn all_kinds() -> Vec<(&'static str, ReleaseResult)> {
    let more = [("many", fixture::many()), ("hostile", fixture::hostile()), ("huge", fixture::huge())];
    fixture::small().into_iter().chain(more).collect()
}

#[test]
fn every_kind_of_release_has_a_whole_page_under_the_limit() {
    for (kind, result) in all_kinds() {
        let page = page(&result);
        assert_whole(kind, &page, IDS);
        keep(&format!("release-{kind}"), &page);
    }
}

#[test]
fn a_no_go_is_laid_out_as_before() {
    let page = page(&fixture::no_go());
    let (_, body) = page.split_once("</style>").unwrap();
    insta::assert_snapshot!(body.split_once("<script").unwrap().0);
}

#[test]
fn what_does_not_hold_is_open_and_linked_from_the_top() {
    let page = page(&fixture::no_go());
    for id in ["coverage", "audit", "e2e", "uat"] {
        assert!(page.contains(&format!("<a href=\"#item-{id}\">")), "{id}");
        let details = page.split(&format!("id=\"item-{id}\"")).nth(1).unwrap();
        assert!(details.starts_with(" open>"), "{id}");
    }
    assert!(page.split("id=\"item-typecheck\"").nth(1).unwrap().starts_with('>'));
    assert!(!self::page(&fixture::go()).contains("id=\"why\""));
}

#[test]
fn what_does_not_hold_is_kept_of_very_many() {
    let page = page(&fixture::many());
    assert!(page.contains("the last one") && page.contains("more items are in result.json"));
}

#[test]
fn every_link_and_heading_has_a_text() {
    let page = page(&fixture::hostile());
    for tag in ["<a href", "<h1", "<h2", "<h3", "<th ", "<summary"] {
        let close = format!("</{}>", tag[1..].split(' ').next().unwrap());
        let parts = page.split(tag).skip(1).filter_map(|rest| rest.split_once('>')?.1.split(close.as_str()).next());
        let texts: Vec<String> =
            parts.map(|part| part.split('<').map(|p| p.rsplit('>').next().unwrap()).collect()).collect();
        assert!(!texts.is_empty() && texts.iter().all(|text: &String| !text.trim().is_empty()), "{tag}: {texts:?}");
    }
}

#[test]
fn what_comes_from_outside_stays_text() {
    for (kind, result) in all_kinds() {
        let page = page(&result);
        assert_eq!(page.matches("<script").count(), 1, "{kind}: the page's own alone");
        for c in ['\u{0}', '\u{1b}', '\u{202E}', '\u{2066}'] {
            assert!(!page.contains(c), "{kind}: {c:?}");
        }
    }
}
