//! The laws of the language, and what is said about gates that are none.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn gate(text: &str) -> Gate {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn gates_read_as_they_are_written() {
    for text in [
        "p95 < 600ms",
        "p99.9 of search <= 1s",
        "max < 2s",
        "mean of sign in < 250ms",
        "error_rate < 1%",
        "errors(http_429) = 0",
        "errors of search < 3",
        "error_rate(5xx) < 1% over 10m",
        "error_rate(timeout) of group browse < 0.5% over 30s",
        "failures of health < 3 in a row",
        "checks >= 95%",
        "journeys >= 95%",
        "rate >= 50/s",
        "p50 of GET /api/health > 0ms",
        "service.p95 < 300ms",
        "lag.p99 < 10ms",
        "ttfb.p95 of tag kind:read < 200ms",
        "connect.p95 < 50ms",
        "tls.max < 1s",
        "p95 < 600ms over 10m",
        "p95 < 600ms, at least 200 samples, strict, abort after 30s",
        "p95 < 600ms over 1m, abort",
        "p95 < 1.2x baseline, warn",
        "error_rate < 2x baseline",
        "rate >= 0.9x baseline",
        "capacity >= 200/s",
        "capacity > 0.9x baseline, warn",
    ] {
        assert_eq!(gate(text).to_string(), text);
    }
}

#[test]
fn what_may_be_written_in_other_ways_is_the_same_gate() {
    for (written, same) in [
        ("  p95<600ms ", "p95 < 600ms"),
        ("response.p95 < 600ms", "p95 < 600ms"),
        ("p99.90 < 1s", "p99.9 < 1s"),
        ("p95 of 'search' < 1s", "p95 of search < 1s"),
        ("errors( http_429 ) == 0", "errors(http_429) = 0"),
        ("p95 < 600ms , warn,strict", "p95 < 600ms, strict, warn"),
        ("p95 < 1.2 x baseline", "p95 < 1.2x baseline"),
        ("failures of health<3  in a row", "failures of health < 3 in a row"),
    ] {
        assert_eq!(gate(written), gate(same), "{written}");
    }
}

#[test]
fn names_that_read_like_something_else_stand_in_quotes() {
    for (text, name) in [
        ("p95 of 'a step' < 1s", "a step"),
        ("p95 of ' a ' < 1s", " a "),
        ("p95 of ''a'' < 1s", "'a'"),
        ("p95 of 'group a' < 1s", "group a"),
        ("p95 of 'a < b' < 1s", "a < b"),
        ("p95 of it's < 1s", "it's"),
    ] {
        assert_eq!(gate(text).of, Of::Step(name.to_owned()), "{text}");
        assert_eq!(gate(text).to_string().parse(), Ok(gate(text)), "{text}");
    }
    assert_eq!(gate("p95 of group 'a < b' < 1s").of, Of::Group("a < b".to_owned()));
    assert_eq!(gate("p95 of tag k:'a < b' < 1s").of, Of::Tag("k".to_owned(), "a < b".to_owned()));
}

#[test]
fn the_alert_profile_of_a_runbook_can_be_written_as_it_reads() {
    assert_eq!(gate("failures of health < 3 in a row").span, Span::InARow);
    assert_eq!(gate("p95 < 600ms over 10m").span, Span::Over(Duration::from_secs(600)));
    let server_errors = gate("error_rate(5xx) < 1% over 10m");
    assert_eq!(server_errors.metric, Metric::ErrorRate(Some(ErrorClass::Hundred(5))));
}

#[test]
fn mistakes_say_where_and_what_to_do() {
    for (text, place, message, hint) in [
        ("p95", "p95", "needs a comparison", "p95 < 600ms"),
        ("p95 != 600ms", "!=", "not a comparison", "use <"),
        ("p95 = 600ms", "=", "never exactly equal", "use <"),
        ("error_rat < 1%", "error_rat", "unknown figure", "did you mean `error_rate`?"),
        ("p100 < 1s", "p100", "unknown figure", "p"),
        ("p0 < 1s", "p0", "unknown figure", "p50"),
        ("p95.1234 < 1s", "p95.1234", "unknown figure", "p99.999"),
        ("servce.p95 < 1s", "servce", "unknown time", "did you mean `service`?"),
        ("service.median < 1s", "median", "cannot be asked", "pN"),
        ("service.p100 < 1s", "p100", "cannot be asked", "p99.999"),
        ("p95 < 600", "600", "not a duration", "500ms"),
        ("error_rate < 600ms", "600ms", "not a percentage", "1%"),
        ("rate > 5", "5", "not a rate", "20/s"),
        ("errors < 1%", "1%", "not a number of events", "error_rate < 1%"),
        ("errors < 1.5", "1.5", "not a number of events", "errors < 5"),
        ("errors(http_42) = 0", "http_42", "unknown class", "http_ and a status"),
        ("errors(timout) = 0", "timout", "unknown class", "did you mean `timeout`?"),
        ("errors(http_429 = 0", "(http_429", "not closed", "errors(http_429) = 0"),
        ("p95(timeout) < 1s", "(timeout)", "has no classes", "errors(http_429)"),
        ("p95 of < 1s", "of", "needs the name of a step", "p95 of search"),
        ("p95 of group < 1s", "group", "needs a name", "of group browse"),
        ("p95 of tag read < 1s", "read", "a name and a value", "kind:read"),
        ("p95 for search < 1s", "for search", "does not belong here", "gates look like"),
        ("journeys of search >= 95%", "of search", "of the whole run", "leave this out"),
        ("lag.p99 of search < 1ms", "of search", "of the whole run", "leave this out"),
        ("journeys >= 9", "9", "not a percentage", "%"),
        ("journey >= 95%", "journey", "unknown figure", "did you mean `journeys`?"),
        ("p95 <", "p95 <", "no bound", "gates look like"),
        ("< 5ms", "", "which figure", "the figures are"),
        ("p95 < 1s over", "over", "no duration", "10s"),
        ("p95 < 1s over 500ms", "500ms", "whole seconds", "30s"),
        ("p95 < 1s over 2h", "2h", "to 1h", "1h"),
        ("failures of health < 3", "failures of health", "one after the other", "in a row"),
        ("failures of health > 3 in a row", "> 3 in a row", "says nothing", "failures of health < 3"),
        ("errors of health < 3 in a row", "in a row", "does not come in a row", "failures of health"),
        ("p95 < 1s, over 10m", "over 10m", "behind a comma", "leave the comma out"),
        ("capacity >= 500/s warn", "warn", "a comma before it", "write: capacity >= 500/s, warn"),
        ("p95 < 1s,", "", "nothing after the comma", "the options are"),
        ("p95 < 1s, strikt", "strikt", "unknown option", "did you mean `strict`?"),
        ("p95 < 1s, warn, warn", "warn", "said twice", "once"),
        ("p95 < 1s, warn, abort", "warn", "contradict each other", "leave one of them out"),
        ("p95 < 1s, abort 30s", "30s", "does not belong here", "abort after 30s"),
        ("p95 < 1s, at least many samples", "at least many samples", "not a number of samples", "at least 200"),
        ("max < 1s, strict", "strict", "an interval", "percentiles"),
        ("rate >= 5/s, abort", "abort", "not known before the end", "over 30s"),
        ("errors > 0, abort", "abort", "not known before the end", "over 30s"),
        ("checks = 50%, abort", "abort", "not known before the end", "over 30s"),
        ("p95 < 1.2y baseline", "1.2y baseline", "not a multiple", "1.2x baseline"),
        ("max < 1.2x baseline", "1.2x baseline", "not compared", "percentiles"),
        ("p95 > 1.2x baseline", "1.2x baseline", "no better", "use <"),
        ("rate < 1.2x baseline", "1.2x baseline", "no better", "use >="),
        ("capacity < 200/s", "<", "never too high", "capacity >= 200/s"),
        ("capacity = 200/s", "=", "never too high", "use >="),
        ("capacity >= 200", "200", "not a rate", "20/s"),
        ("capacity of search >= 200/s", "of search", "of the whole run", "leave this out"),
        ("capacity >= 200/s over 1m", " over ", "no windows", "leave this out"),
        ("capacity >= 200/s in a row", "in a row", "does not come in a row", "failures of health"),
        ("capacity >= 200/s, strict", "strict", "knows no `strict`", "`warn`"),
        ("capacity >= 200/s, abort", "abort", "knows no `abort`", "`warn`"),
        ("capacity >= 200/s, at least 9 samples", "at least", "knows no `at least`", "`warn`"),
        ("capasity >= 200/s", "capasity", "unknown figure", "did you mean `capacity`?"),
        ("p95 < 2x baseline over 1m", "2x baseline over 1m", "no windows", "whole run"),
    ] {
        let error = text.parse::<Gate>().unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(error.hint.contains(hint), "{text}: {}", error.hint);
        assert_eq!(&text[error.span.clone()], place, "{text}: {error}");
    }
}

#[test]
fn a_percentile_needs_a_sample_beyond_it() {
    let least = |text: &str| gate(text).metric.percentile().map(Percentile::least_samples);
    assert_eq!(["p50 < 1s", "p95 < 1s", "p99 < 1s", "p99.9 < 1s"].map(least), [2, 20, 100, 1000].map(Some));
}

#[test]
fn a_class_is_one_status_or_all_of_a_hundred() {
    let server = ErrorClass::Hundred(5);
    assert!(server.has(Failure::Http(503)) && !server.has(Failure::Http(429)) && !server.has(Failure::Timeout));
    let limit = ErrorClass::Exactly(Failure::Http(429));
    assert!(limit.has(Failure::Http(429)) && !limit.has(Failure::Http(428)));
}

fn any_class() -> impl Strategy<Value = Option<ErrorClass>> {
    prop_oneof![
        Just(None),
        (1u16..6).prop_map(|hundred| Some(ErrorClass::Hundred(hundred))),
        (100u16..600).prop_map(|status| Some(ErrorClass::Exactly(Failure::Http(status)))),
        prop::sample::select(Failure::NAMES.as_slice()).prop_map(|name| name.parse().ok().map(ErrorClass::Exactly)),
    ]
}

fn any_metric() -> impl Strategy<Value = Metric> {
    let statistic = prop_oneof![
        (1u32..100_000).prop_map(|thousandths| Statistic::Percentile(Percentile(thousandths))),
        Just(Statistic::Max),
        Just(Statistic::Mean),
    ];
    prop_oneof![
        (prop::sample::select(Clock::ALL.as_slice()), statistic)
            .prop_map(|(clock, statistic)| Metric::Time(clock, statistic)),
        any_class().prop_map(Metric::ErrorRate),
        any_class().prop_map(Metric::Errors),
        Just(Metric::Failures),
        Just(Metric::Checks),
        Just(Metric::Journeys),
        Just(Metric::Rate),
        Just(Metric::Capacity),
    ]
}

fn any_bound(metric: Metric) -> BoxedStrategy<Bound> {
    let absolute = match metric {
        Metric::Time(..) => (0u64..100_000_000_000).prop_map(|ns| Bound::Time(Duration::from_nanos(ns))).boxed(),
        Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys => (0.0..=100.0).prop_map(Bound::Percent).boxed(),
        Metric::Errors(_) | Metric::Failures => (0u64..1_000_000).prop_map(Bound::Count).boxed(),
        Metric::Rate | Metric::Capacity => (0.0..1e9).prop_map(Bound::PerSecond).boxed(),
    };
    prop_oneof![4 => absolute, 1 => (0.01..100.0).prop_map(Bound::Baseline)].boxed()
}

fn any_gate() -> impl Strategy<Value = Gate> {
    let name = "[a-z'<>= ]{0,3}[a-z][a-z /]{0,10}[a-z]";
    let of = prop_oneof![
        Just(Of::All),
        name.prop_map(Of::Step),
        name.prop_map(Of::Group),
        ("[a-z]{1,5}", "[a-z]{1,5}").prop_map(|(name, value)| Of::Tag(name, value)),
    ];
    let comparison = prop::sample::select(vec![
        Comparison::Below,
        Comparison::AtMost,
        Comparison::Equal,
        Comparison::AtLeast,
        Comparison::Above,
    ]);
    let span = prop_oneof![
        Just(Span::Whole),
        (1u64..=3_600).prop_map(|s| Span::Over(Duration::from_secs(s))),
        Just(Span::InARow)
    ];
    let options =
        (prop::option::of(1u64..10_000), any::<bool>(), any::<bool>(), prop::option::of(0u64..1_000)).prop_map(
            |(at_least, strict, warn, abort)| Options { at_least, strict, warn, abort: abort.map(Duration::from_secs) },
        );
    let bounded = any_metric().prop_flat_map(|metric| (Just(metric), any_bound(metric)));
    (bounded, of, comparison, span, options).prop_map(|((metric, bound), of, comparison, span, options)| Gate {
        metric,
        of,
        comparison,
        bound,
        span,
        options,
    })
}

proptest! {
    #[test]
    fn parsing_what_was_printed_is_the_same_gate_or_tells_what_does_not_go_together(gate in any_gate()) {
        let text = gate.to_string();
        match text.parse::<Gate>() {
            Ok(read) => prop_assert_eq!(read, gate, "{}", text),
            // Every part was there: it is the whole that makes no sense.
            Err(error) => prop_assert!(sense::check(&gate, &text, 0..1).is_err(), "{}: {}", text, error),
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        if let Err(error) = text.parse::<Gate>() {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {:?}", error.span, text);
        }
    }

    #[test]
    fn no_near_gate_panics(text in "(p95|errors|failures|error_rate|service.p9)?[ (]?(5xx)?[)]?( of | tag | group )?[a:' ]{0,3} ?[<>=!]{0,2} ?(6s|1%|3|2x baseline)?( over | in a row|,)?(1m|strict|abort|at least)?[ ,]?.{0,3}") {
        if let Err(error) = text.parse::<Gate>() {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {:?}", error.span, text);
        }
    }
}
