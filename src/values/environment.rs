//! The variables behind `env.NAME` and `secret.NAME`; or a stand-in that knows none of their values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, Value};

/// Names and values. Debug output names them without their values, which may be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    known: Arc<BTreeMap<String, String>>,
    /// What was asked for, where every name has a value: its own.
    asked: Option<Arc<Mutex<BTreeMap<String, Asked>>>>,
}

/// How often a name was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Asked {
    /// As `env.NAME`.
    plainly: u32,
    /// Of these, so that something else could stand in its place.
    with_default: u32,
    /// As `secret.NAME`.
    as_secret: u32,
}

/// The names that a file needs values of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// Those of `env.NAME` without a default, in order.
    pub variables: Vec<String>,
    /// Those of `secret.NAME`, in order.
    pub secrets: Vec<String>,
}

impl Environment {
    /// The process's own environment; variables that are not Unicode are left out.
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os();
        pairs.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    /// The same, with `more` in front.
    pub fn with(&self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = BTreeMap::clone(&self.known);
        all.extend(more);
        Self { known: Arc::new(all), asked: self.asked.clone() }
    }

    /// One in which the value of every name is `$NAME`, for what must not depend on where it is made.
    pub fn standing_in() -> Self {
        Self { known: Arc::default(), asked: Some(Arc::default()) }
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        match &self.asked {
            None => self.known.get(name).map(|value| Cow::Borrowed(value.as_str())),
            Some(_) => Some(Cow::Owned(format!("${name}"))),
        }
    }

    /// The names that were asked for where this stands in; none of any other.
    pub fn needed(&self) -> Needed {
        let mut needed = Needed::default();
        let Some(asked) = &self.asked else { return needed };
        for (name, asked) in asked.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if asked.as_secret > 0 {
                needed.secrets.push(name.clone());
            } else if asked.plainly > asked.with_default {
                needed.variables.push(name.clone());
            }
        }
        needed
    }

    pub(super) fn is_stand_in(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether `value` is only the stand-in for one.
    pub(super) fn stands_in(&self, value: &Value) -> bool {
        let Some(asked) = &self.asked else { return false };
        let Some(name) = value.as_str().and_then(|text| text.strip_prefix('$')) else { return false };
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let found = asked.get_mut(name).filter(|asked| asked.as_secret == 0);
        found.map(|asked| asked.with_default += 1).is_some()
    }

    fn note(&self, name: &str, how: impl FnOnce(&mut Asked)) {
        if let Some(asked) = &self.asked {
            how(asked.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default());
        }
    }

    /// Notes that `name` was asked for as a secret.
    pub(super) fn note_secret(&self, name: &str) {
        self.note(name, |asked| asked.as_secret += 1);
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self { known: Arc::new(pairs.into_iter().collect()), asked: None }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

impl Object for Environment {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.note(name, |asked| asked.plainly += 1);
        self.get(name).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        // Templates ask for names; nothing lists the whole environment.
        Enumerator::NonEnumerable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_has_every_name_and_knows_which_are_needed() {
        let environment = Environment::standing_in();
        let of = |name: &str| Arc::new(environment.clone()).get_value(&Value::from(name)).unwrap();
        assert_eq!(of("HOST").as_str(), Some("$HOST"));
        assert!(environment.stands_in(&of("PORT")) && !environment.stands_in(&Value::from("$OTHER")));
        environment.note_secret("TOKEN");
        let needed = Needed { variables: vec!["HOST".to_owned()], secrets: vec!["TOKEN".to_owned()] };
        assert_eq!(environment.needed(), needed);
        assert_eq!(Environment::default().needed(), Needed::default());
    }
}
