//! Compiles the `${ … }` of one file, with every unknown name and broken expression shown at its place.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Value};
use minijinja::{ErrorKind, State, UndefinedBehavior};

use super::bounds;
use super::environment::Environment;
use super::functions::{self, KEEP};
use super::names::Names;
use super::scope::Shared;
use super::secrets::{SecretEnvironment, Secrets};
use super::text::{Condition, Text};
use crate::diagnostic::{Diagnostic, Source, listed, nearest};

/// Compiles the templates of one file.
pub(crate) struct Templates<'a> {
    names: Names,
    source: &'a Source,
    engine: minijinja::Environment<'static>,
    environment: Value,
    secrets: Value,
    compiled: usize,
    /// What is known before the run, until a name is added.
    constants: OnceCell<Value>,
}

impl<'a> Templates<'a> {
    pub(crate) fn new(source: &'a Source, environment: &Environment, secrets: &Secrets) -> Self {
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
        bounds::add_to(&mut engine);
        functions::add_to(&mut engine);
        if environment.is_stand_in() {
            for name in ["default", "d"] {
                let stand_in = environment.clone();
                // What has a default needs no value, and the name alone is none.
                engine.add_filter(name, move |state: &State<'_, '_>, value: Value, args: Rest<Value>| {
                    let value = if stand_in.stands_in(&value) { Value::UNDEFINED } else { value };
                    minijinja::filters::default(state, &value, args)
                });
            }
        }
        let secrets = SecretEnvironment { environment: environment.clone(), secrets: secrets.clone() };
        let (environment, secrets) = (Value::from_object(environment.clone()), Value::from_object(secrets));
        Self { names: Names::default(), source, engine, environment, secrets, compiled: 0, constants: OnceCell::new() }
    }

    /// `text` filled in with what is known before the run; anything else in it is a mistake.
    pub(crate) fn before(&self, text: &str, span: &Range<usize>) -> Result<String, Diagnostic> {
        if !text.contains("${") {
            return Ok(text.to_owned());
        }
        let used = self.names_of(text, text, 0, span)?;
        if let Some(early) = used.iter().find(|name| !self.names.is_constant(name)) {
            let place = self.place_of_name(text, early, span);
            return Err(Diagnostic::at(self.source, place, format!("`{early}` has no value before the run"))
                .hint("here only env, secret and vars can be used"));
        }
        self.engine.render_str(text, self.constants()).map_err(|error| self.not_rendered(text, &error, span))
    }

    /// `text` as it will be needed: filled in now if all of it is known, else per journey.
    pub(crate) fn text(&mut self, text: &str, span: &Range<usize>) -> Result<Text, Diagnostic> {
        if !text.contains("${") {
            return Ok(Text::from(text));
        }
        let used = self.names_of(text, text, 0, span)?;
        if used.iter().all(|name| self.names.is_constant(name)) {
            return Ok(Text::from(self.before(text, span)?.as_str()));
        }
        if let Some(pieces) = self.names.pieces(text) {
            return Ok(Text::Pieces(pieces));
        }
        let template = Text::Template(self.compile(text[first_template(text)..].to_owned(), span)?);
        // The words in front stay words, so that a path can be named without its values.
        Ok(match &text[..first_template(text)] {
            "" => template,
            words => template.after(words),
        })
    }

    /// As [`Templates::text`], for a text that is one `${ … }` and nothing else: its value keeps its type. None if it is not.
    pub(crate) fn value(&mut self, text: &str, span: &Range<usize>) -> Option<Result<Text, Diagnostic>> {
        let expression = text.strip_prefix("${")?.strip_suffix('}').filter(|inner| !inner.contains("${"))?;
        let compiled = self.text(text, span);
        Some(match compiled {
            Ok(Text::Template(_)) => self.compile(format!("${{ {KEEP}({expression}) }}"), span).map(Text::Template),
            other => other,
        })
    }

    /// The value of an expression that is known before the run, with its type; none if it is not known or has an error,
    /// which [`Templates::value`] then tells.
    pub(crate) fn known_value(&self, text: &str) -> Option<serde_json::Value> {
        let expression = text.strip_prefix("${")?.strip_suffix('}').filter(|inner| !inner.contains("${"))?;
        if bounds::excess(text).is_some() {
            return None;
        }
        let compiled = self.engine.compile_expression(expression).ok()?;
        let known = compiled.undeclared_variables(false).iter().all(|name| self.names.is_constant(name));
        let value = compiled.eval(self.constants()).ok().filter(|value| known && !value.is_undefined())?;
        serde_json::to_value(&value).ok()
    }

    /// An expression that holds or not, written without `${ }`.
    pub(crate) fn condition(&mut self, expression: &str, span: &Range<usize>) -> Result<Condition, Diagnostic> {
        const BEFORE: &str = "${ '1' if (";
        if expression.trim().is_empty() || expression.contains("${") {
            return Err(Diagnostic::at(self.source, span.clone(), "this is not a condition")
                .hint("write an expression without ${ }, such as user > 5 or token is defined"));
        }
        let template = format!("{BEFORE}{expression}) else '' }}");
        self.names_of(&template, expression, BEFORE.len(), span)?;
        Ok(Condition(self.compile(template, span)?))
    }

    /// What journeys need of all this.
    pub(crate) fn finish(self, seed: u64) -> Arc<Shared> {
        let constants = self.constants();
        Arc::new(Shared { engine: self.engine, names: self.names, constants, seed })
    }

    /// The names, to add some.
    pub(crate) fn names(&mut self) -> &mut Names {
        self.constants = OnceCell::new();
        &mut self.names
    }

    /// The place of what a step extracts.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        self.names.slot(name)
    }

    fn constants(&self) -> Value {
        self.constants.get_or_init(|| self.all_constants()).clone()
    }

    fn all_constants(&self) -> Value {
        let mut all: BTreeMap<&str, Value> =
            self.names.constants.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let vars = Value::from(all.clone());
        all.extend([("env", self.environment.clone()), ("secret", self.secrets.clone()), ("vars", vars)]);
        Value::from(all)
    }

    fn compile(&mut self, template: String, span: &Range<usize>) -> Result<Arc<str>, Diagnostic> {
        let name = format!("t{}", self.compiled);
        self.compiled += 1;
        self.engine.add_template_owned(name.clone(), template).map_err(|error| {
            Diagnostic::at(self.source, span.clone(), format!("this template cannot be read: {}", detail(&error)))
        })?;
        Ok(name.into())
    }

    /// The names that `template` uses, all of them known; `written` stands in the file, `shift` bytes into the template.
    fn names_of(
        &self,
        template: &str,
        written: &str,
        shift: usize,
        span: &Range<usize>,
    ) -> Result<Vec<String>, Diagnostic> {
        let place_of = |part: Range<usize>| {
            let part = part.start.saturating_sub(shift)..part.end.saturating_sub(shift).min(written.len());
            if part.start <= part.end { self.source.within(span, written, part) } else { span.clone() }
        };
        if let Some(excess) = bounds::excess(template) {
            return Err(Diagnostic::at(self.source, place_of(excess.span), excess.message).hint(excess.hint));
        }
        let parsed = self.engine.template_from_str(template).map_err(|error| {
            let place = error.range().map_or(span.clone(), place_of);
            Diagnostic::at(self.source, place, format!("this template cannot be read: {}", detail(&error)))
                .hint("templates look like ${ env.NAME }, ${ token } or ${ env.NAME | default('text') }")
        })?;
        if let Some(unknown) = bounds::unknown_word(&self.engine, template) {
            let message = format!("there is no {} `{}`", unknown.kind, &template[unknown.span.clone()]);
            return Err(Diagnostic::at(self.source, place_of(unknown.span), message).hint(unknown.hint));
        }
        let used: Vec<String> = parsed.undeclared_variables(false).into_iter().collect();
        let nested = parsed.undeclared_variables(true);
        if let Some((wrong, known)) = nested.iter().find_map(|path| self.names.wrong_data(path)) {
            let place =
                written.find(wrong).map_or(span.clone(), |at| self.source.within(span, written, at..at + wrong.len()));
            let hint = match nearest(wrong, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => format!("add [data.{wrong}] with file = \"{wrong}.csv\""),
                None => format!("there are: {}", listed(known.iter().copied())),
            };
            return Err(Diagnostic::at(self.source, place, format!("there is no data `{wrong}`")).hint(hint));
        }
        match used.iter().find(|name| !self.names.is_known(name)) {
            None => Ok(used),
            Some(name) => {
                let place = self.place_of_name(written, name, span);
                let hint = match nearest(name, self.names.all()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the names here are: {}", listed(self.names.all())),
                };
                Err(Diagnostic::at(self.source, place, format!("unknown variable `{name}`"))
                    .label("not known here")
                    .hint(hint))
            }
        }
    }

    fn place_of_name(&self, written: &str, name: &str, span: &Range<usize>) -> Range<usize> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let found = written.match_indices(name).map(|(at, _)| at).find(|at| {
            let (before, after) = (written[..*at].chars().next_back(), written[at + name.len()..].chars().next());
            !before.is_some_and(|c| is_word(c) || c == '.') && !after.is_some_and(is_word)
        });
        found.map_or(span.clone(), |at| self.source.within(span, written, at..at + name.len()))
    }

    fn not_rendered(&self, text: &str, error: &minijinja::Error, span: &Range<usize>) -> Diagnostic {
        let place = error.range().map_or(span.clone(), |part| self.source.within(span, text, part));
        if error.kind() != ErrorKind::UndefinedError {
            return Diagnostic::at(self.source, place, format!("this template fails: {}", detail(error)));
        }
        let written = self.source.text_at(&place).unwrap_or(text);
        let root_and_name = ["env", "secret", "vars"].into_iter().find_map(|root| {
            let rest = written.split_once(&format!("{root}."))?.1;
            Some((root, rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?))
        });
        match root_and_name {
            Some(("vars", name)) => {
                let hint = match nearest(name, self.names.constants.keys().map(String::as_str)) {
                    Some(near) if near != name => format!("did you mean `{near}`?"),
                    _ => "add it to [vars]".to_owned(),
                };
                Diagnostic::at(self.source, place, format!("there is no variable `{name}`")).hint(hint)
            }
            Some((root, name)) => {
                Diagnostic::at(self.source, place, format!("the environment variable {name} is not set"))
                    .hint(format!("set it, or give a default: ${{ {root}.{name} | default('…') }}"))
            }
            None => Diagnostic::at(self.source, place, "this has no value")
                .hint("look at the names and numbers behind the first name, or give a default: … | default('…')"),
        }
    }
}

fn first_template(text: &str) -> usize {
    text.find("${").unwrap_or(text.len())
}

/// The engine's sentence in the user's words.
fn detail(error: &minijinja::Error) -> String {
    let sentence = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    sentence.replace("end of variable block", "`}`").replace("end of input", "end of the text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{Scope, Seat};

    fn templates(source: &Source) -> Templates<'_> {
        let environment = [("HOST".to_owned(), "example.org".to_owned())].into_iter().collect();
        let mut templates = Templates::new(source, &environment, &Secrets::default());
        templates.names.constants.insert("titles".to_owned(), Value::from(vec!["alien", "brazil"]));
        templates.names.slot("token");
        templates.names.slot("id");
        templates
    }

    fn written(text: &str) -> (Source, Range<usize>) {
        let file = format!("x = \"{text}\"");
        let end = file.len();
        (Source::new("s.toml", file), 4..end)
    }

    fn before(text: &str) -> Result<String, String> {
        let (source, span) = written(text);
        templates(&source).before(text, &span).map_err(|error| error.render(false))
    }

    /// What three journeys render, with `token` set to `abc` and `id` to 7.
    fn during(text: &str) -> Vec<String> {
        let (source, span) = written(text);
        let mut templates = templates(&source);
        let compiled = templates.text(text, &span).unwrap();
        let base = Scope::new(templates.finish(1));
        base.set(0, Value::from("abc"));
        base.set(1, Value::from(7));
        (0..3)
            .map(|arrival| {
                let scope = base.fork();
                scope.begin(&base, Seat { user: 4, iteration: 2, arrival }, Vec::new());
                compiled.render(&scope).unwrap().into_owned()
            })
            .collect()
    }

    #[test]
    fn what_is_known_before_the_run_is_filled_in_once() {
        assert_eq!(before("http://${ env.HOST }/x").as_deref(), Ok("http://example.org/x"));
        assert_eq!(before("${ env.PORT | default('80') }").as_deref(), Ok("80"));
        assert_eq!(before("${ titles | length } ${ vars.titles[0] }").as_deref(), Ok("2 alien"));
        assert_eq!(before("plain {% text %} {# kept #} $5").as_deref(), Ok("plain {% text %} {# kept #} $5"));
        let (source, span) = written("a${ env.HOST }");
        assert_eq!(templates(&source).text("a${ env.HOST }", &span).unwrap().constant(), Some("aexample.org"));
    }

    #[test]
    fn what_differs_is_filled_in_per_journey_and_follows_the_seed() {
        assert_eq!(during("Bearer ${ token }"), ["Bearer abc"; 3]);
        assert_eq!(during("${ token }-${ id }"), ["abc-7"; 3]);
        assert_eq!(during("${ user }/${ iteration }/${ arrival }"), ["4/2/0", "4/2/1", "4/2/2"]);
        for drawn in ["${ random_int(1, 1000000) }", "${ uuid() }", "${ random_string(12) }"] {
            let texts = during(drawn);
            assert_eq!(texts, during(drawn), "the seed decides {drawn}");
            assert!(texts[0] != texts[1] && texts[1] != texts[2], "{texts:?}");
        }
        assert!(during("${ pick(titles) }").iter().all(|title| ["alien", "brazil"].contains(&title.as_str())));
        let uuid = &during("${ uuid() }")[0];
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
    }

    #[test]
    fn a_single_expression_keeps_its_type() {
        let (source, span) = written("");
        let mut templates = templates(&source);
        let number = templates.value("${ id + 1 }", &span).unwrap().unwrap();
        let plain = templates.value("${ token }", &span).unwrap().unwrap();
        assert!(templates.value("a ${ id }", &span).is_none());
        let scope = Scope::new(templates.finish(1));
        scope.set(0, Value::from("abc"));
        scope.set(1, Value::from(7));
        assert_eq!(number.value(&scope).unwrap(), serde_json::json!(8));
        assert_eq!(plain.value(&scope).unwrap(), serde_json::json!("abc"));
    }

    #[test]
    fn conditions_hold_or_not() {
        let (source, span) = written("");
        let mut templates = templates(&source);
        let condition = templates.condition("id > 5 and token is defined", &span).unwrap();
        let scope = Scope::new(templates.finish(1));
        scope.set(1, Value::from(7));
        assert_eq!(condition.holds(&scope), Ok(false));
        scope.set(0, Value::from("abc"));
        assert_eq!(condition.holds(&scope), Ok(true));
    }

    #[test]
    fn a_variable_without_a_value_is_named() {
        let (source, span) = written("");
        let mut templates = templates(&source);
        for text in ["${ token }", "${ token | upper }"] {
            let compiled = templates.text(text, &span).unwrap();
            let scope = Scope::new(Templates::new(&source, &Environment::default(), &Secrets::default()).finish(1));
            assert!(compiled.render(&scope).is_err(), "{text}");
        }
        let compiled = templates.text("${ token | upper }", &span).unwrap();
        let scope = Scope::new(templates.finish(1));
        assert!(compiled.render(&scope).unwrap_err().to_string().contains("`token` has no value"));
    }

    #[test]
    fn what_is_not_known_is_shown_with_its_place() {
        let unset = before("a/${ env.PORT }").unwrap_err();
        assert!(unset.contains("environment variable PORT is not set") && unset.contains("s.toml:1:11"), "{unset}");
        let unknown = before("${ tokn }").unwrap_err();
        assert!(unknown.contains("unknown variable `tokn`") && unknown.contains("did you mean `token`?"), "{unknown}");
        assert!(unknown.contains("s.toml:1:9"), "{unknown}");
        let early = before("${ token }").unwrap_err();
        assert!(early.contains("`token` has no value before the run"), "{early}");
        assert!(before("${ env.HOST ").unwrap_err().contains("cannot be read"));
        assert!(before("${ env.HOST | nofilter }").unwrap_err().contains("nofilter"));
    }

    #[test]
    fn a_stand_in_gives_names_and_takes_defaults() {
        let environment = Environment::standing_in();
        let text = "${ env.HOST } ${ env.PORT | default('80') } ${ secret.TOKEN } ${ env.BOTH | d('x') }${ env.BOTH }";
        let (source, span) = written(text);
        let templates = Templates::new(&source, &environment, &Secrets::default());
        assert_eq!(templates.before(text, &span).unwrap(), "$HOST 80 $TOKEN x$BOTH");
        let needed = environment.needed();
        assert_eq!(
            (needed.variables, needed.secrets),
            (vec!["BOTH".to_owned(), "HOST".to_owned()], vec!["TOKEN".to_owned()])
        );
    }

    #[test]
    fn debug_output_holds_no_values() {
        let environment: Environment = [("PASSWORD".to_owned(), "hunter2".to_owned())].into_iter().collect();
        assert!(!format!("{environment:?}").contains("hunter2"));
    }
}
