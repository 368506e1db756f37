//! What the mail tells about itself. Addresses stand in the log masked, and what a letter says
//! never does; the catcher shows links, and there is a catcher only in development.

mainstay_telemetry::events! {
    CAUGHT = Info "mail.caught" ["kind", "to", "link"],
        "A letter was kept for the operator instead of being sent: this is development.";
}
