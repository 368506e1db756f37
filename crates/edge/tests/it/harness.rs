//! A server with an app that does what its path says, and a client that sends exact bytes.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use mainstay_base::{Clock, Facts};
use mainstay_edge::{CanonicalPath, EdgeConfig, Shutdown, Summary};
use mainstay_telemetry::{Capture, Format, Level, Settings, Telemetry};
use tokio::sync::Semaphore;

/// Longer than anything takes on a busy machine; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(10);

struct Wall;

impl Clock for Wall {
    fn now(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
    }
}

/// A running server.
pub struct Server {
    pub public: SocketAddr,
    pub operator: SocketAddr,
    pub telemetry: Telemetry,
    pub shutdown: Shutdown,
    /// Lets one request to `/wait` go on for each permit.
    pub gate: Arc<Semaphore>,
    /// How many requests to `/wait` the app has begun.
    begun: Arc<AtomicUsize>,
    log: Capture,
    ended: mpsc::Receiver<Summary>,
    thread: Option<JoinHandle<()>>,
}

/// Free ports, and bounds as in production.
pub fn config() -> EdgeConfig {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    EdgeConfig { listen: any, admin_listen: any, ..EdgeConfig::default() }
}

impl Server {
    pub fn start(config: EdgeConfig) -> Self {
        let log = Capture::default();
        let settings = Settings {
            format: Format::Json,
            output: log.output(),
            level: Level::Debug,
            ..Settings::default()
        };
        let telemetry = Telemetry::start(settings, Arc::new(Wall)).unwrap();
        let (shutdown, gate) = (Shutdown::new(), Arc::new(Semaphore::new(0)));
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&begun);
        let (addresses, bound) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let (theirs, stop, held) = (telemetry.clone(), shutdown.clone(), Arc::clone(&gate));
        let thread = std::thread::spawn(move || {
            let mut workers = tokio::runtime::Builder::new_multi_thread();
            let runtime = workers.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listeners = mainstay_edge::bind(config).unwrap();
                let found = (listeners.public_address(), listeners.operator_address());
                addresses.send(found).unwrap();
                let app = tower::service_fn(move |request| {
                    answer(request, Arc::clone(&held), Arc::clone(&counted))
                });
                let _ = end.send(listeners.serve(app, theirs, stop).await);
            });
        });
        let (public, operator) = bound.recv_timeout(PATIENCE).unwrap();
        let thread = Some(thread);
        Self { public, operator, telemetry, shutdown, gate, begun, log, ended, thread }
    }

    pub fn with_defaults() -> Self {
        Self::start(config())
    }

    pub fn connect(&self) -> Client {
        Client::to(self.public)
    }

    /// One request on its own connection.
    pub fn ask(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect();
        client.send(bytes);
        client.reply().expect("an answer")
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask(get(path, ""))
    }

    /// Waits until the app works on a request to `/wait`.
    pub fn await_work(&self) {
        eventually("the request is at work", || self.begun.load(Ordering::SeqCst) > 0);
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        assert!(self.telemetry.log.flush(PATIENCE));
        self.log.text()
    }

    pub fn summary(&self) -> Summary {
        self.ended.recv_timeout(PATIENCE * 2).expect("the server ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.force();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A request without a body; `headers` are whole lines.
pub fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n")
}

/// Waits until `found` says so.
pub fn eventually(what: &str, mut found: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !found() {
        assert!(Instant::now() < end, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn answer(
    request: Request<Bytes>,
    gate: Arc<Semaphore>,
    begun: Arc<AtomicUsize>,
) -> Result<Response<Bytes>, Infallible> {
    let facts = request.extensions().get::<Arc<Facts>>().unwrap().clone();
    let path = CanonicalPath::of(&request).to_owned();
    facts.set_route("/test");
    let json = |body: String| {
        let response = Response::builder().header("content-type", "application/json");
        response.body(Bytes::from(body)).unwrap()
    };
    Ok(match path.as_str() {
        "/echo" => Response::new(request.into_body()),
        "/wait" => {
            begun.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            json("\"waited\"".to_owned())
        }
        "/panic" => panic!("the app fell over"),
        "/large" => json(format!("[{}]", "\"a row like every other\",".repeat(4_000))),
        "/huge" => Response::new(Bytes::from(vec![b'x'; 64 * 1024 * 1024])),
        "/who" => {
            facts.set_role("authenticated");
            facts.set_user("user-1");
            json("1".to_owned())
        }
        _ => json(format!("{path:?}")),
    })
}

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// All values of a header, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} stands several times in {}", self.head);
        all.first().copied()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A client that sends exactly what it is told.
pub struct Client {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    /// The server may close while we send; then the answer tells.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// The next answer, or none when the connection ended without one.
    pub fn reply(&mut self) -> Option<Reply> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.fill() == 0 {
                return None;
            }
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply { status, head, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            assert_ne!(self.fill(), 0, "the connection ended inside a body");
        }
        reply.body = self.unread.drain(..length).collect();
        Some(reply)
    }

    /// Waits for the end of the connection; anything else that comes fails the test.
    pub fn expect_closed(&mut self) {
        assert!(self.unread.is_empty() && self.fill() == 0, "{:?}", self.unread);
    }

    /// Bytes that came; zero at the end. A reset is an end, too.
    fn fill(&mut self) -> usize {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                count
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("nothing came"),
            Err(_) => 0,
        }
    }
}
