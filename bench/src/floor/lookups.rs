//! The floor's single rows: a post by its key, and an article joined with its author.

use rusqlite::{Connection, Row};
use serde::Serialize;

#[derive(Serialize)]
pub struct Post<'a> {
    pub id: &'a str,
    pub author: &'a str,
    pub body: &'a str,
    pub title: &'a str,
    pub views: i64,
}

#[derive(Serialize)]
struct Article<'a> {
    id: &'a str,
    title: &'a str,
    views: i64,
    author: &'a str,
}

/// The text of a column, where it lies.
pub fn text<'a>(row: &'a Row<'_>, at: usize) -> rusqlite::Result<&'a str> {
    row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)
}

/// Appends what `serde_json` makes of it.
pub fn put(out: &mut Vec<u8>, value: &impl Serialize) -> rusqlite::Result<()> {
    serde_json::to_writer(out, value).map_err(|_| rusqlite::Error::InvalidQuery)
}

/// Appends a post whose columns are in the order of the table.
pub fn put_post(row: &Row<'_>, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    let post = Post {
        id: text(row, 0)?,
        author: text(row, 1)?,
        body: text(row, 2)?,
        title: text(row, 3)?,
        views: row.get(4)?,
    };
    put(out, &post)
}

/// What was written, as text.
pub fn finish(out: Vec<u8>) -> rusqlite::Result<String> {
    String::from_utf8(out).map_err(|_| rusqlite::Error::InvalidQuery)
}

pub fn post(connection: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT id, author, body, title, views FROM posts WHERE id = ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut out = Vec::with_capacity(512);
    put_post(row, &mut out)?;
    finish(out).map(Some)
}

pub fn article(
    connection: &Connection,
    topic: &str,
    views: i64,
) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT a.id, a.title, a.views, w.name
               FROM articles a JOIN authors w ON w.id = a.author
               WHERE a.topic = ? AND a.views = ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((topic, views))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let article = Article {
        id: text(row, 0)?,
        title: text(row, 1)?,
        views: row.get(2)?,
        author: text(row, 3)?,
    };
    let mut out = Vec::with_capacity(256);
    put(&mut out, &article)?;
    finish(out).map(Some)
}
