//! How large things may grow: files, functions, crates, folders, lines, lists of dependencies.
//! Past the soft limit is a note, past the hard one an offence. Tests are not measured.

use std::collections::BTreeMap;

use toml::Table;

use super::source::{Source, Sources};
use super::tree::File;
use super::{Offence, Tree};

const CHECK: &str = "sizes";

/// Soft, then hard.
struct Limit {
    soft: usize,
    hard: usize,
}

const FILE_LINES: Limit = Limit { soft: 250, hard: 500 };
const FUNCTION_LINES: Limit = Limit { soft: 40, hard: 70 };
const CRATE_LINES: Limit = Limit { soft: 8_000, hard: 12_000 };
const FOLDERS_BELOW_SRC: Limit = Limit { soft: 2, hard: 3 };
const OUTSIDE_DEPENDENCIES: Limit = Limit { soft: 10, hard: 15 };
const WIDTH: usize = 100;

impl Limit {
    /// What to say when `size` is past a limit, and whether it is a note only.
    fn judge(&self, size: usize) -> Option<(usize, bool)> {
        match size {
            size if size > self.hard => Some((self.hard, false)),
            size if size > self.soft => Some((self.soft, true)),
            _ => None,
        }
    }
}

pub fn check(tree: &Tree, sources: &Sources) -> Vec<Offence> {
    let mut found = Vec::new();
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for file in tree.ending("rs").filter(|file| !file.is_test()) {
        let Some(source) = sources.by_path.get(&file.path) else { continue };
        let lines = own_lines(file, source);
        found.extend(file_size(file, lines));
        found.extend(functions(file, source));
        found.extend(widths(file, source));
        if let Some((folder, below)) = file.path.split_once("/src/") {
            *crates.entry(folder).or_default() += lines;
            found.extend(depth(file, below));
        }
    }
    for (folder, lines) in crates {
        if let Some((limit, soft)) = CRATE_LINES.judge(lines) {
            let what = format!("the crate has {lines} lines, more than {limit}");
            let remedy = "move a part that can stand alone to a crate of its own";
            let path = format!("{folder}/Cargo.toml");
            found.push(Offence::new(CHECK, path, 1, what, remedy).soft(soft));
        }
    }
    found.extend(tree.ending("toml").filter_map(dependencies));
    found
}

/// Lines that are not there for tests only.
fn own_lines(file: &File, source: &Source) -> usize {
    (1..=file.text.lines().count()).filter(|line| !source.is_test(*line)).count()
}

fn file_size(file: &File, lines: usize) -> Option<Offence> {
    let (limit, soft) = FILE_LINES.judge(lines)?;
    let what = format!("the file has {lines} lines, more than {limit}");
    Some(Offence::new(CHECK, &file.path, 1, what, "give each part a file of its own").soft(soft))
}

fn functions(file: &File, source: &Source) -> Vec<Offence> {
    let own = source.functions.iter().filter(|function| !source.is_test(*function.lines.start()));
    let judge = |function: &super::source::Function| {
        let (first, last) = (*function.lines.start(), *function.lines.end());
        let lines = last - first + 1;
        let (limit, soft) = FUNCTION_LINES.judge(lines)?;
        let what = format!("`{}` has {lines} lines, more than {limit}", function.name);
        let remedy = "name its steps and make them functions";
        Some(Offence::new(CHECK, &file.path, first, what, remedy).soft(soft))
    };
    own.filter_map(judge).collect()
}

/// A line that is wide only by a text in quotes is a note: breaking it would not help a reader.
fn widths(file: &File, source: &Source) -> Vec<Offence> {
    let wide = file
        .text
        .lines()
        .enumerate()
        .filter(|(at, line)| line.chars().count() > WIDTH && !source.is_test(at + 1));
    wide.map(|(at, line)| {
        let what = format!("the line has {} characters, more than {WIDTH}", line.chars().count());
        let soft = line.split('"').step_by(2).map(|part| part.chars().count()).sum::<usize>()
            <= WIDTH
            && line.contains('"');
        Offence::new(CHECK, &file.path, at + 1, what, "break it").soft(soft)
    })
    .collect()
}

fn depth(file: &File, below: &str) -> Option<Offence> {
    let folders = below.matches('/').count();
    let (limit, soft) = FOLDERS_BELOW_SRC.judge(folders)?;
    let what = format!("lies {folders} folders below src, more than {limit}");
    Some(Offence::new(CHECK, &file.path, 1, what, "flatten the folders").soft(soft))
}

/// Crates of layers lean on few others; the wiring of the binary is not counted.
fn dependencies(file: &File) -> Option<Offence> {
    if !file.path.starts_with("crates/") || !file.path.ends_with("/Cargo.toml") {
        return None;
    }
    let manifest: Table = file.text.parse().ok()?;
    let list = manifest.get("dependencies")?.as_table()?;
    let count = list.keys().filter(|name| !name.starts_with("mainstay")).count();
    let (limit, soft) = OUTSIDE_DEPENDENCIES.judge(count)?;
    let what = format!("the layer leans on {count} packages from outside, more than {limit}");
    let remedy = "drop one, or move the part that needs them behind another layer";
    Some(Offence::new(CHECK, &file.path, 1, what, remedy).soft(soft))
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::super::tree::planted;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let (_folder, tree) = planted::tree(&[(path, text)]);
        let sources = source::read_all(&tree);
        check(&tree, &sources).iter().map(ToString::to_string).collect()
    }

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    x();\n".repeat(lines - 2))
    }

    #[test]
    fn what_keeps_the_limits_passes() {
        let text = "x!();\n".repeat(210) + &function(40);
        assert_eq!(found("a/src/b/c/d.rs", &text), Vec::<String>::new());
    }

    #[test]
    fn a_long_file_is_a_note_and_a_longer_one_an_offence() {
        let note = found("a/src/b.rs", &"x!();\n".repeat(251));
        let wants = "a/src/b.rs:1: note: the file has 251 lines, more than 250 — give each part a \
                     file of its own";
        assert_eq!(note, [wants]);
        let offence = found("a/src/b.rs", &"x!();\n".repeat(501));
        assert!(offence[0].starts_with("a/src/b.rs:1: the file has 501 lines, more than 500"));
    }

    #[test]
    fn lines_of_tests_are_not_counted() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "x!();\n".repeat(600));
        assert_eq!(found("a/src/b.rs", &tests), Vec::<String>::new());
        assert_eq!(found("a/tests/b.rs", &"x!();\n".repeat(600)), Vec::<String>::new());
    }

    #[test]
    fn a_long_function_is_found_by_its_name_and_line() {
        let note = found("a/src/b.rs", &format!("\n{}", function(41)));
        assert!(note[0].starts_with("a/src/b.rs:2: note: `long` has 41 lines, more than 40"));
        let offence = found("a/src/b.rs", &function(71));
        assert!(offence[0].starts_with("a/src/b.rs:1: `long` has 71 lines, more than 70"));
    }

    #[test]
    fn a_crate_that_is_too_large_fails() {
        let file = "x!();\n".repeat(500);
        let files: Vec<(String, &str)> =
            (0..25).map(|at| (format!("crates/a/src/m{at}.rs"), file.as_str())).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let (_folder, tree) = planted::tree(&files);
        let found = check(&tree, &source::read_all(&tree));
        let hard: Vec<_> = found.iter().filter(|offence| !offence.soft).collect();
        assert_eq!(hard.len(), 1, "{hard:?}");
        assert!(
            hard[0].to_string().starts_with("crates/a/Cargo.toml:1: the crate has 12500 lines")
        );
    }

    #[test]
    fn folders_that_are_too_deep_fail() {
        let found = found("a/src/b/c/d/e/f.rs", "");
        assert!(found[0].starts_with("a/src/b/c/d/e/f.rs:1: lies 4 folders below src"));
    }

    #[test]
    fn a_wide_line_fails_unless_a_text_makes_it_wide() {
        let wide = format!("x!();\n// {}\n", "y".repeat(100));
        assert!(found("a/src/b.rs", &wide)[0].starts_with("a/src/b.rs:2: the line has 103"));
        let text = format!("x!(\"{}\");\n", "y".repeat(100));
        assert!(found("a/src/b.rs", &text)[0].starts_with("a/src/b.rs:1: note: the line has 107"));
    }

    #[test]
    fn a_layer_that_leans_on_many_packages_fails() {
        let list: String = (0..16).map(|at| format!("p{at} = \"1\"\n")).collect();
        let text = format!("[dependencies]\nmainstay-base.workspace = true\n{list}");
        let found = found("crates/a/Cargo.toml", &text);
        assert!(found[0].starts_with("crates/a/Cargo.toml:1: the layer leans on 16 packages"));
    }
}
