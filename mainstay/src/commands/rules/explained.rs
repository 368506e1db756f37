//! What an explanation says, for people and for programs.

use serde_json::json;

use crate::report::say;

/// What there is to say; lists are lines.
#[derive(Default)]
pub(super) struct Explained {
    pub source: String,
    pub action: &'static str,
    pub role: String,
    /// Rules as they were written, with their places.
    pub rules: Vec<String>,
    /// What is known of the caller in them.
    pub known: Vec<String>,
    /// Why the gate refuses before the database is asked.
    pub refused: Option<String>,
    /// Which rows.
    pub left: Option<String>,
    /// What must hold of a row that is written.
    pub checks: Option<String>,
    /// Columns that are closed, by what for.
    pub closed: Vec<String>,
    pub sql: Option<String>,
    pub values: Vec<String>,
    pub plan: Vec<String>,
    pub warnings: Vec<String>,
}

impl Explained {
    pub fn in_json(&self) -> serde_json::Value {
        json!({
            "source": self.source,
            "action": self.action,
            "role": self.role,
            "rules": self.rules,
            "known": self.known,
            "refused": self.refused,
            "residual": self.left,
            "checks": self.checks,
            "closed_columns": self.closed,
            "sql": self.sql,
            "values": self.values,
            "plan": self.plan,
            "warnings": self.warnings,
        })
    }

    pub fn tell(&self) {
        let one = |line: &Option<String>| line.iter().cloned().collect::<Vec<_>>();
        let values = match self.values.as_slice() {
            [] => Vec::new(),
            values => vec![values.join(", ")],
        };
        let refused = self.refused.as_ref().map(|message| {
            format!("{message} (42501): it holds for no row, so the database is not asked")
        });
        say!("{} {} as {}", self.action, self.source, self.role);
        for (title, lines) in [
            ("rule", &self.rules),
            ("known", &self.known),
            ("refused", &one(&refused)),
            ("left", &one(&self.left)),
            ("new rows", &one(&self.checks)),
            ("closed", &self.closed),
            ("sql", &one(&self.sql)),
            ("values", &values),
            ("plan", &self.plan),
            ("warning", &self.warnings),
        ] {
            for (at, line) in lines.iter().enumerate() {
                let title = if at == 0 || title == "warning" { title } else { "" };
                say!("  {title:<9} {line}");
            }
        }
    }
}
