//! Names for parts of a document: letters, digits, `_` and `-` only, each given once.

use rustc_hash::FxHashSet;

/// The names that were given so far.
#[derive(Debug, Default)]
pub(super) struct Keys(FxHashSet<String>);

impl Keys {
    /// A name like this one that nothing else has.
    pub(super) fn take(&mut self, name: &str) -> String {
        let plain = |letter: char| match letter {
            letter if letter.is_ascii_alphanumeric() || letter == '-' => letter,
            _ => '_',
        };
        let wanted: String = name.chars().map(plain).collect();
        let mut key = wanted.clone();
        let mut number = 2_usize;
        while !self.0.insert(key.clone()) {
            key = format!("{wanted}_{number}");
            number += 1;
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_become_one() {
        let mut keys = Keys::default();
        let taken: Vec<String> =
            ["Odd Name", "Odd_Name", "Odd_Name_2", "ñ", "a-b"].map(|name| keys.take(name)).into();
        assert_eq!(taken, ["Odd_Name", "Odd_Name_2", "Odd_Name_2_2", "_", "a-b"]);
    }
}
