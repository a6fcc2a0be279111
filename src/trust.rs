//! Which certificates of servers are trusted: the system's (or those that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name in their place), and a bundle that `AWS_CA_BUNDLE` or the profile's `ca_bundle`
//! names in addition.
//!
//! For the AWS CLI a bundle takes the place of the system's certificates. Here it stands beside them,
//! because what is trusted holds for registries too, and few bundles have those of Docker Hub.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::shared_config::{SharedConfig, profile_name};

/// What keeps a bundle, or the system's certificates, from being used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("trust the certificates in {place}: {message}")]
pub struct TrustError {
    /// The file, or what stands for it.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What names the file.
    pub named_by: String,
}

impl TrustError {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self.named_by.as_str() {
            "" => {
                "install the system's certificates (Debian: ca-certificates), or name a bundle of \
                   them with SSL_CERT_FILE"
                    .to_owned()
            }
            name => format!("correct {name}, or take it away; the file must hold PEM certificates"),
        }
    }
}

/// Certificates that are trusted beside the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The file.
    pub path: PathBuf,
    /// `AWS_CA_BUNDLE`, or the setting of a profile.
    pub named_by: String,
    /// As they stand in it.
    pem: Vec<u8>,
}

impl Bundle {
    /// The one that the variable names, else the profile.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else than certificates.
    pub fn find(
        profile: Option<&str>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, TrustError> {
        if let Some(path) = variable("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
            return Self::read(Path::new(&path), "AWS_CA_BUNDLE").map(Some);
        }
        let shared = SharedConfig::read(&variable);
        let name = profile_name(profile, &variable);
        let home = variable("HOME").map(PathBuf::from);
        match shared.path(&name, "ca_bundle", home.as_deref()) {
            Some(path) => {
                Self::read(&path, &format!("`ca_bundle` of the profile {name}")).map(Some)
            }
            None => Ok(None),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else than certificates.
    pub fn read(path: &Path, named_by: &str) -> Result<Self, TrustError> {
        let wrong = |message: String| TrustError {
            place: path.display().to_string(),
            message,
            named_by: named_by.to_owned(),
        };
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        match roots.is_empty() {
            true => Err(wrong("it has none".to_owned())),
            false => Ok(Self { path: path.to_owned(), named_by: named_by.to_owned(), pem }),
        }
    }

    /// The certificates, in PEM. Each of them was found to be one.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }
}

/// Whether the system has certificates at all.
#[must_use]
pub fn has_system_roots() -> bool {
    !system().is_empty()
}

fn system() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // What is there and cannot be read is none the less trusted by nobody.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}

/// How TLS is spoken to whatever is no service of AWS's API.
///
/// # Errors
///
/// There is nothing to trust.
pub fn client_config(bundle: Option<&Bundle>) -> Result<ClientConfig, TrustError> {
    let mut roots = system().clone();
    if let Some(bundle) = bundle {
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(bundle.pem()).flatten());
    }
    let wrong = |message: String| TrustError {
        place: "the system's store".to_owned(),
        message,
        named_by: String::new(),
    };
    if roots.is_empty() {
        return Err(wrong("it has none".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What this process trusts. It comes from the environment, and like that it is one for all of it.
static BUNDLE: OnceLock<Result<Option<Bundle>, TrustError>> = OnceLock::new();
/// The profile that was asked for.
static PROFILE: OnceLock<Option<String>> = OnceLock::new();

/// Says which profile counts, before anything is asked for.
pub fn choose_profile(profile: Option<&str>) {
    let _ = PROFILE.set(profile.map(str::to_owned));
}

/// The bundle that this process trusts.
///
/// # Errors
///
/// As for [`Bundle::find`].
pub fn bundle() -> Result<Option<&'static Bundle>, TrustError> {
    let profile = PROFILE.get_or_init(|| None).as_deref();
    let found = BUNDLE.get_or_init(|| Bundle::find(profile, |name| std::env::var_os(name)));
    found.as_ref().map(Option::as_ref).map_err(Clone::clone)
}

#[cfg(test)]
mod tests;
