//! A server that speaks HTTP/1.1 or HTTP/2, plain or with TLS, and answers as it is told to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mnload::demo::{Demo, DemoOptions, TlsFiles};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Workspace;

/// How a target is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) http2: bool,
    pub(crate) tls: bool,
}

/// All of them.
pub(crate) const WAYS: [Way; 4] = [
    Way { http2: false, tls: false },
    Way { http2: false, tls: true },
    Way { http2: true, tls: false },
    Way { http2: true, tls: true },
];

/// A certificate for loopback, with its files.
pub(crate) struct Identity {
    folder: TempDir,
    pub(crate) pem: String,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        Self { folder, pem: certificate.pem() }
    }

    pub(crate) fn files(&self) -> TlsFiles {
        let file = |name: &str| self.folder.path().join(name);
        TlsFiles { certificate: file("cert.pem"), key: file("key.pem") }
    }

    /// What accepts TLS and picks one of `protocols`.
    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> TlsAcceptor {
        let files = self.files();
        let chain = vec![CertificateDer::from_pem_file(files.certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_file(files.key).unwrap();
        let mut config = ServerConfig::builder_with_provider(mnload::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Way {
    /// The value of `[target] http` that speaks so.
    pub(crate) fn name(self) -> &'static str {
        match self {
            // What is picked over TLS is what the target offers.
            Self { http2: true, tls: true } => "auto",
            Self { http2: true, tls: false } => "2",
            Self { http2: false, .. } => "1.1",
        }
    }

    /// A scenario for the target at `address`, with `target` in its `[target]`.
    pub(crate) fn scenario(self, address: SocketAddr, identity: &Identity, target: &str, rest: &str) -> Workspace {
        let scheme = if self.tls { "https" } else { "http" };
        let ca = if self.tls { "ca = \"ca.pem\"\n" } else { "" };
        let workspace = Workspace::with(&format!(
            "[target]\nbase_url = \"{scheme}://{address}\"\nhttp = \"{}\"\n{ca}{target}\n{rest}",
            self.name()
        ));
        workspace.file("ca.pem", &identity.pem);
        workspace
    }

    /// The built-in target, with TLS if that is the way.
    pub(crate) fn demo(self, identity: &Identity, options: DemoOptions) -> Demo {
        Demo::start(DemoOptions { tls: self.tls.then(|| identity.files()), ..options }).unwrap()
    }
}

/// Answers every request with what `answer` gives for it and its body.
pub(crate) struct HttpServer {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicU64>,
    open: Arc<AtomicU64>,
}

type Answer = dyn Fn(&Request<()>, Bytes) -> Response<Full<Bytes>> + Send + Sync;

impl HttpServer {
    pub(crate) fn start(
        way: Way,
        identity: &Identity,
        answer: impl Fn(&Request<()>, Bytes) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        Self::closing(way, identity, None, answer)
    }

    /// The same; each connection is closed without a word so long after its first answer.
    pub(crate) fn closing(
        way: Way,
        identity: &Identity,
        lives: Option<Duration>,
        answer: impl Fn(&Request<()>, Bytes) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = identity.acceptor(if way.http2 { &[b"h2"] } else { &[b"http/1.1"] });
        let answer: Arc<Answer> = Arc::new(answer);
        let (connections, open) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, alive) = (Arc::clone(&connections), Arc::clone(&open));
        // Ends with the test program: it only waits for connections by then.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    counted.fetch_add(1, Ordering::SeqCst);
                    alive.fetch_add(1, Ordering::SeqCst);
                    let (acceptor, answer, alive) = (acceptor.clone(), Arc::clone(&answer), Arc::clone(&alive));
                    tokio::spawn(async move {
                        let answered = Arc::new(Notify::new());
                        let told = Arc::clone(&answered);
                        let answer: Arc<Answer> = Arc::new(move |request, body| {
                            told.notify_one();
                            answer(request, body)
                        });
                        let life = async {
                            if !way.tls {
                                serve(stream, way, answer).await;
                            } else if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, way, answer).await;
                            }
                        };
                        let end = async {
                            answered.notified().await;
                            match lives {
                                Some(lives) => tokio::time::sleep(lives).await,
                                None => std::future::pending().await,
                            }
                        };
                        tokio::select! { () = life => {}, () = end => {} }
                        alive.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            });
        });
        Self { address, connections, open }
    }

    /// Connections so far.
    pub(crate) fn connections_seen(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Connections that are open.
    pub(crate) fn connections_open(&self) -> u64 {
        self.open.load(Ordering::SeqCst)
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, way: Way, answer: Arc<Answer>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            Ok::<_, Infallible>(answer(&Request::from_parts(head, ()), body))
        }
    });
    let _ = match way.http2 {
        false => http1::Builder::new().serve_connection(TokioIo::new(stream), service).await,
        true => http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await,
    };
}
