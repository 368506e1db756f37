//! Whose word counts for the certificates of other servers: the authorities of this machine, or
//! those that are named in their place. There is no way to do without.

use std::fmt;
use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// # Errors
/// When there are none, or they are no certificates.
pub fn tls(authorities: Option<&str>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.map_err(unfit)?).map_err(unfit)?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        let message = "There is no authority that other servers' certificates could come from";
        return Err(Error::new(Code::Internal, message)
            .hint("Install the system's certificates (ca-certificates)."));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(unfit)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn unfit(error: impl fmt::Display) -> Error {
    let message = "The authorities of other servers' certificates cannot be read";
    Error::new(Code::Internal, message).details(error.to_string())
}
