//! What a step looks at in a JSON body, compiled before the run from all its plain paths, so that one pass over the body
//! builds those parts and nothing else.
//!
//! What it finds may confirm that a check is met. What is missed is looked up again in the whole document, which words
//! need anyway.

use serde_json::Value;

use super::check::Check;
use super::matcher::Matcher;
use super::path::JsonQuery;
use super::plain::Step;
use super::selector::Selector;
use super::skim;

/// The places that a step looks at.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    pub(super) root: Node,
    /// The paths to them: each one's place in what is found.
    paths: Vec<String>,
}

/// A place in the document, and what is looked at below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// Which path ends here, and how much of what is here it needs.
    pub(super) end: Option<(usize, Need)>,
    pub(super) fields: Vec<(String, Node)>,
    pub(super) elements: Vec<(usize, Node)>,
    pub(super) each: Option<Box<Node>>,
}

/// How much of a value is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Its type, a scalar's value, and how many are in it.
    Shape,
    /// All of it.
    Whole,
}

/// What one body has at the places of an outline.
#[derive(Debug)]
pub(super) struct Skimmed(pub(super) Vec<Option<Value>>);

impl Outline {
    /// The outline of a step with these checks, whose `extracts` are taken out; none if it looks at no JSON, or if the
    /// whole document is needed for any of it.
    pub fn of<'s, W: 's>(
        checks: impl IntoIterator<Item = &'s Check<W>>,
        extracts: impl IntoIterator<Item = &'s Selector>,
    ) -> Option<Self> {
        let mut outline = Self::default();
        for check in checks {
            if let Check::Part { selector: Selector::Json(path), matcher } = check {
                outline.add(path, need_of(matcher))?;
            }
        }
        for extract in extracts {
            if let Selector::Json(path) = extract {
                outline.add(path, Need::Whole)?;
            }
        }
        (!outline.paths.is_empty()).then_some(outline)
    }

    fn add(&mut self, path: &JsonQuery, need: Need) -> Option<()> {
        let at = self.place_of(path).unwrap_or(self.paths.len());
        if at == self.paths.len() {
            self.paths.push(path.as_str().to_owned());
        }
        let mut node = &mut self.root;
        for step in path.plain()? {
            node = node.child(step);
        }
        // Two spellings of one place: the pass fills one place of what is found only.
        match node.end {
            Some((other, _)) if other != at => return None,
            Some((_, before)) => node.end = Some((at, before.max(need))),
            None => node.end = Some((at, need)),
        }
        Some(())
    }

    fn place_of(&self, path: &JsonQuery) -> Option<usize> {
        self.paths.iter().position(|known| known == path.as_str())
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    /// What `skimmed` has for `path`; none if the outline does not know it.
    pub(super) fn find<'s>(&self, path: &JsonQuery, skimmed: &'s Skimmed) -> Option<Option<&'s Value>> {
        Some(skimmed.0.get(self.place_of(path)?)?.as_ref())
    }

    /// What `body` has at the places; none if it is not JSON, or of a form that only the whole document shows.
    pub(super) fn skim(&self, body: &[u8]) -> Option<Skimmed> {
        skim::skim(self, body)
    }
}

impl Node {
    fn child(&mut self, step: &Step) -> &mut Self {
        match step {
            Step::Name(name) => entry(&mut self.fields, name),
            Step::At(at) => entry(&mut self.elements, at),
            Step::Each => self.each.get_or_insert_default(),
        }
    }

    /// Calls `act` with every place at or below this one.
    pub(super) fn ends(&self, act: &mut impl FnMut(usize)) {
        if let Some((place, _)) = self.end {
            act(place);
        }
        let named = self.fields.iter().map(|(_, node)| node);
        let numbered = self.elements.iter().map(|(_, node)| node);
        for node in named.chain(numbered).chain(self.each.as_deref()) {
            node.ends(act);
        }
    }
}

/// The node of `key`, a new one if there is none.
fn entry<'n, K: Clone + PartialEq>(nodes: &'n mut Vec<(K, Node)>, key: &K) -> &'n mut Node {
    let at = nodes.iter().position(|(known, _)| known == key).unwrap_or(nodes.len());
    if at == nodes.len() {
        nodes.push((key.clone(), Node::default()));
    }
    &mut nodes[at].1
}

fn need_of<W>(matcher: &Matcher<W>) -> Need {
    match matcher {
        Matcher::Exists(_) | Matcher::NotEmpty(_) | Matcher::Length(_) | Matcher::Type(_) => Need::Shape,
        Matcher::Equals(_)
        | Matcher::Differs(_)
        | Matcher::Contains(_)
        | Matcher::Lacks(_)
        | Matcher::Compares(..)
        | Matcher::Matches(_) => Need::Whole,
    }
}
