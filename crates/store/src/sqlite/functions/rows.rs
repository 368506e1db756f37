//! JSON made inside a statement: `mainstay_row` makes the object of one row, `mainstay_rows` the
//! array of many, `mainstay_list` an array of plain values. They run for every embedded row.

use std::cell::RefCell;
use std::sync::Arc;

use mainstay_base::{Code, Error};
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, ToSql};

use super::{argument, first_text, stored};
use crate::limits;
use crate::shown::Row;
use crate::sqlite::raised::raise;

/// Descriptions of rows that one function of one connection keeps parsed.
const KNOWN_ROWS: usize = 16;

pub(super) fn register(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    connection.create_scalar_function("mainstay_row", -1, pure, row)?;
    let rows = || Collect { known: RefCell::default(), form: Form::Objects };
    connection.create_aggregate_function("mainstay_rows", -1, pure, rows())?;
    let list = Collect { form: Form::Values, ..rows() };
    connection.create_aggregate_function("mainstay_list", 2, pure, list)
}

/// JSON on its way into SQLite, which copies it.
struct Json(Vec<u8>);

impl ToSql for Json {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

fn row(context: &Context<'_>) -> Result<Json> {
    argument(context, 0)?;
    let row = context.get_or_create_aux(0, |text| parse(text).map_err(raise))?;
    let mut out = Vec::with_capacity(32 * row.columns.len());
    write_object(&row, context, &mut out)?;
    within_bounds(&out)?;
    Ok(Json(out))
}

fn parse(text: ValueRef<'_>) -> mainstay_base::Result<Row> {
    let row = text.as_str().ok().and_then(Row::parse);
    row.ok_or_else(|| Error::internal("the description of a row does not parse"))
}

fn write_object(row: &Row, context: &Context<'_>, out: &mut Vec<u8>) -> Result<()> {
    let width = context.len() - 1;
    if width != row.columns.len() {
        let found = format!("{width} values for {} columns", row.columns.len());
        return Err(raise(Error::internal(found)));
    }
    row.write_object(|at| Ok(stored(context.get_raw(at + 1))), out).map_err(raise)
}

fn within_bounds(out: &[u8]) -> Result<()> {
    if out.len() <= limits::RESULT_BYTES {
        return Ok(());
    }
    let message = format!("a JSON value is larger than {} bytes", limits::RESULT_BYTES);
    let error = Error::new(Code::StatementTooComplex, message);
    Err(raise(error.hint("Ask for fewer rows or columns.")))
}

#[derive(Clone, Copy)]
enum Form {
    Objects,
    Values,
}

struct Collect {
    /// An aggregate begins anew for each parent row; its description stays the same.
    known: RefCell<Vec<(String, Arc<Row>)>>,
    form: Form,
}

/// What one group has come to.
struct Collected {
    row: Arc<Row>,
    out: Vec<u8>,
}

impl Collect {
    fn find(&self, text: &str) -> Result<Arc<Row>> {
        let mut known = self.known.borrow_mut();
        if let Some((_, row)) = known.iter().find(|(known, _)| known == text) {
            return Ok(Arc::clone(row));
        }
        let row = Arc::new(parse(ValueRef::Text(text.as_bytes())).map_err(raise)?);
        if known.len() >= KNOWN_ROWS {
            known.remove(0);
        }
        known.push((text.to_owned(), Arc::clone(&row)));
        Ok(row)
    }
}

impl Aggregate<Collected, Json> for Collect {
    fn init(&self, context: &mut Context<'_>) -> Result<Collected> {
        let row = self.find(first_text(context)?)?;
        Ok(Collected { out: Vec::with_capacity(128), row })
    }

    fn step(&self, context: &mut Context<'_>, group: &mut Collected) -> Result<()> {
        let Collected { row, out } = group;
        out.push(if out.is_empty() { b'[' } else { b',' });
        match self.form {
            Form::Objects => write_object(row, context, out)?,
            Form::Values => {
                let column = row.columns.first();
                let column = column.ok_or_else(|| raise(Error::internal("a list of nothing")))?;
                let value = stored(argument(context, 1)?);
                row.write_value(column, value, out).map_err(raise)?;
            }
        }
        within_bounds(out)
    }

    fn finalize(&self, _: &mut Context<'_>, group: Option<Collected>) -> Result<Json> {
        let mut out = group.map_or_else(|| Vec::from(*b"["), |group| group.out);
        out.push(b']');
        Ok(Json(out))
    }
}

#[cfg(test)]
mod tests {
    use mainstay_schema::Type;

    use super::super::tests::{failure, text};
    use super::*;
    use crate::shown::Shown;

    fn described(columns: &[(&str, &str)], strip_nulls: bool) -> String {
        let shown = |(name, ty): &(&str, &str)| Shown::new(name, Type::parse(ty).unwrap(), None);
        let text = Row { columns: columns.iter().map(shown).collect(), strip_nulls }.to_text();
        format!("'{}'", text.replace('\'', "''"))
    }

    #[test]
    fn a_row_becomes_an_object_and_rows_become_an_array() {
        let row = described(&[("id", "bigint"), ("it's", "text"), ("on", "boolean")], false);
        let strip = described(&[("id", "bigint"), ("extra", "json")], true);
        let name = described(&[("", "numeric(5,2)")], false);
        let many = "(select 1 as a, 'x' as b union all select 2, null)";
        for (sql, expect) in [
            (format!("mainstay_row({row}, 1, 'a\"b', 0)"), r#"{"id":1,"it's":"a\"b","on":false}"#),
            (
                format!("mainstay_row({row}, 1, x'6869', 1)"),
                r#"{"id":1,"it's":"\\x6869","on":true}"#,
            ),
            (format!("mainstay_row({strip}, null, '{{\"a\":null}}')"), r#"{"extra":{}}"#),
            (
                format!("mainstay_rows({row}, a, b, null order by a desc) from {many}"),
                r#"[{"id":2,"it's":null,"on":null},{"id":1,"it's":"x","on":null}]"#,
            ),
            (format!("mainstay_rows({row}, a, b, null) from {many} where false"), "[]"),
            (format!("mainstay_list({name}, a) from {many}"), "[1.00,2.00]"),
            (format!("mainstay_list({name}, null) from {many}"), "[null,null]"),
            (format!("mainstay_list({name}, a) from {many} where a > 2"), "[]"),
            (
                format!(
                    "group_concat((select mainstay_list({name}, c.a + p.a) from {many} c), ';') \
                     from {many} p"
                ),
                "[2.00,3.00];[3.00,4.00]",
            ),
        ] {
            assert_eq!(text(&sql), expect, "{sql}");
        }
    }

    #[test]
    fn what_does_not_fit_its_description_is_our_fault() {
        let row = described(&[("id", "bigint")], false);
        for sql in [
            format!("mainstay_row({row})"),
            "mainstay_row('x', 1)".to_owned(),
            "mainstay_row()".to_owned(),
            format!("mainstay_rows({row}, 1, 2)"),
            "mainstay_rows()".to_owned(),
            "mainstay_list('[0]', 2)".to_owned(),
        ] {
            assert_eq!(failure(&sql).code(), Code::Internal, "{sql}");
        }
    }

    #[test]
    fn a_cast_that_fails_in_a_row_keeps_its_code() {
        let shown = Shown::new("a", Type::Text, Some(Type::Integer));
        let row = Row { columns: vec![shown], strip_nulls: false }.to_text();
        let error = failure(&format!("mainstay_row('{row}', 'ten')"));
        assert_eq!(error.code(), Code::LiteralInvalid);
        assert_eq!(error.message(), "invalid input syntax for type integer: \"ten\"");
    }

    #[test]
    fn a_result_beyond_the_bound_is_refused() {
        let row = described(&[("a", "json")], false);
        let error = failure(&format!(
            "mainstay_rows({row}, t) from (select printf('%.*c', 9000000, 'x') as t \
             from (values (1),(2),(3),(4),(5),(6),(7),(8)))"
        ));
        assert_eq!(error.code(), Code::StatementTooComplex);
    }
}
