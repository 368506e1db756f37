//! A certificate that signs itself (RFC 5280), for servers inside tests: a few lines of DER in
//! place of a library that would bring thirty others.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// ecdsa-with-SHA256.
const SIGNATURE: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// id-at-commonName.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// id-ce-subjectAltName.
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const SEQUENCE: u8 = 0x30;

/// A key and the certificate that names its holder.
pub struct Certificate {
    der: Vec<u8>,
    key: Vec<u8>,
}

impl Certificate {
    /// For the host `name`, from 2000 to 2049.
    pub fn of(name: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let algorithm = der(SEQUENCE, &[&der(0x06, &[SIGNATURE])]);
        let common = der(SEQUENCE, &[&der(0x06, &[COMMON_NAME]), &der(0x0c, &[name.as_bytes()])]);
        let holder = der(SEQUENCE, &[&der(0x31, &[&common])]);
        let (from, to) = (der(0x17, &[b"000101000000Z"]), der(0x17, &[b"491231235959Z"]));
        let names = der(SEQUENCE, &[&der(0x82, &[name.as_bytes()])]);
        let extension = der(SEQUENCE, &[&der(0x06, &[ALTERNATIVE_NAME]), &der(0x04, &[&names])]);
        let public = pair.public_key().as_der().unwrap();
        let content = der(
            SEQUENCE,
            &[
                &der(0xa0, &[&der(0x02, &[&[2]])]),
                &der(0x02, &[&[1]]),
                &algorithm,
                &holder,
                &der(SEQUENCE, &[&from, &to]),
                &holder,
                public.as_ref(),
                &der(0xa3, &[&der(SEQUENCE, &[&extension])]),
            ],
        );
        let signature = pair.sign(&SystemRandom::new(), &content).unwrap();
        let signature = der(0x03, &[&[0], signature.as_ref()]);
        let key = pair.to_pkcs8v1().unwrap().as_ref().to_vec();
        Self { der: der(SEQUENCE, &[&content, &algorithm, &signature]), key }
    }

    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    pub fn server(&self) -> ServerConfig {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(self.der.clone())], key)
            .unwrap()
    }
}

/// One element (X.690, 8.1): tag, length, content.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut element = vec![tag];
    match content.len() {
        length @ 0..=127 => element.push(u8::try_from(length).unwrap()),
        length @ 128..=255 => element.extend([0x81, u8::try_from(length).unwrap()]),
        length => {
            element.push(0x82);
            element.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    element.extend(content);
    element
}
