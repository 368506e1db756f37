//! `raise_error(code, message[, details[, hint]])`: how the SQL of functions and views refuses on
//! purpose, as `RAISE` does in PostgreSQL. It never has a value.

use mainstay_base::{Code, Error};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Null;
use rusqlite::{Connection, Result};

use super::text;
use crate::sqlite::raised::raise;

/// Characters of a message, of details and of a hint that are kept.
const TEXT: usize = 2000;

pub(super) fn register(connection: &Connection, changing: FunctionFlags) -> Result<()> {
    for arguments in 2..=4 {
        connection.create_scalar_function("raise_error", arguments, changing, raise_error)?;
    }
    Ok(())
}

fn raise_error(context: &Context<'_>) -> Result<Null> {
    let part = |at: usize| -> Result<Option<String>> {
        if at >= context.len() {
            return Ok(None);
        }
        Ok(text(context, at)?.map(|text| text.chars().take(TEXT).collect()))
    };
    let code = part(0)?.unwrap_or_default();
    let Some(status) = status(&code) else {
        return Err(raise(no_code(&code)));
    };
    let mut error = Error::raised_as(code, status, part(1)?.unwrap_or_default());
    if let Some(details) = part(2)? {
        error = error.details(details);
    }
    Err(raise(error.hint_if(part(3)?)))
}

/// The status of `PT` and a status, of a known SQLSTATE, or of any other SQLSTATE.
fn status(code: &str) -> Option<u16> {
    let sqlstate = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    if code.len() != 5 || !code.bytes().all(sqlstate) {
        return None;
    }
    if let Some(status) = code.strip_prefix("PT").and_then(|digits| digits.parse().ok()) {
        return (400..=599).contains(&status).then_some(status);
    }
    let known = Code::ALL.iter().find(|known| known.text() == code);
    Some(known.map_or(Code::Raised.status(), |known| known.status()))
}

fn no_code(code: &str) -> Error {
    let shown: String = code.chars().take(40).collect();
    let message = format!("raise_error was called with the code \"{shown}\", which is none");
    Error::new(Code::LiteralInvalid, message).hint(
        "Use PT400 to PT599 to choose the HTTP status, or an SQLSTATE of five digits and capital \
         letters.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{connection, failure};
    use super::*;
    use crate::sqlite::failure::plain;

    #[test]
    fn an_error_is_raised_with_its_code_status_and_words() {
        for (call, code, status, message, details, hint) in [
            ("'PT409', 'sold out'", "PT409", 409, "sold out", None, None),
            ("'PT402', 'pay', 'd', 'h'", "PT402", 402, "pay", Some("d"), Some("h")),
            ("'PT599', null, null, 'h'", "PT599", 599, "", None, Some("h")),
            ("'23505', 'twice', 'd'", "23505", 409, "twice", Some("d"), None),
            ("'42501', 'no'", "42501", 403, "no", None, None),
            ("'P0001', 'no'", "P0001", 400, "no", None, None),
            ("'ABC12', 12", "ABC12", 400, "12", None, None),
        ] {
            let error = failure(&format!("raise_error({call})"));
            assert_eq!(error.code(), Code::Raised, "{call}");
            assert_eq!((error.code_text(), error.status()), (code, status), "{call}");
            assert_eq!(error.message(), message, "{call}");
            assert_eq!((error.details_text(), error.hint_text()), (details, hint), "{call}");
        }
    }

    #[test]
    fn a_code_that_is_none_is_told_clearly() {
        for code in ["'PT200'", "'PT600'", "'409'", "'pt409'", "''", "null", "'PT4099'", "'23 05'"]
        {
            let error = failure(&format!("raise_error({code}, 'x')"));
            assert_eq!(error.code(), Code::LiteralInvalid, "{code}");
            assert!(error.hint_text().is_some());
        }
    }

    #[test]
    fn an_error_is_raised_only_for_rows_that_the_filter_lets_through() {
        let connection = connection();
        let sql = "select raise_error('PT409', 'sold out') where ?1 > 1";
        let run = |given: i64| {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([given], |_| Ok(())).unwrap();
            rows.collect::<Result<Vec<()>>>().map(|rows| rows.len())
        };
        assert_eq!(run(1), Ok(0));
        assert_eq!(plain(run(2).unwrap_err()).code_text(), "PT409");
        connection
            .execute_batch("create view v as select raise_error('PT410', 'gone') as x")
            .unwrap();
        let gone = connection.query_row("select x from v", [], |_| Ok(())).unwrap_err();
        assert_eq!(plain(gone).status(), 410);
    }

    #[test]
    fn an_error_that_was_swallowed_is_not_taken_for_a_later_one() {
        let connection = connection();
        let raised = || {
            let sql = "select raise_error('PT409', 'sold out')";
            connection.query_row(sql, [], |_| Ok(())).unwrap_err()
        };
        let swallowed = raised();
        let other = connection.query_row("select * from nothing", [], |_| Ok(())).unwrap_err();
        assert_eq!(plain(other).code(), Code::Internal);
        assert_eq!(plain(swallowed).code(), Code::Internal, "taken once only, at its own time");
        let (first, second) = (raised(), raised());
        assert_eq!(plain(second).code_text(), "PT409");
        assert_eq!(plain(first).code(), Code::Internal);
    }
}
