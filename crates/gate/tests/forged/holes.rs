//! Verifiers as others wrote them, each without one check. The forms must get through them, or the
//! forms would prove nothing.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::world::{NOW, SECRET, World};

/// What is missing, the verifier, and how many of the forms it must let through.
type Hole = (&'static str, fn(&World, &str) -> bool, usize);

pub fn all() -> [Hole; 3] {
    [
        ("no signature", no_signature, 380),
        ("the algorithm is what the token wishes", by_wish, 250),
        ("claims and header are not looked at", signature_only, 270),
    ]
}

/// Header, claims, message and signature, read as laxly as can be.
fn read(token: &str) -> Option<(Value, Value, &str, Vec<u8>)> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some((json(header)?, json(payload)?, message, URL_SAFE_NO_PAD.decode(signature).ok()?))
}

fn is_sound(claims: &Value) -> bool {
    let roles = ["anon", "authenticated", "service_role"];
    let role = claims["role"].as_str().is_some_and(|role| roles.contains(&role));
    role && claims["exp"].as_i64().is_some_and(|exp| exp > NOW)
}

fn no_signature(_: &World, token: &str) -> bool {
    read(token).is_some_and(|(_, claims, ..)| is_sound(&claims))
}

/// The verifier that many libraries once were: one key, and the header says how to use it.
fn by_wish(world: &World, token: &str) -> bool {
    let Some((header, claims, message, signature)) = read(token) else { return false };
    let hmac_with = |secret: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, message.as_bytes(), &signature).is_ok()
    };
    let proved = match header["alg"].as_str() {
        Some(none) if none.eq_ignore_ascii_case("none") => true,
        Some("HS256") => {
            let public = world.public_forms();
            public.iter().any(|(.., secret)| hmac_with(secret)) || hmac_with(SECRET)
        }
        _ => signed(world, message.as_bytes(), &signature),
    };
    proved && is_sound(&claims)
}

fn signature_only(world: &World, token: &str) -> bool {
    let Some((message, signature)) = token.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    signed(world, message.as_bytes(), &signature)
        || hmac::verify(&key, message.as_bytes(), &signature).is_ok()
}

fn signed(world: &World, message: &[u8], signature: &[u8]) -> bool {
    let (ec, ed) = (world.pair(), world.ed.public_key().as_ref());
    let rsa = world.rsa.public_key();
    let rsa = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa.as_ref());
    let ec = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ec.public_key().as_ref());
    ec.verify(message, signature).is_ok()
        || UnparsedPublicKey::new(&ED25519, ed).verify(message, signature).is_ok()
        || rsa.verify(message, signature).is_ok()
}
