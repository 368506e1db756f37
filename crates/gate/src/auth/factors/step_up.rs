//! A session that has proven a factor is raised: it stays the same session, and what was given to
//! it before opens no more than it did. Its refresh tokens are sealed anew, so that an old one is
//! not even answered within the moment for which spent ones are.

use mainstay_base::Result;
use mainstay_credentials::secret;
use mainstay_schema::Value;
use serde_json::{Value as Json, json};

use super::{AAL1, AAL2};
use crate::accounts::Page;
use crate::accounts::record::Moment;
use crate::accounts::rows::Session;
use crate::accounts::session::Method;

/// The names under which a proven factor stands in `amr`.
const METHODS: [&str; 3] = ["totp", "mfa/webauthn", "mfa/recovery_code"];

/// The session at the second level, and the ids of the user's other sessions at the first, which
/// have ended: their access tokens are refused until `until`.
///
/// # Errors
/// When the store or the operating system's randomness fails.
pub(in super::super) fn step_up(
    page: &mut Page<'_, '_>,
    session: Session,
    factor: &str,
    method: &str,
    now: Moment,
    until: Moment,
) -> Result<(Session, Vec<String>)> {
    let raised = Session {
        aal: AAL2.to_owned(),
        amr: with_method(&session.amr, method, now),
        factor: Some(factor.to_owned()),
        secret: secret::token()?,
        turn: session.turn + 1,
        refreshed_at: now,
        ..session
    };
    page.put(&raised)?;
    let all: Vec<Session> = page.find("user", &[Value::Text(raised.user.clone())])?;
    let mut ended = Vec::new();
    for other in all.into_iter().filter(|it| it.id != raised.id && it.aal != AAL2) {
        page.end(&other, until)?;
        ended.push(other.id);
    }
    Ok((raised, ended))
}

/// The session at the first level again: what it had proven is the user's no more.
///
/// # Errors
/// When the store fails.
pub(super) fn step_down(page: &mut Page<'_, '_>, session: &Session) -> Result<()> {
    let amr = session.amr.as_array().into_iter().flatten();
    let amr = amr.filter(|entry| !METHODS.iter().any(|name| entry["method"] == *name)).cloned();
    let (amr, aal) = (Json::Array(amr.collect()), AAL1.to_owned());
    page.put(&Session { aal, amr, factor: None, ..session.clone() })
}

/// The list with this method at its end, once.
fn with_method(amr: &Json, method: &str, now: Moment) -> Json {
    let others = amr.as_array().into_iter().flatten().filter(|entry| entry["method"] != method);
    let mut list: Vec<Json> = others.cloned().collect();
    list.push(Method::of(method, None).entry(now));
    json!(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_is_proven_again_stands_once_with_its_new_time() {
        let at = |second: i64| Moment(second * 1_000_000);
        let amr = json!([Method::of("password", None).entry(at(1))]);
        let once = with_method(&amr, "totp", at(2));
        let twice = with_method(&once, "totp", at(3));
        let expected = json!([
            { "method": "password", "timestamp": 1 }, { "method": "totp", "timestamp": 3 },
        ]);
        assert_eq!(twice, expected);
    }
}
