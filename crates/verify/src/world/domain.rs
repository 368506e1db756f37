//! What values there are: few of each kind, so that rows, rules and filters meet.

use serde_json::json;

use super::Cell;
use crate::chance::Chance;

/// The declared types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    BigInt,
    Numeric,
    Double,
    Boolean,
    Uuid,
    Moment,
    Date,
    Json,
    Texts,
    Enum,
}

/// The moment at which everything happens, in microseconds.
pub const NOW: i64 = 1_700_000_000_000_000;

/// Ids of users, of which others are made by their last digit.
pub const USERS: [&str; 3] = [
    "01900000-0000-7000-8000-00000000000a",
    "01900000-0000-7000-8000-00000000000b",
    "01900000-0000-7000-8000-00000000000c",
];

const TEXTS: [&str; 9] = ["a", "b", "ab", "abc", "Abc", "", "b c", "x,y", "né"];
/// Labels of every enum.
pub const LABELS: [&str; 3] = ["blue", "green", "red"];
const WHOLE: [i64; 7] = [-1, 0, 1, 2, 3, 7, 10];
const CENTS: [i64; 6] = [-50, 0, 100, 150, 200, 1_000_000];
const DOUBLES: [f64; 6] = [-0.5, 0.0, 1.0, 1.5, 2.25, 100.0];
const DAY: i64 = 86_400_000_000;

impl Kind {
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Integer,
        Self::BigInt,
        Self::Numeric,
        Self::Double,
        Self::Boolean,
        Self::Uuid,
        Self::Moment,
        Self::Date,
        Self::Json,
        Self::Texts,
        Self::Enum,
    ];

    /// As it is declared.
    #[must_use]
    pub fn declared(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Numeric => "numeric(12,2)",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Uuid => "uuid",
            Self::Moment => "timestamptz",
            Self::Date => "date",
            Self::Json => "json",
            Self::Texts => "text[]",
            Self::Enum => "enum",
        }
    }

    /// Values that have an order and can be compared with a literal.
    #[must_use]
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::Json | Self::Texts)
    }

    /// A value for a key: of more than there are rows, so that new ones are found and old ones met.
    pub fn draw_key(self, chance: &mut Chance) -> Cell {
        match self {
            Self::Integer | Self::BigInt => Cell::Int(chance.below(16) as i64),
            Self::Text => Cell::Text(format!("k{}", chance.below(16))),
            Self::Uuid => Cell::Text(uuid(chance.below(16))),
            other => other.draw(chance),
        }
    }

    /// A value that is not null.
    pub fn draw(self, chance: &mut Chance) -> Cell {
        match self {
            Self::Text => Cell::Text((*chance.pick(&TEXTS)).to_owned()),
            Self::Enum => Cell::Text((*chance.pick(&LABELS)).to_owned()),
            Self::Integer => Cell::Int(*chance.pick(&WHOLE)),
            Self::BigInt => match chance.percent(5) {
                true => Cell::Int(9_007_199_254_740_993),
                false => Cell::Int(*chance.pick(&WHOLE)),
            },
            Self::Numeric => Cell::Cents(*chance.pick(&CENTS)),
            Self::Double => Cell::Double(*chance.pick(&DOUBLES)),
            Self::Boolean => Cell::Bool(chance.percent(50)),
            Self::Uuid => Cell::Text(uuid(chance.below(6))),
            Self::Moment => Cell::Moment(moment(chance)),
            Self::Date => Cell::Date(NOW / DAY + chance.between(0, 4) as i64 - 2),
            Self::Json => Cell::Json(document(chance)),
            Self::Texts => Cell::Texts((0..chance.below(4)).map(|_| element(chance)).collect()),
        }
    }
}

/// The users first, then ids that nobody has.
#[must_use]
pub fn uuid(at: usize) -> String {
    match USERS.get(at) {
        Some(user) => (*user).to_owned(),
        None => format!("01900000-0000-7000-8000-0000000000{at:02}"),
    }
}

fn moment(chance: &mut Chance) -> i64 {
    let away = *chance.pick(&[-2 * DAY, -DAY, -3_600_000_000, -1, 0, 500_000, DAY]);
    NOW + away
}

fn element(chance: &mut Chance) -> Option<String> {
    (!chance.percent(10)).then(|| (*chance.pick(&TEXTS[..4])).to_owned())
}

fn document(chance: &mut Chance) -> serde_json::Value {
    let documents = [
        json!({}),
        json!({ "a": 1 }),
        json!({ "a": 2, "b": "x" }),
        json!({ "a": null, "b": "a" }),
        json!({ "a": 1.5, "o": { "f": true } }),
        json!({ "a": "1", "l": [1, "a", null] }),
        json!([1, "a"]),
        json!("a"),
        json!(3),
        json!(true),
        json!({ "o": { "f": false }, "owner": USERS[0] }),
    ];
    chance.pick(&documents).clone()
}
