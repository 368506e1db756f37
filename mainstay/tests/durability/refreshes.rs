//! A1 for sessions: many sessions are refreshed without a pause, `kill -9` at a random moment, start
//! again. The token that was acknowledged last opens each session still: it is the one that is not
//! spent, or its successor was on the disk already and its answer lost, and then it is given again.
//! No session is lost, none is there twice, and no two of them get one token.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mainstay_testkit::{Connection, Process};
use serde_json::{Value, json};

use crate::application::{Application, damage};
use crate::{Options, Verdict};

const SESSIONS: usize = 16;

/// A fifth of these is enough for the control to have lost one.
const CONTROL_ROUNDS: usize = 1_000;

/// One session as its client knows it.
struct Client {
    name: String,
    token: String,
    acknowledged: u64,
    /// How its last token was refused, which must not happen.
    lost: Option<String>,
}

pub fn no_session_is_lost(options: &Options) -> Verdict {
    rounds(options.rounds, &[])
}

/// Acknowledging before the commit must be noticed: a token of a turn that the disk never saw.
pub fn the_control_loses_one(_: &Options) -> Verdict {
    let flags = ["--negative-control-acknowledge-before-commit"];
    match rounds(CONTROL_ROUNDS, &flags) {
        Verdict::Failed(why) => Verdict::Passed(why),
        Verdict::Passed(note) => Verdict::Failed(format!("{note}: this test cannot fail")),
        skipped @ Verdict::Skipped(_) => skipped,
    }
}

fn rounds(most: usize, flags: &[&str]) -> Verdict {
    let application = Arc::new(Application::new());
    let start =
        || Process::start(application.command(&[], flags)).unwrap_or_else(|said| panic!("{said}"));
    let rounds = (most / 5).max(1);
    let server = start();
    let mut clients = sign_in(&application, server.address);
    server.kill();
    for round in 0..rounds {
        let server = start();
        clients = under_load(&application, server, clients, round as u64);
        let lost =
            |client: &Client| Some(format!("{} is lost: {}", client.name, client.lost.as_ref()?));
        if let Some(why) = clients.iter().find_map(lost) {
            return Verdict::Failed(format!("round {round}: {why}"));
        }
        if let Some(damage) = damage(&application.data.join("auth.db")) {
            return Verdict::Failed(damage);
        }
        let server = start();
        let found = compare(&application, server.address, &mut clients);
        server.kill();
        if let Err(why) = found {
            return Verdict::Failed(format!("round {round}: {why}"));
        }
    }
    let acknowledged: u64 = clients.iter().map(|client| client.acknowledged).sum();
    Verdict::Passed(format!("{rounds} rounds, {acknowledged} acknowledged refreshes, 0 lost"))
}

fn sign_in(application: &Application, address: SocketAddr) -> Vec<Client> {
    let mut connection = application.connect(address).unwrap();
    let mut ask = |path: &str, body: Value| {
        let answer = connection.ask_accounts("POST", path, &body.to_string()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()
    };
    let password = "nine wild geese over water";
    let sign_in = |at: usize| {
        let name = format!("user{at}@example.com");
        let body = json!({ "email": name, "password": password, "email_confirm": true });
        ask("/admin/users", body.clone());
        let session = ask("/token?grant_type=password", body);
        Client { name, token: text(&session, "refresh_token"), acknowledged: 0, lost: None }
    };
    (0..SESSIONS).map(sign_in).collect()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// The next token, or how it was refused; an error where nothing came back.
fn refresh(connection: &mut Connection, token: &str) -> std::io::Result<Result<Value, String>> {
    let body = json!({ "refresh_token": token }).to_string();
    let answer = connection.ask_accounts("POST", "/token?grant_type=refresh_token", &body)?;
    Ok(match answer.status {
        200 => Ok(serde_json::from_str(&answer.body).unwrap()),
        status => Err(format!("{status}: {}", answer.body)),
    })
}

fn under_load(
    application: &Arc<Application>,
    server: Process,
    clients: Vec<Client>,
    round: u64,
) -> Vec<Client> {
    let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
    let storms: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let (application, stop) = (Arc::clone(application), Arc::clone(&stop));
            thread::spawn(move || {
                let Ok(mut connection) = application.connect(address) else { return client };
                while !stop.load(Ordering::Relaxed) {
                    match refresh(&mut connection, &client.token) {
                        Ok(Ok(session)) => {
                            client.token = text(&session, "refresh_token");
                            client.acknowledged += 1;
                        }
                        Ok(Err(why)) => {
                            client.lost = Some(why);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                client
            })
        })
        .collect();
    // A moment that differs from round to round and is the same in every run.
    let moment = 20 + round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 180;
    thread::sleep(Duration::from_millis(moment));
    server.kill();
    stop.store(true, Ordering::Relaxed);
    storms.into_iter().map(|storm| storm.join().unwrap()).collect()
}

/// Every client goes on with the token that it was given last.
fn compare(
    application: &Application,
    address: SocketAddr,
    clients: &mut [Client],
) -> Result<(), String> {
    let mut connection = application.connect(address).unwrap();
    let mut tokens = BTreeSet::new();
    for client in clients.iter_mut() {
        let session = refresh(&mut connection, &client.token).unwrap();
        let session = session.map_err(|why| format!("{} is lost: {why}", client.name))?;
        if session["user"]["email"] != client.name.as_str() {
            return Err(format!("{} became {}", client.name, session["user"]["email"]));
        }
        client.token = text(&session, "refresh_token");
        if !tokens.insert(client.token.clone()) {
            return Err(format!("{} has a token of another", client.name));
        }
    }
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let file = application.data.join("auth.db");
    let count = rusqlite::Connection::open_with_flags(file, flags).and_then(|db| {
        db.query_row("select count(*) from sessions", [], |row| row.get::<_, i64>(0))
    });
    match count.map(usize::try_from) {
        Ok(Ok(SESSIONS)) => Ok(()),
        other => Err(format!("{SESSIONS} sessions became {other:?}")),
    }
}
