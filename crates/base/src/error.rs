//! The one shape of failure: a stable code, a sentence, what a person may do about it, and a
//! cause that only the log sees. Dialects turn it into their own bodies (`rest::error`, `edge`).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::Code;

/// What every fallible function of Mainstay returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure on its way to a caller. One word wide, because it travels through every layer.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    raised: Option<Raised>,
    message: Cow<'static, str>,
    details: Option<String>,
    hint: Option<String>,
    retry_after_seconds: Option<u32>,
    operation: Option<(usize, Option<String>)>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// The code and status that the application chose for an error that it raised itself.
#[derive(Debug)]
struct Raised {
    text: String,
    status: u16,
}

impl Error {
    /// `message` is shown to the caller: it says nothing of our inside.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            raised: None,
            message: message.into(),
            details: None,
            hint: None,
            retry_after_seconds: None,
            operation: None,
            cause: None,
        }))
    }

    /// An error that the application raised on purpose, with a code of its own and the HTTP status
    /// (400 to 599) that goes with it. Its `code` is `Code::Raised`.
    #[must_use]
    pub fn raised_as(
        text: impl Into<String>,
        status: u16,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(Code::Raised, message);
        error.0.raised = Some(Raised { text: text.into(), status });
        error
    }

    /// A fault of ours. The caller learns that it happened, the log learns why.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "Something went wrong on our side").caused_by(cause)
    }

    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.0.details = Some(details.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn hint_if(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint.or(self.0.hint);
        self
    }

    /// Tells well-behaved clients when to come back, in whole seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// It was one operation of several that failed: its number, and its name where it has one.
    #[must_use]
    pub fn at_operation(mut self, at: usize, id: Option<&str>) -> Self {
        self.0.operation = Some((at, id.map(ToOwned::to_owned)));
        self
    }

    /// The operation of a batch that failed.
    #[must_use]
    pub fn operation(&self) -> Option<(usize, Option<&str>)> {
        self.0.operation.as_ref().map(|(at, id)| (*at, id.as_deref()))
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The code as clients see it: the one that was raised, or else the code's own text.
    #[must_use]
    pub fn code_text(&self) -> &str {
        self.0.raised.as_ref().map_or(self.0.code.text(), |raised| &raised.text)
    }

    /// The HTTP status: the one that was raised, or else the code's own.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.raised.as_ref().map_or(self.0.code.status(), |raised| raised.status)
    }

    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    #[must_use]
    pub fn details_text(&self) -> Option<&str> {
        self.0.details.as_deref()
    }

    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.0.retry_after_seconds
    }

    /// The hidden reason, for the log only.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|cause| cause.as_ref() as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_hides_its_cause_from_the_caller() {
        let error = Error::internal("disk /dev/sda1 is gone");
        assert_eq!(error.to_string(), "Something went wrong on our side");
        assert!(error.cause().is_some_and(|cause| cause.to_string().contains("sda1")));
        assert_eq!((error.code_text(), error.status()), ("internal", 500));
    }

    #[test]
    fn an_error_that_was_raised_has_its_own_code_and_status() {
        let error = Error::raised_as("PT409", 409, "sold out").details("none left");
        assert_eq!(error.code(), Code::Raised);
        assert_eq!((error.code_text(), error.status()), ("PT409", 409));
        assert_eq!((error.message(), error.details_text()), ("sold out", Some("none left")));
    }
}
