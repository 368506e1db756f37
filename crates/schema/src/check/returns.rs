//! What functions give, once all tables are known. A table of the module wins over a type of its
//! name: whoever calls a table `date` means it.

use crate::mistake::{Found, Mistake, Placed};
use crate::model::{Function, Returns, Table};
use crate::read::named_type;
use crate::read::sketch::{FunctionSketch, ReturnsSketch};
use crate::types::Type;

/// The functions, complete.
pub(super) fn functions(
    sketches: Vec<FunctionSketch>,
    tables: &[Table],
    found: &mut Found,
) -> Vec<Function> {
    let made = sketches.into_iter().map(|sketch| {
        let returns = sketch.returns.and_then(|returns| match returns {
            ReturnsSketch::Columns { columns, set } => Some(Returns::Columns { columns, set }),
            ReturnsSketch::Named(name) => named(&name, tables, found),
        });
        Function { returns, ..sketch.function.value }
    });
    made.collect()
}

/// `void`, `integer`, `products`, `setof …`.
fn named(text: &Placed<String>, tables: &[Table], found: &mut Found) -> Option<Returns> {
    let table = |name: &str| tables.iter().position(|table| table.name == name);
    let whole = text.value.trim();
    if let Some(table) = table(whole) {
        return Some(Returns::Table { table, set: false });
    }
    if whole == "void" {
        return Some(Returns::Void);
    }
    let (name, set) = match whole.split_once(char::is_whitespace) {
        Some((word, name)) if word.eq_ignore_ascii_case("setof") => (name.trim(), true),
        _ => (whole, false),
    };
    if let Some(table) = table(name) {
        return Some(Returns::Table { table, set });
    }
    if set && name == "void" {
        let message = "`setof void` is many times nothing";
        found.add(Mistake::new(text.place, "returns", message).hint("write \"void\""));
        return None;
    }
    let is_near = mainstay_base::nearest(name, tables.iter().map(|table| table.name.as_str()));
    match is_near.filter(|_| Type::parse(name).is_none()) {
        None => named_type(name, text.place, found).map(|ty| Returns::Scalar { ty, set }),
        Some(near) => {
            let message = format!("`returns` names no type and no table: `{name}`");
            let hint = format!("did you mean `{near}`?");
            found.add(Mistake::new(text.place, "unknown-table", message).hint(hint));
            None
        }
    }
}
