//! One column: `columns.title = "text"` or `columns.title = { type = "text", … }` becomes a sketch.
//! Whether its parts fit each other is seen by `check`, once the type of every column is known.

use toml::de::DeValue;

use super::Reader;
use super::column_type::{enum_without_values, own_type, with_labels};
use super::node::{Field, Fields, Node};
use super::sketch::{ColumnSketch, Kind};
use super::{constraint, sql};
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::model::{ColumnAllow, Generated, Identity};
use crate::types::Type;

/// Every option of a column, in the order in which `write` puts them.
const KEYS: &[&str] = &[
    "type",
    "values",
    "references",
    "on_delete",
    "on_update",
    "name",
    "null",
    "primary_key",
    "identity",
    "unique",
    "index",
    "default",
    "min",
    "max",
    "pattern",
    "readonly",
    "check",
    "generated",
    "collation",
    "read",
    "create",
    "update",
    "doc",
];

/// The sketch of the column that `field` declares.
pub(super) fn column<'a>(field: &Field<'a>, reader: &mut Reader) -> ColumnSketch<'a> {
    let name = Placed::new(field.name.to_owned(), field.place);
    let mut sketch = ColumnSketch::empty(name);
    if let DeValue::String(text) = field.node.value {
        sketch.kind = own_type(text, field.node, &mut reader.found);
        if matches!(&sketch.kind, Kind::Own(ty) if ty.value == Type::Enum(Vec::new())) {
            let what = format!("column `{}`", field.name);
            reader.found.add(enum_without_values(field.node.place, &what));
            sketch.kind = Kind::Broken;
        }
        return sketch;
    }
    let what = format!("column `{}`", field.name);
    if !field.node.value.is_table() {
        let wanted = "a type such as \"text\", or a table such as { type = \"text\" }";
        field.node.wrong_kind(&what, wanted, &mut reader.found);
        return sketch;
    }
    let Some(fields) = field.node.fields(&what, KEYS, &mut reader.found) else {
        return sketch;
    };
    sketch.allow = reader.column_allow(&fields);
    let found = &mut reader.found;
    sketch.kind = kind(field, &fields, &what, found);
    read_options(&mut sketch, &fields, found);
    sketch
}

impl<'a> ColumnSketch<'a> {
    fn empty(name: Placed<String>) -> Self {
        Self {
            name,
            doc: None,
            kind: Kind::Broken,
            null: None,
            unique: None,
            primary_key: None,
            identity: None,
            default: None,
            min: None,
            max: None,
            pattern: None,
            readonly: None,
            generated: None,
            check: None,
            index: None,
            collation: None,
            allow: ColumnAllow::default(),
            made: false,
        }
    }

    /// The `id uuid` of a table at `place` that declares no key.
    pub fn made_key(place: Place) -> Self {
        let mut sketch = Self::empty(Placed::new("id".to_owned(), place));
        sketch.kind = Kind::Own(Placed::new(Type::Uuid, place));
        sketch.primary_key = Some(place);
        sketch.made = true;
        sketch
    }
}

fn read_options<'a>(sketch: &mut ColumnSketch<'a>, fields: &Fields<'a>, found: &mut Found) {
    sketch.doc = fields.get("doc").and_then(|node| node.text("`doc`", found)).map(|doc| doc.value);
    sketch.null = fields
        .get("null")
        .and_then(|node| node.flag("`null`", found).map(|null| Placed::new(null, node.place)));
    sketch.unique = set(fields, "unique", found);
    sketch.primary_key = set(fields, "primary_key", found);
    sketch.index = set(fields, "index", found);
    sketch.identity = fields.get("identity").and_then(|node| identity(node, found));
    sketch.default = fields.get("default");
    sketch.min = fields.get("min");
    sketch.max = fields.get("max");
    sketch.pattern = fields.get("pattern").and_then(|node| node.text("`pattern`", found));
    sketch.readonly = fields.get("readonly").and_then(|node| node.flag("`readonly`", found));
    sketch.generated = fields.get("generated").and_then(|node| generated(node, found));
    sketch.check = fields.get("check").and_then(|node| constraint::check(node, "`check`", found));
    sketch.collation = fields.get("collation").and_then(|node| node.text("`collation`", found));
}

/// The place of an option that is switched on.
fn set(fields: &Fields<'_>, name: &str, found: &mut Found) -> Option<Place> {
    let field = fields.field(name)?;
    field.node.flag(&format!("`{name}`"), found)?.then_some(field.node.place)
}

fn kind(field: &Field<'_>, fields: &Fields<'_>, what: &str, found: &mut Found) -> Kind {
    let reference = fields.get("references");
    if reference.is_none() {
        for name in ["on_delete", "on_update", "name"] {
            if let Some(field) = fields.field(name) {
                let message = format!("`{name}` without `references` in {what}");
                let hint = match name {
                    "name" => {
                        "other constraints are named at the table: `unique = [{ columns = […], name = \"…\" }]`"
                    }
                    _ => "say which table the column points to: `references = \"users\"`",
                };
                found.add(Mistake::new(field.place, "without-references", message).hint(hint));
            }
        }
    }
    match (fields.get("type"), reference) {
        (Some(_), Some(reference)) => {
            let message = format!("{what} has both `type` and `references`");
            let hint = "leave `type` out: a reference has the type of what it points to";
            found.add(Mistake::new(reference.place, "type-and-references", message).hint(hint));
            Kind::Broken
        }
        (None, None) => {
            let message = format!("{what} has neither `type` nor `references`");
            let hint = "say what it holds: `type = \"text\"`";
            found.add(Mistake::new(field.place, "no-type", message).hint(hint));
            Kind::Broken
        }
        (None, Some(node)) => match constraint::inline_reference(node, fields, found) {
            Some(reference) => Kind::Reference(Box::new(reference)),
            None => Kind::Broken,
        },
        (Some(node), None) => match node.text("`type`", found) {
            Some(text) => {
                let kind = own_type(&text.value, node, found);
                with_labels(kind, fields, what, found)
            }
            None => Kind::Broken,
        },
    }
}

fn identity(node: Node<'_>, found: &mut Found) -> Option<Placed<Identity>> {
    let identity = match node.value {
        DeValue::Boolean(false) => return None,
        DeValue::Boolean(true) => Identity::ByDefault,
        DeValue::String(text) if text == "always" => Identity::Always,
        DeValue::String(text) if text == "by default" => Identity::ByDefault,
        _ => {
            node.wrong_kind("`identity`", "true or \"always\"", found);
            return None;
        }
    };
    Some(Placed::new(identity, node.place))
}

fn generated(node: Node<'_>, found: &mut Found) -> Option<Placed<Generated>> {
    let (text, stored) = if node.value.is_table() {
        let fields = node.fields("`generated`", &["sql", "stored"], found)?;
        let stored = fields.get("stored").and_then(|node| node.flag("`stored`", found));
        let Some(sql) = fields.get("sql") else {
            let message = "`generated` has no `sql`";
            found.add(Mistake::new(node.place, "missing-key", message));
            return None;
        };
        (sql.filled_text("`sql`", found)?, stored.unwrap_or(false))
    } else {
        (node.filled_text("`generated`", found)?, false)
    };
    sql::expression(&text, "`generated`", found)?;
    Some(Placed::new(Generated { sql: text.value, stored }, node.place))
}
