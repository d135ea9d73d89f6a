//! `scenarios/release.toml` leaves nothing out: every row of the readiness checklist and of the runbook has its items, with
//! the command, the threshold and the owners that the row names; and no item is there without a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mnload::plan::Environment;
use mnload::release::checklist::Item;
use mnload::release::work::Work;
use mnload::release::{Checklist, ReleaseFile, RunFacts};

/// A row: where it stands, the items that it has become, what must be found in them, and who answers for one of them.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const DRILL: &[&str] =
    &["rollback-previous", "rollback-deploy", "rollback-smoke", "rollback-restore", "rollback-restored"];
const SIGNOFFS: &[&str] =
    &["signoff-backend", "signoff-frontend", "signoff-qa", "signoff-security", "signoff-devops", "signoff-po"];
const COMPOSE_PROD: &str = "docker compose -f docker-compose.yml -f config/docker/docker-compose.prod.yml";
const COMPOSE: &str = "docker compose --env-file .env.staging -f docker-compose.yml up -d --build";

#[rustfmt::skip]
const CHECKLIST: [Row; 25] = [
    ("1.1 Code Formatting & Linting", &["lint"], &["npm run format && npm run lint"], &["frontend", "backend", "shared"]),
    ("1.2 Fast Unit & Integration Tests", &["unit"], &["npm run test:ultra-fast", "failed == 0"], &["frontend", "backend", "shared"]),
    ("1.3 Type Safety", &["static"], &["npm run typecheck"], &["frontend", "backend", "shared"]),
    ("1.4 Environment Sync", &["env-sync"], &["missing == 0"], &["devops", "backend"]),
    ("2.1 Full Build", &["build"], &["npm run build"], &["frontend", "backend"]),
    ("2.2 Comprehensive Testing", &["test-ci"], &["npm run test:ci", "failed == 0", "coverage-reports/"], &["frontend", "backend", "shared"]),
    ("2.3 Code Coverage", &["coverage"], &["npm run test:coverage", "lines >= 65%", "coverage-reports/lcov.info"], &["frontend", "backend", "shared"]),
    ("2.4 Security Scan (SAST)", &["security-scan"], &["npm run security:scan", "critical == 0", "high == 0", "security-audit-results.json"], &["devops", "backend"]),
    ("2.5 Docs Build", &["docs-build"], &["npm run docs:build", "site/"], &["devops"]),
    ("3.1 Build Production Containers", &["images"], &[
        "docker build -f Dockerfile -t medianest-frontend:$(git rev-parse --short HEAD) --target frontend-production .",
        "docker build -f Dockerfile -t medianest-backend:$(git rev-parse --short HEAD) --target backend-production .",
    ], &["devops"]),
    ("3.2 Publish Docs", &["docs-deploy"], &["npm run docs:deploy"], &["devops"]),
    ("4.1 Pull Latest Images", &["pull"], &[COMPOSE_PROD, " pull"], &["devops"]),
    ("4.2 Database Migration", &["migrate-deploy"], &[COMPOSE_PROD, "run --rm backend npx prisma migrate deploy"], &["devops", "backend"]),
    ("4.3 Configuration Check", &["vaulted", "env-staging"], &["vault", "missing == 0", "placeholders == 0"], &["devops"]),
    ("5.1 Deploy Services", &["deploy", "containers"], &[COMPOSE_PROD, "up -d --no-deps backend frontend", "docker compose ps", "unhealthy == 0"], &["devops"]),
    ("5.2 API Smoke Test", &["smoke", "reachable"], &["get = \"/api/health\"", "status = 200"], &["backend"]),
    ("5.3 Frontend Smoke Test", &["smoke", "reachable"], &["get = \"${ front_end }/\"", "status = 200"], &["frontend"]),
    ("5.4 End-to-End Tests", &["e2e-critical"], &["npm run test:e2e -- --grep @staging", "failed == 0", "playwright-report/"], &["devops", "backend"]),
    ("6.1 Monitoring Stack", &["monitoring"], &["docker compose -f monitoring/docker-compose.yml ps", "down == 0"], &["devops"]),
    ("6.2 Log & Metric Flow", &["logs", "metrics"], &["lines >= 1", "targets_down == 0", "value > 0"], &["devops"]),
    ("6.3 Rollback Plan", DRILL, &["git describe --tags --abbrev=0 HEAD^", "docker compose", "get = \"/api/health\""], &["devops"]),
    ("gap 1: E2E for an environment from outside", &["e2e"], &["npm run test:e2e", "BASE_URL"], &["qa"]),
    ("gap 2: the load test belongs to the release", &["light"], &["[load]", "p95 < 600ms"], &["qa"]),
    ("gap 3: a backup before migrations", &["backup"], &["docker compose exec -T db pg_dumpall -U", "./backups/staging-backup-$(date +%F).sql"], &["devops"]),
    ("gap 4: smoke checks that can be kept", &["smoke"], &["[[step]]"], &["qa"]),
];

#[rustfmt::skip]
const RUNBOOK: [Row; 62] = [
    ("A: npm ci", &["install"], &["npm ci"], &["backend"]),
    ("A: typecheck and lint", &["static"], &["npm run typecheck && npm run lint"], &["backend"]),
    ("A: build", &["build"], &["npm run build && npm run build:verify"], &["backend"]),
    ("A: test:ci, lines at least 65%", &["test-ci", "coverage"], &["npm run test:ci", "lines >= 65%"], &["backend"]),
    ("A: optional local e2e", &["e2e-local"], &["(cd backend && ", "npm run test:e2e"], &["backend"]),
    ("A: Prisma sanity", &["schema"], &["npm run db:generate && npm run db:validate && npm run migrate:status"], &["backend"]),
    ("A accepts: migrate:status clean, no drift", &["schema"], &["lines >= 1"], &["backend"]),
    ("A accepts: npm run security, or waivers", &["security-script", "security-audit"], &["npm run security", "critical == 0", "high == 0"], &["security"]),
    ("B: Docker Engine and Compose v2", &["docker-versions"], &["docker version", "docker compose version", "matches >= 1"], &["devops"]),
    ("B: only required ports", &["ports"], &["Postgres and Redis"], &["devops"]),
    ("B: bundle on the VM", &["bundle"], &["changed == 0"], &["devops"]),
    ("B accepts: SSH access", &["ssh"], &["ssh "], &["devops"]),
    ("B accepts: versions meet requirements", &["docker-versions"], &["matches >= 1"], &["devops"]),
    ("B accepts: optional reverse proxy", &["proxy"], &["terminates TLS"], &["devops"]),
    ("C: required keys", &["env-staging"], &["missing == 0", "placeholders == 0"], &["devops"]),
    ("C: PORT is 3000", &["env-staging"], &[], &["devops"]),
    ("C accepts: strict permissions", &["env-staging"], &[], &["devops"]),
    ("C accepts: origins and API URL", &["env-staging"], &[], &["devops"]),
    ("D: bring-up", &["bring-up"], &[COMPOSE], &["devops"]),
    ("D: migrate", &["migrate"], &["docker compose exec", "backend npm run db:migrate"], &["backend"]),
    ("D: seed", &["seed"], &["docker compose exec", "backend npm run db:seed"], &["backend"]),
    ("D: backup before the deployment", &["backup"], &["(cd backend && npm run db:backup:pre-deployment)"], &["backend"]),
    ("D accepts: migrations idempotent, seed present", &["migrate-again", "seed"], &["npm run db:migrate"], &["backend"]),
    ("D accepts: backup exists, restore rehearsed", &["backup", "restore"], &["size > 0", "disposable database"], &["devops"]),
    ("E: production build", &["build-production"], &["npm run build:production", "npm run docker:build:optimized"], &["devops"]),
    ("E: deploy", &["bring-up", "deploy", "version"], &[COMPOSE], &["devops"]),
    ("E: containers", &["containers"], &["docker compose ps"], &["devops"]),
    ("E accepts: healthy, reachable, no crash loops", &["containers", "reachable"], &["unhealthy == 0", "restarting == 0", "get = \"/health\""], &["devops"]),
    ("F: API health", &["smoke"], &["get = \"/health\""], &["qa"]),
    ("F: metrics with the bearer", &["smoke"], &["get = \"/metrics\"", "bearer = \"${ metrics_token }\""], &["qa"]),
    ("F: front end by hand", &["uat"], &["browser"], &["frontend"]),
    ("F: regression", &["regression"], &["npm run test:ci", "failed == 0"], &["qa"]),
    ("F: E2E against staging", &["e2e"], &["(cd backend && ", "npm run test:e2e", "BASE_URL"], &["qa"]),
    ("F: performance", &["light"], &["npm run load-test:light"], &["qa"]),
    ("F: security scans", &["security", "vulnerabilities"], &["npm run security"], &["security"]),
    ("F accepts: smoke 100%, E2E 95%, regression green", &["smoke", "e2e", "regression"], &["pass_share >= 95%", "failed == 0"], &["qa"]),
    ("F accepts: p95 and errors", &["light"], &["p95 < 600ms", "error_rate < 1%"], &["qa"]),
    ("F accepts: no critical, metrics gated, CORS, rate limits", &["vulnerabilities", "security-runtime", "rate-limits"], &["critical == 0", "metrics, no token", "foreign origin", "status = 429"], &["security"]),
    ("G: metrics are scraped", &["metrics"], &["targets_down == 0"], &["devops"]),
    ("G: logs, JSON, 7 days", &["logs", "retention"], &["lines >= 1", "7 days"], &["devops"]),
    ("G: dashboards", &["dashboards", "dashboards-fresh"], &["p95 and p99"], &["devops"]),
    ("G: alerts", &["alerts"], &["rules_missing == 0", "p95 > 600ms for 10m", "5xx > 1% for 10m"], &["devops"]),
    ("G accepts: fresh data, alerts tested", &["dashboards-fresh", "alerts-tested"], &["fresh data", "made to fire"], &["devops"]),
    ("H: gates A to G accepted and documented", &["documented"], &["runbook"], &["docs"]),
    ("H: test:ci on the staging commit", &["regression", "coverage", "bundle"], &["npm run test:ci", "lines >= 65%", "changed == 0"], &["qa"]),
    ("H: E2E and smoke", &["e2e", "smoke"], &["pass_share >= 95%"], &["qa"]),
    ("H: secrets vaulted, metrics gated, CORS", &["vaulted", "security-runtime"], &["vault", "metrics, no token"], &["security"]),
    ("H: dashboards and alerts operational, logs centralised", &["dashboards", "alerts", "logs"], &["firing == 0"], &["devops"]),
    ("H: rollback drill, last two image tags", &["image-tags", "rollback-smoke"], &["tags >= 2"], &["devops"]),
    ("H: sign-offs", SIGNOFFS, &[": go"], &["po"]),
    ("H: rollback by images", DRILL, &["docker compose --env-file .env.staging -f docker-compose.yml pull", "up -d"], &["devops"]),
    ("H: post-deploy validation", &["rollback-restored"], &["get = \"/health\""], &["devops"]),
    ("matrix: Static", &["static"], &["npm run typecheck && npm run lint"], &["frontend"]),
    ("matrix: Unit and integration", &["test-ci", "coverage"], &["npm run test:ci", "lines >= 65%"], &["frontend"]),
    ("matrix: E2E (API)", &["e2e", "e2e-api"], &["npm run test:e2e", "pass_share >= 95%"], &["qa"]),
    ("matrix: Smoke", &["smoke"], &["get = \"/health\"", "get = \"/metrics\"", "${ front_end }/"], &["qa"]),
    ("matrix: Perf (light)", &["light"], &["p95 < 600ms"], &["qa"]),
    ("matrix: Security", &["security", "vulnerabilities", "security-runtime", "rate-limits"], &["npm run security", "critical == 0"], &["security"]),
    ("log: staging VM provisioned", &["provisioned"], &["provisioned"], &["devops"]),
    ("log: .env.staging vaulted", &["vaulted"], &["vault"], &["devops"]),
    ("log: first deploy commit, date, tags", &["deploy", "bundle"], &["tags >= 1"], &["devops"]),
    ("log: dashboards and alerts validated", &["dashboards-fresh", "alerts-tested"], &["fresh data"], &["devops"]),
];

fn checklist() -> Checklist {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/release.toml");
    let file = ReleaseFile::read(&path).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let resolved = Checklist::resolve(&file, &Environment::default(), &[], &RunFacts::default());
    resolved.unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// All that an item says: what is run, scenarios as they are written, what is wanted and asked.
fn said(item: &Item) -> String {
    let mut said = vec![item.title.clone(), item.rationale.clone(), item.manual.clone().unwrap_or_default()];
    match &item.work {
        Some(Work::Command(command)) => {
            said.push(command.program.shown());
            said.extend(command.env.iter().map(|(name, value)| format!("{name}={value}")));
        }
        Some(Work::Scenario(run)) => said.push(with_used(&run.file)),
        None => {}
    }
    said.extend(item.accept.iter().map(ToString::to_string));
    said.extend(item.artifacts.iter().cloned());
    said.join("\n")
}

/// A scenario with the files that it uses.
fn with_used(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let used = text.lines().find_map(|line| line.strip_prefix("use = [\"")?.strip_suffix("\"]"));
    let below = used.map(|used| with_used(&file.with_file_name(used))).unwrap_or_default();
    format!("{text}\n{below}")
}

#[test]
fn every_row_has_its_items_with_their_commands_thresholds_and_owners() {
    let checklist = checklist();
    let items: BTreeMap<&str, &Item> = checklist.items().map(|item| (item.id.as_str(), item)).collect();
    for (row, ids, parts, owners) in CHECKLIST.iter().chain(&RUNBOOK) {
        assert!(!ids.is_empty(), "{row}");
        let found: Vec<&Item> =
            ids.iter().map(|id| *items.get(id).unwrap_or_else(|| panic!("{row}: there is no item {id}"))).collect();
        let all = found.iter().map(|item| said(item)).collect::<Vec<_>>().join("\n");
        for part in *parts {
            assert!(all.contains(part), "{row}: `{part}` is in none of {ids:?}:\n{all}");
        }
        for owner in *owners {
            assert!(found.iter().any(|item| item.owners.iter().any(|of| of == owner)), "{row}: {owner} owns none");
        }
    }
}

#[test]
fn no_item_is_there_without_a_row_and_none_without_an_owner() {
    let checklist = checklist();
    let of_rows: BTreeSet<&str> = CHECKLIST.iter().chain(&RUNBOOK).flat_map(|(_, ids, ..)| *ids).copied().collect();
    for item in checklist.items() {
        assert!(of_rows.contains(item.id.as_str()), "{} is in no row", item.id);
        assert!(!item.owners.is_empty(), "{} has no owner", item.id);
        assert!(!item.rationale.is_empty() || !item.title.is_empty(), "{} says nothing", item.id);
    }
    let ids: Vec<&str> = checklist.gates.iter().map(|gate| gate.id.as_str()).collect();
    assert_eq!(ids, ["A", "B", "C", "D", "E", "F", "G", "H"]);
}

#[test]
fn nothing_is_deployed_before_gate_a_has_passed_and_the_rate_limit_is_used_up_last() {
    let checklist = checklist();
    let items: BTreeMap<&str, &Item> = checklist.items().map(|item| (item.id.as_str(), item)).collect();
    let before = |id: &str| {
        let (mut before, mut open) = (BTreeSet::new(), vec![id.to_owned()]);
        while let Some(id) = open.pop() {
            let item = items[id.as_str()];
            open.extend(item.needs.iter().chain(&item.after).filter(|id| before.insert((*id).clone())).cloned());
        }
        before
    };
    for deploying in ["bring-up", "images", "deploy", "rollback-deploy"] {
        let before = before(deploying);
        for item in checklist.gates[0].items.iter().filter(|item| !item.warn) {
            assert!(before.contains(&item.id), "{deploying} may start before {}", item.id);
        }
    }
    let last = before("rate-limits");
    for asking in
        ["smoke", "reachable", "e2e", "e2e-critical", "e2e-api", "light", "security-runtime", "rollback-restored"]
    {
        assert!(last.contains(asking), "{asking} may come after the rate limit is used up");
    }
}
