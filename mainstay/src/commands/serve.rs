//! `mainstay serve DIR`: opens the layers by way of `application`, listens, and serves until a
//! signal asks to stop. `dev` shares what stands here.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use mainstay_base::{Code, Error, Result};
use mainstay_edge::{Listeners, Shutdown, signals};
use mainstay_schema::Declared;
use mainstay_telemetry::{Format, Level, Telemetry};

use super::Serving;
use crate::application::{self, Application};
use crate::clock::SystemClock;
use crate::door::Door;
use crate::reach::Announced;
use crate::report::Failure;
use crate::settings::Configured;

mainstay_telemetry::events! {
    CHANGED = Info "schema.changed" ["step"], "An additive step was made to a stored table.";
    SEEDED = Info "seed.loaded" ["rows"], "Rows were loaded from the seed folder.";
    NEGATIVE_CONTROL = Warn "store.negative_control" [],
        "Writes are acknowledged before they are on disk: only a test may ask for this.";
}

/// Serve an application until it is asked to stop (SIGTERM, Ctrl-C).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay serve examples/shop
  mainstay serve blog.toml --listen 0.0.0.0:80 --env production")]
pub struct Args {
    #[command(flatten)]
    serving: Serving,
    /// The environment: `mainstay.ENV.toml` is read too [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// Make additive changes to stored tables in production too.
    #[arg(long)]
    apply_changes: bool,
    /// Take the configured auth.jwt_secret in place of the one before: what that one sealed
    /// (sessions, signing keys, second factors, waiting letters) ends.
    #[arg(long)]
    new_secret: bool,
    #[arg(long, hide = true)]
    negative_control_acknowledge_before_commit: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let mut flags = args.serving.flags();
    flags.environment.clone_from(&args.env);
    flags.apply_changes = args.apply_changes;
    flags.new_secret = args.new_secret;
    flags.negative_control = args.negative_control_acknowledge_before_commit;
    let (declared, configured) = super::read(&args.serving.path, &flags)?;
    runtime()?.block_on(async {
        let telemetry = telemetry(&configured)?;
        let listeners = mainstay_edge::bind(application::edge(&configured.settings))?;
        let address = listeners.public_address();
        let path = &args.serving.path;
        let mut opened =
            application::open(path, &declared, &configured, address, &telemetry).await?;
        opened.tend();
        let door = Door::new(&opened);
        let _announced = Announced::at(&configured.data, address)?;
        if configured.flags.negative_control {
            telemetry.log.line(&NEGATIVE_CONTROL).send();
        }
        started(&declared, &configured, &opened, &listeners, &telemetry);
        until_stopped(listeners, door, &telemetry).await?;
        opened.store.close();
        let _ = telemetry.log.flush(Duration::from_secs(2));
        Ok(())
    })
}

/// Two workers per process are enough for two cores; more cores get more.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("worker").build().map_err(
        |error| Error::new(Code::Internal, "No threads can be started").details(error.to_string()),
    )
}

/// Serves until a signal asks to stop.
pub async fn until_stopped(listeners: Listeners, door: Door, telemetry: &Telemetry) -> Result<()> {
    let shutdown = Shutdown::new();
    signals(&shutdown)?;
    listeners.serve(door, telemetry.clone(), shutdown).await;
    Ok(())
}

pub fn telemetry(configured: &Configured) -> Result<Telemetry> {
    let watching = &configured.settings.telemetry;
    let format = match watching.log_format.as_str() {
        "auto" => Format::Auto,
        "json" => Format::Json,
        "pretty" => Format::Pretty,
        other => return Err(wrong("telemetry.log_format", other, "auto, json or pretty")),
    };
    let level = match watching.log_level.as_str() {
        "debug" => Level::Debug,
        "info" => Level::Info,
        "warn" => Level::Warn,
        "error" => Level::Error,
        other => return Err(wrong("telemetry.log_level", other, "debug, info, warn or error")),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let settings = mainstay_telemetry::Settings { format, level, no_color, ..Default::default() };
    Telemetry::start(settings, Arc::new(SystemClock))
}

fn wrong(key: &str, value: &str, known: &str) -> Error {
    Error::new(Code::Internal, format!("{key} is \"{value}\"")).hint(format!("Write {known}."))
}

/// Says what is served: to a person on the terminal, to programs in the log.
pub fn started(
    declared: &Declared,
    configured: &Configured,
    opened: &Application,
    listeners: &Listeners,
    telemetry: &Telemetry,
) {
    application::watch(telemetry, opened);
    for step in &opened.steps {
        telemetry.log.line(&CHANGED).text("step", step).send();
    }
    if opened.seeded > 0 {
        telemetry.log.line(&SEEDED).number("rows", opened.seeded).send();
    }
    if !std::io::stderr().is_terminal() {
        return;
    }
    let tables: usize = declared.catalog.modules.iter().map(|module| module.tables.len()).sum();
    let modules: Vec<&str> = declared.catalog.modules.iter().map(|module| &*module.name).collect();
    eprintln!(
        "{} ({}), {tables} tables in {}",
        declared.catalog.name,
        configured.environment,
        modules.join(", ")
    );
    eprintln!("  data API   http://{}/rest/v1/", listeners.public_address());
    eprintln!("  accounts   http://{}/auth/v1/", listeners.public_address());
    eprintln!("  operator   http://{}/metrics", listeners.operator_address());
    if opened.auth.keeps_letters() {
        eprintln!("  letters    http://{}/letters", listeners.operator_address());
    }
    eprintln!("  data       {}", configured.data.display());
    if !configured.is_production() {
        eprintln!("  anon key   {}", opened.keys.anon);
    }
}
