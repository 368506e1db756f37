//! Makes the folder of an adopted database: copy, declarations, settings. `commands::adopt` asks
//! for it; the copying and the reading are the store's.
//!
//! `mainstay.toml` is written last: a folder that was left half made is no application.

use std::fs;
use std::path::{Path, PathBuf};

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Declared, write};
use mainstay_store::adopt::{self, Adopted, Progress};
use mainstay_store::sqlite::module_file;

use crate::report::Failure;

/// What a person asked for.
pub struct Asked<'a> {
    pub source: &'a Path,
    pub folder: &'a Path,
    pub open_read: bool,
    /// The module's name; from the file's name when it is not given.
    pub name: Option<&'a str>,
}

/// What was made.
pub struct Done {
    pub adopted: Adopted,
    /// The copy.
    pub database: PathBuf,
}

/// Makes the folder, all of it or nothing.
///
/// # Errors
/// When the folder is there already, the source cannot be read, or the disk refuses.
pub fn adopt(asked: &Asked<'_>, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Done, Failure> {
    let name = module_name(asked)?;
    if !asked.source.is_file() {
        return Err(Failure::Misused {
            message: format!("There is no file {}", asked.source.display()),
            hint: "SOURCE is a SQLite database.".to_owned(),
        });
    }
    let was_there = prepare(asked.folder)?;
    let done = make(asked, &name, progress);
    if done.is_err() {
        clear(asked.folder, was_there);
    }
    done
}

/// The folder is there and empty, or not there; true when it is there.
fn prepare(folder: &Path) -> Result<bool, Failure> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(true),
            Some(_) => Err(Failure::Misused {
                message: format!("The folder {} is not empty", folder.display()),
                hint: "Name a folder that is not there yet.".to_owned(),
            }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::Failed(unwritable(folder, &error))),
    }
}

fn make(
    asked: &Asked<'_>,
    name: &str,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Done, Failure> {
    let (data, modules) = (asked.folder.join("data"), asked.folder.join("modules"));
    for folder in [&data, &modules] {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let database = module_file(&data, name);
    adopt::copy(asked.source, &database, progress)?;
    let adopted = adopt::read(&database, name, asked.open_read, progress)?;
    let settings = settings(asked, name);
    let module = declarations(asked, &adopted);
    let declared = read_back(name, &settings, &module)?;
    adopt::record(&database, &adopted, &declared.catalog.modules[0])?;
    save(&modules.join(format!("{name}.toml")), &module)?;
    save(&asked.folder.join(".gitignore"), "# Data is not code.\n/data/\n")?;
    save(&asked.folder.join("mainstay.toml"), &settings)?;
    Ok(Done { adopted, database })
}

/// What was written is what will be served.
fn read_back(name: &str, settings: &str, module: &str) -> Result<Declared, Failure> {
    let file = format!("modules/{name}.toml");
    let texts = [("mainstay.toml", settings), (file.as_str(), module)];
    Ok(mainstay_schema::read_texts(name, &texts)?)
}

/// Takes back what was made, and nothing else.
fn clear(folder: &Path, was_there: bool) {
    for part in ["data", "modules"] {
        let _ = fs::remove_dir_all(folder.join(part));
    }
    for part in [".gitignore", "mainstay.toml"] {
        let _ = fs::remove_file(folder.join(part));
    }
    if !was_there {
        let _ = fs::remove_dir(folder);
    }
}

fn save(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("{} cannot be made", path.display());
    Error::new(Code::Internal, message).details(error.to_string())
}

/// A module's name is plain, for it travels in headers and names a file.
fn module_name(asked: &Asked<'_>) -> Result<String, Failure> {
    let plain = |name: &str| {
        let reserved = ["auth", "information_schema"].contains(&name.to_lowercase().as_str());
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && name.len() <= 63
            && !reserved
            && !name.to_lowercase().starts_with("pg_")
    };
    if let Some(name) = asked.name {
        return match plain(name) {
            true => Ok(name.to_owned()),
            false => Err(Failure::Misused {
                message: format!("\"{name}\" cannot be the name of a module"),
                hint: "It starts with a letter and has letters, digits, _ and -.".to_owned(),
            }),
        };
    }
    let stem = asked.source.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    let letters = stem.unwrap_or_default();
    let letters = letters.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let name: String = letters.take(60).collect();
    let name = name.trim_matches('_');
    Ok(if plain(name) { name.to_owned() } else { format!("db_{name}") })
}

fn settings(asked: &Asked<'_>, name: &str) -> String {
    let folder = asked.folder.canonicalize().unwrap_or_else(|_| asked.folder.to_owned());
    let title = folder.file_name().map_or_else(|| name.into(), |name| name.to_string_lossy());
    let title: String = title.chars().filter(|c| !c.is_control()).collect();
    let title = serde_json::Value::String(title);
    format!(
        "# What the application is called, and how it is served. Its tables stand in modules/.
name = {title}

# [server]
# listen = \"127.0.0.1:8080\"        # where requests come in
# admin_listen = \"127.0.0.1:9090\"  # metrics and health

# [api]
# max_rows = 1000                  # rows of one answer at the most
"
    )
}

fn declarations(asked: &Asked<'_>, adopted: &Adopted) -> String {
    let source = asked.source.file_name().unwrap_or_default().to_string_lossy();
    let source: String = source.chars().filter(|c| !c.is_control()).collect();
    let rules = match asked.open_read {
        true => "Anybody may read every table: `allow.read = \"true\"` is for a first look.",
        false => "Every table is closed. To open one for reading: `allow.read = \"true\"`.",
    };
    format!(
        "# The tables of {source}, as `mainstay adopt` found them. `adopted` tables are kept as they\n\
         # are in the database; new columns and tables may be added here.\n# {rules}\n\n{}",
        write::module(&adopted.module)
    )
}
