//! From a checked address to a connection: the name is resolved once, every address that it has is
//! judged (`reach`), and one of exactly those is connected to, so that a name that answers
//! differently the second time gains nothing (DNS rebinding). TLS is agreed after that.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use crate::limits::ADDRESSES;
use crate::reach::is_public;
use crate::target::{bare, is_this_machine};

/// What a name leads to.
pub type Resolved = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Asks the system, or a test's own book of names: host without brackets, and port.
pub type Resolve = Arc<dyn Fn(String, u16) -> Resolved + Send + Sync>;

pub(crate) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Failure = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Connector = BoxCloneSyncService<Uri, Stream, Failure>;

/// Where connections may lead, and how.
pub(crate) struct Way {
    pub allowed: Vec<String>,
    pub resolve: Resolve,
    pub tls: Arc<ClientConfig>,
    pub deadline: Duration,
}

impl Way {
    pub fn connector(self) -> Connector {
        let Self { allowed, resolve, tls, deadline } = self;
        let allowed: Arc<[String]> = allowed.into();
        let plain = tower::service_fn(move |uri: Uri| {
            connect(uri, Arc::clone(&allowed), Arc::clone(&resolve))
        });
        let secure = HttpsConnector::from((plain, tls));
        BoxCloneSyncService::new(tower::service_fn(move |uri: Uri| {
            let secure = secure.clone();
            async move {
                let connected = tokio::time::timeout(deadline, secure.oneshot(uri)).await;
                connected.map_err(|_| Failure::from("no connection stood in time"))?
            }
        }))
    }
}

/// The names of this machine's own resolver.
pub(crate) fn system() -> Resolve {
    Arc::new(|host, port| {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    })
}

async fn connect(
    uri: Uri,
    allowed: Arc<[String]>,
    resolve: Resolve,
) -> io::Result<TokioIo<TcpStream>> {
    let host = uri.host().unwrap_or_default();
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let mut addresses = resolve(bare(host).to_owned(), port).await?;
    addresses.truncate(ADDRESSES);
    judge(host, secure, &addresses, &allowed)?;
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(stream))
}

/// All of them, and not only the one that is taken: a name with one wrong address is no mistake.
fn judge(host: &str, secure: bool, addresses: &[SocketAddr], allowed: &[String]) -> io::Result<()> {
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    if !secure {
        let here = addresses.iter().all(|address| address.ip().is_loopback());
        if !here || !is_this_machine(host) {
            return refuse("the call would travel in clear to another machine");
        }
    }
    let is_allowed = allowed.iter().any(|known| bare(known).eq_ignore_ascii_case(bare(host)));
    if !is_allowed && !addresses.iter().all(|address| is_public(address.ip())) {
        return refuse("the name leads to an address that is not public");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(host: &str, secure: bool, addresses: &[&str], allowed: &[&str]) -> bool {
        let addresses: Vec<SocketAddr> =
            addresses.iter().map(|address| address.parse().unwrap()).collect();
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        judge(host, secure, &addresses, &allowed).is_ok()
    }

    #[test]
    fn every_address_of_a_name_must_be_public_unless_its_host_is_allowed() {
        let (public, private) = ("1.1.1.1:443", "10.0.0.7:443");
        assert!(judged("a.example", true, &[public], &[]));
        assert!(!judged("a.example", true, &[public, private], &[]));
        assert!(!judged("a.example", true, &[private], &["b.example", "xa.example", "example"]));
        assert!(judged("a.example", true, &[private], &["A.example"]));
        assert!(judged("[::1]", true, &["[::1]:443"], &["::1"]));
        assert!(!judged("[::1]", true, &["[::1]:443"], &[]));
        assert!(!judged("a.example", true, &[], &["a.example"]));
    }

    #[test]
    fn in_clear_only_this_machine_is_reached_whatever_its_name_leads_to() {
        let allowed = ["localhost", "a.example"];
        assert!(judged("localhost", false, &["127.0.0.1:80", "[::1]:80"], &allowed));
        assert!(!judged("localhost", false, &["10.0.0.7:80"], &allowed));
        assert!(!judged("localhost", false, &["127.0.0.1:80", "10.0.0.7:80"], &allowed));
        assert!(!judged("a.example", false, &["127.0.0.1:80"], &allowed));
        assert!(!judged("localhost", false, &["127.0.0.1:80"], &[]));
    }
}
