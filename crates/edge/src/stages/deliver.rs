//! Reads the body within its bounds and asks the app. The last stage: what leaves here is an
//! ordinary request with all its bytes. After `compress`; after it, the app.

use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use mainstay_base::{Code, Error, Result};
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use crate::EdgeConfig;
use crate::stack::{Next, Request, Response};
use crate::visit::Visit;

pub(crate) struct Deliver<S> {
    pub(crate) app: S,
}

impl<S> Next for Deliver<S>
where
    S: Service<http::Request<Bytes>, Response = http::Response<Bytes>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    async fn run(&self, visit: &Visit, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let bytes = if body.is_end_stream() {
            Bytes::new()
        } else {
            match read(body, &visit.door.config).await {
                Ok(bytes) => bytes,
                Err(error) => return visit.refuse_and_close(&error),
            }
        };
        match self.app.clone().oneshot(http::Request::from_parts(parts, bytes)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn names(&self, list: &mut Vec<&'static str>) {
        list.push("body limit and app");
    }
}

async fn read(body: Incoming, config: &EdgeConfig) -> Result<Bytes> {
    let limit = config.max_body_bytes;
    // The length that was announced; refused before a byte of it is read or asked for.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    timeout(config.body_timeout, collect(body, limit)).await.unwrap_or_else(|_| {
        Err(Error::new(Code::RequestTimeout, "The body did not arrive in time"))
    })
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|cause| {
            Error::new(Code::BadRequest, "The body is not framed as announced").caused_by(cause)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        // Most bodies are one piece, and that one is not copied.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn too_large(limit: usize) -> Error {
    Error::new(Code::BodyTooLarge, format!("The body is larger than {limit} bytes"))
}
