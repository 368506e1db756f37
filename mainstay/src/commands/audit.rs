//! `mainstay audit …`: what was done to accounts, and whether the record of it is whole. Asks by
//! way of `reach`; `gate` keeps the journal.

use http::Method;
use mainstay_base::{Code, Error, Result};
use serde_json::Value;

use super::user::Where;
use crate::reach::Reach;
use crate::report::{Failure, say};

/// See what was done to accounts, and verify that nothing of it was changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay audit list examples/shop
  mainstay audit verify examples/shop
  mainstay audit verify examples/shop --number 1200 --seal wF3k…   as an earlier run printed them")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// List events, the newest first.
    List {
        #[command(flatten)]
        place: Where,
        /// How many.
        #[arg(long, default_value_t = 50)]
        most: u32,
        /// Only those before this number.
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
    },
    /// Follow the chain of seals from the first event to the last.
    Verify {
        #[command(flatten)]
        place: Where,
        /// The last number of an earlier verification.
        #[arg(long, requires = "seal")]
        number: Option<u64>,
        /// Its seal: whoever cut off the end since is found out.
        #[arg(long, requires = "number")]
        seal: Option<String>,
    },
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    match &args.act {
        Act::List { place, most, before } => list(&place.reach()?, *most, *before, as_json)?,
        Act::Verify { place, number, seal } => {
            let known = number.zip(seal.as_deref());
            verify(&place.reach()?, known, as_json)?;
        }
    }
    Ok(())
}

fn list(reach: &Reach, most: u32, before: Option<u64>, as_json: bool) -> Result<()> {
    let before = before.map(|number| format!("&before={number}")).unwrap_or_default();
    let path = format!("/admin/audit?per_page={most}{before}");
    let found = reach.ask(Method::GET, &path, None)?;
    if as_json {
        say!("{found}");
        return Ok(());
    }
    for event in found["events"].as_array().into_iter().flatten() {
        let text = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
        let number = event["number"].as_i64().unwrap_or_default();
        say!(
            "{number:>6}  {:<27}  {:<20}  {:<36}  {}",
            text("at"),
            text("action"),
            text("user"),
            text("ip")
        );
    }
    Ok(())
}

fn verify(reach: &Reach, known: Option<(u64, &str)>, as_json: bool) -> Result<()> {
    let values = known.map(|(number, seal)| {
        format!("?number={number}&seal={}", seal.replace('+', "%2B").replace('/', "%2F"))
    });
    let path = format!("/admin/audit/verify{}", values.unwrap_or_default());
    let found = reach.ask(Method::GET, &path, None)?;
    if found["whole"] == Value::Bool(false) {
        let at = found["broken_at"].as_i64().unwrap_or_default();
        let message = format!("The journal is not as it was written: it breaks at event {at}");
        return Err(Error::new(Code::Internal, message)
            .hint("Somebody or something has changed the database. Compare it with a backup."));
    }
    match as_json {
        true => say!("{found}"),
        false => {
            let seal = found["seal"].as_str().unwrap_or_default();
            say!("{} events, all as they were written", found["events"]);
            say!("keep elsewhere: --number {} --seal {seal}", found["events"]);
        }
    }
    Ok(())
}
