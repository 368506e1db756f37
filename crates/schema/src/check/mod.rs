//! From sketches to the catalog: looks up every name, resolves types, compares each part with the
//! others. Runs to its end whatever it finds, so that all mistakes are shown at once; the catalog
//! that it makes is only handed out when there are none.

mod columns;
mod constraints;
mod cycles;
mod defaults;
mod expectations;
mod lookup;
mod namer;
mod names;
mod references;
mod returns;
pub(crate) mod rules;
mod search;
mod targets;
mod tenants;

use std::sync::Arc;

use self::lookup::Tables;
use self::namer::Namer;
use crate::mistake::{Found, Mistake, Placed};
use crate::model::{Catalog, Column, Key, Module, Table, View};
use crate::read::sketch::ModuleSketch;
use crate::types::Type;

/// The catalog of all modules. What is wrong in them goes to `found`.
pub(crate) fn catalog(
    name: Placed<String>,
    default_module: Option<Placed<String>>,
    mut modules: Vec<ModuleSketch<'_>>,
    found: &mut Found,
) -> Catalog {
    modules.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    names::modules(&modules, found);
    let default_module = default_module.map_or(0, |wanted| {
        let at = modules.iter().position(|module| module.name.value == wanted.value);
        at.unwrap_or_else(|| {
            let names = modules.iter().map(|module| module.name.value.as_str());
            let message = format!("`default_module` names no module: `{}`", wanted.value);
            let hint = format!("modules are {}", names.clone().collect::<Vec<_>>().join(", "));
            let mistake = Mistake::new(wanted.place, "unknown-module", message).hint(hint);
            found.add(mistake.nearest(&wanted.value, names));
            0
        })
    });
    let modules = modules.into_iter().map(|sketch| Arc::new(module(sketch, found))).collect();
    Catalog { name: name.value, modules, default_module }
}

fn module(sketch: ModuleSketch<'_>, found: &mut Found) -> Module {
    names::check(&sketch, found);
    let mut tables = tables(&sketch, found);
    let mut functions = returns::functions(sketch.functions, &tables, found);
    rules::bind(&mut tables, &mut functions, found);
    let views: Vec<View> = sketch.views.into_iter().map(|view| view.value).collect();
    let expectations = expectations::resolve(sketch.expectations, &tables, &views, found);
    Module {
        name: sketch.name.value,
        doc: sketch.doc,
        tables: tables.into_iter().map(Arc::new).collect(),
        functions,
        views,
        expectations,
    }
}

fn tables(module: &ModuleSketch<'_>, found: &mut Found) -> Vec<Table> {
    let sketches = &module.tables;
    let tables = Tables::new(sketches, found);
    let parts: Vec<constraints::Parts> =
        (0..sketches.len()).map(|at| constraints::resolve(&tables, at, found)).collect();
    let references: Vec<Vec<references::Resolved<'_>>> =
        (0..sketches.len()).map(|at| references::resolve(&tables, at, found)).collect();
    let types = references::types(&tables, &references, found);
    targets::check(&tables, &parts, &references, &types, found);
    cycles::check(&tables, &references, found);
    let mut namer = Namer::new(module, found);
    let mut made = Vec::with_capacity(sketches.len());
    for (at, (sketch, mut parts)) in sketches.iter().zip(parts).enumerate() {
        let key = &tables.keys[at];
        if !sketch.adopted {
            parts.imply(key, references[at].iter().map(|reference| reference.columns.as_slice()));
        }
        let search = search::columns(&tables, at, &types[at], found);
        let mut columns: Vec<Column> = (0..sketch.columns.len())
            .map(|column| {
                let ty = types[at][column].clone();
                columns::column(sketch, column, ty, key, found)
            })
            .collect();
        let tenant = tenants::column(&tables, at, &mut columns, found);
        let key = Key { name: namer.key(sketch, key), columns: key.clone() };
        let uniques = namer.uniques(sketch, parts.uniques);
        let foreign_keys = namer.foreign_keys(sketch, &references[at]);
        let checks = namer.checks(sketch);
        let indexes = namer.indexes(sketch, parts.indexes);
        made.push(Table {
            name: sketch.name.value.clone(),
            doc: sketch.doc.clone(),
            columns,
            primary_key: key,
            uniques,
            checks,
            foreign_keys,
            indexes,
            search,
            cache: sketch.cache,
            allow: sketch.allow.clone(),
            tenant,
            adopted: sketch.adopted,
        });
    }
    made
}

/// The types of all columns; none where a mistake was noted already.
type Types = Vec<Vec<Option<Type>>>;
