//! Numbers and values compared by what they are worth: `1`, `1.0` and `1e0` are one number.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// How two numbers compare, exactly where whole numbers are concerned.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// Whether two values are the same, with numbers compared by value.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        (left, right) => left == right,
    }
}

/// The number that `text` is, as a header, a cookie or a template carries it.
pub(super) fn parse(text: &str) -> Option<Number> {
    let text = text.trim();
    let whole = text.parse::<i64>().ok().map(Number::from).or_else(|| text.parse::<u64>().ok().map(Number::from));
    whole.or_else(|| Number::from_f64(text.parse().ok()?))
}

/// The whole number that `number` is, written with or without a fraction.
fn whole(number: &Number) -> Option<i128> {
    if let Some(whole) = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)) {
        return Some(whole);
    }
    number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e30).map(|float| float as i128)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        assert!(same(&json!(1), &json!(1.0)));
        assert!(same(&json!({ "a": [1, 2.5] }), &json!({ "a": [1.0, 2.5] })));
        assert!(!same(&json!(1), &json!("1")));
        assert!(!same(&json!([1]), &json!([1, 2])));
        assert!(!same(&json!({ "a": 1 }), &json!({ "b": 1 })));
    }

    #[test]
    fn large_whole_numbers_keep_their_last_digit() {
        assert!(!same(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)));
        assert!(!same(&json!(u64::MAX), &json!(u64::MAX - 1)));
        assert!(same(&json!(-0.0), &json!(0)));
    }

    #[test]
    fn text_is_a_number_if_it_looks_like_one() {
        assert_eq!(parse(" 42 "), Some(42.into()));
        assert_eq!(parse("18446744073709551615"), Some(u64::MAX.into()));
        assert_eq!(parse("1.5").and_then(|number| number.as_f64()), Some(1.5));
        for text in ["", "x", "inf", "NaN", "1,5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
