//! Whether a value of an environment file is one that somebody was to replace.

use percent_encoding::percent_decode_str;

/// Values that nobody means.
const WHOLE: [&str; 21] = [
    "changeme",
    "change-me",
    "change_me",
    "changeit",
    "change-it",
    "replaceme",
    "replace-me",
    "replace_me",
    "todo",
    "tbd",
    "fixme",
    "example",
    "placeholder",
    "password",
    "secret",
    "dummy",
    "undefined",
    "null",
    "none",
    "n/a",
    "[redacted]",
];
/// What a value that is to be replaced holds.
const PARTS: [&str; 13] = [
    "changeme",
    "change-me",
    "change_me",
    "change-this",
    "change_this",
    "change-in-production",
    "change_in_production",
    "replaceme",
    "replace-me",
    "replace_me",
    "replace-with",
    "replace_with",
    "placeholder",
];
/// How a word of such a value starts.
const STARTS: [&str; 4] = ["your-", "your_", "insert-", "insert_"];
/// How such a value ends.
const ENDS: [&str; 4] = ["-here", "_here", "-goes-here", " here"];

/// Whether `value` stands for one that somebody was to fill in.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    if value.is_empty() {
        return false;
    }
    let is_crossed_out = value.len() >= 3 && value.chars().all(|c| "x*.-_#?".contains(c));
    let is_framed =
        [("<", ">"), ("{{", "}}"), ("${", "}"), ("__", "__"), ("%", "%")].into_iter().any(|(open, close)| {
            value.len() > open.len() + close.len() && value.starts_with(open) && value.ends_with(close)
        });
    // A framed part stands for something even in the middle of a URL.
    let holds_frame = value.find('<').is_some_and(|at| value[at..].contains('>'));
    let starts_word = |at: usize| !value[..at].ends_with(char::is_alphanumeric);
    let holds_start = STARTS.iter().any(|start| value.match_indices(start).any(|(at, _)| starts_word(at)));
    passwords(&value).iter().any(|password| is_placeholder(password))
        || WHOLE.contains(&value.as_str())
        || is_crossed_out
        || is_framed
        || holds_frame
        || holds_start
        || PARTS.iter().any(|part| value.contains(part))
        || ENDS.iter().any(|end| value.ends_with(end))
}

/// The passwords within the URLs of `value`: `postgresql://app:PASSWORD@db/shop`.
pub(super) fn passwords(value: &str) -> Vec<String> {
    let behind_schemes = value.match_indices("://").map(|(at, sign)| &value[at + sign.len()..]);
    let authorities = behind_schemes.map(|rest| rest.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default());
    let found = authorities.filter_map(|authority| {
        let (user, _) = authority.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        (!password.is_empty()).then(|| percent_decode_str(password).decode_utf8_lossy().into_owned())
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_was_to_fill_in_is_known_by_its_looks() {
        for value in [
            "changeme",
            "CHANGE-ME",
            "your-super-secret-jwt-key",
            "https://your-domain.example.com",
            "<vault>",
            "postgresql://app:<password>@db/medianest",
            "xxx",
            "****",
            "TODO",
            "example",
            "replace-me-please",
            "jwt-secret-change-in-production",
            "plex_token_here",
            "${JWT_SECRET}",
            "{{ jwt }}",
            "undefined",
            "postgresql://medianest:password@db:5432/medianest",
            "redis://:changeit@redis:6379",
            "amqp://a:9fJd0sk2@one,amqp://a:change%6De@two",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "",
            "3000",
            "true",
            "https://api.staging.medianest.example.com",
            "postgresql://app:9fJd0sk2@db:5432/medianest",
            "postgresql://password:9fJd0sk2@db:5432/secret",
            "https://shop.test:443/a:secret@c",
            "redis://redis:6379",
            "k3jf9-your",
            "colour-blue",
            "x",
            "hereafter",
            "/var/lib/here/data",
        ] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
