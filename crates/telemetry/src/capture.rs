//! An output that keeps what was written, so that tests can read the log. It stands here and not in
//! the test kit because the layers below the kit need it as well.

use std::io::{self, Write};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::Output;

/// Bytes that were written so far; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    /// This capture as the output of a log.
    #[must_use]
    pub fn output(&self) -> Output {
        Output::Writer(Box::new(self.clone()))
    }

    /// What was written so far; flush the log first.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
