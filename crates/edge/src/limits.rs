//! Every bound of the door, with whom it protects and how it refuses. What an operator may want to
//! change has its default here and its place in `EdgeConfig`; the rest is fixed.

use std::time::Duration;

/// Connections at once. Protects memory and file descriptors. Refused by `overloaded` (503) and
/// close.
pub const CONNECTIONS: usize = 10_000;

/// Connections at once from one client address (IPv6: from one /64). Protects the other clients.
/// Refused by `overloaded` (503) and close.
pub const CONNECTIONS_PER_CLIENT: usize = 1_000;

/// Requests at work at once. Protects the latency of those already let in. Refused by `overloaded`
/// (503) with Retry-After.
pub const REQUESTS_IN_FLIGHT: usize = 2_048;

/// Seconds in Retry-After of an overloaded answer. Protects us from a herd that returns at once.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// From the first byte of a request head (or from accepting) to its end. Protects connections from
/// slow senders of headers. The connection is cut.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A kept-alive connection without a request. Protects file descriptors. The connection is closed.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of path and query together. Protects the parsers behind. Refused by `url_too_long` (414).
pub const URL_BYTES: usize = 8 * 1024;

/// Bytes of all header lines together. Protects memory before a caller is known. Refused by
/// `headers_too_large` (431); under HTTP/2 by the protocol's own 431.
pub const HEADER_BYTES: usize = 16 * 1024;

/// Header lines of one request. Protects against many tiny ones. Refused by `headers_too_large`.
pub const HEADER_LINES: usize = 100;

/// Bytes of a method. Protects the access log. Refused by `bad_request` (400).
pub const METHOD_BYTES: usize = 32;

/// Bytes of a request body. Protects memory. Refused by `body_too_large` (413).
pub const BODY_BYTES: usize = 1024 * 1024;

/// From the end of the head to the end of the body. Protects requests in flight from slow senders.
/// Refused by `request_timeout` (408).
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// From the end of the head to the answer. Protects callers from waiting for what will not come.
/// Refused by `deadline_exceeded` (504).
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(30);

/// How long a client may leave an answer unread. Protects the memory that holds the answer. The
/// connection is cut.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The slowest reader that is still served: each such piece read buys a second. Protects slow but
/// honest readers from `WRITE_TIMEOUT`.
pub const WRITE_BYTES_PER_SECOND: u64 = 4 * 1024;

/// After a refusal, how long unread input is thrown away before closing. Protects the refusal
/// itself: closing over unread bytes resets the connection and the client may never see it.
pub const LINGER: Duration = Duration::from_secs(1);

/// From the signal to the end of the last request. Protects a restart from one that hangs. Then
/// connections are cut.
pub const GRACE: Duration = Duration::from_secs(30);

/// Streams at once on one HTTP/2 connection. Protects fairness between connections. Refused by the
/// protocol.
pub const H2_STREAMS: u32 = 100;

/// Streams that a client opened and reset before we saw them (rapid reset). Protects the processor.
/// The connection is closed by GOAWAY.
pub const H2_PENDING_RESETS: usize = 20;

/// Resets that a client provoked from us (MadeYouReset). Protects the processor. The connection is
/// closed by GOAWAY.
pub const H2_LOCAL_RESETS: usize = 1_024;

/// Unread request bytes of one stream, and of one connection, under HTTP/2. Protects memory.
/// Enforced by the protocol's flow control.
pub const H2_STREAM_WINDOW: u32 = 64 * 1024;
pub const H2_CONNECTION_WINDOW: u32 = 256 * 1024;

/// Answer bytes that one HTTP/2 stream may hold ready. Protects memory.
pub const H2_SEND_BYTES: usize = 64 * 1024;

/// How often an HTTP/2 connection is asked whether it lives, and how long it may take to say so.
/// Protects file descriptors from peers that vanished. The connection is closed.
pub const H2_PING_EVERY: Duration = Duration::from_secs(20);
pub const H2_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that the HTTP/1 engine holds for one connection. Protects memory. Larger than any head.
pub const H1_BUFFER_BYTES: usize = 64 * 1024;

/// Connections that wait to be accepted. Protects bursts from being refused by the kernel.
pub const BACKLOG: u32 = 1_024;

/// The pause after accepting failed, as when no file descriptor is left. Protects the processor.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bytes of `Access-Control-Request-Headers` that are echoed. Protects the answer. Beyond it
/// nothing is allowed.
pub const CORS_HEADER_BYTES: usize = 2_048;

/// Answers up to this size are not compressed: it would cost more than it saves.
pub const COMPRESS_FROM_BYTES: usize = 1_024;

/// Answers from this size are compressed beside the workers. Protects the requests that share one.
pub const COMPRESS_ASIDE_BYTES: usize = 256 * 1024;

/// Label combinations that one worker remembers. Protects memory from an app with endless routes.
pub const REMEMBERED_SERIES: usize = 4_096;
