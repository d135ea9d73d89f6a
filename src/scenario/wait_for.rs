//! `wait_for` of `[target]`: a path as text, or a table that says more.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::value::Value;

/// What is asked before the run until it answers.
#[derive(Debug, Clone)]
pub enum WaitForSection {
    /// The path alone.
    Path(String),
    /// `{ get, status, every, deadline }`
    Table(WaitForTable),
}

/// `wait_for = { get, status, every, deadline }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitForTable {
    /// The path to GET.
    pub get: Option<Spanned<String>>,
    /// What the answer's status must be.
    pub status: Option<Spanned<Value>>,
    /// How long to wait between two requests.
    pub every: Option<Spanned<String>>,
    /// How long it may take until the answer is as wanted.
    pub deadline: Option<Spanned<String>>,
}

impl<'de> Deserialize<'de> for WaitForSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = WaitForSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path in quotes or a table")
            }

            fn visit_str<E>(self, path: &str) -> Result<WaitForSection, E> {
                Ok(WaitForSection::Path(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WaitForSection, A::Error> {
                WaitForTable::deserialize(MapAccessDeserializer::new(map)).map(WaitForSection::Table)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
