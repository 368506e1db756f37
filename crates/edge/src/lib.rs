//! Lets requests in: sockets, the rules of HTTP, admission, and the headers that every answer has.
//! The story of one request: `accept` a connection, watch its `pulse`, cut its `wire` into checked
//! heads (`framing`), then travel the `stack` to the app. It knows no table and no user.
//! Before it: clients and balancers. After it: the app that `mainstay` hands in.

mod accept;
mod canonical;
mod client;
mod config;
mod connection;
mod crowd;
mod door;
mod framing;
mod identity;
pub mod limits;
pub mod observe;
mod operator;
mod pulse;
pub mod refuse;
mod reply;
mod request_line;
mod shutdown;
mod stack;
mod stages;
mod visit;
mod wire;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mainstay_base::Result;
use mainstay_telemetry::{Audience, Telemetry};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tower::Service;

pub use canonical::CanonicalPath;
pub use config::{Cors, EdgeConfig};
pub use identity::REQUEST_ID;
pub use shutdown::{Phase, Shutdown, signals};
pub use stack::stages;

use accept::Acceptor;
use crowd::Crowd;
use door::Door;

/// Both addresses, taken but not yet answering.
#[derive(Debug)]
pub struct Listeners {
    config: EdgeConfig,
    public: (TcpListener, SocketAddr),
    operator: (TcpListener, SocketAddr),
}

/// How a server ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// Whether everything in flight was finished within the grace period.
    pub drained: bool,
    /// Connections that had to be cut.
    pub cut: usize,
    /// From the request to stop to the end.
    pub took: Duration,
}

/// Takes both addresses of the configuration. Must be called inside a tokio runtime.
///
/// # Errors
/// When an address is in use or not ours; the message names it.
pub fn bind(config: EdgeConfig) -> Result<Listeners> {
    let public = accept::listen(config.listen)?;
    let operator = accept::listen(config.admin_listen)?;
    Ok(Listeners { config, public, operator })
}

impl Listeners {
    /// The address that was really taken, as with port 0.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public.1
    }

    /// The operator's address that was really taken.
    #[must_use]
    pub fn operator_address(&self) -> SocketAddr {
        self.operator.1
    }

    /// Serves until `shutdown` asks to stop, and ends as described there: readiness false, a pause,
    /// nothing new accepted, what is in flight finished within the grace period, the rest cut. The
    /// operator's address answers until the end.
    pub async fn serve<S>(self, app: S, telemetry: Telemetry, shutdown: Shutdown) -> Summary
    where
        S: Service<http::Request<Bytes>, Response = http::Response<Bytes>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        let addresses = (self.public_address(), self.operator_address());
        let config = Arc::new(self.config);
        let door = |audience| Arc::new(Door::new(Arc::clone(&config), &telemetry, audience));
        let (public_door, operator_door) = (door(Audience::Public), door(Audience::Operator));
        let (inner, operator) = (Shutdown::new(), Shutdown::new());
        let crowd = Crowd::new(&config);
        let (alive, mut gone) = mpsc::channel::<()>(1);

        let stack = stack::compose(app);
        let public = Acceptor::new(public_door, stack, Arc::clone(&crowd), &inner, alive);
        tokio::spawn(public.run(self.public.0));
        let stack = stack::compose(operator::surface(&telemetry));
        let (operator_alive, _) = mpsc::channel(1);
        let operator_crowd = Crowd::new(&config);
        let acceptor =
            Acceptor::new(operator_door, stack, operator_crowd, &operator, operator_alive);
        tokio::spawn(acceptor.run(self.operator.0));
        let listening = telemetry.log.line(&observe::LISTENING).display("address", addresses.0);
        listening.display("operator_address", addresses.1).send();

        let summary = drain(&config, &telemetry, &shutdown, &inner, &crowd, &mut gone).await;
        operator.force();
        let stopped = telemetry.log.line(&observe::STOPPED).flag("drained", summary.drained);
        let took = summary.took.as_millis() as u64;
        stopped.number("cut", summary.cut as u64).number("took_ms", took).send();
        summary
    }
}

/// Waits for the stop, then walks its steps.
async fn drain(
    config: &EdgeConfig,
    telemetry: &Telemetry,
    shutdown: &Shutdown,
    inner: &Shutdown,
    crowd: &Crowd,
    gone: &mut mpsc::Receiver<()>,
) -> Summary {
    shutdown.reached(Phase::Draining).await;
    let begun = Instant::now();
    telemetry.health.drain();
    let grace = config.grace.as_millis() as u64;
    telemetry.log.line(&observe::DRAINING).number("grace_ms", grace).send();
    tokio::select! {
        () = sleep(config.drain_pause) => {}
        () = shutdown.reached(Phase::Forced) => {}
    }
    inner.advance(Phase::Draining);
    // The channel closes when the last connection has dropped its end.
    let drained = tokio::select! {
        biased;
        _ = gone.recv() => true,
        () = shutdown.reached(Phase::Forced) => false,
        () = sleep(config.grace) => false,
    };
    let cut = if drained { 0 } else { crowd.count() };
    inner.force();
    if !drained {
        // Ending by force needs no client's cooperation, so this is a matter of scheduling.
        let _ = timeout(limits::LINGER, gone.recv()).await;
    }
    Summary { drained, cut, took: begun.elapsed() }
}
