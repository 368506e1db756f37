//! Mainstay as a subject: the application it serves, the rows as seed files, and its start as it
//! ships, with every layer on and the log too (to a pipe that is read and thrown away).

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::data::{articles, authors, comments, ids, row};
use crate::subjects::{Paths, Subject, free_port, spawn, wait};

/// The user who asks.
const USER: &str = "0190f0c1-0000-7000-8000-000000000001";

/// Who may read posts. Every rule holds for all of them, so that the answers are the floor's.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Everybody, whatever the row.
    Open,
    /// Two tests of the row are left when the role has folded away.
    Conjuncts,
    /// There must be a row of another table for the row and the user.
    Exists,
}

impl Rule {
    fn name(self) -> &'static str {
        match self {
            Self::Open => "mainstay",
            Self::Conjuncts => "mainstay, two conjuncts",
            Self::Exists => "mainstay, exists",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Open => "true",
            Self::Conjuncts => {
                "auth.role == 'authenticated' && row.views >= 0 && row.author != auth.uid"
            }
            Self::Exists => "shelves.exists(s, s.author == row.author && s.user == auth.uid)",
        }
    }
}

/// The module, as Mainstay declares it; `RULE` stands for the rule to read posts.
const MODULE: &str = r#"
[tables.posts]
indexes = [["views"]]
[tables.posts.columns]
author = "text"
body = "text"
title = { type = "text", max = 200 }
views = "integer"
[tables.posts.allow]
read = "RULE"
create = "auth.role == 'authenticated'"

[tables.shelves]
primary_key = ["author", "user"]
columns.author = "text"
columns.user = "uuid"

[tables.authors.columns]
name = "text"
[tables.authors.allow]
read = "true"

[tables.articles]
indexes = [["views"], ["topic", "views"]]
[tables.articles.columns]
author = { references = "authors" }
title = { type = "text", max = 200 }
topic = "text"
views = "integer"
[tables.articles.allow]
read = "true"

[tables.comments.columns]
article = { references = "articles" }
text = "text"
[tables.comments.allow]
read = "true"

[functions.article]
args = { topic = "text", views = "integer" }
sql = '''
select a.id, a.title, a.views, w.name as author
from articles a join authors w on w.id = a.author
where a.topic = :topic and a.views = :views'''
returns = { id = "uuid", title = "text", views = "integer", author = "text" }
allow = "true"
"#;

/// What the application of every case says of itself.
const SETTINGS: &str = "name = \"bench\"\n";

/// Accounts as they ship, but for the bounds against guessing: all requests come from one place.
/// The public address is fixed, so that tokens outlive a restart on another port.
const ACCOUNTS: &str = r#"name = "bench"
[server]
public_url = "http://127.0.0.1:8080"
[auth]
anonymous = true
confirm_email = false
signups_per_hour = 1000000000
letters_per_hour = 1000000000
failures_per_place = 1000000000
letter_pause = "0s"
"#;

/// The keys of the application.
pub struct Keys {
    pub anon: String,
    pub service: String,
}

/// Mainstay with the rows in it.
pub fn start(rule: Rule) -> std::io::Result<Subject> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("bench");
    declare(&app, rule, SETTINGS)?;
    // Before the server runs: at once, both could make a secret.
    let anon = key(&app, &["--anon"])?;
    let user = key(&app, &["--role", "authenticated", "--uid", USER])?;
    let (address, child) = serve(&app)?;
    let headers = format!("apikey: {anon}\r\nAuthorization: Bearer {user}\r\n");
    Ok(subject(rule.name(), (address, child), headers, folder))
}

/// Mainstay with the rows in it, for those who sign up and in.
pub fn with_accounts() -> std::io::Result<(Subject, Keys)> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("bench");
    declare(&app, Rule::Open, ACCOUNTS)?;
    let keys = Keys { anon: key(&app, &["--anon"])?, service: key(&app, &["--service-role"])? };
    let (address, child) = serve(&app)?;
    let headers = format!("apikey: {}\r\n", keys.anon);
    Ok((subject("mainstay", (address, child), headers, folder), keys))
}

/// Ends its process and starts another over the same data.
pub fn again(subject: &mut Subject) -> std::io::Result<()> {
    subject.child.kill()?;
    subject.child.wait()?;
    (subject.address, subject.child) = serve(&subject.folder.path().join("bench"))?;
    Ok(())
}

fn key(app: &Path, arguments: &[&str]) -> std::io::Result<String> {
    let out = Command::new(binary()?).arg("keys").arg(app).args(arguments).output()?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

fn serve(app: &Path) -> std::io::Result<(SocketAddr, Child)> {
    let port = free_port()?;
    let mut child = spawn(
        Command::new(binary()?)
            .arg("serve")
            .arg(app)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--admin-listen")
            .arg("127.0.0.1:0"),
    )?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait(address, &mut child)?;
    Ok((address, child))
}

fn subject(
    name: &'static str,
    (address, child): (SocketAddr, Child),
    headers: String,
    folder: TempDir,
) -> Subject {
    Subject {
        name,
        durability: "WAL, synchronous=FULL, group commit",
        address,
        child,
        paths: paths(),
        headers,
        insert_headers: "Prefer: return=representation\r\n",
        bulk_headers: "Prefer: return=minimal\r\n",
        count_headers: "Prefer: count=exact\r\n",
        alike: true,
        folder,
    }
}

fn paths() -> Paths {
    Paths {
        health: "/livez",
        one: |id| format!("/rest/v1/posts?id=eq.{id}"),
        list: |views| format!("/rest/v1/posts?views=gt.{views}&order=views&limit=20"),
        insert: "/rest/v1/posts",
        embed: |views| {
            format!(
                "/rest/v1/articles?select=id,title,views,author(name),comments(id,text)\
                 &views=gt.{views}&order=views&limit=20"
            )
        },
        count: |topic, views| {
            format!("/rest/v1/articles?topic=eq.{topic}&views=gte.{views}&order=views&limit=20")
        },
        bulk: Some("/rest/v1/posts"),
        rpc: Some(|topic, views| format!("/rest/v1/rpc/article?topic={topic}&views={views}")),
    }
}

/// Writes the application and its seed files.
fn declare(app: &Path, rule: Rule, settings: &str) -> std::io::Result<()> {
    let seeds = app.join("seed/bench");
    std::fs::create_dir_all(app.join("modules"))?;
    std::fs::create_dir_all(&seeds)?;
    std::fs::write(app.join("mainstay.toml"), settings)?;
    std::fs::write(app.join("modules/bench.toml"), MODULE.replace("RULE", rule.text()))?;
    let posts = (0..).zip(ids()).map(|(at, id)| {
        let (author, body, title, views) = row(at);
        format!("{id},{author},\"{body}\",{title},{views}")
    });
    seed(&seeds, "posts", "id,author,body,title,views", posts)?;
    let rows = (0..100).map(|at| format!("author-{at},{USER}"));
    seed(&seeds, "shelves", "author,user", rows)?;
    let rows = authors().into_iter().map(|(id, name)| format!("{id},{name}"));
    seed(&seeds, "authors", "id,name", rows)?;
    let rows = articles()
        .into_iter()
        .map(|one| format!("{},{},{},{},{}", one.id, one.author, one.title, one.topic, one.views));
    seed(&seeds, "articles", "id,author,title,topic,views", rows)?;
    let rows =
        comments().into_iter().map(|one| format!("{},{},\"{}\"", one.id, one.article, one.text));
    seed(&seeds, "comments", "id,article,text", rows)
}

fn seed(
    folder: &Path,
    table: &str,
    head: &str,
    rows: impl Iterator<Item = String>,
) -> std::io::Result<()> {
    let mut text = format!("{head}\n");
    for row in rows {
        writeln!(text, "{row}").map_err(std::io::Error::other)?;
    }
    std::fs::write(folder.join(format!("{table}.csv")), text)
}

/// The release binary beside this one, built first when that has not been tried.
fn binary() -> std::io::Result<PathBuf> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(given) = std::env::var_os("MAINSTAY_BIN") {
        return Ok(given.into());
    }
    if let Some(built) = BUILT.get() {
        return Ok(built.clone());
    }
    let own = std::env::current_exe()?;
    let beside = own.with_file_name("mainstay");
    let status =
        Command::new("cargo").args(["build", "--release", "--quiet", "-p", "mainstay"]).status()?;
    if !status.success() || !beside.exists() {
        return Err(std::io::Error::other("the mainstay binary could not be built"));
    }
    Ok(BUILT.get_or_init(|| beside).clone())
}
