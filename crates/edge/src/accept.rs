//! Takes connections from the kernel and gives each its own task, or refuses it at once.
//! Before it: `bind`. After it: `connection`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::connection::{self, Engine};
use crate::crowd::Crowd;
use crate::door::Door;
use crate::limits::{ACCEPT_PAUSE, BACKLOG, RETRY_AFTER_SECONDS};
use crate::observe::{ACCEPT_FAILED, CONNECTION_REFUSED};
use crate::refuse;
use crate::shutdown::{Phase, Shutdown};
use crate::stack::Next;

/// Takes an address, and tells which one it really is.
pub(crate) fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let attempt = || -> io::Result<(TcpListener, SocketAddr)> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // Connections of a server that just stopped must not keep the next one from starting.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let taken = listener.local_addr()?;
        Ok((listener, taken))
    };
    attempt().map_err(|cause| {
        Error::new(Code::Internal, format!("Cannot listen on {address}"))
            .hint("Is another server running? Choose another address, or port 0 for a free one.")
            .caused_by(cause)
    })
}

/// Accepts the connections of one address.
pub(crate) struct Acceptor<N> {
    door: Arc<Door>,
    stack: Arc<N>,
    crowd: Arc<Crowd>,
    engine: Arc<Engine>,
    phase: watch::Receiver<Phase>,
    /// Every connection holds a clone; the other end sees when the last one is gone.
    alive: mpsc::Sender<()>,
}

impl<N: Next> Acceptor<N> {
    pub(crate) fn new(
        door: Arc<Door>,
        stack: N,
        crowd: Arc<Crowd>,
        shutdown: &Shutdown,
        alive: mpsc::Sender<()>,
    ) -> Self {
        let engine = Arc::new(connection::engine(&door.config));
        Self { door, stack: Arc::new(stack), crowd, engine, phase: shutdown.watch(), alive }
    }

    /// Accepts until a stop is asked for; then the address is free again.
    pub(crate) async fn run(self, listener: TcpListener) {
        let mut phase = self.phase.clone();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = phase.wait_for(|phase| *phase >= Phase::Draining) => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address),
                // The client gave up while it waited; the next one has not.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Without a pause this would spin: the connection stays in the kernel's queue.
                    self.door.telemetry.log.line(&ACCEPT_FAILED).display("cause", error).send();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, address: SocketAddr) {
        let door = &self.door;
        door.gauges.accepted.increment();
        // Answers are written whole, so waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        match self.crowd.enter(address.ip()) {
            Ok(place) => {
                let connection = connection::run(
                    stream,
                    Arc::clone(&self.stack),
                    Arc::clone(door),
                    Arc::clone(&self.engine),
                    self.phase.clone(),
                );
                let alive = self.alive.clone();
                door.gauges.connections.add(1);
                let gauge = door.gauges.connections.clone();
                tokio::spawn(async move {
                    let _here = (place, alive, Leaving(gauge));
                    connection.await;
                });
            }
            Err(reason) => {
                door.gauges.refused(reason);
                door.telemetry.log.line(&CONNECTION_REFUSED).text("reason", reason).send();
                let error = Error::new(Code::Overloaded, "There are too many connections")
                    .retry_after(RETRY_AFTER_SECONDS);
                let id = door.ids.make(door.telemetry.clock.now());
                // A fresh socket takes these few bytes at once, or the client goes without them.
                let _ = stream.try_write(&refuse::canned(&error, &id));
            }
        }
    }
}

/// Counts a connection down, however it ends.
struct Leaving(mainstay_telemetry::Gauge);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}
