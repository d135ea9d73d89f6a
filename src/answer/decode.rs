//! Bodies that came compressed, made readable before anything looks at them; bounded, for what unpacks without end.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use hyper::header::{CONTENT_ENCODING, HeaderMap};

use super::text::one_line_of;

/// The longest body that is looked at, before and after it is decoded, in bytes.
pub const DECODED_AT_MOST: usize = 16 << 20;
/// How many encodings one on top of the other are taken off.
const LAYERS: usize = 4;

/// `body` without the encodings that `headers` name; as it is if there are none.
///
/// # Errors
/// One line: an encoding that is not known, a damaged body, or one that is too long.
pub(super) fn decode<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
    let mut decoded = Cow::Borrowed(body);
    if body.len() > DECODED_AT_MOST {
        return Err(format!("the body is longer than {} MiB, and no more of it is looked at", DECODED_AT_MOST >> 20));
    }
    if body.is_empty() || !headers.contains_key(CONTENT_ENCODING) {
        return Ok(decoded);
    }
    let encodings: Vec<&[u8]> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"))
        .collect();
    if encodings.len() > LAYERS {
        return Err(format!("the body is encoded {} times over", encodings.len()));
    }
    // The last one named was put on last.
    for encoding in encodings.into_iter().rev() {
        decoded = Cow::Owned(take_off(encoding, &decoded)?);
    }
    Ok(decoded)
}

fn take_off(encoding: &[u8], body: &[u8]) -> Result<Vec<u8>, String> {
    let name = one_line_of(encoding, 40);
    let unpacked = match name.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => unpack(MultiGzDecoder::new(body)),
        // Many servers send the bare stream where the standard asks for zlib's frame.
        "deflate" => unpack(ZlibDecoder::new(body)).or_else(|_| unpack(DeflateDecoder::new(body))),
        _ => return Err(format!("the body is encoded as {name}, which is not supported: ask for gzip or deflate")),
    };
    let unpacked = unpacked.map_err(|error| format!("the {name} body is damaged: {error}"))?;
    if unpacked.len() > DECODED_AT_MOST {
        return Err(format!("the {name} body is longer than {} MiB when decoded", DECODED_AT_MOST >> 20));
    }
    Ok(unpacked)
}

fn unpack(from: impl Read) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    // One byte more than is allowed tells a body that is too long from one that just fits.
    from.take(DECODED_AT_MOST as u64 + 1).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn encoded(names: &[&str]) -> HeaderMap {
        names.iter().map(|name| (CONTENT_ENCODING, name.parse().unwrap())).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8], framed: bool) -> Vec<u8> {
        if framed {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(bytes).unwrap();
            return encoder.finish().unwrap();
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_plain_body_is_not_copied() {
        assert!(matches!(decode(&HeaderMap::new(), b"text"), Ok(Cow::Borrowed(b"text"))));
        assert!(matches!(decode(&encoded(&["identity"]), b"text"), Ok(Cow::Borrowed(b"text"))));
        assert!(matches!(decode(&encoded(&["gzip"]), b""), Ok(Cow::Borrowed(b""))));
    }

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_decoded() {
        assert_eq!(&*decode(&encoded(&["gzip"]), &gzip(b"text")).unwrap(), b"text");
        assert_eq!(&*decode(&encoded(&["X-GZIP"]), &gzip(b"text")).unwrap(), b"text");
        assert_eq!(&*decode(&encoded(&["deflate"]), &deflate(b"text", true)).unwrap(), b"text");
        assert_eq!(&*decode(&encoded(&["deflate"]), &deflate(b"text", false)).unwrap(), b"text");
    }

    #[test]
    fn layers_come_off_in_reverse_order() {
        let body = gzip(&deflate(b"text", true));
        assert_eq!(&*decode(&encoded(&["deflate, gzip"]), &body).unwrap(), b"text");
        assert_eq!(&*decode(&encoded(&["deflate", "gzip"]), &body).unwrap(), b"text");
        assert!(decode(&encoded(&["gzip,gzip,gzip,gzip,gzip"]), &body).unwrap_err().contains("5 times"));
    }

    #[test]
    fn damage_and_unknown_encodings_are_said() {
        let whole = gzip(b"a longer text, so that it can be cut");
        assert!(decode(&encoded(&["gzip"]), &whole[..whole.len() / 2]).unwrap_err().contains("damaged"));
        assert!(decode(&encoded(&["gzip"]), b"not gzip").unwrap_err().contains("damaged"));
        assert!(decode(&encoded(&["br"]), b"x").unwrap_err().contains("encoded as br"));
    }

    #[test]
    fn a_body_that_unpacks_past_the_bound_is_refused() {
        let fits = gzip(&vec![0; DECODED_AT_MOST]);
        assert_eq!(decode(&encoded(&["gzip"]), &fits).unwrap().len(), DECODED_AT_MOST);
        let bomb = gzip(&vec![0; DECODED_AT_MOST + 1]);
        assert!(decode(&encoded(&["gzip"]), &bomb).unwrap_err().contains("longer than 16 MiB"));
    }
}
