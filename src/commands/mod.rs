//! One file per command; only orchestration.
