//! The rarer shapes of rules: mixed kinds, spans of time, places in lists and documents,
//! conversions, lists that are made of what is known of the caller.

use super::grow::{Grower, Scope, Type, binary, fact, literal};
use super::{Column, Expr};
use crate::world::Kind;

const ORDERS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

impl Grower<'_> {
    /// A condition that people seldom write, and that must be right all the same.
    pub(super) fn rare(&mut self, scope: &Scope<'_>) -> Expr {
        match self.chance.below(12) {
            0 => {
                let left = self.value(scope, Type::Int, 1);
                binary(self.chance.word(&ORDERS), left, self.value(scope, Type::Double, 1))
            }
            1 => {
                // Of claims nobody knows the type, so that they may be compared with anything.
                let types = [Type::Text, Type::Int, Type::Double, Type::Bool, Type::Texts];
                let claims = ["auth.claims.word", "auth.claims.level", "auth.claims.teams"];
                let (claim, ty) = (fact(self.chance.word(&claims)), *self.chance.pick(&types));
                binary(self.chance.word(&["==", "!="]), claim, self.value(scope, ty, 0))
            }
            2 => self.span(scope),
            3 => {
                let list = self.value(scope, Type::Texts, 0);
                let place = literal(self.chance.word(&["0", "1", "2", "-1"]));
                let item = Expr::Index(Box::new(list), Box::new(place));
                binary(self.chance.word(&["==", "!="]), item, self.value(scope, Type::Text, 0))
            }
            4..=5 => self.within_document(scope),
            6 => {
                let number = Expr::Negate(Box::new(self.value(scope, Type::Int, 0)));
                binary(self.chance.word(&ORDERS), number, self.value(scope, Type::Int, 0))
            }
            7 => {
                let path = self.chance.word(&["'/teams'", "'/members'", "'/notes'"]);
                binary("==", fact("request.path"), literal(path))
            }
            8 => self.known_list(scope),
            9 => self.converted(scope),
            10 => {
                let lists = self.value(scope, Type::Texts, 0);
                binary(self.chance.word(&["==", "!="]), lists, self.value(scope, Type::Texts, 0))
            }
            _ => {
                let items = (0..2).map(|_| self.value(scope, Type::Text, 0)).collect();
                binary("in", self.value(scope, Type::Text, 0), Expr::List(items))
            }
        }
    }

    /// `now - row.since > duration('1h')`
    fn span(&mut self, scope: &Scope<'_>) -> Expr {
        let from = self.value(scope, Type::Moment, 0);
        let span = binary("-", from, self.value(scope, Type::Moment, 0));
        let known = self.chance.word(&["'1h'", "'0s'", "'24h'", "'-36h'", "'1.5s'", "'500ms'"]);
        let known = Expr::Function("duration", vec![literal(known)]);
        binary(self.chance.word(&ORDERS), span, known)
    }

    /// `row.data['a'] == 1`, `'a' in row.data`, `row.data.l[0] == 1`
    fn within_document(&mut self, scope: &Scope<'_>) -> Expr {
        let Some(Expr::Column(column)) = self.column(scope, &|kind| kind == Kind::Json) else {
            return binary("in", literal("'vip'"), fact("auth.claims.flags"));
        };
        let data = Expr::Column(column.clone());
        let inside = |names: &[&'static str]| {
            Expr::Column(Column { inside: names.to_vec(), ..column.clone() })
        };
        let at = |of: Expr, place: &str| Expr::Index(Box::new(of), Box::new(literal(place)));
        let value = literal(self.chance.word(&["1", "2.0", "'a'", "'x'", "true", "null", "1.5"]));
        match self.chance.below(8) {
            0 => binary("==", at(data, "'a'"), value),
            1 => binary("in", literal("'a'"), data),
            2 => binary("==", at(inside(&["l"]), self.chance.word(&["0", "1", "2", "9"])), value),
            3 => binary("==", at(data, self.chance.word(&["0", "1"])), value),
            4 => {
                let size = Expr::Function("size", vec![inside(&["l"])]);
                binary(self.chance.word(&ORDERS), size, literal("3"))
            }
            5 => binary("in", value, inside(&["l"])),
            6 => binary(self.chance.word(&["==", "!="]), data, value),
            _ => Expr::Has(Box::new(inside(&["o", "f"]))),
        }
    }

    /// What is known of the caller may be filtered and counted.
    fn known_list(&mut self, scope: &Scope<'_>) -> Expr {
        let list = Box::new(fact(self.chance.word(&["auth.roles", "auth.claims.teams"])));
        let name = "k1".to_owned();
        let body = |operator, word: &str| {
            Box::new(binary(operator, Expr::Element("k1".to_owned()), literal(word)))
        };
        let word = self.chance.word(&["'editor'", "'staff'", "''"]);
        match self.chance.below(4) {
            0 => Expr::Made { list, word: "exists_one", name, body: body("==", word) },
            1 => {
                let made = Expr::Made { list, word: "filter", name, body: body("!=", word) };
                let size = Expr::Function("size", vec![made]);
                binary(self.chance.word(&ORDERS), size, literal("1"))
            }
            2 => {
                let made = Expr::Made { list, word: "map", name, body: body("+", word) };
                binary("in", self.value(scope, Type::Text, 0), made)
            }
            _ => {
                let made = Expr::Made { list, word: "filter", name, body: body("!=", word) };
                binary("in", self.value(scope, Type::Text, 0), made)
            }
        }
    }

    /// Conversions, which may fail: of texts only where they are known of the caller.
    fn converted(&mut self, scope: &Scope<'_>) -> Expr {
        let words = ["auth.claims.word", "'3'", "'1.5'", "'x'", "'true'", "''"];
        let text = literal(self.chance.word(&words));
        let of = |name, value| Expr::Function(name, vec![value]);
        match self.chance.below(7) {
            0 => {
                let number = of("int", text);
                binary(self.chance.word(&ORDERS), number, self.value(scope, Type::Int, 0))
            }
            1 => {
                let number = of("double", text);
                binary(self.chance.word(&ORDERS), number, self.value(scope, Type::Double, 0))
            }
            2 => {
                let double = self.chance.word(&["1.5", "2.0", "auth.claims.weight", "100.0"]);
                binary("==", of("string", literal(double)), text)
            }
            3 => binary("==", of("string", fact("auth.claims.flags.vip")), literal("'true'")),
            4 => of("bool", text),
            5 => {
                let number = of("string", self.value(scope, Type::Int, 0));
                binary("==", number, self.value(scope, Type::Text, 0))
            }
            _ => {
                let moment = of("int", fact("now"));
                let number = self.value(scope, Type::Int, 0);
                binary(self.chance.word(&ORDERS), moment, number)
            }
        }
    }

    /// One of two values.
    pub(super) fn either(&mut self, scope: &Scope<'_>, ty: Type) -> Expr {
        let test = self.truth(scope, 0);
        let (yes, no) = (self.value(scope, ty, 0), self.value(scope, ty, 0));
        Expr::Choice(Box::new(test), Box::new(yes), Box::new(no))
    }
}
