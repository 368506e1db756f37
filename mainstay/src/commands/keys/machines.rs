//! `mainstay keys create|list|revoke|rotate`: keys of machines, and the keys that sign tokens. Asks
//! by way of `reach`; `gate` keeps them.

use http::Method;
use mainstay_base::Result;
use mainstay_base::duration;
use serde_json::{Value, json};

use crate::commands::user::Where;
use crate::reach::Reach;
use crate::report::{Failure, say};

#[derive(Debug, clap::Subcommand)]
pub enum Act {
    /// Make a key for a machine. It is shown this once.
    Create {
        #[command(flatten)]
        place: Where,
        /// What to call it.
        name: String,
        /// The role that it acts in [default: service_role].
        #[arg(long, conflicts_with = "publishable")]
        role: Option<String>,
        /// Further roles, for rules that look at `auth.roles`.
        #[arg(long, value_name = "ROLE")]
        also: Vec<String>,
        /// When it ends: 12h, 90d.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// For programs that anybody can read: it acts as `anon`.
        #[arg(long)]
        publishable: bool,
    },
    /// List the keys of machines.
    List {
        #[command(flatten)]
        place: Where,
    },
    /// End a key at once.
    Revoke {
        #[command(flatten)]
        place: Where,
        /// Its name or id.
        key: String,
    },
    /// Make a new key for signing tokens; the old one is published until its tokens are dead.
    Rotate {
        #[command(flatten)]
        place: Where,
        /// End this one at once instead, with all that it has signed.
        #[arg(long, value_name = "KID")]
        revoke: Option<String>,
    },
}

pub fn run(act: &Act, as_json: bool) -> Result<(), Failure> {
    match act {
        Act::Create { place, name, role, also, expires, publishable } => {
            let mut body = json!({ "name": name, "roles": also });
            body["type"] = if *publishable { "publishable" } else { "secret" }.into();
            role.iter().for_each(|role| body["role"] = role.as_str().into());
            if let Some(expires) = expires {
                let time = duration::parse(expires).ok_or_else(|| Failure::Misused {
                    message: format!("\"{expires}\" is no length of time"),
                    hint: "Write 12h or 90d.".to_owned(),
                })?;
                body["expires_in"] = time.as_secs().into();
            }
            let key = place.reach()?.ask(Method::POST, "/admin/keys", Some(&body))?;
            match as_json {
                true => say!("{key}"),
                false => say!("{}", key["key"].as_str().unwrap_or_default()),
            }
        }
        Act::List { place } => {
            let found = place.reach()?.ask(Method::GET, "/admin/keys", None)?;
            tell(&found, as_json, key_line);
        }
        Act::Revoke { place, key } => {
            let path = format!("/admin/keys/{key}");
            let revoked = place.reach()?.ask(Method::DELETE, &path, None)?;
            match as_json {
                true => say!("{revoked}"),
                false => say!("{}", key_line(&revoked)),
            }
        }
        Act::Rotate { place, revoke } => {
            let found = rotate(&place.reach()?, revoke.as_deref())?;
            tell(&found, as_json, signing_line);
        }
    }
    Ok(())
}

fn rotate(reach: &Reach, revoke: Option<&str>) -> Result<Value> {
    match revoke {
        None => reach.ask(Method::POST, "/admin/signing-keys", None),
        Some(kid) => reach.ask(Method::DELETE, &format!("/admin/signing-keys/{kid}"), None),
    }
}

fn tell(found: &Value, as_json: bool, line: fn(&Value) -> String) {
    if as_json {
        say!("{found}");
        return;
    }
    for key in found["keys"].as_array().into_iter().flatten() {
        say!("{}", line(key));
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or("-").to_owned()
}

fn key_line(key: &Value) -> String {
    format!(
        "{:<20}  {:<22}  {:<14}  ends {:<20}  last used {}",
        text(key, "name"),
        text(key, "prefix"),
        text(key, "role"),
        text(key, "expires_at"),
        text(key, "last_used_at")
    )
}

fn signing_line(key: &Value) -> String {
    format!(
        "{:<44}  {:<8}  since {}",
        text(key, "kid"),
        text(key, "stage"),
        text(key, "signs_from")
    )
}
