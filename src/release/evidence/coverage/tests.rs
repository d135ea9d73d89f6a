//! Reports that tools really wrote, and those that must not be believed.

use super::*;

fn measured(path: &str) -> Measured {
    measure(&super::super::real(path), None).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn part(covered: u64, total: u64) -> Part {
    Part { covered, total }
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let said = measure(text.as_bytes(), None).map(|measured| measured.lines).unwrap_err();
    assert!(said.contains(why), "{why} in {said}");
}

#[test]
fn every_format_of_one_run_says_the_same() {
    for (folder, lines, branches, functions) in
        [("v8", part(24, 33), part(9, 11), part(5, 7)), ("istanbul", part(13, 19), part(8, 12), part(4, 7))]
    {
        for name in
            ["lcov.info", "coverage-final.json", "coverage-summary.json", "clover.xml", "cobertura-coverage.xml"]
        {
            let path = format!("vitest/coverage-{folder}/{name}");
            let measured = measured(&path);
            assert_eq!(measured.lines, lines, "{path}");
            assert_eq!(measured.branches, branches, "{path}");
            if name != "cobertura-coverage.xml" {
                assert_eq!(measured.functions, functions, "{path}");
            }
            assert_eq!((measured.files, measured.notes.len()), (Some(2), 0), "{path}");
            assert_eq!(measured.made.is_some(), name.ends_with(".xml"), "{path}");
        }
    }
    for path in ["coverage.py/lcov.info", "coverage.py/cobertura.xml"] {
        let measured = measured(path);
        assert_eq!((measured.lines, measured.branches), (part(12, 16), part(2, 4)), "{path}");
    }
    assert_eq!(measured("vitest/coverage-istanbul/coverage-final.json").statements, part(14, 22));
    assert_eq!(measured("vitest/coverage-thin/coverage-summary.json").lines, part(1, 106));
    assert_eq!(measured("vitest/coverage-thin/lcov.info").lines, part(1, 106));
}

#[test]
fn totals_that_differ_from_their_lines_are_not_believed() {
    for (path, written, changed, why) in [
        (
            "vitest/coverage-istanbul/lcov.info",
            "LH:7",
            "LH:12",
            "lines of src/price.js are 12 of 12 by its totals, and 7",
        ),
        ("vitest/coverage-istanbul/lcov.info", "LF:12", "LF:7", "lines of src/price.js are 7 of 7"),
        ("vitest/coverage-istanbul/coverage-summary.json", "\"covered\":13", "\"covered\":19", "68.42%"),
        (
            "vitest/coverage-istanbul/coverage-summary.json",
            "13,\"skipped\":0,\"pct\":68.42",
            "19,\"skipped\":0,\"pct\":100",
            "13 of 19",
        ),
        ("vitest/coverage-istanbul/coverage-final.json", "\"s\":{\"0\":", "\"s\":{\"x\":", "statements have"),
        (
            "vitest/coverage-istanbul/clover.xml",
            "coveredstatements=\"13\"",
            "coveredstatements=\"19\"",
            "19 of 19 by its totals",
        ),
        ("vitest/coverage-istanbul/clover.xml", "coveredstatements=\"7\"", "coveredstatements=\"12\"", "price.js"),
        ("vitest/coverage-istanbul/clover.xml", "coveredmethods=\"4\"", "coveredmethods=\"7\"", "methods are 7 of 7"),
        ("coverage.py/cobertura.xml", "lines-covered=\"12\"", "lines-covered=\"16\"", "16 of 16 by its totals"),
        ("coverage.py/cobertura.xml", "line-rate=\"0.75\"", "line-rate=\"1\"", "line-rate 1"),
        ("coverage.py/cobertura.xml", "hits=\"1\"", "hits=\"-1\"", "is no count"),
        ("coverage.py/lcov.info", "DA:1,1", "DA:1,-1", "holds no counts"),
        ("coverage.py/lcov.info", "DA:1,1", "DA:1,99999999999999999999", "holds no counts"),
    ] {
        let text = String::from_utf8(super::super::real(path)).unwrap();
        assert!(text.contains(written), "{path} has no {written}");
        refused(&text.replacen(written, changed, 1), why);
    }
    let text = String::from_utf8(super::super::real("coverage.py/cobertura.xml")).unwrap();
    let measured =
        measure(text.replacen("branches-covered=\"2\"", "branches-covered=\"4\"", 1).as_bytes(), None).unwrap();
    assert_eq!((measured.branches, measured.lines), (Part::default(), part(12, 16)));
    assert!(measured.notes[0].starts_with("no figure `branches`"), "{:?}", measured.notes);
}

#[test]
fn records_of_one_file_are_one_file_and_one_without_an_end_is_cut_off() {
    let twice = "TN:a\nSF:x.c\nFN:1,main\nFNDA:0,main\nDA:1,0\nDA:2,3\nend_of_record\n\
                 TN:b\nSF:x.c\nFN:1,main\nFNDA:2,main\nDA:1,1\nDA:2,0\nDA:3,0\nend_of_record\n";
    let measured = measure(twice.as_bytes(), None).unwrap();
    assert_eq!((measured.lines, measured.functions, measured.files), (part(2, 3), part(1, 1), Some(1)));
    // lcov 2: functions with an index, and several names.
    let new =
        "SF:x.c\nFNL:0,1,9\nFNA:0,0,main\nFNA:0,3,alias\nFNF:1\nFNH:1\nBRDA:1,e0,0,-\nDA:1,1,abc\nend_of_record\n";
    let measured = measure(new.as_bytes(), None).unwrap();
    assert_eq!((measured.functions, measured.branches), (part(1, 1), part(0, 1)));
    refused("SF:a\nDA:1,1\n", "the record of a has no end");
    refused("SF:a\nDA:1,1\nSF:b\nDA:1,1\nend_of_record\n", "the record of a has no end");
    refused("TN:\nDA:1,1\n", "belongs to no record");
    refused("SF:a\nwhatever\nend_of_record\n", "line 2 is no record of lcov");
}

#[test]
fn what_is_in_no_known_format_says_which_are_known() {
    for text in ["lines: 95%", "{}", "[]", "<html/>", "{\"lines\": 95}", "<coverage/>"] {
        refused(text, "which are lcov, istanbul, istanbul-summary, clover, cobertura");
    }
    let clover = super::super::real("vitest/coverage-v8/clover.xml");
    let said = measure(&clover, Some(Format::Lcov)).map(|measured| measured.lines).unwrap_err();
    assert_eq!(said, "it is no `lcov`: it looks like `clover`");
}

#[test]
fn phpunit_and_openclover_count_statements_in_their_own_ways() {
    let of = |metrics: &str, lines: &str| {
        let text = format!(
            "<coverage generated=\"1795310298\"><project timestamp=\"1795310298\"><package name=\"a\"><file name=\"a.php\">\
             <class name=\"A\"><metrics statements=\"9\" coveredstatements=\"9\"/></class>{lines}\
             <metrics {metrics}/></file></package><metrics {metrics}/></project></coverage>"
        );
        measure(text.as_bytes(), None)
    };
    // PHPUnit's methods are lines that are no statements.
    let php = "<line num=\"1\" type=\"method\" name=\"f\" count=\"1\"/><line num=\"2\" type=\"stmt\" count=\"3\"/>\
               <line num=\"3\" type=\"stmt\" count=\"0\"/>";
    let measured = of("statements=\"2\" coveredstatements=\"1\" methods=\"1\" coveredmethods=\"1\"", php).unwrap();
    assert_eq!((measured.lines, measured.functions), (part(1, 2), part(1, 1)));
    assert_eq!(measured.made, Some("2026-11-22T01:18:18Z".parse().unwrap()));
    // OpenClover's conditions have no count, and one line may have two statements.
    let java = "<line num=\"1\" type=\"stmt\" count=\"1\"/><line num=\"1\" type=\"stmt\" count=\"0\"/>\
                <line num=\"2\" type=\"cond\" truecount=\"1\" falsecount=\"0\"/>";
    assert_eq!(of("statements=\"2\" coveredstatements=\"1\"", java).unwrap().lines, part(2, 2));
    assert!(of("statements=\"2\" coveredstatements=\"3\"", java).is_err());
    assert!(of("statements=\"100\" coveredstatements=\"99\"", "").is_err(), "totals without lines");
}

#[test]
fn a_report_that_measured_nothing_has_no_lines() {
    let none = "{\"total\":0,\"covered\":0,\"skipped\":0,\"pct\":\"Unknown\"}";
    let summary =
        format!("{{\"total\":{{\"lines\":{none},\"statements\":{none},\"functions\":{none},\"branches\":{none}}}}}");
    for text in
        [summary.as_str(), "SF:a\nLF:0\nLH:0\nend_of_record\n", "<coverage line-rate=\"1\"><packages/></coverage>"]
    {
        assert_eq!(measure(text.as_bytes(), None).unwrap().lines, Part::default(), "{text}");
    }
}
