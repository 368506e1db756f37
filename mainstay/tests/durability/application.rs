//! The application under test: one table that many writers share, and how it is served.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use mainstay_testkit::process::output;
use mainstay_testkit::{Connection, Process};
use tempfile::TempDir;

const LEDGER: &str = r#"
name = "ledger"
[tables.ledger]
primary_key = ["id"]
indexes = [["writer", "id"]]
columns.id = "text"
columns.writer = "integer"
columns.text = { type = "text", unique = false }
"#;

/// A folder with the application, its data and its key.
pub struct Application {
    pub folder: TempDir,
    pub data: PathBuf,
    pub key: String,
}

pub fn binary() -> PathBuf {
    std::env::var_os("MAINSTAY_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_mainstay")), PathBuf::from)
}

impl Application {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::on(folder, data)
    }

    /// With its data somewhere else.
    pub fn on(folder: TempDir, data: PathBuf) -> Self {
        std::fs::write(folder.path().join("ledger.toml"), LEDGER).unwrap();
        let mut made = Self { folder, data, key: String::new() };
        made.key = output(
            Command::new(binary())
                .arg("keys")
                .arg(made.file())
                .arg("--service-role")
                .arg("--data")
                .arg(&made.data),
        );
        made
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ledger.toml")
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("ledger.db")
    }

    /// The command that serves it, behind `before` (a tracer, say).
    pub fn command(&self, before: &[&str], flags: &[&str]) -> Command {
        let mut words: Vec<std::ffi::OsString> = before.iter().map(Into::into).collect();
        words.push(binary().into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("serve").arg(self.file()).arg("--data").arg(&self.data);
        command.args(flags);
        command
    }

    pub fn serve(&self) -> Process {
        Process::start(self.command(&[], &[])).unwrap_or_else(|said| panic!("no start:\n{said}"))
    }

    pub fn connect(&self, address: SocketAddr) -> std::io::Result<Connection> {
        Connection::open(address, &self.key)
    }
}

/// What SQLite itself says of a file: its pages and its references.
pub fn damage(database: &Path) -> Option<String> {
    let look = || -> rusqlite::Result<(String, i64)> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = rusqlite::Connection::open_with_flags(database, flags)?;
        let pages = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let orphans =
            connection.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count();
        Ok((pages, i64::try_from(orphans).unwrap_or(i64::MAX)))
    };
    match look() {
        Ok((pages, 0)) if pages == "ok" => None,
        Ok((pages, orphans)) => Some(format!("{pages}; {orphans} orphans")),
        Err(error) => Some(error.to_string()),
    }
}
