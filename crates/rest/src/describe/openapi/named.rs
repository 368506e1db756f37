//! The names under which things stand in the document, each of them once: tags, schemas,
//! operations; and which of several resources of one name has the path.

use rustc_hash::FxHashMap;

use crate::describe::Seen;
use crate::describe::keys::Keys;
use crate::describe::seen::{SeenFunction, SeenModule, SeenSource};

/// What is documented.
pub(super) struct Named<'a> {
    pub modules: Vec<NamedModule<'a>>,
}

pub(super) struct NamedModule<'a> {
    pub seen: &'a SeenModule<'a>,
    /// The tag of its operations, and the name of its profile parameters.
    pub tag: String,
    pub sources: Vec<NamedSource<'a>>,
    pub functions: Vec<NamedFunction<'a>>,
}

pub(super) struct NamedSource<'a> {
    pub seen: &'a SeenSource<'a>,
    /// `catalog.products`
    pub key: String,
    /// No module before has the name.
    pub has_path: bool,
    /// Modules that have the name, too.
    pub others: Vec<&'a str>,
}

pub(super) struct NamedFunction<'a> {
    pub seen: &'a SeenFunction<'a>,
    /// `catalog.call.restock`
    pub key: String,
    pub has_path: bool,
    pub others: Vec<&'a str>,
}

impl<'a> Named<'a> {
    /// All modules seen, or the one at a place among them.
    pub(super) fn new(seen: &'a Seen<'a>, only: Option<usize>) -> Self {
        let modules = seen.modules.iter().enumerate();
        let modules: Vec<&SeenModule<'_>> = modules
            .filter(|(at, _)| only.is_none_or(|only| only == *at))
            .map(|(_, module)| module)
            .collect();
        let mut keys = Keys::default();
        let mut holders = Holders::default();
        for module in &modules {
            holders.add(module);
        }
        let modules = modules
            .into_iter()
            .map(|module| named(module, keys.take(&module.module.name), &holders));
        Self { modules: modules.collect() }
    }
}

/// The modules that have a name, in order.
#[derive(Default)]
struct Holders<'a> {
    sources: FxHashMap<&'a str, Vec<&'a str>>,
    functions: FxHashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Holders<'a> {
    fn add(&mut self, module: &'a SeenModule<'a>) {
        let name = module.module.name.as_str();
        for source in &module.sources {
            self.sources.entry(&source.table.name).or_default().push(name);
        }
        for function in &module.functions {
            self.functions.entry(&function.function.name).or_default().push(name);
        }
    }
}

fn named<'a>(seen: &'a SeenModule<'a>, tag: String, holders: &Holders<'a>) -> NamedModule<'a> {
    let own = seen.module.name.as_str();
    let place = |known: Option<&Vec<&'a str>>| -> (bool, Vec<&'a str>) {
        let known = known.map(Vec::as_slice).unwrap_or_default();
        let others = known.iter().copied().filter(|name| *name != own).collect();
        (known.first() == Some(&own), others)
    };
    let mut keys = Keys::default();
    let mut sources = Vec::new();
    for source in &seen.sources {
        let key = format!("{tag}.{}", keys.take(&source.table.name));
        let (has_path, others) = place(holders.sources.get(source.table.name.as_str()));
        sources.push(NamedSource { seen: source, key, has_path, others });
    }
    let mut keys = Keys::default();
    let mut functions = Vec::new();
    for function in &seen.functions {
        let key = format!("{tag}.call.{}", keys.take(&function.function.name));
        let (has_path, others) = place(holders.functions.get(function.function.name.as_str()));
        functions.push(NamedFunction { seen: function, key, has_path, others });
    }
    NamedModule { seen, tag, sources, functions }
}

impl NamedModule<'_> {
    pub(super) fn name(&self) -> &str {
        &self.seen.module.name
    }
}

impl NamedSource<'_> {
    pub(super) fn name(&self) -> &str {
        &self.seen.table.name
    }
}

impl NamedFunction<'_> {
    pub(super) fn name(&self) -> &str {
        &self.seen.function.name
    }
}

/// What is said of a path whose name other modules have, too.
pub(super) fn shared(doc: &str, others: &[&str]) -> String {
    if others.is_empty() {
        return doc.to_owned();
    }
    let each: Vec<String> =
        others.iter().map(|name| format!("`{name}` (`/openapi.json?profile={name}`)")).collect();
    format!("{doc}\n\nThe same name stands in other modules: {}.", each.join(", "))
        .trim_start()
        .to_owned()
}
