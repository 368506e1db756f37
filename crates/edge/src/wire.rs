//! The bytes of one connection. Hands hyper one checked head at a time and the body that belongs to
//! it; a refused head is replaced by a stand-in, so that its refusal travels like every answer.
//! Before it: the socket. After it: hyper. Beside it: `framing` judges, `pulse` keeps the times.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::framing::{Body, Bounds, Head};
use crate::limits::LINGER;
use crate::pulse::Pulse;
use crate::request_line::escape_query;

/// How an HTTP/2 client with prior knowledge begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What hyper reads in place of a refused head. The request that it makes is answered by the
/// refusal and never reaches anybody else: see `Pulse::request_begun`.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Enough for nearly every head, and little enough for thousands of idle connections.
const FIRST_BYTES: usize = 4 * 1024;

enum Mode {
    /// No byte has told yet which protocol it is.
    Opening,
    Heads(Head),
    /// A body of known length; then the next head.
    Body(u64),
    /// HTTP/2, or a chunked body, whose end only its parser knows. After a chunked one the
    /// connection closes, so no head slips through here (`stages::identify`).
    Through,
    /// Nothing is read any more.
    Refused,
}

/// A socket that shows hyper only what passed `framing`.
pub(crate) struct Wire {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    bounds: Bounds,
    mode: Mode,
    /// Bytes that came: `buffer[start..end]`; the first `granted` of them may be read by hyper.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    granted: usize,
    /// Heads that were let through.
    heads: u64,
    closing: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, pulse: Arc<Pulse>, bounds: Bounds) -> Self {
        Self {
            stream,
            pulse,
            bounds,
            mode: Mode::Opening,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            granted: 0,
            heads: 0,
            closing: None,
        }
    }

    /// Decides about bytes that are here; tells whether more are needed first.
    fn decide(&mut self) -> bool {
        let bytes = &self.buffer[self.start..self.end];
        match &mut self.mode {
            Mode::Opening if bytes.len() < PREFACE.len() && PREFACE.starts_with(bytes) => {
                return true;
            }
            Mode::Opening => {
                let http_2 = bytes.starts_with(PREFACE);
                self.mode = if http_2 { Mode::Through } else { Mode::Heads(Head::default()) };
                if http_2 {
                    self.pulse.head_complete();
                }
            }
            Mode::Heads(head) => {
                // An empty line before a request is an old habit of clients; RFC 9112, 2.2.
                if !head.has_begun() && bytes.starts_with(b"\r\n") {
                    self.start += 2;
                    return self.start == self.end;
                }
                if bytes.is_empty() || (!head.has_begun() && bytes == b"\r") {
                    return true;
                }
                return self.judge();
            }
            Mode::Body(left) => {
                let here = (*left).min(bytes.len() as u64);
                *left -= here;
                self.granted = here as usize;
                if *left == 0 {
                    self.mode = Mode::Heads(Head::default());
                }
                return here == 0;
            }
            Mode::Through => {
                self.granted = bytes.len();
                return self.granted == 0;
            }
            Mode::Refused => return true,
        }
        false
    }

    fn judge(&mut self) -> bool {
        let Mode::Heads(head) = &mut self.mode else {
            return false;
        };
        match head.read(&self.buffer[self.start..self.end], self.bounds) {
            Ok(None) => {
                self.pulse.head_begun();
                return true;
            }
            Ok(Some(framed)) => {
                self.pulse.head_complete();
                self.heads += 1;
                self.granted = framed.bytes;
                let (start, after) = (self.start, self.start + framed.bytes);
                if let Some(mut escaped) = escape_query(&self.buffer[start..after]) {
                    self.granted = escaped.len();
                    escaped.extend_from_slice(&self.buffer[after..self.end]);
                    (self.start, self.end) = (0, escaped.len());
                    self.buffer = escaped;
                }
                self.mode = match framed.body {
                    Body::Sized(0) => Mode::Heads(Head::default()),
                    Body::Sized(length) => Mode::Body(length),
                    Body::Chunked => Mode::Through,
                };
            }
            Err(refusal) => {
                self.pulse.refuse(self.heads, refusal);
                self.buffer.clear();
                self.buffer.extend_from_slice(STAND_IN);
                (self.start, self.end) = (0, STAND_IN.len());
                self.granted = self.end;
                self.mode = Mode::Refused;
            }
        }
        false
    }

    /// Reads once from the socket behind what is here. Zero: the client sends no more.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.buffer.len() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                // Bounded: a head that does not fit its bounds is refused before it gets here.
                self.buffer.resize((self.buffer.len() * 2).max(FIRST_BYTES), 0);
            }
        }
        let mut space = ReadBuf::new(&mut self.buffer[self.end..]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space))?;
        let count = space.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }

    fn hand_over(&mut self, out: &mut ReadBuf<'_>) {
        let count = self.granted.min(out.remaining());
        out.put_slice(&self.buffer[self.start..self.start + count]);
        self.start += count;
        self.granted -= count;
        // A large head leaves; the many connections that wait idle keep little.
        if self.start == self.end && self.buffer.len() > FIRST_BYTES {
            (self.buffer, self.start, self.end) = (Vec::new(), 0, 0);
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        loop {
            if wire.granted > 0 {
                wire.hand_over(out);
                return Poll::Ready(Ok(()));
            }
            if matches!(wire.mode, Mode::Through) && wire.start == wire.end {
                return Pin::new(&mut wire.stream).poll_read(cx, out);
            }
            if wire.decide() {
                if matches!(wire.mode, Mode::Refused) {
                    return Poll::Pending;
                }
                if ready!(wire.fill(cx))? == 0 {
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes only after all it holds was taken by the socket.
        self.pulse.write_done();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        if wire.closing.is_none() {
            ready!(Pin::new(&mut wire.stream).poll_shutdown(cx))?;
            wire.buffer.resize(FIRST_BYTES, 0);
        }
        if !wire.pulse.lingers() {
            return Poll::Ready(Ok(()));
        }
        let end = wire.closing.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        loop {
            (wire.start, wire.end) = (0, 0);
            match wire.fill(cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Wire {
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => self.pulse.write_stalled(),
            Poll::Ready(Ok(count)) => self.pulse.write_moved(*count),
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}
