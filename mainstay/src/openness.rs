//! What a role may do: always, never, or depending on who it is and on the row. Asked of the gate,
//! for callers of the role as they may come.

use std::sync::Arc;

use mainstay_base::Clock;
use mainstay_gate::identity::{ANON, AUTHENTICATED, SERVICE};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_schema::model::Allow;
use mainstay_schema::{AuthFacts, Catalog, Rule, Table};

use crate::clock::SystemClock;
use crate::{samples, told};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openness {
    Open,
    /// For some of the role's callers, or for some rows.
    Conditional,
    Closed,
}

impl Openness {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Conditional => "conditional",
            Self::Closed => "closed",
        }
    }

    /// Of two callers, or of two rows.
    fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Conditional }
    }

    /// Of two rights that are both needed.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Closed, _) | (_, Self::Closed) => Self::Closed,
            (Self::Open, Self::Open) => Self::Open,
            _ => Self::Conditional,
        }
    }
}

/// An application whose rules are looked at.
pub struct Rules<'c> {
    pub catalog: &'c Catalog,
    /// Every role that a token may name.
    pub roles: Vec<String>,
    gate: Gate,
}

impl<'c> Rules<'c> {
    #[must_use]
    pub fn new(catalog: &'c Catalog, roles: &[String]) -> Self {
        let known = [ANON, AUTHENTICATED, SERVICE].map(str::to_owned);
        let all = known.into_iter().chain(roles.iter().cloned()).collect();
        // No token is verified here, so no secret matters.
        let gate = Gate::new(&[], roles, Arc::new(SystemClock));
        Self { catalog, roles: all, gate }
    }

    /// What a role may do with the table or view at this place. What is not read is not changed.
    #[must_use]
    pub fn source(&self, role: &str, (module, source): (usize, usize), action: Action) -> Openness {
        let Some(table) = self.catalog.modules[module].source(source) else {
            return Openness::Closed;
        };
        let one = |action| {
            self.over(role, &texts(table, action), |caller| {
                match self.gate.permit(caller, self.catalog, module, source, action) {
                    Err(_) => Openness::Closed,
                    Ok(permit) if permit.rows().is_none() && permit.check().is_none() => {
                        Openness::Open
                    }
                    Ok(_) => Openness::Conditional,
                }
            })
        };
        match action {
            Action::Update | Action::Delete => one(Action::Read).and(one(action)),
            _ => one(action),
        }
    }

    /// What a role may do with a column, beside what it may do with the table.
    #[must_use]
    pub fn column(
        &self,
        role: &str,
        (module, source): (usize, usize),
        column: usize,
        action: Action,
    ) -> Openness {
        let Some(table) = self.catalog.modules[module].source(source) else {
            return Openness::Closed;
        };
        let allow = &table.columns[column].allow;
        let rules = [&allow.read, &allow.create, &allow.update];
        let texts: Vec<&str> =
            rules.into_iter().flatten().map(|rule| rule.source.as_str()).collect();
        self.over(role, &texts, |caller| {
            let closed = self.gate.closed(caller, table, (module, source));
            let (list, checks) = match action {
                Action::Create => (&closed.create, Some(&closed.create_checks)),
                Action::Update => (&closed.update, Some(&closed.update_checks)),
                _ => (&closed.read, None),
            };
            let judged = checks.is_some_and(|checks| checks.iter().any(|(at, _)| *at == column));
            match (list.contains(&column), judged) {
                (true, _) => Openness::Closed,
                (false, true) => Openness::Conditional,
                (false, false) => Openness::Open,
            }
        })
    }

    /// Whether a role may call the function at this place.
    #[must_use]
    pub fn function(&self, role: &str, (module, function): (usize, usize)) -> Openness {
        let rule = self.catalog.modules[module].functions[function].allow.as_ref();
        let text: Vec<&str> = rule.map(|rule| rule.source.as_str()).into_iter().collect();
        self.over(role, &text, |caller| {
            match self.gate.call(caller, self.catalog, module, function) {
                Ok(_) => Openness::Open,
                Err(_) => Openness::Closed,
            }
        })
    }

    /// What the rule of an action leaves open for one caller: which rows.
    #[must_use]
    pub fn left(
        &self,
        facts: &AuthFacts,
        (module, source): (usize, usize),
        action: Action,
    ) -> String {
        let identity = Arc::new(Identity::of_facts(facts.clone()));
        let caller = Caller::of(&identity, SystemClock.now());
        match self.gate.permit(&caller, self.catalog, module, source, action) {
            Err(_) => "false".to_owned(),
            Ok(permit) => {
                permit.rows().map_or_else(|| "true".to_owned(), |rows| told::residual(rows))
            }
        }
    }

    /// The same question for every caller of the role.
    fn over(&self, role: &str, rules: &[&str], ask: impl Fn(&Caller<'_>) -> Openness) -> Openness {
        let samples = samples::of(role, rules, SystemClock.now());
        let answers = samples.into_iter().map(|sample| {
            let identity = Arc::new(Identity::of_facts(sample.facts));
            ask(&Caller::of(&identity, sample.now))
        });
        let answer = answers.reduce(Openness::or).unwrap_or(Openness::Closed);
        // Nobody knows what a request will hold.
        let asks_request = rules.iter().any(|rule| rule.contains("request."));
        if asks_request && role != SERVICE { answer.or(Openness::Conditional) } else { answer }
    }
}

/// The rule of an action, and what is demanded beside it.
fn texts(table: &Table, action: Action) -> Vec<&str> {
    let tenant = table.tenant.map(|_| "auth.claims.tenant");
    rule(&table.allow, action).map(|rule| rule.source.as_str()).into_iter().chain(tenant).collect()
}

/// The rule of an action on rows.
#[must_use]
pub fn rule(allow: &Allow, action: Action) -> Option<&Rule> {
    match action {
        Action::Read => allow.read.as_ref(),
        Action::Create => allow.create.as_ref(),
        Action::Update => allow.update.as_ref(),
        Action::Delete => allow.delete.as_ref(),
        Action::Call => None,
    }
}
