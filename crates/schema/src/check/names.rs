//! What may be called what: any identifier that SQL allows, bounded, and no two of a kind that
//! differ only in case, for SQLite and file systems take them for one.

use std::collections::HashMap;

use crate::limits::{MAX_ADOPTED_NAME_BYTES, MAX_NAME_BYTES};
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::name::{is_table_function, search_names};
use crate::read::sketch::ModuleSketch;

/// Databases that Mainstay keeps beside those of modules.
const RESERVED_MODULES: &[&str] = &["auth", "information_schema"];

/// Module names: they are file names and travel in headers, so they are kept plain.
pub(super) fn modules(modules: &[ModuleSketch<'_>], found: &mut Found) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for module in modules {
        let name = module.name.value.as_str();
        let lower = name.to_lowercase();
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() <= MAX_NAME_BYTES;
        if !plain {
            let message = format!("`{name}` cannot be the name of a module");
            let hint = "a module starts with a letter and has letters, digits, `_` and `-`, \
                        at most 63 of them";
            found.add(Mistake::new(module.name.place, "module-name", message).hint(hint));
        } else if RESERVED_MODULES.contains(&lower.as_str()) || lower.starts_with("pg_") {
            let message = format!("a module cannot be called `{name}`: the name is taken");
            found.add(Mistake::new(module.name.place, "reserved-name", message));
        }
        if let Some(other) = seen.insert(lower, name) {
            let message = format!("modules `{other}` and `{name}` differ only in case");
            found.add(Mistake::new(module.name.place, "duplicate-name", message));
        }
    }
}

/// Names within a module. Tables and views share one space, as in SQL.
pub(super) fn check(module: &ModuleSketch<'_>, found: &mut Found) {
    let mut relations = Space::new("tables");
    for table in &module.tables {
        let longest = match table.adopted {
            true => MAX_ADOPTED_NAME_BYTES,
            false => MAX_NAME_BYTES,
        };
        identifier(&table.name, "table", longest, found);
        reserved(&table.name.value, table.name.place, found);
        relations.add(&table.name.value, table.name.place, "table", found);
        let mut columns = Space::new("columns");
        for column in &table.columns {
            identifier(&column.name, "column", longest, found);
            if table.columns.first().is_some_and(|first| first.made)
                && !column.made
                && column.name.value.eq_ignore_ascii_case("id")
            {
                let message =
                    format!("table `{}` has an `id` that is not its key", table.name.value);
                let hint = "write `primary_key = true` at the column, or name another key: \
                            `primary_key = [\"…\"]`";
                found.add(Mistake::new(column.name.place, "id-not-key", message).hint(hint));
                continue;
            }
            columns.add(&column.name.value, column.name.place, "column", found);
        }
    }
    for view in &module.views {
        let name = Placed::new(view.value.name.clone(), view.place);
        identifier(&name, "view", MAX_NAME_BYTES, found);
        reserved(&name.value, name.place, found);
        relations.add(&view.value.name, view.place, "view", found);
    }
    search(module, found);
    let mut functions = Space::new("functions");
    for function in module.functions.iter().map(|sketch| &sketch.function) {
        let name = Placed::new(function.value.name.clone(), function.place);
        identifier(&name, "function", MAX_NAME_BYTES, found);
        functions.add(&function.value.name, function.place, "function", found);
    }
}

/// Notes tables and views that are called like a part of another table's search index.
fn search(module: &ModuleSketch<'_>, found: &mut Found) {
    let tables = module.tables.iter().map(|table| (&table.name.value, table.name.place));
    let views = module.views.iter().map(|view| (&view.value.name, view.place));
    let all: Vec<(&String, Place)> = tables.chain(views).collect();
    for searched in module.tables.iter().filter(|table| table.search.is_some()) {
        for kept in search_names(&searched.name.value) {
            for (name, place) in all.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&kept)) {
                let message = format!("the name `{name}` is taken by the search of a table");
                let hint = format!("`search` of `{}` keeps its words there", searched.name.value);
                found.add(Mistake::new(*place, "duplicate-name", message).hint(hint));
            }
        }
    }
}

/// Names that must differ in more than case.
struct Space<'a> {
    plural: &'static str,
    seen: HashMap<String, (&'a str, &'static str)>,
}

impl<'a> Space<'a> {
    fn new(plural: &'static str) -> Self {
        Self { plural, seen: HashMap::new() }
    }

    fn add(&mut self, name: &'a str, place: Place, kind: &'static str, found: &mut Found) {
        // SQLite folds only the letters of ASCII.
        let Some((other, other_kind)) = self.seen.insert(name.to_ascii_lowercase(), (name, kind))
        else {
            return;
        };
        let message = if kind != other_kind {
            format!("{kind} `{name}` has the name of a {other_kind}")
        } else if other == name {
            format!("two {} are called `{name}`", self.plural)
        } else {
            format!("{} `{other}` and `{name}` differ only in case", self.plural)
        };
        let hint = "SQLite takes names that differ only in case for the same";
        found.add(Mistake::new(place, "duplicate-name", message).hint(hint));
    }
}

/// Notes a name that no database takes.
pub(super) fn identifier(name: &Placed<String>, what: &str, longest: usize, found: &mut Found) {
    let text = name.value.as_str();
    let message = if text.is_empty() {
        format!("a {what} has an empty name")
    } else if text.len() > longest {
        let shown: String = text.chars().take(20).collect();
        format!(
            "the name of {what} `{shown}…` has {} bytes, at most {longest} are taken",
            text.len()
        )
    } else if text.chars().any(char::is_control) {
        format!("the name of {what} {text:?} has a control character in it")
    } else if has_prefix(text, "_mainstay") {
        format!("the name `{text}` is kept for Mainstay's own use")
    } else {
        return;
    };
    found.add(Mistake::new(name.place, "bad-name", message));
}

/// Notes a name that SQLite keeps for itself.
pub(super) fn reserved(name: &str, place: Place, found: &mut Found) {
    if has_prefix(name, "sqlite_") {
        let message = format!("the name `{name}` is reserved: SQLite keeps `sqlite_…` for itself");
        found.add(Mistake::new(place, "reserved-name", message));
    }
    if is_table_function(name) {
        let message = format!("the name `{name}` is reserved: it would hide SQLite's own `{name}`");
        found.add(Mistake::new(place, "reserved-name", message));
    }
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
