//! What SQL gives: `returns` of a function and the `columns` of a view. Names of tables are looked
//! up later, by `check`.

use super::column_type::unknown_type;
use super::node::{Field, Node};
use super::sketch::ReturnsSketch;
use crate::limits::MAX_COLUMNS;
use crate::mistake::{Found, Mistake, Place};
use crate::types::Type;

const HINT: &str = "write \"void\", a type, a table, \"setof …\" for many, or { name = \"type\" }";

/// `"integer"`, `"setof products"`, `{ total = "bigint" }` or `[{ total = "bigint" }]`.
pub(super) fn returns(node: Node<'_>, found: &mut Found) -> Option<ReturnsSketch> {
    if node.value.is_str() {
        return node.filled_text("`returns`", found).map(ReturnsSketch::Named);
    }
    let list = match node.value.is_array() {
        true => Some(node.list("`returns`", found)?),
        false => None,
    };
    let (row, set) = match list.as_deref() {
        Some([row]) => (*row, true),
        Some(_) => {
            let message = "`returns` with brackets has one row of columns in them";
            found.add(Mistake::new(node.place, "returns", message).hint(HINT));
            return None;
        }
        None => (node, false),
    };
    if !row.value.is_table() {
        let message = format!("`returns` must say what comes back, not be {}", row.kind());
        found.add(Mistake::new(row.place, "wrong-kind", message).hint(HINT));
        return None;
    }
    let columns = types(row, "`returns`", found)?;
    if columns.is_empty() {
        let message = "`returns` has no columns";
        let hint = "for nothing write \"void\"";
        found.add(Mistake::new(row.place, "no-columns", message).hint(hint));
        return None;
    }
    Some(ReturnsSketch::Columns { columns, set })
}

/// Names and their types, in the order written.
pub(super) fn types(node: Node<'_>, what: &str, found: &mut Found) -> Option<Vec<(String, Type)>> {
    let fields = node.entries(what, found)?;
    if fields.list.len() > MAX_COLUMNS {
        let message =
            format!("{what} has {} columns, at most {MAX_COLUMNS} are taken", fields.list.len());
        found.add(Mistake::new(node.place, "too-many", message));
        return None;
    }
    let typed = fields.list.iter().filter_map(|field| column(field, found));
    Some(typed.collect())
}

fn column(field: &Field<'_>, found: &mut Found) -> Option<(String, Type)> {
    let text = field.node.text(&format!("the type of `{}`", field.name), found)?;
    let ty = named_type(&text.value, text.place, found)?;
    Some((field.name.to_owned(), ty))
}

/// A type of what SQL gives. An enum is none: nothing bounds what a computed text says.
pub(crate) fn named_type(text: &str, place: Place, found: &mut Found) -> Option<Type> {
    let ty = Type::parse(text);
    let inner =
        if let Some(Type::Array(element)) = &ty { Some(element.as_ref()) } else { ty.as_ref() };
    match inner {
        None => found.add(unknown_type(text, place)),
        Some(Type::Enum(_)) => {
            let message = format!("`{text}` needs its values, and what SQL gives has none");
            let hint = format!("write `{}`", text.replace("enum", "text"));
            found.add(Mistake::new(place, "enum-without-values", message).hint(hint));
            return None;
        }
        Some(_) => {}
    }
    ty
}
