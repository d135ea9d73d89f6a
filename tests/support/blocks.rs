//! The TOML blocks of the documents.

use std::path::Path;

/// A fenced TOML block, with where it starts for messages.
pub(crate) struct Block {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// The TOML blocks of a document.
pub(crate) fn blocks_of(document: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.trim() == "```toml" {
            let inside = lines.by_ref().map(|(line, _)| line).take_while(|line| line.trim() != "```");
            let text = inside.map(|line| format!("{line}\n")).collect();
            blocks.push(Block { place: format!("{document}:{number}"), text });
        }
    }
    blocks
}
