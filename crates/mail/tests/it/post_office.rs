//! A mail server inside the test, on a free port of loopback: takes letters, writes down what it
//! hears, and misbehaves as it is told. Ends with the runtime of the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

/// Closes the connection instead of an answer.
pub const DROP: &str = "drop";
/// Never answers.
pub const HANG: &str = "hang";

/// When TLS begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tls {
    Never,
    AtOnce,
    WhenAsked,
}

/// What the server is told and what it has heard.
pub struct PostOffice {
    pub port: u16,
    tls: Tls,
    acceptor: TlsAcceptor,
    /// The front of what is heard, the answer to it, and how often it is given.
    orders: Mutex<Vec<(&'static str, &'static str, usize)>>,
    /// Commands, each with whether TLS was up.
    heard: Mutex<Vec<(bool, String)>>,
    letters: Mutex<Vec<Vec<u8>>>,
    pub connections: AtomicUsize,
    now: AtomicUsize,
    pub most_at_once: AtomicUsize,
    /// Told when the answer is to hang.
    pub hangs: Notify,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl PostOffice {
    /// Opens with a certificate and orders: what is heard (`GREETING`, `END` for the end of a
    /// letter, or a command), what is answered, how often.
    pub async fn open(
        tls: Tls,
        certificate: &Certificate,
        orders: &[(&'static str, &'static str, usize)],
    ) -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let office = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            tls,
            acceptor: TlsAcceptor::from(Arc::new(certificate.server())),
            orders: Mutex::new(orders.to_vec()),
            heard: Mutex::default(),
            letters: Mutex::default(),
            connections: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            hangs: Notify::new(),
        });
        let at_work = Arc::clone(&office);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&at_work).serve(stream));
            }
        });
        office
    }

    /// The commands that were heard, by their first word, under TLS or in clear.
    pub fn heard(&self, under_tls: bool) -> Vec<String> {
        let heard = self.heard.lock();
        let word = |line: &str| line.split([' ', ':']).next().unwrap_or_default().to_owned();
        heard.iter().filter(|(tls, _)| *tls == under_tls).map(|(_, line)| word(line)).collect()
    }

    pub fn lines(&self) -> Vec<String> {
        self.heard.lock().iter().map(|(_, line)| line.clone()).collect()
    }

    pub fn letters(&self) -> Vec<Vec<u8>> {
        self.letters.lock().clone()
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        self.talk_all(stream).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    /// `None` when the connection ended.
    async fn talk_all(&self, stream: TcpStream) -> Option<()> {
        if self.tls == Tls::AtOnce {
            let stream = self.acceptor.accept(stream).await.ok()?;
            return self.talk(stream, true, true).await.map(|_| ());
        }
        let stream = self.talk(stream, false, true).await?;
        let stream = self.acceptor.accept(stream).await.ok()?;
        self.talk(stream, true, false).await.map(|_| ())
    }

    /// Gives the stream back when TLS shall begin.
    async fn talk<S: Stream>(&self, stream: S, under_tls: bool, greets: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greets {
            self.answer(&mut stream, "GREETING", "220 ready").await?;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            self.heard.lock().push((under_tls, line.clone()));
            let usual = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" if self.tls == Tls::WhenAsked && !under_tls => {
                    "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN"
                }
                "EHLO" => "250-here\r\n250 AUTH PLAIN",
                "STARTTLS" => "220 go on",
                "AUTH" => "235 welcome",
                "DATA" => "354 tell",
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            let good = self.answer(&mut stream, &line, usual).await?;
            match line.as_str() {
                "STARTTLS" if good => return Some(stream.into_inner()),
                "DATA" if good => self.take_letter(&mut stream).await?,
                "QUIT" => return None,
                _ => {}
            }
        }
    }

    async fn take_letter<S: Stream>(&self, stream: &mut BufReader<S>) -> Option<()> {
        let mut letter = Vec::new();
        while !letter.ends_with(b"\r\n.\r\n") {
            letter.push(stream.read_u8().await.ok()?);
        }
        self.letters.lock().push(letter);
        self.answer(stream, "END", "250 taken").await.map(|_| ())
    }

    /// Whether the answer was of the usual class. `None` when the connection is to end.
    async fn answer<S: Stream>(
        &self,
        stream: &mut BufReader<S>,
        heard: &str,
        usual: &'static str,
    ) -> Option<bool> {
        match self.order(heard).unwrap_or(usual) {
            DROP => None,
            HANG => {
                self.hangs.notify_one();
                std::future::pending().await
            }
            answer => {
                stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
                stream.get_mut().flush().await.ok()?;
                Some(answer.get(..1) == usual.get(..1))
            }
        }
    }

    fn order(&self, heard: &str) -> Option<&'static str> {
        let mut orders = self.orders.lock();
        let order = orders.iter_mut().find(|order| heard.starts_with(order.0) && order.2 > 0)?;
        order.2 -= 1;
        Some(order.1)
    }
}
