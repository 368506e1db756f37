//! What an application says of its accounts.

use crate::accounts::pace::Pace;
use crate::accounts::session::Life;

/// The settings of `[auth]`, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The application's name, which no password may be.
    pub name: String,
    /// Users may make an account of their own.
    pub signup: bool,
    /// Users without an address.
    pub anonymous: bool,
    /// Signing in by address of mail.
    pub email: bool,
    /// Signing in by telephone number and password.
    pub phone: bool,
    /// An address has to be confirmed before its user signs in.
    pub confirm_email: bool,
    /// A change of address is confirmed by both addresses.
    pub confirm_both_addresses: bool,
    /// A new password needs a code by mail when the session is older than a day.
    pub reauthenticate: bool,
    /// A link shows a page with a button, so that what looks at links in letters opens none.
    pub link_page: bool,
    /// Users may link and unlink identities themselves.
    pub manual_linking: bool,
    /// Where this server is reached: scheme and host, without a slash at the end.
    pub public_url: String,
    /// The application's own page.
    pub site_url: String,
    /// Where links may lead beside it; compared exactly.
    pub redirect_urls: Vec<String>,
    /// Roles that a user may have, beside `authenticated`.
    pub roles: Vec<String>,
    /// Digits of a code.
    pub code_digits: usize,
    /// Seconds for which a code or a link is good.
    pub proof_life: i64,
    /// The label of second factors in apps.
    pub factor_issuer: String,
    /// Users may sign in by a passkey, without a password.
    pub passkeys: bool,
    /// Origins whose pages may ask for devices, beside that of `site_url`: on its host or below it.
    pub webauthn_origins: Vec<String>,
    pub life: Life,
    pub paces: Paces,
}

/// How often what may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Paces {
    /// Passwords and codes for one account from one place that it is not known from.
    pub stranger: Pace,
    /// The same from all such places together.
    pub strangers: Pace,
    /// From a device that has signed in to the account before.
    pub known_device: Pace,
    /// Failed tries of one place at any account.
    pub place: Pace,
    /// New users from one place.
    pub sign_up: Pace,
    /// Letters to one address that one place asks for.
    pub letter: Pace,
    /// Letters to one address, whoever asks for them.
    pub address: Pace,
    /// Letters that one place asks for.
    pub letters: Pace,
}

const QUARTER: i64 = 900;

impl Default for Paces {
    fn default() -> Self {
        let hour = 3_600;
        let pace = |free, first_wait, longest_wait, memory| Pace {
            free,
            first_wait,
            longest_wait,
            end: None,
            memory,
        };
        Self {
            stranger: pace(10, QUARTER, QUARTER, QUARTER),
            strangers: Pace { end: Some(100), ..pace(20, 1, 600, hour) },
            known_device: pace(10, 1, 60, hour),
            place: pace(100, QUARTER, QUARTER, QUARTER),
            sign_up: pace(100, 36, hour, hour),
            letter: pace(1, 60, 60, 60),
            address: pace(10, 60, QUARTER, hour),
            letters: pace(100, 36, hour, hour),
        }
    }
}
