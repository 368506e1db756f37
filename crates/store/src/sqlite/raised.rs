//! Errors of SQL functions on their way through SQLite, which carries a text and nothing else. The
//! whole error waits beside it, in the thread that runs the statement, until the text comes out.

use std::cell::RefCell;

use mainstay_base::Error;

/// The last error of this thread and the ticket that SQLite carries for it.
struct Waiting {
    ticket: String,
    error: Error,
}

#[derive(Default)]
struct Counter {
    raised: u64,
    waiting: Option<Waiting>,
}

thread_local! {
    static COUNTER: RefCell<Counter> = RefCell::default();
}

/// What a SQL function returns in place of `error`. The ticket is unlike any other of this thread,
/// so that an error that was swallowed can never be taken for a later one.
pub(super) fn raise(error: Error) -> rusqlite::Error {
    let ticket = COUNTER.with_borrow_mut(|counter| {
        counter.raised += 1;
        // SQLite's texts end at a NUL, and a very long one would be copied on every level.
        let shown: String = error.message().chars().filter(|c| *c != '\0').take(200).collect();
        let ticket = format!("{shown} (raised {})", counter.raised);
        counter.waiting = Some(Waiting { ticket: ticket.clone(), error });
        ticket
    });
    rusqlite::Error::UserFunctionError(ticket.into())
}

/// The error that `failed` carries the ticket of. Whatever waits is forgotten.
pub(super) fn take(failed: &rusqlite::Error) -> Option<Error> {
    let waiting = COUNTER.with_borrow_mut(|counter| counter.waiting.take())?;
    let carried = match failed {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text == &waiting.ticket,
        rusqlite::Error::SqlInputError { msg, .. } => msg == &waiting.ticket,
        _ => false,
    };
    carried.then_some(waiting.error)
}
