//! What our documents show is run as it stands and compared with what they say comes back. A block
//! marked `console` is a transcript: lines after `$ ` are typed, the others are the answers.

use std::path::Path;
use std::process::Command;

use crate::harness::{Server, binary, repository};

/// One typed line and what the document says about it.
struct Step {
    typed: String,
    answer: String,
}

fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        match (inside, line.strip_prefix("$ ")) {
            _ if line.starts_with("```") => inside = line == "```console",
            (true, Some(typed)) => {
                steps.push(Step { typed: typed.to_owned(), answer: String::new() });
            }
            (true, None) => {
                let step = steps.last_mut().unwrap_or_else(|| panic!("an answer first: {line}"));
                step.answer.push_str(line);
                step.answer.push('\n');
            }
            (false, _) => {}
        }
    }
    steps
}

/// Only addresses and the way to the executable differ from what a reader types: ports must be
/// free, and the executable is there already.
fn typed(line: &str, server: &Server) -> String {
    line.replace("cargo run -q --release -- ", &format!("'{}' ", binary().display()))
        .replace("127.0.0.1:8080", &server.address)
        .replace("127.0.0.1:9090", &server.operator)
}

const MARK: &str = "-- end of step --";

/// Runs all steps in one shell, as a reader does, and compares each answer.
fn follow(document: &Path, app: &str) {
    let text = std::fs::read_to_string(document).unwrap();
    let steps = steps(&text);
    assert!(steps.len() > 2, "{} has a transcript", document.display());
    let server = Server::of(&repository().join(app));
    let lines = steps.iter().map(|step| format!("{}\necho '{MARK}'", typed(&step.typed, &server)));
    let script = lines.collect::<Vec<_>>().join("\n");
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(repository())
        .env("MAINSTAY_DATABASE_URL", format!("sqlite:{}", server.data().display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<&str> = said.split(MARK).map(str::trim).collect();
    assert_eq!(answers.len(), steps.len() + 1, "{said}{}", String::from_utf8_lossy(&output.stderr));
    for (step, answer) in steps.iter().zip(answers) {
        assert_eq!(answer, step.answer.trim(), "{}: {}", document.display(), step.typed);
    }
}

#[test]
fn the_readme_shows_what_comes_back() {
    follow(&repository().join("README.md"), "examples/shop");
}

#[test]
fn the_shop_shows_what_comes_back() {
    follow(&repository().join("examples/shop/README.md"), "examples/shop");
}

#[test]
fn the_teams_show_what_comes_back() {
    follow(&repository().join("examples/teams/README.md"), "examples/teams");
}

#[test]
fn the_blog_shows_what_comes_back() {
    follow(&repository().join("examples/README.md"), "examples/blog.toml");
}
