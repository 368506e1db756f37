//! The floor's pages of twenty rows: posts, articles that are counted, and articles with what
//! belongs to them.

use rusqlite::{Connection, Statement};
use serde::Serialize;

use super::lookups::{finish, put, put_post, text};

/// What a page thread is asked.
pub enum Question {
    /// Posts above these views.
    List(i64),
    /// Articles above these views with their author and comments.
    Embed(i64),
    /// Articles on a topic from these views on, counted.
    Count(String, i64),
}

/// Rows as JSON, and how many there are on all pages when that was asked.
pub struct Page {
    pub body: String,
    pub range: Option<String>,
}

pub fn answer(connection: &Connection, question: &Question) -> rusqlite::Result<Page> {
    let whole = |body| Page { body, range: None };
    match question {
        Question::List(views) => list(connection, *views).map(whole),
        Question::Embed(views) => embed(connection, *views).map(whole),
        Question::Count(topic, views) => count(connection, topic, *views),
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
        put_post(row, &mut out)?;
    }
    out.push(b']');
    finish(out)
}

#[derive(Serialize)]
struct Comment<'a> {
    id: &'a str,
    text: &'a str,
}

/// A statement for the articles and one for each of their comments: faster than one statement that
/// has SQLite write the JSON.
fn embed(connection: &Connection, views: i64) -> rusqlite::Result<String> {
    let sql = "SELECT a.id, a.title, a.views, w.name
               FROM articles a JOIN authors w ON w.id = a.author
               WHERE a.views > ? ORDER BY a.views LIMIT 20";
    let mut statement = connection.prepare_cached(sql)?;
    let sql = "SELECT id, text FROM comments WHERE article = ? ORDER BY id";
    let mut under = connection.prepare_cached(sql)?;
    let mut rows = statement.query([views])?;
    let mut out = Vec::with_capacity(16 * 1024);
    out.push(b'[');
    while let Some(row) = rows.next()? {
        let before: &[u8] = if out.len() > 1 { b",{\"id\":" } else { b"{\"id\":" };
        out.extend_from_slice(before);
        let id = text(row, 0)?;
        put(&mut out, &id)?;
        out.extend_from_slice(b",\"title\":");
        put(&mut out, &text(row, 1)?)?;
        out.extend_from_slice(b",\"views\":");
        put(&mut out, &row.get::<_, i64>(2)?)?;
        out.extend_from_slice(b",\"author\":{\"name\":");
        put(&mut out, &text(row, 3)?)?;
        out.extend_from_slice(b"},\"comments\":");
        comments(&mut under, id, &mut out)?;
        out.push(b'}');
    }
    out.push(b']');
    finish(out)
}

fn comments(under: &mut Statement<'_>, id: &str, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    let mut rows = under.query([id])?;
    out.push(b'[');
    let mut first = true;
    while let Some(row) = rows.next()? {
        if !first {
            out.push(b',');
        }
        first = false;
        put(out, &Comment { id: text(row, 0)?, text: text(row, 1)? })?;
    }
    out.push(b']');
    Ok(())
}

#[derive(Serialize)]
struct Article<'a> {
    id: &'a str,
    author: &'a str,
    title: &'a str,
    topic: &'a str,
    views: i64,
}

/// Both statements see the same moment.
fn count(connection: &Connection, topic: &str, views: i64) -> rusqlite::Result<Page> {
    let moment = connection.unchecked_transaction()?;
    let sql = "SELECT count(*) FROM articles WHERE topic = ? AND views >= ?";
    let all: i64 = moment.prepare_cached(sql)?.query_row((topic, views), |row| row.get(0))?;
    let sql = "SELECT id, author, title, topic, views FROM articles
               WHERE topic = ? AND views >= ? ORDER BY views LIMIT 20";
    let mut statement = moment.prepare_cached(sql)?;
    let mut rows = statement.query((topic, views))?;
    let mut out = Vec::with_capacity(4096);
    let mut held = 0;
    out.push(b'[');
    while let Some(row) = rows.next()? {
        if held > 0 {
            out.push(b',');
        }
        held += 1;
        let article = Article {
            id: text(row, 0)?,
            author: text(row, 1)?,
            title: text(row, 2)?,
            topic: text(row, 3)?,
            views: row.get(4)?,
        };
        put(&mut out, &article)?;
    }
    out.push(b']');
    let range = match held {
        0 => format!("*/{all}"),
        _ => format!("0-{}/{all}", held - 1),
    };
    Ok(Page { body: finish(out)?, range: Some(range) })
}
