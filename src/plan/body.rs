//! The body of a request: JSON, a form, text or parts with files, compressed if the step says so.

use std::io::Write as _;
use std::ops::Range;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::HeaderValue;

use super::multipart::{self, Multipart};
use crate::scenario::{Spanned, StepSection};
use crate::units::UnitError;
use crate::values::{Document, RenderError, Scope, Text};
use crate::values::{Resolver, choice};

/// What a request carries.
#[derive(Debug, Clone)]
pub(super) struct Body {
    kind: Kind,
    /// Sent with gzip; what is the same for all journeys is compressed beforehand.
    compressed: bool,
}

#[derive(Debug, Clone)]
enum Kind {
    Constant(Bytes),
    Text(Text),
    Json(Document),
    Form(Vec<(Text, Text)>),
    Multipart(Multipart),
}

impl Body {
    /// The bytes that the journey of `scope` sends.
    pub(super) fn render(&self, scope: &Scope) -> Result<Bytes, RenderError> {
        let plain = match &self.kind {
            Kind::Constant(ready) => return Ok(ready.clone()),
            Kind::Text(text) => Bytes::from(text.render(scope)?.into_owned()),
            Kind::Json(document) => document.render(scope)?,
            Kind::Form(fields) => Bytes::from(form(fields, scope)?),
            Kind::Multipart(parts) => parts.render(scope)?,
        };
        if self.compressed { gzip(&plain) } else { Ok(plain) }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.kind, Kind::Constant(bytes) if bytes.is_empty())
    }

    /// Whether it is sent with gzip.
    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }
}

/// The body that `section` means, and its type if the kind of body has one.
pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &StepSection) -> (Body, Option<HeaderValue>) {
    refuse_a_second(resolver, section);
    let (kind, content_type) = kind(resolver, section);
    let mut body = Body { kind, compressed: false };
    let Some(compression) = &section.compression else { return (body, content_type) };
    body.compressed = resolver.parsed(compression, algorithm).is_some();
    if body.is_empty() {
        resolver.mistake(compression.span(), "there is no body to compress", "add json, form, multipart or body");
    }
    if let (Kind::Constant(plain), true) = (&body.kind, body.compressed) {
        match gzip(plain) {
            Ok(ready) => body.kind = Kind::Constant(ready),
            Err(error) => resolver.mistake(compression.span(), error.to_string(), "leave `compression` out"),
        }
    }
    (body, content_type)
}

fn refuse_a_second(resolver: &mut Resolver<'_>, section: &StepSection) {
    fn at<T>(key: &Option<Spanned<T>>) -> Option<Range<usize>> {
        key.as_ref().map(Spanned::span)
    }
    let given = [at(&section.json), at(&section.body), at(&section.form), at(&section.multipart)];
    if let Some(second) = given.into_iter().flatten().nth(1) {
        resolver.mistake(second, "this step has two bodies", "keep one of json, form, multipart and body");
    }
}

fn kind(resolver: &mut Resolver<'_>, section: &StepSection) -> (Kind, Option<HeaderValue>) {
    if let Some(json) = &section.json {
        let kind = match Document::new(resolver.run_json(json)) {
            Document::Constant(bytes) => Kind::Constant(bytes),
            tree @ Document::Tree(_) => Kind::Json(tree),
        };
        return (kind, Some(HeaderValue::from_static("application/json")));
    }
    if let Some(form) = &section.form {
        let fields = form.get_ref().0.iter().filter_map(|(name, value)| {
            Some((Text::from(name.get_ref().as_str()), resolver.run_scalar(name.get_ref(), value)?))
        });
        let fields = fields.collect();
        return (Kind::Form(fields), Some(HeaderValue::from_static("application/x-www-form-urlencoded")));
    }
    if let Some(written) = &section.multipart {
        let parts = multipart::resolve(resolver, written);
        let content_type = Some(HeaderValue::from_static(multipart::CONTENT_TYPE));
        return match parts.constant() {
            Some(bytes) => (Kind::Constant(bytes), content_type),
            None => (Kind::Multipart(parts), content_type),
        };
    }
    let kind = match section.body.as_ref().and_then(|body| resolver.run_text(body)) {
        Some(Text::Constant(text)) => Kind::Constant(Bytes::copy_from_slice(text.as_bytes())),
        Some(text) => Kind::Text(text),
        None => Kind::Constant(Bytes::new()),
    };
    (kind, None)
}

fn form(fields: &[(Text, Text)], scope: &Scope) -> Result<String, RenderError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(&name.render(scope)?, &value.render(scope)?);
    }
    Ok(form.finish())
}

fn algorithm(text: &str) -> Result<(), UnitError> {
    choice(text, &[("gzip", ())])
}

fn gzip(plain: &[u8]) -> Result<Bytes, RenderError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.map(Bytes::from).map_err(|error| RenderError::new(format!("the body cannot be compressed: {error}")))
}
