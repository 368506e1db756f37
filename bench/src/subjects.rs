//! The servers that are measured: each a child process on a free port with its own temporary
//! folder, holding the same rows. The floor is started here, the others in files of their own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::params;
use tempfile::TempDir;

use crate::data::{articles, authors, comments, ids, row};

/// A server under measurement.
pub struct Subject {
    pub name: &'static str,
    /// What a write that was answered has been through.
    pub durability: &'static str,
    pub address: SocketAddr,
    pub child: Child,
    pub paths: Paths,
    /// Headers that every request carries; the others only what their name says.
    pub headers: String,
    pub insert_headers: &'static str,
    pub bulk_headers: &'static str,
    pub count_headers: &'static str,
    /// Its rows have the floor's columns and keys.
    pub alike: bool,
    /// Removed with the subject.
    pub folder: TempDir,
}

/// Where the cases are found; what a subject lacks is none.
pub struct Paths {
    pub health: &'static str,
    pub one: fn(&str) -> String,
    pub list: fn(u64) -> String,
    pub insert: &'static str,
    /// Articles above these views with their author and comments.
    pub embed: fn(u64) -> String,
    /// Articles on a topic from these views on, counted.
    pub count: fn(&str, u64) -> String,
    pub bulk: Option<&'static str>,
    /// The article on a topic with these views, by a function.
    pub rpc: Option<fn(&str, u64) -> String>,
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
            embed: |views| format!("/articles?views={views}"),
            count: |topic, views| format!("/articles/counted?topic={topic}&views={views}"),
            bulk: Some("/posts/many"),
            rpc: Some(|topic, views| format!("/article?topic={topic}&views={views}")),
        },
        headers: String::new(),
        insert_headers: "",
        bulk_headers: "",
        count_headers: "",
        alike: true,
        folder,
    })
}

const TABLES: &str = "
PRAGMA journal_mode = WAL;
CREATE TABLE posts (id TEXT PRIMARY KEY, author TEXT NOT NULL, body TEXT NOT NULL,
                    title TEXT NOT NULL, views INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX posts_views ON posts (views);
CREATE TABLE authors (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE articles (id TEXT PRIMARY KEY, author TEXT NOT NULL REFERENCES authors,
                       title TEXT NOT NULL, topic TEXT NOT NULL,
                       views INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX articles_views ON articles (views);
CREATE INDEX articles_topic_views ON articles (topic, views);
CREATE TABLE comments (id TEXT PRIMARY KEY, article TEXT NOT NULL REFERENCES articles,
                       text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX comments_article ON comments (article);";

fn fill(path: &Path) -> rusqlite::Result<()> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(TABLES)?;
    let all = connection.transaction()?;
    for (at, id) in (0..).zip(ids()) {
        let (author, body, title, views) = row(at);
        all.prepare_cached("INSERT INTO posts VALUES (?, ?, ?, ?, ?)")?
            .execute(params![id, author, body, title, views])?;
    }
    for author in authors() {
        all.execute("INSERT INTO authors VALUES (?, ?)", author)?;
    }
    for one in articles() {
        all.prepare_cached("INSERT INTO articles VALUES (?, ?, ?, ?, ?)")?.execute(params![
            one.id,
            one.author,
            one.title,
            one.topic,
            one.views.cast_signed()
        ])?;
    }
    for one in comments() {
        all.prepare_cached("INSERT INTO comments VALUES (?, ?, ?)")?.execute(params![
            one.id,
            one.article,
            one.text
        ])?;
    }
    all.commit()
}
