//! Claims about errors that SQL raises on purpose: they reach the caller whole, from every thread
//! that runs statements, and harm nobody else.

use std::sync::Arc;

use mainstay_store::Statement;
use mainstay_store::plan::Change;

use crate::harness::{NOTES, Texts, open, read_plan, text};

fn statement(sql: &str) -> Arc<Statement> {
    Arc::new(Statement { sql: sql.to_owned(), slots: Vec::new() })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_raised_in_a_read_reaches_the_caller_and_the_thread_serves_on() {
    let kept = open(NOTES);
    for round in 0..20 {
        let sql = format!("SELECT raise_error('PT4{round:02}', 'no {round}', 'd', 'h')");
        let error = kept.store.read(read_plan(statement(&sql), Vec::new()), ()).await.unwrap_err();
        assert_eq!((error.code_text(), error.status()), (&*format!("PT4{round:02}"), 400 + round));
        assert_eq!(error.message(), format!("no {round}"));
        assert_eq!((error.details_text(), error.hint_text()), (Some("d"), Some("h")));
        let other = read_plan(statement("SELECT json_extract('{', '$')"), Vec::new());
        let error = kept.store.read(other, ()).await.unwrap_err();
        assert_eq!((error.code_text(), error.status()), ("internal", 500));
    }
    let rows = Texts { width: 1, ..Texts::default() };
    let plan = read_plan(statement("SELECT mainstay_sum('integer', 1)"), Vec::new());
    kept.store.read(plan, rows.clone()).await.unwrap();
    assert_eq!(*rows.rows.lock().unwrap(), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_raised_in_a_write_undoes_it_and_nothing_else() {
    let kept = open(NOTES);
    let plan = |name: &str, sql: Option<&str>| {
        let mut plan = kept.insert_plan("teams", &[1], vec![vec![text(name)]]);
        if let (Change::Insert(runs), Some(sql)) = (&mut plan.change, sql) {
            runs[0].statement = statement(sql);
        }
        plan
    };
    let raising = "INSERT INTO teams (name) SELECT 'half' UNION ALL \
                   SELECT raise_error('PT409', 'sold out')";
    let (before, raised, after) = tokio::join!(
        kept.store.write(plan("before", None), ()),
        kept.store.write(plan("x", Some(raising)), ()),
        kept.store.write(plan("after", None), ()),
    );
    let error = raised.unwrap_err();
    assert_eq!((error.code_text(), error.status()), ("PT409", 409));
    assert!(before.is_ok() && after.is_ok());
    let again = kept.store.write(plan("before", None), ()).await.unwrap_err();
    assert_eq!(again.code_text(), "23505", "a violation is not taken for what was raised before");
    assert_eq!(kept.rows("teams").await.len(), 2);
}
