//! The floor: what a careful person would write by hand with axum and rusqlite for exactly these
//! requests, with no identity, rules, limits, headers, log or metrics. Keyed lookups inline, lists
//! on two threads, writes in group commits with `synchronous=FULL`, as Mainstay promises.

mod database;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Part, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;

use self::database::{Database, NewPost};

/// Serves until it is killed.
pub fn serve(port: u16, folder: &Path) -> ExitCode {
    let database = match Database::open(folder) {
        Ok(database) => Arc::new(database),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let router = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/posts/{id}", get(one))
        .route("/posts", get(list).post(insert))
        .with_state(database);
    let served =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().and_then(|runtime| {
            runtime.block_on(async {
                let address = SocketAddr::from(([127, 0, 0, 1], port));
                let listener = tokio::net::TcpListener::bind(address).await?;
                axum::serve(listener, router).await
            })
        });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

async fn one(State(database): State<Arc<Database>>, Part(id): Part<String>) -> impl IntoResponse {
    match database.one(&id) {
        Some(body) => (StatusCode::OK, JSON, body),
        None => (StatusCode::NOT_FOUND, JSON, "{}".to_owned()),
    }
}

#[derive(Deserialize)]
struct Above {
    views: i64,
}

async fn list(
    State(database): State<Arc<Database>>,
    Query(above): Query<Above>,
) -> impl IntoResponse {
    match database.list(above.views).await {
        Some(body) => (StatusCode::OK, JSON, body),
        None => (StatusCode::INTERNAL_SERVER_ERROR, JSON, "{}".to_owned()),
    }
}

async fn insert(State(database): State<Arc<Database>>, body: Bytes) -> impl IntoResponse {
    let Ok(post) = serde_json::from_slice::<NewPost>(&body) else {
        return (StatusCode::BAD_REQUEST, JSON, "{}".to_owned());
    };
    match database.insert(post).await {
        Some(body) => (StatusCode::CREATED, JSON, body),
        None => (StatusCode::INTERNAL_SERVER_ERROR, JSON, "{}".to_owned()),
    }
}
