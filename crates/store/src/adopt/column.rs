//! One column: the type by what it holds, the default by what it would store. Comes after `values`
//! looked at every row; `table` puts the columns together.

use mainstay_schema::model::{ColumnAllow, Default, Generated, Identity};
use mainstay_schema::{Column, Type, Value};

use super::facts::ColumnFacts;
use super::notes::{NoteKind, Notes};
use super::tokens::{Kind, tokens};
use super::values::{Affinity, Evidence, affinity, declared_length};

/// What is known of a column beside its facts.
pub(super) struct Known<'k> {
    pub table: &'k str,
    pub evidence: &'k Evidence,
    /// The expression of a generated column.
    pub generated: Option<String>,
    pub is_row_number: bool,
}

pub(super) fn column(facts: &ColumnFacts, known: Known<'_>, notes: &mut Notes) -> Column {
    let ty = ty(facts, &known, notes);
    // SQLite lets NULL into a key that is not INTEGER; a key that holds none takes none.
    let is_filled_key = facts.key_place > 0 && known.evidence.nulls == 0;
    let nullable = !facts.not_null && !is_filled_key;
    let mut column = Column {
        name: facts.name.clone(),
        doc: None,
        null: nullable && !known.is_row_number,
        default: None,
        identity: known.is_row_number.then_some(Identity::ByDefault),
        generated: None,
        min_len: None,
        max_len: None,
        min: None,
        max: None,
        pattern: None,
        collation: collation(facts, &known, notes),
        allow: ColumnAllow::default(),
        readonly: false,
        ty,
    };
    column.max_len = max_len(facts, &known, &column.ty, notes);
    match (known.generated, facts.generated) {
        (Some(sql), Some(stored)) => column.generated = Some(Generated { sql, stored }),
        _ if known.is_row_number => {}
        _ => column.default = facts.default.as_deref().and_then(|sql| default(facts, &column, sql)),
    }
    column
}

/// The type, with a note where it is not the declared one.
fn ty(facts: &ColumnFacts, known: &Known<'_>, notes: &mut Notes) -> Type {
    if known.is_row_number {
        return Type::BigInt;
    }
    let evidence = known.evidence;
    let declared = &facts.declared;
    let mut note = |reason: String| {
        notes.column(NoteKind::Widened, known.table, &facts.name, reason);
    };
    if evidence.values == 0 {
        return match evidence.wanted() {
            None => Type::Text,
            Some(wanted) if default_fits(facts, wanted) != Some(true) => {
                note(format!(
                    "declared {declared}, taken as text: its default may have another form than \
                     {wanted}"
                ));
                Type::Text
            }
            Some(wanted) => wanted.clone(),
        };
    }
    let Some(fitting) = evidence.fitting() else {
        let declared = if declared.is_empty() { "nothing" } else { declared };
        note(format!(
            "declared {declared}, holds values of several kinds: all are shown as text, and \
             compared as SQLite compares them"
        ));
        return Type::Text;
    };
    match (evidence.wanted(), evidence.misfit()) {
        (Some(wanted), Some(misfit)) => {
            note(format!(
                "declared {declared}, taken as {fitting}: {misfit} is not how a {wanted} is kept"
            ));
        }
        (Some(wanted), None) if default_fits(facts, wanted) == Some(false) => {
            note(format!(
                "declared {declared}, taken as text: its default has another form than {wanted}"
            ));
            return Type::Text;
        }
        (Some(Type::Double), None) if is_long_decimal(declared) => {
            note(format!("declared {declared}, taken as double, which is how SQLite keeps it"));
        }
        _ => {}
    }
    fitting.clone()
}

/// The type has a form of text that not every text has.
fn is_worded(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Uuid | Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz | Type::Json
    )
}

/// Whether the default makes values of this type's form; `None` where no row shows it.
fn default_fits(facts: &ColumnFacts, ty: &Type) -> Option<bool> {
    let Some(sql) = facts.default.as_deref().filter(|_| is_worded(ty)) else {
        return Some(true);
    };
    match (constant(sql), ty, sql.to_ascii_uppercase().as_str()) {
        (Some(Value::Null), ..) => Some(true),
        (Some(Value::Text(text)), Type::Json, _) => Some(ty.read_json(&text).is_ok()),
        (Some(value), ..) => Some(match &value {
            Value::Text(text) => ty.read_text(text).is_ok_and(|read| read == value),
            _ => false,
        }),
        (None, Type::Date, "CURRENT_DATE") | (None, Type::Time, "CURRENT_TIME") => Some(true),
        // It has a space between date and time.
        (None, _, "CURRENT_TIMESTAMP") => Some(false),
        (None, ..) => None,
    }
}

fn is_long_decimal(declared: &str) -> bool {
    let upper = declared.to_ascii_uppercase();
    ["NUMERIC(", "DECIMAL("].iter().any(|start| upper.replace(' ', "").starts_with(start))
}

fn max_len(facts: &ColumnFacts, known: &Known<'_>, ty: &Type, notes: &mut Notes) -> Option<u64> {
    let length = declared_length(&facts.declared).filter(|_| *ty == Type::Text)?;
    let longest = known.evidence.longest;
    if longest > length {
        let reason = format!(
            "declared {}, taken without a bound: a stored text has {longest} characters",
            facts.declared
        );
        notes.column(NoteKind::Widened, known.table, &facts.name, reason);
        return None;
    }
    u64::try_from(length).ok()
}

fn collation(facts: &ColumnFacts, known: &Known<'_>, notes: &mut Notes) -> Option<String> {
    let upper = facts.collation.to_ascii_uppercase();
    match upper.as_str() {
        "" | "BINARY" => None,
        "NOCASE" | "RTRIM" => Some(upper),
        _ => {
            let reason = format!("its collation {} is the application's own", facts.collation);
            notes.column(NoteKind::Warning, known.table, &facts.name, reason);
            None
        }
    }
}

/// The default: a constant where ours would be stored as SQLite's own, else SQL for SQLite.
fn default(facts: &ColumnFacts, column: &Column, sql: &str) -> Option<Default> {
    let value = match constant(sql) {
        Some(Value::Null) => return None,
        Some(value) => as_stored(facts, column, &value),
        None => None,
    };
    Some(value.map_or_else(|| Default::Sql(sql.to_owned()), Default::Value))
}

/// The constant as the column's type keeps it, if that is what SQLite would store.
fn as_stored(facts: &ColumnFacts, column: &Column, value: &Value) -> Option<Value> {
    let too_long = |text: &str| {
        let length = u64::try_from(text.chars().count()).ok();
        column.max_len.is_some_and(|max| length.is_none_or(|length| length > max))
    };
    let read = |text: &str| column.ty.read_text(text).ok();
    match (&column.ty, value) {
        (Type::BigInt, Value::Int(_)) | (Type::Boolean, Value::Int(0 | 1)) => Some(value.clone()),
        (Type::Bytes, Value::Blob(_)) => Some(value.clone()),
        (Type::Double | Type::Numeric(_), Value::Int(number)) => read(&number.to_string()),
        (Type::Double | Type::Numeric(_), Value::Real(number)) if number.is_finite() => {
            read(&number.to_string()).filter(|read| read == value)
        }
        (Type::Text, Value::Text(text)) => {
            // A column that prefers numbers would store a text of digits as one.
            let stays = matches!(affinity(&facts.declared), Affinity::Text | Affinity::Blob)
                || text.trim().parse::<f64>().is_err();
            (stays && !too_long(text)).then(|| value.clone())
        }
        (ty, Value::Text(text)) if is_worded(ty) => read(text).filter(|read| read == value),
        _ => None,
    }
}

/// The constant that the SQL of a default spells, if it is one.
fn constant(sql: &str) -> Option<Value> {
    let all = tokens(sql);
    let (sign, rest) = match all.as_slice() {
        [first, rest @ ..] if first.is_sign("-") || first.is_sign("+") => (Some(first.text), rest),
        rest => (None, rest),
    };
    let [token] = rest else { return None };
    let negative = sign == Some("-");
    match token.kind {
        Kind::Number => number(token.text, negative),
        _ if sign.is_some() => None,
        Kind::Text | Kind::Name => Some(Value::Text(token.unquoted())),
        Kind::Bytes => bytes(token.text),
        Kind::Word => match token.text.to_ascii_uppercase().as_str() {
            "NULL" => Some(Value::Null),
            "TRUE" => Some(Value::Int(1)),
            "FALSE" => Some(Value::Int(0)),
            word if word.starts_with("CURRENT_") => None,
            // SQLite takes a lone name for a text.
            _ => Some(Value::Text(token.text.to_owned())),
        },
        Kind::Sign => None,
    }
}

fn number(text: &str, negative: bool) -> Option<Value> {
    let text = format!("{}{text}", if negative { "-" } else { "" });
    match text.parse::<i64>() {
        Ok(whole) => Some(Value::Int(whole)),
        Err(_) => text.parse().ok().map(Value::Real),
    }
}

fn bytes(text: &str) -> Option<Value> {
    let digits = text.get(2..text.len() - 1)?;
    let pair = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect::<Option<Vec<u8>>>().map(Value::Blob)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_told_from_expressions() {
        for (sql, expect) in [
            ("5", Some(Value::Int(5))),
            ("-1.5", Some(Value::Real(-1.5))),
            ("'it''s'", Some(Value::Text("it's".into()))),
            ("\"open\"", Some(Value::Text("open".into()))),
            ("open", Some(Value::Text("open".into()))),
            ("NULL", Some(Value::Null)),
            ("true", Some(Value::Int(1))),
            ("x'00ff'", Some(Value::Blob(vec![0, 255]))),
            ("CURRENT_TIMESTAMP", None),
            ("datetime('now')", None),
            ("1 + 1", None),
            ("0x10", None),
        ] {
            assert_eq!(constant(sql), expect, "{sql}");
        }
    }
}
