//! `mainstay keys DIR`: prints the API keys of an application, or signs a token for trying rules
//! out. The keys are made by `gate` and kept beside the data.

mod machines;

use std::path::PathBuf;

use mainstay_base::Clock;
use mainstay_gate::keys::sign;
use serde_json::{Map, Value, json};

use crate::application;
use crate::clock::SystemClock;
use crate::report::{Failure, say};
use crate::settings::Flags;

/// Print an application's API keys, or a token for one user, for trying rules out; or make, list
/// and revoke keys of machines.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  mainstay keys examples/shop --json
  ANON=$(mainstay keys examples/shop --anon)
  mainstay keys examples/shop --role authenticated --uid 0192f0c1-0000-7000-8000-000000000001
  mainstay keys examples/teams --role authenticated --uid ID --claims '{\"tenant\":\"ID\"}'
  mainstay keys create examples/shop printer --role staff --expires 90d
  mainstay keys list examples/shop
  mainstay keys revoke examples/shop printer
  mainstay keys rotate examples/shop"
)]
pub struct Args {
    #[command(subcommand)]
    act: Option<machines::Act>,
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR", required = true)]
    path: Option<PathBuf>,
    /// The environment whose settings give the secret [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// Where the data is kept [default: DIR/data].
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Only the key for callers without an account.
    #[arg(long, conflicts_with = "role")]
    anon: bool,
    /// Only the key that no rule binds.
    #[arg(long, conflicts_with_all = ["role", "anon"])]
    service_role: bool,
    /// A token of this role, good for an hour.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// The user of that token.
    #[arg(long, value_name = "ID", requires = "role")]
    uid: Option<String>,
    /// Further claims of that token.
    #[arg(long, value_name = "JSON", requires = "role")]
    claims: Option<String>,
}

const HOUR_SECONDS: i64 = 3600;

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let path = match (&args.act, &args.path) {
        (Some(act), _) => return machines::run(act, as_json),
        (None, Some(path)) => path,
        (None, None) => {
            return Err(Failure::Misused {
                message: "no application is named".to_owned(),
                hint: "Write mainstay keys DIR.".to_owned(),
            });
        }
    };
    let flags =
        Flags { environment: args.env.clone(), data: args.data.clone(), ..Flags::default() };
    let (_, configured) = super::read(path, &flags)?;
    let keys = application::keys(&configured, &SystemClock)?;
    if let Some(role) = &args.role {
        let mut told = further(args.claims.as_deref())?;
        told.extend(claims(role, args.uid.as_deref()));
        let token = sign(&keys.jwt_secret, &told)?;
        match as_json {
            true => say!("{}", json!({ "token": token })),
            false => say!("{token}"),
        }
        return Ok(());
    }
    match (as_json, args.anon, args.service_role) {
        (_, true, _) => say!("{}", keys.anon),
        (_, _, true) => say!("{}", keys.service_role),
        (true, ..) => {
            say!("{}", json!({ "anon": keys.anon, "service_role": keys.service_role }));
        }
        (false, ..) => say!("anon          {}\nservice_role  {}", keys.anon, keys.service_role),
    }
    Ok(())
}

/// What rules may know of a caller beside its role and id: `{"tenant": "…"}`.
fn further(text: Option<&str>) -> Result<Map<String, Value>, Failure> {
    match text.map(serde_json::from_str) {
        None => Ok(Map::new()),
        Some(Ok(Value::Object(claims))) => Ok(claims),
        Some(_) => Err(Failure::Misused {
            message: "--claims is no JSON object".to_owned(),
            hint: "Write --claims '{\"tenant\": \"…\"}'.".to_owned(),
        }),
    }
}

fn claims(role: &str, uid: Option<&str>) -> Map<String, Value> {
    let now = SystemClock.now().div_euclid(1_000_000);
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), "mainstay".into());
    claims.insert("role".to_owned(), role.into());
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), (now + HOUR_SECONDS).into());
    if let Some(uid) = uid {
        claims.insert("sub".to_owned(), uid.into());
    }
    claims
}
