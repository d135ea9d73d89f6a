//! What is drawn in a chart, by meaning. plotters passes colours on; here a colour is only the number of an ink.

use plotters::style::RGBColor;

/// The meaning of a stroke or a text, which the page's CSS gives a colour, a width and dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Lines behind the data.
    Grid,
    /// The lines that the labels stand at.
    Axis,
    /// Text of axes.
    Label,
    /// Half of the response times.
    P50,
    /// 95 % of them.
    P95,
    /// 99 % of them.
    P99,
    /// The longest.
    Max,
    /// What a gate allows.
    Bound,
    /// From due to done.
    Response,
    /// From sent to done.
    Service,
    /// The area between the two.
    Waiting,
    /// Journeys started.
    Started,
    /// Requests that came to an end.
    Requests,
    /// Of those, the failed ones.
    Failed,
    /// Journeys that were due.
    Due,
    /// Few requests of a heatmap, and more and more.
    Heat1,
    /// More.
    Heat2,
    /// More.
    Heat3,
    /// More.
    Heat4,
    /// More.
    Heat5,
    /// The most.
    Heat6,
    /// A rate at which everything holds.
    Holds,
    /// One at which something is broken.
    Breaks,
    /// One that is too close to tell.
    Unclear,
    /// One that says something of the generator alone.
    OfGenerator,
    /// One that was not tried to its end.
    Stopped,
    /// The highest rate that holds.
    Capacity,
    /// Where more load begins to cost more than it brings.
    Knee,
    /// Where the capacity lies.
    Within,
    /// What a law says.
    Law,
}

/// The inks of a heatmap, from few to many.
pub(crate) const HEAT: [Ink; 6] = [Ink::Heat1, Ink::Heat2, Ink::Heat3, Ink::Heat4, Ink::Heat5, Ink::Heat6];

const ALL: [Ink; 30] = [
    Ink::Grid,
    Ink::Axis,
    Ink::Label,
    Ink::P50,
    Ink::P95,
    Ink::P99,
    Ink::Max,
    Ink::Bound,
    Ink::Response,
    Ink::Service,
    Ink::Waiting,
    Ink::Started,
    Ink::Requests,
    Ink::Failed,
    Ink::Due,
    Ink::Heat1,
    Ink::Heat2,
    Ink::Heat3,
    Ink::Heat4,
    Ink::Heat5,
    Ink::Heat6,
    Ink::Holds,
    Ink::Breaks,
    Ink::Unclear,
    Ink::OfGenerator,
    Ink::Stopped,
    Ink::Capacity,
    Ink::Knee,
    Ink::Within,
    Ink::Law,
];

impl Ink {
    /// The colour that stands for it inside plotters.
    pub(super) fn colour(self) -> RGBColor {
        RGBColor(0, 0, self as u8)
    }

    /// The CSS class of what plotters draws in `rgb`.
    pub(super) fn class_of(rgb: (u8, u8, u8)) -> &'static str {
        ALL.get(usize::from(rgb.2)).map_or("label", |ink| ink.class())
    }

    /// The CSS class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Axis => "axis",
            Self::Label => "label",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Bound => "bound",
            Self::Response => "response",
            Self::Service => "service",
            Self::Waiting => "waiting",
            Self::Started => "started",
            Self::Requests => "requests",
            Self::Failed => "failed",
            Self::Due => "due",
            Self::Heat1 => "heat1",
            Self::Heat2 => "heat2",
            Self::Heat3 => "heat3",
            Self::Heat4 => "heat4",
            Self::Heat5 => "heat5",
            Self::Heat6 => "heat6",
            Self::Holds => "holds",
            Self::Breaks => "breaks",
            Self::Unclear => "unclear",
            Self::OfGenerator => "generator",
            Self::Stopped => "stopped",
            Self::Capacity => "capacity",
            Self::Knee => "knee",
            Self::Within => "within",
            Self::Law => "law",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_is_found_again_by_its_colour() {
        for ink in ALL {
            let RGBColor(r, g, b) = ink.colour();
            assert_eq!(Ink::class_of((r, g, b)), ink.class());
        }
    }
}
