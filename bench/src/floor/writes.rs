//! The floor's writes: what has gathered is one transaction, on disk before anybody is answered.

use crossbeam_channel::Receiver;
use rusqlite::{Connection, params};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::lookups::Post;

/// Writes that may wait.
pub const WRITES: usize = 4096;

/// Writes that one commit may hold.
const GROUP: usize = 256;

/// Rows after which a commit takes no further write in.
const GROUP_ROWS: usize = 4096;

#[derive(Deserialize)]
pub struct NewPost {
    author: String,
    body: String,
    title: String,
    views: i64,
}

pub enum Posts {
    One(NewPost),
    Many(Vec<NewPost>),
}

pub struct Write {
    pub posts: Posts,
    pub reply: oneshot::Sender<Option<String>>,
}

impl Posts {
    fn rows(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(posts) => posts.len(),
        }
    }
}

/// The first write and what waits behind it.
pub fn gather(first: Write, queue: &Receiver<Write>) -> Vec<Write> {
    let mut rows = first.posts.rows();
    let mut group = vec![first];
    while group.len() < GROUP && rows < GROUP_ROWS {
        let Ok(next) = queue.try_recv() else { break };
        rows += next.posts.rows();
        group.push(next);
    }
    group
}

/// All of the group or nothing.
pub fn commit(connection: &Connection, group: Vec<Write>) {
    let done = write(connection, &group);
    if done.is_err() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    let bodies = done.unwrap_or_default();
    for (Write { reply, .. }, body) in group.into_iter().zip(bodies) {
        let _ = reply.send(body);
    }
}

/// The answers, in the order of the group.
fn write(connection: &Connection, group: &[Write]) -> rusqlite::Result<Vec<Option<String>>> {
    let mut bodies = Vec::with_capacity(group.len());
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for Write { posts, .. } in group {
        bodies.push(match posts {
            Posts::One(post) => shown(&insert(connection, post)?, post),
            Posts::Many(posts) => {
                for post in posts {
                    insert(connection, post)?;
                }
                Some(String::new())
            }
        });
    }
    connection.execute_batch("COMMIT")?;
    Ok(bodies)
}

/// Gives the new row's key.
fn insert(connection: &Connection, post: &NewPost) -> rusqlite::Result<String> {
    let id = uuid::Uuid::now_v7().to_string();
    let mut insert = connection.prepare_cached("INSERT INTO posts VALUES (?, ?, ?, ?, ?)")?;
    insert.execute(params![id, post.author, post.body, post.title, post.views])?;
    Ok(id)
}

fn shown(id: &str, post: &NewPost) -> Option<String> {
    let NewPost { author, body, title, views } = post;
    serde_json::to_string(&Post { id, author, body, title, views: *views }).ok()
}
