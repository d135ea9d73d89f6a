//! What is written is read again, whatever was counted; what is torn ends; what cannot be is refused.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{Damage, End, Log, Parts, Reader, series_tags};
use crate::failure::Failure;
use crate::metrics::{Checks, JourneyEnding, Outcome, Role, Sample, Second, Tally, Unsent};
use crate::verdict::Ending;

const NAMES: [Option<&str>; 3] = [Some("search"), Some("a, b"), None];

fn any_sample() -> impl Strategy<Value = (Sample, bool, bool)> {
    let failure = prop_oneof![Just(None), Just(Some(Failure::Timeout)), Just(Some(Failure::Http(503)))];
    let times = (0u64..9_000_000_000, 0u64..50_000_000, 0u64..5_000_000_000_000);
    let parts = (prop::option::of(0u64..90_000), prop::option::of(0u64..5_000_000), any::<(bool, bool)>());
    let role = prop_oneof![Just(Role::Final), Just(Role::TriedAgain), Just(Role::Followed)];
    (0usize..3, failure, times, parts, role, any::<(bool, bool)>()).prop_map(
        |(step, failure, (due_ns, lag, took), (connect_us, tls_us, (first, scheduled)), role, (warm_up, in_window))| {
            let sent_ns = due_ns + lag;
            let sample = Sample {
                step,
                due_ns,
                sent_ns,
                first_byte_ns: first.then_some(sent_ns + took / 2),
                connect_us,
                tls_us,
                done_ns: sent_ns + took,
                failure: failure.filter(|_| role == Role::Final),
                checks: Checks { passed: took % 3, failed: lag % 2 },
                scheduled,
                role,
                warm_up,
            };
            (sample, in_window, lag % 7 == 0)
        },
    )
}

fn second(number: u64, samples: &[(Sample, bool, bool)]) -> Second {
    let mut tally = Tally::new(NAMES.len());
    let mut outcomes = Vec::new();
    for (sample, in_window, unsent) in samples {
        tally.journeys_due += 1;
        tally.journeys_started += 1;
        tally.warm_up.journeys_started += u64::from(sample.warm_up);
        if *unsent {
            let at = Unsent { at_ns: sample.due_ns, in_window: *in_window, warm_up: sample.warm_up };
            tally.not_sent(sample.step, sample.step, at, "no \"row\"]\n, left".to_owned());
            tally.journey_ended(JourneyEnding::Failed, sample.warm_up);
            continue;
        }
        tally.record(sample, sample.step, *in_window, || "]\r\n#[mnload {}] ü".to_owned());
        tally.journey_ended(JourneyEnding::Passed, sample.warm_up);
        tally.connections_opened += u64::from(sample.connect_us.is_some());
        outcomes.push(Outcome { done_ns: sample.done_ns, series: sample.step, failed: sample.failure.is_some() });
    }
    Second { number, tally: Arc::new(tally), outcomes: outcomes.into(), ..Second::default() }
}

fn written(seconds: &[Second], ended: bool) -> Vec<u8> {
    let mut parts = Parts::default();
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let mut log = Log::begin(&mut parts, started, series_tags(NAMES), "a run").unwrap();
    seconds.iter().for_each(|second| log.second(second, 0).unwrap());
    if ended {
        log.end(End { ending: Ending::Completed, seconds: seconds.len() as u64, left_out: 0 }).unwrap();
    }
    log.take()
}

fn read(bytes: &[u8]) -> (Vec<Second>, Option<End>, bool, Option<Damage>) {
    let (about, mut reader) = Reader::open::<String>(bytes).unwrap();
    assert_eq!(about, "a run");
    let mut seconds = Vec::new();
    let damage = loop {
        match reader.next_second() {
            Ok(Some(second)) => seconds.push(second),
            Ok(None) => break None,
            Err(damage) => break Some(damage),
        }
    };
    (seconds, reader.end(), reader.is_torn(), damage)
}

fn same(left: &[Second], right: &[Second]) -> bool {
    let parts = |second: &Second| (second.number, Arc::clone(&second.tally), Arc::clone(&second.outcomes));
    left.iter().map(parts).eq(right.iter().map(parts))
}

/// Three seconds of a quiet run.
fn three() -> Vec<Second> {
    let sample = |done_us: u64| Sample {
        step: 0,
        due_ns: 0,
        sent_ns: 5_000,
        first_byte_ns: Some(9_000),
        connect_us: Some(30),
        tls_us: None,
        done_ns: done_us * 1_000,
        failure: None,
        checks: Checks::default(),
        scheduled: true,
        role: Role::Final,
        warm_up: false,
    };
    (0..3).map(|number| second(number, &[(sample(700 + number), true, false), (sample(900), true, false)])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn seconds_come_back_as_they_were(parts in prop::collection::vec(prop::collection::vec(any_sample(), 0..40), 0..5), ended in any::<bool>()) {
        let seconds: Vec<Second> = (0..).map(|number| number * 3).zip(&parts).map(|(number, samples)| second(number, samples)).collect();
        let (again, end, torn, damage) = read(&written(&seconds, ended));
        prop_assert!(damage.is_none() && !torn, "{:?}", damage);
        prop_assert!(same(&seconds, &again), "{:?}\n{:?}", seconds, again);
        prop_assert_eq!(end.is_some(), ended);
    }

    #[test]
    fn wherever_it_is_cut_off_the_whole_seconds_before_are_there(cut in 0.0f64..1.0) {
        let (seconds, bytes) = (three(), written(&three(), true));
        let head = written(&[], false).len();
        let at = head + ((bytes.len() - head) as f64 * cut) as usize;
        let (again, end, torn, damage) = read(&bytes[..at]);
        prop_assert!(damage.is_none(), "{:?}", damage);
        let whole = (0..=3).rev().find(|count| written(&seconds[..*count], false).len() <= at).unwrap();
        prop_assert!(same(&seconds[..whole], &again));
        prop_assert_eq!(torn, (0..=3).all(|count| written(&seconds[..count], false).len() != at));
        prop_assert!(end.is_none());
    }
}

#[test]
fn the_lines_are_those_of_other_writers() {
    let text = String::from_utf8(written(&three()[..1], true)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "#[Histogram log format version 1.3]");
    assert_eq!(
        lines[2..4],
        ["#[StartTime: 1800000000.000 (seconds since epoch)]", "#[BaseTime: 1800000000.000 (seconds since epoch)]"]
    );
    assert_eq!(lines[5], "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"");
    assert!(
        lines[6].starts_with("#[mnload {\"head\":{\"version\":\"1.0.0\",") && lines[6].ends_with("}]"),
        "{}",
        lines[6]
    );
    assert!(lines[7].starts_with("Tag=search.response,0.000,1.000,0.900,HISTFAAA"), "{}", lines[7]);
    assert!(lines[13].starts_with("#[mnload {\"second\":{\"number\":0,\"times\":[[2,700,900],"), "{lines:#?}");
    assert_eq!(lines[14], "#[mnload {\"end\":{\"ending\":\"completed\",\"seconds\":1,\"left_out\":0}}]");
    assert_eq!(lines.len(), 15);
}

#[test]
fn what_cannot_be_ends_it_with_its_line_and_the_seconds_before_stay() {
    let text = String::from_utf8(written(&three(), true)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let last = |what: &str| lines.iter().rposition(|line| line.contains(what)).unwrap();
    let (histogram, note) = (last("Tag=search.response"), last("\"second\""));
    let wrong: [(usize, &str, &str, &str); 13] = [
        (histogram, "HISTFAAA", "HISTF*AA", "no base64"),
        (histogram, "HISTFAAA", "HISTEAAA", "another format"),
        (histogram, "Tag=search.", "Tag=nobody.", "belongs to no step"),
        (histogram, ",2.000,", ",1.000,", "to another second"),
        (histogram, "Tag=search.response,", "Tag=search.response;", "neither a histogram"),
        (note, "\"number\":2", "\"number\":1", "not in order"),
        (note, "\"number\":2", "\"number\":4000000000", "too far apart"),
        (note, "\"number\":2", "\"number\":18446744073709551615", "more than can be"),
        (note, "[2,702,900]", "[3,702,900]", "not as many times"),
        (note, "[2,702,900]", "[2,300,900]", "lowest and highest"),
        (note, "[2,702,900],", "", "not as many histograms"),
        (note, "\"requests\":2", "\"requests\":1", "do not add up"),
        (note, "\"0\":{", "\"7\":{", "steps that the run has not"),
    ];
    for (at, from, to, problem) in wrong {
        let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        assert!(changed[at].contains(from), "{from} in {}", changed[at]);
        changed[at] = changed[at].replacen(from, to, 1);
        let (again, _, _, damage) = read((changed.join("\n") + "\n").as_bytes());
        let damage = damage.map(|damage| damage.to_string()).unwrap_or_default();
        assert!(damage.starts_with("line ") && damage.contains(problem), "{from} → {to}: {damage:?}, not {problem}");
        assert!(same(&three()[..2], &again), "{from}");
    }
}

#[test]
fn what_is_no_journal_is_said() {
    for text in [
        "",
        "hello\n",
        "#a\n",
        "Tag=a,0.0,1.0,1.0,HIST\n",
        "#[mnload {\"head\":{\"version\":\"2.0\"}}]\n",
        "#[mnload x]\n",
        "\0\n",
    ] {
        assert!(Reader::open::<String>(text.as_bytes()).is_err(), "{text:?}");
    }
    let endless = std::io::BufReader::new(std::io::repeat(b'#'));
    assert!(Reader::open::<String>(endless).unwrap_err().to_string().contains("longer than any"));
}
