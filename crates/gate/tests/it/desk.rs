//! A desk for tests: the accounts of an application over a store of its own, with a clock that the
//! test moves and a catcher of letters.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mainstay_base::{Clock, Facts};
use mainstay_credentials::password::{Cost, Hasher, Pool, Rules};
use mainstay_credentials::signing::{Secret, Settings};
use mainstay_federation::External;
use mainstay_gate::accounts::session::{Life, Pepper};
use mainstay_gate::accounts::{Book, declared};
use mainstay_gate::auth::{Auth, Config, Issuer, Letters, More, Paces, Parts};
use mainstay_gate::sealer::Sealer;
use mainstay_gate::{Expected, Gate, Verifier, keys};
use mainstay_mail::{Catcher, Letter, Post, Templates};
use mainstay_schema::{Catalog, Module};
use mainstay_store::Store;
use mainstay_store::sqlite::compile::compile;
use mainstay_telemetry::Telemetry;
use mainstay_testkit::FakeClock;
use serde_json::{Value, json};

pub const SECRET: &str = "a-secret-for-these-tests-of-enough-bytes";
pub const START: i64 = 1_700_000_000;
pub const PUBLIC_URL: &str = "https://api.shop.example";
pub const SITE_URL: &str = "https://shop.example";
const ISSUER: &str = "https://api.shop.example/auth/v1";

/// What several processes share.
pub struct Ground {
    pub store: Arc<Store>,
    pub clock: Arc<FakeClock>,
    module: Arc<Module>,
    _folder: tempfile::TempDir,
}

pub struct Desk {
    pub auth: Arc<Auth>,
    pub gate: Arc<Gate>,
    pub clock: Arc<FakeClock>,
    pub ground: Arc<Ground>,
    pub anon: String,
    pub service: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub headers: http::HeaderMap,
    pub raw: Bytes,
}

impl Ground {
    pub fn new() -> Arc<Self> {
        let clock = Arc::new(FakeClock::at(START));
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let folder = tempfile::tempdir().unwrap();
        let module = Arc::new(declared().unwrap());
        let mut catalog = Catalog { name: "app".into(), modules: vec![module], default_module: 0 };
        assert_eq!(compile(&mut catalog, &shared).unwrap(), []);
        let config = mainstay_store::Config::new(Telemetry::silent(Arc::clone(&shared)));
        let store = Arc::new(Store::open(folder.path(), &catalog, &config).unwrap());
        let module = Arc::clone(&catalog.modules[0]);
        Arc::new(Self { store, clock, module, _folder: folder })
    }

    pub fn book(&self) -> Book {
        self.book_of(SECRET)
    }

    /// As somebody with another secret opens it.
    pub fn book_of(&self, secret: &str) -> Book {
        let shared: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let sealer = Arc::new(Sealer::new(secret.as_bytes()).unwrap());
        let log = Telemetry::silent(shared).log;
        Book::open(Arc::clone(&self.store), (0, &self.module), sealer, log).unwrap()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// As an application begins: no letters to wait for, nothing that a test would have to outlast.
pub fn config() -> Config {
    Config {
        name: "app".to_owned(),
        signup: true,
        anonymous: true,
        email: true,
        phone: true,
        confirm_email: false,
        confirm_both_addresses: true,
        reauthenticate: false,
        link_page: false,
        manual_linking: true,
        public_url: PUBLIC_URL.to_owned(),
        site_url: SITE_URL.to_owned(),
        redirect_urls: vec!["https://shop.example/welcome".to_owned()],
        roles: vec!["staff".to_owned()],
        code_digits: 6,
        proof_life: 3_600,
        factor_issuer: "app".to_owned(),
        passkeys: true,
        webauthn_origins: vec!["https://app.shop.example".to_owned()],
        life: Life::default(),
        paces: Paces::default(),
    }
}

pub async fn desk(change: impl FnOnce(&mut Config)) -> Desk {
    desk_on(Ground::new(), change).await
}

/// Another process over the same store.
pub async fn desk_on(ground: Arc<Ground>, change: impl FnOnce(&mut Config)) -> Desk {
    desk_made(ground, External::default(), &[], change).await
}

/// With identity providers.
pub async fn desk_with(
    ground: Arc<Ground>,
    external: External,
    change: impl FnOnce(&mut Config),
) -> Desk {
    desk_made(ground, external, &[], change).await
}

/// With roles that must have proven a second factor.
pub async fn desk_requiring(
    ground: Arc<Ground>,
    change: impl FnOnce(&mut Config),
    raised: &[String],
) -> Desk {
    desk_made(ground, External::default(), raised, change).await
}

async fn desk_made(
    ground: Arc<Ground>,
    external: External,
    raised: &[String],
    change: impl FnOnce(&mut Config),
) -> Desk {
    let log = Telemetry::silent(Arc::clone(&ground.clock) as Arc<dyn Clock>).log;
    desk_posting(ground, (external, Post::Catcher(Catcher::new(log))), raised, change).await
}

/// With somebody else who takes the letters.
pub async fn desk_posting(
    ground: Arc<Ground>,
    (external, post): (External, Post),
    raised: &[String],
    change: impl FnOnce(&mut Config),
) -> Desk {
    let clock = Arc::clone(&ground.clock);
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
    let telemetry = Telemetry::silent(Arc::clone(&shared));
    let settings = signing(SECRET);
    let book = ground.book();
    let now = mainstay_gate::accounts::Moment(shared.now());
    let ring = book.first_ring(settings, now).await.unwrap();
    let expected =
        Expected { issuer: Some(ISSUER.to_owned()), audience: Some("authenticated".into()) };
    let verifier = Verifier::of_ring(&ring, &["staff".to_owned()], expected);
    let gate = Arc::new(Gate::of(verifier, Arc::clone(&shared)).requiring_aal2(raised));
    let claims = [("team", "user.app_metadata.team"), ("known_by", "session.amr[0].method")];
    let more = More::read(claims.into_iter()).unwrap();
    let mut config = config();
    change(&mut config);
    let cost = Cost { memory_kib: 7_168, passes: 5, lanes: 1 };
    let pool = Pool { cost, threads: Some(1), waiting: Some(1_000) };
    let none = std::path::Path::new("no folder of templates");
    let auth = Auth::new(Parts {
        book,
        gate: Arc::clone(&gate),
        hasher: Hasher::start(pool).unwrap(),
        rules: Rules::default(),
        pepper: Pepper::new(SECRET.as_bytes()),
        issuer: Issuer::new(ring, ISSUER.to_owned(), 3_600, 90 * 24 * 3_600).with(more),
        letters: Letters::new(Templates::load(none).unwrap(), &config),
        post: Arc::new(post),
        external,
        config,
        clock: shared,
        log: telemetry.log,
    });
    let (anon, service) = (key("anon"), key("service_role"));
    Desk { auth: Arc::new(auth), gate, clock, ground, anon, service }
}

/// How tokens are signed.
pub fn signing(secret: &str) -> Settings {
    let secret = Secret { bytes: secret.as_bytes().to_vec(), kid: None };
    Settings {
        token_seconds: 3_600,
        secret: Some(secret),
        secret_signs: false,
        trusted: Vec::new(),
    }
}

fn key(role: &str) -> String {
    let Value::Object(claims) = json!({ "role": role, "exp": START + 900_000_000 }) else {
        unreachable!()
    };
    keys::sign(SECRET, &claims).unwrap()
}

impl Desk {
    pub async fn ask(&self, method: &str, path: &str, bearer: Option<&str>, body: Value) -> Answer {
        self.ask_from("192.0.2.1", method, path, bearer, body).await
    }

    pub async fn ask_from(
        &self,
        client: &str,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Value,
    ) -> Answer {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(format!("/auth/v1{path}"))
            .header("apikey", &self.anon)
            .header("authorization", format!("Bearer {}", bearer.unwrap_or(&self.anon)))
            .header("user-agent", "a test")
            .header("x-supabase-api-version", "2024-01-01")
            .body(body)
            .unwrap();
        self.send(client, request).await
    }

    pub async fn send(&self, client: &str, request: Request<Bytes>) -> Answer {
        let path = request.uri().path().to_owned();
        let below = path.strip_prefix("/auth/v1").unwrap();
        let facts = Facts::default();
        facts.set_client(client.parse().unwrap());
        let response: Response<Bytes> = self.auth.answer(&request, below, &facts).await;
        let (parts, raw) = response.into_parts();
        let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), body, headers: parts.headers, raw }
    }

    /// As the application's own server asks.
    pub async fn admin(&self, method: &str, path: &str, body: Value) -> Answer {
        let service = self.service.clone();
        self.ask(method, path, Some(&service), body).await
    }

    pub async fn sign_up(&self, email: &str, password: &str) -> Answer {
        self.ask("POST", "/signup", None, json!({ "email": email, "password": password })).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.ask("POST", "/token?grant_type=password", None, body).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        self.ask("POST", "/token?grant_type=refresh_token", None, body).await
    }

    /// Passwords that were hashed so far, those for nothing included.
    pub fn hashes(&self) -> u64 {
        self.auth.hashed()
    }

    /// A click on a link of a letter: where it leads.
    pub async fn click(&self, link: &str) -> String {
        let request = Request::get(link).body(Bytes::new()).unwrap();
        let answer = self.send("192.0.2.1", request).await;
        assert_eq!(answer.status, 303, "{:?}", answer.raw);
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    /// The letters that were sent so far, newest first.
    pub async fn letters(&self) -> Vec<Letter> {
        self.auth.send_letters().await.unwrap();
        let caught = self.admin("GET", "/admin/letters", Value::Null).await;
        let letters = caught.body["letters"].as_array().unwrap().clone();
        letters.into_iter().map(|letter| serde_json::from_value(letter).unwrap()).collect()
    }

    /// The newest letter to an address.
    pub async fn letter_to(&self, address: &str) -> Letter {
        let letters = self.letters().await;
        letters.into_iter().find(|letter| letter.to.as_str() == address).unwrap()
    }
}

/// The code in a letter.
pub fn code(letter: &Letter) -> String {
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    let mut words = letter.text.split(|c: char| !c.is_ascii_alphanumeric());
    words.rfind(digits).unwrap().to_owned()
}

/// A value of the link in a letter.
pub fn value(link: &str, name: &str) -> String {
    let (_, values) = link.split_once(['?', '#']).unwrap();
    let pair = values.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    percent_encoding::percent_decode_str(pair.unwrap()).decode_utf8().unwrap().into_owned()
}

impl Answer {
    pub fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }
}
