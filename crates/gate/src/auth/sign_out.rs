//! `POST /logout`: ends sessions of the caller.

use mainstay_base::{Code, Error, Result};

use super::Auth;
use super::answer::Answer;
use super::asked::Asked;
use crate::Identity;
use crate::accounts::Page;
use crate::accounts::session::{self, Scope};

pub(super) async fn answer(auth: &Auth, asked: &Asked, identity: &Identity) -> Result<Answer> {
    let scope = match asked.query("scope") {
        None | Some("" | "global") => Scope::Global,
        Some("local") => Scope::Local,
        Some("others") => Scope::Others,
        Some(other) => {
            let message = format!("Unsupported logout scope \"{other}\"");
            let hint = "Write global, local or others.";
            return Err(Error::new(Code::ValidationFailed, message).hint(hint));
        }
    };
    let (user, own) = auth.caller(identity).await?;
    let until = auth.now().after(auth.config.life.access);
    let own = own.map(|session| session.id);
    let work =
        move |page: &mut Page<'_, '_>| session::end(page, &user.id, own.as_deref(), scope, until);
    let ended = auth.book.write(work).await?;
    auth.gate.end_sessions(&ended, until.seconds());
    Ok(Answer::nothing())
}
