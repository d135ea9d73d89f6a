//! Which items of a release are asked for: `--only F,uat`, `--from D`.

use std::collections::BTreeSet;

use super::super::checklist::Checklist;
use crate::diagnostic::{listed, nearest};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    items: BTreeSet<String>,
    /// As on the command line; empty for all.
    pub words: String,
}

impl Selection {
    /// The items that `only` names (gates or items), or those of the gate `from` and of all behind it; else all.
    ///
    /// # Errors
    /// When a name is none of the release, with the nearest that is.
    pub fn of(checklist: &Checklist, only: &[String], from: Option<&str>) -> Result<Self, String> {
        let mut items = BTreeSet::new();
        for name in only {
            let gate = checklist.gates.iter().find(|gate| gate.id == *name);
            let named = match gate {
                Some(gate) => gate.items.iter().map(|item| item.id.clone()).collect(),
                None if checklist.items().any(|item| item.id == *name) => vec![name.clone()],
                None => return Err(format!("--only: {}", unknown(checklist, name, "gate and no item", true))),
            };
            items.extend(named);
        }
        let mut words = only.iter().map(|name| format!("--only {name}")).collect::<Vec<_>>();
        if let Some(from) = from {
            let at = checklist.gates.iter().position(|gate| gate.id == from);
            let at = at.ok_or_else(|| format!("--from: {}", unknown(checklist, from, "gate", false)))?;
            items.extend(checklist.gates[at..].iter().flat_map(|gate| &gate.items).map(|item| item.id.clone()));
            words.push(format!("--from {from}"));
        }
        if words.is_empty() {
            items.extend(checklist.items().map(|item| item.id.clone()));
        }
        Ok(Self { items, words: words.join(" ") })
    }

    /// Whether the item `id` is asked for.
    pub fn has(&self, id: &str) -> bool {
        self.items.contains(id)
    }

    /// Whether all items of `checklist` are.
    pub fn is_all_of(&self, checklist: &Checklist) -> bool {
        checklist.items().all(|item| self.has(&item.id))
    }
}

/// That there is no such `kind`, and what may have been meant.
fn unknown(checklist: &Checklist, name: &str, kind: &str, items_too: bool) -> String {
    let gates = || checklist.gates.iter().map(|gate| gate.id.as_str());
    let items = || checklist.items().map(|item| item.id.as_str()).filter(|_| items_too);
    match nearest(name, gates().chain(items())) {
        Some(near) => format!("there is no {kind} `{name}`; did you mean `{near}`?"),
        None => format!("there is no {kind} `{name}`; the gates are: {}", listed(gates())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::checklist;
    use super::*;

    #[test]
    fn gates_stand_for_their_items_and_names_that_are_none_are_refused() {
        let gate = |id: &str, items: [&str; 2]| {
            let items = items.map(|item| format!("[[gate.item]]\nid = '{item}'\nrun = 'x'\n")).concat();
            format!("[[gate]]\nid = '{id}'\n{items}")
        };
        let release = checklist(&[gate("A", ["lint", "types"]), gate("B", ["ssh", "dns"])].concat());
        let asked = |only: &[&str], from: Option<&str>| {
            let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
            Selection::of(&release, &only, from)
        };
        let all = asked(&[], None).unwrap();
        assert!(all.is_all_of(&release) && all.words.is_empty());
        let some = asked(&["B", "lint"], None).unwrap();
        assert_eq!(some.items.iter().collect::<Vec<_>>(), ["dns", "lint", "ssh"]);
        assert_eq!((some.words.as_str(), some.is_all_of(&release)), ("--only B --only lint", false));
        assert!(asked(&[], Some("A")).unwrap().is_all_of(&release));
        assert!(!asked(&[], Some("B")).unwrap().has("types"));
        assert!(asked(&["lnt"], None).unwrap_err().contains("did you mean `lint`?"));
        assert!(
            asked(&[], Some("lint")).unwrap_err().contains("the gates are: A, B"),
            "{:?}",
            asked(&[], Some("lint"))
        );
    }
}
