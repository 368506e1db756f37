//! `MAINSTAY_SECTION_KEY` variables: which there are, and which were meant. `settings` reads their
//! values; here a misspelled one is found before it is silently without effect.

use mainstay_base::nearest;
use mainstay_base::{Code, Error, Result};
use mainstay_schema::read::settings::SECTIONS;

/// What every variable of ours begins with.
pub const PREFIX: &str = "MAINSTAY_";

/// Variables that are no settings: the environment's name, and those of the tests.
pub const OTHERS: [&str; 3] = ["env", "bin", "skips"];

/// Refuses a variable that sets nothing.
///
/// # Errors
/// Names the variable and the nearest one that there is.
pub fn check(names: impl Iterator<Item = String>) -> Result<()> {
    let known: Vec<String> = SECTIONS
        .iter()
        .flat_map(|section| {
            let name = |key: &&str| format!("{PREFIX}{}_{key}", section.name).to_uppercase();
            section.keys().iter().map(name).collect::<Vec<_>>()
        })
        .collect();
    for name in names.filter(|name| name.starts_with(PREFIX)) {
        let rest = name[PREFIX.len()..].to_ascii_lowercase();
        if OTHERS.contains(&rest.as_str()) || known.contains(&name.to_uppercase()) {
            continue;
        }
        let near = nearest(&name, known.iter().map(String::as_str));
        let hint = near.map_or_else(
            || "`mainstay config` lists the settings.".to_owned(),
            |near| format!("Perhaps you meant {near}."),
        );
        let message = format!("The variable {name} is no setting");
        return Err(Error::new(Code::Internal, message).hint(hint));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_variable_is_refused_with_the_nearest_one() {
        let names =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let fine = names(&["PATH", "MAINSTAY_ENV", "MAINSTAY_SERVER_LISTEN", "MAINSTAY_BIN"]);
        assert!(check(fine.into_iter()).is_ok());
        let wrong = check(names(&["MAINSTAY_SERVER_LISTNE"]).into_iter()).unwrap_err();
        assert_eq!(wrong.hint_text(), Some("Perhaps you meant MAINSTAY_SERVER_LISTEN."));
    }
}
