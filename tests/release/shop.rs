//! A stand-in for a team's repository, its tools and its services: `npm`, `docker` and `ssh` that do what they are told, or
//! fail in the ways that pipelines overlook.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, RateLimits, TlsFiles};
use rcgen::{CertificateParams, KeyPair};

use crate::support::raw::{RawServer, ok};
use crate::support::{Outcome, Workspace};

/// What the stand-ins do. A file `broken/NAME` makes them do it wrong, mostly in a way that looks right.
const TOOL: &str = r#"#!/bin/bash
cd "$SHOP"
tool=$(basename "$0")
echo "$tool $*" >> calls.log
broken() { [ -e "broken/$1" ]; }
option() { for word in "${all[@]}"; do case "$word" in "$1"=*) echo "${word#*=}";; esac; done; }
all=("$@")
mkdir -p test-results coverage-reports site backups backend
[ -e deployed ] || echo none > deployed

vitest() { # passed, failed
  local cases="" i
  for ((i = 0; i < $1; i++)); do cases="$cases,{\"status\":\"passed\",\"fullName\":\"adds $i\",\"title\":\"adds $i\",\"ancestorTitles\":[],\"failureMessages\":[]}"; done
  for ((i = 0; i < $2; i++)); do cases="$cases,{\"status\":\"failed\",\"fullName\":\"pays $i\",\"title\":\"pays $i\",\"ancestorTitles\":[],\"failureMessages\":[\"no\"]}"; done
  local success=true; [ "$2" -gt 0 ] && success=false
  local suites=1; [ $(($1 + $2)) -eq 0 ] && suites=0
  local now; now=$(date +%s%3N)
  local results="[{\"assertionResults\":[${cases:1}],\"startTime\":$now,\"endTime\":$now,\"status\":\"$([ $success = true ] && echo passed || echo failed)\",\"message\":\"\",\"name\":\"shop.test.ts\"}]"
  [ $suites -eq 0 ] && results="[]"
  echo "{\"numTotalTestSuites\":$suites,\"numPassedTestSuites\":$suites,\"numFailedTestSuites\":0,\"numPendingTestSuites\":0,\"numTotalTests\":$(($1 + $2)),\"numPassedTests\":$1,\"numFailedTests\":$2,\"numPendingTests\":0,\"numTodoTests\":0,\"startTime\":$now,\"success\":$success,\"testResults\":$results}"
}
playwright() { # passed, failed
  local specs="" i now; now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
  for ((i = 0; i < $1; i++)); do specs="$specs,{\"title\":\"walks $i\",\"ok\":true,\"tags\":[],\"id\":\"a$i\",\"file\":\"shop.spec.ts\",\"line\":1,\"column\":1,\"tests\":[{\"timeout\":30000,\"annotations\":[],\"expectedStatus\":\"passed\",\"projectId\":\"\",\"projectName\":\"\",\"results\":[{\"workerIndex\":0,\"status\":\"passed\",\"duration\":12,\"errors\":[],\"stdout\":[],\"stderr\":[],\"retry\":0,\"startTime\":\"$now\",\"attachments\":[]}],\"status\":\"expected\"}]}"; done
  for ((i = 0; i < $2; i++)); do specs="$specs,{\"title\":\"falls $i\",\"ok\":false,\"tags\":[],\"id\":\"b$i\",\"file\":\"shop.spec.ts\",\"line\":1,\"column\":1,\"tests\":[{\"timeout\":30000,\"annotations\":[],\"expectedStatus\":\"passed\",\"projectId\":\"\",\"projectName\":\"\",\"results\":[{\"workerIndex\":0,\"status\":\"failed\",\"duration\":12,\"errors\":[],\"stdout\":[],\"stderr\":[],\"retry\":0,\"startTime\":\"$now\",\"attachments\":[]}],\"status\":\"unexpected\"}]}"; done
  echo "{\"config\":{\"version\":\"1.50.0\"},\"suites\":[{\"title\":\"shop.spec.ts\",\"file\":\"shop.spec.ts\",\"column\":0,\"line\":0,\"specs\":[${specs:1}]}],\"errors\":[],\"stats\":{\"startTime\":\"$now\",\"duration\":100,\"expected\":$1,\"skipped\":0,\"unexpected\":$2,\"flaky\":0}}"
}
audit() { # critical
  local packages="{}"; [ "$1" -gt 0 ] && packages='{"minimist":{"name":"minimist","severity":"critical","isDirect":true,"via":[{"source":1097678,"name":"minimist","dependency":"minimist","title":"Prototype Pollution","url":"https://github.com/advisories/GHSA-xvch-5gv4-984h","severity":"critical","cwe":[],"cvss":{"score":9.8,"vectorString":null},"range":"<1.2.6"}],"effects":[],"range":"<1.2.6","nodes":["node_modules/minimist"],"fixAvailable":true}}'
  echo "{\"auditReportVersion\":2,\"vulnerabilities\":$packages,\"metadata\":{\"vulnerabilities\":{\"info\":0,\"low\":0,\"moderate\":0,\"high\":0,\"critical\":$1,\"total\":$1},\"dependencies\":{\"prod\":120,\"dev\":300,\"optional\":4,\"peer\":0,\"peerOptional\":0,\"total\":423}}}"
}
lcov() { # lines hit of 1000
  echo "TN:"; echo "SF:src/shop.ts"
  for ((i = 1; i <= 1000; i++)); do echo "DA:$i,$([ $i -le "$1" ] && echo 3 || echo 0)"; done
  echo "LF:1000"; echo "LH:$1"; echo "end_of_record"
}
container() { echo "{\"Command\":\"\\\"node\\\"\",\"ExitCode\":0,\"Health\":\"$2\",\"ID\":\"0123456789ab\",\"Image\":\"medianest-$1:$(cat deployed)\",\"Labels\":\"\",\"Name\":\"shop-$1-1\",\"Names\":\"shop-$1-1\",\"Project\":\"shop\",\"RunningFor\":\"3 minutes ago\",\"Service\":\"$1\",\"State\":\"$3\",\"Status\":\"$4\"}"; }
image() { echo "{\"Containers\":\"N/A\",\"CreatedAt\":\"2026-11-20 10:00:00 +0000 UTC\",\"CreatedSince\":\"2 days ago\",\"Digest\":\"<none>\",\"ID\":\"$2\",\"Repository\":\"$1\",\"SharedSize\":\"N/A\",\"Size\":\"120MB\",\"Tag\":\"$2\",\"UniqueSize\":\"N/A\",\"VirtualSize\":\"120MB\"}"; }

case "$tool $*" in
  "npm run test:ultra-fast"*) broken unit && vitest 0 0 > "$(option --outputFile)" || vitest 12 0 > "$(option --outputFile)" ;;
  "npm run test:ci"*) vitest 40 0 > "$(option --outputFile)" ;;
  "npm run test:coverage"*) # A misspelt threshold: green whatever is covered.
    if broken coverage; then lcov 9; else lcov 700; fi > coverage-reports/lcov.info ;;
  "npm run lint"*) ! broken lint ;;
  "npm run security:scan"*)
    if broken audit; then echo '{"message":"request to the registry failed","statusCode":503,"error":{"summary":"","detail":""}}'; else audit 0; fi > security-audit-results.json
    ! broken audit ;;
  "npm audit --json"*) audit 0 ;;
  "npm run test:e2e"*)
    target=$PLAYWRIGHT_JSON_OUTPUT_FILE
    case "$*" in
      *--grep*) playwright 10 0 > "$target" ;;
      *) # Whoever looks for the report looks at a path that nobody writes.
        broken e2e || playwright 39 1 > "$target"; exit 1 ;;
    esac ;;
  "npm run migrate:status"*) echo "Database schema is up to date!" ;;
  "npm run docs:build"*) echo "<h1>docs</h1>" > site/index.html ;;
  "docker compose -f monitoring/docker-compose.yml ps"*) for name in prometheus grafana loki; do container $name "" running "Up 3 minutes"; done ;;
  "docker compose ps"*)
    for name in db redis frontend; do container $name healthy running "Up 3 minutes (healthy)"; done
    if broken containers; then container backend "" restarting "Restarting (1) 5 seconds ago"; else container backend healthy running "Up 3 minutes (healthy)"; fi ;;
  "docker compose exec -T db pg_dumpall"*) echo "-- PostgreSQL database cluster dump"; echo "CREATE TABLE shop ();"; echo "-- PostgreSQL database cluster dump complete" ;;
  "docker compose exec -T backend npm run db:migrate"*) echo "No pending migrations to apply." ;;
  "docker compose "*" up -d"*) # A compose file that takes no notice of the tag deploys what was there.
    if [ -n "$IMAGE_TAG" ] && ! broken tag; then echo "$IMAGE_TAG" > deployed; fi ;;
  "docker image ls"*) for name in medianest-backend medianest-frontend; do image $name v1.0.0; image $name v1.1.0; image $name latest; done ;;
  "ssh "*"docker version"*) echo 27.3.1; echo 2.29.7 ;;
esac
"#;

/// What must not be in the working tree's own state.
const IGNORED: &str = "test-results/\ncoverage-reports/\nsite/\nbackups/\nbackend/\nreports/\nbroken/\nbin/\ncalls.log\n.env.staging\ndeployed\nsignoffs.toml\nsecurity-audit-results.json\n*.pem\n";

/// The repository, with services on loopback behind it.
pub(crate) struct Shop {
    workspace: Workspace,
    _demos: [Demo; 2],
    _services: RawServer,
}

fn text_of(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)).unwrap()
}

/// `text` with `from` in it replaced; a test that replaces nothing tests nothing.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in {text}");
    text.replace(from, to)
}

impl Shop {
    /// A repository in which everything is as it should be.
    pub(crate) fn open() -> Self {
        let workspace = Workspace::with("");
        let tls = certificate(&workspace);
        let options = || DemoOptions { tls: Some(tls.clone()), ..DemoOptions::without_latency() };
        let url_of = |demo: &Demo| demo.base_url().replace("127.0.0.1", "localhost");
        let open = Demo::start(options()).unwrap();
        // Its limit holds, and the one front end may ask it, too.
        let mut limited = DemoOptions { rate_limits: Some(RateLimits::default()), ..options() };
        limited.allowed_origins.push(url_of(&open));
        let demos = [open, Demo::start(limited).unwrap()];
        let urls = demos.each_ref().map(url_of);
        let services = services();
        let service = format!("http://{}", services.address);
        let bin = workspace.path().join("bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let folder = workspace.path().display().to_string();
        let workspace =
            workspace.env("PATH", &path).env("SHOP", &folder).env("STAGING_SSH", "deploy@staging").env("SETTLE_S", "0");
        let workspace = workspace.env("STAGING_API", &urls[0]).env("STAGING_FRONT_END", &urls[0]);
        let workspace = workspace.env("STAGING_LIMITED_API", &urls[1]).env("METRICS_TOKEN", "demo-metrics-token");
        let workspace =
            workspace.env("PROMETHEUS_URL", &service).env("LOKI_URL", &service).env("GRAFANA_URL", &service);
        let shop = Self { workspace, _demos: demos, _services: services };
        shop.tools();
        shop.files(&urls[0]);
        shop.repository();
        shop
    }

    fn tools(&self) {
        for folder in ["bin", "broken", "backend"] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        for tool in ["npm", "docker", "ssh"] {
            fs::write(self.path("bin").join(tool), TOOL).unwrap();
            fs::set_permissions(self.path("bin").join(tool), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn files(&self, url: &str) {
        let write = |name: &str, text: &str| drop(self.workspace.file(name, text));
        // A load is judged by how punctual this machine is; its steps, once, are not.
        let once = with(
            &text_of("release.toml"),
            "file = \"light.toml\", env",
            "file = \"light.toml\", profile = \"smoke\", env",
        );
        write("release.toml", &once);
        write("smoke.toml", &text_of("smoke.toml"));
        let trusting = |text: &str| with(text, "[target]\n", "[target]\nca = \"cert.pem\"\n");
        write("smoke-staging.toml", &trusting(&text_of("smoke-staging.toml")));
        write("e2e.toml", &trusting(&text_of("e2e.toml")));
        write("light.toml", &trusting(&text_of("light.toml")));
        write(
            "security.toml",
            &with(&text_of("security.toml"), "timeout = \"5s\" }", "timeout = \"5s\", ca = \"cert.pem\" }"),
        );
        write(".gitignore", IGNORED);
        write("package.json", "{ \"name\": \"shop\" }\n");
        write("package-lock.json", "{ \"name\": \"shop\", \"lockfileVersion\": 3 }\n");
        let keys = |value: &dyn Fn(&str) -> String| {
            KEYS.iter().fold(String::new(), |mut text, key| {
                let _ = writeln!(text, "{key}={}", value(key));
                text
            })
        };
        write(".env.example", "PORT=3000\nJWT_SECRET=\nDATABASE_URL=\n");
        write(".env.staging.example", &keys(&|_| String::new()));
        let staging = |key: &str| match key {
            "PORT" => "3000".to_owned(),
            "NEXT_PUBLIC_API_URL" | "ALLOWED_ORIGINS" | "FRONTEND_URL" => url.to_owned(),
            _ => format!("S3cr3t-of-{}", key.len()),
        };
        write(".env.staging", &keys(&staging));
        self.mode(".env.staging", 0o600);
    }

    fn repository(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "The first version"]);
        self.git(&["tag", "v1.0.0"]);
        self.commit("the second version", "v1.1.0");
    }

    /// Another commit, with a tag.
    pub(crate) fn commit(&self, content: &str, tag: &str) {
        self.workspace.file("version.txt", content);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", content]);
        self.git(&["tag", tag]);
    }

    fn git(&self, arguments: &[&str]) {
        let set = ["-c", "user.name=Ana", "-c", "user.email=ana@shop.example", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").args(set).args(arguments).current_dir(self.workspace.path()).output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.workspace.path().join(name)
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// From now on `what` goes wrong.
    pub(crate) fn breaks(&self, what: &[&str]) {
        what.iter().for_each(|what| fs::write(self.path("broken").join(what), "").unwrap());
    }

    /// `what` works again.
    pub(crate) fn mends(&self, what: &[&str]) {
        what.iter().for_each(|what| fs::remove_file(self.path("broken").join(what)).unwrap());
    }

    /// `mnload release release.toml …`, or `mnload release emit …`, and the commands that it ran.
    pub(crate) fn release(&self, more: &[&str]) -> (Outcome, String) {
        let log = self.path("calls.log");
        let _ = fs::remove_file(&log);
        let outcome = match more {
            ["emit", to] => self.workspace.mnload(&["release", "emit", "release.toml", "--to", to]),
            _ => self.workspace.mnload(&[&["release", "release.toml"], more].concat()),
        };
        (outcome, fs::read_to_string(&log).unwrap_or_default())
    }

    /// The `result.json` of the run in `folder`.
    pub(crate) fn result(&self, folder: &str) -> serde_json::Value {
        let text = fs::read_to_string(self.path(folder).join("result.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

const KEYS: [&str; 22] = [
    "PORT",
    "JWT_SECRET",
    "ENCRYPTION_KEY",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "ALLOWED_ORIGINS",
    "FRONTEND_URL",
    "NEXT_PUBLIC_API_URL",
    "METRICS_TOKEN",
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "FEATURE_FLAG_SEARCH",
    "PLEX_URL",
    "PLEX_TOKEN",
    "OVERSEERR_URL",
    "OVERSEERR_API_KEY",
    "UPTIME_KUMA_URL",
    "UPTIME_KUMA_TOKEN",
    "TMDB_API_KEY",
    "YOUTUBE_API_KEY",
    "FEATURE_FLAG_REQUESTS",
];

/// A certificate for localhost that lasts for 90 days more, as files in the workspace.
fn certificate(workspace: &Workspace) -> TlsFiles {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let (now, day) = (std::time::SystemTime::now(), Duration::from_secs(24 * 3_600));
    params.not_before = (now - day).into();
    params.not_after = (now + day * 90).into();
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    TlsFiles {
        certificate: workspace.file("cert.pem", &certificate.pem()),
        key: workspace.file("key.pem", &key.serialize_pem()),
    }
}

/// Prometheus, Loki and Grafana as far as they are asked: everything is well.
fn services() -> RawServer {
    RawServer::start(|_, head| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let (seconds, iso) = (now.as_secs_f64(), jiff::Timestamp::now().to_string());
        let path = head.split(' ').nth(1).unwrap_or_default();
        let rule = |name: &str| {
            format!(
                "{{\"name\":\"{name}\",\"type\":\"alerting\",\"health\":\"ok\",\"state\":\"inactive\",\"query\":\"up\",\"alerts\":[],\"lastEvaluation\":\"{iso}\"}}"
            )
        };
        let body = match path {
            _ if path.starts_with("/api/v1/targets") => format!(
                "{{\"status\":\"success\",\"data\":{{\"activeTargets\":[{{\"labels\":{{\"job\":\"medianest-backend\",\"instance\":\"b:3000\"}},\"scrapePool\":\"medianest-backend\",\"scrapeUrl\":\"http://b:3000/metrics\",\"lastError\":\"\",\"lastScrape\":\"{iso}\",\"health\":\"up\",\"scrapeInterval\":\"15s\",\"scrapeTimeout\":\"10s\"}}],\"droppedTargets\":[]}}}}"
            ),
            _ if path.starts_with("/api/v1/query") => format!(
                "{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{{\"metric\":{{}},\"value\":[{seconds},\"42\"]}}]}}}}"
            ),
            _ if path.starts_with("/api/v1/rules") => format!(
                "{{\"status\":\"success\",\"data\":{{\"groups\":[{{\"name\":\"shop\",\"file\":\"r.yml\",\"rules\":[{},{},{}]}}]}}}}",
                rule("HealthcheckFailing"), rule("HighLatencyP95"), rule("HighErrorRate")
            ),
            _ if path.starts_with("/api/v1/alerts") => "{\"status\":\"success\",\"data\":{\"alerts\":[]}}".to_owned(),
            _ if path.starts_with("/loki/") => format!(
                "{{\"status\":\"success\",\"data\":{{\"resultType\":\"streams\",\"result\":[{{\"stream\":{{\"service\":\"backend\"}},\"values\":[[\"{}\",\"GET /health\"]]}}],\"stats\":{{}}}}}}",
                now.as_nanos()
            ),
            _ if path.starts_with("/api/health") => "{\"commit\":\"a\",\"database\":\"ok\",\"version\":\"11.3.0\"}".to_owned(),
            _ if path.starts_with("/api/dashboards/uid/") => "{\"meta\":{\"slug\":\"golden-signals\"},\"dashboard\":{\"uid\":\"golden-signals\",\"title\":\"Golden signals\",\"panels\":[]}}".to_owned(),
            _ => "ready".to_owned(),
        };
        ok("content-type: application/json\r\n", &body)
    })
}
