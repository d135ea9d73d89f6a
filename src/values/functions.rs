//! Functions of templates: all draw from the journey's own stream, so that the run's seed decides them.

use minijinja::{Environment, Error, ErrorKind, State, Value};
use rand::RngExt as _;
use rand_pcg::Pcg64Mcg;

use super::scope::{Frame, SELF};

/// Hands a value of any type out of a template; no scenario can name it.
pub(super) const KEEP: &str = "mnload_keep";
/// Letters and digits that cannot be mistaken for each other in a log.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
pub(super) const LONGEST_STRING: usize = 10_000;

pub(super) fn add_to(engine: &mut Environment<'static>) {
    engine.add_function("uuid", uuid);
    engine.add_function("random_int", random_int);
    engine.add_function("random_string", random_string);
    engine.add_function("pick", pick);
    engine.add_function(KEEP, keep);
}

fn keep(state: &mut State<'_, '_>, value: Value) -> Result<&'static str, Error> {
    with_frame(state, |frame| frame.state().kept = Some(value))?;
    Ok("")
}

/// What `draw` takes from the journey's stream.
fn drawn<T>(state: &State<'_, '_>, draw: impl FnOnce(&mut Pcg64Mcg) -> T) -> Result<T, Error> {
    with_frame(state, |frame| draw(&mut frame.state().random))
}

fn with_frame<T>(state: &State<'_, '_>, act: impl FnOnce(&Frame) -> T) -> Result<T, Error> {
    let scope = state.lookup(SELF);
    let frame = scope.as_ref().and_then(|scope| scope.downcast_object_ref::<Frame>());
    let frame =
        frame.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "this exists only while a journey runs"))?;
    Ok(act(frame))
}

/// A random UUID, version 4 (RFC 9562).
fn uuid(state: &mut State<'_, '_>) -> Result<String, Error> {
    drawn(state, random_uuid)
}

pub(super) fn random_uuid(random: &mut Pcg64Mcg) -> String {
    let bits: u128 = random.random();
    let bits = bits & !(0xF << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A whole number from `low` to `high`, both included.
fn random_int(state: &mut State<'_, '_>, low: i64, high: i64) -> Result<i64, Error> {
    if low > high {
        return Err(Error::new(ErrorKind::InvalidOperation, "random_int(low, high) needs low <= high"));
    }
    drawn(state, |random| random_whole(random, low, high))
}

/// `low` is at most `high`.
pub(super) fn random_whole(random: &mut Pcg64Mcg, low: i64, high: i64) -> i64 {
    random.random_range(low..=high)
}

/// `length` letters and digits.
fn random_string(state: &mut State<'_, '_>, length: usize) -> Result<String, Error> {
    if length > LONGEST_STRING {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("random_string gives at most {LONGEST_STRING} characters"),
        ));
    }
    drawn(state, |random| random_text(random, length))
}

pub(super) fn random_text(random: &mut Pcg64Mcg, length: usize) -> String {
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// One element of a list.
fn pick(state: &mut State<'_, '_>, list: Value) -> Result<Value, Error> {
    drawn(state, |random| take_one(random, &list))?
}

pub(super) fn take_one(random: &mut Pcg64Mcg, list: &Value) -> Result<Value, Error> {
    let length = list.len().filter(|length| *length > 0);
    let length = length
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "pick(list) needs a list with at least one element"))?;
    list.get_item_by_index(random.random_range(0..length))
}
