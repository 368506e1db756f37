//! What the gate tells about itself: the deeds of the journal as lines of the log, in the same
//! words. Addresses of mail, passwords and tokens stand in neither.

use mainstay_telemetry::Log;

use crate::accounts::journal::Note;

mainstay_telemetry::events! {
    DONE = Info "auth.event" ["action", "actor", "user", "address"],
        "Something was done with an account; the journal has it too.";
    SUSPECTED = Warn "auth.suspicion" ["action", "actor", "user", "address"],
        "A sign-in, a code or a factor failed, or a spent token came back; the journal has it too.";
    UNTENDED = Error "auth.untended" ["cause"],
        "The accounts could not be tended: letters wait, ended sessions of other processes are not known.";
    UNSENT = Warn "mail.unsent" ["kind", "cause", "tries"],
        "A letter was not taken; it is tried again.";
    GIVEN_UP = Error "mail.given_up" ["kind", "cause", "tries"],
        "A letter was refused for good, or for too long: nobody gets it.";
}

/// Says in the log what the journal has.
pub(crate) fn tell(log: &Log, note: &Note) {
    let event = if note.deed.is_suspicious() { &SUSPECTED } else { &DONE };
    log.line(event)
        .text("action", note.deed.name())
        .maybe("actor", note.actor.as_deref())
        .maybe("user", note.user.as_deref())
        .maybe("address", note.origin.address.as_deref())
        .send();
}
