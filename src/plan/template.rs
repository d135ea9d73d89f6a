//! `${ … }` in texts: checked when the file is read, so that an unknown name is found before anything is sent.
//!
//! Texts without `${` are never looked at again.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Enumerator, Object, Value};
use minijinja::{ErrorKind, UndefinedBehavior};

use crate::diagnostic::{Diagnostic, Source, nearest};

/// The values behind `env.NAME`. Debug output names them without their values, which may be secrets.
#[derive(Clone, Default)]
pub struct Environment(Arc<BTreeMap<String, String>>);

impl Environment {
    /// The process's own environment; variables that are not Unicode are left out.
    pub fn of_process() -> Self {
        let pairs =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        pairs.collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Object for Environment {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        // Templates ask for names; nothing lists the whole environment.
        Enumerator::NonEnumerable
    }
}

/// Renders the templates of one file.
pub(super) struct Templates<'a> {
    source: &'a Source,
    engine: minijinja::Environment<'static>,
    values: Value,
}

/// What a template may start with.
const ROOTS: [&str; 1] = ["env"];

impl<'a> Templates<'a> {
    pub(super) fn new(source: &'a Source, environment: &Environment) -> Self {
        let mut engine = minijinja::Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // Only `${ … }` means something: statements and comments get marks that no text holds.
        let syntax = SyntaxConfig::builder()
            .variable_delimiters("${", "}")
            .block_delimiters("\u{1}%", "%\u{1}")
            .comment_delimiters("\u{1}#", "#\u{1}")
            .keep_trailing_newline(true)
            .build();
        if let Ok(syntax) = syntax {
            engine.set_syntax(syntax);
        }
        let values = Value::from(BTreeMap::from([("env", Value::from_object(environment.clone()))]));
        Self { source, engine, values }
    }

    /// `text` with its templates filled in; `span` is where it stands in the file, quotes included.
    pub(super) fn render(&self, text: &str, span: &Range<usize>) -> Result<String, Diagnostic> {
        if !text.contains("${") {
            return Ok(text.to_owned());
        }
        let place = |part: Option<Range<usize>>| match part {
            Some(part) => self.source.within(span, text, part),
            None => span.clone(),
        };
        let template = self.engine.template_from_str(text).map_err(|error| {
            Diagnostic::at(
                self.source,
                place(error.range()),
                format!("this template cannot be read: {}", detail(&error)),
            )
            .hint("templates look like ${ env.NAME } or ${ env.NAME | default('text') }")
        })?;
        for name in template.undeclared_variables(false) {
            if !ROOTS.contains(&name.as_str()) {
                let at = text.find(&name).map(|at| at..at + name.len());
                return Err(self.unknown_name(&name, place(at)));
            }
        }
        template.render(&self.values).map_err(|error| {
            let span = place(error.range());
            match error.kind() {
                ErrorKind::UndefinedError => self.not_set(text, span),
                _ => Diagnostic::at(self.source, span, format!("this template fails: {}", detail(&error))),
            }
        })
    }

    fn unknown_name(&self, name: &str, span: Range<usize>) -> Diagnostic {
        let hint = match nearest(name, ROOTS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "environment variables are written env.NAME".to_owned(),
        };
        Diagnostic::at(self.source, span, format!("unknown variable `{name}`")).label("not known here").hint(hint)
    }

    fn not_set(&self, text: &str, span: Range<usize>) -> Diagnostic {
        let written = self.source.text_at(&span).unwrap_or(text);
        let name =
            written.split("env.").nth(1).and_then(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
        let name = name.unwrap_or("NAME");
        Diagnostic::at(self.source, span, format!("the environment variable {name} is not set"))
            .hint(format!("set it, or give a default: ${{ env.{name} | default('…') }}"))
    }
}

fn detail(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String, String> {
        let file = format!("x = \"{text}\"");
        let source = Source::new("s.toml", file.as_str());
        let environment = [("HOST".to_owned(), "example.org".to_owned())].into_iter().collect();
        Templates::new(&source, &environment).render(text, &(4..file.len())).map_err(|error| error.render(false))
    }

    #[test]
    fn environment_variables_and_defaults_are_filled_in() {
        assert_eq!(render("http://${ env.HOST }/x").as_deref(), Ok("http://example.org/x"));
        assert_eq!(render("${ env.PORT | default('80') }").as_deref(), Ok("80"));
        assert_eq!(render("plain {% text %} {# kept #} $5").as_deref(), Ok("plain {% text %} {# kept #} $5"));
    }

    #[test]
    fn what_is_not_known_is_shown_with_its_place() {
        let unset = render("a/${ env.PORT }").unwrap_err();
        assert!(unset.contains("environment variable PORT is not set") && unset.contains("s.toml:1:11"), "{unset}");
        let unknown = render("${ evn.HOST }").unwrap_err();
        assert!(unknown.contains("unknown variable `evn`") && unknown.contains("did you mean `env`?"), "{unknown}");
        assert!(unknown.contains("s.toml:1:9"), "{unknown}");
        assert!(render("${ env.HOST ").unwrap_err().contains("cannot be read"));
        assert!(render("${ env.HOST | nofilter }").unwrap_err().contains("nofilter"));
    }

    #[test]
    fn debug_output_holds_no_values() {
        let environment: Environment = [("PASSWORD".to_owned(), "hunter2".to_owned())].into_iter().collect();
        assert!(!format!("{environment:?}").contains("hunter2"));
    }
}
