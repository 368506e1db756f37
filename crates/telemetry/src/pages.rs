//! Pages that layers show to whoever can reach the operator's address, beside health and metrics.
//! `surface` answers with them; a page is asked for its text each time.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;

type Page = dyn Fn() -> String + Send + Sync;
type ByPath = Vec<(&'static str, Arc<Page>)>;

/// The pages of the process. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Pages(Arc<RwLock<ByPath>>);

impl Pages {
    /// Shows a page of HTML at a path; one that was there before is replaced.
    pub fn show(&self, path: &'static str, page: impl Fn() -> String + Send + Sync + 'static) {
        let mut pages = self.0.write();
        pages.retain(|(known, _)| *known != path);
        pages.push((path, Arc::new(page)));
    }

    /// The page at a path, with the path as a label of metrics.
    pub(crate) fn at(&self, path: &str) -> Option<(&'static str, String)> {
        let found = self.0.read().iter().find(|(known, _)| *known == path).cloned();
        found.map(|(path, page)| (path, page()))
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({})", self.0.read().len())
    }
}

#[cfg(test)]
mod tests {
    use mainstay_base::Clock;

    use super::*;
    use crate::{Audience, Telemetry};

    struct Still;

    impl Clock for Still {
        fn now(&self) -> mainstay_base::Instant {
            0
        }
    }

    #[test]
    fn a_page_is_shown_to_the_operator_and_to_nobody_else() {
        let telemetry = Telemetry::silent(Arc::new(Still));
        telemetry.pages.show("/letters", || "first".to_owned());
        telemetry.pages.show("/letters", || "second".to_owned());
        let shown = telemetry.answer(Audience::Operator, "/letters", None).unwrap();
        assert_eq!((shown.body.as_slice(), shown.route), (b"second".as_slice(), "/letters"));
        assert_eq!(telemetry.answer(Audience::Public, "/letters", None), None);
        assert_eq!(telemetry.answer(Audience::Operator, "/other", None), None);
    }
}
