//! The floor: what a careful person would write by hand with axum and rusqlite for exactly these
//! requests, with no identity, rules, limits, headers, log or metrics. Single rows inline, pages
//! on two threads, writes in group commits with `synchronous=FULL`, as Mainstay promises.

mod database;
mod lookups;
mod pages;
mod writes;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Part, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_RANGE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use self::database::Database;
use self::pages::{Page, Question};
use self::writes::NewPost;

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
        .route("/posts/many", post(insert_many))
        .route("/article", get(article))
        .route("/articles", get(embed))
        .route("/articles/counted", get(count))
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

#[derive(Deserialize)]
struct OnTopic {
    topic: String,
    views: i64,
}

async fn article(
    State(database): State<Arc<Database>>,
    Query(wanted): Query<OnTopic>,
) -> impl IntoResponse {
    match database.article(&wanted.topic, wanted.views) {
        Some(body) => (StatusCode::OK, JSON, body),
        None => (StatusCode::NOT_FOUND, JSON, "{}".to_owned()),
    }
}

async fn list(State(database): State<Arc<Database>>, Query(above): Query<Above>) -> Response {
    shown(database.page(Question::List(above.views)).await)
}

async fn embed(State(database): State<Arc<Database>>, Query(above): Query<Above>) -> Response {
    shown(database.page(Question::Embed(above.views)).await)
}

async fn count(State(database): State<Arc<Database>>, Query(from): Query<OnTopic>) -> Response {
    shown(database.page(Question::Count(from.topic, from.views)).await)
}

fn shown(page: Option<Page>) -> Response {
    match page {
        Some(Page { body, range: None }) => (StatusCode::OK, JSON, body).into_response(),
        Some(Page { body, range: Some(range) }) => {
            (StatusCode::PARTIAL_CONTENT, JSON, [(CONTENT_RANGE, range)], body).into_response()
        }
        None => (StatusCode::INTERNAL_SERVER_ERROR, JSON, "{}").into_response(),
    }
}

async fn insert(State(database): State<Arc<Database>>, body: Bytes) -> Response {
    let Ok(post) = serde_json::from_slice::<NewPost>(&body) else {
        return (StatusCode::BAD_REQUEST, JSON, "{}").into_response();
    };
    created(database.insert(post).await)
}

async fn insert_many(State(database): State<Arc<Database>>, body: Bytes) -> Response {
    let Ok(posts) = serde_json::from_slice::<Vec<NewPost>>(&body) else {
        return (StatusCode::BAD_REQUEST, JSON, "{}").into_response();
    };
    created(database.insert_many(posts).await)
}

fn created(body: Option<String>) -> Response {
    match body {
        Some(body) => (StatusCode::CREATED, JSON, body).into_response(),
        None => (StatusCode::INTERNAL_SERVER_ERROR, JSON, "{}").into_response(),
    }
}
