//! Releases for tests, that never were: a go, a no-go, a part, one that was stopped, and some that mean harm.

use crate::release::result::{
    CheckResult, CommandResult, CommitResult, EvidenceResult, EvidenceSource, FigureResult, GateResult, ItemResult,
    ManualResult, OutputResult, ReleaseResult, RoleResult, SCHEMA, SCHEMA_VERSION, SignOff,
};
use crate::report::fixture::TEXTS;
use crate::verdict::{Ending, Finding, Kind, Status, Verdict};

const COMMIT: &str = "4f2a91c07d3be85a61f0c2d94e7b13a8856d0f2c";

/// The ones that are compared with what they looked like before.
pub(super) fn small() -> [(&'static str, ReleaseResult); 5] {
    [("go", go()), ("no-go", no_go()), ("partial", partial()), ("stopped", stopped()), ("empty", empty())]
}

/// A release that may go.
pub(super) fn go() -> ReleaseResult {
    judged(vec![
        gate(
            "A",
            "Prep & baseline",
            vec![
                ran("typecheck", "Type check", "npm run typecheck", 12.4),
                Item(ran("coverage", "Coverage", "npm run test:coverage", 63.0))
                    .read("coverage", &[("lines", "71.3%", 0.713)])
                    .check("lines >= 65%", "71.3%"),
                Item(ran("audit", "No critical or high vulnerability", "npm audit --json", 3.1))
                    .read("vulnerabilities", &[("critical", "0", 0.0), ("high", "0", 0.0)])
                    .note("1 waived until 2026-12-31: GHSA-xxxx, no fix yet")
                    .check("high == 0", "0"),
                ItemResult { warn: true, ..ran("docs", "Documents build", "npm run docs:build", 8.0) },
            ],
        ),
        gate(
            "F",
            "Validation & QA",
            vec![
                Item(ran("e2e", "End-to-end tests", "cd backend && npm run test:e2e", 184.0))
                    .read("tests", &[("passed", "98.3%", 0.983), ("tests", "120", 120.0)])
                    .note("2 tests were flaky, 1 was skipped")
                    .check("passed >= 95%", "98.3%"),
                signed("uat", "Manual acceptance", "The critical paths were walked through in a browser", "Ann Lee"),
            ],
        ),
        gate("H", "Go/no-go & rollback", drill()),
    ])
}

/// One with everything that keeps it from going.
pub(super) fn no_go() -> ReleaseResult {
    let mut result = go();
    let [a, f, h] = &mut result.gates[..] else { unreachable!("three gates") };
    fail(&mut a.items[1], "wanted lines >= 65%, observed 0.94%");
    a.items[1].checks[0] =
        CheckResult { observed: Some("0.94%".into()), status: Status::Fail, ..a.items[1].checks[0].clone() };
    a.items[1].evidence[0].figures[0] =
        FigureResult { name: "lines".into(), text: "0.94%".into(), value: Some(0.0094) };
    let audit = &mut a.items[2];
    audit.status = Status::NoData;
    audit.reasons = vec!["stdout is no report of npm audit: it has no `metadata`".into()];
    audit.evidence[0].missing.clone_from(&audit.reasons);
    audit.evidence[0].figures.clear();
    audit.checks[0] = CheckResult { observed: None, status: Status::NoData, ..audit.checks[0].clone() };
    fail(&mut a.items[3], "exit 2, wanted 0");
    let e2e = &mut f.items[0];
    fail(e2e, "`npm run test:e2e` was stopped after 30m: it took too long");
    if let Some(command) = &mut e2e.command {
        (command.exit_code, command.signal, command.timed_out, command.elapsed_s) = (None, Some(15), true, 1_800.0);
        command.stderr.tail = "Error: connect ECONNREFUSED 127.0.0.1:3000\n    at retry 12\n".into();
    }
    let uat = &mut f.items[1];
    uat.status = Status::NoData;
    let manual = uat.manual.as_mut().unwrap();
    manual.expired = manual.signed.take().map(|signed| SignOff { commit: "0a1b2c3d4e5f".repeat(3), ..signed });
    uat.reasons = vec!["nobody has signed for this commit; Ann Lee signed for 0a1b2c3d4e5f, which is another".into()];
    for step in &mut h.items {
        *step = skipped(step.clone(), "`e2e` did not pass");
    }
    result.warnings = vec!["there is no bash here: the failure of a part of a pipe is lost".into()];
    rejudged(result)
}

/// All that was asked for holds, and that was not all.
pub(super) fn partial() -> ReleaseResult {
    let mut result = go();
    for item in result.gates.iter_mut().skip(1).flat_map(|gate| &mut gate.items) {
        *item = skipped(item.clone(), "it was not asked for");
    }
    result.asked_for = "A".into();
    result = rejudged(result);
    result.go = false;
    result
}

/// Stopped by Ctrl-C in the middle.
pub(super) fn stopped() -> ReleaseResult {
    let mut result = go();
    result.ending = Ending::Interrupted;
    for item in result.gates.iter_mut().skip(1).flat_map(|gate| &mut gate.items) {
        *item = skipped(item.clone(), "the release was stopped before");
    }
    result = rejudged(result);
    result.verdict = Verdict::Inconclusive;
    (result.go, result.exit_code) = (false, 130);
    result.reasons = vec!["it was stopped by Ctrl-C: 7 items were not done".into()];
    result
}

/// Nothing decides.
pub(super) fn empty() -> ReleaseResult {
    let mut result = judged(Vec::new());
    result.commit = None;
    result.roles.clear();
    result.reasons = vec!["nothing decides: every item is only a warning or was skipped".into()];
    result
}

/// 5,000 items, the last of which fails.
pub(super) fn many() -> ReleaseResult {
    let item = |number: usize| {
        let mut item = Item(ran(&format!("item-{number}"), &format!("item {number}"), "true", 0.1))
            .read("text", &[("lines", "3", 3.0)])
            .check("lines >= 1", "3");
        if let Some(command) = &mut item.command {
            command.stdout.tail = "<&> line\n".repeat(300);
        }
        item
    };
    let mut gates: Vec<GateResult> = (0..50)
        .map(|number| gate(&format!("G{number}"), "A gate", (0..100).map(|k| item(number * 100 + k)).collect()))
        .collect();
    let last = &mut gates[49].items[99];
    last.title = "the last one".into();
    fail(last, "exit 1, wanted 0");
    judged(gates)
}

/// Every text is one of those that mean harm.
pub(super) fn hostile() -> ReleaseResult {
    let texts = TEXTS.map(str::to_owned);
    let gates = texts.iter().map(|text| poisoned_gate(text)).collect();
    let mut result = judged(gates);
    let text = |at: usize| texts[at % texts.len()].clone();
    for (at, place) in [
        &mut result.name,
        &mut result.description,
        &mut result.file,
        &mut result.run_id,
        &mut result.started_at,
        &mut result.mnload_version,
        &mut result.asked_for,
        &mut result.command,
    ]
    .into_iter()
    .enumerate()
    {
        *place = text(at);
    }
    result.warnings = texts.to_vec();
    result.reasons = texts.to_vec();
    result.roles = texts.iter().map(|text| role(text, text, text, &[text])).collect();
    result.commit = Some(CommitResult { id: text(2), changed: true, tree: text(3), tags: texts.to_vec() });
    result
}

/// The same with texts of 10 MB.
pub(super) fn huge() -> ReleaseResult {
    let all = TEXTS.join(" ");
    let text = all.repeat((10 << 20) / all.len());
    let mut gate = poisoned_gate("");
    let more = poisoned_gate(&text).items.swap_remove(0);
    gate.items.insert(0, more);
    let mut result = judged(vec![gate]);
    result.name.clone_from(&text);
    result.reasons = vec![text.clone()];
    result.description = text;
    result
}

/// A gate of items of which every text is `text`.
fn poisoned_gate(text: &str) -> GateResult {
    let statuses = [Status::Fail, Status::NoData, Status::Pass, Status::Skipped, Status::Invalid];
    // One item with very long texts is as bad as five.
    let most = if text.len() > 1_000 { 1 } else { statuses.len() };
    let items = statuses.into_iter().take(most).map(|status| {
        let mut item = Item(ran(text, text, text, 1.0)).read(text, &[(text, text, 1.0)]).note(text).check(text, text);
        item.status = status;
        item.drill = status == Status::Invalid;
        item.rationale = text.into();
        item.owners = vec![text.into()];
        item.reasons = vec![text.into()];
        item.repeat = text.into();
        item.started_at = Some(text.into());
        item.artifacts = vec![text.into()];
        item.reused_from = Some(text.into());
        let evidence = &mut item.evidence[0];
        [&mut evidence.missing, &mut evidence.broken].into_iter().for_each(|list| list.push(text.into()));
        if let Some(command) = &mut item.command {
            command.dir = text.into();
            command.notes.push(text.into());
            for output in [&mut command.stdout, &mut command.stderr] {
                *output = OutputResult { bytes: 1 << 40, tail: text.into(), file: Some(text.into()), cut: true };
            }
        }
        item.manual = Some(ManualResult {
            ask: text.into(),
            signed: Some(sign_off(text, text)),
            expired: Some(sign_off(text, text)),
        });
        item
    });
    let mut gate = gate(text, text, items.collect());
    gate.rationale = text.into();
    gate
}

/// What is added to an item.
struct Item(ItemResult);

impl Item {
    fn read(mut self, reader: &str, figures: &[(&str, &str, f64)]) -> Self {
        let figure = |(name, text, value): &(&str, &str, f64)| FigureResult {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            value: Some(*value),
        };
        self.0.evidence.push(EvidenceResult {
            reader: reader.to_owned(),
            sources: vec![EvidenceSource {
                name: format!("reports/{reader}.json"),
                sha256: Some("9c1d".repeat(16)),
                made_at: Some("2026-05-04T09:31:02Z".to_owned()),
            }],
            figures: figures.iter().map(figure).collect(),
            missing: Vec::new(),
            broken: Vec::new(),
            notes: Vec::new(),
        });
        self
    }

    fn note(mut self, text: &str) -> Self {
        self.0.evidence[0].notes.push(text.to_owned());
        self
    }

    fn check(mut self, wanted: &str, observed: &str) -> ItemResult {
        self.0.checks.push(CheckResult {
            wanted: wanted.to_owned(),
            observed: Some(observed.to_owned()),
            status: Status::Pass,
        });
        self.0
    }
}

fn ran(id: &str, title: &str, command: &str, elapsed_s: f64) -> ItemResult {
    ItemResult {
        id: id.to_owned(),
        title: title.to_owned(),
        owners: vec!["qa".to_owned()],
        rationale: "What is not checked is not known.".to_owned(),
        status: Status::Pass,
        reasons: Vec::new(),
        warn: false,
        drill: false,
        started_at: Some("2026-05-04T09:30:12Z".to_owned()),
        elapsed_s,
        command: Some(CommandResult {
            text: command.to_owned(),
            dir: ".".to_owned(),
            exit_code: Some(0),
            signal: None,
            timed_out: false,
            elapsed_s,
            stdout: OutputResult {
                bytes: 48,
                tail: format!("> {command}\n\nall is well\n"),
                file: Some(format!("items/{id}/stdout.txt")),
                cut: false,
            },
            stderr: OutputResult::default(),
            notes: Vec::new(),
        }),
        evidence: Vec::new(),
        checks: Vec::new(),
        manual: None,
        reused_from: None,
        inputs: "ab".repeat(32),
        evidence_hash: String::new(),
        repeat: format!("mnload release release.toml --only {id}"),
        artifacts: Vec::new(),
    }
}

fn signed(id: &str, title: &str, ask: &str, by: &str) -> ItemResult {
    let manual = ManualResult { ask: ask.to_owned(), signed: Some(sign_off(id, by)), expired: None };
    ItemResult { command: None, manual: Some(manual), ..ran(id, title, "", 0.0) }
}

fn sign_off(item: &str, by: &str) -> SignOff {
    SignOff {
        item: item.to_owned(),
        by: by.to_owned(),
        at: "2026-05-04T09:20:00Z".to_owned(),
        commit: COMMIT.to_owned(),
        tree: "cd".repeat(32),
        asked: "ef".repeat(32),
        note: "in Firefox and Chromium".to_owned(),
    }
}

fn drill() -> Vec<ItemResult> {
    let step = |name: &str, what: &str, took| ItemResult {
        drill: true,
        owners: vec!["devops".to_owned()],
        ..ran(&format!("rollback-{name}"), &format!("Rollback drill: {what}"), &format!("deploy {name}"), took)
    };
    vec![
        step("previous", "the version to go back to", 0.2),
        step("deploy", "the previous version is deployed", 41.0),
        step("smoke", "the previous version passes its smoke check", 3.0),
        step("restore", "the new version is deployed again", 39.0),
        step("restored", "the new version passes its smoke check again", 3.0),
    ]
}

fn fail(item: &mut ItemResult, why: &str) {
    item.status = Status::Fail;
    item.reasons = vec![why.to_owned()];
    if let Some(command) = &mut item.command {
        command.exit_code = Some(2);
    }
}

fn skipped(item: ItemResult, why: &str) -> ItemResult {
    ItemResult {
        status: Status::Skipped,
        reasons: vec![why.to_owned()],
        started_at: None,
        elapsed_s: 0.0,
        command: None,
        evidence: Vec::new(),
        checks: Vec::new(),
        ..item
    }
}

fn gate(id: &str, title: &str, items: Vec<ItemResult>) -> GateResult {
    GateResult { id: id.to_owned(), title: title.to_owned(), rationale: String::new(), verdict: None, items }
}

fn role(name: &str, title: &str, duty: &str, people: &[&str]) -> RoleResult {
    let people = people.iter().map(|name| (*name).to_owned()).collect();
    RoleResult { name: name.to_owned(), title: title.to_owned(), duty: duty.to_owned(), people, names_nobody: false }
}

fn findings(items: &[ItemResult]) -> Vec<Finding> {
    let finding = |item: &ItemResult| Finding {
        status: item.status,
        warn: item.warn,
        reason: item.reasons.first().cloned(),
        ..Finding::new(item.title.clone(), Kind::Item, "")
    };
    items.iter().map(finding).collect()
}

/// The verdicts that follow from the items.
fn rejudged(mut result: ReleaseResult) -> ReleaseResult {
    for gate in &mut result.gates {
        let asked_for = gate.items.iter().any(|item| item.status != Status::Skipped);
        gate.verdict = asked_for.then(|| Verdict::of(&findings(&gate.items)));
    }
    let all: Vec<ItemResult> = result.gates.iter().flat_map(|gate| gate.items.clone()).collect();
    result.findings = findings(&all);
    result.verdict = Verdict::of(&result.findings);
    result.go = result.verdict == Verdict::Pass;
    result.exit_code = result.verdict.exit_code(result.ending, 1) as u8;
    result.reasons = super::words::reasons(&result);
    result
}

fn judged(gates: Vec<GateResult>) -> ReleaseResult {
    rejudged(ReleaseResult {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        mnload_version: "0.1.0".to_owned(),
        name: "MediaNest staging".to_owned(),
        description: "Everything that must hold before staging is handed over.".to_owned(),
        file: "release.toml".to_owned(),
        run_id: "20260504T093000Z-7f3a".to_owned(),
        started_at: "2026-05-04T09:30:00Z".to_owned(),
        elapsed_s: 371.0,
        verdict: Verdict::Pass,
        go: false,
        exit_code: 0,
        reasons: Vec::new(),
        findings: Vec::new(),
        commit: Some(CommitResult {
            id: COMMIT.to_owned(),
            changed: false,
            tree: "cd".repeat(32),
            tags: vec!["v1.4.0".to_owned()],
        }),
        asked_for: String::new(),
        gates,
        roles: vec![
            role("devops", "DevOps DRI", "staging infra, deployments, rollback, observability", &["Kim Park"]),
            role("qa", "QA DRI", "verification matrix, manual acceptance, sign-offs", &["Ann Lee", "Bo Diaz"]),
        ],
        command: "mnload release release.toml --out reports/staging".to_owned(),
        ending: Ending::Completed,
        warnings: Vec::new(),
    })
}
