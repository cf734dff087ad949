//! Whom to trust as a server, and how to show who we are.

use std::path::PathBuf;

use toml::Value;

use super::Configuration;
use super::error::Error;

/// Whom to believe that a server is who it says, and how to show who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Certificates {
    /// The authorities.
    pub authorities: Authorities,
    /// A PEM file with our own certificate and key.
    pub client: Option<PathBuf>,
}

/// The certificate authorities to believe.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authorities {
    /// Those of the system.
    #[default]
    System,
    /// Mozilla's, as they were when this program was built.
    BuiltIn,
    /// Those of a PEM file or a folder of them.
    At(PathBuf),
    /// Anyone: `certificates.<name>.cert = false`. The digests of the lock still prove each file.
    Anyone,
}

impl Configuration {
    /// Trusts [`Authorities::BuiltIn`] wherever `certificates.<name>` says nothing, whatever variables say.
    #[must_use]
    pub fn with_built_in_authorities(mut self) -> Self {
        self.uses_built_in_authorities = true;
        self
    }

    /// Returns what `certificates.<name>` says; where it says nothing, what `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`,
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR` say, in this order. Paths are absolute, or relative to the working directory.
    ///
    /// # Errors
    ///
    /// [`Error::Value`].
    pub fn certificates(&self, name: Option<&str>) -> Result<Certificates, Error> {
        let mut certificates = Certificates {
            authorities: self.default_authorities(),
            client: None,
        };
        let Some(name) = name else {
            return Ok(certificates);
        };
        for half in ["verify", "cert"] {
            let keys = ["certificates", name, half];
            if let Some(Value::Boolean(is_checked)) = self.setting(&keys)
                && self.variable_of(&keys).is_none()
            {
                if !is_checked {
                    certificates.authorities = Authorities::Anyone;
                }
                break;
            }
            if let Some(path) = self.value_text(&keys)?.filter(|path| !path.is_empty()) {
                certificates.authorities = Authorities::At(self.expand(&path));
                break;
            }
        }
        let client = self.value_text(&["certificates", name, "client-cert"])?;
        certificates.client = client
            .filter(|path| !path.is_empty())
            .map(|path| self.expand(&path));
        Ok(certificates)
    }

    fn default_authorities(&self) -> Authorities {
        if self.uses_built_in_authorities {
            return Authorities::BuiltIn;
        }
        let names = [
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ];
        let path = names.into_iter().find_map(|name| self.variable(name));
        path.map_or(Authorities::System, |path| {
            Authorities::At(self.expand(path))
        })
    }
}
