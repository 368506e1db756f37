//! Puts the layers together, in the order in which a request travels them.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use mainstay_base::{Clock, Code, Error, Result};
use mainstay_edge::{Cors, EdgeConfig};
use mainstay_gate::Keys;
use mainstay_gate::auth::Auth;
use mainstay_rest::Rest;
use mainstay_schema::{Catalog, Declared, Module, SettingsFile};
use mainstay_store::Store;
use mainstay_store::config::{Changes, Durability};
use mainstay_telemetry::Telemetry;
use tokio::task::JoinHandle;

use crate::accounts;
use crate::seed;
use crate::settings::{Configured, Settings};

/// The layers behind the edge.
pub struct Application {
    pub rest: Arc<Rest>,
    pub auth: Arc<Auth>,
    pub store: Arc<Store>,
    pub keys: Keys,
    /// What was done to the database, in sentences.
    pub steps: Vec<String>,
    /// Rows that were loaded from `seed/`.
    pub seeded: u64,
    /// The files of settings that it was opened with.
    pub settings: Vec<SettingsFile>,
    /// Set while it is served.
    tending: Option<JoinHandle<()>>,
}

impl Application {
    /// From now on its accounts are tended: letters leave, what is over is forgotten. Who serves it
    /// asks for that; a command, which looks in for a moment, sends nobody's letters.
    pub fn tend(&mut self) {
        self.tending = Some(tokio::spawn(Arc::clone(&self.auth).tend()));
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        if let Some(tending) = &self.tending {
            tending.abort();
        }
    }
}

/// Opens the store, makes or reads the keys, and puts accounts and the data API on top. `address`
/// is where it will be reached, unless the settings know a better name for that.
///
/// # Errors
/// Whatever keeps the application from being served, as a sentence with a hint.
pub async fn open(
    path: &Path,
    declared: &Declared,
    configured: &Configured,
    address: SocketAddr,
    telemetry: &Telemetry,
) -> Result<Application> {
    let clock = &telemetry.clock;
    let catalog = Arc::new(declared.catalog.clone());
    let module = accounts::module(clock)?;
    // Before the store, which makes files: without a secret of its own nothing is made.
    let keys = keys(configured, clock.as_ref())?;
    let store = Arc::new(store(&catalog, &module, configured, telemetry)?);
    let place = accounts::Place {
        store: Arc::clone(&store),
        module: catalog.modules.len(),
        declared: module,
    };
    let (gate, auth) = accounts::open(path, place, configured, &keys, address, telemetry).await?;
    let config = data_api(&configured.settings);
    let modules = catalog.modules.len();
    let rest = Rest::new(catalog, Arc::clone(&store), gate, config, Arc::clone(clock))?;
    let steps = store.steps();
    let fresh: Vec<usize> = store.fresh_modules().into_iter().filter(|at| *at < modules).collect();
    let seeded = match configured.is_production() {
        true => 0,
        false => seed::load(path, &rest, &fresh).await?,
    };
    let settings = declared.settings.clone();
    let rest = Arc::new(rest);
    Ok(Application { rest, auth, store, keys, steps, seeded, settings, tending: None })
}

/// The switch exists so that the durability test can show that it would notice.
fn refuse_in_production(configured: &Configured) -> Result<()> {
    match configured.is_production() {
        false => Ok(()),
        true => {
            Err(Error::new(Code::Internal, "Production acknowledges nothing before its commit"))
        }
    }
}

/// The application's modules, and the one of accounts behind them.
fn store(
    catalog: &Catalog,
    accounts: &Arc<Module>,
    configured: &Configured,
    telemetry: &Telemetry,
) -> Result<Store> {
    let mut catalog = catalog.clone();
    catalog.modules.push(Arc::clone(accounts));
    let mut config = mainstay_store::Config::new(telemetry.clone());
    let limits = &configured.settings.limits;
    if let Some(timeout) = limits.statement_timeout {
        config.statement_timeout = timeout.0;
    }
    if let Some(queue) = limits.write_queue {
        config.write_queue = queue;
    }
    if configured.is_production() {
        config.changes = Changes::Refuse;
    }
    if configured.flags.apply_changes {
        config.changes = Changes::Additive;
    }
    if configured.flags.negative_control {
        refuse_in_production(configured)?;
        config.durability = Durability::NegativeControl;
    }
    Store::open(&configured.data, &catalog, &config)
}

/// From the configuration, or, outside production, kept beside the data.
pub fn keys(configured: &Configured, clock: &dyn Clock) -> Result<Keys> {
    match &configured.settings.auth.jwt_secret {
        Some(secret) => Keys::from_secret(secret, clock),
        None if configured.is_production() => {
            let message = "auth.jwt_secret is not set, and production makes no secret of its own";
            Err(Error::new(Code::Internal, message)
                .hint("In mainstay.production.toml: [auth] jwt_secret = \"${env:JWT_SECRET}\""))
        }
        None => {
            let mut folder = std::fs::DirBuilder::new();
            folder.recursive(true).mode(0o700).create(&configured.data).map_err(|error| {
                let message = format!("{} cannot be made", configured.data.display());
                Error::new(Code::Internal, message).details(error.to_string())
            })?;
            let path = configured.data.join("keys.json");
            refuse_of_others(&configured.data, &path)?;
            Keys::kept(&path, clock)
        }
    }
}

/// Accounts without keys beside them have their secret from the configuration of an environment;
/// one that is made here would be another.
fn refuse_of_others(data: &Path, keys: &Path) -> Result<()> {
    if !data.join("auth.db").exists() || keys.exists() {
        return Ok(());
    }
    let message = format!("{} has accounts and no keys.json", data.display());
    Err(Error::new(Code::Internal, message).hint(
        "Name the environment that has their secret in auth.jwt_secret, as in --env production, or \
         put the keys.json back that belongs to them.",
    ))
}

/// The data API's settings.
#[must_use]
pub fn data_api(settings: &Settings) -> mainstay_rest::Config {
    mainstay_rest::Config {
        max_rows: settings.api.max_rows,
        aggregates: settings.api.aggregates,
        tx_override: settings.api.transaction_override,
        safe_update: settings.api.safe_update,
        openapi: settings.api.openapi,
        public_url: settings.server.public_url.clone(),
    }
}

/// The edge's settings.
#[must_use]
pub fn edge(settings: &Settings) -> EdgeConfig {
    let defaults = EdgeConfig::default();
    let limits = &settings.limits;
    EdgeConfig {
        listen: settings.server.listen,
        admin_listen: settings.server.admin_listen,
        https: settings.server.public_url.as_deref().is_some_and(|url| url.starts_with("https:")),
        cors: Cors::from_list(&settings.api.cors_origins),
        trusted_proxies: settings.server.trusted_proxies.clone(),
        grace: settings.server.grace.0,
        max_body_bytes: limits.body_bytes.unwrap_or(defaults.max_body_bytes),
        max_connections: limits.connections.unwrap_or(defaults.max_connections),
        max_connections_per_client: limits
            .connections_per_client
            .unwrap_or(defaults.max_connections_per_client),
        max_requests_in_flight: limits
            .requests_in_flight
            .unwrap_or(defaults.max_requests_in_flight),
        request_deadline: limits.request_deadline.map_or(defaults.request_deadline, |span| span.0),
        ..defaults
    }
}

/// Lets telemetry see the store and the plans.
pub fn watch(telemetry: &Telemetry, application: &Application) {
    mainstay_store::observe::register(&telemetry.registry, &application.store);
    mainstay_rest::observe::register(&telemetry.registry, &application.rest);
    if application.auth.keeps_letters() {
        let auth = Arc::clone(&application.auth);
        telemetry.pages.show("/letters", move || auth.letters_page());
    }
    for (name, _) in application.store.health() {
        let (store, part) = (Arc::clone(&application.store), name.clone());
        telemetry.health.check(&name, move || {
            let found = store.health().into_iter().find(|(name, _)| *name == part);
            found.map_or(Ok(()), |(_, state)| state)
        });
    }
}
