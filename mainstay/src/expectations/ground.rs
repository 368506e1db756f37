//! A throwaway application of one module: its own folder, its own secret, nothing in it. It is
//! asked as clients ask, so that what holds here holds where it is served.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use mainstay_base::{Clock, Code, Error, Facts, Result};
use mainstay_gate::Gate;
use mainstay_gate::keys::{Keys, sign};
use mainstay_rest::Rest;
use mainstay_schema::{AuthFacts, Catalog, Module};
use mainstay_store::Store;
use mainstay_telemetry::Telemetry;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::clock::SystemClock;

/// Long enough for any trial, short enough to mean nothing elsewhere.
const TOKEN_SECONDS: i64 = 3600;
const SECRET: &str = "of-a-throwaway-application-that-nobody-else-can-reach";

pub struct Ground<'r> {
    pub module: Arc<Module>,
    rest: Arc<Rest>,
    store: Arc<Store>,
    keys: Keys,
    folder: PathBuf,
    runtime: &'r Runtime,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// The number behind the slash of `Content-Range`.
    pub counted: Option<u64>,
}

impl<'r> Ground<'r> {
    /// # Errors
    /// When the disk or the store refuses.
    pub fn open(module: Arc<Module>, roles: &[String], runtime: &'r Runtime) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let folder = folder()?;
        let catalog = Catalog {
            name: "expectations".to_owned(),
            modules: vec![Arc::clone(&module)],
            default_module: 0,
        };
        let mut config = mainstay_store::Config::new(Telemetry::silent(Arc::clone(&clock)));
        config.readers = 1;
        let opened = Store::open(&folder, &catalog, &config);
        let store = Arc::new(opened.inspect_err(|_| drop(std::fs::remove_dir_all(&folder)))?);
        let gate = Arc::new(Gate::new(SECRET.as_bytes(), roles, Arc::clone(&clock)));
        let config = mainstay_rest::Config {
            max_rows: u64::MAX >> 1,
            aggregates: false,
            tx_override: false,
            safe_update: false,
            openapi: false,
            public_url: None,
        };
        let keys = Keys::from_secret(SECRET, clock.as_ref())?;
        let rest = Rest::new(Arc::new(catalog), Arc::clone(&store), gate, config, clock)?;
        Ok(Self { module, rest: Arc::new(rest), store, keys, folder, runtime })
    }

    /// A token of the caller.
    ///
    /// # Errors
    /// When the claims cannot be signed.
    pub fn token(&self, caller: &AuthFacts) -> Result<String> {
        let mut claims = caller.claims.as_object().cloned().unwrap_or_default();
        let now = SystemClock.now().div_euclid(1_000_000);
        claims.insert("iat".to_owned(), now.into());
        claims.insert("exp".to_owned(), (now + TOKEN_SECONDS).into());
        sign(SECRET, &claims)
    }

    /// Asks with the rights of the service role.
    pub fn serve(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Answer> {
        self.ask(&self.keys.service_role, method, target, body)
    }

    /// Asks as whoever has this token. Rows that are written come back only to the service role:
    /// what a caller may write is one question, what it may see another.
    pub fn ask(
        &self,
        token: &str,
        method: &str,
        target: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let returning = match token == self.keys.service_role {
            true => "return=representation",
            false => "return=minimal",
        };
        let (path, _) = target.split_once('?').unwrap_or((target, ""));
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("/rest/v1{target}"))
            .header("apikey", token)
            .header("content-type", "application/json")
            .header("prefer", format!("{returning}, count=exact"))
            .body(Bytes::from(body))
            .map_err(Error::internal)?;
        let (path, facts) = (decoded(path), Facts::default());
        let response = self.runtime.block_on(self.rest.answer(&request, &path, &facts));
        let range = response.headers().get("content-range").and_then(|value| value.to_str().ok());
        let counted = range.and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Ok(Answer { status: response.status().as_u16(), body, counted })
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        self.store.close();
        // A folder that stays behind in the place for temporary files harms nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Answer {
    pub fn is_good(&self) -> bool {
        self.status < 300
    }

    pub fn rows(&self) -> &[Value] {
        self.body.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The code of an error.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The error as a person reads it.
    pub fn told(&self) -> String {
        let message = self.body["message"].as_str().unwrap_or_default();
        let details = self.body["details"].as_str().map(|text| format!(" ({text})"));
        format!("{} {}: {message}{}", self.status, self.code(), details.unwrap_or_default())
    }
}

/// A folder that nobody else has, in the place for temporary files.
fn folder() -> Result<PathBuf> {
    static MADE: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let count = MADE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let (process, moment) = (std::process::id(), SystemClock.now());
    let name = format!("mainstay-check-{process}-{moment}-{count}");
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).map_err(|error| {
        let message = format!("{} cannot be made", folder.display());
        Error::new(Code::Internal, message).details(error.to_string())
    })?;
    Ok(folder)
}

/// A part of a URL in which every byte that could mean something is written as `%XX`.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A name where the dialect reads one: in quotes, whatever it is made of.
pub fn quoted(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    encoded(&format!("\"{escaped}\""))
}

/// The path as the door hands it on.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let pair = if byte == b'%' { [rest.next(), rest.next()] } else { [None, None] };
        match pair {
            [Some(high), Some(low)] => {
                let digit = |digit: u8| u8::try_from((digit as char).to_digit(16).unwrap_or(0));
                bytes.push(digit(high).unwrap_or(0) << 4 | digit(low).unwrap_or(0));
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The same value, in whatever form a number is written.
pub fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64().is_some_and(|one| Some(one) == other.as_f64())
        }
        _ => one == other,
    }
}
