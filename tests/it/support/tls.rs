//! A TLS server on loopback that knows nothing: it answers 404 to whatever it is asked, or sends it on to another place.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
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
    site: Arc<Site>,
}

/// What every connection knows.
struct Site {
    settings: Arc<ServerConfig>,
    /// Where requests are sent on to: their path is added.
    target: Option<String>,
    /// The lines of all requests.
    lines: Mutex<Vec<String>>,
}

impl TlsServer {
    /// Starts a server that anyone may ask.
    pub(crate) fn start() -> Self {
        Self::start_with(builder().with_no_client_auth(), None)
    }

    /// Starts a server that sends every request on to `target`.
    pub(crate) fn start_sending_on(target: String) -> Self {
        Self::start_with(builder().with_no_client_auth(), Some(target))
    }

    /// Starts a server that wants to see [`CERTIFICATE`].
    pub(crate) fn start_with_client_certificates() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        Self::start_with(builder().with_client_cert_verifier(verifier), None)
    }

    fn start_with(
        builder: rustls::ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
        target: Option<String>,
    ) -> Self {
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let settings = builder.with_single_cert(vec![certificate()], key);
        let site = Arc::new(Site {
            settings: Arc::new(settings.unwrap()),
            target,
            lines: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let for_thread = Arc::clone(&is_over);
        let site_of_thread = Arc::clone(&site);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if for_thread.load(Ordering::SeqCst) {
                    return;
                }
                let site = Arc::clone(&site_of_thread);
                // What goes wrong with a connection is the client's business.
                thread::spawn(move || serve(stream?, &site));
            }
        });
        Self {
            address,
            is_over,
            site,
        }
    }

    /// Returns the lines of all requests so far, with their headers.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.site.lines.lock().unwrap().clone()
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

fn serve(stream: TcpStream, site: &Site) -> std::io::Result<()> {
    let connection =
        ServerConnection::new(Arc::clone(&site.settings)).map_err(std::io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    let mut path = String::new();
    while reader.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            let first = match &site.target {
                Some(target) => format!("302 Found\r\nlocation: {target}{path}"),
                None => "404 Not Found".to_owned(),
            };
            let answer = format!("HTTP/1.1 {first}\r\ncontent-length: 0\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes())?;
        } else if let Some(request) = line.strip_prefix("GET ") {
            request.split(' ').next().unwrap().clone_into(&mut path);
        }
        site.lines.lock().unwrap().push(line.trim().to_owned());
        line.clear();
    }
    Ok(())
}
