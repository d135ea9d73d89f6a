//! The query part of a request's address: `q=two+words&page=2`.

/// The value of the first parameter called `name`, decoded; none if it is not there.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| decode(value))
}

/// A parameter that counts something: `default` if it is not there, none if it is no number from 1 to `most`.
pub(super) fn count(query: &str, name: &str, default: u32, most: u32) -> Option<u32> {
    match parameter(query, name) {
        None => Some(default),
        Some(text) => text.parse().ok().filter(|number| (1..=most).contains(number)),
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = tail;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit.to_ascii_lowercase() - b'a') + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_decoded() {
        assert_eq!(parameter("q=two+words&page=2", "q").as_deref(), Some("two words"));
        assert_eq!(parameter("q=caf%C3%A9%2f", "q").as_deref(), Some("café/"));
        assert_eq!(parameter("q=100%", "q").as_deref(), Some("100%"));
        assert_eq!(parameter("q", "q").as_deref(), Some(""));
        assert_eq!(parameter("", "q"), None);
    }

    #[test]
    fn a_count_has_a_default_and_bounds() {
        assert_eq!(count("", "limit", 20, 100), Some(20));
        assert_eq!(count("limit=100", "limit", 20, 100), Some(100));
        for text in ["limit=0", "limit=101", "limit=x", "limit="] {
            assert_eq!(count(text, "limit", 20, 100), None, "{text}");
        }
    }
}
