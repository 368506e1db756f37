//! The parts of a rule that no row decides: read from the caller directly where they are as plain
//! as `auth.uid`, by CEL's interpreter otherwise. An error stays one, for `||` may absorb it.

use std::cell::OnceCell;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr};
use cel::{Context, Value};
use chrono::{DateTime, FixedOffset};
use mainstay_base::Instant;

use super::constant::Const;
use super::facts::{self, AuthFacts, RequestFacts};
use super::kind::Kind;
use super::parse;

/// Who asks, when, and how: everything that rules may know before a row is looked at.
pub struct Asking<'a> {
    auth: &'a AuthFacts,
    now: Instant,
    request: &'a dyn RequestFacts,
    context: OnceCell<Context<'static, 'static>>,
}

impl<'a> Asking<'a> {
    #[must_use]
    pub fn new(auth: &'a AuthFacts, now: Instant, request: &'a dyn RequestFacts) -> Self {
        Self { auth, now, request, context: OnceCell::new() }
    }

    /// Made for the first part that needs the interpreter.
    fn context(&self) -> &Context<'static, 'static> {
        self.context.get_or_init(|| {
            let mut context = Context::with_env(Arc::clone(parse::environment()));
            context.add_variable_from_value("auth", self.auth.to_value());
            context.add_variable_from_value("request", facts::request_value(self.request));
            if let Some(now) = DateTime::from_timestamp_micros(self.now) {
                let now: DateTime<FixedOffset> = now.fixed_offset();
                context.add_variable_from_value("now", Value::Timestamp(now));
            }
            context
        })
    }
}

/// A part of a rule that depends on the caller and the request alone.
#[derive(Clone, Debug)]
pub struct Known {
    expression: IdedExpr,
    form: Form,
    /// As it was written, where that can be told.
    pub text: String,
    pub kind: Kind,
    /// It may differ from one request of a caller to the next.
    pub changes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Uid,
    Role,
    Tenant,
    Now,
    Asked,
}

impl Known {
    pub(super) fn new(expression: &IdedExpr, text: String, kind: Kind) -> Self {
        let form = match &expression.expr {
            Expr::Ident(name) if name == "now" => Form::Now,
            Expr::Select(select) if !select.test => {
                match (&select.operand.expr, select.field.as_str()) {
                    (Expr::Ident(name), "uid") if name == "auth" => Form::Uid,
                    (Expr::Ident(name), "role") if name == "auth" => Form::Role,
                    _ => Form::Asked,
                }
            }
            _ => Form::Asked,
        };
        let changes = mentions(expression, &["now", "request"]);
        Self { expression: expression.clone(), form, text, kind, changes }
    }

    /// The claim that names the caller's tenant. What cannot name one is as good as absent.
    pub(super) fn tenant(expression: &IdedExpr, text: &str) -> Self {
        let text = text.to_owned();
        let expression = expression.clone();
        Self { expression, form: Form::Tenant, text, kind: Kind::Any, changes: false }
    }

    /// The same expression, wherever it stands in the rule.
    pub(super) fn is(&self, node: &IdedExpr) -> bool {
        same(&self.expression, node)
    }

    /// Its value for this caller; `None` is an error.
    #[must_use]
    pub fn value(&self, asking: &Asking<'_>) -> Option<Const> {
        match self.form {
            Form::Uid => asking.auth.uid.clone().map(Const::Text),
            Form::Role => Some(Const::Text(asking.auth.role.clone())),
            Form::Tenant => match asking.auth.claims.get("tenant")? {
                serde_json::Value::String(tenant) => Some(Const::Text(tenant.clone())),
                serde_json::Value::Number(tenant) => tenant.as_i64().map(Const::Int),
                _ => None,
            },
            Form::Now => Some(Const::Time(asking.now)),
            Form::Asked => {
                let value = asking.context().resolve(&self.expression).ok()?;
                Const::from_cel(&value)
            }
        }
    }
}

/// Both say the same. In doubt they do not.
fn same(left: &IdedExpr, right: &IdedExpr) -> bool {
    let all = |left: &[IdedExpr], right: &[IdedExpr]| {
        left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
    };
    match (&left.expr, &right.expr) {
        (Expr::Ident(left), Expr::Ident(right)) => left == right,
        (Expr::Literal(left), Expr::Literal(right)) => left == right,
        (Expr::Select(left), Expr::Select(right)) => {
            (&left.field, left.test) == (&right.field, right.test)
                && same(&left.operand, &right.operand)
        }
        (Expr::Call(left), Expr::Call(right)) => {
            let target = match (&left.target, &right.target) {
                (None, None) => true,
                (Some(left), Some(right)) => same(left, right),
                _ => false,
            };
            target && left.func_name == right.func_name && all(&left.args, &right.args)
        }
        (Expr::List(left), Expr::List(right)) => all(&left.elements, &right.elements),
        _ => false,
    }
}

/// One of these names stands somewhere in it.
pub(super) fn mentions(node: &IdedExpr, names: &[&str]) -> bool {
    let any = |node: &IdedExpr| mentions(node, names);
    match &node.expr {
        Expr::Ident(name) => names.contains(&name.as_str()),
        Expr::Select(select) => any(&select.operand),
        Expr::Call(call) => call.target.iter().any(|node| any(node)) || call.args.iter().any(any),
        Expr::List(list) => list.elements.iter().any(any),
        Expr::Comprehension(inner) => {
            [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result]
                .into_iter()
                .any(any)
        }
        Expr::Literal(_) | Expr::Unspecified => false,
        Expr::Map(_) | Expr::Struct(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn only_what_is_written_the_same_is_the_same() {
        let alike = |left: &str, right: &str| {
            let (left, right) = (parse(left).unwrap(), parse(right).unwrap());
            same(left.expression(), right.expression())
        };
        let all = [
            "auth.uid",
            "auth.role",
            "auth.claims.a",
            "auth.claims.b",
            "has(auth.claims.a)",
            "has(auth.claims.b)",
            "auth.email.startsWith('a')",
            "auth.email.startsWith('b')",
            "auth.email.endsWith('a')",
            "auth.role.endsWith('a')",
            "auth.email.size()",
            "size(auth.email)",
            "size(auth.role)",
            "auth.uid == auth.email",
            "auth.uid != auth.email",
            "auth.uid in ['a']",
            "auth.uid in ['a', 'b']",
            "auth.uid in ['b', 'a']",
            "1",
            "2",
            "'1'",
            "now",
            "request.path",
        ];
        for (at, left) in all.iter().enumerate() {
            for (other, right) in all.iter().enumerate() {
                assert_eq!(alike(left, right), at == other, "{left} and {right}");
            }
        }
        assert!(alike("auth.email.startsWith( 'a' )", "auth.email.startsWith(\"a\")"));
    }

    #[test]
    fn what_time_or_request_decides_may_change() {
        let changes = |source: &str| {
            Known::new(parse(source).unwrap().expression(), String::new(), Kind::Any).changes
        };
        for source in ["now", "request.path", "auth.uid == request.path", "size(request.path)"] {
            assert!(changes(source), "{source}");
        }
        for source in ["auth.exists(r, r == now)", "['a', request.method]", "(now).getHours()"] {
            assert!(changes(source), "{source}");
        }
        for source in ["auth.uid", "has(auth.claims.now)", "auth.claims.request", "'now'"] {
            assert!(!changes(source), "{source}");
        }
    }
}
