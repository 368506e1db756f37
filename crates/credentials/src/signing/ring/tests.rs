//! Keys through their lives: when each is published, signs, retires and is gone.

use super::*;

const NOW: i64 = 1_700_000_000;
const LIFE: i64 = 3_600;
const DAY: i64 = 86_400;

fn settings() -> Settings {
    Settings { token_seconds: LIFE, secret: None, secret_signs: false, trusted: Vec::new() }
}

fn first() -> Ring {
    Ring::new(settings(), &[]).unwrap().rotate(NOW).unwrap()
}

fn stages(ring: &Ring, now: i64) -> Vec<Stage> {
    ring.standings(now).iter().map(|standing| standing.stage).collect()
}

/// The name of the key that a token says it was signed with.
fn kid(ring: &Ring, now: i64) -> String {
    let token = ring.sign(&Map::new(), now).unwrap();
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

fn published(ring: &Ring, now: i64) -> usize {
    ring.jwks(now)["keys"].as_array().unwrap().len()
}

#[test]
fn the_first_pair_signs_at_once() {
    let ring = first();
    assert_eq!(stages(&ring, NOW), [Stage::Current]);
    let header = jsonwebtoken::decode_header(ring.sign(&Map::new(), NOW).unwrap()).unwrap();
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
    assert_eq!(header.kid.unwrap(), ring.standings(NOW)[0].kid);
    assert_eq!(kid(&ring, NOW - 5), kid(&ring, NOW), "also by a clock that is behind");
    assert!(Ring::new(settings(), &[]).unwrap().sign(&Map::new(), NOW).is_err());
}

#[test]
fn a_new_pair_is_published_first_and_signs_later() {
    let (old, now) = (first(), NOW + DAY);
    let ring = old.rotate(now).unwrap();
    let signs_from = now + JWKS_CACHE_SECONDS;
    assert_eq!(stages(&ring, now), [Stage::Current, Stage::Coming]);
    assert_eq!(kid(&ring, signs_from - 1), kid(&old, now));
    assert_ne!(kid(&ring, signs_from), kid(&old, now));
    assert_eq!(stages(&ring, signs_from), [Stage::Retired, Stage::Current]);
}

#[test]
fn an_old_pair_is_published_until_its_last_token_is_dead() {
    let now = NOW + DAY;
    let ring = first().rotate(now).unwrap();
    let gone = now + JWKS_CACHE_SECONDS + LIFE + LEEWAY_SECONDS;
    assert_eq!(
        (published(&ring, now), published(&ring, gone - 1), published(&ring, gone)),
        (2, 2, 1)
    );
    assert_eq!(ring.pruned(gone - 1).kept().len(), 2);
    assert_eq!(ring.pruned(gone).kept().len(), 1);
    assert_eq!(kid(&ring.pruned(gone), gone), kid(&ring, gone));
}

#[test]
fn at_every_second_of_hasty_rotations_one_pair_signs_that_was_published_long_enough() {
    let mut ring = first();
    let mut first_seen = std::collections::HashMap::new();
    for second in 0..4 * JWKS_CACHE_SECONDS {
        let now = NOW + second;
        if [100, 110, 500, 710, 1_309, 1_310].contains(&second) {
            ring = ring.rotate(now).unwrap();
        }
        for standing in ring.standings(now) {
            first_seen.entry(standing.kid).or_insert(now);
        }
        let signs = ring.current(now).unwrap().pair.kid.clone();
        let published_for = now - first_seen[&signs];
        let is_first = first_seen[&signs] == NOW;
        assert!(is_first || published_for >= JWKS_CACHE_SECONDS, "{second}: {published_for}");
    }
    assert_eq!(first_seen.len(), 7);
}

#[test]
fn rotation_is_due_by_age_and_when_nothing_signs() {
    let ring = first();
    assert!(!ring.due(NOW + 30 * DAY - 1, 30 * DAY) && ring.due(NOW + 30 * DAY, 30 * DAY));
    let rotated = ring.rotate(NOW + 30 * DAY).unwrap();
    assert!(!rotated.due(NOW + 30 * DAY, 30 * DAY), "one is coming already");
    assert!(Ring::new(settings(), &[]).unwrap().due(NOW, 30 * DAY));
    assert!(!shared(None).due(NOW, 30 * DAY), "a secret is not rotated by us");
}

#[test]
fn a_revoked_pair_is_gone_at_once_and_another_signs() {
    let ring = first();
    let stolen = kid(&ring, NOW);
    let revoked = ring.revoke(&stolen, NOW + 60).unwrap();
    assert_ne!(kid(&revoked, NOW + 60), stolen);
    assert!(!revoked.jwks(NOW + 60).to_string().contains(&stolen));
    assert!(revoked.revoke(&stolen, NOW + 60).is_err());
    // While another one is coming, that one waits for its time, and none signs in between.
    let rotated = ring.rotate(NOW + 60).unwrap();
    let revoked = rotated.revoke(&stolen, NOW + 61).unwrap();
    let signs = kid(&revoked, NOW + 61);
    assert_eq!(kid(&revoked, NOW + DAY), signs);
    assert_eq!(stages(&revoked, NOW + 61), [Stage::Coming, Stage::Current]);
    let coming = rotated.standings(NOW + 61)[1].kid.clone();
    assert_eq!(kid(&rotated.revoke(&coming, NOW + 61).unwrap(), NOW + 61), stolen);
}

#[test]
fn a_ring_that_was_kept_is_the_same_ring() {
    let ring = first().rotate(NOW + DAY).unwrap();
    let text = serde_json::to_string(&ring.kept()).unwrap();
    let kept: Vec<KeptKey> = serde_json::from_str(&text).unwrap();
    let loaded = Ring::new(settings(), &kept).unwrap();
    assert_eq!(loaded.standings(NOW + DAY), ring.standings(NOW + DAY));
    assert_eq!(loaded.jwks(NOW + DAY), ring.jwks(NOW + DAY));
    let twice = [kept[0].clone(), kept[0].clone()];
    assert!(Ring::new(settings(), &twice).is_err(), "a name twice");
}

#[test]
fn nothing_private_is_published_or_shown() {
    let ring = first();
    let set = ring.jwks(NOW);
    let key = set["keys"][0].as_object().unwrap();
    let names: Vec<&str> = key.keys().map(String::as_str).collect();
    assert_eq!(names, ["alg", "crv", "key_ops", "kid", "kty", "use", "x", "y"]);
    let private = &ring.kept()[0].private_key;
    let shown = format!("{ring:?} {:?} {set}", shared(None).settings);
    assert!(!shown.contains(private) && !shown.contains(&"s".repeat(32)), "{shown}");
}

fn shared(kid: Option<&str>) -> Ring {
    let secret = Secret { bytes: vec![b's'; 32], kid: kid.map(ToOwned::to_owned) };
    let settings = Settings { secret: Some(secret), secret_signs: true, ..settings() };
    Ring::new(settings, &[]).unwrap()
}

#[test]
fn a_shared_secret_signs_where_it_is_to_and_is_never_published() {
    for kid in [None, Some("shared")] {
        let ring = shared(kid);
        assert_eq!(ring.jwks(NOW), json!({ "keys": [] }));
        let header = jsonwebtoken::decode_header(ring.sign(&Map::new(), NOW).unwrap()).unwrap();
        assert_eq!(header.alg, jsonwebtoken::Algorithm::HS256);
        assert_eq!(header.kid.as_deref(), kid);
    }
}

#[test]
fn settings_that_are_unsafe_are_refused() {
    let short = Secret { bytes: vec![b's'; 31], kid: None };
    let trusted = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "one",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    for wrong in [
        Settings { secret: Some(short), ..settings() },
        Settings { secret_signs: true, ..settings() },
        Settings { token_seconds: 0, ..settings() },
        Settings { trusted: vec![json!({})], ..settings() },
        Settings { trusted: vec![trusted.clone(), trusted.clone()], ..settings() },
    ] {
        assert!(Ring::new(wrong.clone(), &[]).is_err(), "{wrong:?}");
    }
    let ring = Ring::new(Settings { trusted: vec![trusted], ..settings() }, &[]).unwrap();
    assert_eq!(ring.jwks(NOW)["keys"][0]["kid"], "one");
}
