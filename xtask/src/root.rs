//! Where the repository begins: found at run time, so that a clone can be moved.
//! Every command starts from here.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace's Cargo.lock.
pub fn find() -> Result<PathBuf, String> {
    let here = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_dir().map_err(|error| error.to_string())?,
    };
    let root = here.ancestors().find(|folder| is_root(folder));
    root.map(Path::to_owned).ok_or_else(|| "this is not inside the repository".to_owned())
}

fn is_root(folder: &Path) -> bool {
    folder.join("Cargo.lock").is_file() && folder.join("xtask").is_dir()
}
