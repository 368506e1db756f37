//! `POST /factors`: a factor is added, and holds from its first right answer on.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::totp;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::Auth;
use super::super::answer::Answer;
use super::super::asked::Asked;
use super::{Asker, DEVICE, Seen, TOTP, device, must_be_free, name, secret_purpose};
use crate::accounts::Page;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Factor, User};
use crate::limits::{FACTORS, UNVERIFIED_FACTOR_SECONDS};

pub(super) async fn answer(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let now = auth.now();
    let mut factor = bare(&asker.user.id, name(asked)?, now);
    let mut body = json!({ "id": factor.id, "friendly_name": factor.name });
    match asked.text("factor_type")? {
        Some(TOTP) => {
            let (secret, shown) = app(auth, asked, &asker.user)?;
            let purpose = secret_purpose(&factor.id);
            factor.secret = auth.book.sealer().seal(&purpose, &secret.base32())?;
            body["totp"] = shown;
        }
        Some(DEVICE) => {
            device::party(&auth.config, Code::DeviceFactorDisabled)?;
            factor.kind = DEVICE.to_owned();
        }
        Some("phone") => {
            let message = "MFA enroll is disabled for Phone";
            return Err(Error::new(Code::PhoneFactorDisabled, message));
        }
        _ => {
            let message = "factor_type needs to be totp, phone, or webauthn";
            return Err(Error::new(Code::ValidationFailed, message));
        }
    }
    body["type"] = factor.kind.as_str().into();
    let work = move |page: &mut Page<'_, '_>| {
        let mut seen = asker.seen(page)?;
        seen.may_add("enroll a new factor")?;
        forget_unverified(page, &mut seen, now)?;
        must_be_free(&seen.factors, factor.name.as_deref())?;
        if seen.factors.iter().filter(|factor| factor.is_second()).count() >= FACTORS {
            let message = "Maximum number of verified factors reached, unenroll to continue";
            return Err(Error::new(Code::FactorsTooMany, message));
        }
        page.put(&factor)
    };
    auth.book.write(work).await?;
    Ok(Answer::json(200, body))
}

/// A factor of codes that is not verified and has no secret yet.
fn bare(user: &str, name: Option<String>, now: Moment) -> Factor {
    Factor {
        id: Uuid::new_v4().to_string(),
        user: user.to_owned(),
        kind: TOTP.to_owned(),
        verified: false,
        name,
        secret: String::new(),
        credential: None,
        step: None,
        last_challenged_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// What an app and the server share, and how it is shown.
fn app(auth: &Auth, asked: &Asked, user: &User) -> Result<(totp::Secret, Json)> {
    let issuer = asked.text("issuer")?.unwrap_or(&auth.config.factor_issuer);
    let account = user.email.as_deref().or(user.phone.as_deref()).unwrap_or(&user.id);
    let secret = totp::Secret::make()?;
    let shown = serde_json::to_value(secret.enrol(issuer, account)?).map_err(Error::internal)?;
    Ok((secret, shown))
}

/// Factors that nobody has verified make room.
fn forget_unverified(page: &mut Page<'_, '_>, seen: &mut Seen, now: Moment) -> Result<()> {
    let is_old = |factor: &Factor| {
        !factor.verified && factor.created_at.after(UNVERIFIED_FACTOR_SECONDS) <= now
    };
    for old in seen.factors.iter().filter(|factor| is_old(factor)) {
        page.remove::<Factor>("id", &old.id)?;
    }
    seen.factors.retain(|factor| !is_old(factor));
    Ok(())
}
