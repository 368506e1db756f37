//! The cases that both have: sign-in by password, the next token of a chain, and one row for a
//! caller with a token. Each in a fresh process, Mainstay and PocketBase in turns.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use super::people::{self, PASSWORD, email, exchange, post};
use super::speakers::Chain;
use super::{Args, Figure};
use crate::load::{self, Ask, Run, Speaker};
use crate::subjects::Subject;
use crate::{data, mainstay, pocket, process};

/// Users who sign in. More than connections, so that few are at the same account at once.
const USERS: u64 = 64;

/// A server with users in it, and how its accounts are asked.
struct Place {
    subject: Subject,
    sign_in: fn(u64) -> (&'static str, String),
    /// Name in the answer to a sign-in of the token for data, and of the one that is refreshed.
    token: &'static str,
    refreshed: &'static str,
    refresh: fn(&str, &str) -> Vec<u8>,
    /// What stands before a token in `Authorization`.
    scheme: &'static str,
}

#[derive(Clone, Copy)]
enum Server {
    Mainstay,
    /// With its request log, or without.
    PocketBase(bool),
}

const SERVERS: [Server; 3] =
    [Server::Mainstay, Server::PocketBase(true), Server::PocketBase(false)];

/// Case and connections. A sign-in keeps a core busy: more at once only wait longer.
const CASES: [(&str, usize); 3] = [("sign-in", 8), ("refresh", 32), ("get, one token", 32)];

/// Measures every case in turns and gives the medians.
pub async fn measure(args: &Args) -> std::io::Result<Vec<Figure>> {
    let mut all = Vec::new();
    for case in CASES {
        let mut rounds = vec![Vec::new(); SERVERS.len()];
        for _ in 0..args.runs {
            for (round, server) in rounds.iter_mut().zip(SERVERS) {
                let place = match open(server).await {
                    Ok(place) => place,
                    Err(error) if matches!(server, Server::PocketBase(_)) => {
                        eprintln!("skipped pocketbase: {error}");
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                round.push(turn(&place, case, args.length()).await?);
            }
        }
        all.extend(rounds.into_iter().filter_map(median));
    }
    Ok(all)
}

/// The run with the median throughput.
pub fn median(mut runs: Vec<Figure>) -> Option<Figure> {
    runs.sort_by(|a, b| a.requests_per_second.total_cmp(&b.requests_per_second));
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
}

async fn open(server: Server) -> std::io::Result<Place> {
    match server {
        Server::Mainstay => {
            let (subject, keys) = mainstay::with_accounts()?;
            people::of_mainstay(subject.address, &keys, 0..USERS, true).await?;
            Ok(Place {
                subject,
                sign_in: |at| {
                    let body = json!({ "email": email(at), "password": PASSWORD });
                    ("/auth/v1/token?grant_type=password", body.to_string())
                },
                token: "access_token",
                refreshed: "refresh_token",
                refresh: |headers, token| {
                    let body = format!(r#"{{"refresh_token":"{token}"}}"#);
                    post("/auth/v1/token?grant_type=refresh_token", headers, &body)
                },
                scheme: "Bearer ",
            })
        }
        Server::PocketBase(log) => {
            let subject = pocket::start(log)?;
            people::of_pocketbase(subject.address, 0..USERS).await?;
            Ok(Place {
                subject,
                sign_in: |at| {
                    let body = json!({ "identity": email(at), "password": PASSWORD });
                    ("/api/collections/users/auth-with-password", body.to_string())
                },
                token: "token",
                refreshed: "token",
                refresh: |headers, token| {
                    let headers = format!("{headers}Authorization: {token}\r\n");
                    post("/api/collections/users/auth-refresh", &headers, "{}")
                },
                scheme: "",
            })
        }
    }
}

impl Place {
    /// Signs a user in and gives the text of this name.
    async fn signed_in(&self, at: u64, name: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.subject.address).await?;
        let (path, body) = (self.sign_in)(at);
        let answer = exchange(&mut stream, &post(path, &self.subject.headers, &body)).await?;
        let lost = || std::io::Error::other(format!("{path} gives no {name}"));
        answer[name].as_str().map(str::to_owned).ok_or_else(lost)
    }

    async fn speakers(
        &self,
        case: &str,
        connections: usize,
    ) -> std::io::Result<Vec<Box<dyn Speaker>>> {
        let alike = |ask: Arc<Ask>| -> Vec<Box<dyn Speaker>> {
            (0..connections).map(|_| load::same(Arc::clone(&ask))).collect()
        };
        match case {
            "sign-in" => {
                let (sign_in, headers) = (self.sign_in, self.subject.headers.clone());
                Ok(alike(Arc::new(move |random, out| {
                    let (path, body) = sign_in(random.below(USERS));
                    out.extend_from_slice(&post(path, &headers, &body));
                })))
            }
            "refresh" => {
                let mut chains: Vec<Box<dyn Speaker>> = Vec::new();
                for at in 0..connections as u64 {
                    chains.push(Box::new(Chain {
                        headers: self.subject.headers.clone(),
                        token: self.signed_in(at % USERS, self.refreshed).await?,
                        write: self.refresh,
                        next: self.refreshed,
                    }));
                }
                Ok(chains)
            }
            _ => {
                let token = self.signed_in(0, self.token).await?;
                let scheme = self.scheme;
                let headers = format!("{}Authorization: {scheme}{token}\r\n", self.subject.headers);
                let path = (self.subject.paths.one)(&data::ids()[0]);
                Ok(alike(Arc::new(move |_, out| {
                    let head = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n");
                    out.extend_from_slice(head.as_bytes());
                })))
            }
        }
    }
}

async fn turn(
    place: &Place,
    (case, connections): (&'static str, usize),
    length: Duration,
) -> std::io::Result<Figure> {
    let subject = &place.subject;
    let warm = Duration::from_millis(300).min(length);
    load::speak(subject.address, warm, place.speakers(case, connections).await?).await?;
    let speakers = place.speakers(case, connections).await?;
    let before = process::cpu(subject.child.id());
    let run = load::speak(subject.address, length, speakers).await?;
    figure(subject, (case, connections), &run, before)
}

/// What a run gave; `before` is the processor time that the server had used when it began.
#[allow(clippy::cast_precision_loss)] // figures for people
pub fn figure(
    subject: &Subject,
    (case, connections): (&'static str, usize),
    run: &Run,
    before: Duration,
) -> std::io::Result<Figure> {
    if run.errors > 0 {
        let text = format!("{} refuses {} requests of {case}", subject.name, run.errors);
        return Err(std::io::Error::other(text));
    }
    let pid = subject.child.id();
    let used = process::cpu(pid) - before;
    let one = Figure {
        case,
        subject: subject.name,
        connections,
        requests_per_second: run.requests as f64 / run.length.as_secs_f64(),
        p50_ms: run.percentile(0.50),
        p99_ms: run.percentile(0.99),
        cpu_us_per_request: used.as_secs_f64() * 1e6 / run.requests.max(1) as f64,
        memory_mb: process::memory(pid).0 as f64 / 1_048_576.0,
    };
    eprintln!(
        "{case:24} {:20} {:9.0}/s {:9.1} us",
        one.subject, one.requests_per_second, one.cpu_us_per_request
    );
    Ok(one)
}
