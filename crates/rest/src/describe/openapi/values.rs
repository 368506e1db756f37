//! JSON Schema 2020-12 of values: a type as it comes out of an answer, and a column as it may be
//! written, with its bounds.

use mainstay_schema::{Column, Type};
use serde_json::{Value, json};

use crate::describe::constants;

/// The schema of a type's JSON form; `null` is allowed where it is said.
pub(super) fn of_type(ty: &Type, null: bool) -> Value {
    let mut schema = plain(ty);
    if null {
        allow_null(&mut schema);
    }
    schema
}

fn plain(ty: &Type) -> Value {
    match ty {
        Type::Text => json!({ "type": "string" }),
        Type::SmallInt => {
            json!({ "type": "integer", "format": "int32", "minimum": -32768, "maximum": 32767 })
        }
        Type::Integer => json!({ "type": "integer", "format": "int32" }),
        Type::BigInt => json!({ "type": "integer", "format": "int64" }),
        Type::Numeric(_) => json!({ "type": "number" }),
        Type::Real => json!({ "type": "number", "format": "float" }),
        Type::Double => json!({ "type": "number", "format": "double" }),
        Type::Boolean => json!({ "type": "boolean" }),
        Type::Uuid => json!({ "type": "string", "format": "uuid" }),
        Type::TimestampTz => json!({ "type": "string", "format": "date-time" }),
        Type::Timestamp => json!({
            "type": "string",
            "description": "A date and time without a zone.",
            "examples": ["2024-01-31T10:20:30"],
        }),
        Type::Date => json!({ "type": "string", "format": "date" }),
        Type::Time => json!({
            "type": "string",
            "description": "A time of day without a zone.",
            "examples": ["10:20:30"],
        }),
        Type::Json => json!({ "description": "Any JSON." }),
        Type::Bytes => json!({ "type": "string", "description": "Bytes: `\\x` and hex digits." }),
        Type::Enum(labels) => json!({ "type": "string", "enum": labels }),
        Type::Array(element) => json!({ "type": "array", "items": of_type(element, true) }),
    }
}

fn allow_null(schema: &mut Value) {
    if let Some(ty) = schema.get_mut("type") {
        *ty = json!([ty.take(), "null"]);
    }
    if let Some(labels) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        labels.push(Value::Null);
    }
}

/// A column of an answer.
pub(super) fn read(column: &Column) -> Value {
    let mut schema = of_type(&column.ty, column.null);
    describe(&mut schema, column);
    let numbered = column.identity == Some(mainstay_schema::model::Identity::Always);
    if column.generated.is_some() || numbered {
        schema["readOnly"] = true.into();
    }
    schema
}

/// A column of a row to be written: `bounds` is the stored column behind it.
pub(super) fn written(column: &Column, bounds: &Column, inserts: bool) -> Value {
    let mut schema = of_type(&column.ty, bounds.null);
    describe(&mut schema, column);
    bound(&mut schema, bounds);
    if inserts {
        if let Some(default) = constants::default(bounds) {
            schema["default"] = default;
        }
        if let Some(made) = constants::made(bounds) {
            append(&mut schema, made);
        }
    }
    schema
}

fn bound(schema: &mut Value, column: &Column) {
    let (least, most) = match column.ty {
        Type::Array(_) => ("minItems", "maxItems"),
        _ => ("minLength", "maxLength"),
    };
    // The length of bytes counts bytes, not the letters that stand for them.
    let counted = column.ty != Type::Bytes;
    let set = [
        (least, column.min_len.filter(|_| counted).map(Value::from)),
        (most, column.max_len.filter(|_| counted).map(Value::from)),
        ("minimum", constants::number(column.min.as_ref())),
        ("maximum", constants::number(column.max.as_ref())),
        ("pattern", constants::pattern(column).map(Value::from)),
    ];
    for (key, value) in set {
        if let Some(value) = value {
            schema[key] = value;
        }
    }
}

fn describe(schema: &mut Value, column: &Column) {
    if let Some(doc) = &column.doc {
        append(schema, doc);
    }
}

fn append(schema: &mut Value, sentence: &str) {
    let known = schema.get("description").and_then(Value::as_str);
    let text = known.map_or_else(|| sentence.to_owned(), |known| format!("{known} {sentence}"));
    schema["description"] = text.into();
}
