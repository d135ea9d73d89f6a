//! What every page must be, whatever it is of: looked at by the tests of each kind of page.

use super::shell::LARGEST;

/// Asserts that the `page` of `name` is whole, small enough, has each of `ids` once, and links to nothing that is not there.
#[track_caller]
pub(in crate::report) fn assert_whole<'i>(name: &str, page: &str, ids: impl IntoIterator<Item = &'i str>) {
    assert!(page.len() < LARGEST, "{name}: {} bytes", page.len());
    assert_eq!(page.matches("<h1>").count(), 1, "{name}");
    assert!(page.trim_end().ends_with("</html>"), "{name}");
    let mut there: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for id in ids {
        assert!(there.contains(&id), "{name}: there is no {id}");
    }
    let all = there.len();
    there.sort_unstable();
    there.dedup();
    assert_eq!(there.len(), all, "{name}: a name stands for two things");
    let links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    links.for_each(|link| assert!(there.contains(&link), "{name}: {link} leads nowhere"));
}

/// Leaves the `page` of `name` for those who want to look at it, and for the tests in a browser, where `MNLOAD_PAGES` says.
pub(in crate::report) fn keep(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("MNLOAD_PAGES") {
        let file = format!("{}.html", name.replace(' ', "-"));
        std::fs::write(std::path::Path::new(&folder).join(file), page).unwrap();
    }
}
