//! Letters on their way to a mail server that is honest, false, slow or away.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod certificate;
mod post_office;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mainstay_mail::address::Address;
use mainstay_mail::limits::{SMTP_CONNECTIONS, SMTP_LETTERS_PER_CONNECTION};
use mainstay_mail::smtp::{Security, Settings};
use mainstay_mail::{Failed, Kind, Letter, Sender, Smtp, Written};

use crate::certificate::Certificate;
use crate::post_office::{DROP, HANG, PostOffice, Tls};

const NOW: i64 = 1_700_000_000_000_000;
/// Long enough never to decide a test.
const LONG: Duration = Duration::from_secs(300);
const ALWAYS: usize = usize::MAX;

fn letter() -> Letter {
    let written = Written {
        subject: "Hello".to_owned(),
        text: "first\n.\n..two\r\nQUIT\nlast".to_owned(),
        html: "<p>Grüße</p>".to_owned(),
    };
    Letter::new(Kind::Confirm, Address::parse("ann@example.com").unwrap(), written, None)
}

fn settings(port: u16, security: Security) -> Settings {
    let from = Address::parse("no-reply@shop.example").unwrap();
    Settings {
        host: "localhost".to_owned(),
        port,
        security,
        login: None,
        authorities: None,
        sender: Sender::new("Shop", from).unwrap(),
        timeout: LONG,
    }
}

fn login() -> Option<(String, String)> {
    Some(("ann".to_owned(), "hunter2".to_owned()))
}

async fn office(tls: Tls, orders: &[(&'static str, &'static str, usize)]) -> Arc<PostOffice> {
    PostOffice::open(tls, &Certificate::of("localhost"), orders).await
}

async fn clear(orders: &[(&'static str, &'static str, usize)]) -> (Arc<PostOffice>, Smtp) {
    let office = office(Tls::Never, orders).await;
    let smtp = Smtp::new(settings(office.port, Security::Clear)).unwrap();
    (office, smtp)
}

/// An office with this certificate, and a way to it that trusts another one or the same.
async fn under_tls(
    tls: Tls,
    shown: &Certificate,
    trusted: &Certificate,
) -> (Arc<PostOffice>, Smtp) {
    let office = PostOffice::open(tls, shown, &[]).await;
    let security = if tls == Tls::AtOnce { Security::Implicit } else { Security::StartTls };
    let settings = Settings {
        login: login(),
        authorities: Some(trusted.pem()),
        ..settings(office.port, security)
    };
    (office, Smtp::new(settings).unwrap())
}

fn passing(result: Result<(), Failed>) -> String {
    match result {
        Err(Failed::Passing(reason)) => reason,
        other => panic!("{other:?} is no passing failure"),
    }
}

fn lasting(result: Result<(), Failed>) -> String {
    match result {
        Err(Failed::Lasting(reason)) => reason,
        other => panic!("{other:?} is no lasting failure"),
    }
}

#[tokio::test]
async fn a_letter_arrives_whole() {
    let (office, smtp) = clear(&[]).await;
    let letter = letter();
    smtp.send(&letter, NOW).await.unwrap();
    assert_eq!(
        office.lines(),
        [
            "EHLO shop.example",
            "MAIL FROM:<no-reply@shop.example>",
            "RCPT TO:<ann@example.com>",
            "DATA"
        ]
    );
    let text = String::from_utf8(office.letters().remove(0)).unwrap();
    assert!(text.contains(&format!("Message-ID: <{}@shop.example>\r\n", letter.id)), "{text}");
    assert!(text.contains("\r\nfirst\r\n..\r\n...two\r\nQUIT\r\nlast\r\n"), "{text}");
    assert!(text.is_ascii());
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "a bare line feed");
}

#[tokio::test]
async fn connections_are_used_again_and_not_for_ever() {
    let (office, smtp) = clear(&[]).await;
    for _ in 0..SMTP_LETTERS_PER_CONNECTION {
        smtp.send(&letter(), NOW).await.unwrap();
    }
    assert_eq!(office.connections.load(Ordering::SeqCst), 1);
    smtp.send(&letter(), NOW).await.unwrap();
    assert_eq!(office.connections.load(Ordering::SeqCst), 2);
    assert_eq!(office.letters().len(), SMTP_LETTERS_PER_CONNECTION as usize + 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let (office, smtp) = clear(&[("NOOP", DROP, 1), ("NOOP", "421 tired", 1)]).await;
    for _ in 0..4 {
        smtp.send(&letter(), NOW).await.unwrap();
    }
    assert_eq!((office.letters().len(), office.connections.load(Ordering::SeqCst)), (4, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_letters_at_once_open_few_connections() {
    let (office, smtp) = clear(&[]).await;
    let smtp = Arc::new(smtp);
    let sends: Vec<_> = (0..40)
        .map(|_| {
            let smtp = Arc::clone(&smtp);
            tokio::spawn(async move { smtp.send(&letter(), NOW).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(office.letters().len(), 40);
    assert!(office.most_at_once.load(Ordering::SeqCst) <= SMTP_CONNECTIONS);
}

#[tokio::test]
async fn under_tls_nothing_is_said_in_clear_but_the_wish_for_it() {
    for (tls, in_clear) in [(Tls::AtOnce, vec![]), (Tls::WhenAsked, vec!["EHLO", "STARTTLS"])] {
        let certificate = Certificate::of("localhost");
        let (office, smtp) = under_tls(tls, &certificate, &certificate).await;
        smtp.send(&letter(), NOW).await.unwrap();
        assert_eq!(office.heard(false), in_clear, "{tls:?}");
        assert_eq!(office.heard(true), ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"], "{tls:?}");
        assert_eq!(office.letters().len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_or_authority_gets_no_letter() {
    let (right, other) = (Certificate::of("localhost"), Certificate::of("mail.example"));
    let stranger = Certificate::of("localhost");
    for tls in [Tls::AtOnce, Tls::WhenAsked] {
        for (shown, trusted) in [(&other, &other), (&stranger, &right)] {
            let (office, smtp) = under_tls(tls, shown, trusted).await;
            passing(smtp.send(&letter(), NOW).await);
            let heard = office.lines().join(" ");
            assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{tls:?}: {heard}");
            assert_eq!(office.letters().len(), 0);
        }
        // Without authorities of its own the machine's count, and they know none of these.
        let office = PostOffice::open(tls, &right, &[]).await;
        let security = if tls == Tls::AtOnce { Security::Implicit } else { Security::StartTls };
        let smtp = Smtp::new(settings(office.port, security)).unwrap();
        passing(smtp.send(&letter(), NOW).await);
        assert_eq!(office.letters().len(), 0);
    }
}

#[tokio::test]
async fn a_server_that_offers_no_tls_hears_neither_password_nor_letter() {
    let office = office(Tls::Never, &[]).await;
    let settings = Settings { login: login(), ..settings(office.port, Security::StartTls) };
    passing(Smtp::new(settings).unwrap().send(&letter(), NOW).await);
    assert_eq!(office.heard(false), ["EHLO"]);
    let refuses = self::office(Tls::WhenAsked, &[("STARTTLS", "454 not today", ALWAYS)]).await;
    let settings = Settings { login: login(), ..self::settings(refuses.port, Security::StartTls) };
    passing(Smtp::new(settings).unwrap().send(&letter(), NOW).await);
    assert_eq!(refuses.heard(false)[..2], ["EHLO", "STARTTLS"]);
    assert!(refuses.heard(false)[2..].iter().all(|word| word == "QUIT"));
}

#[tokio::test]
async fn answers_that_were_slipped_in_before_tls_are_noticed() {
    let certificate = Certificate::of("localhost");
    for slipped_in in [
        "220 go on\r\n250-here\r\n250 AUTH PLAIN",
        "220 go on\r\n250-here\r\n250 AUTH PLAIN\r\n235 welcome",
        "220 go on\r\n250-here\r\n250 AUTH PLAIN\r\n250-and",
        "220 go on\r\n250-here\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 fine\r\n250 fine",
    ] {
        for login in [login(), None] {
            let orders = [("STARTTLS", slipped_in, ALWAYS)];
            let office = PostOffice::open(Tls::WhenAsked, &certificate, &orders).await;
            let (has_login, authorities) = (login.is_some(), Some(certificate.pem()));
            let settings = settings(office.port, Security::StartTls);
            let smtp = Smtp::new(Settings { login, authorities, ..settings }).unwrap();
            passing(smtp.send(&letter(), NOW).await);
            // Without a login it is noticed at the end of the letter: sent twice, but not lost.
            let said = office.heard(true).contains(&"MAIL".to_owned());
            assert!(!(has_login && said), "{slipped_in}");
        }
    }
}

#[tokio::test]
async fn a_server_that_wants_tls_and_no_login_gets_letters() {
    let certificate = Certificate::of("localhost");
    let office = PostOffice::open(Tls::WhenAsked, &certificate, &[]).await;
    let authorities = Some(certificate.pem());
    let settings = Settings { authorities, ..settings(office.port, Security::StartTls) };
    let smtp = Smtp::new(settings).unwrap();
    smtp.send(&letter(), NOW).await.unwrap();
    smtp.send(&letter(), NOW).await.unwrap();
    assert_eq!((office.letters().len(), office.connections.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn a_letter_that_is_refused_for_now_is_taken_later() {
    for (heard, answer) in [
        ("GREETING", "421 full"),
        ("EHLO", "450 wait"),
        ("MAIL", "451 wait"),
        ("RCPT", "450 greylisted"),
        ("DATA", "452 full"),
        ("END", "451 virus scanner away"),
    ] {
        let (office, smtp) = clear(&[(heard, answer, 1)]).await;
        let letter = letter();
        passing(smtp.send(&letter, NOW).await);
        smtp.send(&letter, NOW).await.unwrap();
        assert_eq!(office.connections.load(Ordering::SeqCst), 2, "{heard}");
    }
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_not_tried_again() {
    let answer = "550 5.1.1 <Ann@Example.com>: no ann@example.com here";
    for heard in ["MAIL", "RCPT", "DATA", "END"] {
        let (_office, smtp) = clear(&[(heard, answer, 1)]).await;
        let reason = lasting(smtp.send(&letter(), NOW).await);
        assert!(reason.contains("550") && reason.contains("a***@example.com"), "{reason}");
        assert!(!reason.to_lowercase().contains("ann@"), "{reason}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_let_us_in_costs_no_letter() {
    for (heard, answer) in [
        ("GREETING", "554 go away"),
        ("EHLO", "550 go away"),
        ("AUTH", "535 5.7.8 wrong password"),
        ("MAIL", "530 authenticate first"),
    ] {
        let office = office(Tls::Never, &[(heard, answer, 1)]).await;
        let settings = Settings { login: login(), ..settings(office.port, Security::Clear) };
        let reason = passing(Smtp::new(settings).unwrap().send(&letter(), NOW).await);
        assert!(!reason.contains("hunter2"), "{reason}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_loses_no_letter() {
    for heard in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"] {
        let (office, smtp) = clear(&[(heard, DROP, 1)]).await;
        let letter = letter();
        passing(smtp.send(&letter, NOW).await);
        smtp.send(&letter, NOW).await.unwrap();
        let id = format!("Message-ID: <{}@", letter.id);
        let letters = office.letters();
        assert!(!letters.is_empty(), "{heard}");
        // It may arrive twice when the answer was lost; then both say that they are one.
        let all_one = letters.iter().all(|text| String::from_utf8_lossy(text).contains(&id));
        assert!(all_one, "{heard}");
    }
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    for answer in ["", "hello", "999", "250-never\r\n550 ends", "\u{0}\u{1}\u{2}"] {
        let (_office, smtp) = clear(&[("RCPT", answer, 1)]).await;
        assert!(smtp.send(&letter(), NOW).await.is_err(), "{answer:?}");
        smtp.send(&letter(), NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_a_passing_failure() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    passing(Smtp::new(settings(port, Security::Clear)).unwrap().send(&letter(), NOW).await);
    let nowhere = Settings { host: "127.0.0.1".to_owned(), ..settings(port, Security::Clear) };
    passing(Smtp::new(nowhere).unwrap().send(&letter(), NOW).await);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left() {
    for heard in ["GREETING", "EHLO", "RCPT", "END"] {
        let office = office(Tls::Never, &[(heard, HANG, ALWAYS)]).await;
        let timeout = Duration::from_millis(300);
        let settings = Settings { timeout, ..settings(office.port, Security::Clear) };
        passing(Smtp::new(settings).unwrap().send(&letter(), NOW).await);
    }
}

#[tokio::test]
async fn a_letter_that_was_given_up_leaves_no_connection_to_the_next() {
    let (office, smtp) = clear(&[("END", HANG, 1)]).await;
    let given_up = letter();
    tokio::select! {
        sent = smtp.send(&given_up, NOW) => panic!("{sent:?}, yet nobody answered"),
        () = office.hangs.notified() => {}
    }
    smtp.send(&letter(), NOW).await.unwrap();
    assert_eq!(office.connections.load(Ordering::SeqCst), 2);
}
