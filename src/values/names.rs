//! Which names a template may use, and where their values come from.

use std::collections::BTreeMap;

use minijinja::value::Value;

/// The names of one scenario.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// `[vars]`: known before the run.
    pub(crate) constants: BTreeMap<String, Value>,
    /// What steps extract, by name: each has a slot in every user's scope.
    pub(crate) slots: BTreeMap<String, usize>,
    /// `[data.NAME]`, in order, with their columns if the file could be read: each has a row in every journey's scope.
    pub(crate) feeders: Vec<(String, Option<Vec<String>>)>,
}

/// Names whose values are known before the run.
pub(super) const BEFORE: [&str; 3] = ["env", "secret", "vars"];
/// Names whose values are known only while a journey runs.
pub(super) const DURING: [&str; 5] = ["data", "user", "iteration", "arrival", "now"];
/// Functions; all but `pick` differ from call to call, and `pick` does too.
pub(super) const FUNCTIONS: [&str; 4] = ["uuid", "random_int", "random_string", "pick"];

impl Names {
    /// The slot of `name`, a new one if it has none.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        let next = self.slots.len();
        *self.slots.entry(name.to_owned()).or_insert(next)
    }

    /// Whether `name` means something in every scenario.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        BEFORE.contains(&name) || DURING.contains(&name) || FUNCTIONS.contains(&name)
    }

    /// Whether the value of `name` is known before the run.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        BEFORE.contains(&name) || (self.constants.contains_key(name) && !self.slots.contains_key(name))
    }

    /// Whether `name` means anything.
    pub(super) fn is_known(&self, name: &str) -> bool {
        self.is_constant(name) || self.slots.contains_key(name) || DURING.contains(&name) || FUNCTIONS.contains(&name)
    }

    /// What is wrong with `path`, such as `data.users.email`: the part that is not known, and what is.
    pub(super) fn wrong_data<'p>(&self, path: &'p str) -> Option<(&'p str, Vec<&str>)> {
        let mut parts = path.strip_prefix("data.")?.split('.');
        let name = parts.next()?;
        let Some((_, columns)) = self.feeders.iter().find(|(known, _)| known == name) else {
            return Some((name, self.feeders.iter().map(|(known, _)| known.as_str()).collect()));
        };
        let (columns, column) = (columns.as_ref()?, parts.next()?);
        (!columns.iter().any(|known| known == column)).then(|| (column, columns.iter().map(String::as_str).collect()))
    }

    /// Everything that may be written.
    pub(super) fn all(&self) -> Vec<&str> {
        let own = self.slots.keys().chain(self.constants.keys()).map(String::as_str);
        own.chain(BEFORE).chain(DURING).chain(FUNCTIONS).collect()
    }
}
