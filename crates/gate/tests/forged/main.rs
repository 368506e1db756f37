//! Forged tokens, E1: more than two hundred forms of our own making, and none of them proves
//! anything. All are refused with one error, no form makes the verifier panic, and the honest token
//! that each of them was made from is accepted. Verifiers with a hole show that the forms bite.

#![allow(clippy::unwrap_used, clippy::panic)] // a panic is how a test fails

mod claims;
mod forge;
mod headers;
mod holes;
mod shapes;
mod signatures;
mod world;

use std::collections::HashSet;
use std::sync::Arc;

use mainstay_base::{Clock, Code};
use mainstay_gate::{Credentials, Gate};
use mainstay_testkit::FakeClock;

use world::{NOW, World};

/// A form: what it is, and the token.
pub type Form = (String, String);

fn forms(world: &World) -> Vec<Form> {
    [
        headers::algorithms(world),
        headers::names(world),
        headers::members(world),
        signatures::confusions(world),
        signatures::curves(world),
        signatures::others(world),
        claims::times(world),
        claims::purposes(world),
        claims::people(world),
        shapes::payloads(world),
        shapes::texts(world),
        shapes::strangers(world),
    ]
    .concat()
}

#[test]
fn every_forged_token_is_refused_with_one_error() {
    let world = World::new();
    let forms = forms(&world);
    assert!(forms.len() >= 200, "only {} forms", forms.len());
    let names: HashSet<&str> = forms.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), forms.len(), "each form has a name of its own");
    let verifier = world.verifier();
    let mut answers = HashSet::new();
    for (name, token) in &forms {
        match verifier.verify(token, NOW) {
            Ok(identity) => panic!("{name} was accepted as {identity:?}"),
            Err(error) => {
                assert_eq!(error.code(), Code::TokenInvalid, "{name}");
                answers.insert(format!("{error:?}"));
            }
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn a_gate_refuses_them_too_however_often_they_come() {
    let world = World::new();
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(NOW));
    let gate = Gate::of(world.verifier(), clock);
    for round in 0..2 {
        for (name, token) in forms(&world) {
            let credentials = Credentials { apikey: None, bearer: Some(&token) };
            let code = gate.identify(credentials).err().map(|error| error.code());
            assert_eq!(code, Some(Code::TokenInvalid), "{name}, round {round}");
        }
        for (name, token) in world.honest() {
            let credentials = Credentials { apikey: None, bearer: Some(&token) };
            assert!(gate.identify(credentials).is_ok(), "{name}, round {round}");
        }
    }
}

#[test]
fn the_honest_tokens_are_accepted() {
    let world = World::new();
    let verifier = world.verifier();
    for (name, token) in world.honest() {
        let identity = verifier.verify(&token, NOW).unwrap_or_else(|_| panic!("{name}"));
        assert!(identity.check_time(NOW).is_ok(), "{name}");
    }
}

/// ECDSA has two signatures for each: (r, s) and (r, n - s). RFC 7518 asks for neither, signers make
/// either, and nothing here is known by the text of a token; so both are accepted.
#[test]
fn a_signature_with_the_greater_s_is_accepted() {
    let world = World::new();
    let verifier = world.verifier();
    let token = world.token(&world.claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = signatures::negated(signature);
    assert_ne!(other, signature);
    assert!(verifier.verify(&format!("{message}.{other}"), NOW).is_ok());
}

/// The negative control: a verifier that lacks one check accepts the forms which that check is for.
#[test]
fn a_verifier_with_a_hole_accepts_what_the_hole_lets_through() {
    let world = World::new();
    let forms = forms(&world);
    for (hole, accepts, least) in holes::all() {
        for (name, token) in world.honest() {
            assert!(accepts(&world, &token), "{hole} refuses {name}");
        }
        let through = forms.iter().filter(|(_, token)| accepts(&world, token)).count();
        assert!(through >= least, "{hole} lets only {through} through");
    }
}

/// Any one character of an honest token changed is a forgery.
#[test]
fn an_honest_token_with_one_other_character_is_refused() {
    let world = World::new();
    let verifier = world.verifier();
    let token = world.token(&world.claims());
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = match bytes[at] {
            b'A' => b'B',
            _ => b'A',
        };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verifier.verify(&changed, NOW).is_err(), "at {at}");
    }
}

#[test]
fn a_token_ends_with_its_key_whatever_it_says() {
    let mut world = World::new();
    let mut claims = world.claims();
    claims.insert("exp".to_owned(), (NOW + 1_000_000).into());
    let token = world.token(&claims);
    world.rotate();
    let verifier = world.verifier();
    let gone = world.first_key_is_gone_at();
    let identity = verifier.verify(&token, gone - 1).unwrap();
    assert!(identity.check_time(gone - 1).is_ok());
    assert!(identity.check_time(gone).is_err(), "also when it is remembered");
    assert_eq!(verifier.verify(&token, gone).unwrap_err().code(), Code::TokenInvalid);
}
