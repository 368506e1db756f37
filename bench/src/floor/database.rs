//! The floor's database: one reader a thread for lookups, two threads for pages, one writer that
//! commits what has gathered in one transaction.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Sender, bounded};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::lookups;
use super::pages::{self, Page, Question};
use super::writes::{self, NewPost, Posts, WRITES, Write};

pub struct Database {
    path: PathBuf,
    pages: Sender<(Question, oneshot::Sender<Option<Page>>)>,
    writes: Sender<Write>,
}

fn open(path: &Path, write: bool) -> rusqlite::Result<Connection> {
    let mode =
        if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -4096)?;
    // Without it SQLite plans a statement anew whenever a value is bound that an index may serve.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

impl Database {
    pub fn open(folder: &Path) -> rusqlite::Result<Self> {
        let path = folder.join("floor.db");
        let (pages, page_queue) = bounded::<(Question, oneshot::Sender<Option<Page>>)>(1024);
        for _ in 0..2 {
            let (queue, connection) = (page_queue.clone(), open(&path, false)?);
            std::thread::spawn(move || {
                for (question, reply) in queue {
                    let _ = reply.send(pages::answer(&connection, &question).ok());
                }
            });
        }
        let (writes, queue) = bounded::<Write>(WRITES);
        let connection = open(&path, true)?;
        std::thread::spawn(move || {
            while let Ok(first) = queue.recv() {
                writes::commit(&connection, writes::gather(first, &queue));
            }
        });
        Ok(Self { path, pages, writes })
    }

    /// A post by its key, on the calling thread.
    pub fn one(&self, id: &str) -> Option<String> {
        self.look(|reader| lookups::post(reader, id))
    }

    /// An article with its author's name, on the calling thread.
    pub fn article(&self, topic: &str, views: i64) -> Option<String> {
        self.look(|reader| lookups::article(reader, topic, views))
    }

    fn look(
        &self,
        find: impl FnOnce(&Connection) -> rusqlite::Result<Option<String>>,
    ) -> Option<String> {
        READER.with_borrow_mut(|reader| {
            if reader.is_none() {
                *reader = open(&self.path, false).ok();
            }
            find(reader.as_ref()?).ok()?
        })
    }

    pub async fn page(&self, question: Question) -> Option<Page> {
        let (reply, answer) = oneshot::channel();
        self.pages.try_send((question, reply)).ok()?;
        answer.await.ok()?
    }

    /// One post; its body comes back.
    pub async fn insert(&self, post: NewPost) -> Option<String> {
        self.write(Posts::One(post)).await
    }

    /// Many posts in one transaction; nothing comes back.
    pub async fn insert_many(&self, posts: Vec<NewPost>) -> Option<String> {
        self.write(Posts::Many(posts)).await
    }

    async fn write(&self, posts: Posts) -> Option<String> {
        let (reply, answer) = oneshot::channel();
        self.writes.try_send(Write { posts, reply }).ok()?;
        answer.await.ok()?
    }
}
