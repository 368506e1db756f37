//! Second factors, as pure pieces: codes from an app (`totp`), codes on paper (`recovery`) and
//! keys in a device (`passkey`, also a first factor). Whoever stores factors and challenges calls
//! them with what was stored and writes down what they give back, in one transaction.

pub mod passkey;
pub mod recovery;
pub mod totp;
