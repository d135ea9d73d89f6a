//! The heatmap: how many response times lay where in each stretch of the run, so that what percentiles melt together
//! stays apart.

use std::collections::BTreeMap;

use super::{Columns, Figure, HtmlError, Swatch, Table, end_of, older};
use crate::metrics::{TimelineRow, lowest_of_band};
use crate::report::svg::{Axis, Cell, Chart, HEAT, Ink};
use crate::units::{format_count, format_us_f64};

/// More bands than this are too thin to be seen, and are put together.
const MOST_BANDS: u8 = 48;
/// The table has so many columns of times at the most.
const MOST_IN_TABLE: u8 = 8;

/// Requests by column and by the lowest band of a cell.
type Counts = BTreeMap<(u64, u8), u64>;

/// The chart of `rows`.
pub(super) fn figure(rows: &[&TimelineRow]) -> Result<Figure, HtmlError> {
    let columns = Columns::of(rows);
    let figure = Figure::new(
        "heatmap",
        "Where response times lay",
        format!(
            "Each box holds the requests of one {} whose response time lay within its height; the darker it is \
             (the brighter on a dark page), the more of them. Two separate bands are two kinds of answers, which \
             no percentile shows.{}",
            columns.words(),
            older(rows)
        ),
        "There are no response times by the second, so there is no heatmap to draw.",
    );
    let seen = bands(rows);
    let (Some(lowest), Some(highest)) =
        (seen.clone().map(|(_, band, _)| band).min(), seen.map(|(_, band, _)| band).max())
    else {
        return Ok(figure);
    };
    let height = (highest - lowest) / MOST_BANDS + 1;
    let counts = counted(rows, columns, lowest, height);
    let levels = Levels::of(counts.values().copied().max().unwrap_or(1));
    let end = end_of(rows);
    let y = Axis::factors(lowest_of_band(lowest), lowest_of_band(highest.saturating_add(height)));
    let mut cells: Vec<Cell> =
        counts.iter().map(|(at, count)| cell(*at, levels.ink(*count), columns, height, end)).collect();
    // Cells of one ink share an element if they follow each other.
    cells.sort_by_key(|cell| cell.ink as u8);
    let chart = Chart {
        id: figure.id,
        title: "Response times over time: how many requests lay where".to_owned(),
        description: format!(
            "Times lay between {} and {}; the fullest box holds {} requests. The data follows as a table.",
            format_us_f64(lowest_of_band(lowest)),
            format_us_f64(lowest_of_band(highest.saturating_add(1))),
            format_count(levels.most)
        ),
        y_name: "response time (log scale)".to_owned(),
        x: Axis::elapsed(end),
        y,
        areas: Vec::new(),
        cells,
        lines: Vec::new(),
        bounds: Vec::new(),
        lanes: Vec::new(),
        marks: Vec::new(),
        dots: Vec::new(),
    };
    let table = table(rows, columns, lowest, highest);
    figure.drawn_with(&chart, table, levels.legend())
}

/// Every band of every row: when, which, how many.
fn bands<'a>(rows: &'a [&TimelineRow]) -> impl Iterator<Item = (u64, u8, u64)> + Clone + 'a {
    let details = rows.iter().filter_map(|row| Some((row.second, row.detail.as_deref()?)));
    details.flat_map(|(second, detail)| detail.bands.iter().map(move |(band, count)| (second, *band, *count)))
}

/// Requests by column and by cells of so many bands.
fn counted(rows: &[&TimelineRow], columns: Columns, lowest: u8, height: u8) -> Counts {
    let mut counts = Counts::new();
    for (second, band, count) in bands(rows).filter(|(.., count)| *count > 0) {
        let cell = lowest + (band - lowest) / height * height;
        *counts.entry((columns.of_second(second), cell)).or_default() += count;
    }
    counts
}

fn cell((column, band): (u64, u8), ink: Ink, columns: Columns, height: u8, end: f64) -> Cell {
    let y = (lowest_of_band(band), lowest_of_band(band.saturating_add(height)));
    Cell { ink, x: columns.reach(column, end), y }
}

/// Which counts have which ink: equal factors between one and the most.
#[derive(Debug)]
struct Levels {
    /// The least count of each level, with its ink.
    from: Vec<(u64, Ink)>,
    most: u64,
}

impl Levels {
    fn of(most: u64) -> Self {
        let last = HEAT.len() - 1;
        let least = |level: usize| (most as f64).powf(level as f64 / HEAT.len() as f64).ceil() as u64;
        let mut from: Vec<u64> = (0..HEAT.len()).map(least).collect();
        from.dedup();
        // Few levels take the inks that are far apart.
        let steps = (from.len() - 1).max(1);
        let inked = from.iter().enumerate().map(|(at, least)| match from.len() {
            1 => (*least, HEAT[last]),
            _ => (*least, HEAT[at * last / steps]),
        });
        Self { from: inked.collect(), most }
    }

    fn ink(&self, count: u64) -> Ink {
        self.from.iter().rev().find(|(least, _)| *least <= count).map_or(HEAT[0], |(_, ink)| *ink)
    }

    fn legend(&self) -> Vec<Swatch> {
        let ends = self.from.iter().skip(1).map(|(least, _)| least - 1).chain([self.most]);
        let swatch = |((least, ink), end): (&(u64, Ink), u64)| {
            let text = match *least == end {
                true => format_count(end),
                false => format!("{}–{}", format_count(*least), format_count(end)),
            };
            Swatch { class: ink.class(), text }
        };
        let mut legend: Vec<Swatch> = self.from.iter().zip(ends).map(swatch).collect();
        if let Some(last) = legend.last_mut() {
            last.text.push_str(" requests");
        }
        legend
    }
}

/// Requests by stretch of time, and by few stretches of response times.
fn table(rows: &[&TimelineRow], columns: Columns, lowest: u8, highest: u8) -> Table {
    let height = (highest - lowest) / MOST_IN_TABLE + 1;
    let counts = counted(rows, columns, lowest, height);
    let cells: Vec<u8> = (lowest..=highest).step_by(height.into()).collect();
    let from = |band: &u8| format!("from {}", format_us_f64(lowest_of_band(*band)));
    let mut stretches: Vec<u64> = counts.keys().map(|(column, _)| *column).collect();
    stretches.dedup();
    let row = |column: &u64| {
        let count = |band: &u8| format_count(counts.get(&(*column, *band)).copied().unwrap_or_default());
        std::iter::once((column * columns.seconds).to_string()).chain(cells.iter().map(count)).collect()
    };
    let note = format!("Requests in each {}, by response time: each column reaches to the next one.", columns.words());
    let head = std::iter::once("second".to_owned()).chain(cells.iter().map(from));
    Table::new(head, stretches.iter().map(row).collect(), note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn nothing_is_lost_in_cells_however_they_are_cut() {
        for seconds in [1, 120, 1_000] {
            let report = Fixture { seconds, ..Fixture::default() }.report();
            let rows: Vec<_> = report.timeline.overall().collect();
            let columns = Columns::of(&rows);
            let requests = report.result.times_us.response.count;
            for height in [1, 3, 60] {
                assert_eq!(
                    counted(&rows, columns, 0, height).values().sum::<u64>(),
                    requests,
                    "{seconds}s by {height}"
                );
            }
            assert!(columns.of_second(seconds - 1) < super::super::MOST_COLUMNS);
        }
    }

    #[test]
    fn levels_rise_with_the_count_and_few_counts_have_few() {
        let words = |most: u64| {
            let levels = Levels::of(most);
            let legend = levels.legend();
            legend.iter().map(|swatch| format!("{} {}", swatch.class, swatch.text)).collect::<Vec<_>>()
        };
        assert_eq!(words(1), ["heat6 1 requests"]);
        assert_eq!(words(3), ["heat1 1", "heat3 2", "heat6 3 requests"]);
        assert_eq!(words(1_000).len(), 6);
        let levels = Levels::of(1_000);
        assert!((1..1_000).all(|count| levels.ink(count) as u8 <= levels.ink(count + 1) as u8));
    }
}
