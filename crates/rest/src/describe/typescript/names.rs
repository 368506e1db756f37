//! Names, texts and types in the grammar of TypeScript.

use mainstay_schema::{Column, Type};

use crate::describe::seen::SeenModule;

/// A text in quotes, escaped as JSON, which TypeScript reads.
pub(super) fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A key of an object: bare where it can be.
pub(super) fn key(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let begins = name.starts_with(|first: char| !first.is_ascii_digit());
    if begins && name.chars().all(plain) { name.to_owned() } else { text(name) }
}

/// The type of a value.
pub(super) fn of_type(ty: &Type) -> String {
    match ty {
        Type::SmallInt
        | Type::Integer
        | Type::BigInt
        | Type::Numeric(_)
        | Type::Real
        | Type::Double => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Json => "Json".to_owned(),
        Type::Enum(labels) => union(labels),
        Type::Array(element) => match **element {
            Type::Enum(_) => format!("({})[]", of_type(element)),
            _ => format!("{}[]", of_type(element)),
        },
        _ => "string".to_owned(),
    }
}

/// The type of a column: an enum by its name.
pub(super) fn of_column(module: &str, table: &str, column: &Column) -> String {
    let named =
        || format!("Database[{}][\"Enums\"][{}]", text(module), text(&label(table, column)));
    match &column.ty {
        Type::Enum(_) => named(),
        Type::Array(element) if matches!(**element, Type::Enum(_)) => format!("{}[]", named()),
        ty => of_type(ty),
    }
}

/// A declared enum has no name of its own: it is called by its table and column.
fn label(table: &str, column: &Column) -> String {
    format!("{table}_{}", column.name)
}

/// `"draft" | "on_sale"`
pub(super) fn union(labels: &[String]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| text(label)).collect();
    if quoted.is_empty() { "never".to_owned() } else { quoted.join(" | ") }
}

/// The enums of a module by name, those of views included.
pub(super) fn enums(module: &SeenModule<'_>) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for source in &module.sources {
        for column in source.columns.iter().map(|seen| seen.column) {
            let element = match &column.ty {
                Type::Array(element) => element,
                ty => ty,
            };
            let name = label(&source.table.name, column);
            if let Type::Enum(labels) = element
                && found.iter().all(|(known, _)| *known != name)
            {
                found.push((name, labels.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_are_written_as_typescript_reads_them() {
        for (name, expected) in
            [("plain_1", "plain_1"), ("1st", "\"1st\""), ("A b", "\"A b\""), ("q\"", "\"q\\\"\"")]
        {
            assert_eq!(key(name), expected);
        }
        for (ty, expected) in [
            ("text", "string"),
            ("bigint", "number"),
            ("numeric(8,2)", "number"),
            ("json", "Json"),
            ("boolean[]", "boolean[]"),
            ("timestamptz", "string"),
        ] {
            assert_eq!(of_type(&Type::parse(ty).unwrap()), expected, "{ty}");
        }
        let labels = Type::Enum(vec!["a".to_owned(), "b\"".to_owned()]);
        assert_eq!(of_type(&Type::Array(Box::new(labels))), "(\"a\" | \"b\\\"\")[]");
    }
}
