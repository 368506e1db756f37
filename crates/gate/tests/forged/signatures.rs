//! Forms whose signature lies: made with a public key as if it were a secret, made of numbers that
//! break the mathematics, made in another way than the key's, or of something else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::Form;
use crate::forge::Sign;
use crate::world::World;

/// The order of the group of P-256. Source: FIPS 186-4, D.1.2.3.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// a - b, for a >= b.
fn less(a: &[u8; 32], b: &[u8]) -> [u8; 32] {
    let (mut rest, mut borrow) = ([0; 32], 0_i16);
    for at in (0..32).rev() {
        let digit = i16::from(a[at]) - i16::from(b[at]) - borrow;
        borrow = i16::from(digit < 0);
        rest[at] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    rest
}

/// The other signature of the same: (r, n - s).
pub fn negated(signature: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = bytes.split_at(32);
    URL_SAFE_NO_PAD.encode([r, &less(&ORDER, s)].concat())
}

/// A public key, taken for the secret of HS256, with and without the name of its key.
pub fn confusions(world: &World) -> Vec<Form> {
    let mut forms = Vec::new();
    for (algorithm, form, secret) in world.public_forms() {
        for (how, header) in [
            ("named", json!({ "alg": "HS256", "kid": world.kid_of(algorithm), "typ": "JWT" })),
            ("nameless", json!({ "alg": "HS256", "typ": "JWT" })),
            ("as the secret", json!({ "alg": "HS256", "kid": "shared", "typ": "JWT" })),
        ] {
            let token = world.forge().header(&header).sign(Sign::Hs(secret.clone())).token();
            forms.push((format!("{algorithm} key, {form}, {how}"), token));
        }
    }
    forms
}

pub fn curves(world: &World) -> Vec<Form> {
    let honest = world.forge().token();
    let (message, signature) = honest.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let (zero, all) = ([0; 32], [0xff; 32]);
    let mut one = zero;
    one[31] = 1;
    let before = less(&ORDER, &one);
    let der = [&[0x30, 68, 0x02, 32][..], r, &[0x02, 32], s].concat();
    let mut forms: Vec<(String, Vec<u8>)> = [
        ("r = s = 0", [zero, zero].concat()),
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("r = s = 1", [one, one].concat()),
        ("r = n", [&ORDER, s].concat()),
        ("s = n", [r, &ORDER].concat()),
        ("r = s = n", [ORDER, ORDER].concat()),
        ("r = s = n - 1", [before, before].concat()),
        ("all bits", [all, all].concat()),
        ("swapped", [s, r].concat()),
        ("in DER", der),
        ("a byte more", [r, s, &[0]].concat()),
        ("a byte before", [&[0], r, s].concat()),
        ("a byte less", signature[..63].to_vec()),
        ("half", r.to_vec()),
        ("twice", [r, s, r, s].concat()),
        ("one zero", vec![0]),
        ("of another pair", of_another_pair(world)),
        ("of another message", of_another_message(world)),
    ]
    .map(|(name, bytes)| (format!("ECDSA {name}"), bytes))
    .into();
    for bit in [0, 7, 255, 256, 511] {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 0x80 >> (bit % 8);
        forms.push((format!("ECDSA bit {bit}"), flipped));
    }
    let token = |bytes: Vec<u8>| format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
    forms.into_iter().map(|(name, bytes)| (name, token(bytes))).collect()
}

fn signature(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit_once('.').unwrap().1).unwrap()
}

fn of_another_pair(world: &World) -> Vec<u8> {
    signature(&world.strange.sign(&world.claims(), crate::world::NOW).unwrap())
}

fn of_another_message(world: &World) -> Vec<u8> {
    signature(&world.forge().claim("role", json!("anon")).token())
}

/// The keys of others, in ways that are not theirs.
pub fn others(world: &World) -> Vec<Form> {
    let mut one = vec![0; 256];
    one[255] = 1;
    // L, the order of Ed25519's group, added to S makes the second signature of RFC 8032, 5.1.7.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let ed = json!({ "alg": "EdDSA", "kid": "ed" });
    let mut second = signature(&world.forge().header(&ed).sign(Sign::Ed).token());
    let mut carry = 0_u16;
    for (digit, add) in second[32..].iter_mut().zip(order) {
        let sum = u16::from(*digit) + u16::from(add) + carry;
        (*digit, carry) = ((sum % 256) as u8, sum / 256);
    }
    let mut identity = vec![0; 64];
    identity[0] = 1;
    let rs = json!({ "alg": "RS256", "kid": "rsa" });
    [
        ("RSA of zeros", rs.clone(), Sign::Bytes(vec![0; 256])),
        ("RSA of one", rs.clone(), Sign::Bytes(one)),
        ("RSA of all bits", rs.clone(), Sign::Bytes(vec![0xff; 256])),
        ("RSA too short", rs.clone(), Sign::Bytes(vec![1; 255])),
        ("RSA with PSS", rs.clone(), Sign::Ps),
        ("RSA with SHA-384", rs.clone(), Sign::Rs384),
        ("RSA said to be PS256", json!({ "alg": "PS256", "kid": "rsa" }), Sign::Ps),
        ("RSA said to be RS384", json!({ "alg": "RS384", "kid": "rsa" }), Sign::Rs384),
        ("RSA without a name", json!({ "alg": "RS256" }), Sign::Rs),
        ("RSA by the name of the pair", json!({ "alg": "RS256", "kid": world.kid() }), Sign::Rs),
        ("RSA by the pair", rs, Sign::Es),
        ("Ed25519 of zeros", ed.clone(), Sign::Bytes(vec![0; 64])),
        ("Ed25519 of the identity", ed.clone(), Sign::Bytes(identity)),
        ("Ed25519 with S + L", ed.clone(), Sign::Bytes(second)),
        ("Ed25519 too long", ed.clone(), Sign::Bytes(vec![1; 65])),
        ("Ed25519 by the pair", ed, Sign::Es),
        ("Ed25519 without a name", json!({ "alg": "EdDSA" }), Sign::Ed),
    ]
    .map(|(name, header, sign)| (name.to_owned(), world.forge().header(&header).sign(sign).token()))
    .into()
}
