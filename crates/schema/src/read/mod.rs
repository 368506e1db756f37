//! From files to sketches, and through `check` to the catalog: the way in. `files` finds the text,
//! `toml` makes values with places, the other files here make sketches of them.

mod argument;
mod column;
mod column_type;
mod constant;
mod constraint;
mod expectation;
mod files;
mod function;
pub(crate) mod node;
mod returns;
mod rules;
pub mod settings;
pub(crate) mod sketch;
pub(crate) mod sql;
mod table;
mod texts;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;

pub(crate) use constant::{bound, constant, default, is_word, json, tells_tenants};
pub(crate) use constraint::ACTIONS;
pub(crate) use expectation::given;
pub(crate) use returns::named_type;

use self::files::{File, Files, Role};
use self::node::Fields;
use self::sketch::ModuleSketch;
use crate::limits::MAX_SYNTAX_ERRORS;
use crate::mistake::{Found, Mistake, Mistakes, Place, Placed, Source};
use crate::{Catalog, check};

/// A declared application that is free of mistakes.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its modules.
    pub catalog: Catalog,
    /// `doc` of mainstay.toml.
    pub doc: Option<String>,
    /// The files with configuration: the main file first, then the environments by name.
    pub settings: Vec<SettingsFile>,
    /// Every file that was read, for those who watch them.
    pub files: Vec<PathBuf>,
    /// Their texts, for mistakes that only the engine brings to light.
    pub sources: Vec<Source>,
}

impl Declared {
    /// Looks up the names in the rules of views, once the engine has said which columns they have.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn bind_views(&mut self) -> Result<(), Mistakes> {
        let mut found = Found::default();
        for module in &mut self.catalog.modules {
            check::rules::bind_views(Arc::make_mut(module), &mut found);
        }
        found.into_mistakes(&self.sources).map_or(Ok(()), Err)
    }
}

/// A file whose sections (`[server]`, `[auth]` and so on) configure the server.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// `production` of `mainstay.production.toml`; none for the main file.
    pub environment: Option<String>,
    /// Its text. A one-file application has its tables in it, too.
    pub text: String,
}

/// Reads and checks an application: a `.toml` file, or a folder with `mainstay.toml` and modules.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn read(path: &Path) -> Result<Declared, Mistakes> {
    let mut found = Found::default();
    let files = files::find(path, &mut found);
    read_files(files, found)
}

/// Reads and checks a one-file application from its text; `name` is shown in mistakes, and its
/// stem names the application unless the text does.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn read_text(name: &str, text: &str) -> Result<Declared, Mistakes> {
    read_files(texts::single(name, text), Found::default())
}

/// Reads and checks a folder from texts: `("mainstay.toml", …)`, `("modules/shop.toml", …)`.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn read_texts(name: &str, texts: &[(&str, &str)]) -> Result<Declared, Mistakes> {
    let mut found = Found::default();
    let files = texts::folder(name, texts, &mut found);
    read_files(files, found)
}

/// What travels through all of `read`: the mistakes, and rules that were parsed already.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub found: Found,
    rules: rules::Known,
}

fn read_files(files: Files, found: Found) -> Result<Declared, Mistakes> {
    let mut reader = Reader { found, ..Reader::default() };
    let parsed: Vec<Option<Spanned<DeTable<'_>>>> = files
        .list
        .iter()
        .enumerate()
        .map(|(at, file)| parse(at, &file.source, &mut reader.found))
        .collect();
    let mut application = Application::new(&files.name);
    let mut modules = Vec::new();
    for (at, (file, table)) in files.list.iter().zip(&parsed).enumerate() {
        if let Some(table) = table {
            let top = Fields::new(at, table.get_ref());
            application.read_file(at, file, &top, &mut modules, &mut reader);
        }
    }
    if modules.is_empty() && parsed.iter().all(Option::is_some) {
        refuse_empty(&mut reader.found);
    }
    let catalog =
        check::catalog(application.name, application.default_module, modules, &mut reader.found);
    let sources: Vec<Source> = files.list.iter().map(|file| file.source.clone()).collect();
    match reader.found.into_mistakes(&sources) {
        Some(mistakes) => Err(mistakes),
        None => Ok(Declared {
            catalog,
            doc: application.doc,
            settings: files.settings(),
            files: files.list.into_iter().map(|file| file.path).collect(),
            sources,
        }),
    }
}

/// Only said when nothing else is wrong, for most mistakes leave no module behind.
fn refuse_empty(found: &mut Found) {
    if found.count() == 0 {
        let message = "the application has no modules";
        let mistake = Mistake::new(Place::default(), "no-modules", message);
        found.add(mistake.hint("put tables into a file modules/NAME.toml"));
    }
}

/// TOML syntax. A file that has errors in it is not looked at further: what the parser made of the
/// rest would only add mistakes that nobody made.
fn parse<'a>(at: usize, source: &'a Source, found: &mut Found) -> Option<Spanned<DeTable<'a>>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
        let range = error.span().map(|span| (span.start, span.end));
        let message = error.message().trim().to_owned();
        found.add(Mistake::new(Place { file: at, range }, "toml-syntax", message));
    }
    errors.is_empty().then_some(table)
}

/// What the main file says of the application as a whole.
struct Application {
    name: Placed<String>,
    doc: Option<String>,
    default_module: Option<Placed<String>>,
}

impl Application {
    fn new(name: &str) -> Self {
        let name = Placed::new(name.to_owned(), Place::default());
        Self { name, doc: None, default_module: None }
    }

    fn read_file<'a>(
        &mut self,
        at: usize,
        file: &File,
        top: &Fields<'a>,
        modules: &mut Vec<ModuleSketch<'a>>,
        reader: &mut Reader,
    ) {
        let whole = Place { file: at, range: None };
        match &file.role {
            Role::Main => {
                settings::check(top, &[], &mut reader.found);
                self.read_top(top, &mut reader.found);
            }
            Role::Environment(_) => settings::check(top, &[], &mut reader.found),
            Role::Single => {
                settings::check(top, &table::MODULE_KEYS[1..], &mut reader.found);
                self.read_top(top, &mut reader.found);
                let place = top.field("name").map_or(whole, |field| field.node.place);
                let name = Placed::new(self.name.value.clone(), place);
                let parts = ["tables", "functions", "views"];
                match parts.iter().any(|part| top.get(part).is_some()) {
                    true => modules.push(table::module(name, top, &file.source, reader)),
                    // A file that could not be read has said so already.
                    false if reader.found.count() > 0 => {}
                    false => {
                        let message = "the application declares nothing";
                        let mistake = Mistake::new(whole, "no-modules", message);
                        reader.found.add(mistake.hint("declare a table: `[tables.posts]`"));
                    }
                }
            }
            Role::Module(name) => {
                top.refuse_unknown("a module", table::MODULE_KEYS, &mut reader.found);
                let name = Placed::new(name.clone(), whole);
                modules.push(table::module(name, top, &file.source, reader));
            }
        }
    }

    fn read_top(&mut self, top: &Fields<'_>, found: &mut Found) {
        if let Some(name) = top.get("name").and_then(|node| node.filled_text("`name`", found)) {
            self.name = name;
        }
        let doc = top.get("doc").and_then(|node| node.text("`doc`", found));
        self.doc = doc.map(|doc| doc.value);
        self.default_module =
            top.get("default_module").and_then(|node| node.text("`default_module`", found));
    }
}
