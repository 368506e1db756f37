//! Letters through the binary: a mail server takes them, one that is away gets them later, also from
//! a server that was killed meanwhile; and production without a way to send says so.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::json;

use crate::harness::{Ask, PATIENCE, Server, now, sign, test_app};

/// A mail server that takes every letter and says it on.
fn sink(listener: TcpListener) -> Receiver<String> {
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || converse(stream, &tell));
        }
    });
    heard
}

/// RFC 5321, as far as an honest client needs it.
fn converse(stream: TcpStream, tell: &Sender<String>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    write!(out, "220 sink\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => write!(out, "250 sink\r\n")?,
            "DATA" => {
                write!(out, "354 go on\r\n")?;
                let letter: Vec<String> =
                    lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                write!(out, "250 taken\r\n")?;
                // Long lines are folded (RFC 2045, section 6.7).
                let _ = tell.send(letter.join("\n").replace("=\n", ""));
            }
            "QUIT" => return write!(out, "221 bye\r\n"),
            _ => write!(out, "250 fine\r\n")?,
        }
    }
    Ok(())
}

fn variables(port: &str) -> [(&'static str, &str); 5] {
    [
        ("MAINSTAY_MAIL_HOST", "127.0.0.1"),
        ("MAINSTAY_MAIL_PORT", port),
        ("MAINSTAY_MAIL_SECURITY", "clear"),
        ("MAINSTAY_MAIL_FROM", "no-reply@members.example"),
        // A letter whose sender was killed over it waits for little longer than this.
        ("MAINSTAY_MAIL_TIMEOUT", "2s"),
    ]
}

fn sign_up(server: &Server, email: &str) {
    let body = json!({ "email": email, "password": "nine wild geese over water" });
    let asked = server.bare("POST", "/auth/v1/signup").header("apikey", server.anon());
    asked.json(&body.to_string()).send().expect(200);
}

/// The next letter, which must be to this address and confirm it.
fn expect(heard: &Receiver<String>, email: &str) {
    let letter = heard.recv_timeout(PATIENCE).unwrap();
    for part in [&format!("To: {email}"), "From: no-reply@members.example", "/auth/v1/verify?"] {
        assert!(letter.contains(part), "{part} in\n{letter}");
    }
}

#[test]
fn a_mail_server_gets_the_letter() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let heard = sink(listener);
    let server = Server::start("serve", &test_app("members.toml"), &[], &variables(&port));
    sign_up(&server, "ann@example.com");
    expect(&heard, "ann@example.com");
    let said = server.stop();
    assert!(!said.contains("\"level\":\"error\""), "{said}");
    assert!(!said.contains("token="), "the link is in the letter only");
}

#[test]
fn a_letter_outlives_a_mail_server_that_is_away_and_a_kill() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let app = test_app("members.toml");
    let server = Server::start("serve", &app, &[], &variables(&port));
    sign_up(&server, "ann@example.com");
    // Who comes finds the door shut.
    drop(listener.accept().unwrap());
    let data = server.kill_keeping();
    let heard = sink(listener);
    let server = Server::over("serve", &app, &[], &variables(&port), data);
    expect(&heard, "ann@example.com");
    server.stop();
}

#[test]
fn production_without_a_way_to_send_has_no_accounts_by_mail_and_says_so() {
    let secret = "a secret for this test, which is long enough";
    // Production writes no keys down; whoever has the secret makes them.
    let anon = sign(secret, &json!({ "role": "anon", "exp": now() + 600 }));
    let secret = ("MAINSTAY_AUTH_JWT_SECRET", secret);
    let flags = ["--env", "production"];
    let app = test_app("members.toml");
    let server = Server::start("serve", &app, &flags, &[secret]);
    assert_eq!(server.wait_for_log("auth.without_letters")["level"], "warn");
    let ask = |server: &Server, method: &str, path: &str| -> Ask {
        server.bare(method, &format!("/auth/v1/{path}")).header("apikey", &anon)
    };
    let by_mail = |server: &Server| {
        ask(server, "GET", "settings").send().expect(200).json()["external"]["email"].clone()
    };
    assert_eq!(by_mail(&server), false);
    let body = json!({ "email": "ann@example.com", "password": "nine wild geese over water" });
    let refused = ask(&server, "POST", "signup").json(&body.to_string()).send();
    assert_eq!(refused.json()["error_code"], "email_provider_disabled", "{refused:?}");
    server.stop();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let heard = sink(listener);
    let public = ("MAINSTAY_SERVER_PUBLIC_URL", "https://members.example");
    let all = [&[secret, public][..], &variables(&port)[..]].concat();
    let server = Server::start("serve", &app, &flags, &all);
    assert_eq!(by_mail(&server), true);
    let asked = ask(&server, "POST", "signup").header("Host", "evil.example");
    asked.header("X-Forwarded-Host", "evil.example").json(&body.to_string()).send().expect(200);
    let letter = heard.recv_timeout(PATIENCE).unwrap();
    assert!(letter.contains("https://members.example/auth/v1/verify?"), "{letter}");
    assert!(!letter.contains("evil"), "{letter}");
    assert!(!server.stop().contains("auth.without_letters"));
}
