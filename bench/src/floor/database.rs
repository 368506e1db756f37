//! The floor's database: one reader a thread for lookups, two list threads, one writer that
//! commits what has gathered in one transaction.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Sender, bounded};
use rusqlite::{Connection, OpenFlags, Row, params};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// Rows that one commit may hold.
const GROUP: usize = 256;

pub struct Database {
    path: PathBuf,
    lists: Sender<(i64, oneshot::Sender<Option<String>>)>,
    writes: Sender<(NewPost, oneshot::Sender<Option<String>>)>,
}

#[derive(Deserialize)]
pub struct NewPost {
    author: String,
    body: String,
    title: String,
    views: i64,
}

#[derive(Serialize)]
struct Post<'a> {
    id: &'a str,
    author: &'a str,
    body: &'a str,
    title: &'a str,
    views: i64,
}

fn open(path: &Path, write: bool) -> rusqlite::Result<Connection> {
    let mode =
        if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -4096)?;
    Ok(connection)
}

fn write_row(row: &Row<'_>, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    let post = Post {
        id: text(0)?,
        author: text(1)?,
        body: text(2)?,
        title: text(3)?,
        views: row.get(4)?,
    };
    serde_json::to_writer(out, &post).map_err(|_| rusqlite::Error::InvalidQuery)
}

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

impl Database {
    pub fn open(folder: &Path) -> rusqlite::Result<Self> {
        let path = folder.join("floor.db");
        let (lists, list_queue) = bounded::<(i64, oneshot::Sender<Option<String>>)>(1024);
        for _ in 0..2 {
            let (queue, connection) = (list_queue.clone(), open(&path, false)?);
            std::thread::spawn(move || {
                for (views, reply) in queue {
                    let _ = reply.send(list(&connection, views).ok());
                }
            });
        }
        let (writes, queue) = bounded::<(NewPost, oneshot::Sender<Option<String>>)>(4096);
        let connection = open(&path, true)?;
        std::thread::spawn(move || {
            while let Ok(first) = queue.recv() {
                let mut group = vec![first];
                group.extend(queue.try_iter().take(GROUP - 1));
                write(&connection, group);
            }
        });
        Ok(Self { path, lists, writes })
    }

    pub fn one(&self, id: &str) -> Option<String> {
        READER.with_borrow_mut(|reader| {
            if reader.is_none() {
                *reader = open(&self.path, false).ok();
            }
            let sql = "SELECT id, author, body, title, views FROM posts WHERE id = ?";
            let mut statement = reader.as_ref()?.prepare_cached(sql).ok()?;
            let mut rows = statement.query([id]).ok()?;
            let mut out = Vec::with_capacity(512);
            write_row(rows.next().ok()??, &mut out).ok()?;
            String::from_utf8(out).ok()
        })
    }

    pub async fn list(&self, views: i64) -> Option<String> {
        let (reply, answer) = oneshot::channel();
        self.lists.try_send((views, reply)).ok()?;
        answer.await.ok()?
    }

    pub async fn insert(&self, post: NewPost) -> Option<String> {
        let (reply, answer) = oneshot::channel();
        self.writes.try_send((post, reply)).ok()?;
        answer.await.ok()?
    }
}

fn list(connection: &Connection, views: i64) -> rusqlite::Result<String> {
    let sql =
        "SELECT id, author, body, title, views FROM posts WHERE views > ? ORDER BY views LIMIT 20";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([views])?;
    let mut out = Vec::with_capacity(4096);
    out.push(b'[');
    while let Some(row) = rows.next()? {
        if out.len() > 1 {
            out.push(b',');
        }
        write_row(row, &mut out)?;
    }
    out.push(b']');
    String::from_utf8(out).map_err(|_| rusqlite::Error::InvalidQuery)
}

fn write(connection: &Connection, group: Vec<(NewPost, oneshot::Sender<Option<String>>)>) {
    let mut bodies = Vec::with_capacity(group.len());
    let done = || -> rusqlite::Result<()> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for (post, _) in &group {
            let id = uuid::Uuid::now_v7().to_string();
            let mut insert =
                connection.prepare_cached("INSERT INTO posts VALUES (?, ?, ?, ?, ?)")?;
            insert.execute(params![id, post.author, post.body, post.title, post.views])?;
            let shown = Post {
                id: &id,
                author: &post.author,
                body: &post.body,
                title: &post.title,
                views: post.views,
            };
            bodies.push(serde_json::to_string(&shown).ok());
        }
        connection.execute_batch("COMMIT")
    };
    let done = {
        let mut done = done;
        done()
    };
    for ((_, reply), body) in group.into_iter().zip(bodies) {
        let _ = reply.send(if done.is_ok() { body } else { None });
    }
}
