//! What the service role may do to accounts. `users` (list, add, change, remove), `factors` (what
//! users have beside passwords), `links` (invite, links without letters), `machines` (keys of
//! machines and of tokens), `journal` (what was done).

mod factors;
mod journal;
mod letters;
mod links;
mod machines;
mod users;

pub(super) use letters::escaped;
use mainstay_base::Result;

use super::answer::Answer;
use super::asked::Asked;
use super::route::Route;
use super::{Auth, unanswered};

pub(super) async fn answer(auth: &Auth, route: Route, asked: &Asked) -> Result<Answer> {
    match route {
        Route::ListUsers => users::listed(auth, asked).await,
        Route::AddUser => users::added(auth, asked).await,
        Route::ShowUser => users::shown(auth, asked).await,
        Route::PutUser => users::changed(auth, asked).await,
        Route::RemoveUser => users::removed(auth, asked).await,
        Route::EndUserSessions => users::signed_out(auth, asked).await,
        Route::UserFactors => factors::listed(auth, asked).await,
        Route::RemoveUserFactor => factors::removed(auth, asked).await,
        Route::RemoveUserFactors => factors::all_removed(auth, asked).await,
        Route::UserPasskeys => factors::passkeys(auth, asked).await,
        Route::RemoveUserPasskey => factors::passkey_removed(auth, asked).await,
        Route::Invite => links::invited(auth, asked).await,
        Route::MakeLink => links::made(auth, asked).await,
        Route::Events => journal::listed(auth, asked).await,
        Route::VerifyEvents => journal::verified(auth, asked).await,
        Route::ListKeys => machines::listed(auth).await,
        Route::AddKey => machines::added(auth, asked).await,
        Route::RevokeKey => machines::revoked(auth, asked).await,
        Route::SigningKeys => Ok(machines::signing(auth)),
        Route::RotateKeys => machines::rotated(auth, asked).await,
        Route::RevokeSigningKey => machines::unsigned(auth, asked).await,
        Route::Letters => Ok(letters::listed(auth)),
        _ => Err(unanswered()),
    }
}
