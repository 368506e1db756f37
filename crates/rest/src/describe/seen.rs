//! The catalog as one caller sees it: tables, views, columns and functions that are closed to the
//! caller are not in it, so that no document can name them.

use mainstay_gate::Action;
use mainstay_schema::model::{CompiledFunction, Function};
use mainstay_schema::{Column, Module, Table};

use crate::plan::index::FunctionIndex;
use crate::plan::relations::{Cardinality, Relation};
use crate::plan::viewer::Viewer;
use crate::plan::{Index, Target};

/// Everything that one caller may use.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The application's name.
    pub name: &'a str,
    /// The default module first, the others in order of name.
    pub modules: Vec<SeenModule<'a>>,
}

#[derive(Debug)]
pub struct SeenModule<'a> {
    pub module: &'a Module,
    pub is_default: bool,
    /// `public` means it, too.
    pub is_public: bool,
    pub sources: Vec<SeenSource<'a>>,
    pub functions: Vec<SeenFunction<'a>>,
}

/// A table or a view with which the caller may do something.
#[derive(Debug)]
pub struct SeenSource<'a> {
    /// Its position among the module's sources.
    pub at: usize,
    pub table: &'a Table,
    pub is_view: bool,
    pub columns: Vec<SeenColumn<'a>>,
    pub can: Can,
    /// Foreign keys that lead to what the caller may read, those that a view shows included.
    pub references: Vec<Reference<'a>>,
}

/// What the caller may do: each method with all the rights that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // five rights that are independent of each other
pub struct Can {
    pub read: bool,
    pub create: bool,
    /// A create may find a row that is there.
    pub upsert: bool,
    pub update: bool,
    pub delete: bool,
}

#[derive(Debug)]
pub struct SeenColumn<'a> {
    pub column: &'a Column,
    /// What bounds the values that are written: the column itself, or the one behind a view's.
    pub bounds: &'a Column,
    /// Part of the primary key.
    pub is_key: bool,
    /// The caller may give it in a create.
    pub create: bool,
    pub update: bool,
    /// A create that does not name it fails.
    pub needed: bool,
}

#[derive(Debug)]
pub struct Reference<'a> {
    /// The name of the foreign key.
    pub name: &'a str,
    pub columns: Vec<&'a str>,
    pub to: &'a str,
    pub to_columns: Vec<&'a str>,
    pub to_view: bool,
    pub one_to_one: bool,
}

#[derive(Debug)]
pub struct SeenFunction<'a> {
    pub function: &'a Function,
    pub compiled: &'a CompiledFunction,
    pub index: &'a FunctionIndex,
}

impl Can {
    /// A row can be put in place of another.
    #[must_use]
    pub fn put(&self) -> bool {
        self.upsert && self.update
    }

    fn something(&self) -> bool {
        self.read || self.create
    }
}

impl<'a> Seen<'a> {
    #[must_use]
    pub fn new(viewer: &Viewer<'a>) -> Self {
        let catalog = &viewer.index.catalog;
        let first = catalog.default_module;
        let others = (0..catalog.modules.len()).filter(|at| *at != first);
        let order = std::iter::once(first).chain(others);
        Self { name: &catalog.name, modules: order.map(|at| module(viewer, at)).collect() }
    }
}

fn module<'a>(viewer: &Viewer<'a>, at: usize) -> SeenModule<'a> {
    let index: &'a Index = viewer.index;
    let module = &index.catalog.modules[at];
    let sources = (0..module.sources().count()).filter_map(|source| seen(viewer, at, source));
    SeenModule {
        module,
        is_default: at == index.catalog.default_module,
        is_public: index.module(Some("public")) == Some(at),
        sources: sources.collect(),
        functions: functions(viewer, at),
    }
}

fn seen<'a>(viewer: &Viewer<'a>, module: usize, source: usize) -> Option<SeenSource<'a>> {
    let target = viewer.target(module, source);
    let can = can(viewer, &target);
    if !can.something() {
        return None;
    }
    let columns = target.table.columns.iter().enumerate();
    let columns = columns.filter(|(at, _)| !target.closed.read.contains(at));
    Some(SeenSource {
        at: source,
        table: target.table,
        is_view: target.rows != mainstay_store::query::Rows::Stored,
        columns: columns.map(|(at, _)| column(viewer, &target, at)).collect(),
        can,
        references: references(viewer, &target),
    })
}

/// Each right as `work` asks for it.
fn can(viewer: &Viewer<'_>, target: &Target<'_>) -> Can {
    let stored = target.rows == mainstay_store::query::Rows::Stored;
    let through = viewer.index.through(target.module_at, target.table_at);
    let written = stored || through.is_some();
    let may = |action| viewer.permit(target, action).is_ok();
    let read = may(Action::Read);
    let create = written && may(Action::Create);
    Can {
        read,
        create,
        // A view that is written through takes none, and no PUT either.
        upsert: stored && create && read,
        update: written && read && may(Action::Update),
        delete: written && read && may(Action::Delete),
    }
}

fn column<'a>(viewer: &Viewer<'a>, target: &Target<'a>, at: usize) -> SeenColumn<'a> {
    let column = &target.table.columns[at];
    let through = viewer.index.through(target.module_at, target.table_at);
    // Through a view the column of its table is written, if the view shows one unchanged.
    let written = match through {
        Some(through) => through.index.columns.get(&column.name).map(|stored| {
            &viewer.index.catalog.modules[target.module_at].tables[through.base].columns[*stored]
        }),
        None => Some(column),
    };
    let given = written.filter(|column| {
        let numbered = column.identity == Some(mainstay_schema::model::Identity::Always);
        let kept = column.readonly && !viewer.caller.identity.is_service();
        column.generated.is_none() && !numbered && !kept
    });
    let create = given.is_some() && !target.closed.create.contains(&at);
    let needed = given.is_some_and(|column| {
        !column.null && column.default.is_none() && column.identity.is_none()
    });
    SeenColumn {
        column,
        bounds: written.unwrap_or(column),
        is_key: target.table.primary_key.columns.contains(&at),
        create,
        update: given.is_some() && !target.closed.update.contains(&at),
        needed: needed && create,
    }
}

fn references<'a>(viewer: &Viewer<'a>, target: &Target<'a>) -> Vec<Reference<'a>> {
    let held = target.relations.iter().filter(|relation| relation.is_reference());
    held.filter_map(|relation| reference(viewer, target, relation)).collect()
}

fn reference<'a>(
    viewer: &Viewer<'a>,
    target: &Target<'a>,
    relation: &'a Relation,
) -> Option<Reference<'a>> {
    if !viewer.sees(target.module_at, relation.to) {
        return None;
    }
    let there = viewer.target(target.module_at, relation.to);
    let (near, far) = relation.columns();
    let names = |target: &Target<'a>, places: &[usize]| -> Option<Vec<&'a str>> {
        let open = |at: &usize| !target.closed.read.contains(at);
        let name = |at: &usize| open(at).then(|| target.table.columns[*at].name.as_str());
        places.iter().map(name).collect()
    };
    Some(Reference {
        name: &relation.constraint,
        columns: names(target, &near)?,
        to: &there.table.name,
        to_columns: names(&there, &far)?,
        to_view: there.rows != mainstay_store::query::Rows::Stored,
        one_to_one: relation.cardinality == Cardinality::OneToOne,
    })
}

fn functions<'a>(viewer: &Viewer<'a>, at: usize) -> Vec<SeenFunction<'a>> {
    let catalog = &viewer.index.catalog;
    let callable =
        |position: usize| viewer.gate.call(&viewer.caller, catalog, at, position).is_ok();
    let functions = catalog.modules[at].functions.iter().enumerate();
    let functions = functions.filter(|(position, _)| callable(*position));
    functions
        .filter_map(|(_, function)| {
            let compiled = function.compiled.as_ref()?;
            let index = viewer.index.modules[at].functions.get(&function.name)?;
            Some(SeenFunction { function, compiled, index })
        })
        .collect()
}
