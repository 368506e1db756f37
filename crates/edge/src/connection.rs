//! One connection from its first byte to its end: hyper speaks the protocol, the stack answers, and
//! a watchdog looks at the pulse now and then. Before it: `accept`. After it: `stack`.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::EdgeConfig;
use crate::client;
use crate::door::Door;
use crate::framing::Bounds;
use crate::limits;
use crate::observe::CONNECTION_CUT;
use crate::pulse::{Cut, Pulse};
use crate::reply::{Reply, Witness};
use crate::shutdown::Phase;
use crate::stack::{Next, Request};
use crate::visit::Visit;
use crate::wire::Wire;

pub(crate) type Engine = auto::Builder<TokioExecutor>;

/// hyper with every bound set: its own defaults are meant for trusted peers.
pub(crate) fn engine(config: &EdgeConfig) -> Engine {
    let mut engine = auto::Builder::new(TokioExecutor::new());
    engine
        .http1()
        .timer(TokioTimer::new())
        // Times of heads and idle connections are kept by the watchdog, which also covers the
        // bytes before the protocol is known.
        .header_read_timeout(None)
        .max_buf_size(limits::H1_BUFFER_BYTES);
    engine
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::H2_STREAMS)
        .max_header_list_size(u32::try_from(config.max_header_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(limits::H2_PENDING_RESETS)
        .max_local_error_reset_streams(limits::H2_LOCAL_RESETS)
        .initial_stream_window_size(limits::H2_STREAM_WINDOW)
        .initial_connection_window_size(limits::H2_CONNECTION_WINDOW)
        .max_send_buf_size(limits::H2_SEND_BYTES)
        .keep_alive_interval(limits::H2_PING_EVERY)
        .keep_alive_timeout(limits::H2_PING_TIMEOUT);
    engine
}

/// Runs until the client leaves, the pulse stops, or the server does.
pub(crate) async fn run<N: Next>(
    stream: TcpStream,
    stack: Arc<N>,
    door: Arc<Door>,
    engine: Arc<Engine>,
    mut phase: watch::Receiver<Phase>,
) {
    let config = Arc::clone(&door.config);
    let bounds = Bounds { url_bytes: config.max_url_bytes, header_bytes: config.max_header_bytes };
    let peer = stream.peer_addr().map_or(client::NOBODY, |peer| peer.ip());
    let pulse = Arc::new(Pulse::new());
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&pulse), bounds));
    let (seen, answering) = (Arc::clone(&pulse), Arc::clone(&door));
    let service = service_fn(move |request| answer(&stack, &answering, (&seen, peer), request));
    let mut connection = pin!(engine.serve_connection(wire, service));
    let mut look = pin!(sleep(Pulse::first_look(&config)));
    let (mut told, mut retiring) = (Phase::Running, false);
    loop {
        tokio::select! {
            biased;
            // An error here is the client's way of leaving; what it asked was logged already.
            _ = connection.as_mut() => return,
            () = look.as_mut() => match pulse.verdict(&config) {
                Ok(wait) => look.as_mut().reset(Instant::now() + wait),
                Err(cut) => {
                    if !retiring {
                        door.gauges.cut(cut.text());
                        door.telemetry.log.line(&CONNECTION_CUT).text("reason", cut.text()).send();
                    }
                    if retiring || cut != Cut::Idle {
                        return;
                    }
                    // An idle client is told (GOAWAY under HTTP/2) and has a second to hear it.
                    retiring = true;
                    connection.as_mut().graceful_shutdown();
                    look.as_mut().reset(Instant::now() + Duration::from_secs(1));
                }
            },
            now = next_phase(&mut phase, told) => {
                if now == Phase::Forced {
                    return;
                }
                told = now;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Waits until the stop has come further than `told`.
async fn next_phase(phase: &mut watch::Receiver<Phase>, told: Phase) -> Phase {
    // A server whose handle is gone cannot be asked to finish, so it ends.
    phase.wait_for(|phase| *phase > told).await.map_or(Phase::Forced, |phase| *phase)
}

fn answer<N: Next>(
    stack: &Arc<N>,
    door: &Arc<Door>,
    (pulse, peer): (&Arc<Pulse>, IpAddr),
    request: Request,
) -> impl Future<Output = Result<http::Response<Reply>, Infallible>> + Send + use<N> {
    let refusal = pulse.request_begun();
    let witness = Witness::new(Arc::clone(pulse));
    let visit = Visit::new(door, pulse, refusal, &request);
    visit.facts.set_client(client::of(peer, request.headers(), &door.config.trusted_proxies));
    let stack = Arc::clone(stack);
    async move {
        let response = stack.run(&visit, request).await;
        Ok(response.map(|bytes| witness.reply(bytes)))
    }
}
