//! A plotters backend that writes SVG elements with classes and no colours.
//!
//! plotters counts in whole units; here a unit is a tenth of the view box's, so that curves stay smooth.

use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};

use super::ink::Ink;
use crate::report::inert::entities;

/// plotters' units per unit of the view box.
pub(super) const GRAIN: i32 = 10;
/// How far a baseline lies below the middle of a line of text, in ems.
const BELOW_MIDDLE: f64 = 0.35;
/// And below its top.
const BELOW_TOP: f64 = 0.8;

/// Writes what plotters draws into `out`.
pub(super) struct Elements<'a> {
    out: &'a mut String,
    size: (u32, u32),
    /// The class of the closed shape that was written last: another one of it joins its element.
    joins: Option<&'static str>,
}

/// What a closed shape's element ends with.
const CLOSED: &str = "z\"/>\n";

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> Elements<'a> {
    /// A drawing of `width` × `height` units of the view box.
    pub(super) fn new(out: &'a mut String, (width, height): (u32, u32)) -> Self {
        Self { out, size: (width * GRAIN as u32, height * GRAIN as u32), joins: None }
    }

    fn path(&mut self, colour: BackendColor, points: impl IntoIterator<Item = BackendCoord>, closed: bool) -> Drawn {
        let path = path_data(points);
        if colour.alpha <= 0.0 || path.is_empty() {
            return Ok(());
        }
        let class = Ink::class_of(colour.rgb);
        let end = if closed { CLOSED } else { "\"/>\n" };
        // A heatmap has thousands of cells, which need no element each.
        match closed && self.joins == Some(class) && self.out.ends_with(CLOSED) {
            true => self.out.truncate(self.out.len() + 1 - CLOSED.len()),
            // Writing into a string cannot fail, here and below.
            false => {
                let _ = write!(self.out, r#"<path class="{class}" d=""#);
            }
        }
        self.out.push_str(&path);
        self.out.push_str(end);
        self.joins = closed.then_some(class);
        Ok(())
    }
}

impl DrawingBackend for Elements<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, colour: BackendColor) -> Drawn {
        self.path(colour, [point, point], false)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.path(style.color(), [from, to], false)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, _fill: bool) -> Drawn {
        self.path(style.color(), [from, (to.0, from.1), to, (from.0, to.1)], true)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(style.color(), path, false)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(style.color(), path, true)
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        let class = Ink::class_of(style.color().rgb);
        let (x, y, r) = (units(at.0), units(at.1), units(radius as i32));
        let _ = writeln!(self.out, r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"/>"#);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let class = Ink::class_of(style.color().rgb);
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => r#" text-anchor="middle""#,
            HPos::Right => r#" text-anchor="end""#,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => BELOW_TOP,
            VPos::Center => BELOW_MIDDLE,
            VPos::Bottom => 0.0,
        };
        let (x, y) = (units(at.0), units(at.1 + (down * style.size()).round() as i32));
        let _ = writeln!(self.out, r#"<text class="{class}" x="{x}" y="{y}"{anchor}>{}</text>"#, escaped(text));
        Ok(())
    }
}

/// `M` and then lines relative to the point before, which is about half as long as absolute ones.
fn path_data(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let mut data = String::new();
    let mut last: Option<BackendCoord> = None;
    for point in points {
        let _ = match last {
            None => write!(data, "M{} {}", units(point.0), units(point.1)),
            Some(from) if from.1 == point.1 => write!(data, "h{}", units(point.0 - from.0)),
            Some(from) if from.0 == point.0 => write!(data, "v{}", units(point.1 - from.1)),
            Some(from) => write!(data, "l{} {}", units(point.0 - from.0), units(point.1 - from.1)),
        };
        last = Some(point);
    }
    data
}

/// Units of the view box.
fn units(grains: i32) -> f64 {
    f64::from(grains) / f64::from(GRAIN)
}

/// Text as it may stand in an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    entities(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_relative_and_in_tenths() {
        assert_eq!(path_data([(10, 20), (15, 20), (15, 31), (20, 30)]), "M1 2h0.5v1.1l0.5 -0.1");
        assert_eq!(path_data([]), "");
    }

    #[test]
    fn cells_of_one_ink_share_an_element() {
        let mut out = String::new();
        let mut elements = Elements::new(&mut out, (10, 10));
        let mut cell = |x: i32, ink: Ink| elements.draw_rect((x, 0), (x + 10, 10), &ink.colour(), true).unwrap();
        [(0, Ink::Heat1), (20, Ink::Heat1), (40, Ink::Heat2)].into_iter().for_each(|(x, ink)| cell(x, ink));
        let first = "<path class=\"heat1\" d=\"M0 0h1v1h-1zM2 0h1v1h-1z\"/>\n";
        assert_eq!(out, format!("{first}<path class=\"heat2\" d=\"M4 0h1v1h-1z\"/>\n"));
    }

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(escaped(r#"</text><script a="b">&"#), "&lt;/text&gt;&lt;script a=&quot;b&quot;&gt;&amp;");
    }
}
