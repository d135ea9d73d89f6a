//! A `multipart/form-data` body: fields and files, the files read once before the run.

use std::path::Path;

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::scenario::{Entries, Spanned, Value, beside};
use crate::values::Resolver;
use crate::values::{RenderError, Scope, Text};

/// The type of every such body. No text that people write holds the boundary, and each run sends the same bytes.
pub(super) const CONTENT_TYPE: &str = "multipart/form-data; boundary=mnload-6f1c9d0b7a3e4f258d46";
const BOUNDARY: &str = "--mnload-6f1c9d0b7a3e4f258d46";

/// The largest file that is kept in memory to be sent.
const LARGEST_FILE: u64 = 256 << 20;

/// The parts, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Multipart(Vec<Part>);

#[derive(Debug, Clone)]
struct Part {
    /// Everything before the content.
    head: String,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Text(Text),
    File(Bytes),
}

impl Multipart {
    /// The whole body.
    pub(super) fn render(&self, scope: &Scope) -> Result<Bytes, RenderError> {
        self.joined(|text| Ok(text.render(scope)?.into_owned()))
    }

    /// The whole body if it is the same for all journeys.
    pub(super) fn constant(&self) -> Option<Bytes> {
        let missing = || RenderError::new("known only while a journey runs");
        self.joined(|text| text.constant().map(str::to_owned).ok_or_else(missing)).ok()
    }

    fn joined(&self, fill_in: impl Fn(&Text) -> Result<String, RenderError>) -> Result<Bytes, RenderError> {
        let mut body = BytesMut::new();
        for part in &self.0 {
            body.put_slice(part.head.as_bytes());
            match &part.content {
                Content::Text(text) => body.put_slice(fill_in(text)?.as_bytes()),
                Content::File(bytes) => body.put_slice(bytes),
            }
            body.put_slice(b"\r\n");
        }
        body.put_slice(BOUNDARY.as_bytes());
        body.put_slice(b"--\r\n");
        Ok(body.freeze())
    }
}

/// The parts that `written` means: a text, or a table that names a file.
pub(super) fn resolve(resolver: &mut Resolver<'_>, written: &Spanned<Entries>) -> Multipart {
    let entries = &written.get_ref().0;
    if entries.is_empty() {
        resolver.mistake(written.span(), "`multipart` has no parts", "for example { title = \"Alien\" }");
    }
    let parts = entries.iter().filter_map(|(name, value)| match value.get_ref() {
        Value::Table(keys) => file(resolver, name.get_ref(), value, keys),
        _ => {
            let text = resolver.run_scalar(name.get_ref(), value)?;
            Some(Part { head: head(name.get_ref(), None), content: Content::Text(text) })
        }
    });
    Multipart(parts.collect())
}

/// `{ file = "poster.jpg", filename = "…", type = "image/jpeg" }`
fn file(resolver: &mut Resolver<'_>, name: &str, written: &Spanned<Value>, keys: &Entries) -> Option<Part> {
    let before = resolver.mistakes.0.len();
    let (mut path, mut filename, mut media_type) = (None, None, None);
    for (key, value) in &keys.0 {
        let known = match key.get_ref().as_str() {
            "file" => &mut path,
            "filename" => &mut filename,
            "type" => &mut media_type,
            other => {
                let hint = "a part with a file has `file`, and perhaps `filename` and `type`";
                resolver.mistake(key.span(), format!("unknown key `{other}` in a part"), hint);
                continue;
            }
        };
        *known = Some((value.span(), resolver.scalar(key.get_ref(), value)));
    }
    let Some((place, path)) = path else {
        if resolver.mistakes.0.len() > before {
            return None;
        }
        resolver.mistake(
            written.span(),
            format!("the part `{name}` names no file"),
            "for example { file = \"poster.jpg\" }",
        );
        return None;
    };
    let path = beside(resolver.source.file_at(&place), &path);
    let own_name = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let filename = filename.map_or_else(own_name, |(_, filename)| filename);
    let media_type = match media_type {
        Some((place, text)) if text.chars().any(char::is_control) => {
            resolver.mistake(place, "this is not a media type", "for example type = \"image/jpeg\"");
            return None;
        }
        Some((_, text)) => text,
        None => mime_guess::from_path(&path).first_or_octet_stream().to_string(),
    };
    match read(&path) {
        Ok(bytes) => Some(Part { head: head(name, Some((&filename, &media_type))), content: Content::File(bytes) }),
        Err(problem) => {
            let hint = "the path is relative to the scenario file that it stands in";
            resolver.mistake(place, format!("cannot send {}: {problem}", path.display()), hint);
            None
        }
    }
}

fn read(path: &Path) -> Result<Bytes, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    if metadata.len() > LARGEST_FILE {
        return Err("it is larger than 256 MiB".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    match bytes.windows(BOUNDARY.len()).any(|window| window == BOUNDARY.as_bytes()) {
        true => Err("it holds the line that mnload puts between parts".to_owned()),
        false => Ok(Bytes::from(bytes)),
    }
}

fn head(name: &str, file: Option<(&str, &str)>) -> String {
    let disposition = format!("{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(name));
    match file {
        None => format!("{disposition}\r\n\r\n"),
        Some((filename, media_type)) => {
            format!("{disposition}; filename=\"{}\"\r\nContent-Type: {media_type}\r\n\r\n", quoted(filename))
        }
    }
}

/// As browsers write names: a quote or a line break would end the name.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_between_boundaries_and_names_cannot_break_out() {
        let parts = Multipart(vec![
            Part { head: head("ti\"tle\r\nX: y", None), content: Content::Text(Text::from("Alien")) },
            Part {
                head: head("poster", Some(("a.png", "image/png"))),
                content: Content::File(Bytes::from_static(b"\x89PNG")),
            },
        ]);
        let body = parts.constant().unwrap();
        let wanted = b"--mnload-6f1c9d0b7a3e4f258d46\r\nContent-Disposition: form-data; name=\"ti%22tle%0D%0AX: y\"\r\n\r\nAlien\r\n\
            --mnload-6f1c9d0b7a3e4f258d46\r\nContent-Disposition: form-data; name=\"poster\"; filename=\"a.png\"\r\n\
            Content-Type: image/png\r\n\r\n\x89PNG\r\n--mnload-6f1c9d0b7a3e4f258d46--\r\n";
        assert_eq!(body, &wanted[..]);
    }
}
