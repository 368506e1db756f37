//! Finds and reads the files of an application, bounded in number and size. The only place of this
//! crate that touches the disk.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::SettingsFile;
use crate::limits::{MAX_FILE_BYTES, MAX_MODULES};
use crate::mistake::{Found, Mistake, Place, Source};

/// What a file is to the application.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    /// `mainstay.toml` of a folder.
    Main,
    /// `mainstay.<env>.toml` of a folder.
    Environment(String),
    /// The only file of a one-file application.
    Single,
    /// `modules/<name>.toml`.
    Module(String),
}

#[derive(Clone, Debug)]
pub(super) struct File {
    pub path: PathBuf,
    pub role: Role,
    pub source: Source,
}

/// All files of an application: the main one first, then environments and modules by name.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// What the application is called unless it says otherwise.
    pub name: String,
    pub list: Vec<File>,
}

impl Files {
    pub fn settings(&self) -> Vec<SettingsFile> {
        let settings = self.list.iter().filter_map(|file| {
            let environment = match &file.role {
                Role::Main | Role::Single => None,
                Role::Environment(name) => Some(name.clone()),
                Role::Module(_) => return None,
            };
            let text = file.source.text.clone();
            Some(SettingsFile { path: file.path.clone(), environment, text })
        });
        settings.collect()
    }

    /// A file that could not be read stays in the list, so that its mistake has a name to show.
    fn load(&mut self, path: PathBuf, role: Role, found: &mut Found) {
        let place = Place { file: self.list.len(), range: None };
        let text = read_bounded(&path).unwrap_or_else(|(code, message)| {
            found.add(Mistake::new(place, code, message));
            String::new()
        });
        let source = Source { path: path.display().to_string(), text };
        self.list.push(File { path, role, source });
    }

    fn note(&mut self, path: &Path, mistake: Mistake, found: &mut Found) {
        let place = Place { file: self.list.len(), range: None };
        found.add(mistake.at(place));
        let source = Source { path: path.display().to_string(), text: String::new() };
        self.list.push(File { path: path.to_owned(), role: Role::Main, source });
    }
}

/// Finds the files of the application at `path`.
pub(super) fn find(path: &Path, found: &mut Found) -> Files {
    let mut files = Files { name: stem(path), list: Vec::new() };
    let is_main = path.file_name().is_some_and(|name| name == "mainstay.toml");
    match (path.is_dir(), is_main.then(|| path.parent()).flatten()) {
        (true, _) => folder(path, &mut files, found),
        (false, Some(parent)) if parent.join("modules").is_dir() => {
            files.name = stem(parent);
            folder(parent, &mut files, found);
        }
        _ => files.load(path.to_owned(), Role::Single, found),
    }
    files
}

fn folder(folder: &Path, files: &mut Files, found: &mut Found) {
    let main = folder.join("mainstay.toml");
    match main.is_file() {
        true => files.load(main, Role::Main, found),
        false => {
            let message = "the folder has no mainstay.toml";
            let hint = "it says what the application is called: `name = \"shop\"`";
            files.note(
                folder,
                Mistake::new(Place::default(), "file-missing", message).hint(hint),
                found,
            );
        }
    }
    for path in toml_files(folder, files, found) {
        if let Some(role @ Role::Environment(_)) = settings_role(&path) {
            files.load(path, role, found);
        }
    }
    let modules = folder.join("modules");
    if !modules.is_dir() {
        return;
    }
    let paths = toml_files(&modules, files, found);
    if paths.len() > MAX_MODULES {
        let message = format!("{} modules, at most {MAX_MODULES} are taken", paths.len());
        files.note(&modules, Mistake::new(Place::default(), "too-many", message), found);
    }
    for path in paths.into_iter().take(MAX_MODULES) {
        let role = Role::Module(stem(&path));
        files.load(path, role, found);
    }
}

/// The visible `.toml` files of a folder, by name, so that every run reads them alike.
fn toml_files(folder: &Path, files: &mut Files, found: &mut Found) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("the folder cannot be read: {error}");
            files.note(folder, Mistake::new(Place::default(), "file-unreadable", message), found);
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| !stem(path).starts_with('.') && path.is_file())
        .collect();
    paths.sort();
    paths
}

pub(super) fn settings_role(path: &Path) -> Option<Role> {
    let stem = stem(path);
    match stem.strip_prefix("mainstay") {
        Some("") => Some(Role::Main),
        Some(rest) => rest.strip_prefix('.').map(|name| Role::Environment(name.to_owned())),
        None => None,
    }
}

/// The name without folder and `.toml`; the folder's own name for `.` and the like.
pub(super) fn stem(path: &Path) -> String {
    let named = path.file_name().map(PathBuf::from);
    let path = named.or_else(|| path.canonicalize().ok()).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".toml").map(str::to_owned).unwrap_or(name)
}

fn read_bounded(path: &Path) -> Result<String, (&'static str, String)> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => ("file-missing", "there is no such file or folder".to_owned()),
        _ => ("file-unreadable", format!("the file cannot be read: {error}")),
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        let message = format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20);
        return Err(("file-too-large", message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ("file-unreadable", format!("the file is not UTF-8: byte {at} is not part of a character"))
    })
}
