//! The passwords that too many people use, looked up where they lie in the binary: no table is
//! built at start. Where the list comes from stands in `frequent.NOTICE`.

/// Lower case, one a line, sorted by their bytes.
static LIST: &str = include_str!("frequent.txt");

/// Whether a password, already in lower case, is one of the most common ones.
pub(super) fn holds(password: &str) -> bool {
    let (mut low, mut high) = (0, LIST.len());
    // Both are starts of lines or the end, and the line looked for is not outside of them.
    while low < high {
        let middle = low + (high - low) / 2;
        let start = LIST.as_bytes()[..middle].iter().rposition(|b| *b == b'\n');
        let start = start.map_or(0, |newline| newline + 1);
        let end = LIST.as_bytes()[start..].iter().position(|b| *b == b'\n');
        let end = end.map_or(LIST.len(), |length| start + length);
        match LIST.as_bytes()[start..end].cmp(password.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_line_of_it_is_found() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes()));
        assert!(lines.iter().all(|line| holds(line) && *line == line.to_lowercase()));
        for at_least in [6, 8] {
            let long = lines.iter().filter(|line| line.chars().count() >= at_least).count();
            assert!(long >= 10_000, "{long} of at least {at_least}");
        }
    }

    #[test]
    fn what_stands_between_two_lines_before_the_first_or_after_the_last_is_not_found() {
        for absent in
            ["", "\n", "!", "passwor", "password\n", "password\nq", "iloveyou2 ", "\u{10ffff}"]
        {
            assert!(!holds(absent), "{absent:?}");
        }
        for line in LIST.lines() {
            let after = format!("{line}\u{1}");
            assert!(!holds(&after), "{after:?}");
        }
    }
}
