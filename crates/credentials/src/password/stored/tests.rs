//! Every form of hash that is taken over, against somebody else's computation.

use super::*;

/// Hash, right password. From what others publish, as the line before says.
const KNOWN: &[(&str, &str)] = &[
    // GoTrue's own tests.
    ("$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g", "test"),
    (
        "$argon2id$v=19$m=32,t=3,p=2$SFVpOWJ0eXhjRzVkdGN1RQ\
         $RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk",
        "test",
    ),
    (
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLsp\
         jnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7\
         y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==",
        "mytestpassword",
    ),
    // The example of Firebase's utility.
    (
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn21\
         0wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LV\
         gQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "user1password",
    ),
    // The reference implementation of argon2 (`test.c`): version 0x10, and argon2i.
    (
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        "password",
    ),
    (
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "password",
    ),
    // jBCrypt's table.
    ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""),
    ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"),
    ("$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", "abcdefghijklmnopqrstuvwxyz"),
    // libxcrypt, and the test of crypt_blowfish.
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    ("$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq", "rasmuslerdorf"),
    // The example of passlib's manual.
    (
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q\
         $nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "password",
    ),
    // RFC 7914, section 12, as PHC strings.
    (
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lR\
         dofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        "pleaseletmein",
    ),
    // No published vector has these forms: the reference implementation of argon2 (argon2-cffi),
    // OpenSSL (hashlib) and libxcrypt computed them.
    (
        "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA\
         $Bk4EobhGlmY3JFipRIMW+qVnwj7RdfeqfAtTKO/ZsHo",
        "password",
    ),
    (
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHRzb21lc2FsdA\
         $wRLS7mudUUQT+AYkMYeVIYbo8Zysq4DyCoI9VJ8RHSw",
        "password",
    ),
    (
        "$pbkdf2-sha256$i=1000$c29tZXNhbHRzb21lc2FsdA\
         $s5LQUeAEZUMuFVrnmF3OMNPXs3QWnF8SO/5BXmCj6QQ",
        "password",
    ),
    (
        "$pbkdf2-sha256$i=1000,l=64$c29tZXNhbHRzb21lc2FsdA$s5LQUeAEZUMuFVrnmF3OMNPXs3QWnF8SO/5\
         BXmCj6QRRoqV45sk0paBc59MTSTbnRiqZ2rZHiLqodQ/j4M4wFA",
        "password",
    ),
    ("$2b$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu", "password"),
    // Django's own tests (3.2).
    ("pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo=", "lètmein"),
];

fn proves(stored: &str, password: &str) -> bool {
    Stored::parse(stored).unwrap().proves(password, &mut Arena::default()).unwrap()
}

#[test]
fn hashes_that_others_made_prove_their_passwords_and_no_others() {
    for (stored, password) in KNOWN {
        assert!(proves(stored, password), "{stored}");
        assert!(!proves(stored, &format!("{password}1")), "{stored}");
    }
}

#[test]
fn a_hash_with_another_character_proves_nothing() {
    for (stored, password) in KNOWN {
        // In bcrypt the salt stands before the hash, without a sign between.
        let start = stored.rfind('$').unwrap() + if stored.starts_with("$2") { 23 } else { 1 };
        let mut other = stored.as_bytes().to_vec();
        other[start] = if other[start] == b'b' { b'c' } else { b'b' };
        let other = String::from_utf8(other).unwrap();
        assert!(!proves(&other, password), "{stored}");
    }
}

#[test]
fn what_was_made_with_less_is_old() {
    let ours = Cost { memory_kib: 32, passes: 3, lanes: 1 };
    let (_, argon2id) = (KNOWN[0], Stored::parse(KNOWN[1].0).unwrap());
    assert!(!argon2id.is_old(ours));
    assert!(argon2id.is_old(Cost { passes: 4, ..ours }));
    assert!(argon2id.is_old(Cost { memory_kib: 33, ..ours }));
    for (stored, _) in KNOWN.iter().filter(|(stored, _)| !stored.starts_with("$argon2id")) {
        assert!(Stored::parse(stored).unwrap().is_old(ours), "{stored}");
    }
}

#[test]
fn the_order_of_costs_is_right() {
    let ours = Cost::default();
    let cheaper = |stored: &str| Stored::parse(stored).unwrap().is_cheaper(ours);
    assert!(cheaper(KNOWN[1].0), "32 KiB of argon2id");
    assert!(cheaper(KNOWN[7].0), "bcrypt 6 takes 4 ms, ours 12");
    assert!(!cheaper("$2a$10$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."));
    assert!(!cheaper(KNOWN[2].0), "16 MiB of scrypt take 20 ms");
    assert!(cheaper("pbkdf2_sha256$1000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo="));
    assert!(!cheaper(KNOWN[KNOWN.len() - 1].0));
}

#[test]
fn bcrypt_sees_72_bytes_and_proves_nothing_about_a_zero_byte() {
    let text = "x".repeat(72);
    let stored = bcrypt::hash(&text, 4).unwrap();
    assert!(proves(&stored, &text) && proves(&stored, &format!("{text}y")));
    assert!(!proves(&stored, &text[1..]));
    // Both are one key to bcrypt: a, 0, a, 0, …
    let stored = bcrypt::hash("a", 4).unwrap();
    assert!(bcrypt::verify("a\0a", &stored).unwrap() && !proves(&stored, "a\0a"));
}

const SALT_AND_HASH: &str = "$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk";

#[test]
fn a_bomb_is_refused_before_it_is_computed() {
    let bcrypt = "DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
    for bomb in [
        format!("$argon2id$v=19$m=262145,t=1,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=262144,t=5,p=1{SALT_AND_HASH}"),
        format!("$argon2d$v=19$m=32,t=40000,p=1{SALT_AND_HASH}"),
        format!("$2a$15${bcrypt}"),
        format!("$2b$31${bcrypt}"),
        format!("$2b$99${bcrypt}"),
        format!("$2b$03${bcrypt}"),
        format!("$scrypt$ln=19,r=8,p=1{SALT_AND_HASH}"),
        format!("$scrypt$ln=63,r=8,p=1{SALT_AND_HASH}"),
        format!("$scrypt$ln=64,r=4294967295,p=4294967295{SALT_AND_HASH}"),
        format!("$scrypt$ln=14,r=8,p=1000{SALT_AND_HASH}"),
        format!("$scrypt$ln=0,r=8,p=1{SALT_AND_HASH}"),
        KNOWN[2].0.replace("n=14", "n=30"),
        KNOWN[2].0.replace("r=8", "r=1000"),
        format!("$pbkdf2-sha256$i=2000001{SALT_AND_HASH}"),
        format!("$pbkdf2-sha256$i=999{SALT_AND_HASH}"),
        KNOWN[KNOWN.len() - 1].0.replace("260000", "4000000000"),
    ] {
        let refusal = Stored::parse(&bomb).unwrap_err();
        assert_eq!(refusal.code(), Code::BadRequest, "{bomb}");
        assert!(refusal.message().contains("costs"), "{bomb}");
    }
    for dear in [
        format!("$argon2id$v=19$m=262144,t=4,p=1{SALT_AND_HASH}"),
        format!("$2a$14${bcrypt}"),
        format!("$scrypt$ln=17,r=8,p=2{SALT_AND_HASH}"),
        format!("$pbkdf2-sha256$i=2000000,l=32{SALT_AND_HASH}"),
    ] {
        assert!(Stored::parse(&dear).is_ok(), "{dear}");
    }
}

#[test]
fn another_form_is_refused() {
    let bcrypt = "DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
    let long = "x".repeat(10_000);
    for wrong in [
        String::new(),
        "password".to_owned(),
        "$".to_owned(),
        "$$$$$$".to_owned(),
        long,
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0".to_owned(),
        format!("$2x$06${bcrypt}"),
        format!("$2$06${bcrypt}"),
        format!("$2a$6$0{bcrypt}"),
        format!("$2a$06${}", &bcrypt[1..]),
        format!("$2a$06$ä{}", &bcrypt[2..]),
        format!("$argon2id$m=32,t=3,p=2{SALT_AND_HASH}"),
        format!("$argon2id$v=18$m=32,t=3,p=2{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=7,t=3,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=32,t=0,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=32,t=3,p=0{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=32,t=3,p=-1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=32,m=32,t=3,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=32,t=3,p=1,keyid=aGVsbG8{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=32,t=3,p=1,data=aGVsbG8{SALT_AND_HASH}"),
        format!("$argon2id$v=19$t=3,m=32,p=1{SALT_AND_HASH}"),
        format!("$argon2x$v=19$m=32,t=3,p=1{SALT_AND_HASH}"),
        "$argon2id$v=19$m=32,t=3,p=1".to_owned(),
        "$argon2id$v=19$m=32,t=3,p=1$SFVpOWJ0eXhjRzVkdGN1RQ".to_owned(),
        // Ten bytes of hash.
        "$argon2id$v=19$m=32,t=3,p=1$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcnw".to_owned(),
        format!("$argon2id$v=19$m=32,t=3,p=1{SALT_AND_HASH}$more"),
        format!("$scrypt$v=1$ln=14,r=8,p=1{SALT_AND_HASH}"),
        format!("$scrypt$ln=14,r=8{SALT_AND_HASH}"),
        format!("$pbkdf2-sha256$i=600000,l=31{SALT_AND_HASH}"),
        format!("$pbkdf2-sha256$i=0{SALT_AND_HASH}"),
        format!("$pbkdf2-sha1$i=600000{SALT_AND_HASH}"),
        KNOWN[2].0.replace("v=1", "v=2"),
        KNOWN[2].0.replace("p=1", "p=2"),
        KNOWN[2].0.replace("n=14", "n=+14"),
        KNOWN[2].0.replace("ss=Bw==", "ss=?"),
        KNOWN[2].0.replace("$C0sHCg9ek77hsg==", "$"),
        KNOWN[2].0.replace("zKVT", ""),
        KNOWN[2].0.replace(",r=8", ""),
        KNOWN[KNOWN.len() - 1].0.replace("seasalt", ""),
        KNOWN[KNOWN.len() - 1].0.replace("260000", "0"),
        KNOWN[KNOWN.len() - 1].0.replace('=', "$"),
    ] {
        let refusal = Stored::parse(&wrong).err();
        let refused = refusal.is_some_and(|error| error.code() == Code::BadRequest);
        assert!(refused, "{wrong}");
    }
}

/// Whatever it is cut down to, reading it answers and never panics.
#[test]
fn a_mangled_hash_is_an_answer() {
    for (stored, _) in KNOWN {
        for at in 0..stored.len() {
            let _answer = Stored::parse(&stored[..at]);
            for with in ["$", "=", ",", "\0", "ä"] {
                let _answer =
                    Stored::parse(&format!("{}{with}{}", &stored[..at], &stored[at + 1..]));
            }
        }
    }
}

#[test]
fn nothing_of_a_hash_is_shown() {
    assert_eq!(format!("{:?}", Stored::parse(KNOWN[0].0).unwrap()), "Stored(…)");
}
