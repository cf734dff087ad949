//! One thread's use of a client, and reading bodies into memory.

use std::sync::Arc;

use crate::http::body::{self, Body, Extent};
use crate::http::encoding;
use crate::http::error::Error;
use crate::http::exchange::{Failure, Request, Response};
use crate::http::limits::Paced;
use crate::http::realm::Realm;
use crate::http::retry::with_retries;
use crate::http::status::Status;
use crate::http::transport_error::TransportError;
use crate::http::{Cancellation, Client};
use crate::url::Url;

/// One thread's use of a [`Client`]; keeps its buffers from one request to the next.
pub struct HttpSession<'a> {
    pub(super) client: &'a Client,
    pub(super) cancellation: &'a dyn Cancellation,
    body: Vec<u8>,
    pub(super) buffer: Vec<u8>,
}

/// A request for something that fits into memory.
#[derive(Clone, Copy, Debug)]
pub struct Get<'a> {
    /// What it is, for messages.
    pub what: &'a str,
    /// Where it is.
    pub url: &'a Url,
    /// The media types that are welcome, as the `Accept` header has them.
    pub accept: &'a str,
    /// Whose credentials the server may have.
    pub realm: &'a Realm,
}

impl<'a> HttpSession<'a> {
    pub(super) fn new(client: &'a Client, cancellation: &'a dyn Cancellation) -> Self {
        Self {
            client,
            cancellation,
            body: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Reads a body into memory, decoded, in as many attempts as it takes and the user allows.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Refused`], [`Error::Response`], [`Error::Transport`], [`Error::Coding`],
    /// [`Error::TooLarge`] beyond [`Limits::body_bytes`](super::Limits::body_bytes), an address that cannot be used,
    /// [`Error::Cancelled`].
    pub fn get(&mut self, get: &Get<'_>) -> Result<Body<'_>, Error> {
        let (client, cancellation) = (self.client, self.cancellation);
        let buffer = &mut self.body;
        let read = with_retries(client, cancellation, get.what, &mut || {
            let response = client.ask(get)?;
            read_body(client, get, response, buffer)
        })?;
        Ok(Body::new(read, &mut self.body))
    }

    /// Makes a body of what was read from elsewhere.
    pub(crate) fn body_of(&mut self, url: Url, bytes: Vec<u8>) -> Body<'_> {
        self.body = bytes;
        let received = body::Received {
            url,
            content_type: None,
            right: None,
        };
        Body::new(received, &mut self.body)
    }

    /// Makes a body of what was received before, and others read as well.
    pub(crate) fn shared_body(
        &mut self,
        url: Url,
        content_type: Option<String>,
        bytes: Arc<Vec<u8>>,
    ) -> Body<'_> {
        let received = body::Received {
            url,
            content_type,
            right: None,
        };
        Body::new(received, &mut self.body).with_shared(bytes)
    }
}

impl Client {
    fn ask(&self, get: &Get<'_>) -> Result<Response, Failure> {
        let response = self.exchange(&Request {
            what: get.what,
            url: get.url,
            headers: &[("accept", get.accept), ("accept-encoding", "gzip")],
            realm: get.realm,
        })?;
        match response.status() {
            200 => Ok(response),
            404 | 410 => {
                let error = absent(get.what, &response);
                response.drain(self.agents.limits().pace);
                Err(Failure::Final(error))
            }
            401 | 403 => Err(Failure::Final(refused(get.what, &response))),
            _ => Err(Failure::Status(Box::new(response))),
        }
    }
}

/// Reads what `get` asked for into `buffer`.
fn read_body<'c>(
    client: &'c Client,
    get: &Get<'_>,
    response: Response,
    buffer: &mut Vec<u8>,
) -> Result<body::Received<'c>, Failure> {
    let content_type = response.header("content-type");
    let content_type = content_type.map(|text| client.authenticator.shown(text));
    let codings = encoding::parse(response.headers("content-encoding"));
    let codings = codings.map_err(|coding| Error::Coding {
        what: get.what.to_owned(),
        url: get.url.clone(),
        coding: client.authenticator.shown(&coding),
    })?;
    let url = response.url.clone();
    let limits = client.agents.limits();
    buffer.clear();
    let body = Paced::body(response.into_reader(), limits.pace);
    let read = body::read(
        body,
        &codings,
        buffer,
        limits.body_bytes,
        &client.large_body,
    );
    if !matches!(read, Ok(Extent::Whole(_))) {
        // Another body may be large now.
        *buffer = Vec::new();
    }
    match read {
        Ok(Extent::Whole(right)) => Ok(body::Received {
            url,
            content_type,
            right,
        }),
        Ok(Extent::TooLarge) => Err(Failure::Final(Error::TooLarge {
            what: get.what.to_owned(),
            url,
            limit: limits.body_bytes,
        })),
        Err(cause) => Err(Failure::Transport(TransportError::new(cause.into()), url)),
    }
}

pub(super) fn absent(what: &str, response: &Response) -> Error {
    Error::Absent {
        what: what.to_owned(),
        url: response.url.clone(),
        status: Status(response.status()),
        tried: response.tried,
    }
}

pub(super) fn refused(what: &str, response: &Response) -> Error {
    Error::Refused {
        what: what.to_owned(),
        url: response.url.clone(),
        status: Status(response.status()),
        tried: response.tried,
        flaw: response.flaw,
    }
}
