//! Claims about declarations that change between two starts.

use std::sync::Arc;

use mainstay_store::Store;
use mainstay_store::config::Changes;

use crate::harness::{Kept, NOTES, catalog, config, open, text};

async fn with_a_row() -> Kept {
    let kept = open(NOTES);
    kept.insert("teams", &[1], vec![text("red")]).await.unwrap();
    kept.store.close();
    kept
}

#[tokio::test]
async fn additive_changes_are_made_and_said() {
    let kept = with_a_row().await;
    let grown = format!(
        "{NOTES}
[tables.teams.columns.colour]
type = \"text\"
null = true
[tables.teams.columns.rank]
type = \"integer\"
default = 7
index = true
[tables.tags]
columns.team = {{ references = \"teams\" }}
"
    );
    let catalog = catalog(&grown);
    let store = Store::open(kept.folder.path(), &catalog, &config()).unwrap();
    let steps = store.steps();
    assert!(steps.iter().any(|step| step == "made table app.tags"), "{steps:?}");
    assert!(steps.iter().any(|step| step == "added column colour to app.teams"), "{steps:?}");
    let kept = Kept { store: Arc::new(store), catalog, ..kept };
    assert_eq!(kept.rows("teams").await, ["1|red|null|7"]);
    kept.store.close();
    let again = Store::open(kept.folder.path(), &kept.catalog, &config()).unwrap();
    assert_eq!(again.steps(), Vec::<String>::new(), "a step is made once");
}

#[tokio::test]
async fn a_change_that_could_lose_data_stops_the_start_and_touches_nothing() {
    let kept = with_a_row().await;
    let shrunk =
        NOTES.replace("columns.text = \"text\"\n", "").replace("[tables.notes]", "[tables.memos]");
    let refused = Store::open(kept.folder.path(), &catalog(&shrunk), &config()).err().unwrap();
    let details = refused.details_text().unwrap_or_default();
    assert!(details.contains("dropping table `notes`"), "{details}");
    let store = Store::open(kept.folder.path(), &kept.catalog, &config()).unwrap();
    let kept = Kept { store: Arc::new(store), ..kept };
    assert_eq!(kept.rows("teams").await, ["1|red"]);
}

#[tokio::test]
async fn production_makes_no_step_without_consent() {
    let kept = with_a_row().await;
    let grown = format!("{NOTES}\n[tables.tags]\ncolumns.name = \"text\"\n");
    let mut strict = config();
    strict.changes = Changes::Refuse;
    let refused = Store::open(kept.folder.path(), &catalog(&grown), &strict).err().unwrap();
    assert!(refused.message().contains("made table app.tags"), "{}", refused.message());
    assert!(refused.hint_text().unwrap_or_default().contains("--apply-changes"));
}
