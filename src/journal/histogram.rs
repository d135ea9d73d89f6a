//! A histogram of a journal back from its text, which may be anybody's.
//!
//! The library decodes; what it would not bear is kept from it: bounds of any size, and numbers at the very end of what
//! fits.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::Deserializer;

use crate::metrics::Histogram;

/// The cookie of a compressed histogram.
const COMPRESSED: [u8; 4] = 0x1c84_9314_u32.to_be_bytes();
/// The cookie of a plain one.
const PLAIN: [u8; 4] = 0x1c84_9313_u32.to_be_bytes();
/// Cookie and length of a compressed histogram.
const OUTER: usize = 8;
/// Cookie, length, offset, digits, lowest, highest and ratio of a plain one.
const HEADER: usize = 40;
/// No histogram of ours has more bytes of counts.
const MOST: usize = 1 << 20;

/// What `text` holds, of times between `min_us` and `max_us`.
pub(super) fn decoded(text: &str, min_us: u64, max_us: u64) -> Result<Histogram, &'static str> {
    let library = library_of(text)?;
    Histogram::copied_from(&library, min_us, max_us).ok_or("its counts do not lie between its lowest and highest time")
}

fn library_of(text: &str) -> Result<Hdr<u64>, &'static str> {
    let bytes = STANDARD.decode(text).map_err(|_| "its histogram is no base64")?;
    let compressed = bytes.strip_prefix(&COMPRESSED).ok_or("its histogram is of another format")?;
    let mut plain = Vec::new();
    let inflated = ZlibDecoder::new(compressed.get(OUTER - 4..).unwrap_or_default());
    inflated.take(MOST as u64 + 1).read_to_end(&mut plain).map_err(|_| "its histogram cannot be unpacked")?;
    if plain.len() > MOST {
        return Err("its histogram is larger than any");
    }
    if !plain.starts_with(&PLAIN) || plain.len() < HEADER {
        return Err("its histogram is of another format");
    }
    let own = Histogram::library();
    let bounds = [
        plain[12..16] == 3_u32.to_be_bytes(),
        plain[16..24] == own.low().to_be_bytes(),
        plain[24..32] == own.high().to_be_bytes(),
    ];
    let length = u32::from_be_bytes([plain[4], plain[5], plain[6], plain[7]]) as usize;
    if bounds.contains(&false) || length != plain.len() - HEADER {
        return Err("its histogram has other bounds than those of a run");
    }
    // Eight bytes that go on make a number beyond any count, and one that the library cannot turn round.
    if plain[HEADER..].windows(8).any(|bytes| bytes.iter().all(|byte| byte & 0x80 != 0)) {
        return Err("its histogram counts more than can be");
    }
    Deserializer::new().deserialize(&mut plain.as_slice()).map_err(|_| "its histogram cannot be decoded")
}
