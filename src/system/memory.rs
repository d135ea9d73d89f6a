//! Memory that had to be fetched.

use super::text_of;

/// How often this process has waited for a page from a disk.
pub fn major_faults() -> Option<u64> {
    parse_stat(&text_of("/proc/self/stat")?)
}

/// The tenth word behind the name, which may hold anything, parentheses too.
fn parse_stat(text: &str) -> Option<u64> {
    let (_, behind_name) = text.rsplit_once(')')?;
    behind_name.split_whitespace().nth(9)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_may_hold_anything() {
        let text = "17 (a) b (c) R 1 2 3 4 -1 4194304 100 0 42 0 5 6 0 0 20 0 1\n";
        assert_eq!(parse_stat(text), Some(42));
        assert_eq!((parse_stat(""), parse_stat("17 (a) R 1 2")), (None, None));
    }
}
