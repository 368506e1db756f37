//! Settings: `mainstay.toml`, then `mainstay.<env>.toml`, then `MAINSTAY_…` variables, then flags.
//! Each value remembers where it came from. Secrets come as `${env:NAME}` or `${file:PATH}`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile};
use mainstay_base::duration;
use mainstay_base::{Code, Error, Result};
use mainstay_schema::Declared;
use serde::{Deserialize, Serialize};

use crate::variables;

mod accounts;

pub use accounts::{Auth, Mail};

/// The environment in which secrets must come from outside and changes need consent.
pub const PRODUCTION: &str = "production";

/// The environment of whoever names none: everything that it needs is on this machine.
pub const DEVELOPMENT: &str = "development";

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
#[derive(Default)]
pub struct Settings {
    pub server: Server,
    pub database: Database,
    pub api: Api,
    pub auth: Auth,
    pub limits: Limits,
    pub mail: Mail,
    pub telemetry: Watching,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Server {
    pub listen: SocketAddr,
    pub admin_listen: SocketAddr,
    /// The address by which clients reach us.
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<IpAddr>,
    /// Time for what is in flight when a stop is asked for.
    pub grace: Span,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Database {
    /// `sqlite:FOLDER`, relative to the application.
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Api {
    pub max_rows: u64,
    pub aggregates: bool,
    pub transaction_override: bool,
    pub safe_update: bool,
    /// The documents of the API are served.
    pub openapi: bool,
    pub cors_origins: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Limits {
    pub body_bytes: Option<usize>,
    pub connections: Option<usize>,
    pub connections_per_client: Option<usize>,
    pub requests_in_flight: Option<usize>,
    pub request_deadline: Option<Span>,
    pub statement_timeout: Option<Span>,
    pub write_queue: Option<usize>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Watching {
    /// `auto`, `json` or `pretty`.
    pub log_format: String,
    /// `debug`, `info`, `warn` or `error`.
    pub log_level: String,
}

/// A length of time, written `30s`, `5m`, `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        duration::parse(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("\"{text}\" is no duration; write 30s, 5m or 1h"))
        })
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        out.serialize_str(&duration::format(self.0))
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            public_url: None,
            trusted_proxies: Vec::new(),
            grace: Span(Duration::from_secs(30)),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self {
            max_rows: 1000,
            aggregates: false,
            transaction_override: false,
            safe_update: true,
            openapi: true,
            cors_origins: vec!["*".to_owned()],
        }
    }
}

impl Default for Watching {
    fn default() -> Self {
        Self { log_format: "auto".to_owned(), log_level: "info".to_owned() }
    }
}

/// What flags set, above everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub environment: Option<String>,
    /// `(path, value)`, as in `("server.listen", "127.0.0.1:0")`.
    pub values: Vec<(&'static str, String)>,
    pub data: Option<PathBuf>,
    /// Additive steps are made in production too.
    pub apply_changes: bool,
    /// The accounts take the secret that is configured in place of the one before.
    pub new_secret: bool,
    /// Acknowledge before the commit: the durability test's negative control.
    pub negative_control: bool,
}

/// Settings, and where each came from.
pub struct Configured {
    /// The application's name.
    pub name: String,
    pub settings: Settings,
    pub environment: String,
    /// Where the data is kept.
    pub data: PathBuf,
    pub flags: Flags,
    figment: Figment,
}

/// Reads the settings of an application at `path`.
///
/// # Errors
/// When a value has the wrong type, a secret cannot be found, or one stands in clear in production.
pub fn read(path: &Path, declared: &Declared, flags: &Flags) -> Result<Configured> {
    let environment = flags
        .environment
        .clone()
        .or_else(|| std::env::var("MAINSTAY_ENV").ok())
        .unwrap_or_else(|| DEVELOPMENT.to_owned());
    variables::check(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    let mut figment = Figment::from(Serialized::defaults(Settings::default()));
    for file in &declared.settings {
        if file.environment.as_ref().is_none_or(|name| *name == environment) {
            figment = figment.merge(Toml::file_exact(&file.path));
        }
    }
    let set = Env::prefixed(variables::PREFIX).ignore(&variables::OTHERS).map(|key| {
        // MAINSTAY_SERVER_LISTEN is server.listen; keys may hold underscores themselves.
        key.as_str().to_ascii_lowercase().replacen('_', ".", 1).into()
    });
    figment = figment.merge(set);
    for (key, value) in &flags.values {
        figment = figment.merge((*key, value.clone()));
    }
    let raw: Dict = figment.extract().map_err(|error| unreadable(&error, &figment))?;
    if environment == PRODUCTION {
        refuse_clear_secrets(&raw, &figment)?;
    }
    let expanded = raw.into_iter().map(|(key, value)| Ok((key, expand(value)?)));
    let expanded: Dict = expanded.collect::<Result<_>>()?;
    let settings: Settings = Figment::from(Serialized::from(expanded, Profile::Default))
        .extract()
        .map_err(|error| unreadable(&error, &figment))?;
    settings.auth.must_be_sound()?;
    let data = data_folder(path, &settings, flags)?;
    let name = declared.catalog.name.clone();
    Ok(Configured { name, settings, environment, data, flags: flags.clone(), figment })
}

fn unreadable(error: &figment::Error, figment: &Figment) -> Error {
    let path: Vec<&str> =
        error.path.iter().map(String::as_str).filter(|part| *part != "default").collect();
    let key = path.join(".");
    if key.is_empty() {
        return Error::new(Code::Internal, "The settings cannot be read")
            .details(error.kind.to_string());
    }
    let source = figment.find_metadata(&key).map(source_of);
    Error::new(Code::Internal, format!("The setting {key} cannot be read"))
        .details(error.kind.to_string())
        .hint_if(source.map(|source| format!("It comes from: {source}.")))
}

/// Where a value came from, in a few words.
fn source_of(metadata: &figment::Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ if metadata.name.contains("environment") => "an environment variable".to_owned(),
        _ if metadata.name.contains("Settings") => "default".to_owned(),
        _ => "a flag".to_owned(),
    }
}

/// `sqlite:FOLDER`, else `data` in the application's folder or `NAME.data` beside its file.
fn data_folder(path: &Path, settings: &Settings, flags: &Flags) -> Result<PathBuf> {
    if let Some(data) = &flags.data {
        return Ok(data.clone());
    }
    let base = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    match settings.database.url.as_deref() {
        None if path.is_dir() => Ok(path.join("data")),
        None => Ok(path.with_extension("data")),
        Some(url) => match url.strip_prefix("sqlite:") {
            Some(folder) => Ok(base.join(folder)),
            None => {
                Err(Error::new(Code::Internal, format!("database.url: {url} is not supported"))
                    .hint("This version keeps data in SQLite: url = \"sqlite:data\"."))
            }
        },
    }
}

/// `${env:NAME}` and `${file:PATH}` inside strings.
fn expand(value: Value) -> Result<Value> {
    Ok(match value {
        Value::String(tag, text) => match text.strip_prefix("${").and_then(|t| t.strip_suffix('}'))
        {
            Some(reference) => Value::String(tag, resolve(reference)?),
            None => Value::String(tag, text),
        },
        Value::Dict(tag, dict) => {
            let pairs = dict.into_iter().map(|(key, value)| Ok((key, expand(value)?)));
            Value::Dict(tag, pairs.collect::<Result<_>>()?)
        }
        Value::Array(tag, items) => {
            Value::Array(tag, items.into_iter().map(expand).collect::<Result<_>>()?)
        }
        other => other,
    })
}

fn resolve(reference: &str) -> Result<String> {
    let missing = |why: String| {
        Error::new(Code::Internal, format!("The secret ${{{reference}}} cannot be found"))
            .details(why)
    };
    match reference.split_once(':') {
        Some(("env", name)) => std::env::var(name).map_err(|error| missing(error.to_string())),
        Some(("file", path)) => std::fs::read_to_string(path)
            .map(|text| text.trim_end_matches(['\n', '\r']).to_owned())
            .map_err(|error| missing(error.to_string())),
        _ => Err(missing("write ${env:NAME} or ${file:PATH}".to_owned())),
    }
}

/// A secret in a file is read by everybody who can read the file and its history.
fn refuse_clear_secrets(raw: &Dict, figment: &Figment) -> Result<()> {
    let mut waiting: Vec<(String, &Dict)> = vec![(String::new(), raw)];
    while let Some((path, dict)) = waiting.pop() {
        for (key, value) in dict {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            waiting.extend(value.as_dict().map(|dict| (path.clone(), dict)));
            let text = value.as_str().filter(|_| SECRETS.contains(&key.as_str()));
            let in_file =
                figment.find_metadata(&path).is_some_and(|from| from.name.contains("TOML"));
            if text.is_some_and(|text| !text.starts_with("${")) && in_file {
                let message = format!("{path} stands in clear in a file");
                return Err(Error::new(Code::Internal, message)
                    .hint("Give it as ${env:NAME} or ${file:/run/secrets/name}."));
            }
        }
    }
    Ok(())
}

/// Keys whose values nobody is shown, in whatever section.
const SECRETS: &[&str] = &["jwt_secret", "password", "secret", "private_key"];

/// A value of the settings as it may be shown.
fn masked(key: &str, value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), masked(key, value))).collect()
        }
        value if SECRETS.contains(&key) && !value.is_null() => "(secret)".into(),
        value => value.clone(),
    }
}

/// One setting as `mainstay config` shows it.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub key: String,
    pub value: serde_json::Value,
    pub source: String,
}

impl Configured {
    /// Every setting with its value, secrets masked, and its source.
    #[must_use]
    pub fn show(&self) -> Vec<Shown> {
        let mut shown = vec![Shown {
            key: "environment".to_owned(),
            value: self.environment.clone().into(),
            source: "MAINSTAY_ENV, --env or the default".to_owned(),
        }];
        let tree = serde_json::to_value(&self.settings).unwrap_or_default();
        for (section, keys) in tree.as_object().into_iter().flatten() {
            for (key, value) in keys.as_object().into_iter().flatten() {
                let value = masked(key, value);
                let key = format!("{section}.{key}");
                let source = self.source(&key);
                shown.push(Shown { key, value, source });
            }
        }
        shown
    }

    fn source(&self, key: &str) -> String {
        self.figment.find_metadata(key).map_or_else(|| "default".to_owned(), source_of)
    }

    #[must_use]
    pub fn is_production(&self) -> bool {
        self.environment == PRODUCTION
    }
}
