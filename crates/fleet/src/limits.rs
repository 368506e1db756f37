//! The bounds of calls to other servers, each with whom it protects and what becomes of the call.

use std::time::Duration;

/// Bytes of an address that is called. Protects both sides. Refused.
pub const URL_BYTES: usize = 8 * 1024;

/// Until a connection stands: the name resolved, TCP and TLS agreed. Protects the caller, who
/// waits. Gives up.
pub const CONNECT: Duration = Duration::from_secs(5);

/// From the call to the last byte of its answer. Protects the caller, who waits. Gives up.
pub const WHOLE: Duration = Duration::from_secs(10);

/// Bytes of an answer. Protects memory from a server that never stops. Gives up.
pub const BODY_BYTES: usize = 1024 * 1024;

/// Bytes of the head of an answer. Protects memory. Gives up.
pub const HEAD_BYTES: usize = 64 * 1024;

/// Addresses of one name that are tried. Protects the caller from a name with thousands.
pub const ADDRESSES: usize = 8;

/// Connections to one host that are kept for the next call. Protects both sides.
pub const IDLE_CONNECTIONS: usize = 4;

/// How long a connection is kept without a call. Protects the other server.
pub const IDLE: Duration = Duration::from_secs(30);

/// Calls at once. Protects sockets and memory; the next one waits within its own deadline.
pub const CALLS: usize = 64;
