//! Tables of a page for people: aligned, the head dimmed, no wider than the page.

use anstyle::Style;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets::NOTHING};

use crate::report::lines::COLUMNS;

/// A table and one more column on its left are as wide as the page.
const WIDEST: u16 = COLUMNS as u16 - 1;
/// The lengths that names are tried in.
const NAMES: std::ops::RangeInclusive<usize> = 8..=24;

/// An empty one.
pub(in crate::report) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    table
}

/// A table of gates: names and statements are broken so that each line fits into a narrow terminal.
pub(super) fn narrow_table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDEST);
    for (at, column) in table.column_iter_mut().enumerate() {
        if !(1..3).contains(&at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    align_right(&mut table, 3..columns.len());
    table
}

/// Figures stand below each other.
pub(in crate::report) fn align_right(table: &mut Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The table's lines, the header dimmed, others in the style that `style_of` finds.
pub(in crate::report) fn finished(table: &Table, style_of: impl Fn(&str) -> Option<Style>) -> String {
    let dimmed = Style::new().dimmed();
    let styled = table.lines().enumerate().map(|(at, line)| {
        let line = format!(" {}", line.trim_end());
        match if at == 0 { Some(dimmed) } else { style_of(&line) } {
            Some(style) => format!("{style}{line}{style:#}\n"),
            None => format!("{line}\n"),
        }
    });
    styled.collect()
}

/// What `make` gives with the longest names that leave it within the page; with the shortest if none does.
pub(in crate::report) fn fitted(make: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for longest in NAMES.rev() {
        out = make(longest);
        if fits(&out) {
            break;
        }
    }
    out
}

/// Whether no line of `text` is wider than the page.
pub(in crate::report) fn fits(text: &str) -> bool {
    let plain = anstream::adapter::strip_str(text).to_string();
    plain.lines().all(|line| line.chars().count() <= COLUMNS)
}
