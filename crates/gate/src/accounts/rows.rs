//! The records of the module `auth`, in the order of its columns.

use serde_json::Value as Json;

use super::record::{Moment, record};

record! {
    /// Who has an account.
    User = "users" {
        id: String,
        email: Option<String>,
        phone: Option<String>,
        password: Option<String>,
        role: String,
        app_metadata: Json,
        user_metadata: Json,
        is_anonymous: bool,
        email_confirmed_at: Option<Moment>,
        phone_confirmed_at: Option<Moment>,
        invited_at: Option<Moment>,
        confirmation_sent_at: Option<Moment>,
        recovery_sent_at: Option<Moment>,
        new_email: Option<String>,
        email_change_sent_at: Option<Moment>,
        email_change_proofs: i64,
        new_phone: Option<String>,
        phone_change_sent_at: Option<Moment>,
        reauthentication_sent_at: Option<Moment>,
        last_sign_in_at: Option<Moment>,
        banned_until: Option<Moment>,
        deleted_at: Option<Moment>,
        /// Somebody made this account for oneself; nobody who runs the application has.
        self_made: bool,
        created_at: Moment,
        updated_at: Moment,
    }
}

record! {
    /// How a user is known elsewhere.
    Identity = "identities" {
        id: String,
        user: String,
        provider: String,
        provider_id: String,
        data: Json,
        email: Option<String>,
        last_sign_in_at: Option<Moment>,
        created_at: Moment,
        updated_at: Moment,
    }
}

record! {
    /// Signed in on one device.
    Session = "sessions" {
        id: String,
        user: String,
        secret: String,
        /// Number of the refresh token that is not spent.
        turn: i64,
        aal: String,
        amr: Json,
        factor: Option<String>,
        address: Option<String>,
        agent: Option<String>,
        created_at: Moment,
        refreshed_at: Moment,
        ends_at: Option<Moment>,
    }
}

record! {
    /// What was sent to an address.
    Proof = "proofs" {
        id: String,
        user: String,
        kind: String,
        address: String,
        link: String,
        code: String,
        tries: i64,
        flow: Option<String>,
        created_at: Moment,
        ends_at: Moment,
    }
}

record! {
    /// A sign-in that is under way.
    Flow = "flows" {
        id: String,
        user: Option<String>,
        provider: Option<String>,
        challenge: Option<String>,
        challenge_method: Option<String>,
        code: Option<String>,
        method: String,
        state: Json,
        redirect: Option<String>,
        created_at: Moment,
        issued_at: Option<Moment>,
    }
}

record! {
    /// What a user has beside a password.
    Factor = "factors" {
        id: String,
        user: String,
        kind: String,
        verified: bool,
        name: Option<String>,
        secret: String,
        credential: Option<String>,
        step: Option<i64>,
        last_challenged_at: Option<Moment>,
        created_at: Moment,
        updated_at: Moment,
    }
}

record! {
    /// A question to a factor.
    Challenge = "challenges" {
        id: String,
        user: Option<String>,
        factor: Option<String>,
        kind: String,
        state: String,
        tries: i64,
        address: Option<String>,
        created_at: Moment,
        ends_at: Moment,
    }
}

record! {
    /// What opens an account whose factor is lost.
    RecoveryCode = "recovery_codes" {
        id: String,
        user: String,
        hash: String,
    }
}

record! {
    /// A letter on its way.
    Posted = "letters" {
        id: String,
        kind: String,
        body: String,
        tries: i64,
        written_at: Moment,
        next_at: Moment,
    }
}

record! {
    /// Tries that went wrong.
    Guesses = "guesses" {
        what: String,
        tries: i64,
        open_at: Moment,
        forgotten_at: Moment,
    }
}

record! {
    /// What was done.
    Event = "events" {
        number: i64,
        at: Moment,
        action: String,
        actor: Option<String>,
        user: Option<String>,
        address: Option<String>,
        agent: Option<String>,
        detail: Json,
        seal: String,
    }
}

record! {
    /// The key of a machine.
    MachineKey = "api_keys" {
        id: String,
        name: String,
        kind: String,
        digest: String,
        shown: String,
        role: String,
        roles: Json,
        created_at: Moment,
        ends_at: Option<Moment>,
        last_used_at: Option<Moment>,
    }
}

record! {
    /// A known text, sealed.
    Seal = "seals" {
        name: String,
        body: String,
    }
}

record! {
    /// What access tokens are signed with.
    SigningKey = "signing_keys" {
        kid: String,
        body: String,
        created_at: Moment,
    }
}
