//! Paths that lead straight to a place: names, numbers and at most one `[*]`. They need no query engine, and can be
//! followed while the document is read.

/// A step of a plain path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A field of an object.
    Name(String),
    /// An element of an array.
    At(usize),
    /// Every element of an array.
    Each,
}

/// The steps of `text` if it is a plain path. What is unusual is none, even if it could be: the query engine knows it all.
pub(super) fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = first_step(rest)?;
        steps.push(step);
        rest = after;
    }
    (steps.iter().filter(|step| **step == Step::Each).count() <= 1).then_some(steps)
}

fn first_step(text: &str) -> Option<(Step, &str)> {
    if let Some(name) = text.strip_prefix('.') {
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let (name, rest) = name.split_at(end);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        return is_name.then(|| (Step::Name(name.to_owned()), rest));
    }
    let inner = text.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(quoted) = inner.strip_prefix(quote) {
            let (name, rest) = quoted.split_once(quote)?;
            let is_plain = name.chars().all(|c| c.is_ascii_graphic() && c != '\\');
            return Some((Step::Name(name.to_owned()), rest.strip_prefix(']')?)).filter(|_| is_plain);
        }
    }
    let (number, rest) = inner.split_once(']')?;
    if number == "*" {
        return Some((Step::Each, rest));
    }
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
    Some((Step::At(number.parse().ok().filter(|_| is_number)?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_names_numbers_and_one_star() {
        let name = |text: &str| Step::Name(text.to_owned());
        assert_eq!(steps("$"), Some(vec![]));
        assert_eq!(steps("$.data.items[0].id_2"), Some(vec![name("data"), name("items"), Step::At(0), name("id_2")]));
        assert_eq!(steps("$['a.b'][\"c\"][*].d"), Some(vec![name("a.b"), name("c"), Step::Each, name("d")]));
    }

    #[test]
    fn everything_else_is_left_to_the_query_engine() {
        for text in [
            "$..a",
            "$.*",
            "$[*][*]",
            "$[-1]",
            "$[01]",
            "$[0:2]",
            "$[?@.a]",
            "$.a[0,1]",
            "$ .a",
            "$.é",
            "$['a\\'b']",
            "$.1",
            "a",
        ] {
            assert_eq!(steps(text), None, "{text}");
        }
    }
}
