//! Leaves only what is referred to among the components: an application without a table has no use
//! for what tables share.

use rustc_hash::FxHashSet;
use serde_json::Value;

const KINDS: [&str; 4] = ["schemas", "parameters", "responses", "headers"];

/// Takes out components that no path leads to.
pub(super) fn keep(document: &mut Value) {
    let mut found = FxHashSet::default();
    let mut open = Vec::new();
    references(&document["paths"], &mut open);
    while let Some(reference) = open.pop() {
        if let Some(pointer) = reference.strip_prefix('#')
            && let Some(part) = document.pointer(pointer)
            && found.insert(reference.clone())
        {
            references(part, &mut open);
        }
    }
    for kind in KINDS {
        if let Some(all) = document["components"][kind].as_object_mut() {
            all.retain(|name, _| found.contains(&format!("#/components/{kind}/{name}")));
        }
    }
}

fn references(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "$ref") {
                    Some(reference) => found.push(reference.to_owned()),
                    None => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
