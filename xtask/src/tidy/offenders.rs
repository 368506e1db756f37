//! The list of offences that are known and granted for the present. It can only shrink: an entry
//! that is no offence any more fails, and so does an entry beyond the number the list states.

use toml::Table;

use super::Offence;

const CHECK: &str = "offenders";

/// One granted offence: its check, its file and a part of its sentence.
struct Grant {
    line: usize,
    check: String,
    path: String,
    what: String,
}

/// Takes the granted offences away and adds what is wrong with the list itself.
pub fn apply(at: &str, list: &str, offences: Vec<Offence>) -> Vec<Offence> {
    let (most, grants) = match read(list) {
        Ok(read) => read,
        Err(reason) => {
            let own = Offence::new(CHECK, at, 1, reason, "write it as its opening comment says");
            return offences.into_iter().chain([own]).collect();
        }
    };
    let mut used = vec![false; grants.len()];
    let mut left: Vec<Offence> = Vec::new();
    for offence in offences {
        let grant = grants.iter().position(|grant| !offence.soft && grant.covers(&offence));
        match grant {
            Some(grant) => used[grant] = true,
            None => left.push(offence),
        }
    }
    for (grant, _) in grants.iter().zip(&used).filter(|(_, used)| !**used) {
        let what = format!("grants an offence that is none: {} in {}", grant.check, grant.path);
        left.push(Offence::new(CHECK, at, grant.line, what, "remove it and lower `most`"));
    }
    left.extend(count(at, most, grants.len()));
    left
}

fn count(at: &str, most: usize, grants: usize) -> Option<Offence> {
    let (what, remedy) = match grants.cmp(&most) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => (
            format!("has {grants} entries, more than {most}"),
            "mend the offence instead".to_owned(),
        ),
        std::cmp::Ordering::Less => {
            (format!("has {grants} entries, but states {most}"), format!("set `most = {grants}`"))
        }
    };
    Some(Offence::new(CHECK, at, 1, what, remedy))
}

impl Grant {
    fn covers(&self, offence: &Offence) -> bool {
        self.check == offence.check
            && self.path == offence.path
            && offence.what.contains(&self.what)
    }
}

fn read(list: &str) -> Result<(usize, Vec<Grant>), String> {
    let table: Table = list.parse().map_err(|error| format!("is no TOML: {error}"))?;
    let most = table.get("most").and_then(toml::Value::as_integer);
    let most = most.and_then(|most| usize::try_from(most).ok()).ok_or("has no number `most`")?;
    let entries = table.get("offender").and_then(toml::Value::as_array);
    let lines = list.lines().enumerate().filter(|(_, line)| line.trim() == "[[offender]]");
    let lines = lines.map(|(at, _)| at + 1);
    let grants = entries.into_iter().flatten().zip(lines).map(|(entry, line)| {
        let text = |key: &str| {
            let text = entry.get(key).and_then(toml::Value::as_str).filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or(format!("line {line}: an offender has no `{key}`"))
        };
        text("why")?;
        Ok(Grant { line, check: text("check")?, path: text("path")?, what: text("what")? })
    });
    Ok((most, grants.collect::<Result<_, String>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[offender]]\ncheck = \"sizes\"\npath = \"a.rs\"\nwhat = \"`long`\"\n\
                         why = \"split with the next change of its table\"\n";

    fn apply_to(most: usize, entries: usize, offences: Vec<Offence>) -> Vec<String> {
        let list = format!("most = {most}\n{}", ENTRY.repeat(entries));
        let left = apply("xtask/offenders.toml", &list, offences);
        left.iter().map(ToString::to_string).collect()
    }

    fn long() -> Offence {
        Offence::new("sizes", "a.rs", 3, "`long` has 71 lines, more than 70", "split it")
    }

    #[test]
    fn a_granted_offence_passes_and_any_other_does_not() {
        assert_eq!(apply_to(1, 1, vec![long()]), Vec::<String>::new());
        let other = Offence::new("sizes", "b.rs", 3, "`long` has 71 lines", "split it");
        assert_eq!(apply_to(1, 1, vec![long(), other]), ["b.rs:3: `long` has 71 lines — split it"]);
    }

    #[test]
    fn an_entry_that_is_no_offence_any_more_fails() {
        assert_eq!(
            apply_to(1, 1, Vec::new()),
            ["xtask/offenders.toml:2: grants an offence that is none: sizes in a.rs — remove it \
              and lower `most`"]
        );
    }

    #[test]
    fn an_entry_beyond_the_stated_number_fails() {
        assert_eq!(
            apply_to(0, 1, vec![long()]),
            ["xtask/offenders.toml:1: has 1 entries, more than 0 — mend the offence instead"]
        );
    }

    #[test]
    fn a_number_that_could_be_lower_fails() {
        let found = apply_to(2, 1, vec![long()]);
        assert_eq!(found, ["xtask/offenders.toml:1: has 1 entries, but states 2 — set `most = 1`"]);
    }

    #[test]
    fn an_entry_without_a_reason_fails() {
        let list = format!("most = 1\n{}", ENTRY.replace("why", "note"));
        let found = apply("xtask/offenders.toml", &list, vec![long()]);
        assert!(found[1].to_string().contains("line 2: an offender has no `why`"), "{found:?}");
    }
}
