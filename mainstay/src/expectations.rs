//! Whether rules say what an application expects of them: each `[[expect]]` is tried out in a
//! database of its own, through the data API that serves. `mainstay check --rules` asks.
//!
//! `ground` (a throwaway application) -> `rows` (what is there, the rest made up by `plausible`) ->
//! `trial` (asks as the caller and judges).

mod ground;
mod pattern;
mod plausible;
mod rows;
mod trial;

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_gate::identity::{ANON, AUTHENTICATED, SERVICE};
use mainstay_schema::model::{Deed, Expectation};
use mainstay_schema::{Catalog, Module};

use self::ground::Ground;

/// An expectation and what became of it.
pub struct Outcome<'e> {
    pub module: &'e Module,
    pub expectation: &'e Expectation,
    /// What happened instead, where it does not hold.
    pub failure: Option<String>,
}

/// Tries out every expectation of an application; `roles` are those that tokens may name.
///
/// # Errors
/// When no throwaway application can be opened.
pub fn run<'e>(catalog: &'e Catalog, roles: &[String]) -> Result<Vec<Outcome<'e>>> {
    let runtime = crate::commands::runtime()?;
    let mut outcomes = Vec::new();
    for module in &catalog.modules {
        for expectation in &module.expectations {
            let failure = match unknown(&expectation.caller.role, roles) {
                Some(unknown) => Some(unknown),
                None => {
                    let ground = Ground::open(Arc::clone(module), roles, &runtime)?;
                    trial::judge(&ground, expectation).err()
                }
            };
            outcomes.push(Outcome { module, expectation, failure });
        }
    }
    Ok(outcomes)
}

/// A token that names such a role would not be taken.
fn unknown(role: &str, roles: &[String]) -> Option<String> {
    let known = [ANON, AUTHENTICATED, SERVICE];
    let is_known = known.contains(&role) || roles.iter().any(|one| one == role);
    (!is_known).then(|| {
        let names: Vec<&str> = known.into_iter().chain(roles.iter().map(String::as_str)).collect();
        format!(
            "there is no role `{role}`: roles are {}; [auth] roles declares more",
            names.join(", ")
        )
    })
}

/// The expectation as a sentence: `anon cannot read orders`.
#[must_use]
pub fn sentence(expectation: &Expectation) -> String {
    let who = match &expectation.caller.uid {
        Some(uid) => format!("{} {uid}", expectation.caller.role),
        None => expectation.caller.role.clone(),
    };
    let verdict = if expectation.allowed { "can" } else { "cannot" };
    let columns = match expectation.columns.as_slice() {
        [] => String::new(),
        columns => format!(" ({})", columns.join(", ")),
    };
    let deed = match expectation.deed {
        Deed::Create => "create in".to_owned(),
        deed => deed.name().to_owned(),
    };
    format!("{who} {verdict} {deed} {}{columns}", expectation.source)
}
