//! The rate over time as straight segments, and its integral both ways.
//!
//! With Λ(t) the arrivals expected until t, arrival k of an even schedule is due at Λ⁻¹(k), and a Poisson process of
//! rate λ(t) is a unit-rate one with its times passed through Λ⁻¹ (time change; Çınlar, Introduction to Stochastic
//! Processes, 1975, section 4.7).

use std::time::Duration;

/// A stretch of time in which the rate goes straight from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// How long it takes.
    pub over: Duration,
    /// Arrivals per second at its start.
    pub from_per_s: f64,
    /// Arrivals per second at its end.
    pub to_per_s: f64,
}

/// The planned rate over time.
#[derive(Debug, Clone, PartialEq)]
pub struct RateProfile {
    segments: Vec<Segment>,
}

impl RateProfile {
    /// The rate as `segments`, one after the other.
    pub fn new(segments: Vec<Segment>) -> Self {
        Self { segments }
    }

    /// The same rate for `duration`.
    pub fn constant(per_s: f64, duration: Duration) -> Self {
        Self::new(vec![Segment { over: duration, from_per_s: per_s, to_per_s: per_s }])
    }

    /// A climb from zero over `ramp_up`, then the same rate; `duration` is the whole.
    pub fn with_ramp_up(per_s: f64, duration: Duration, ramp_up: Duration) -> Self {
        let climb = Segment { over: ramp_up, from_per_s: 0.0, to_per_s: per_s };
        let rest = Segment { over: duration.saturating_sub(ramp_up), from_per_s: per_s, to_per_s: per_s };
        Self::new(vec![climb, rest])
    }

    /// The segments, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How long arrivals are due.
    pub fn duration(&self) -> Duration {
        self.segments.iter().map(|segment| segment.over).sum()
    }

    /// Whether the rate is the same from the start to the end.
    pub fn is_constant(&self) -> bool {
        let mut taking_time = self.segments.iter().filter(|segment| !segment.over.is_zero());
        taking_time.all(|segment| segment.from_per_s == segment.to_per_s && segment.to_per_s == self.peak_per_s())
    }

    /// The highest rate, per second.
    pub fn peak_per_s(&self) -> f64 {
        self.segments.iter().flat_map(|segment| [segment.from_per_s, segment.to_per_s]).fold(0.0, f64::max)
    }

    /// Λ(end): the arrivals expected in all.
    pub fn expected(&self) -> f64 {
        self.segments.iter().map(Segment::area).sum()
    }

    /// Λ(t): the arrivals expected until `time`.
    pub fn expected_until(&self, time: Duration) -> f64 {
        let mut left = time.as_secs_f64();
        let mut area = 0.0;
        for segment in &self.segments {
            let over = segment.over.as_secs_f64();
            if left >= over {
                area += segment.area();
                left -= over;
            } else {
                return area + segment.area_until(left);
            }
        }
        area
    }

    /// Λ⁻¹(area): when as many arrivals as `area` are expected; none where the profile ends before.
    pub fn time_of(&self, area: f64) -> Option<Duration> {
        let mut cursor = Cursor::default();
        cursor.time_of(self, area)
    }
}

impl Segment {
    fn area(&self) -> f64 {
        self.over.as_secs_f64() * (self.from_per_s + self.to_per_s) / 2.0
    }

    fn area_until(&self, t: f64) -> f64 {
        let slope = (self.to_per_s - self.from_per_s) / self.over.as_secs_f64();
        self.from_per_s * t + slope * t * t / 2.0
    }

    /// The seconds into the segment at which `area` has been reached.
    fn seconds_of(&self, area: f64) -> f64 {
        let slope = (self.to_per_s - self.from_per_s) / self.over.as_secs_f64();
        let root = (self.from_per_s * self.from_per_s + 2.0 * slope * area).max(0.0).sqrt();
        // The form of the quadratic's solution that stays exact for a slope of zero and for a rate that falls to zero.
        let seconds = if area <= 0.0 { 0.0 } else { 2.0 * area / (self.from_per_s + root) };
        seconds.min(self.over.as_secs_f64())
    }
}

/// A place in a profile, for reading Λ⁻¹ at growing areas without starting over.
#[derive(Debug, Clone, Default)]
pub(super) struct Cursor {
    segment: usize,
    area_before: f64,
    time_before: Duration,
}

impl Cursor {
    /// [`RateProfile::time_of`] for an `area` not below the last one asked for.
    pub(super) fn time_of(&mut self, profile: &RateProfile, area: f64) -> Option<Duration> {
        while let Some(segment) = profile.segments.get(self.segment) {
            // The end is excluded: an arrival at the very end of the load is not part of it.
            let within = area - self.area_before;
            if within < segment.area() * (1.0 - 1e-12) {
                return Some(self.time_before + Duration::from_secs_f64(segment.seconds_of(within)));
            }
            self.area_before += segment.area();
            self.time_before += segment.over;
            self.segment += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_constant_rate_spaces_arrivals_evenly() {
        let profile = RateProfile::constant(4.0, SECOND);
        assert_eq!(profile.time_of(0.0), Some(Duration::ZERO));
        assert_eq!(profile.time_of(1.0), Some(Duration::from_millis(250)));
        assert_eq!(profile.time_of(4.0), None);
    }

    #[test]
    fn a_ramp_holds_half_of_what_its_end_rate_would() {
        let profile = RateProfile::with_ramp_up(100.0, 3 * SECOND, 2 * SECOND);
        assert!((profile.expected() - 200.0).abs() < 1e-9);
        assert_eq!(profile.duration(), 3 * SECOND);
        let first = profile.time_of(1.0).unwrap().as_secs_f64();
        assert!((first - 0.2).abs() < 1e-9, "Λ(t) = 25 t², so Λ⁻¹(1) = 0.2 s, not {first}");
    }

    #[test]
    fn a_rate_that_falls_to_zero_and_a_silent_stretch_are_no_trouble() {
        let segment = |from_per_s, to_per_s| Segment { over: SECOND, from_per_s, to_per_s };
        let profile = RateProfile::new(vec![segment(10.0, 0.0), segment(0.0, 0.0), segment(0.0, 10.0)]);
        let last = profile.time_of(4.999).unwrap();
        assert!(last < SECOND, "{last:?}");
        assert!(profile.time_of(5.5).unwrap() > 2 * SECOND);
        assert_eq!(profile.time_of(10.0), None);
    }

    #[test]
    fn the_inverse_undoes_the_integral() {
        let profile = RateProfile::with_ramp_up(137.0, 10 * SECOND, 4 * SECOND);
        for area in [0.5, 100.0, 274.0, 700.25] {
            let time = profile.time_of(area).unwrap();
            assert!((profile.expected_until(time) - area).abs() < 1e-5, "{area} at {time:?}");
        }
    }
}
