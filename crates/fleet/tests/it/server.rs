//! A server inside the test: writes down what it hears and answers by the path. It ends with the
//! value that stands for it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

pub struct Server {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Server {
    /// Under TLS when there is a certificate.
    pub async fn open(certificate: Option<&Certificate>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let connections = Arc::new(AtomicUsize::new(0));
        let acceptor =
            certificate.map(|certificate| TlsAcceptor::from(Arc::new(certificate.server())));
        let (book, count) = (Arc::clone(&heard), Arc::clone(&connections));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (acceptor, book) = (acceptor.clone(), Arc::clone(&book));
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, &book).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &book).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, heard, connections, listening }
    }

    /// Takes connections and says nothing on them.
    pub async fn mute() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(stream);
            }
        });
        address
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn named(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.address.port())
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// One request on each connection, which ends with the answer.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, book: &Mutex<Vec<String>>) {
    let mut heard = Vec::new();
    let mut chunk = [0; 4_096];
    while !is_whole(&heard) {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => heard.extend_from_slice(&chunk[..read]),
        }
    }
    let heard = String::from_utf8(heard).unwrap();
    let path = heard.split(' ').nth(1).unwrap_or_default().to_owned();
    book.lock().unwrap().push(heard);
    let fixed = |body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let answer = match path.as_str() {
        "/redirect" => {
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        "/thousand" => fixed(&"x".repeat(1_000)),
        "/babble" => "220 mail.example ESMTP\r\n".to_owned(),
        "/half" => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal".to_owned(),
        "/endless" => "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned(),
        "/endless-head" => "HTTP/1.1 200 OK\r\nx: ".to_owned(),
        "/silent" => String::new(),
        _ => fixed("hello"),
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
    match path.as_str() {
        "/endless" | "/endless-head" => while stream.write_all(&[b'x'; 4_096]).await.is_ok() {},
        "/silent" | "/half" => std::future::pending().await,
        _ => drop(stream.shutdown().await),
    }
}

/// The head, and as much body as it says.
fn is_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
