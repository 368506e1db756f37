//! The reverse of `read`: a module of the catalog as TOML that a person would have written, so that
//! `mainstay adopt` can leave declarations behind. Reading what was written gives the same module.

mod column;
mod expectation;
mod inline;
mod table;
mod text;

use self::text::{Line, key, quoted, sql};
use crate::model::{Function, Module, Returns, Sql, View, ViewTenant};
use crate::value::Value;

/// The text of `modules/<name>.toml`. An empty constraint name is left out, so that reading makes
/// it; `Default::Value(Value::Null)` is left out, for it says nothing.
#[must_use]
pub fn module(module: &Module) -> String {
    let mut out = String::new();
    if let Some(doc) = &module.doc {
        out.push_str(&format!("doc = {}\n", sql(doc)));
    }
    for at in 0..module.tables.len() {
        table::write(module, at, &mut out);
    }
    module.functions.iter().for_each(|made| function(module, made, &mut out));
    module.views.iter().for_each(|made| view(made, &mut out));
    module.expectations.iter().for_each(|made| expectation::write(made, &mut out));
    out.trim_start().to_owned()
}

fn head(kind: &str, name: &str, doc: Option<&str>, out: &mut String) {
    out.push_str(&format!("\n[{kind}.{}]\n", key(name)));
    if let Some(doc) = doc {
        out.push_str(&format!("doc = {}\n", sql(doc)));
    }
}

fn function(module: &Module, function: &Function, out: &mut String) {
    head("functions", &function.name, function.doc.as_deref(), out);
    if !function.args.is_empty() {
        let mut args = Line::new();
        for arg in &function.args {
            let mut line = Line::new();
            column::push_type(&arg.ty, &mut line);
            match &arg.default {
                Some(Value::Null) => line.push("null", "true"),
                Some(value) => line.push("default", &column::constant(&arg.ty, value)),
                None => {}
            }
            args.push(&key(&arg.name), &line.short("type"));
        }
        out.push_str(&format!("args = {}\n", args.braced()));
    }
    write_sql(&function.sql, out);
    if let Some(returns) = &function.returns {
        let text = returned(module, returns);
        out.push_str(&format!("returns = {text}\n"));
    }
    if let Some(rule) = &function.allow {
        out.push_str(&format!("allow = {}\n", quoted(&rule.source)));
    }
    if function.definer {
        out.push_str("security = \"definer\"\n");
    }
}

fn view(view: &View, out: &mut String) {
    head("views", &view.name, view.doc.as_deref(), out);
    write_sql(&view.sql, out);
    for (column, ty) in &view.types {
        out.push_str(&format!("columns.{} = {}\n", key(column), quoted(&ty.to_string())));
    }
    match &view.tenant {
        ViewTenant::Unsaid => {}
        ViewTenant::Open => out.push_str("tenant = false\n"),
        ViewTenant::Column(name) => out.push_str(&format!("tenant = {}\n", quoted(name))),
    }
    table::write_allow(&view.allow, out);
}

/// The value of `returns`. `module` is what its table is looked up in.
fn returned(module: &Module, returns: &Returns) -> String {
    let named = |name: &str, set: &bool| match set {
        true => quoted(&format!("setof {name}")),
        false => quoted(name),
    };
    match returns {
        Returns::Void => quoted("void"),
        Returns::Scalar { ty, set } => named(&ty.to_string(), set),
        Returns::Table { table, set } => named(&module.tables[*table].name, set),
        Returns::Columns { columns, set } => {
            let mut line = Line::new();
            columns.iter().for_each(|(name, ty)| line.push(&key(name), &quoted(&ty.to_string())));
            if *set { format!("[{}]", line.braced()) } else { line.braced() }
        }
    }
}

fn write_sql(text: &Sql, out: &mut String) {
    match text {
        Sql::Both(both) => out.push_str(&format!("sql = {}\n", sql(both))),
        Sql::Each { sqlite, postgres } => {
            for (engine, text) in [("sqlite", sqlite), ("postgres", postgres)] {
                if let Some(text) = text {
                    out.push_str(&format!("sql.{engine} = {}\n", sql(text)));
                }
            }
        }
    }
}
