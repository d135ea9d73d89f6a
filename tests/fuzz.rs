//! What parses a stranger's text neither panics nor hangs: the corpus of `fuzz/`, and a fixed number of mutations of it.
//!
//! This is the part of fuzzing that every `cargo test` can afford. The same targets run under libFuzzer, which looks
//! for new paths, with `fuzz/run`; what it finds goes into the corpus and is tried here ever after.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

const SEED: u64 = 1;
/// The whole corpus together; it is read in every run of the tests.
const MOST_CORPUS_BYTES: usize = 400_000;

#[test]
fn scenarios_and_their_mutations() {
    assert_survives("scenario", 3_000);
}

#[test]
fn gates_and_their_mutations() {
    assert_survives("gate", 30_000);
}

#[test]
fn templates_and_their_mutations() {
    assert_survives("template", 1_500);
}

#[test]
fn selectors_and_their_mutations() {
    assert_survives("answer", 10_000);
}

#[test]
fn journals_and_their_mutations() {
    assert_survives("journal", 10_000);
}

#[test]
fn reports_of_tools_and_their_mutations() {
    assert_survives("report", 3_000);
}

#[test]
fn the_corpus_stays_small() {
    let bytes: usize = targets::TARGETS.iter().flat_map(|(name, _)| corpus(name)).map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= MOST_CORPUS_BYTES, "minimise it: fuzz/run TARGET -merge=1 … ({bytes} bytes)");
}

/// Runs the target on its corpus and on `mutations` of it, the same in every run.
fn assert_survives(name: &str, mutations: usize) {
    let target = targets::TARGETS.iter().find(|(known, _)| *known == name).unwrap().1;
    let corpus = corpus(name);
    assert!(corpus.len() >= 20, "only {} files", corpus.len());
    for (path, bytes) in &corpus {
        attempt(target, bytes, &path.display().to_string());
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    let words = dictionary();
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    for number in 0..mutations {
        let input = mutated(&inputs, &words, &mut random);
        attempt(target, &input, &format!("mutation {number}"));
    }
}

/// One execution; an input that fails is shown whole, so that it can go into the corpus.
fn attempt(target: targets::Target, input: &[u8], name: &str) {
    let start = Instant::now();
    if std::panic::catch_unwind(|| target(input)).is_err() {
        panic!("{name} fails: b\"{}\"", input.escape_ascii());
    }
    // A thousand times what any of them takes: it is here for what grows without bound.
    assert!(start.elapsed() < Duration::from_secs(20), "{name} takes {:?}: {}", start.elapsed(), input.escape_ascii());
}

/// One to four changes of one of the inputs.
fn mutated(inputs: &[Vec<u8>], words: &[String], random: &mut Pcg64Mcg) -> Vec<u8> {
    let mut input = inputs[random.random_range(0..inputs.len())].clone();
    for _ in 0..random.random_range(1..=4) {
        let (from, to) = (random.random_range(0..=input.len()), random.random_range(0..=input.len()));
        let (from, to) = (from.min(to), from.max(to));
        let near = from..to.min(from + 40);
        match random.random_range(0..7) {
            0 => drop(input.splice(near, words[random.random_range(0..words.len())].bytes())),
            1 => drop(input.splice(from..from, words[random.random_range(0..words.len())].bytes())),
            2 => drop(input.drain(near)),
            3 => {
                let part = input[near].to_vec();
                let at = random.random_range(0..=input.len());
                drop(input.splice(at..at, part));
            }
            4 => drop(input.splice(near, [random.random()])),
            5 => {
                let other = &inputs[random.random_range(0..inputs.len())];
                let start = random.random_range(0..=other.len());
                let end = other.len().min(start + 80);
                drop(input.splice(from..from, other[start..end].iter().copied()));
            }
            _ => {
                let part = input[near].repeat(random.random_range(2..20));
                drop(input.splice(from..from, part));
            }
        }
    }
    input
}

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = fuzz_folder().join("corpus").join(name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// The words in quotes of libFuzzer's dictionary.
fn dictionary() -> Vec<String> {
    let text = std::fs::read_to_string(fuzz_folder().join("dictionary.txt")).unwrap();
    let words = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    words.map(|word| word.replace("\\\"", "\"").replace("\\\\", "\\")).collect()
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
