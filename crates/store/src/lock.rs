//! One process per data folder: a lock that the kernel drops when its holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use mainstay_base::{Code, Error, Result};

/// Holds the folder until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder, or says who has it.
    ///
    /// # Errors
    /// When another process holds the lock, or the file cannot be made.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("mainstay.lock");
        let unusable = |error: std::io::Error| {
            let message = format!("The data folder {} cannot be used", folder.display());
            Error::new(Code::DatabaseUnavailable, message)
                .details(error.to_string())
                .hint("Check that it exists and that this user may write to it.")
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(folder, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let note = format!("process {}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)).map(drop))
            .and_then(|()| file.write_all(note.as_bytes()))
            .map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn held(folder: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    let _ = file.read_to_string(&mut holder);
    let holder = match holder.trim() {
        "" => "another process".to_owned(),
        known => known.to_owned(),
    };
    let message = format!("The data folder {} is in use by {holder}", folder.display());
    Error::new(Code::DatabaseUnavailable, message)
        .hint("One process serves a data folder. Stop the other one, or serve another folder.")
        .caused_by(Held)
}

/// Why a folder could not be taken.
#[derive(Debug)]
struct Held;

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another process holds the lock")
    }
}

impl std::error::Error for Held {}

/// Whether opening failed because another process holds the folder: then that one can be asked.
#[must_use]
pub fn is_held(error: &Error) -> bool {
    error.cause().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Held>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_holder_is_refused_and_told_who_has_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let refused = FolderLock::take(folder.path()).unwrap_err();
        assert!(refused.message().contains(&format!("process {}", std::process::id())));
        assert!(is_held(&refused));
        let nowhere = FolderLock::take(&folder.path().join("nowhere")).unwrap_err();
        assert_eq!((nowhere.code(), is_held(&nowhere)), (refused.code(), false));
        drop(first);
        FolderLock::take(folder.path()).unwrap();
    }
}
