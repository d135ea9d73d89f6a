//! `[vars]` and `--set`: names with values that are known before anything runs.

use minijinja::Value as Variable;

use super::resolver::Resolver;
use crate::diagnostic::{Diagnostic, listed, nearest};
use crate::scenario::{Entries, Spanned};

/// Makes what `vars` says, and what was `given` in its place, known to templates.
pub(crate) fn declare(resolver: &mut Resolver<'_>, vars: Option<&Spanned<Entries>>, given: &[(String, String)]) {
    for (name, value) in vars.iter().flat_map(|vars| &vars.get_ref().0) {
        refuse_own_name(resolver, name);
        let json = resolver.json(value);
        resolver.names().constants.insert(name.get_ref().clone(), Variable::from(minijinja::value::Serde(&json)));
    }
    for (name, value) in given {
        let known: Vec<String> = resolver.names().constants.keys().cloned().collect();
        if !known.contains(name) {
            let near = nearest(name, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let hint =
                near.unwrap_or_else(|| format!("its variables are: {}", listed(known.iter().map(String::as_str))));
            resolver.mistakes.push(Diagnostic::nowhere(format!("the file has no variable `{name}` to set")).hint(hint));
        }
        resolver.names().constants.insert(name.clone(), Variable::from(value.as_str()));
    }
}

/// A variable that is called as one of mnload's own would never be seen.
pub(crate) fn refuse_own_name(resolver: &mut Resolver<'_>, name: &Spanned<String>) {
    let text = name.get_ref();
    if resolver.names().is_own(text) {
        let message = format!("`{text}` cannot be a variable: templates know something else by this name");
        resolver.mistake(name.span(), message, format!("call it my_{text}, for example"));
    }
}
