//! How many of something there will be, as far as a plan alone can say.

/// A number with what makes it uncertain. Where chance is at work (weights, `probability`, random arrivals too many to
/// count), all of them are means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// If no condition holds and nothing is tried again.
    pub least: f64,
    /// If every condition holds and nothing is tried again; none where the target decides.
    pub planned: Option<f64>,
    /// If every condition holds and everything is tried as often as it may; none where nothing bounds it.
    pub most: Option<f64>,
    /// Chance is at work.
    pub drawn: bool,
}

impl Default for Amount {
    fn default() -> Self {
        Self::exactly(0.0)
    }
}

impl Amount {
    /// Just so many.
    pub fn exactly(count: f64) -> Self {
        Self { least: count, planned: Some(count), most: Some(count), drawn: false }
    }

    /// So many on average.
    pub fn about(count: f64) -> Self {
        Self { drawn: true, ..Self::exactly(count) }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let both = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
        Self {
            least: self.least + other.least,
            planned: both(self.planned, other.planned),
            most: both(self.most, other.most),
            drawn: self.drawn || other.drawn,
        }
    }

    /// `each` for every one of these.
    #[must_use]
    pub fn of(self, each: Self) -> Self {
        let product = |a: Option<f64>, b: Option<f64>| Some(a? * b?);
        Self {
            least: self.least * each.least,
            planned: product(self.planned, each.planned),
            most: product(self.most, each.most),
            drawn: self.drawn || each.drawn,
        }
    }

    /// Nothing makes it uncertain.
    pub fn is_exact(&self) -> bool {
        !self.drawn && self.planned == Some(self.least) && self.most == self.planned
    }
}
