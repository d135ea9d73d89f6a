//! HTTPS for the demo target: PEM files to a rustls server configuration.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::options::TlsFiles;

/// Why HTTPS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file cannot be read or does not hold what it should.
    #[error("cannot read {what} from {}: {source}; give a PEM file", path.display())]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What went wrong.
        source: pem::Error,
    },
    /// The certificate and the key do not make a server.
    #[error("the certificate and the key cannot be used: {0}; check that they belong together")]
    Unusable(#[from] rustls::Error),
}

/// Reads the files and gives what turns TCP connections into TLS ones (TLS 1.2 and 1.3): HTTP/2 for those who
/// ask for it unless `http1_only`, else HTTP/1.1.
pub(super) fn acceptor(files: &TlsFiles, http1_only: bool) -> Result<TlsAcceptor, TlsError> {
    let unreadable = |what, path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::Pem { what, path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable("a certificate", &files.certificate))?;
    if chain.is_empty() {
        return Err(unreadable("a certificate", &files.certificate)(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable("a private key", &files.key))?;
    let mut config = ServerConfig::builder_with_provider(crate::tls::provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if http1_only {
        config.alpn_protocols.remove(0);
    }
    Ok(TlsAcceptor::from(Arc::new(config)))
}
