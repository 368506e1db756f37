//! The servers that are measured: each a child process on a free port with its own temporary
//! folder, holding the same rows.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::load::Random;

/// Rows that every subject starts with.
pub const ROWS: u64 = 10_000;

/// The table, as Mainstay declares it.
const APP: &str = r#"
name = "bench"
[tables.posts]
indexes = [["views"]]
[tables.posts.columns]
author = "text"
body = "text"
title = { type = "text", max = 200 }
views = "integer"
[tables.posts.allow]
read = "true"
create = "auth.role == 'authenticated'"
"#;

/// A server under measurement.
pub struct Subject {
    pub name: &'static str,
    /// What a write that was answered has been through.
    pub durability: &'static str,
    pub address: SocketAddr,
    pub child: Child,
    pub paths: Paths,
    /// Headers that every request carries, and those of writes beside them.
    pub headers: String,
    pub write_headers: String,
    /// Removed with the subject.
    pub _folder: TempDir,
}

/// Where the cases are found.
pub struct Paths {
    pub health: &'static str,
    pub one: fn(&str) -> String,
    pub list: fn(u64) -> String,
    pub insert: &'static str,
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ids of the rows, the same for every subject.
pub fn ids() -> Vec<String> {
    let mut random = Random::new(7);
    (0..ROWS)
        .map(|at| {
            let random =
                u128::from(random.below(1 << 40)) << 20 | u128::from(random.below(1 << 20));
            let bits = (0x0190_0000_0000_u128 + u128::from(at)) << 80
                | 0x7 << 76
                | 0x8 << 60
                | (random & 0x0fff_ffff_ffff_ffff);
            uuid::Uuid::from_u128(bits).hyphenated().to_string()
        })
        .collect()
}

/// The fields of the nth row.
pub fn row(at: u64) -> (String, String, String, i64) {
    let body =
        format!("The body of post number {at}, long enough to look like text that people write.");
    let views = i64::try_from(at).unwrap_or(0);
    (format!("author-{}", at % 100), body, format!("Post number {at}"), views)
}

pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub fn wait(address: SocketAddr, child: &mut Child) -> std::io::Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            return Err(std::io::Error::other(format!("the server ended with {status}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(std::io::Error::other("the server did not listen within 20 s"))
}

pub fn spawn(command: &mut Command) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// axum and rusqlite by hand.
pub fn floor() -> std::io::Result<Subject> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("floor.db");
    fill(&path).map_err(std::io::Error::other)?;
    let port = free_port()?;
    let mut child = spawn(
        Command::new(std::env::current_exe()?)
            .arg("floor")
            .arg(port.to_string())
            .arg(folder.path()),
    )?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait(address, &mut child)?;
    Ok(Subject {
        name: "floor",
        durability: "WAL, synchronous=FULL, group commit",
        address,
        child,
        paths: Paths {
            health: "/health",
            one: |id| format!("/posts/{id}"),
            list: |views| format!("/posts?views={views}"),
            insert: "/posts",
        },
        headers: String::new(),
        write_headers: String::new(),
        _folder: folder,
    })
}

fn fill(path: &Path) -> rusqlite::Result<()> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE posts (id TEXT PRIMARY KEY, author TEXT NOT NULL, body TEXT NOT NULL,
                             title TEXT NOT NULL, views INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         CREATE INDEX posts_views ON posts (views);",
    )?;
    let all = connection.transaction()?;
    for (at, id) in (0..).zip(ids()) {
        let (author, body, title, views) = row(at);
        all.execute(
            "INSERT INTO posts VALUES (?, ?, ?, ?, ?)",
            rusqlite::params![id, author, body, title, views],
        )?;
    }
    all.commit()
}

/// Mainstay as it ships: every layer, the log too (to a pipe that is read and thrown away).
pub fn mainstay() -> std::io::Result<Subject> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("bench");
    std::fs::create_dir_all(app.join("modules"))?;
    std::fs::create_dir_all(app.join("seed/bench"))?;
    let (head, tables) = APP.split_once("[tables.posts]").unwrap_or((APP, ""));
    std::fs::write(app.join("mainstay.toml"), head)?;
    std::fs::write(app.join("modules/bench.toml"), format!("[tables.posts]{tables}"))?;
    let mut seed = String::from("id,author,body,title,views\n");
    for (at, id) in (0..).zip(ids()) {
        let (author, body, title, views) = row(at);
        seed.push_str(&format!("{id},{author},\"{body}\",{title},{views}\n"));
    }
    std::fs::write(app.join("seed/bench/posts.csv"), seed)?;
    let binary = binary()?;
    let port = free_port()?;
    let mut child = spawn(
        Command::new(&binary)
            .arg("serve")
            .arg(&app)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--admin-listen")
            .arg("127.0.0.1:0"),
    )?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait(address, &mut child)?;
    let key = |arguments: &[&str]| -> std::io::Result<String> {
        let out = Command::new(&binary).arg("keys").arg(&app).args(arguments).output()?;
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let anon = key(&["--anon"])?;
    let user = key(&["--role", "authenticated", "--uid", "0190f0c1-0000-7000-8000-000000000001"])?;
    Ok(Subject {
        name: "mainstay",
        durability: "WAL, synchronous=FULL, group commit",
        address,
        child,
        paths: Paths {
            health: "/livez",
            one: |id| format!("/rest/v1/posts?id=eq.{id}"),
            list: |views| format!("/rest/v1/posts?views=gt.{views}&order=views&limit=20"),
            insert: "/rest/v1/posts",
        },
        headers: format!("apikey: {anon}\r\nAuthorization: Bearer {user}\r\n"),
        write_headers: "Prefer: return=representation\r\n".to_owned(),
        _folder: folder,
    })
}

/// The release binary beside this one, built first when it is not there.
fn binary() -> std::io::Result<PathBuf> {
    if let Some(given) = std::env::var_os("MAINSTAY_BIN") {
        return Ok(given.into());
    }
    let own = std::env::current_exe()?;
    let beside = own.with_file_name("mainstay");
    let status =
        Command::new("cargo").args(["build", "--release", "--quiet", "-p", "mainstay"]).status()?;
    if !status.success() || !beside.exists() {
        return Err(std::io::Error::other("the mainstay binary could not be built"));
    }
    Ok(beside)
}

/// PocketBase from the Python package index, when it can be had. `log` is its request log.
pub fn pocketbase(log: bool) -> std::io::Result<Subject> {
    crate::pocket::start(log)
}
