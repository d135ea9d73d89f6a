//! `[data.NAME]`: rows of CSV and JSON files, and which journey or user gets which.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::Value as Variable;

use super::stream::Stream;
use crate::feed::{Exhausted, FeedError, Feeder, Order, Table};
use crate::load::Load;
use crate::scenario::{DataSection, Spanned, beside};
use crate::units::{UnitError, format_count};
use crate::values::Seat;
use crate::values::{Resolver, choice};

/// The largest file that is read into memory.
const LARGEST_FILE: u64 = 256 << 20;

/// One source of rows.
#[derive(Debug, Clone)]
pub struct Data {
    /// What templates call it.
    pub name: String,
    feeder: Feeder,
    per: Per,
    seed: u64,
}

/// Who gets a row of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Per {
    Journey,
    User,
}

impl Data {
    /// How many journeys, or users, there are rows for; none if rows never run out.
    pub fn rows_end_after(&self) -> Option<u64> {
        self.feeder.limit()
    }

    /// The row of the journey `seat` by column; none when they have run out.
    pub fn row(&self, seat: Seat) -> Option<Variable> {
        let number = match self.per {
            Per::Journey => seat.arrival,
            Per::User => seat.user,
        };
        let row = self.feeder.row(number, self.seed)?;
        let columns = self.feeder.table().columns().iter().map(String::as_str);
        let fields: BTreeMap<&str, Variable> =
            columns.zip(row.iter().map(|value| Variable::from(minijinja::value::Serde(value)))).collect();
        Some(Variable::from(fields))
    }
}

/// Reads every file and tells the templates which rows and columns there are.
pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: Option<&BTreeMap<String, Spanned<DataSection>>>,
) -> Vec<Data> {
    let mut all = Vec::new();
    for (name, section) in written.into_iter().flatten() {
        // A file that cannot be read leaves its name known, so that its templates are not blamed as well.
        let data = one(resolver, name, section);
        let columns = data.as_ref().map(|data| data.feeder.table().columns().to_vec());
        resolver.names().feeders.push((name.clone(), columns));
        all.extend(data);
    }
    all
}

/// Refuses rows that must not be used twice but would run out.
pub(super) fn check(
    resolver: &mut Resolver<'_>,
    written: Option<&BTreeMap<String, Spanned<DataSection>>>,
    data: &[Data],
    streams: &[Stream],
) {
    for data in data {
        let needed = |stream: &Stream| {
            let count = match (data.per, &stream.load) {
                (Per::User, Load::Closed(closed)) => Some(closed.users),
                (_, load) => load.journeys(),
            };
            count.map(|count| stream.numbers(count))
        };
        let needed = streams.iter().filter_map(needed).max();
        let place = written.and_then(|written| written.get(&data.name)).map(Spanned::span);
        if let (Some(rows), Some(needed), Some(place)) = (data.feeder.limit(), needed, place)
            && rows < needed
        {
            let whom = if data.per == Per::User { "users" } else { "journeys" };
            let message = format!("{} rows are too few for {} {whom}", format_count(rows), format_count(needed));
            let message = match streams.len() {
                0 | 1 => message,
                several => format!("{message}: rows are dealt in turn to the {several} loads of this file"),
            };
            resolver.mistake(
                place,
                message,
                "add rows, or let them be used again with order = \"sequential\" or exhausted = \"repeat\"",
            );
        }
    }
}

fn one(resolver: &mut Resolver<'_>, name: &str, written: &Spanned<DataSection>) -> Option<Data> {
    let section = written.get_ref();
    let Some(file) = &section.file else {
        resolver.mistake(
            written.span(),
            format!("[data.{name}] does not name its file"),
            "for example file = \"users.csv\"",
        );
        return None;
    };
    let order = section.order.as_ref().and_then(|order| resolver.parsed(order, order_of)).unwrap_or(Order::Sequential);
    let per = section.per.as_ref().and_then(|per| resolver.parsed(per, per_of)).unwrap_or(Per::Journey);
    let exhausted = section.exhausted.as_ref().and_then(|end| resolver.parsed(end, exhausted_of));
    let exhausted = exhausted.unwrap_or_else(|| order.exhausted());
    let text = resolver.known(file)?;
    if text.is_empty() {
        resolver.mistake(file.span(), "this names no file", "for example file = \"users.csv\"");
        return None;
    }
    let path = beside(resolver.source.file_at(&file.span()), &text);
    match read(&path) {
        Ok(table) => Some(Data { name: name.to_owned(), feeder: Feeder::new(table, order, exhausted), per, seed: 0 }),
        Err((message, hint)) => {
            resolver.mistake(file.span(), message, hint);
            None
        }
    }
}

impl Data {
    /// The same rows, handed out as `seed` says.
    pub(super) fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }
}

/// The table in the file, or what is wrong and what to do.
fn read(path: &Path) -> Result<Table, (String, String)> {
    let shown = path.display();
    let size = std::fs::metadata(path).map(|metadata| metadata.len());
    let unreadable = |error: std::io::Error| {
        (
            format!("cannot read {shown}: {error}"),
            "the path is relative to the scenario file that it stands in".to_owned(),
        )
    };
    if size.map_err(unreadable)? > LARGEST_FILE {
        return Err((
            format!("{shown} is larger than 256 MiB"),
            "split it, or leave out what no journey needs".to_owned(),
        ));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let table = match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Table::from_csv(&bytes),
        Some("json") => Table::from_json(&bytes),
        _ => {
            return Err((
                format!("{shown} is neither .csv nor .json"),
                "data files are CSV with a header, or JSON lists".to_owned(),
            ));
        }
    };
    table.map_err(|FeedError { message, line, hint, .. }| {
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        (format!("{shown}{place}: {message}"), hint)
    })
}

fn order_of(text: &str) -> Result<Order, UnitError> {
    let choices = [
        ("sequential", Order::Sequential),
        ("random", Order::Random),
        ("shuffled", Order::Shuffled),
        ("unique", Order::Unique),
    ];
    choice(text, &choices)
}

fn per_of(text: &str) -> Result<Per, UnitError> {
    choice(text, &[("journey", Per::Journey), ("user", Per::User)])
}

fn exhausted_of(text: &str) -> Result<Exhausted, UnitError> {
    choice(text, &[("stop", Exhausted::StopJourneys), ("repeat", Exhausted::Repeat)])
}
