//! One pass over a JSON body that builds what an [`Outline`] asks for and reads over the rest.
//!
//! The rest is read by the same parser as a whole document, without building it: numbers, escapes, depth and the end of
//! the text are held to the same rules, so that a body passes here exactly if all of it is JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::outline::{Need, Node, Outline, Skimmed};

pub(super) fn skim(outline: &Outline, body: &[u8]) -> Option<Skimmed> {
    let text = std::str::from_utf8(body).ok()?;
    let mut found = Places { at: (0..outline.len()).map(|_| Place::default()).collect(), unclear: false };
    let mut parser = serde_json::Deserializer::from_str(text);
    Look { node: &outline.root, found: &mut found }.deserialize(&mut parser).ok()?;
    parser.end().ok()?;
    let values = found.at.into_iter().map(Place::into_value);
    (!found.unclear).then(|| Skimmed(values.collect()))
}

/// What was found so far.
struct Places {
    at: Vec<Place>,
    /// `[*]` met an object, whose fields have an order that only the whole document has.
    unclear: bool,
}

#[derive(Default)]
struct Place {
    values: Vec<Value>,
    /// How many of the values are from elements that are done: of two fields of one name only the last counts.
    done: usize,
}

impl Place {
    /// As a query gives it: what was found, or an array of all.
    fn into_value(mut self) -> Option<Value> {
        match self.values.len() {
            0 | 1 => self.values.pop(),
            _ => Some(Value::Array(self.values)),
        }
    }
}

impl Places {
    /// Forgets what an earlier field of the same name had at `node`.
    fn forget(&mut self, node: &Node) {
        node.ends(&mut |place| {
            let place = &mut self.at[place];
            place.values.truncate(place.done);
        });
    }

    /// What is there so far at `node` stays, whatever the next element brings.
    fn element_begins(&mut self, node: &Node) {
        node.ends(&mut |place| self.at[place].done = self.at[place].values.len());
    }

    fn elements_end(&mut self, node: &Node) {
        node.ends(&mut |place| self.at[place].done = 0);
    }

    fn put(&mut self, place: usize, value: Value) {
        self.at[place].values.push(value);
    }

    /// Takes what is asked for below `node` out of a value that was built for `node` itself.
    fn take_from(&mut self, node: &Node, value: &Value) {
        self.unclear |= node.each.is_some() && value.is_object();
        for (name, field) in &node.fields {
            if let Some(value) = value.as_object().and_then(|fields| fields.get(name)) {
                self.copy(field, value);
            }
        }
        for (at, element) in &node.elements {
            if let Some(value) = value.as_array().and_then(|items| items.get(*at)) {
                self.copy(element, value);
            }
        }
        if let (Some(each), Some(items)) = (&node.each, value.as_array()) {
            items.iter().for_each(|item| self.copy(each, item));
        }
    }

    fn copy(&mut self, node: &Node, value: &Value) {
        if let Some((place, _)) = node.end {
            self.put(place, value.clone());
        }
        self.take_from(node, value);
    }
}

/// Reads the value at `node`.
struct Look<'o, 'f> {
    node: &'o Node,
    found: &'f mut Places,
}

impl<'de> DeserializeSeed<'de> for Look<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        match self.node.end {
            Some((place, Need::Whole)) => {
                let value: Value = serde::Deserialize::deserialize(parser)?;
                self.found.take_from(self.node, &value);
                self.found.put(place, value);
                Ok(())
            }
            _ => parser.deserialize_any(self),
        }
    }
}

impl Look<'_, '_> {
    fn scalar<E>(self, value: impl Into<Value>) -> Result<(), E> {
        if let Some((place, _)) = self.node.end {
            self.found.put(place, value.into());
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Look<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        match self.node.end {
            Some(_) => self.scalar(value),
            None => Ok(()),
        }
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { node, found } = self;
        let mut count = 0;
        loop {
            let numbered = node.elements.iter().find(|(at, _)| *at == count).map(|(_, element)| element);
            let more = match (numbered, &node.each) {
                (Some(element), None) => items.next_element_seed(Look { node: element, found })?.is_some(),
                (None, Some(each)) => {
                    found.element_begins(each);
                    items.next_element_seed(Look { node: each, found })?.is_some()
                }
                (Some(element), Some(each)) => {
                    // Both look at it, so it is built once for both.
                    let value = items.next_element::<Value>()?;
                    value.iter().for_each(|value| {
                        found.copy(element, value);
                        found.copy(each, value);
                    });
                    value.is_some()
                }
                (None, None) => items.next_element_seed(Skip)?.is_some(),
            };
            if !more {
                break;
            }
            count += 1;
        }
        if let Some(each) = &node.each {
            found.elements_end(each);
        }
        if let Some((place, _)) = node.end {
            found.put(place, Value::Array(vec![Value::Null; count]));
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Self { node, found } = self;
        found.unclear |= node.each.is_some();
        let mut names = node.end.map(|_| Map::new());
        while let Some(field) = fields.next_key_seed(Name { node, names: names.as_mut() })? {
            match field {
                Some(field) => {
                    found.forget(field);
                    fields.next_value_seed(Look { node: field, found })?;
                }
                None => fields.next_value_seed(Skip)?,
            }
        }
        if let (Some((place, _)), Some(names)) = (node.end, names) {
            found.put(place, Value::Object(names));
        }
        Ok(())
    }
}

/// Reads the name of a field of `node`: gives what is looked at there, and notes the name if all are wanted.
struct Name<'o, 'n> {
    node: &'o Node,
    names: Option<&'n mut Map<String, Value>>,
}

impl<'de, 'o> DeserializeSeed<'de> for Name<'o, '_> {
    type Value = Option<&'o Node>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl<'de, 'o> Visitor<'de> for Name<'o, '_> {
    type Value = Option<&'o Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if let Some(names) = self.names {
            names.insert(name.to_owned(), Value::Null);
        }
        Ok(self.node.fields.iter().find(|(known, _)| known == name).map(|(_, field)| field))
    }
}

/// Reads over a value; unlike serde's own way to do so, it finds every mistake that building the value would find.
struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while fields.next_key_seed(Self)?.is_some() {
            fields.next_value_seed(Self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
