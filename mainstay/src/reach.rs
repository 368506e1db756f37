//! How commands reach the accounts of an application: through the process that serves it, whose
//! address stands in `serving.json` beside the data, or, when nobody serves it, by opening it here.
//! Either way a command asks what any administrator could ask over HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mainstay_base::{Code, Error, Facts, Result};
use mainstay_store::is_held;
use mainstay_telemetry::Telemetry;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::application::{self, Application};
use crate::clock::SystemClock;
use crate::report::Failure;
use crate::settings::Flags;

/// The file that says where the data is served.
const FILE: &str = "serving.json";

/// Says, for as long as it lives, where the data is served.
pub struct Announced(PathBuf);

impl Announced {
    /// # Errors
    /// When the file cannot be written.
    pub fn at(data: &Path, address: SocketAddr) -> Result<Self> {
        let path = data.join(FILE);
        let note = json!({ "address": address, "process": std::process::id() });
        std::fs::write(&path, note.to_string()).map_err(|error| {
            Error::new(Code::Internal, format!("{} cannot be written", path.display()))
                .details(error.to_string())
        })?;
        Ok(Self(path))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The way to the accounts of an application.
pub struct Reach {
    runtime: Runtime,
    /// The service role's key.
    key: String,
    way: Way,
}

enum Way {
    Served(SocketAddr),
    Opened(Box<Application>),
}

impl Drop for Reach {
    fn drop(&mut self) {
        if let Way::Opened(application) = &self.way {
            application.store.close();
        }
    }
}

impl Reach {
    /// # Errors
    /// When the application cannot be opened, and nobody serves it.
    pub fn open(path: &Path, flags: &Flags) -> Result<Self, Failure> {
        let (declared, configured) = crate::commands::read(path, flags)?;
        let runtime = crate::commands::runtime()?;
        let key = application::keys(&configured, &SystemClock)?.service_role;
        let telemetry = Telemetry::silent(Arc::new(SystemClock));
        let listen = configured.settings.server.listen;
        let opening = application::open(path, &declared, &configured, listen, &telemetry);
        let way = match runtime.block_on(opening) {
            Ok(application) => Way::Opened(Box::new(application)),
            // Only who holds the folder can be asked instead: of another failure the note in it,
            // which may be of a process that is gone, says nothing.
            Err(error) if is_held(&error) => Way::Served(served(&configured.data).ok_or(error)?),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { runtime, key, way })
    }

    /// Asks below `/auth/v1`, as the service role. The path is plain text, and a query behind it is
    /// encoded already.
    ///
    /// # Errors
    /// What the accounts refuse, as a sentence.
    pub fn ask(&self, method: Method, below: &str, body: Option<&Value>) -> Result<Value> {
        let request = self.request(method, below, body)?;
        let response = match &self.way {
            Way::Served(address) => self.runtime.block_on(over_http(*address, request))?,
            Way::Opened(application) => {
                let path = below.split('?').next().unwrap_or_default();
                let facts = Facts::default();
                self.runtime.block_on(application.auth.answer(&request, path, &facts))
            }
        };
        read(&response)
    }

    fn request(&self, method: Method, below: &str, body: Option<&Value>) -> Result<Request<Bytes>> {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let (path, query) = below.split_at(below.find('?').unwrap_or(below.len()));
        Request::builder()
            .method(method)
            .uri(format!("/auth/v1{}{query}", encoded(path, b"/")))
            .header(header::HOST, "localhost")
            .header(header::USER_AGENT, "mainstay")
            .header(header::CONTENT_TYPE, "application/json")
            .header("apikey", &self.key)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header("x-supabase-api-version", "2024-01-01")
            .body(body)
            .map_err(Error::internal)
    }
}

/// Text as it stands in an address; of what addresses give a meaning, only `kept` keeps its own.
pub fn encoded(text: &str, kept: &[u8]) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b) || kept.contains(&b);
    text.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Where the process that holds the data serves it.
fn served(data: &Path) -> Option<SocketAddr> {
    let note: Value = serde_json::from_slice(&std::fs::read(data.join(FILE)).ok()?).ok()?;
    let address: SocketAddr = note["address"].as_str()?.parse().ok()?;
    // What listens everywhere is reached here.
    let here = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Some(SocketAddr::new(here, address.port()))
}

async fn over_http(address: SocketAddr, request: Request<Bytes>) -> Result<Response<Bytes>> {
    let unreachable = |error: &dyn std::fmt::Display| {
        let message = format!("The process that serves the data does not answer at {address}");
        Error::new(Code::Internal, message).details(error.to_string())
    };
    let stream = TcpStream::connect(address).await.map_err(|error| unreachable(&error))?;
    let shaken = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| unreachable(&error))?;
    let driving = tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await;
    let (parts, body) = response.map_err(|error| unreachable(&error))?.into_parts();
    let body = body.collect().await.map_err(|error| unreachable(&error))?.to_bytes();
    driving.abort();
    Ok(Response::from_parts(parts, body))
}

fn read(response: &Response<Bytes>) -> Result<Value> {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    if response.status().is_success() {
        return Ok(body);
    }
    let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
    let code = text("code").unwrap_or_default();
    let code = Code::ALL.iter().copied().find(|known| known.text() == code);
    let message = text("message").unwrap_or_else(|| format!("HTTP {}", response.status()));
    Err(Error::new(code.unwrap_or(Code::Internal), message).hint_if(text("hint")))
}
