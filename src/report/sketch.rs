//! The load over time as a sketch of block characters: the planned rate of an open load, the users of a closed one.

use std::time::Duration;

use super::svg::Axis;
use crate::forecast::{StreamForecast, Traffic};
use crate::load::{Closed, Load};
use crate::units::{format_count, format_rate};

/// Columns of the sketch itself.
const WIDTH: u32 = 60;
/// Its rows; each has eight steps.
const ROWS: usize = 4;
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The load over time; nothing where there is no end in time, or where it is too short to have a shape.
pub(super) fn sketch(traffic: &Traffic) -> Option<String> {
    let end = traffic.ends().filter(|end| *end >= Duration::from_secs(1))?;
    match traffic.peak_journeys_per_s() {
        Some(peak) => {
            let until = |column: u32| traffic.journeys_until(end * column / WIDTH).unwrap_or_default();
            let column_s = end.as_secs_f64() / f64::from(WIDTH);
            let rates = (0..WIDTH).map(|column| (until(column + 1) - until(column)) / column_s);
            Some(draw("journeys started per second", &rates.collect::<Vec<_>>(), peak, &format_rate(peak), end))
        }
        None => {
            let users = |column: u32| {
                let time = end * column / WIDTH + end / (2 * WIDTH);
                traffic.streams.iter().map(|stream| users_at(stream, time)).sum::<f64>()
            };
            let users: Vec<f64> = (0..WIDTH).map(users).collect();
            let most = users.iter().copied().fold(0.0, f64::max);
            Some(draw("users", &users, most, &format_count(most as u64), end))
        }
    }
}

fn users_at(stream: &StreamForecast, time: Duration) -> f64 {
    let under_way = stream.after <= time && stream.ends().is_none_or(|end| time < end);
    match &stream.load {
        Load::Closed(Closed { users, .. }) if under_way => *users as f64,
        Load::Closed(_) | Load::Open(_) | Load::Once => 0.0,
    }
}

/// `values` between zero and `top`, with the name of `top` and times below.
fn draw(title: &str, values: &[f64], top: f64, top_name: &str, end: Duration) -> String {
    let margin = top_name.chars().count().max(4) + 2;
    let mut out = format!("{:margin$}   {title}\n", "");
    let steps = |value: f64| match (value / top * (ROWS * 8) as f64).round() as usize {
        // However little it is, it is not nothing.
        0 if value > 0.0 => 1,
        steps => steps,
    };
    for row in (0..ROWS).rev() {
        let (name, mark) = if row == ROWS - 1 { (top_name, '┤') } else { ("", '│') };
        let cells = values.iter().map(|value| EIGHTHS[steps(*value).saturating_sub(row * 8).min(8)]);
        out.push_str(format!("{name:>margin$} {mark}{}", cells.collect::<String>()).trim_end());
        out.push('\n');
    }
    let marks: Vec<(usize, String)> = Axis::elapsed(end.as_secs_f64())
        .marks(4)
        .map(|(share, name)| ((share * values.len() as f64).round() as usize, name))
        .collect();
    let line = (0..=values.len()).map(|column| match marks.iter().any(|(at, _)| *at == column) {
        true => '┴',
        false => '─',
    });
    out.push_str(&format!("{:>margin$} {}\n", "0", line.collect::<String>().replacen('┴', "└", 1)));
    out.push_str(&format!("{:margin$} {}\n", "", names(&marks)));
    out
}

/// The names at their places, each a space from the one before.
fn names(marks: &[(usize, String)]) -> String {
    let mut line = String::new();
    for (at, name) in marks {
        let width = line.chars().count();
        if width == 0 || *at > width {
            line.push_str(&" ".repeat(at.saturating_sub(width)));
            line.push_str(name);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::fixture::forecast;

    fn of(load: &str) -> Option<String> {
        sketch(&forecast(&format!("[load]\n{load}\n[[step]]\nget = \"/health\"\n")).traffic)
    }

    #[test]
    fn stages_are_seen_as_they_are_written() {
        let stages = "stages = [{ over = \"30s\", to = \"40/s\" }, { over = \"1m\", to = \"40/s\" }, { over = \"0s\", to = \"10/s\" }, { over = \"30s\", to = \"10/s\" }]";
        insta::assert_snapshot!(of(&format!("model = \"open\"\n{stages}")).unwrap());
    }

    #[test]
    fn a_ramp_and_then_a_steady_rate() {
        insta::assert_snapshot!(of("model = \"open\"\nrate = \"20/s\"\nduration = \"1m\"\nramp_up = \"10s\"").unwrap());
    }

    #[test]
    fn users_are_there_from_the_start_to_the_end() {
        insta::assert_snapshot!(of("model = \"closed\"\nusers = 10\nduration = \"5m\"").unwrap());
    }

    #[test]
    fn what_has_no_end_or_no_shape_is_not_drawn() {
        assert_eq!(of("model = \"once\""), None);
        assert_eq!(of("model = \"closed\"\nusers = 10\niterations = 5"), None);
        assert_eq!(of("model = \"open\"\nrate = \"20/s\"\nduration = \"500ms\""), None);
    }
}
