//! Authorities that are trusted, and our own certificate: read from files, as TLS wants them.

use std::io;
use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts};

/// Why certificates cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is none in it.
    #[error("it contains no certificate")]
    None,
    /// There is no private key beside our own certificate.
    #[error("it contains no private key")]
    NoKey,
    /// It is no proper PEM, or the key does not fit the certificate.
    #[error("the certificate or key cannot be used")]
    Unusable,
}

/// Returns the system's authorities; `None` where the system has none, as in a bare container.
pub(super) fn of_system() -> Option<RootCerts> {
    let found = rustls_native_certs::load_native_certs().certs;
    (!found.is_empty()).then(|| root_certs(&found))
}

/// Reads the authorities in a PEM file, or in a folder of them.
pub(super) fn authorities_at(path: &Path) -> Result<RootCerts, CertificateError> {
    let (file, folder) = if std::fs::metadata(path)?.is_dir() {
        (None, Some(path))
    } else {
        (Some(path), None)
    };
    let mut result = rustls_native_certs::load_certs_from_paths(file, folder);
    if result.certs.is_empty() {
        return Err(match result.errors.pop().map(|error| error.kind) {
            Some(rustls_native_certs::ErrorKind::Io { inner, .. }) => inner.into(),
            Some(_) | None => CertificateError::None,
        });
    }
    Ok(root_certs(&result.certs))
}

fn root_certs(found: &[CertificateDer<'_>]) -> RootCerts {
    RootCerts::from(
        found
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned()),
    )
}

/// Reads a PEM file that holds certificate, chain and key, as requests takes it.
pub(super) fn client_certificate(path: &Path) -> Result<ClientCert, CertificateError> {
    let pem = std::fs::read(path)?;
    let mut chain = Vec::new();
    let mut key = None;
    for item in ureq::tls::parse_pem(&pem) {
        match item.map_err(|_| CertificateError::Unusable)? {
            PemItem::Certificate(certificate) => chain.push(certificate),
            PemItem::PrivateKey(found) => key = key.or(Some(found)),
            _ => {}
        }
    }
    let key = key.ok_or(CertificateError::NoKey)?;
    if chain.is_empty() {
        return Err(CertificateError::None);
    }
    check_client_certificate(&chain, &pem).ok_or(CertificateError::Unusable)?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// Tells whether the key is of a known kind and fits the certificate. (The client panics later if it does not.)
fn check_client_certificate(chain: &[Certificate<'_>], pem: &[u8]) -> Option<()> {
    use rustls::pki_types::pem::PemObject;
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let chain = chain
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect();
    let provider = rustls::crypto::ring::default_provider();
    rustls::sign::CertifiedKey::from_der(chain, key, &provider).ok()?;
    Some(())
}
