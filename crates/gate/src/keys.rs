//! The signing secret and the two API keys made with it. In development they are made at the first
//! start and kept beside the data, readable by their owner only; in production the secret comes
//! from the configuration.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use mainstay_base::{Clock, Code, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::identity::{ANON, SERVICE};
use mainstay_credentials::limits::SECRET_BYTES;

/// How long API keys hold: ten years, as on the hosted platform.
const KEY_SECONDS: i64 = 10 * 365 * 24 * 3600;

/// The secret and the keys of an application.
#[derive(Clone, Deserialize, Serialize)]
pub struct Keys {
    pub jwt_secret: String,
    pub anon: String,
    pub service_role: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Keys for a secret that the configuration gives.
    ///
    /// # Errors
    /// When the secret is too short to be safe.
    pub fn from_secret(secret: &str, clock: &dyn Clock) -> Result<Self> {
        if secret.len() < SECRET_BYTES {
            let message = format!("auth.jwt_secret has fewer than {SECRET_BYTES} bytes");
            return Err(Error::new(Code::Internal, message).hint(
                "Make one with `openssl rand -base64 48` and give it as ${env:JWT_SECRET}.",
            ));
        }
        let (anon, service_role) =
            (sign(secret, &role(ANON, clock))?, sign(secret, &role(SERVICE, clock))?);
        Ok(Self { jwt_secret: secret.to_owned(), anon, service_role })
    }

    /// The keys kept in `path`; made there when the file does not exist.
    ///
    /// # Errors
    /// When the file cannot be read or made, or is not a file of keys.
    pub fn kept(path: &Path, clock: &dyn Clock) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                let message = format!("{} is not a file of keys", path.display());
                Error::new(Code::Internal, message).details(error.to_string()).hint(
                    "Put the copy back that belongs to this data: accounts are sealed with it.",
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = Self::from_secret(&new_secret(), clock)?;
                match keys.keep(path) {
                    Ok(()) => Ok(keys),
                    // Another process made them in the meantime: those are the keys.
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                        Self::kept(path, clock)
                    }
                    Err(error) => Err(Error::new(
                        Code::Internal,
                        format!("{} cannot be written", path.display()),
                    )
                    .details(error.to_string())),
                }
            }
            Err(error) => {
                Err(Error::new(Code::Internal, format!("{} cannot be read", path.display()))
                    .details(error.to_string()))
            }
        }
    }

    /// Written whole under another name first, so that a crash leaves no file or a whole one. The
    /// name is then taken only if nobody else has taken it.
    fn keep(&self, path: &Path) -> std::io::Result<()> {
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.sync_all()?;
        let taken = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        taken?;
        match path.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// 64 bytes of four version 4 uuids, of which 488 bits are the kernel's randomness, as text.
fn new_secret() -> String {
    let bytes: Vec<u8> = (0..4).flat_map(|_| uuid::Uuid::new_v4().into_bytes()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

fn role(role: &str, clock: &dyn Clock) -> Map<String, Value> {
    let now = clock.now().div_euclid(1_000_000);
    let claims = json!({ "iss": "mainstay", "role": role, "iat": now, "exp": now + KEY_SECONDS });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

/// Signs claims with HS256.
///
/// # Errors
/// When the claims cannot be written as JSON.
pub fn sign(secret: &str, claims: &Map<String, Value>) -> Result<String> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key).map_err(Error::internal)
}
