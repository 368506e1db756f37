//! Applications that are in memory, not on disk: for tests and for programs that make declarations.
//! They take the same way as files from here on.

use std::path::PathBuf;

use super::files::{File, Files, Role, settings_role, stem};
use crate::mistake::{Found, Mistake, Place, Source};

/// A one-file application that is in memory.
pub(super) fn single(name: &str, text: &str) -> Files {
    let source = Source { path: name.to_owned(), text: text.to_owned() };
    let path = PathBuf::from(name);
    Files { name: stem(&path), list: vec![File { path, role: Role::Single, source }] }
}

/// A folder that is in memory. Names that mean nothing in a folder are left out.
pub(super) fn folder(name: &str, texts: &[(&str, &str)], found: &mut Found) -> Files {
    let mut files = Files { name: name.to_owned(), list: Vec::new() };
    for (path, text) in texts {
        let source = Source { path: (*path).to_owned(), text: (*text).to_owned() };
        let path = PathBuf::from(path);
        let role = match path.parent().is_some_and(|parent| parent.ends_with("modules")) {
            true => Some(Role::Module(stem(&path))),
            false => settings_role(&path),
        };
        match role {
            Some(role) => files.list.push(File { path, role, source }),
            None => {
                let message = "the file is no part of an application";
                let place = Place { file: files.list.len(), range: None };
                found.add(Mistake::new(place, "file-unknown", message));
                files.list.push(File { path, role: Role::Main, source });
            }
        }
    }
    files
}
