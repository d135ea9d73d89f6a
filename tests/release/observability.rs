//! The readers of Prometheus, Loki and Grafana: Debian's Prometheus that scrapes the built-in target, and servers that
//! answer as the others document.

use mnload::demo::{Demo, DemoOptions};
use mnload::verdict::Status;
use tempfile::TempDir;

use crate::judged::{Judged, eventually, judged, judged_with};
use crate::support::free_address;
use crate::support::prometheus::Prometheus;
use crate::support::raw::{RawServer, answer, ok};

const RULES: &str = "groups:
- name: staging
  rules:
  - alert: HighErrorRate
    expr: sum(rate(medianest_http_requests_total{status_class=\"5xx\"}[1m])) > 1000000
  - alert: TargetDown
    expr: up == 0
  - record: medianest:requests
    expr: sum(medianest_http_requests_total)
";

/// Prometheus, which scrapes a target with the right bearer, the same with a wrong one, and one that is not there.
struct Observed {
    prometheus: Prometheus,
    folder: TempDir,
    _demo: Demo,
}

impl Observed {
    fn start() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let demo = Demo::start(DemoOptions::default()).unwrap();
        let job = |name: &str, token: &str, address: std::net::SocketAddr| {
            format!(
                "- job_name: {name}\n  authorization:\n    credentials: {token}\n  static_configs:\n  - targets: ['{address}']\n"
            )
        };
        let jobs = [
            job("backend", "demo-metrics-token", demo.address()),
            job("locked-out", "wrong", demo.address()),
            job("gone", "demo-metrics-token", free_address()),
        ];
        let configuration = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files: [rules.yml]\nscrape_configs:\n{}",
            jobs.concat()
        );
        std::fs::write(folder.path().join("prometheus.yml"), configuration).unwrap();
        std::fs::write(folder.path().join("rules.yml"), RULES).unwrap();
        let prometheus = Prometheus::start(folder.path(), &[])?;
        Some(Self { prometheus, folder, _demo: demo })
    }

    fn read(&self, asked: &str, accept: &str) -> Judged {
        let url = format!("http://{}", self.prometheus.address);
        let item = format!("{accept}\n[gate.item.read.prometheus]\nurl = '{url}'\n{asked}");
        judged(self.folder.path(), &item, None)
    }
}

#[test]
fn prometheus_scrapes_the_target_with_its_bearer_and_tells_of_rules_and_alerts() {
    let Some(observed) = Observed::start() else { return };
    let eventually = |asked: &str, accept: &str| eventually(|| observed.read(asked, accept));
    eventually("targets = ['backend']", "accept = 'targets_up >= 1'").is(Status::Pass, "");
    // Each scrape is a request, which the target counts: with the first there is none, with the second one.
    eventually("query = 'sum(medianest_http_requests_total)'\nmax_sample_age = '1m'", "accept = 'value > 0'")
        .is(Status::Pass, "");
    eventually("targets = ['locked-out']", "").is(Status::Fail, "401");
    eventually("targets = ['backend', 'gone']", "accept = 'targets_up >= 1'").is(Status::Fail, "gone");
    observed.read("targets = ['frontend']", "").is(Status::Fail, "no target of the job frontend");
    eventually("rules = ['HighErrorRate', 'medianest:requests']", "").is(Status::Pass, "");
    observed.read("rules = ['HighErrorRate', 'HighLatencyP95']", "").is(Status::Fail, "HighLatencyP95 is not loaded");
    eventually("quiet = ['HighErrorRate']", "").is(Status::Pass, "");
    observed.read("quiet = ['HighLatencyP95']", "").is(Status::NoData, "its silence says nothing");
    crate::judged::eventually(|| {
        let mut judged = observed.read("quiet = true", "");
        // It is quiet until the first scrape has failed.
        judged.status = if judged.status == Status::Pass { Status::NoData } else { judged.status };
        judged
    })
    .is(Status::Fail, "TargetDown is firing");
    observed.read("query = 'up'", "accept = 'value > 0'").is(Status::NoData, "gives 3 series");
    observed.read("query = 'nothing_of_the_kind'", "accept = 'value > 0'").is(Status::NoData, "gives nothing");
    observed.read("query = 'sum('", "accept = 'value > 0'").is(Status::NoData, "answers /api/v1/query with 400");
    observed.read("query = 'vector(0)/0'", "accept = 'value > 0'").is(Status::NoData, "gives NaN");
}

/// A service that answers `paths` with bodies, and what is asked of it in `item`.
fn of_service(paths: &'static [(&'static str, u16, &'static str)], item: &str) -> Judged {
    let server = RawServer::start(move |_, head| {
        let path = head.split(' ').nth(1).unwrap();
        let found = paths.iter().find(|(start, ..)| path.starts_with(start));
        found.map_or_else(
            || answer(404, "", "{\"message\":\"not found\"}"),
            |(_, status, body)| answer(*status, "", body),
        )
    });
    let folder = TempDir::new().unwrap();
    judged(folder.path(), &item.replace("URL", &server.base_url()), None)
}

#[test]
fn what_is_no_answer_of_prometheus_is_no_data() {
    const TARGETS: &str = "[gate.item.read.prometheus]\nurl = 'URL'\ntargets = ['api']";
    let of = |status: u16, body: &'static str| {
        let paths: &'static [_] = vec![("/api/v1/targets", status, body)].leak();
        of_service(paths, TARGETS)
    };
    of(200, "<html>sign in</html>").is(Status::NoData, "no JSON");
    of(200, "{}").is(Status::NoData, "unknown shape");
    of(200, "{\"status\":\"success\"}").is(Status::NoData, "unknown shape");
    of(503, "{\"status\":\"error\",\"error\":\"starting\"}").is(Status::NoData, "with 503: starting");
    of(302, "").is(Status::NoData, "leads elsewhere");
    of(401, "Unauthorized").is(Status::NoData, "another token");
    of(200, "").is(Status::NoData, "nothing at all");
    let warned = "{\"status\":\"success\",\"warnings\":[\"a store is away\"],\"data\":{\"activeTargets\":[]}}";
    of(200, warned).is(Status::NoData, "a store is away");
    let folder = TempDir::new().unwrap();
    let nobody = TARGETS.replace("URL", &format!("http://me:hunter2@{}", free_address()));
    let judged = judged(folder.path(), &nobody, None).is(Status::NoData, "does not answer");
    assert!(!format!("{judged:?}").contains("hunter2"), "{judged:?}");
}

#[test]
fn a_service_that_never_answers_or_answers_without_end_is_left() {
    let folder = TempDir::new().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let of = |url: &str| {
        let item = format!("[gate.item.read.grafana]\nurl = '{url}'\ntimeout = '1s'");
        judged(folder.path(), &item, None)
    };
    of(&format!("http://{}", silent.local_addr().unwrap())).is(Status::NoData, "does not answer");
    let endless = RawServer::start(|_, _| {
        let body = vec![b'1'; 9 << 20];
        [format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes(), body].concat()
    });
    let item = format!("[gate.item.read.grafana]\nurl = '{}'\ntimeout = '60s'", endless.base_url());
    judged(folder.path(), &item, None).is(Status::NoData, "more than 8 MiB");
}

#[test]
fn a_token_is_sent_and_never_told() {
    let server = RawServer::start(|_, head| {
        // It repeats what it was sent, as some do.
        let sent = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization")).unwrap_or_default();
        answer(400, "", &format!("bad request: {sent}"))
    });
    let folder = TempDir::new().unwrap();
    let item = format!(
        "[gate.item.read.loki]\nurl = '{}'\ntoken = '${{ secret.LOKI_TOKEN }}'\nquery = '{{a=\"b\"}}'",
        server.base_url()
    );
    let judged = judged_with(folder.path(), &item, None, &[("LOKI_TOKEN", "hunter2-hunter2")]);
    let judged = judged.is(Status::NoData, "bad request: authorization: ");
    assert!(!format!("{judged:?}").contains("hunter2"), "{judged:?}");
}

#[test]
fn loki_tells_of_lines_of_this_very_run() {
    let now = jiff::Timestamp::now().as_nanosecond();
    let server = RawServer::start(move |number, head| {
        let path = head.split(' ').nth(1).unwrap();
        let is_asked =
            path.starts_with("/loki/api/v1/query_range?") && path.contains("r-4711") && path.contains("&start=");
        let tenant = head.to_ascii_lowercase().contains("x-scope-orgid: staging\r\n");
        // The line arrives only after the first question.
        let values = if number == 0 { String::new() } else { format!("[\"{}\", \"{{}}\"]", now - 1_000_000_000) };
        let result = format!("[{{\"stream\":{{}},\"values\":[{values}]}}]");
        match is_asked && tenant {
            true => ok(
                "",
                &format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"streams\",\"result\":{result}}}}}"),
            ),
            false => answer(400, "", "parse error"),
        }
    });
    let folder = TempDir::new().unwrap();
    let read = |more: &str| {
        let url = server.base_url();
        let query = "query = '{service=\"backend\"} |= \"${ run.id }\"'";
        judged(
            folder.path(),
            &format!("[gate.item.read.loki]\nurl = '{url}'\ntenant = 'staging'\n{query}\n{more}"),
            None,
        )
    };
    read("").is(Status::Fail, "no line of the last 5m");
    read("within = '10m'").is(Status::Pass, "");
    let waiting = RawServer::start(move |number, _| {
        let values = if number == 0 { String::new() } else { format!("[\"{now}\", \"x\"]") };
        let data = format!("{{\"resultType\":\"streams\",\"result\":[{{\"stream\":{{}},\"values\":[{values}]}}]}}");
        ok("", &format!("{{\"status\":\"success\",\"data\":{data}}}"))
    });
    let item = format!("[gate.item.read.loki]\nurl = '{}'\nquery = '{{a=\"b\"}}'\nwait = '30s'", waiting.base_url());
    judged(folder.path(), &item, None).is(Status::Pass, "");
    assert_eq!(waiting.requests_seen(), 2);
}

#[test]
fn grafana_is_well_and_has_its_dashboards() {
    const ITEM: &str = "[gate.item.read.grafana]\nurl = 'URL'\ndashboards = ['golden-signals']";
    const WELL: (&str, u16, &str) =
        ("/api/health", 200, "{\"commit\":\"c\",\"database\":\"ok\",\"version\":\"11.2.0\"}");
    const BOARD: (&str, u16, &str) = (
        "/api/dashboards/uid/golden-signals",
        200,
        "{\"meta\":{},\"dashboard\":{\"uid\":\"golden-signals\",\"panels\":[{},{}]}}",
    );
    const ILL: (&str, u16, &str) = ("/api/health", 503, "{\"database\":\"failing\"}");
    of_service(&[WELL, BOARD], ITEM).is(Status::Pass, "");
    of_service(&[WELL], ITEM).is(Status::Fail, "has no dashboard golden-signals");
    of_service(&[ILL, BOARD], ITEM).is(Status::Fail, "its database is `failing`");
    of_service(&[("/api/health", 200, "{\"status\":\"ok\"}")], ITEM).is(Status::NoData, "is it a Grafana?");
    of_service(&[], ITEM).is(Status::NoData, "unknown shape");
}
