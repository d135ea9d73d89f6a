//! A figure with what chance leaves open about it: from replicates, and from runs that differ.
//!
//! Bounds are the wider of two: Student's t on the replicates' spread, and the replicates' own percentiles. The first is
//! right about few stretches, the second about figures that jump, such as a percentile at the foot of a slow stretch.

use super::resample::Resamples;
use crate::stats::{normal_above, t_above, t_beyond};

/// A figure, and how far it may be from the true one.
#[derive(Debug, Clone)]
pub(super) struct Estimate {
    /// The figure itself.
    pub(super) point: f64,
    /// Its standard error.
    pub(super) error: f64,
    /// How much is known about the standard error.
    pub(super) df: f64,
    /// How many stretches were drawn from.
    stretches: f64,
    /// What it is in each replicate, in order; empty if only the standard error is known.
    replicates: Vec<f64>,
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// The figure itself.
    pub(super) point: f64,
    /// The variance and the degrees of freedom of its parts: within runs, and between them.
    parts: [(f64, f64); 2],
    /// The stretches that have anything.
    stretches: usize,
    /// What it is in each replicate of runs and stretches.
    replicates: Vec<Option<f64>>,
}

impl Side {
    /// The figure that `of` finds for weights, with its chance; `stretches` have anything of it.
    pub(super) fn of(resamples: &Resamples, stretches: usize, of: impl Fn(&[u32]) -> Option<f64>) -> Option<Self> {
        let point = of(&resamples.all())?;
        let runs = resamples.runs.len();
        let free = (stretches as f64 - runs as f64).max(1.0);
        // Drawing from few stretches shows less than they vary: the usual n / (n − 1).
        let drawn: Vec<Option<f64>> = resamples.within.iter().map(|weights| of(weights)).collect();
        let within = variance(drawn.iter().flatten().copied()) * (stretches as f64 / free);
        let each: Vec<f64> = (0..runs).filter_map(|run| of(&resamples.only(run))).collect();
        let between = match each.len() {
            0 | 1 => 0.0,
            count => (variance(each.into_iter()) / count as f64 - within).max(0.0),
        };
        let parts = [(within, free), (between, (runs as f64 - 1.0).max(1.0))];
        let replicates = match runs {
            1 => drawn,
            _ => resamples.of_runs.iter().map(|weights| of(weights)).collect(),
        };
        Some(Self { point, parts, stretches, replicates })
    }

    /// A figure that is known exactly, as far as anybody told.
    pub(super) fn exact(point: f64) -> Self {
        Self { point, parts: [(0.0, 1.0); 2], stretches: usize::MAX, replicates: Vec::new() }
    }
}

impl Estimate {
    /// `join` of the figures of two sides, whose own errors reach it `slopes` times.
    pub(super) fn joined(base: &Side, new: &Side, slopes: [f64; 2], join: impl Fn(f64, f64) -> f64) -> Self {
        let scaled = |side: &Side, slope: f64| side.parts.map(|(variance, df)| (variance * slope * slope, df));
        let parts: Vec<(f64, f64)> = scaled(base, slopes[0]).into_iter().chain(scaled(new, slopes[1])).collect();
        let sum: f64 = parts.iter().map(|(variance, _)| variance).sum();
        // Satterthwaite, 1946.
        let df = match sum > 0.0 {
            true => sum * sum / parts.iter().map(|(variance, df)| variance * variance / df).sum::<f64>(),
            false => 1e4,
        };
        let count = base.replicates.len().max(new.replicates.len());
        let at = |side: &Side, number: usize| match side.replicates.is_empty() {
            true => Some(side.point),
            false => side.replicates.get(number).copied().flatten(),
        };
        let mut replicates: Vec<f64> =
            (0..count).filter_map(|number| Some(join(at(base, number)?, at(new, number)?))).collect();
        replicates.retain(|value| value.is_finite());
        replicates.sort_unstable_by(f64::total_cmp);
        let stretches = base.stretches.min(new.stretches) as f64;
        Self { point: join(base.point, new.point), error: sum.sqrt(), df: df.min(1e4), stretches, replicates }
    }

    /// The same with at least this standard error.
    pub(super) fn with_least_error(self, error: f64) -> Self {
        Self { error: self.error.max(error), ..self }
    }

    /// The same figure less `shift`.
    pub(super) fn less(mut self, shift: f64) -> Self {
        self.point -= shift;
        self.replicates.iter_mut().for_each(|value| *value -= shift);
        self
    }

    /// The figure with its sign turned.
    pub(super) fn negated(mut self) -> Self {
        self.point = -self.point;
        self.replicates.reverse();
        self.replicates.iter_mut().for_each(|value| *value = -*value);
        self
    }

    /// Below this lies the true figure with a chance of `share` at the most.
    pub(super) fn low(&self, share: f64) -> f64 {
        let t = t_beyond(share, self.df);
        let by_spread = self.point - self.error * t;
        let place = (self.tail(t) * self.replicates.len() as f64) as usize;
        self.replicates.get(place).map_or(by_spread, |by_rank| by_spread.min(*by_rank)).min(self.point)
    }

    /// Above this lies it with a chance of `share` at the most.
    pub(super) fn high(&self, share: f64) -> f64 {
        let t = t_beyond(share, self.df);
        let by_spread = self.point + self.error * t;
        let count = self.replicates.len();
        let place = count.saturating_sub(1 + (self.tail(t) * count as f64) as usize);
        self.replicates.get(place).map_or(by_spread, |by_rank| by_spread.max(*by_rank)).max(self.point)
    }

    /// How likely a figure as high as this is if the true one is zero.
    pub(super) fn chance_of_zero(&self) -> f64 {
        match self.error > 0.0 {
            true => t_above(self.point / self.error, self.df),
            false if self.point > 0.0 => 0.0,
            false => 1.0,
        }
    }

    /// How far `share` reaches on either side.
    pub(super) fn reach(&self, share: f64) -> f64 {
        self.error * t_beyond(share, self.df)
    }

    /// The share of replicates beyond a bound that lies `t` standard errors away: fewer than as many, since few stretches vary too little
    /// (Hesterberg, 2015: expanded percentiles).
    fn tail(&self, t: f64) -> f64 {
        let few = (self.stretches / (self.stretches - 1.0).max(1.0)).min(2.0);
        normal_above(t * few.sqrt())
    }
}

fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let count = values.len() as f64;
    if count < 2.0 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0)
}
