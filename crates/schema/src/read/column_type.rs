//! The type of a column or an argument: its spelling, the labels of an enum, and hints for those
//! who come from another system. Used by `column` and `function`.

use super::node::{Field, Fields, Node};
use super::sketch::Kind;
use crate::limits::MAX_LABELS;
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::types::Type;

/// Spellings of other systems, and what they are called here.
const FOREIGN_TYPES: &[(&str, &str)] = &[
    ("string", "text"),
    ("varchar", "text"),
    ("char", "text"),
    ("character varying", "text"),
    ("str", "text"),
    ("int", "integer"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("int2", "smallint"),
    ("long", "bigint"),
    ("serial", "integer"),
    ("bigserial", "bigint"),
    ("decimal", "numeric"),
    ("money", "numeric(19,4)"),
    ("float", "double"),
    ("float4", "real"),
    ("float8", "double"),
    ("double precision", "double"),
    ("number", "double"),
    ("bool", "boolean"),
    ("datetime", "timestamptz"),
    ("timestamp with time zone", "timestamptz"),
    ("jsonb", "json"),
    ("bytea", "bytes"),
    ("blob", "bytes"),
    ("binary", "bytes"),
    ("guid", "uuid"),
    ("array", "text[]"),
];

/// A type by its spelling; an enum has no labels yet.
pub(super) fn own_type(text: &str, node: Node<'_>, found: &mut Found) -> Kind {
    match Type::parse(text) {
        Some(ty) => Kind::Own(Placed::new(ty, node.place)),
        None => {
            found.add(unknown_type(text, node.place));
            Kind::Broken
        }
    }
}

/// A type by its spelling and, for an enum, the `values` beside it. Also used for arguments.
pub(super) fn declared_type(fields: &Fields<'_>, what: &str, found: &mut Found) -> Option<Type> {
    let node = fields.get("type")?;
    let text = node.text("`type`", found)?;
    match with_labels(own_type(&text.value, node, found), fields, what, found) {
        Kind::Own(ty) => Some(ty.value),
        Kind::Reference(_) | Kind::Broken => None,
    }
}

pub(super) fn unknown_type(text: &str, place: Place) -> Mistake {
    let trimmed = text.trim().to_lowercase();
    if trimmed.ends_with("[][]") {
        let message = format!("`{text}` is an array of arrays");
        return Mistake::new(place, "array-of-arrays", message)
            .hint("arrays have one dimension; `json` holds any nesting");
    }
    if trimmed.starts_with("numeric(") {
        let message = format!("`{text}` is no valid `numeric`");
        return Mistake::new(place, "numeric-digits", message).hint(
            "write `numeric(digits, after_point)`: 1 to 1000 digits, of which at most all stand \
             after the point",
        );
    }
    let bare = trimmed.split('(').next().unwrap_or(&trimmed).trim();
    let message = format!("unknown type `{text}`");
    let mistake = Mistake::new(place, "unknown-type", message);
    match FOREIGN_TYPES.iter().find(|(foreign, _)| *foreign == bare) {
        Some((_, "text")) => mistake.hint("it is called `text` here; `max` bounds its length"),
        Some((_, ours)) => mistake.hint(format!("it is called `{ours}` here")),
        None => mistake
            .hint(format!("types are {}; `[]` makes a list", Type::NAMES.join(", ")))
            .nearest(bare, Type::NAMES.iter().copied()),
    }
}

pub(super) fn enum_without_values(place: Place, what: &str) -> Mistake {
    Mistake::new(place, "enum-without-values", format!("{what} is an enum without values"))
        .hint("list them: { type = \"enum\", values = [\"draft\", \"public\"] }")
}

pub(super) fn with_labels(kind: Kind, fields: &Fields<'_>, what: &str, found: &mut Found) -> Kind {
    let Kind::Own(mut ty) = kind else {
        return kind;
    };
    let values = fields.field("values");
    let labels = match &mut ty.value {
        Type::Enum(labels) => labels,
        Type::Array(element) => match element.as_mut() {
            Type::Enum(labels) => labels,
            _ => return without_labels(ty, values, found),
        },
        _ => return without_labels(ty, values, found),
    };
    let Some(values) = values else {
        found.add(enum_without_values(ty.place, what));
        return Kind::Broken;
    };
    let Some(read) = values.node.texts("`values`", found) else {
        return Kind::Broken;
    };
    if read.is_empty() {
        found.add(enum_without_values(values.node.place, what));
        return Kind::Broken;
    }
    if read.len() > MAX_LABELS {
        let message = format!("{} values, at most {MAX_LABELS} are taken", read.len());
        found.add(Mistake::new(values.node.place, "too-many", message));
        return Kind::Broken;
    }
    for label in read {
        if labels.contains(&label.value) {
            let message = format!("the value `{}` stands twice", label.value);
            found.add(Mistake::new(label.place, "duplicate-value", message));
        } else {
            labels.push(label.value);
        }
    }
    Kind::Own(ty)
}

fn without_labels(ty: Placed<Type>, values: Option<&Field<'_>>, found: &mut Found) -> Kind {
    if let Some(values) = values {
        let message = format!("`values` belongs to an enum, not to `{}`", ty.value);
        found.add(
            Mistake::new(values.place, "values-without-enum", message)
                .hint("write `type = \"enum\"`"),
        );
    }
    Kind::Own(ty)
}
