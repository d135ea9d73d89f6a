//! A release for people at a terminal: a table by gate, why it is no go and how to repeat it, and the word last, where the
//! cursor stands.

use anstyle::{AnsiColor, Style};

use super::words;
use crate::release::result::{GateResult, ItemResult, ReleaseResult};
use crate::report::Detail;
use crate::report::console::{coloured, mark_of, shortened, style_of};
use crate::report::inert::cut;
use crate::report::lines::{COLUMNS, broken_within, labelled, warning};
use crate::units::format_count;
use crate::verdict::{Ending, Status, Verdict};

/// More items are left to the page, those first that hold.
const MOST_ITEMS: usize = 120;
/// Of more the reasons are left to the page.
const MOST_REASONS: usize = 12;
const MOST_SENTENCES: usize = 4;
const LONGEST_REASON: usize = 600;
const LONGEST_OBSERVED: usize = 110;
const LONGEST_TITLE: usize = 34;
/// The column of words for a status, with the blanks around it.
const MARKS: usize = 11;
/// The column of times.
const TIMES: usize = 9;

/// The release as text, with ANSI colours.
pub fn render(result: &ReleaseResult, detail: Detail) -> String {
    let mut out = String::new();
    if detail == Detail::Full {
        out.push_str(&head(result));
        out.push_str(&table(result));
        let taken_over = words::taken_over(result);
        if !taken_over.is_empty() {
            let runs = format!("from {}", taken_over.join(", "));
            out.push_str(&format!("\n{}", labelled("taken over", &cut(&runs, LONGEST_REASON))));
        }
        let warnings: String = result.warnings.iter().take(MOST_REASONS).map(|text| warning(text)).collect();
        if !warnings.is_empty() {
            out.push('\n');
            out.push_str(&warnings);
        }
    }
    out.push_str(&reasons(result));
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&verdict(result));
    // What is empty leaves nothing behind, not even the space before it.
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn head(result: &ReleaseResult) -> String {
    let mut out = labelled("release", &cut(&result.name, LONGEST_REASON));
    if let Some(commit) = &result.commit {
        out.push_str(&labelled("commit", &cut(&words::commit(commit), LONGEST_REASON)));
    }
    if !result.asked_for.is_empty() {
        out.push_str(&labelled("asked for", &cut(&result.asked_for, LONGEST_REASON)));
    }
    out
}

/// One table by gate.
fn table(result: &ReleaseResult) -> String {
    let all = words::items(result).count();
    let mut left_out = all.saturating_sub(MOST_ITEMS);
    let more = left_out;
    let widest = words::items(result).map(|item| item.title.chars().count()).max().unwrap_or(0).clamp(1, LONGEST_TITLE);
    let mut out = String::new();
    let mut shown = 0;
    for gate in &result.gates {
        // Of many those that hold are left out first, then those at the end.
        let is_kept = |item: &&ItemResult| match item.status {
            Status::Pass if left_out > 0 => {
                left_out -= 1;
                false
            }
            _ => true,
        };
        let kept: Vec<&ItemResult> = gate.items.iter().filter(is_kept).collect();
        let kept: Vec<&ItemResult> = kept.into_iter().take(MOST_ITEMS.saturating_sub(shown)).collect();
        if kept.is_empty() {
            continue;
        }
        shown += kept.len();
        out.push_str(&heading(gate));
        kept.iter().for_each(|item| out.push_str(&row(item, widest)));
    }
    if more > 0 {
        out.push_str(&format!("\n  and {} more items: see report.html\n", format_count((all - shown) as u64)));
    }
    out
}

fn heading(gate: &GateResult) -> String {
    let name = if gate.title == gate.id { gate.id.clone() } else { format!("{}  {}", gate.id, gate.title) };
    let dimmed = Style::new().dimmed();
    let word = match gate.verdict {
        Some(Verdict::Pass) => ("pass", style_of(Status::Pass, false)),
        Some(Verdict::Fail) => ("FAIL", style_of(Status::Fail, false)),
        Some(Verdict::Inconclusive) => ("inconclusive", style_of(Status::NoData, false)),
        None => ("not asked for", dimmed),
    };
    let room = COLUMNS - 2 - 2 - word.0.len();
    let name = shortened(&name, room);
    let gap = " ".repeat(COLUMNS - 2 - name.chars().count() - word.0.len());
    let bold = Style::new().bold();
    format!("\n  {bold}{name}{bold:#}{gap}{}{}{:#}\n", word.1, word.0, word.1)
}

fn row(item: &ItemResult, widest: usize) -> String {
    let style = style_of(item.status, item.warn);
    let mark = mark_of(item.status, item.warn);
    let indent = MARKS + widest + 2;
    let title = broken_within(&cut(&item.title, LONGEST_OBSERVED), 0, widest);
    let observed = broken_within(&cut(&words::observed(item), LONGEST_OBSERVED), 0, COLUMNS - TIMES - indent);
    let time = words::took(item);
    let (mut titles, mut seen) = (title.lines(), observed.lines());
    let room = COLUMNS - TIMES - indent;
    let (first, beside) = (titles.next().unwrap_or_default(), seen.next().unwrap_or_default());
    let line = format!("{first:<widest$}  {beside:<room$}{time:>TIMES$}");
    let mut out = format!("  {style}{mark:<width$}{style:#}{}\n", line.trim_end(), width = MARKS - 2);
    loop {
        let (title, beside) = (titles.next(), seen.next());
        if title.is_none() && beside.is_none() {
            return out;
        }
        let line = format!("{:MARKS$}{:<widest$}  {}", "", title.unwrap_or_default(), beside.unwrap_or_default());
        out.push_str(&format!("{}\n", line.trim_end()));
    }
}

/// Why it is no go, and for each item the command that repeats it.
fn reasons(result: &ReleaseResult) -> String {
    let mut out = String::new();
    let red = words::red(result);
    for item in red.iter().take(MOST_REASONS) {
        let style = style_of(item.status, item.warn);
        let title = shortened(&item.title, COLUMNS - MARKS);
        out.push_str(&format!(
            "\n  {style}{:<width$}{style:#}{title}\n",
            mark_of(item.status, item.warn),
            width = MARKS - 2
        ));
        let indented = |text: &str, deeper: usize| {
            let indent = MARKS + deeper;
            format!("{}{}\n", " ".repeat(MARKS), broken_within(text, indent, COLUMNS))
        };
        item.reasons
            .iter()
            .take(MOST_SENTENCES)
            .for_each(|reason| out.push_str(&indented(&cut(reason, LONGEST_REASON), 0)));
        words::notes(item)
            .iter()
            .for_each(|note| out.push_str(&indented(&format!("- {}", cut(note, LONGEST_REASON)), 2)));
        if !item.repeat.is_empty() {
            let dimmed = Style::new().dimmed();
            out.push_str(&format!("{dimmed}{}{dimmed:#}", indented(&cut(&item.repeat, LONGEST_REASON), 2)));
        }
    }
    if red.len() > MOST_REASONS {
        let more = format_count((red.len() - MOST_REASONS) as u64);
        out.push_str(&format!("\n  and {more} more items that do not hold: see report.html\n"));
    }
    if red.is_empty() && !result.go {
        let sentences = result.reasons.iter().take(MOST_REASONS);
        let sentences: String = sentences
            .map(|reason| format!("  {}\n", broken_within(&cut(reason, LONGEST_REASON), 4, COLUMNS)))
            .collect();
        if !sentences.is_empty() {
            out.push_str(&format!("\n{sentences}"));
        }
    }
    out
}

fn verdict(result: &ReleaseResult) -> String {
    let style = match (result.go, result.verdict) {
        (true, _) | (false, Verdict::Pass) => coloured(AnsiColor::Green),
        (false, Verdict::Fail) => coloured(AnsiColor::Red),
        (false, Verdict::Inconclusive) => coloured(AnsiColor::Yellow),
    };
    let style = style.bold();
    let word = words::word(result);
    let partial = if result.ending == Ending::Completed { "" } else { ", partial" };
    let exit = format!("(exit {}{partial})", result.exit_code);
    let room = COLUMNS - word.len() - exit.len() - 3;
    let stands_on = broken_within(&words::stands_on(result), 4, COLUMNS);
    format!("{style}{word}{style:#}  {} {exit}\n  {stands_on}\n", shortened(&result.name, room))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn releases_of_every_kind_look_as_before_and_fit_80_columns() {
        for (name, result) in fixture::small() {
            let text = plain(&render(&result, Detail::Full));
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > COLUMNS).collect();
            assert!(wide.is_empty(), "{wide:#?}");
            insta::assert_snapshot!(format!("console_{name}"), text);
        }
    }

    #[test]
    fn no_line_ends_with_a_space() {
        for result in fixture::small().map(|(_, result)| result).into_iter().chain([fixture::hostile()]) {
            for detail in [Detail::Full, Detail::Quiet] {
                let text = plain(&render(&result, detail));
                let lines: Vec<&str> = text.lines().filter(|line| line.trim_end() != *line).collect();
                assert!(lines.is_empty(), "{lines:?}");
            }
        }
    }

    #[test]
    fn notes_of_what_does_not_hold_stand_below_its_reasons() {
        let mut result = fixture::no_go();
        result.gates[0].items[1].evidence[0].notes = vec!["src/api.ts: 0%".into(), "\u{1b}[2Jsrc/b.ts: 1%".into()];
        let text = plain(&render(&result, Detail::Quiet));
        let wanted =
            "wanted lines >= 65%, observed 0.94%\n           - src/api.ts: 0%\n           - \u{FFFD}[2Jsrc/b.ts: 1%\n";
        assert!(text.contains(wanted), "{text}");
        // A pass has nothing to explain.
        assert!(!plain(&render(&fixture::go(), Detail::Full)).contains("GHSA"));
    }

    #[test]
    fn runs_that_items_were_taken_over_from_are_named_once_below_the_table() {
        let mut result = fixture::go();
        all_of(&mut result).for_each(|item| item.reused_from = Some("20261122t021751z-9855096d".into()));
        let text = plain(&render(&result, Detail::Full));
        assert_eq!(text.matches("20261122t021751z-9855096d").count(), 1, "{text}");
        assert!(text.contains("  exit 0, taken over "), "{text}");
    }

    fn all_of(result: &mut ReleaseResult) -> impl Iterator<Item = &mut ItemResult> {
        result.gates.iter_mut().flat_map(|gate| &mut gate.items)
    }

    #[test]
    fn the_word_and_the_exit_code_stand_in_one_line_at_the_end() {
        for (result, wanted) in
            [(fixture::go(), "GO  MediaNest staging (exit 0)"), (fixture::no_go(), "NO-GO  MediaNest staging (exit 4)")]
        {
            for detail in [Detail::Full, Detail::Quiet] {
                let text = plain(&render(&result, detail));
                assert!(text.lines().rev().take(3).any(|line| line == wanted), "{text}");
            }
        }
        assert!(!plain(&render(&fixture::go(), Detail::Quiet)).contains("Type check"));
    }

    #[test]
    fn every_item_that_does_not_hold_comes_with_its_command() {
        let text = plain(&render(&fixture::no_go(), Detail::Quiet));
        for item in words::red(&fixture::no_go()) {
            assert!(text.contains(&item.repeat), "{text}");
        }
    }

    #[test]
    fn many_items_are_counted_and_what_does_not_hold_is_shown() {
        let text = plain(&render(&fixture::many(), Detail::Full));
        assert!(text.contains(" more items: see report.html"), "{text}");
        assert!(text.lines().count() < 400, "{}", text.lines().count());
        assert!(text.contains("the last one"), "{text}");
    }
}
