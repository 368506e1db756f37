//! `mainstay.toml` apart from declarations: which sections and keys there are. The values are read
//! by the `mainstay` crate; here a misspelled key is found before it is silently without effect.

use super::node::Fields;
use crate::mistake::{Found, Mistake};

/// A section of `mainstay.toml` and its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// As in `[server]`.
    pub name: &'static str,
    /// Keys that it may have, with spaces between.
    words: &'static str,
}

impl Section {
    /// The keys that it may have.
    pub fn keys(&self) -> Vec<&'static str> {
        self.words.split_whitespace().collect()
    }
}

/// Every section, in the order of the documentation: the one list that `check` and `mainstay
/// config` share.
pub const SECTIONS: &[Section] = &[
    Section { name: "server", words: "listen admin_listen public_url trusted_proxies grace" },
    Section { name: "database", words: "url replicas" },
    Section {
        name: "api",
        words: "max_rows aggregates transaction_override safe_update openapi cors_origins",
    },
    Section {
        name: "auth",
        words: "jwt_secret roles signing access_token_ttl rotate_keys_after refresh_grace \
                session_idle session_lifetime signup anonymous email phone confirm_email \
                confirm_both_addresses reauthenticate link_page manual_linking claims external \
                passkeys webauthn_origins require_aal2 site_url redirect_urls password_min \
                password_required code_digits code_ttl letter_pause signups_per_hour \
                letters_per_hour failures_per_place",
    },
    Section { name: "backup", words: "targets snapshot_every keep encrypt_to" },
    Section {
        name: "limits",
        words: "body_bytes connections connections_per_client requests_in_flight \
                request_deadline statement_timeout write_queue",
    },
    Section {
        name: "mail",
        words: "host port security username password from from_name authorities timeout",
    },
    Section { name: "telemetry", words: "log_format log_level" },
];

/// Top-level keys that are no sections.
pub const TOP_KEYS: &[&str] = &["name", "doc", "default_module"];

/// Notes unknown keys at the top and in each section. `more` names what else this file may hold.
pub(super) fn check(top: &Fields<'_>, more: &[&str], found: &mut Found) {
    let known: Vec<&str> = TOP_KEYS
        .iter()
        .copied()
        .chain(more.iter().copied())
        .chain(SECTIONS.iter().map(|section| section.name))
        .collect();
    for field in &top.list {
        if !known.contains(&field.name) {
            found.add(unknown_top(field.name, &known).at(field.place));
        }
        let Some(section) = SECTIONS.iter().find(|section| section.name == field.name) else {
            continue;
        };
        let what = format!("`[{}]`", section.name);
        field.node.fields(&what, &section.keys(), found);
    }
}

fn unknown_top(name: &str, known: &[&str]) -> Mistake {
    let message = format!("unknown key `{name}` at the top of the file");
    let mistake = Mistake::new(Default::default(), "unknown-key", message);
    let owner = SECTIONS.iter().find(|section| section.keys().contains(&name));
    match (owner, name) {
        (Some(section), _) => mistake.hint(format!("it belongs under `[{}]`", section.name)),
        (None, "tables" | "functions" | "views" | "expect") => {
            mistake.hint("in a folder, these stand in files of their own: modules/NAME.toml")
        }
        (None, _) => mistake
            .hint(format!("known here: {}", known.join(", ")))
            .nearest(name, known.iter().copied()),
    }
}
