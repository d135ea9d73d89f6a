//! What is wrong in a file that the user wrote: where, why, and what to do.
//!
//! Takes spans into a [`Source`], gives rustc-like text: `file:line:column`, the line, a caret and a hint.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};

/// The files that were read, kept so that a mistake in them can be shown.
///
/// All share one space of byte offsets: the main file starts at 0, every further one behind the end of those before it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path of the main file as the user gave it.
    pub name: Arc<str>,
    files: Arc<Vec<File>>,
}

/// One file of a [`Source`].
#[derive(Debug, Clone)]
pub struct File {
    /// The path as it was found.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// The offset that its text starts at.
    pub start: usize,
}

impl File {
    /// `span` of this file's text as a span of the whole source.
    pub fn in_source(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.start..span.end + self.start
    }

    /// `span` of the whole source as a span of this file's text.
    fn in_file(&self, span: &Range<usize>) -> Range<usize> {
        span.start.saturating_sub(self.start)..span.end.saturating_sub(self.start)
    }
}

impl Source {
    /// A source of one file called `name`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let main = File { name: name.into(), text: text.into(), start: 0 };
        Self { name: main.name.clone(), files: Arc::new(vec![main]) }
    }

    /// Adds a file, giving its number. Spans and diagnostics made before stay right.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> usize {
        // One byte between files, so that the end of a file is not the start of the next.
        let start = self.files.last().map_or(0, |last| last.start + last.text.len() + 1);
        let files = Arc::make_mut(&mut self.files);
        files.push(File { name: name.into(), text: text.into(), start });
        files.len() - 1
    }

    /// The files in the order in which they were added, the main file first.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The path of the file that `span` lies in: what relative paths written there start from.
    pub fn file_at(&self, span: &Range<usize>) -> &str {
        &self.file_of(span).name
    }

    /// What is written at `span`; nothing if the span is not one of this source.
    pub fn text_at(&self, span: &Range<usize>) -> Option<&str> {
        let file = self.file_of(span);
        file.text.get(file.in_file(span))
    }

    /// The span of `part` (byte offsets in a string value) within the source, where `value_span` is the value with its
    /// quotes.
    ///
    /// Falls back to the whole value where escapes make the offsets differ.
    pub fn within(&self, value_span: &Range<usize>, value: &str, part: Range<usize>) -> Range<usize> {
        let written = self.text_at(value_span).unwrap_or_default();
        match written.find(value) {
            Some(quote) if !value.is_empty() && part.end <= value.len() => {
                value_span.start + quote + part.start..value_span.start + quote + part.end
            }
            _ => value_span.clone(),
        }
    }

    fn file_of(&self, span: &Range<usize>) -> &File {
        let after = self.files.partition_point(|file| file.start <= span.start);
        // The main file starts at 0, so at least one starts no later than any span.
        &self.files[after.saturating_sub(1)]
    }
}

/// One mistake, with its place.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What is wrong, in one lowercase sentence.
    pub message: String,
    /// The files and the bytes that are wrong; none when the file itself could not be read.
    pub place: Option<(Source, Range<usize>)>,
    /// What stands at the caret.
    pub label: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// A mistake at `span` of `source`.
    pub fn at(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        let file = source.file_of(&span);
        let span = file.in_source(clamp(&file.in_file(&span), &file.text));
        Self { message: message.into(), place: Some((source.clone(), span)), label: String::new(), hints: Vec::new() }
    }

    /// A mistake that has no place in a file's text.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None, label: String::new(), hints: Vec::new() }
    }

    /// Puts `label` behind the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what the user can do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Renders the diagnostic, with colours if `styled`.
    pub fn render(&self, styled: bool) -> String {
        let message = presentable(&self.message);
        let title = Level::ERROR.primary_title(message.as_str());
        let mut group = match &self.place {
            Some((source, span)) => {
                let file = source.file_of(span);
                let annotation = AnnotationKind::Primary.span(file.in_file(span)).label(self.label.as_str());
                title.element(Snippet::source(&*file.text).path(&*file.name).annotation(annotation))
            }
            None => annotate_snippets::Group::with_title(title),
        };
        for hint in &self.hints {
            group = group.element(Level::HELP.message(presentable(hint)));
        }
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group]).to_string()
    }
}

/// Everything wrong that was found in one go.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Enough for any file that a person wrote; a bound for the ones that nobody did.
    pub const MOST: usize = 50;

    /// Adds one mistake.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Keeps the value, or notes the mistake and goes on without it.
    pub fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.push(diagnostic)).ok()
    }

    /// `value` if nothing was wrong, else the mistakes in the order of the file, at most [`Diagnostics::MOST`].
    ///
    /// # Errors
    /// When at least one mistake was noted.
    pub fn unless_empty<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by_key(|diagnostic| diagnostic.place.as_ref().map_or(0, |(_, span)| span.start));
        self.0.truncate(Self::MOST);
        Err(self)
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let styled = f.alternate();
        for (at, diagnostic) in self.0.iter().enumerate() {
            let gap = if at > 0 { "\n\n" } else { "" };
            write!(f, "{gap}{}", diagnostic.render(styled))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// The candidate that `word` is most likely a misspelling of.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().max(word.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The names as a list that can be read: the first ones, and how many more there are.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let mut names = names.into_iter();
    let shown = names.by_ref().take(SHOWN).collect::<Vec<_>>().join(", ");
    match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A sentence that fits a screen and cannot steer it, whatever names the file puts into it.
fn presentable(text: &str) -> String {
    const LONGEST: usize = 600;
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| if c.is_control() || turns(c) { char::REPLACEMENT_CHARACTER } else { c };
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(LONGEST).map(shown).collect();
    if letters.next().is_some() { format!("{start}…") } else { start }
}

/// A span that the renderer can draw: inside the text, of whole letters.
fn clamp(span: &Range<usize>, text: &str) -> Range<usize> {
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=span.start.min(text.len())).rev().find(is_boundary).unwrap_or(0);
    let end = (span.end.clamp(start, text.len())..=text.len()).find(is_boundary).unwrap_or(start);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_with_file_line_column_caret_and_hint() {
        let source = Source::new("light.toml", "name = \"light\"\nrte = 1\n");
        let shown = Diagnostic::at(&source, 15..18, "unknown key `rte`")
            .label("not a key")
            .hint("did you mean `rate`?")
            .render(false);
        assert!(shown.contains("error: unknown key `rte`"), "{shown}");
        assert!(shown.contains("light.toml:2:1"), "{shown}");
        assert!(shown.contains("^^^ not a key"), "{shown}");
        assert!(shown.contains("help: did you mean `rate`?"), "{shown}");
    }

    #[test]
    fn spans_past_the_end_or_backwards_do_not_panic() {
        let source = Source::new("x", "ab");
        for (start, end) in [(5, 9), (2, 1), (0, 0), (2, 2)] {
            let span = start..end;
            assert!(Diagnostic::at(&source, span, "m").render(false).contains("error: m"));
        }
        assert!(Diagnostic::at(&Source::new("x", ""), 0..0, "m").render(false).contains("error: m"));
    }

    #[test]
    fn a_file_does_not_steer_the_terminal() {
        let steered = "\u{1b}]0;x\u{7}\u{202e}";
        let shown = Diagnostic::at(&Source::new("x", steered), 0..1, steered).hint(steered).render(false);
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
    }

    #[test]
    fn half_letters_are_drawn_whole() {
        for (start, end) in [(0, 1), (1, 2), (1, 9), (3, 2)] {
            assert!(Diagnostic::at(&Source::new("x", "ä日b"), start..end, "m").render(false).contains("x:1:"));
        }
    }

    #[test]
    fn names_are_listed_and_sentences_shortened_to_what_can_be_read() {
        assert_eq!(listed(["a", "b"]), "a, b");
        assert!(listed(["x"; 1_000]).ends_with("x, x and 980 more"));
        let long = Diagnostic::nowhere("é".repeat(10_000)).hint("h".repeat(10_000)).render(false);
        assert!(long.chars().count() < 1_500 && long.matches('…').count() == 2, "{long}");
    }

    #[test]
    fn a_part_of_a_value_is_found_unless_escapes_move_it() {
        let source = Source::new("x", r#"a = "p95 < 6ms" # "\u0041b""#);
        assert_eq!(source.within(&(4..15), "p95 < 6ms", 4..5), 9..10);
        assert_eq!(source.within(&(18..28), "Ab", 0..1), 18..28);
    }

    #[test]
    fn each_file_shows_its_own_name_line_and_column() {
        let mut source = Source::new("main.toml", "a = 1\nb = 2");
        let number = source.add("shared/auth.toml", "\nwrng = \"x y\"");
        let file = source.files()[number].clone();
        let span = file.in_source(1..5);
        assert_eq!((source.text_at(&span), source.file_at(&span)), (Some("wrng"), "shared/auth.toml"));
        let shown = Diagnostic::at(&source, span, "m").render(false);
        assert!(shown.contains("shared/auth.toml:2:1") && shown.contains("wrng"), "{shown}");
        let part = source.within(&file.in_source(8..13), "x y", 2..3);
        assert_eq!((source.text_at(&part), part), (Some("y"), file.in_source(11..12)));
        assert_eq!(source.file_at(&(11..11)), "main.toml", "the end of a file is its own");
        assert_eq!(&*source.name, "main.toml");
    }

    #[test]
    fn a_file_added_later_leaves_earlier_diagnostics_as_they_were() {
        let mut source = Source::new("main.toml", "abc");
        let earlier = Diagnostic::at(&source, 1..2, "m");
        source.add("more.toml", "def");
        assert!(earlier.render(false).contains("main.toml:1:2"));
    }

    #[test]
    fn the_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("durration", ["rate", "duration"]), Some("duration"));
        assert_eq!(nearest("rte", ["rate", "duration"]), Some("rate"));
        assert_eq!(nearest("zzz", ["rate", "duration"]), None);
    }
}
