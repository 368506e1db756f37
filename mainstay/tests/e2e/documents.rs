//! The documents against the server that they describe, against somebody else's reader, and the
//! types against the compiler and the client that they are made for.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::clients::{folder, ready};
use crate::harness::{Ask, Server, now, repository, run, sign, test_app};

/// The operations of a document: path, method, operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (&**path, &**method, operation))
        })
        .collect()
}

fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    let Some(reference) = part["$ref"].as_str() else {
        return part;
    };
    document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"))
}

/// The headers without which an operation is about another module.
fn with_profile(document: &Value, operation: &Value, mut ask: Ask) -> Ask {
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolved(document, parameter);
        let (name, constant) = (&parameter["name"], &parameter["schema"]["const"]);
        if let (Some(name), Some(value)) = (name.as_str(), constant.as_str()) {
            ask = ask.header(name, value);
        }
    }
    ask
}

#[track_caller]
fn is_documented(document: &Value, (path, method, operation): (&str, &str, &Value), ask: Ask) {
    let answer = ask.send();
    let what = format!("{method} {path}: {answer:?}");
    let known = &operation["responses"];
    let response = match &known[answer.status.to_string()] {
        Value::Null => &known[format!("{}XX", answer.status / 100)],
        exact => exact,
    };
    assert!(response.is_object(), "{what}");
    let response = resolved(document, response);
    if answer.body.is_empty() {
        return;
    }
    let given = answer.header("content-type").unwrap_or_default();
    let essence = given.split(';').next().unwrap();
    assert!(response["content"][essence].is_object(), "{what}\nis not {response}");
}

/// Asks everything that is documented for a token, in a good and in several bad ways.
fn all_answers_are_documented(server: &Server, token: &str) {
    let ask = |method: &str, path: &str| {
        server.bare(&method.to_uppercase(), path).header("apikey", token)
    };
    let document = ask("get", "/openapi.json").send().expect(200).json();
    for found @ (path, method, operation) in operations(&document) {
        let plain = || with_profile(&document, operation, ask(method, path)).json("{}");
        is_documented(&document, found, plain());
        is_documented(&document, found, plain().json("{\"x\":"));
        is_documented(&document, found, plain().body("image/png", "x"));
        is_documented(&document, found, plain().header("Accept", "image/png"));
        is_documented(&document, found, plain().header("apikey", "x.y.z"));
        let asked = |query: &str| {
            let ask = ask(method, &format!("{path}?{query}"));
            with_profile(&document, operation, ask).json("{}")
        };
        for query in ["select=nothing", "limit=x", "id=eq.1", "select=*,nothing(*)"] {
            is_documented(&document, found, asked(query));
        }
    }
}

#[test]
fn everything_documented_answers_as_documented() {
    let apps = ["typed.toml", "lab.toml", "desk.toml"].map(test_app);
    for app in apps.into_iter().chain([repository().join("examples/shop")]) {
        let server = Server::of(&app);
        let staff =
            sign(server.secret(), &json!({ "role": "staff", "sub": "u1", "exp": now() + 600 }));
        for token in [server.anon(), &staff, server.service()] {
            all_answers_are_documented(&server, token);
        }
        server.stop();
    }
}

#[test]
fn a_document_needs_a_key_and_shows_what_the_key_opens() {
    let server = Server::of(&test_app("typed.toml"));
    for path in ["/openapi.json", "/rest/v1/"] {
        let refused = server.bare("GET", path).send().expect(401);
        assert!(refused.header("www-authenticate").is_some(), "{path}");
        let seen = |key: &str| server.bare("GET", path).header("apikey", key).send().expect(200);
        let (visitor, service) = (seen(server.anon()), seen(server.service()));
        for closed in ["email", "ledger", "reprice"] {
            assert!(!visitor.body.contains(closed), "{closed} in {path}");
            assert!(service.body.contains(closed), "{closed} not in {path}");
        }
        let keyed = format!("{path}?apikey={}", server.anon());
        assert_eq!(server.bare("GET", &keyed).send().expect(200).body, visitor.body);
        let head = server.bare("HEAD", path).header("apikey", server.anon()).send().expect(200);
        assert_eq!((head.body.as_str(), head.header("vary").is_some()), ("", true));
        let asked = server.bare("OPTIONS", path).header("apikey", server.anon()).send().expect(200);
        assert_eq!(asked.header("allow"), Some("OPTIONS,GET,HEAD"));
    }
    let wrong = server.bare("POST", "/openapi.json").header("apikey", server.anon());
    assert_eq!(wrong.send().refusal(), (405, "method_not_allowed".to_owned()));
    server.stop();
}

#[test]
fn the_root_answers_in_the_form_of_the_dialect() {
    let server = Server::of(&repository().join("examples/shop"));
    let kind = "application/openapi+json";
    let root = server.rest("GET", "/").header("Accept", kind).send().expect(200);
    assert_eq!(root.header("content-type"), Some("application/openapi+json; charset=utf-8"));
    let document = root.json();
    assert_eq!(document["swagger"], "2.0");
    assert_eq!(document["host"], server.address);
    let note = &document["definitions"]["products"]["properties"]["category"]["description"];
    assert_eq!(
        note,
        "Note:\nThis is a Foreign Key to `categories.id`.<fk table='categories' column='id'/>"
    );
    let orders = server.rest("GET", "/").header("Accept-Profile", "orders").send().expect(200);
    assert_eq!(orders.header("content-profile"), Some("orders"));
    assert!(orders.json()["paths"]["/customers"]["get"].is_object());
    let unknown = server.rest("GET", "/").header("Accept-Profile", "x").send();
    assert_eq!(unknown.refusal(), (406, "PGRST106".to_owned()));
    let alone = server.bare("GET", "/openapi.json?profile=orders");
    let alone = alone.header("apikey", server.service()).send().expect(200).json();
    assert_eq!(alone["paths"]["/rest/v1/products"], Value::Null);
    let unknown = server.bare("GET", "/openapi.json?profile=x").header("apikey", server.service());
    assert_eq!(unknown.send().refusal(), (406, "PGRST106".to_owned()));
    server.stop();
}

#[test]
fn documents_can_be_switched_off() {
    let off = [("MAINSTAY_API_OPENAPI", "false")];
    let server = Server::start("serve", &test_app("lab.toml"), &[], &off);
    assert_eq!(server.rest("GET", "/").send().refusal(), (404, "PGRST126".to_owned()));
    let document = server.bare("GET", "/openapi.json").header("apikey", server.service());
    assert_eq!(document.send().refusal(), (404, "not_found".to_owned()));
    server.stop();
}

#[test]
fn the_command_prints_what_the_server_answers() {
    let server = Server::of(&test_app("typed.toml"));
    let app = test_app("typed.toml");
    let app = app.to_str().unwrap();
    for (role, key) in [("anon", server.anon()), ("service_role", server.service())] {
        let output = run(&["openapi", app, "--role", role]);
        assert_eq!(output.status.code(), Some(0));
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let served = server.bare("GET", "/openapi.json").header("apikey", key).send().json();
        assert_eq!(printed, served, "{role}");
    }
    let unknown = run(&["openapi", app, "--role", "nobody"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("staff"));
    let swagger = run(&["openapi", app, "--swagger", "--module", "typed"]);
    let swagger: Value = serde_json::from_slice(&swagger.stdout).unwrap();
    assert_eq!(swagger["swagger"], "2.0");
    assert_eq!(run(&["openapi", app, "--module", "x"]).status.code(), Some(1));
    server.stop();
}

/// Runs a program of the packages and shows everything that it says where it finds fault.
fn node(program: &str, arguments: &[&str]) {
    let output = Command::new(folder().join("node_modules/.bin").join(program))
        .args(arguments)
        .current_dir(folder())
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && !said.contains("Warning was generated"),
        "{program}: {said}"
    );
}

fn print(arguments: &[&str], file: &Path) {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(file, output.stdout).unwrap();
}

#[test]
fn somebody_else_finds_no_fault_in_the_documents() {
    if !ready() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let apps = [
        test_app("typed.toml"),
        test_app("lab.toml"),
        test_app("desk.toml"),
        repository().join("examples/shop"),
        repository().join("examples/blog.toml"),
    ];
    let (mut files, mut roots) = (Vec::new(), Vec::new());
    for (at, app) in apps.iter().enumerate() {
        for role in ["anon", "service_role"] {
            let file = place.path().join(format!("{at}-{role}.json"));
            print(&["openapi", app.to_str().unwrap(), "--role", role], &file);
            files.push(file.to_str().unwrap().to_owned());
        }
        let file = place.path().join(format!("{at}-swagger.json"));
        print(&["openapi", app.to_str().unwrap(), "--swagger"], &file);
        roots.push(file.to_str().unwrap().to_owned());
    }
    let mut arguments = vec!["lint", "--config", "redocly.yaml", "--max-problems", "20"];
    arguments.extend(files.iter().map(String::as_str));
    node("redocly", &arguments);
    // The dialect's document has neither summaries nor ids of operations: the standard asks none.
    let mut arguments = vec!["lint", "--extends", "spec"];
    arguments.extend(roots.iter().map(String::as_str));
    node("redocly", &arguments);
}

#[test]
fn typescript_knows_every_row_embed_and_call() {
    if !ready() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let types = place.path().join("database.types.ts");
    let (app, out) = (test_app("typed.toml"), types.to_str().unwrap());
    let output = run(&["types", "typescript", app.to_str().unwrap(), "--out", out]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let shop = place.path().join("shop.types.ts");
    print(&["types", "typescript", repository().join("examples/shop").to_str().unwrap()], &shop);
    let project = json!({
        "extends": folder().join("tsconfig.json"),
        "compilerOptions": { "paths": { "#database": [types] } },
        "files": [folder().join("typed.ts"), shop],
    });
    let file = place.path().join("tsconfig.json");
    std::fs::write(&file, project.to_string()).unwrap();
    node("tsc", &["--project", file.to_str().unwrap()]);
}
