//! A TLS server on loopback that knows nothing: it answers 404 to whatever it is asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// Signed by itself, for 127.0.0.1, from 2020 to 2120, both for servers and for clients.
pub(crate) const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBVjCB/aADAgECAgEBMAoGCCqGSM49BAMCMBMxETAPBgNVBAMMCGxvb3BiYWNr
MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhs
b29wYmFjazBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLvQPTywNhn2NZ5w2u+Z
4VqyBTdW3/5zdFwlhU3K6xfnD+STuWZQYEGfG+s3X/PDUv5WoXFyUoynmWMPaSH8
6HejQDA+MA8GA1UdEQQIMAaHBH8AAAEwDAYDVR0TAQH/BAIwADAdBgNVHSUEFjAU
BggrBgEFBQcDAQYIKwYBBQUHAwIwCgYIKoZIzj0EAwIDSAAwRQIhAMO7UzZQjf0u
ZAOa0q/qTiLEtmi1ohC7FMjLHP3tD+QsAiBVSnzpG4ue88H0qUHvTiVwhAsj6lkc
ELYhCRc4mTzxpQ==
-----END CERTIFICATE-----
";

/// The key of [`CERTIFICATE`]; it opens nothing but this server.
pub(crate) const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmGDla78xFvMLOch9
XpLQ2RFTRPPcFjRn1BO8abEBZ+ahRANCAAS70D08sDYZ9jWecNrvmeFasgU3Vt/+
c3RcJYVNyusX5w/kk7lmUGBBnxvrN1/zw1L+VqFxclKMp5ljD2kh/Oh3
-----END PRIVATE KEY-----
";

/// A key that fits no certificate.
pub(crate) const OTHER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbTxwVlO4G0dGPTZZ
OHMR92A/Rexkql8a1fdcBiWNSU+hRANCAASUyAU/lsBeURgyhBIx6EC5yPvT7QR8
Zjq4TnBG2cMrcK1ss3ApVHtBzFFv+rRbu9b/ZXUaFXO4mPP8lIzcOJ0u
-----END PRIVATE KEY-----
";

/// The server; ends when dropped.
pub(crate) struct TlsServer {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl TlsServer {
    /// Starts a server that anyone may ask.
    pub(crate) fn start() -> Self {
        Self::start_with(builder().with_no_client_auth())
    }

    /// Starts a server that wants to see [`CERTIFICATE`].
    pub(crate) fn start_with_client_certificates() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        Self::start_with(builder().with_client_cert_verifier(verifier.build().unwrap()))
    }

    fn start_with(
        builder: rustls::ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
    ) -> Self {
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let settings = builder.with_single_cert(vec![certificate()], key);
        let settings = Arc::new(settings.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let for_thread = Arc::clone(&is_over);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if for_thread.load(Ordering::SeqCst) {
                    return;
                }
                let settings = Arc::clone(&settings);
                // What goes wrong with a connection is the client's business.
                thread::spawn(move || serve(stream?, settings));
            }
        });
        Self { address, is_over }
    }

    /// Returns the address of an index that is not there.
    pub(crate) fn url(&self) -> String {
        format!("https://{}/simple/", self.address)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()
}

fn serve(stream: TcpStream, settings: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(settings).map_err(std::io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            reader.get_mut().write_all(answer)?;
        }
        line.clear();
    }
    Ok(())
}
