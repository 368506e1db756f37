//! The dialect's own document, OpenAPI 2.0 as PostgREST 12 writes it: what is at the root of the
//! data API, one module at a time. Generators of types read the marks in its descriptions.

mod definitions;
mod parameters;
mod paths;

use serde_json::{Map, Value, json};

use super::seen::SeenModule;
use super::{About, VERSION};

/// The media type of the document.
pub const MEDIA_TYPE: &str = "application/openapi+json; charset=utf-8";

/// The forms that bodies and answers can take.
const FORMS: [&str; 4] = [
    "application/json",
    "application/vnd.pgrst.object+json;nulls=stripped",
    "application/vnd.pgrst.object+json",
    "text/csv",
];

/// The document of one module.
#[must_use]
pub fn document(application: &str, module: &SeenModule<'_>, about: &About<'_>) -> Value {
    let (scheme, host, path) = about.address();
    let mut document = json!({
        "swagger": "2.0",
        "info": {
            "title": application,
            "description": module.module.doc.as_deref().unwrap_or("The tables, views and functions \
                of a module, as far as the caller may use them."),
            "version": VERSION,
        },
        "basePath": format!("{path}/rest/v1"),
        "schemes": [scheme],
        "consumes": FORMS,
        "produces": FORMS,
        "paths": paths(module),
        "definitions": definitions::all(module),
        "parameters": parameters::all(module),
        "securityDefinitions": {
            "apikey": {
                "type": "apiKey",
                "in": "header",
                "name": "apikey",
                "description": "The key of the application; without `Authorization` it decides \
                                the role, too.",
            },
            "JWT": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "Add the token prepending \"Bearer \" (without quotes) to it",
            },
        },
        "security": [{ "apikey": [] }, { "JWT": [] }],
    });
    if let Some(host) = host {
        document["host"] = host.into();
    }
    document
}

fn paths(module: &SeenModule<'_>) -> Value {
    let mut all = Map::new();
    all.insert("/".to_owned(), paths::root());
    for source in &module.sources {
        all.insert(format!("/{}", source.table.name), paths::source(source));
    }
    for function in &module.functions {
        all.insert(format!("/rpc/{}", function.function.name), paths::function(function));
    }
    Value::Object(all)
}
