//! Passkeys against a device made of software, which can do everything that a device must not.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use cbor4ii::core::Value as Cbor;
use cbor4ii::core::enc::Encode;
use cbor4ii::core::utils::BufWriter;
use proptest::prelude::*;
use serde_json::json;

use super::*;

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        front in 0..5_u8,
    ) {
        // Often the front of a map, an array or a text, so that the readers go on.
        let bytes = [&[[0xa5, 0xa1, 0x83, 0x78, 0x59][usize::from(front)]], bytes.as_slice()];
        let bytes = bytes.concat();
        prop_assert!(PublicKey::read(&bytes).is_err());
        prop_assert!(device::attested(&bytes).is_err());
        let _ = AuthenticatorData::read(&bytes);
        let made = [[0; 32].as_slice(), &[65, 0, 0, 0, 0], &[0; 16], &[0, 1, 7], &bytes].concat();
        let _ = AuthenticatorData::read(&made);
    }
}

pub(super) const OWNER: &[u8] = b"0123456789abcdef";
const UP: u8 = 1;
const UV: u8 = 4;
const BE: u8 = 8;
const BS: u8 = 16;

pub(super) fn party() -> RelyingParty {
    let origins = vec!["https://example.org".to_owned(), "https://app.example.org:8443".to_owned()];
    RelyingParty::new("example.org", "Shop", origins).unwrap()
}

fn challenge(byte: u8) -> Challenge {
    Challenge([byte; 32])
}

enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Pair {
    fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn cose(&self) -> Vec<(i128, Cbor)> {
        let number = Cbor::Integer;
        match self {
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) =
                    (Cbor::Bytes(point[1..33].to_vec()), Cbor::Bytes(point[33..].to_vec()));
                vec![(1, number(2)), (3, number(-7)), (-1, number(1)), (-2, x), (-3, y)]
            }
            Self::Ed25519(pair) => {
                let point = Cbor::Bytes(pair.public_key().as_ref().to_vec());
                vec![(1, number(1)), (3, number(-8)), (-1, number(6)), (-2, point)]
            }
            Self::Rsa(pair) => {
                let key = pair.public_key();
                let modulus = key.modulus().big_endian_without_leading_zero().to_vec();
                let exponent = key.exponent().big_endian_without_leading_zero().to_vec();
                let (modulus, exponent) = (Cbor::Bytes(modulus), Cbor::Bytes(exponent));
                vec![(1, number(3)), (3, number(-257)), (-1, modulus), (-2, exponent)]
            }
        }
    }

    fn sign(&self, signed: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::P256(pair) => pair.sign(&random, signed).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(signed).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// A device and the browser before it. Every field can be made to lie.
struct Device {
    pair: Pair,
    id: Vec<u8>,
    party: &'static str,
    origin: &'static str,
    ceremony: Option<&'static str>,
    /// More of the client data, as JSON members with a comma in front.
    more: &'static str,
    flags: u8,
    counter: u32,
    handle: Option<Vec<u8>>,
}

impl Device {
    fn new() -> Self {
        Self {
            pair: Pair::p256(),
            id: vec![7; 16],
            party: "example.org",
            origin: "https://example.org",
            ceremony: None,
            more: "",
            flags: UP | UV,
            counter: 1,
            handle: Some(OWNER.to_vec()),
        }
    }

    fn client(&self, ceremony: &str, challenge: u8) -> String {
        format!(
            "{{\"type\":\"{}\",\"challenge\":\"{}\",\"origin\":\"{}\"{}}}",
            self.ceremony.unwrap_or(ceremony),
            encode(&[challenge; 32]),
            self.origin,
            self.more
        )
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let party = digest::digest(&digest::SHA256, self.party.as_bytes());
        [party.as_ref(), &[self.flags | flags], &self.counter.to_be_bytes()].concat()
    }

    fn made(&self) -> Vec<u8> {
        self.made_of(self.pair.cose())
    }

    fn made_of(&self, key: Vec<(i128, Cbor)>) -> Vec<u8> {
        let key = key.into_iter().map(|(label, value)| (Cbor::Integer(label), value));
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        [&self.data(64), [9; 16].as_slice(), &length, &self.id, &cbor(&Cbor::Map(key.collect()))]
            .concat()
    }

    fn create_with(&self, challenge: u8, object: &[u8]) -> Value {
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "response": {
                "clientDataJSON": encode(self.client("webauthn.create", challenge).as_bytes()),
                "attestationObject": encode(object),
                "transports": ["internal", "telepathy", "hybrid"],
            },
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })
    }

    fn create(&self, challenge: u8) -> Value {
        self.create_with(challenge, &object(self.made()))
    }

    fn get(&self, challenge: u8) -> Value {
        self.get_with(challenge, &self.data(0))
    }

    fn get_with(&self, challenge: u8, data: &[u8]) -> Value {
        let client = self.client("webauthn.get", challenge);
        let hash = digest::digest(&digest::SHA256, client.as_bytes());
        let signature = self.pair.sign(&[data, hash.as_ref()].concat());
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "response": {
                "clientDataJSON": encode(client.as_bytes()),
                "authenticatorData": encode(data),
                "signature": encode(&signature),
                "userHandle": self.handle.as_deref().map(encode),
            },
            "clientExtensionResults": {},
        })
    }
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut writer = BufWriter::new(Vec::new());
    value.encode(&mut writer).unwrap();
    writer.into_inner()
}

fn object(data: Vec<u8>) -> Vec<u8> {
    let text = |text: &str| Cbor::Text(text.to_owned());
    cbor(&Cbor::Map(vec![
        (text("fmt"), text("none")),
        (text("attStmt"), Cbor::Map(Vec::new())),
        (text("authData"), Cbor::Bytes(data)),
    ]))
}

fn register(answer: &Value, wanted: Use) -> Result<Credential, Refused> {
    party().register(&Attestation::read(answer)?, challenge(1), wanted)
}

fn check(answer: &Value, credential: &Credential, wanted: Use) -> Result<Used, Refused> {
    party().check(&Assertion::read(answer)?, challenge(2), credential, OWNER, wanted)
}

/// A device whose key is registered; its counter stands at 1.
fn registered() -> (Device, Credential) {
    let device = Device::new();
    let credential = register(&device.create(1), Use::First).unwrap();
    (Device { counter: 2, ..device }, credential)
}

#[test]
fn every_kind_of_key_that_is_offered_registers_and_signs_in() {
    let pairs = [
        Pair::p256(),
        Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
        Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
    ];
    for pair in pairs {
        let mut device = Device { pair, ..Device::new() };
        let credential = register(&device.create(1), Use::First).unwrap();
        assert_eq!(credential.transports, ["internal", "hybrid"]);
        let stored = serde_json::to_string(&credential).unwrap();
        let credential: Credential = serde_json::from_str(&stored).unwrap();
        device.counter = 5;
        let used = check(&device.get(2), &credential, Use::First).unwrap();
        assert_eq!((used.counter, used.user_verified), (5, true));
    }
}

#[test]
fn the_caller_learns_whose_key_it_claims_to_be() {
    let (device, credential) = registered();
    let answer = Assertion::read(&device.get(2)).unwrap();
    assert_eq!(answer.credential_id(), credential.id);
    assert_eq!(answer.user_handle(), Some(OWNER));
}

/// What is done to an honest device, and what it is refused for at registration.
type Lie = (&'static str, fn(&mut Device), Refused);

#[test]
fn lies_are_refused_in_both_ceremonies() {
    let lies: &[Lie] = &[
        ("a stranger's page", |it| it.origin = "https://evil.example", Refused::Origin),
        ("a page below ours", |it| it.origin = "https://evil.example.org", Refused::Origin),
        ("our page in clear", |it| it.origin = "http://example.org", Refused::Origin),
        ("our page at another port", |it| it.origin = "https://example.org:444", Refused::Origin),
        (
            "our page with more",
            |it| it.origin = "https://example.org.evil.example",
            Refused::Origin,
        ),
        ("no page", |it| it.origin = "null", Refused::Origin),
        ("a frame", |it| it.more = ",\"crossOrigin\":true", Refused::Origin),
        ("a top page", |it| it.more = ",\"topOrigin\":\"https://example.org\"", Refused::Origin),
        ("two origins", |it| it.more = ",\"origin\":\"https://example.org\"", Refused::Malformed),
        ("another party", |it| it.party = "evil.example", Refused::RelyingParty),
        ("a party above", |it| it.party = "org", Refused::RelyingParty),
        ("another ceremony", |it| it.ceremony = Some("payment.get"), Refused::Ceremony),
        ("no touch", |it| it.flags = UV, Refused::Presence),
        ("no verification", |it| it.flags = UP, Refused::Verification),
        ("a backup of what has none", |it| it.flags = UP | UV | BS, Refused::Backup),
    ];
    for (name, lie, refused) in lies {
        let mut device = Device::new();
        lie(&mut device);
        assert_eq!(register(&device.create(1), Use::First), Err(*refused), "{name}");
        let (mut device, credential) = registered();
        assert!(check(&device.get(2), &credential, Use::First).is_ok(), "the control");
        lie(&mut device);
        assert_eq!(check(&device.get(2), &credential, Use::First), Err(*refused), "{name}");
    }
}

#[test]
fn an_answer_to_another_challenge_or_ceremony_is_refused() {
    let device = Device::new();
    assert_eq!(register(&device.create(3), Use::First), Err(Refused::Challenge));
    let (device, credential) = registered();
    assert_eq!(check(&device.get(3), &credential, Use::First), Err(Refused::Challenge));
    let swapped = Device { ceremony: Some("webauthn.create"), ..device };
    assert_eq!(check(&swapped.get(2), &credential, Use::First), Err(Refused::Ceremony));
}

#[test]
fn a_replayed_answer_is_refused_by_challenge_and_by_counter() {
    let (device, mut credential) = registered();
    let answer = device.get(2);
    credential.counter = check(&answer, &credential, Use::First).unwrap().counter;
    assert_eq!(check(&answer, &credential, Use::First), Err(Refused::Counter));
    let read = Assertion::read(&answer).unwrap();
    let again = party().check(&read, challenge(9), &credential, OWNER, Use::First);
    assert_eq!(again, Err(Refused::Challenge));
}

#[test]
fn a_counter_that_does_not_grow_is_a_copied_key() {
    let (device, credential) = registered();
    for (stored, told, fine) in [
        (0, 0, true),
        (0, 1, true),
        (1, 0, false),
        (5, 5, false),
        (5, 4, false),
        (5, 6, true),
        (u32::MAX, 0, false),
        (u32::MAX - 1, u32::MAX, true),
    ] {
        let (device, credential) =
            (Device { counter: told, pair: Pair::p256(), ..Device::new() }, credential.clone());
        let made = register(&device.create(1), Use::First).unwrap();
        let credential = Credential { counter: stored, ..Credential { id: credential.id, ..made } };
        let expected = if fine { Ok(told) } else { Err(Refused::Counter) };
        let counter = check(&device.get(2), &credential, Use::First).map(|used| used.counter);
        assert_eq!(counter, expected, "{stored} {told}");
    }
    assert!(check(&device.get(2), &credential, Use::First).is_ok());
}

#[test]
fn the_key_of_another_user_is_refused() {
    let (device, credential) = registered();
    let stranger = Device { handle: Some(b"somebody else".to_vec()), ..Device::new() };
    let theirs = Credential {
        id: credential.id.clone(),
        ..register(&stranger.create(1), Use::First).unwrap()
    };
    // Their key under our credential's id, with their name and with ours.
    assert_eq!(check(&stranger.get(2), &credential, Use::First), Err(Refused::Owner));
    let liar = Device { handle: Some(OWNER.to_vec()), counter: 9, ..stranger };
    assert_eq!(check(&liar.get(2), &credential, Use::First), Err(Refused::Signature));
    assert_eq!(check(&device.get(2), &theirs, Use::First), Err(Refused::Signature));
    // Their credential where ours was asked for.
    let other = Device { id: vec![8; 16], ..Device::new() };
    assert_eq!(check(&other.get(2), &credential, Use::First), Err(Refused::Credential));
}

#[test]
fn a_second_factor_needs_neither_a_name_nor_verification_and_a_first_one_needs_both() {
    let (device, credential) = registered();
    let silent = Device { flags: UP, handle: None, ..device };
    let used = check(&silent.get(2), &credential, Use::Second).unwrap();
    assert!(!used.user_verified);
    assert_eq!(check(&silent.get(2), &credential, Use::First), Err(Refused::Owner));
    let named = Device { handle: Some(OWNER.to_vec()), ..silent };
    assert_eq!(check(&named.get(2), &credential, Use::First), Err(Refused::Verification));
    let other = Device { handle: Some(b"x".to_vec()), ..named };
    assert_eq!(check(&other.get(2), &credential, Use::Second), Err(Refused::Owner));
    assert!(register(&Device { flags: UP, ..Device::new() }.create(1), Use::Second).is_ok());
}

#[test]
fn a_key_cannot_become_one_that_may_be_copied() {
    let (device, credential) = registered();
    let device = Device { flags: UP | UV | BE | BS, ..device };
    assert_eq!(check(&device.get(2), &credential, Use::First), Err(Refused::Backup));
    let eligible = Credential { backup_eligible: true, ..credential };
    assert!(check(&device.get(2), &eligible, Use::First).unwrap().backed_up);
}

#[test]
fn every_changed_bit_of_what_was_signed_is_refused() {
    let (device, credential) = registered();
    let honest = device.get(2);
    for part in ["clientDataJSON", "authenticatorData", "signature"] {
        let bytes = honest["response"][part].as_str().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(bytes).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let mut answer = honest.clone();
            answer["response"][part] = json!(encode(&changed));
            assert!(check(&answer, &credential, Use::First).is_err(), "{part} bit {bit}");
        }
        for length in 0..bytes.len() {
            let mut answer = honest.clone();
            answer["response"][part] = json!(encode(&bytes[..length]));
            assert!(check(&answer, &credential, Use::First).is_err(), "{part} cut at {length}");
        }
    }
}

#[test]
fn attestations_that_are_cut_or_longer_are_refused_without_a_panic() {
    let device = Device::new();
    let (made, whole) = (device.made(), object(device.made()));
    let refused = |object: &[u8]| register(&device.create_with(1, object), Use::First).is_err();
    assert!(!refused(&whole), "the control");
    assert!((0..whole.len()).all(|length| refused(&whole[..length])));
    assert!((0..made.len()).all(|length| refused(&object(made[..length].to_vec()))));
    assert!(refused(&[whole.as_slice(), &[0]].concat()));
    assert!(refused(&object([made.as_slice(), &[0]].concat())));
    // Nests deeper than any reader should follow, and claims more than there is.
    assert!(refused(&vec![0x81; 40_000]));
    assert!(refused(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    assert!(refused(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    assert!(refused(&vec![0; 1_000_000]));
}

#[test]
fn extensions_are_read_over_and_nothing_else_is() {
    let device = Device { flags: UP | UV | 128, ..Device::new() };
    let with = |more: &[u8]| object([device.made().as_slice(), more].concat());
    let extension =
        cbor(&Cbor::Map(vec![(Cbor::Text("credProtect".to_owned()), Cbor::Integer(2))]));
    assert!(register(&device.create_with(1, &with(&extension)), Use::First).is_ok());
    for wrong in [vec![], vec![0x01], [extension.as_slice(), &[0]].concat()] {
        assert!(register(&device.create_with(1, &with(&wrong)), Use::First).is_err(), "{wrong:?}");
    }
}

#[test]
fn keys_that_were_not_offered_are_refused() {
    let honest = Pair::p256().cose();
    let key = |entries: &[(i128, Cbor)]| {
        let entries = entries.iter().map(|(label, value)| (Cbor::Integer(*label), value.clone()));
        PublicKey::read(&cbor(&Cbor::Map(entries.collect()))).map(|_| ())
    };
    assert_eq!(key(&honest), Ok(()));
    let with = |label: i128, value: Cbor| {
        let mut entries = honest.clone();
        entries.iter_mut().filter(|entry| entry.0 == label).for_each(|e| e.1 = value.clone());
        key(&entries)
    };
    let twice = [honest.clone(), vec![honest[1].clone()]].concat();
    for refused in [
        with(3, Cbor::Integer(-35)),
        with(3, Cbor::Integer(-257)),
        with(3, Cbor::Text("ES256".to_owned())),
        with(1, Cbor::Integer(1)),
        with(-1, Cbor::Integer(2)),
        with(-2, Cbor::Bytes(vec![1; 32])),
        with(-2, Cbor::Bytes(vec![0; 31])),
        with(-3, Cbor::Bytes(vec![])),
        key(&honest[..4]),
        key(&twice),
        key(&[]),
        key(&[
            (1, Cbor::Integer(1)),
            (3, Cbor::Integer(-8)),
            (-1, Cbor::Integer(6)),
            (-2, Cbor::Bytes(vec![0; 31])),
        ]),
        key(&[
            (1, Cbor::Integer(3)),
            (3, Cbor::Integer(-257)),
            (-1, Cbor::Bytes(vec![255; 128])),
            (-2, Cbor::Bytes(vec![1, 0, 1])),
        ]),
    ] {
        assert_eq!(refused, Err(Refused::Key));
    }
}

#[test]
fn a_key_that_was_not_offered_is_not_registered() {
    let device = Device::new();
    let mut key = device.pair.cose();
    key[1].1 = Cbor::Integer(-35);
    let answer = device.create_with(1, &object(device.made_of(key)));
    assert_eq!(register(&answer, Use::First), Err(Refused::Key));
    assert!(register(&device.create(1), Use::First).is_ok(), "the control");
}

#[test]
fn a_use_that_makes_a_key_is_none() {
    let (device, credential) = registered();
    let answer = device.get_with(2, &device.made());
    assert_eq!(check(&answer, &credential, Use::First), Err(Refused::Malformed));
}

#[test]
fn answers_of_another_form_are_refused() {
    let (device, credential) = registered();
    let honest = device.get(2);
    let with = |change: fn(&mut Value)| {
        let mut answer = honest.clone();
        change(&mut answer);
        check(&answer, &credential, Use::First)
    };
    assert!(with(|_| ()).is_ok());
    for refused in [
        with(|it| it["type"] = json!("password")),
        with(|it| it["rawId"] = json!("AAAA")),
        with(|it| it["id"] = json!("not base64!")),
        with(|it| it["response"]["signature"] = json!(1)),
        with(|it| it["response"]["signature"] = json!("====")),
        with(|it| it["response"]["userHandle"] = json!("!")),
        with(|it| it["response"]["clientDataJSON"] = json!(encode(b"[]"))),
        with(|it| it["response"]["authenticatorData"] = json!("A".repeat(1_000_000))),
        with(|it| it["response"] = json!(null)),
        with(|it| *it = json!([])),
    ] {
        assert_eq!(refused, Err(Refused::Malformed));
    }
    // What is base64url with padding, or base64, is not what browsers write.
    let answer = with(|it| {
        let padded = format!("{}=", it["response"]["signature"].as_str().unwrap());
        it["response"]["signature"] = json!(padded);
    });
    assert_eq!(answer, Err(Refused::Malformed));
}

#[test]
fn a_registration_speaks_of_the_credential_that_it_is_sent_for() {
    let device = Device::new();
    let other = Device { id: vec![8; 16], ..Device::new() };
    let answer = other.create_with(1, &object(device.made()));
    assert_eq!(register(&answer, Use::First), Err(Refused::Credential));
    let nameless = Device { id: Vec::new(), ..Device::new() };
    assert!(register(&nameless.create(1), Use::First).is_err());
    let long = Device { id: vec![1; 1_024], ..Device::new() };
    assert!(register(&long.create(1), Use::First).is_err());
    let longest = Device { id: vec![1; 1_023], ..Device::new() };
    assert!(register(&longest.create(1), Use::First).is_ok());
}

#[test]
fn options_are_what_browsers_take() {
    let account = Account { handle: OWNER, name: "ann@example.org", display_name: "Ann" };
    let (_, credential) = registered();
    let existing = std::slice::from_ref(&credential);
    let named = json!([{
        "type": "public-key", "id": "BwcHBwcHBwcHBwcHBwcHBw", "transports": ["internal", "hybrid"],
    }]);
    let challenge_text = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    assert_eq!(
        party().creation_options(&challenge(1), &account, existing, Use::First),
        json!({
            "rp": { "id": "example.org", "name": "Shop" },
            "user": {
                "id": "MDEyMzQ1Njc4OWFiY2RlZg", "name": "ann@example.org", "displayName": "Ann",
            },
            "challenge": challenge_text,
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -7 },
                { "type": "public-key", "alg": -8 },
                { "type": "public-key", "alg": -257 },
            ],
            "timeout": 300_000,
            "excludeCredentials": named,
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        })
    );
    assert_eq!(
        party().request_options(&challenge(1), existing, Use::Second),
        json!({
            "challenge": challenge_text, "timeout": 300_000, "rpId": "example.org",
            "allowCredentials": named, "userVerification": "preferred",
        })
    );
}

#[test]
fn origins_belong_to_the_domain_and_are_safe_from_listeners() {
    let new = |id: &str, origin: &str| RelyingParty::new(id, "Shop", vec![origin.to_owned()]);
    for (id, origin) in [
        ("example.org", "https://example.org"),
        ("example.org", "https://a.b.example.org"),
        ("example.org", "https://example.org:8443"),
        ("localhost", "http://localhost:3000"),
        ("localhost", "http://app.localhost"),
        ("example.org", "android:apk-key-hash:abc"),
    ] {
        assert!(new(id, origin).is_ok(), "{origin}");
    }
    for (id, origin) in [
        ("example.org", "https://example.com"),
        ("example.org", "https://notexample.org"),
        ("example.org", "http://example.org"),
        ("example.org", "https://example.org/"),
        ("example.org", "https://example.org:port"),
        ("example.org", "https://user@example.org"),
        ("example.org", "https://EXAMPLE.org"),
        ("example.org", "example.org"),
        ("example.org", "android:apk-key-hash:"),
        ("", "https://a."),
    ] {
        assert!(new(id, origin).is_err(), "{origin}");
    }
    assert!(RelyingParty::new("example.org", "Shop", Vec::new()).is_err());
    assert!(party().is("example.org", &["https://example.org".to_owned()]));
    assert!(!party().is("example.org", &["https://evil.example".to_owned()]));
    assert!(!party().is("evil.example", &[]));
}

#[test]
fn a_challenge_is_stored_as_text_and_is_not_in_debug_output() {
    let text = serde_json::to_string(&challenge(1)).unwrap();
    let read: Challenge = serde_json::from_str(&text).unwrap();
    assert_eq!(read.0, [1; 32]);
    assert!(serde_json::from_str::<Challenge>("\"AAAA\"").is_err());
    assert_eq!(format!("{read:?}"), "Challenge(…)");
    assert_ne!(Challenge::make().unwrap().0, Challenge::make().unwrap().0);
}
