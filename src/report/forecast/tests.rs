use super::*;
use crate::forecast::fixture::HOST;
use crate::plan::fixture::plan;
use crate::report::lines::COLUMNS;

#[track_caller]
fn page(text: &str) -> String {
    on(text, &HOST)
}

#[track_caller]
fn on(text: &str, host: &Host) -> String {
    let plan = plan(text);
    let page = render(&plan, &Forecast::of(&plan, host), host);
    let page = anstream::adapter::strip_str(&page).to_string();
    let widest = page.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(widest <= COLUMNS, "{widest} columns:\n{page}");
    page
}

#[test]
fn an_open_load_with_flows() {
    let text = r#"
[load]
model = "open"
rate = "20/s"
duration = "1m"
ramp_up = "10s"
[[setup]]
name = "sign in"
post = "/api/auth/login"
[[flow]]
name = "browse"
weight = 3
[[flow.step]]
name = "dashboard"
get = "/api/dashboard/status"
think = "100ms..300ms"
[[flow.step]]
name = "search"
get = "/api/media/search?q=alien"
probability = "50%"
[[flow]]
name = "request"
[[flow.step]]
name = "create"
post = "/api/media/request"
repeat = 2
[[flow.step]]
name = "poll"
get = "/api/media/requests"
when = "user > 3"
poll = { every = "1s", deadline = "5s" }
"#;
    insta::assert_snapshot!(page(text));
}

#[test]
fn a_closed_load_until_a_time() {
    let text = "[load]\nmodel = \"closed\"\nusers = 10\nduration = \"5m\"\nmax_rate = \"50/s\"\n[[step]]\nget = \"/health\"\nthink = \"1s\"\n";
    insta::assert_snapshot!(page(text));
}

#[test]
fn once_through_everything() {
    insta::assert_snapshot!(page("[[step]]\nget = \"/health\"\nretry = { times = 2 }\n"));
}

#[test]
fn limits_that_are_exceeded_come_with_a_way_out() {
    let text = "[load]\nmodel = \"closed\"\nusers = 15000\nduration = \"1s\"\n[[step]]\nget = \"/a\"\n[[step]]\nget = \"http://127.0.0.1:8/b\"\n";
    let page = on(text, &Host { ports: Some(1_000), memory_bytes: Some(1 << 20), ..HOST });
    for words in ["ulimit -n", "ip_local_port_range", "lower users"] {
        assert!(page.contains(words), "no {words} in\n{page}");
    }
    assert!(!on("[[step]]\nget = \"/a\"\n", &HOST).contains("warning"));
}

#[test]
fn hostile_and_endless_values_keep_the_page_in_form() {
    let text = format!(
        "[load]\nmodel = \"closed\"\nusers = 1\niterations = 1000000000\n[[step]]\nname = \"a\\u001b[31m{}\"\nget = \"/{}\"\ntimeout = \"700h\"\nrepeat = 1000000000\n",
        "n".repeat(200),
        "p".repeat(300)
    );
    let page = page(&text);
    assert!(page.contains("more than ten years") && !page.contains('\u{1b}'), "{page}");
}

#[test]
fn what_only_an_exploration_does_is_said_to_be_its_own() {
    let load = "[load]\nmodel = \"open\"\nrate = \"20/s\"\nduration = \"1m\"\n[[step]]\nget = \"/health\"\n[gates]\n";
    let gates = "fast = \"p95 < 600ms\"\nenough = \"capacity >= 100/s\"\n";
    let section = "[explore]\nto = \"400/s\"\nceiling = \"500/s\"\nmax_requests = 9000\n";
    let page = page(&format!("{load}{gates}{section}"));
    let said = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("enough: capacity >= 100/s (found by mnload explore)"), "{page}");
    assert_eq!(page.matches("found by").count(), 1, "{page}");
    let explore = "mnload explore tries 10/s to 400/s, never above 500/s, to ±5%, in 5m and 9,000 requests at the most";
    assert!(said.contains(explore), "{page}");
    assert!(!self::page(&format!("{load}{gates}")).contains("explore  "));
}
