//! Where two documents differ first: what a reader looks for in a long one.

use serde_json::Value;

use super::number::same;
use super::text::json_line;

/// How long a shown value may be.
const SHOWN: usize = 60;

/// The first place at which `found` is not `wanted`, in words; none when they are the same or are no structures.
pub(super) fn first(found: &Value, wanted: &Value) -> Option<String> {
    let mut path = "$".to_owned();
    let (mut found, mut wanted) = (found, wanted);
    loop {
        match step(found, wanted)? {
            Step::Into(name, inner_found, inner_wanted) => {
                path.push_str(&name);
                (found, wanted) = (inner_found, inner_wanted);
            }
            Step::Here(words) => return Some(format!("{path} {words}")),
        }
        if !(found.is_object() && wanted.is_object() || found.is_array() && wanted.is_array()) {
            let (found, wanted) = (json_line(found, SHOWN), json_line(wanted, SHOWN));
            return Some(format!("{path} is {found} instead of {wanted}"));
        }
    }
}

enum Step<'v> {
    Into(String, &'v Value, &'v Value),
    Here(String),
}

/// What differs first between two structures of one kind.
fn step<'v>(found: &'v Value, wanted: &'v Value) -> Option<Step<'v>> {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                match found.get(key) {
                    None => return Some(Step::Here(format!("has no {}", name(key)))),
                    Some(found) if !same(found, wanted) => {
                        return Some(Step::Into(format!("[{}]", name(key)), found, wanted));
                    }
                    Some(_) => {}
                }
            }
            let more = found.keys().find(|key| !wanted.contains_key(*key))?;
            Some(Step::Here(format!("also has {}", name(more))))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            let differs = found.iter().zip(wanted).position(|(found, wanted)| !same(found, wanted));
            match differs {
                Some(at) => Some(Step::Into(format!("[{at}]"), &found[at], &wanted[at])),
                None if found.len() == wanted.len() => None,
                None => Some(Step::Here(format!("has {} elements instead of {}", found.len(), wanted.len()))),
            }
        }
        _ => None,
    }
}

fn name(key: &str) -> String {
    json_line(&Value::from(key), SHOWN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_has_a_path() {
        let first = |found, wanted| first(&found, &wanted);
        assert_eq!(
            first(json!({ "a": [1, { "b": 2 }] }), json!({ "a": [1.0, { "b": 3 }] })).unwrap(),
            "$[\"a\"][1][\"b\"] is 2 instead of 3"
        );
        assert_eq!(first(json!({ "a": 1 }), json!({ "a": 1, "b": 2 })).unwrap(), "$ has no \"b\"");
        assert_eq!(first(json!({ "a": 1, "c": 2 }), json!({ "a": 1 })).unwrap(), "$ also has \"c\"");
        assert_eq!(first(json!([1, 2]), json!([1])).unwrap(), "$ has 2 elements instead of 1");
        assert_eq!(first(json!([[]]), json!([{}])).unwrap(), "$[0] is [] instead of {}");
        assert_eq!(first(json!([1]), json!([1.0])), None);
        assert_eq!(first(json!(1), json!(2)), None);
        assert_eq!(first(json!([]), json!({})), None);
    }
}
