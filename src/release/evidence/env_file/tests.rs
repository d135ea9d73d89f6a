//! Environment files whose keys are compared, and whose values are never told.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;

use super::*;
use crate::values::Secrets;

const SECRET: &str = "hunter2-hunter2";

fn file(folder: &Path, name: &str, text: &str, mode: u32) -> Place {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    Place { kind: PlaceKind::Standing(path), max_age: None, span: 0..0 }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn read(text: &str, example: Option<&str>, mode: u32, change: impl FnOnce(&mut EnvFile)) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    let from = file(folder.path(), ".env.staging", text, mode);
    let examples = example.iter().map(|text| file(folder.path(), ".env.example", text, 0o644)).collect();
    let mut env = EnvFile {
        from,
        examples,
        required: vec![],
        optional: vec![],
        private: true,
        template: false,
        equals: vec![],
        contains: vec![],
    };
    change(&mut env);
    let secrets = Secrets::default();
    // A command that ran since makes no difference: nothing here makes the file.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3_600);
    let context = Context { since: Some(later), ..Context::bare(Timestamp::now(), &secrets) };
    let reading = env.read(&context);
    assert!(!format!("{reading:?}").contains("hunter2"), "{reading:?}");
    reading
}

fn count(reading: &Reading, name: &str) -> Option<f64> {
    reading.figures.iter().find(|(figure, _)| figure == name).and_then(|(_, figure)| figure.number())
}

#[test]
fn keys_are_compared_and_values_are_never_told() {
    let text = format!(
        "# of the vault\nJWT_SECRET={SECRET}\nexport PORT=3001\nPLEX_TOKEN=\nTMDB_API_KEY=\"your-key\"\nMORE=1\nMORE=2\n\
         METRICS_TOKEN=published-one\nFEATURE_FLAG_A=true\n"
    );
    let example = "JWT_SECRET=<secret>\nPORT=3000\nREDIS_URL=\nMETRICS_TOKEN=published-one\n";
    let reading = read(&text, Some(example), 0o600, |env| {
        env.required = texts(&["FEATURE_FLAG_*", "YOUTUBE_*"]);
        env.equals = vec![("PORT".into(), "3000".into()), ("HOST".into(), "db".into())];
        env.contains = vec![("JWT_SECRET".into(), "nothing".into())];
    });
    for (name, wanted) in [("keys", 7.0), ("missing", 2.0), ("extra", 3.0), ("empty", 1.0), ("placeholders", 2.0)] {
        assert_eq!(count(&reading, name), Some(wanted), "{name}: {reading:?}");
    }
    let broken = ["PORT is not `3000`", "HOST is not there; it must be `db`", "JWT_SECRET does not hold `nothing`"];
    assert_eq!(reading.broken, broken);
    assert!(reading.notes.contains(&"missing: REDIS_URL, YOUTUBE_*".to_owned()), "{:?}", reading.notes);
    let named = "placeholders, or as in the example: METRICS_TOKEN, TMDB_API_KEY".to_owned();
    assert!(reading.notes.contains(&named), "{:?}", reading.notes);
    assert!(reading.sources.iter().all(|source| source.sha256.is_none()));
}

#[test]
fn others_may_not_read_it_and_optional_keys_may_be_anything() {
    let text = format!("JWT_SECRET={SECRET}\nJWT_SECRET_ROTATION=\n");
    let open = read(&text, None, 0o644, |_| {});
    assert!(open.broken[0].contains("has mode 644"), "{open:?}");
    assert_eq!(count(&open, "extra"), None);
    let closed = read(&text, None, 0o400, |env| env.optional = texts(&["*_ROTATION"]));
    assert_eq!((closed.broken.len(), count(&closed, "empty")), (0, Some(0.0)));
}

#[test]
fn a_template_is_judged_by_its_keys_alone() {
    let reading = read("A=changeme\nB=\n", Some("A=\nC=\n"), 0o644, |env| {
        env.template = true;
        env.private = false;
    });
    assert_eq!((count(&reading, "missing"), count(&reading, "placeholders")), (Some(1.0), None));
    assert!(reading.broken.is_empty());
}

#[test]
fn a_file_that_cannot_be_understood_is_no_evidence_and_is_not_quoted() {
    let reading = read(&format!("PORT=3000\nJWT_SECRET = '{SECRET}\nX"), None, 0o600, |_| {});
    assert!(reading.missing[0].contains("behind `PORT`"), "{reading:?}");
    assert!(read("# nothing\n", None, 0o600, |_| {}).missing[0].contains("has no keys"));
}

#[test]
fn published_passwords_within_urls_are_placeholders() {
    let example =
        "DATABASE_URL=postgresql://shop:Pu8lished@localhost/shop\nREDIS_URL=redis://:changeit@redis\nAPI=http://a/b\n";
    let reading = read(example, Some(example), 0o600, |_| {});
    assert_eq!(count(&reading, "placeholders"), Some(2.0), "{reading:?}");
    let elsewhere =
        "DATABASE_URL=postgresql://shop:Pu8lished@db/shop\nREDIS_URL=redis://:kd83jJs@redis\nAPI=http://a/b\n";
    let reading = read(elsewhere, Some(example), 0o600, |_| {});
    assert_eq!(count(&reading, "placeholders"), Some(1.0), "the same password for another host: {reading:?}");
    let which = ("placeholders".to_owned(), "DATABASE_URL".to_owned());
    assert!(reading.which.contains(&which), "{reading:?}");
}

#[test]
fn a_piece_of_a_wrapped_secret_is_never_told() {
    for rest in ["QmFzZTY0aHVudGVyMg==", "QmFzZTY0aHVudGVyMg=", "QmFzZTY0aHVudGVyMg"] {
        let reading = read(&format!("ENCRYPTION_KEY=dGhlIGZpcnN0\n{rest}\nPORT=1\n"), None, 0o600, |_| {});
        assert!(!reading.missing.is_empty(), "{rest}: {reading:?}");
        assert!(!format!("{reading:?}").contains("QmFz"), "{reading:?}");
    }
    let odd = "QmFzZTY0aHVudGVyMg=1\nQmFzZTY0aHVudGVyMg=2\nnpm_token=\nEXTRA=1\n";
    let reading = read(&format!("{odd}a b\n"), Some("npm_token=\n"), 0o600, |_| {});
    assert!(reading.missing[0].contains("behind `EXTRA`"), "{reading:?}");
    let reading = read(odd, Some("npm_token=\n"), 0o600, |_| {});
    assert!(!format!("{reading:?}").contains("QmFz"), "{reading:?}");
    let notes = ["in no example: EXTRA, 1 that has no usual name", "empty: npm_token"];
    assert!(notes.iter().all(|note| reading.notes.contains(&(*note).to_owned())), "{reading:?}");
}

#[test]
fn a_star_stands_for_any_letters() {
    for (pattern, key, wanted) in [
        ("PORT", "PORT", true),
        ("PORT", "PORTS", false),
        ("FEATURE_*", "FEATURE_A", true),
        ("*_KEY", "API_KEY", true),
        ("*_KEY", "KEYS", false),
        ("A*B*C", "AxxBxxC", true),
        ("A*B*C", "AxxCxxB", false),
        ("*", "", true),
    ] {
        assert_eq!(fits(pattern, key), wanted, "{pattern} {key}");
    }
}
