//! The one place that picks the cryptography behind TLS.
//!
//! Owns the choice between the `aws-lc-rs` and `ring` features and gives the chosen provider to the client and to the
//! demo target alike, so that neither relies on a process-wide default that somebody else may have installed.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::CryptoProvider;

/// The provider of the feature that is switched on; with both on (`--all-features`) it is aws-lc-rs.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    {
        Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider())
    }
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    {
        Arc::new(tokio_rustls::rustls::crypto::ring::default_provider())
    }
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    compile_error!("switch on one of the features `aws-lc-rs` and `ring`: TLS needs a source of cryptography");
}
