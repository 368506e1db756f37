//! The body of an answer on its way out: whole bytes, and a witness that tells `pulse` when hyper
//! is done with them. Before it: the stack. After it: hyper.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::pulse::Pulse;

/// The bytes of one answer.
pub(crate) struct Reply {
    bytes: Option<Bytes>,
    _witness: Witness,
}

/// Marks a request as over when it is dropped, however that comes about.
pub(crate) struct Witness {
    pulse: Arc<Pulse>,
    answered: bool,
}

impl Witness {
    pub(crate) fn new(pulse: Arc<Pulse>) -> Self {
        Self { pulse, answered: false }
    }

    /// The answer is there and has to be handed over.
    pub(crate) fn reply(mut self, bytes: Bytes) -> Reply {
        self.pulse.answer_begun();
        self.answered = true;
        Reply { bytes: (!bytes.is_empty()).then_some(bytes), _witness: self }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.pulse.request_over(self.answered);
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
