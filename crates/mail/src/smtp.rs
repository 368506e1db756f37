//! Hands letters to a mail server (RFC 5321, 8314, 3207, 4954) over connections that are used
//! again. Says of every failure whether it passes; `outbox` decides what follows.
//!
//! A send that takes too long is dropped together with its connection: a connection in the middle
//! of a letter could take the late answer to one for the answer to the next.

use std::fmt;
use std::time::{Duration, Instant as Moment};

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsVersion,
};
use lettre::transport::smtp::extension::ClientId;
use mainstay_base::{Code, Error, Instant, Result};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::limits::{
    SMTP_CONNECTIONS, SMTP_IDLE, SMTP_LETTERS_PER_CONNECTION, SMTP_REASON_CHARACTERS,
};
use crate::{Letter, Sender};

/// The one good answer to AUTH (RFC 4954, section 6).
const AUTHENTICATED: u16 = 235;

/// The one good answer to the end of a letter (RFC 5321, 4.3.2).
const TAKEN: u16 = 250;

/// How the way to the mail server is kept secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314, mostly port 465): the better choice.
    Implicit,
    /// Upgraded before anything is said (RFC 3207, mostly port 587); refused if that fails.
    StartTls,
    /// In clear: to this machine only.
    Clear,
}

/// How letters reach the mail server.
#[derive(Clone)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// User name and password.
    pub login: Option<(String, String)>,
    /// PEM of the authorities that the server's certificate must come from, in place of those of
    /// this machine.
    pub authorities: Option<String>,
    pub sender: Sender,
    /// For one letter, from the connection to the server's last word.
    pub timeout: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({}:{}, {:?})", self.host, self.port, self.security)
    }
}

/// A letter was not taken. Each has the reason, for the log: bounded, the reader's address masked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failed {
    /// It may be taken later: the server is away, busy, or does not let us in.
    Passing(String),
    /// It will never be taken: the server refused this letter for good.
    Lasting(String),
}

/// The way to one mail server.
pub struct Smtp {
    settings: Settings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    idle: Mutex<Vec<Open>>,
    places: Semaphore,
}

/// A connection that is ready for a letter.
struct Open {
    connection: AsyncSmtpConnection,
    letters: u32,
    used: Moment,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({:?})", self.settings)
    }
}

impl Smtp {
    /// Makes no connection yet.
    ///
    /// # Errors
    /// When letters would travel in clear to another machine, or the authorities are no
    /// certificates.
    pub fn new(settings: Settings) -> Result<Self> {
        if settings.security == Security::Clear && !is_this_machine(&settings.host) {
            let message = format!("mail would travel in clear to {}", settings.host);
            return Err(Error::new(Code::Internal, message)
                .hint("Only a server on this machine may be spoken to without TLS."));
        }
        let tls = match settings.security {
            Security::Clear => None,
            _ => Some(tls(&settings)?),
        };
        Ok(Self {
            hello: ClientId::Domain(settings.sender.domain().to_owned()),
            idle: Mutex::default(),
            places: Semaphore::new(SMTP_CONNECTIONS),
            settings,
            tls,
        })
    }

    /// How long the sending of one letter may take.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.settings.timeout
    }

    /// Sends one letter. When this returns well, the server has taken it over. A letter that
    /// failed in passing may have been taken all the same (the answer was lost): it has the same
    /// Message-ID when it is sent again.
    ///
    /// # Errors
    /// When the server did not say that it took it.
    pub async fn send(&self, letter: &Letter, now: Instant) -> Result<(), Failed> {
        let sealed = letter.sealed(&self.settings.sender, now);
        let (envelope, bytes) = sealed.map_err(|error| Failed::Lasting(error.to_string()))?;
        let place = self.places.acquire().await;
        let _place = place.map_err(|_| Failed::Passing("the way is closed".to_owned()))?;
        let work = async {
            let mut open = self.connection(letter).await?;
            let sent = open.connection.send(&envelope, &bytes).await;
            if !sent.map_err(|error| judge(&error, letter))?.has_code(TAKEN) {
                return Err(out_of_step());
            }
            open.letters += 1;
            open.used = Moment::now();
            Ok(open)
        };
        let open = tokio::time::timeout(self.settings.timeout, work)
            .await
            .map_err(|_| Failed::Passing("the mail server took too long".to_owned()))??;
        if open.letters < SMTP_LETTERS_PER_CONNECTION {
            self.idle.lock().push(open);
        }
        Ok(())
    }

    /// One that is open and answers, or a new one.
    async fn connection(&self, letter: &Letter) -> Result<Open, Failed> {
        loop {
            let idle = self.idle.lock().pop();
            let Some(mut open) = idle else { return self.connect(letter).await };
            if open.used.elapsed() < SMTP_IDLE && open.connection.test_connected().await {
                return Ok(open);
            }
        }
    }

    async fn connect(&self, letter: &Letter) -> Result<Open, Failed> {
        let passing = |error: SmtpError| passing(&error, letter);
        let Settings { host, port, security, login, timeout, .. } = &self.settings;
        let at_once = self.tls.clone().filter(|_| *security == Security::Implicit);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (bare(host), *port),
            Some(*timeout),
            &self.hello,
            at_once,
            None,
        )
        .await
        .map_err(passing)?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await.map_err(passing)?;
            if is_out_of_step(&mut connection).await {
                return Err(out_of_step());
            }
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.clone());
            let welcome =
                connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(passing)?;
            if !welcome.has_code(AUTHENTICATED) {
                return Err(out_of_step());
            }
        }
        Ok(Open { connection, letters: 0, used: Moment::now() })
    }
}

/// Whether somebody on the wire slipped answers in before TLS began: the library keeps what it had
/// read by then and takes it for answers to what it asks afterwards. Two or more, and one is there
/// before anything is asked. Exactly one, and each answer is that to the command before: AUTH gets
/// one that is not its own, and so does the end of the letter.
async fn is_out_of_step(connection: &mut AsyncSmtpConnection) -> bool {
    tokio::select! {
        biased;
        _ = connection.read_response() => true,
        () = std::future::ready(()) => false,
    }
}

fn out_of_step() -> Failed {
    Failed::Passing("the mail server's answers are out of step".to_owned())
}

fn tls(settings: &Settings) -> Result<TlsParameters> {
    let wrong = |error: SmtpError| {
        let message = "The TLS of the mail server cannot be set up";
        Error::new(Code::Internal, message).details(error.to_string())
    };
    let mut tls = TlsParameters::builder(bare(&settings.host).to_owned())
        .set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(pem) = &settings.authorities {
        let certificate = Certificate::from_pem(pem.as_bytes()).map_err(wrong)?;
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    tls.build_rustls().map_err(wrong)
}

/// `localhost`, 127.0.0.0/8 or ::1.
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || bare(host).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Before the letter is shown nothing can be its fault: a wrong password or an old certificate is
/// mended by the operator, and the letters that waited go out then.
fn passing(error: &SmtpError, letter: &Letter) -> Failed {
    Failed::Passing(reason(error, letter))
}

/// A refusal with a lasting code (RFC 5321, 4.2.1) is about this letter, unless it asks for
/// authentication or encryption (RFC 4954, section 6; RFC 3207, section 4).
fn judge(error: &SmtpError, letter: &Letter) -> Failed {
    let code = error.status().map(|code| code.to_string());
    let about_us = matches!(code.as_deref(), Some("530" | "534" | "535" | "538"));
    if error.is_permanent() && !about_us {
        return Failed::Lasting(reason(error, letter));
    }
    passing(error, letter)
}

/// What the server or the system said, in one bounded line that names nobody.
fn reason(error: &SmtpError, letter: &Letter) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let next_said = next.to_string();
        if !said.contains(&next_said) {
            said = format!("{said}: {next_said}");
        }
        cause = next.source();
    }
    // Servers repeat the address as they please.
    let lower = said.to_ascii_lowercase();
    let mut masked = String::new();
    let mut done = 0;
    for (at, found) in lower.match_indices(letter.to.as_str()) {
        masked.push_str(&said[done..at]);
        masked.push_str(&letter.to.masked());
        done = at + found.len();
    }
    masked.push_str(&said[done..]);
    let plain = masked.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(SMTP_REASON_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::tests::sender;

    fn settings(host: &str, security: Security) -> Settings {
        Settings {
            host: host.to_owned(),
            port: 25,
            security,
            login: Some(("user".to_owned(), "hunter2".to_owned())),
            authorities: None,
            sender: sender(),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn letters_leave_this_machine_only_under_tls() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(Smtp::new(settings(host, Security::Clear)).is_ok(), "{host}");
        }
        for host in ["mail.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "0", ""]
        {
            assert!(Smtp::new(settings(host, Security::Clear)).is_err(), "{host}");
        }
    }

    #[test]
    fn authorities_that_are_no_certificates_are_refused_at_start() {
        let settings = Settings {
            authorities: Some(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            ),
            ..settings("mail.example", Security::Implicit)
        };
        assert!(Smtp::new(settings).is_err());
    }

    #[test]
    fn a_password_is_not_in_debug_output() {
        let settings = settings("localhost", Security::Clear);
        let smtp = Smtp::new(settings.clone()).unwrap();
        let shown = format!("{settings:?} {smtp:?}");
        assert!(!shown.contains("hunter2") && shown.contains("localhost:25"), "{shown}");
    }
}
