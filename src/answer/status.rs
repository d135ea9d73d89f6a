//! Which statuses pass: one, a class such as `2xx`, or a list of those.

use std::fmt;

use serde_json::Value;

use super::read::{Part, ReadError};

/// Statuses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// The statuses that pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(pub Vec<StatusRange>);

impl Default for StatusSet {
    /// Any answer that is not an error.
    fn default() -> Self {
        Self(vec![StatusRange { first: 100, last: 399 }])
    }
}

impl StatusSet {
    /// Whether `status` passes.
    pub fn accepts(&self, status: u16) -> bool {
        self.0.iter().any(|range| (range.first..=range.last).contains(&status))
    }

    /// Reads `200`, `"2xx"`, or a list of those.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn read(written: &Value) -> Result<Self, ReadError> {
        let ranges = match written {
            Value::Array(items) => items.iter().map(range).collect::<Option<Vec<_>>>().filter(|list| !list.is_empty()),
            one => range(one).map(|range| vec![range]),
        };
        ranges.map(Self).ok_or_else(|| {
            ReadError::new(Part::Value, "this is not a status", "write 200, \"2xx\", or a list such as [200, 204]")
        })
    }
}

fn range(written: &Value) -> Option<StatusRange> {
    let range = match written {
        Value::Number(status) => {
            let status = u16::try_from(status.as_u64()?).ok()?;
            StatusRange { first: status, last: status }
        }
        Value::String(text) => match text.strip_suffix("xx") {
            Some(class) => {
                let first = class.parse::<u16>().ok()?.checked_mul(100)?;
                StatusRange { first, last: first.checked_add(99)? }
            }
            // What a template rendered is text.
            None => {
                let status = text.parse().ok()?;
                StatusRange { first: status, last: status }
            }
        },
        _ => return None,
    };
    (100..=599).contains(&range.first).then_some(range)
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("status ")?;
        for (at, range) in self.0.iter().enumerate() {
            f.write_str(if at > 0 { " or " } else { "" })?;
            match (range.first, range.last) {
                (first, last) if first == last => write!(f, "{first}")?,
                (100, 399) => f.write_str("below 400")?,
                (first, _) => write!(f, "{}xx", first / 100)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_status_a_class_and_lists_are_read() {
        let read = |written| StatusSet::read(&written).unwrap();
        assert!(read(json!(200)).accepts(200) && !read(json!(200)).accepts(201));
        assert!(read(json!("2xx")).accepts(299) && !read(json!("2xx")).accepts(300));
        assert_eq!(read(json!([401, "5xx"])).to_string(), "status 401 or 5xx");
        assert_eq!(StatusSet::default().to_string(), "status below 400");
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for written in
            [json!([]), json!(99), json!(600), json!("6xx"), json!("xx"), json!("655xx"), json!(2.5), json!(null)]
        {
            assert!(StatusSet::read(&written).is_err(), "{written}");
        }
    }
}
