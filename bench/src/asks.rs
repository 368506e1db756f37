//! The requests of each case, whole with their heads, for any subject.

use std::sync::Arc;

use serde_json::json;

use crate::data::{self, ARTICLES, ROWS};
use crate::load::{Ask, Random};
use crate::subjects::Subject;

/// Bodies that a bulk case has ready: making them costs more than one row's does.
const READY: u64 = 16;

/// The requests of a case.
///
/// # Errors
/// When there is no such case, or the subject has nothing for it.
pub fn ask(subject: &Subject, case: &str) -> std::io::Result<Arc<Ask>> {
    let nothing = || std::io::Error::other(format!("{} has nothing for {case}", subject.name));
    let get = reader(&subject.headers);
    let (health, list, embed) = (subject.paths.health, subject.paths.list, subject.paths.embed);
    Ok(match case {
        "health" => Arc::new(move |_, out| get(health, out)),
        "get" => {
            let by_key = by_key(subject);
            Arc::new(move |random, out| get(&by_key(random), out))
        }
        "list" => Arc::new(move |random, out| get(&list(random.below(ROWS - 500)), out)),
        "insert" => Arc::new(insert(subject)),
        "mixed" => {
            let (by_key, insert) = (by_key(subject), insert(subject));
            Arc::new(move |random, out| match random.below(10) {
                0 => insert(random, out),
                _ => get(&by_key(random), out),
            })
        }
        "embed" => Arc::new(move |random, out| get(&embed(random.below(ARTICLES - 100)), out)),
        "count" => {
            let counting = reader(&format!("{}{}", subject.headers, subject.count_headers));
            let count = subject.paths.count;
            Arc::new(move |random, out| {
                let topic = data::topic(random.below(ARTICLES));
                // From here on a topic has 300 to 400 articles.
                counting(&count(&topic, random.below(ARTICLES / 4)), out);
            })
        }
        "rpc" => {
            let rpc = subject.paths.rpc.ok_or_else(nothing)?;
            Arc::new(move |random, out| {
                let at = random.below(ARTICLES);
                get(&rpc(&data::topic(at), at), out);
            })
        }
        "bulk100" => bulk(subject, subject.paths.bulk.ok_or_else(nothing)?, 100),
        "bulk1000" => bulk(subject, subject.paths.bulk.ok_or_else(nothing)?, 1000),
        _ => return Err(nothing()),
    })
}

/// Writes a GET with these headers.
fn reader(headers: &str) -> impl Fn(&str, &mut Vec<u8>) + Send + Sync + 'static {
    let headers = headers.to_owned();
    move |path, out| {
        out.extend_from_slice(
            format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n").as_bytes(),
        );
    }
}

/// The path of a list of posts above these views, as a request.
pub fn list(subject: &Subject, views: u64) -> Vec<u8> {
    let mut out = Vec::new();
    reader(&subject.headers)(&(subject.paths.list)(views), &mut out);
    out
}

/// The path of some post.
fn by_key(subject: &Subject) -> impl Fn(&mut Random) -> String + Send + Sync + 'static {
    let (ids, one) = (data::ids(), subject.paths.one);
    move |random| one(&ids[usize::try_from(random.below(ROWS)).unwrap_or(0)])
}

/// Writes a POST of one post.
fn insert(subject: &Subject) -> impl Fn(&mut Random, &mut Vec<u8>) + Send + Sync + 'static {
    let path = subject.paths.insert;
    let headers = format!("{}{}", subject.headers, subject.insert_headers);
    move |random, out| {
        let (author, body, title, views) = data::row(random.below(1_000_000));
        let json =
            format!(r#"{{"author":"{author}","body":"{body}","title":"{title}","views":{views}}}"#);
        out.extend_from_slice(&post(path, &headers, &json));
    }
}

/// Posts of `count` posts each, of which one is taken.
fn bulk(subject: &Subject, path: &str, count: u64) -> Arc<Ask> {
    let headers = format!("{}{}", subject.headers, subject.bulk_headers);
    let mut random = Random::new(23);
    let mut row = || {
        let (author, body, title, views) = data::row(random.below(1_000_000));
        json!({ "author": author, "body": body, "title": title, "views": views })
    };
    let mut body = || serde_json::Value::from_iter((0..count).map(|_| row())).to_string();
    let ready: Vec<_> = (0..READY).map(|_| post(path, &headers, &body())).collect();
    Arc::new(move |random, out| {
        out.extend_from_slice(&ready[usize::try_from(random.below(READY)).unwrap_or(0)]);
    })
}

/// A POST of JSON, whole with its head.
pub fn post(path: &str, headers: &str, json: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
        json.len()
    )
    .into_bytes()
}
