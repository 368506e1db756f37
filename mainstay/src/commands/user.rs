//! `mainstay user …`: the accounts of an application, for whoever runs it. Asks by way of `reach`
//! what an administrator asks over HTTP; `gate` answers.

use std::io::Read;
use std::path::PathBuf;

use http::Method;
use mainstay_base::{Code, Error, Result};
use serde_json::{Value, json};

use crate::reach::{Reach, encoded};
use crate::report::{Failure, say};
use crate::settings::Flags;

/// See and change the accounts of an application.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay user list examples/shop
  mainstay user create examples/shop ann@example.com --role staff
  mainstay user set-role examples/shop ann@example.com admin
  mainstay user ban examples/shop ann@example.com --for 24h
  mainstay user reset-mfa examples/shop ann@example.com")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

/// The application, and how its settings are read.
#[derive(Clone, Debug, clap::Args)]
pub struct Where {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// The environment whose settings hold [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// Where the data is kept [default: DIR/data].
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Where {
    pub fn reach(&self) -> Result<Reach, Failure> {
        let (environment, data) = (self.env.clone(), self.data.clone());
        Reach::open(&self.path, &Flags { environment, data, ..Flags::default() })
    }
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// List users, the newest first.
    List {
        #[command(flatten)]
        place: Where,
        /// Which hundred of them.
        #[arg(long, default_value_t = 1)]
        page: u32,
    },
    /// Add a user with a confirmed address. Without a password the answer has a link to set one.
    Create {
        #[command(flatten)]
        place: Where,
        /// The address of mail.
        email: String,
        /// A role of [auth] roles, in place of `authenticated`.
        #[arg(long)]
        role: Option<String>,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give a user another role. The user's sessions end, so that the old role does.
    SetRole {
        #[command(flatten)]
        place: Where,
        /// Address or id.
        user: String,
        role: String,
    },
    /// Keep a user out, and end the user's sessions.
    Ban {
        #[command(flatten)]
        place: Where,
        /// Address or id.
        user: String,
        /// How long: 90s, 24h, 2h45m.
        #[arg(long = "for", value_name = "TIME", default_value = "876000h")]
        time: String,
    },
    /// Let a banned user in again.
    Unban {
        #[command(flatten)]
        place: Where,
        /// Address or id.
        user: String,
    },
    /// Remove all factors and passkeys of a user who has lost them, and end the user's sessions.
    ResetMfa {
        #[command(flatten)]
        place: Where,
        /// Address or id.
        user: String,
    },
    /// End all sessions of a user.
    SignOut {
        #[command(flatten)]
        place: Where,
        /// Address or id.
        user: String,
    },
    /// Remove a user for good.
    Delete {
        #[command(flatten)]
        place: Where,
        /// Address or id.
        user: String,
    },
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    match &args.act {
        Act::List { place, page } => list(&place.reach()?, *page, as_json)?,
        Act::Create { place, email, role, password_stdin } => {
            let password = if *password_stdin { Some(typed()?) } else { None };
            create(&place.reach()?, email, role.as_deref(), password, as_json)?;
        }
        Act::SetRole { place, user, role } => {
            let reach = place.reach()?;
            let changed = change(&reach, user, &json!({ "role": role }))?;
            end_sessions(&reach, &changed)?;
            tell(&changed, as_json);
        }
        Act::Ban { place, user, time } => {
            tell(&change(&place.reach()?, user, &json!({ "ban_duration": time }))?, as_json);
        }
        Act::Unban { place, user } => {
            tell(&change(&place.reach()?, user, &json!({ "ban_duration": "none" }))?, as_json);
        }
        Act::ResetMfa { place, user } => reset_factors(&place.reach()?, user, as_json)?,
        Act::SignOut { place, user } => {
            let reach = place.reach()?;
            let found = find(&reach, user)?;
            end_sessions(&reach, &found)?;
            tell(&found, as_json);
        }
        Act::Delete { place, user } => {
            let reach = place.reach()?;
            let found = find(&reach, user)?;
            reach.ask(Method::DELETE, &format!("/admin/users/{}", id(&found)), None)?;
            tell(&found, as_json);
        }
    }
    Ok(())
}

/// The first line of standard input.
fn typed() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text).map_err(Error::internal)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn list(reach: &Reach, page: u32, as_json: bool) -> Result<()> {
    let path = format!("/admin/users?page={page}&per_page=100");
    let found = reach.ask(Method::GET, &path, None)?;
    if as_json {
        say!("{found}");
        return Ok(());
    }
    for user in found["users"].as_array().into_iter().flatten() {
        tell(user, false);
    }
    Ok(())
}

fn create(
    reach: &Reach,
    email: &str,
    role: Option<&str>,
    password: Option<String>,
    as_json: bool,
) -> Result<()> {
    let mut body = json!({ "email": email, "email_confirm": true });
    role.inspect(|role| body["role"] = (*role).into());
    let needs_link = password.is_none();
    password.into_iter().for_each(|password| body["password"] = password.into());
    let mut user = reach.ask(Method::POST, "/admin/users", Some(&body))?;
    if needs_link {
        let body = json!({ "type": "recovery", "email": email });
        let link = reach.ask(Method::POST, "/admin/generate_link", Some(&body))?;
        user["action_link"] = link["action_link"].clone();
    }
    tell(&user, as_json);
    if let (Some(link), false) = (user["action_link"].as_str(), as_json) {
        say!("to set a password, within the hour: {link}");
    }
    Ok(())
}

/// A user by id, or by address.
fn find(reach: &Reach, named: &str) -> Result<Value> {
    if !named.contains('@') {
        return reach.ask(Method::GET, &format!("/admin/users/{named}"), None);
    }
    let path = format!("/admin/users?email={}", encoded(named, b""));
    let found = reach.ask(Method::GET, &path, None)?;
    match found["users"].get(0) {
        Some(user) => Ok(user.clone()),
        None => Err(Error::new(Code::UserUnknown, format!("There is no user {named}"))
            .hint("`mainstay user list DIR` shows all of them.")),
    }
}

fn change(reach: &Reach, named: &str, body: &Value) -> Result<Value> {
    let user = find(reach, named)?;
    reach.ask(Method::PUT, &format!("/admin/users/{}", id(&user)), Some(body))
}

fn end_sessions(reach: &Reach, user: &Value) -> Result<()> {
    reach.ask(Method::POST, &format!("/admin/users/{}/logout", id(user)), None).map(drop)
}

fn reset_factors(reach: &Reach, named: &str, as_json: bool) -> Result<()> {
    let user = find(reach, named)?;
    let path = format!("/admin/users/{}/factors", id(&user));
    let removed = reach.ask(Method::DELETE, &path, None)?["removed"].clone();
    match as_json {
        true => say!("{}", json!({ "id": id(&user), "removed": removed })),
        false => say!("{}: {removed} factors removed", named),
    }
    Ok(())
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_default()
}

/// A line for a person, the whole for a program.
fn tell(user: &Value, as_json: bool) {
    if as_json {
        say!("{user}");
        return;
    }
    let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
    let named = [text("email"), text("phone"), "(anonymous)".to_owned()];
    let named = named.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let banned = user["banned_until"].as_str().map(|until| format!("  banned until {until}"));
    let banned = banned.unwrap_or_default();
    say!("{}  {:<13}  {named}{banned}", text("id"), text("role"));
}
