//! Query parameters that let the bearer in.

use super::encoding::percent_decode;

/// Query parameters whose values let the bearer in (compared in lower case): signed addresses of the large object stores and
/// the token parameters of package servers.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "auth_token",
    "authtoken",
    "awsaccesskeyid",
    "job_token",
    "key",
    "key-pair-id",
    "password",
    "policy",
    "private_token",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
];

pub(super) fn shown_query(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if is_secret(key) => format!("{key}=***"),
        // A parameter without a name may well be a token.
        None if is_token(pair) => "***".to_owned(),
        Some(_) | None => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Returns the parameters that are printed, as they are.
pub(super) fn without_secret_parameters(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| match pair.split_once('=') {
        Some((key, _)) => !is_secret(key),
        None => !is_token(pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

pub(super) fn is_token(pair: &str) -> bool {
    pair.len() > 16
}

pub(super) fn is_secret(key: &str) -> bool {
    let key = percent_decode(key).to_ascii_lowercase();
    SECRET_PARAMETERS.contains(&key.as_str())
}
