//! An identity provider inside the test, on a free port of loopback: honest unless it is told to
//! lie. It checks what an honest one has to check (client, callback, PKCE, each code once) and
//! writes down what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mainstay_credentials::secret;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::desk::START;

pub const CLIENT: &str = "shop at the provider";
pub const SECRET: &str = "s3cret/with+signs";
pub const CALLBACK: &str = "https://api.shop.example/auth/v1/callback";

/// What a provider signs with.
pub enum Key {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    Ps256(RsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Key {
    pub fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn rs256() -> Self {
        Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn ps256() -> Self {
        Self::Ps256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn eddsa() -> Self {
        Self::EdDsa(Ed25519KeyPair::generate().unwrap())
    }

    pub fn alg(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
            Self::Ps256(_) => "PS256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y) })
            }
            Self::Rs256(pair) | Self::Ps256(pair) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero().to_vec();
                let e = public.exponent().big_endian_without_leading_zero().to_vec();
                json!({ "kty": "RSA", "use": "sig", "kid": kid, "n": text(&n), "e": text(&e) })
            }
            Self::EdDsa(pair) => {
                let x = text(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x })
            }
        }
    }

    /// The public half as others write it down: what a confused verifier takes for a secret.
    fn public(&self) -> Vec<u8> {
        match self {
            Self::Es256(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Rs256(pair) | Self::Ps256(pair) => pair.public_key().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    fn sign(&self, message: &str) -> String {
        let (random, message) = (SystemRandom::new(), message.as_bytes());
        let signature = match self {
            Self::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(pair) | Self::Ps256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &dyn aws_lc_rs::signature::RsaEncoding = match self {
                    Self::Rs256(_) => &RSA_PKCS1_SHA256,
                    _ => &RSA_PSS_SHA256,
                };
                pair.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
        };
        URL_SAFE_NO_PAD.encode(signature)
    }

    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        format!("{message}.{}", self.sign(&message))
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// How the ID token is made false.
#[derive(Clone, Copy)]
pub enum Lie {
    None,
    /// The claims are others.
    Claims(fn(&mut Value)),
    /// So is the header.
    Header(fn(&mut Value)),
    /// By a key of nobody, under the known name.
    OtherKey,
    /// `alg` says it, and there is no signature.
    Unsigned(&'static str),
    /// HMAC under the public key.
    PublicKeyAsSecret,
    /// The signature of other claims.
    Spliced,
    /// None at all.
    Missing,
    /// An answer of this kind in place of tokens.
    Answers(u16, &'static str),
}

/// What is told to the provider and what it has seen.
pub struct Script {
    pub keys: Vec<(String, Key)>,
    /// Who signs in, as the provider knows it.
    pub person: Value,
    /// Names of claims that only `userinfo` says.
    pub reserved: Vec<&'static str>,
    pub lie: Lie,
    /// Our client has no secret there.
    pub public: bool,
    /// It looks for the secret in the form only.
    pub form_only: bool,
    /// Over what discovery says.
    pub metadata: Value,
    /// Answers by path, over its own.
    pub pages: BTreeMap<&'static str, Value>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    /// Method, path and body of what was asked.
    pub asked: Vec<(String, String)>,
    pub authorization: Vec<String>,
}

pub struct Provider {
    pub issuer: String,
    pub script: Arc<Mutex<Script>>,
    listening: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Somebody with a verified address.
pub fn ann() -> Value {
    json!({
        "sub": "ann-at-the-provider",
        "email": "ann@example.com",
        "email_verified": true,
        "name": "Ann Example",
    })
}

impl Provider {
    pub async fn open() -> Self {
        Self::with(Key::es256()).await
    }

    pub async fn with(key: Key) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script {
            keys: vec![("first".to_owned(), key)],
            person: ann(),
            reserved: Vec::new(),
            lie: Lie::None,
            public: false,
            form_only: false,
            metadata: json!({}),
            pages: BTreeMap::new(),
            codes: BTreeMap::new(),
            asked: Vec::new(),
            authorization: Vec::new(),
        }));
        let (shared, name) = (Arc::clone(&script), issuer.clone());
        let listening = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (script, issuer) = (Arc::clone(&shared), name.clone());
                tokio::spawn(async move {
                    let mut heard = Vec::new();
                    let mut chunk = [0; 4_096];
                    while !is_whole(&heard) {
                        match stream.read(&mut chunk).await {
                            Ok(0) | Err(_) => return,
                            Ok(read) => heard.extend_from_slice(&chunk[..read]),
                        }
                    }
                    let heard = String::from_utf8(heard).unwrap();
                    let (status, body) = script.lock().unwrap().answer(&heard, &issuer);
                    let answer = format!(
                        "HTTP/1.1 {status} Answer\r\nlocation: {issuer}/elsewhere\r\n\
                         content-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { issuer, script, listening }
    }

    pub fn tell(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// How often a path was asked.
    pub fn count(&self, path: &str) -> usize {
        self.script.lock().unwrap().asked.iter().filter(|(asked, _)| asked.ends_with(path)).count()
    }

    /// What a browser brings back after somebody signed in here: code and state.
    pub fn consent(&self, url: &str) -> (String, String) {
        let (base, query) = url.split_once('?').unwrap();
        assert!(base.ends_with("/authorize"), "{base}");
        let asked = pairs(query);
        assert_eq!(
            (asked["response_type"].as_str(), asked["client_id"].as_str()),
            ("code", CLIENT)
        );
        assert_eq!(asked["redirect_uri"], CALLBACK, "compared to the letter");
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = secret::token().unwrap();
        let state = asked["state"].clone();
        self.script.lock().unwrap().codes.insert(code.clone(), asked);
        (code, state)
    }

    /// An ID token as the provider makes it for its client.
    pub fn id_token(&self, change: impl FnOnce(&mut Value)) -> String {
        let script = self.script.lock().unwrap();
        let mut claims = script.claims(&self.issuer, None);
        change(&mut claims);
        let (kid, key) = &script.keys[0];
        key.token(&json!({ "alg": key.alg(), "kid": kid, "typ": "JWT" }), &claims)
    }
}

impl Script {
    fn answer(&mut self, heard: &str, issuer: &str) -> (u16, String) {
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        let target = head.split(' ').nth(1).unwrap();
        let path = target.strip_prefix("/realm").unwrap_or(target).to_owned();
        self.asked.push((path.clone(), body.to_owned()));
        let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: "));
        let authorization = authorization.unwrap_or_default().to_owned();
        self.authorization.push(authorization.clone());
        if let Some(page) = self.pages.get(path.as_str()) {
            return (200, page.to_string());
        }
        let good = |json: Value| (200, json.to_string());
        match path.as_str() {
            "/.well-known/openid-configuration" => {
                let mut metadata = json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/token"),
                    "userinfo_endpoint": format!("{issuer}/userinfo"),
                    "jwks_uri": format!("{issuer}/keys"),
                });
                for (name, value) in self.metadata.as_object().unwrap() {
                    metadata[name] = value.clone();
                }
                good(metadata)
            }
            "/keys" => {
                let keys: Value = self.keys.iter().map(|(kid, key)| key.jwk(kid)).collect();
                good(json!({ "keys": keys }))
            }
            "/token" => self.tokens(&pairs(body), &authorization, issuer),
            "/userinfo" if authorization == "Bearer the access token" => good(self.person.clone()),
            _ => (404, "{}".to_owned()),
        }
    }

    fn tokens(
        &mut self,
        form: &BTreeMap<String, String>,
        authorization: &str,
        issuer: &str,
    ) -> (u16, String) {
        if let Lie::Answers(status, body) = self.lie {
            return (status, body.to_owned());
        }
        let refuse = |why: &str| (400, json!({ "error": why }).to_string());
        let part = |text: &str| {
            let text =
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
            text.to_string()
        };
        let basic = STANDARD.encode(format!("{}:{}", part(CLIENT), part(SECRET)));
        let by_form = form.get("client_secret").map(String::as_str) == Some(SECRET)
            && form.get("client_id").map(String::as_str) == Some(CLIENT);
        let made = form.get("client_secret").is_some_and(|secret| secret.split('.').count() == 3);
        let public = self.public && authorization.is_empty() && form["client_id"] == CLIENT;
        let by_header = authorization == format!("Basic {basic}") && !self.form_only;
        if !by_header && !by_form && !made && !public {
            return refuse("invalid_client");
        }
        // Each code once, whatever comes of it.
        let Some(asked) = self.codes.remove(&form["code"]) else { return refuse("invalid_grant") };
        let challenge = URL_SAFE_NO_PAD.encode(secret::sha256(form["code_verifier"].as_bytes()));
        if challenge != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"] {
            return refuse("invalid_grant");
        }
        let mut tokens = json!({
            "access_token": "the access token",
            "refresh_token": "the refresh token",
            "token_type": "Bearer",
        });
        if let Some(token) = self.id_token(issuer, asked.get("nonce").map(String::as_str)) {
            tokens["id_token"] = token.into();
        }
        (200, tokens.to_string())
    }

    fn claims(&self, issuer: &str, nonce: Option<&str>) -> Value {
        let mut claims = self.person.clone();
        for name in &self.reserved {
            claims.as_object_mut().unwrap().remove(*name);
        }
        for (name, value) in [
            ("iss", json!(issuer)),
            ("aud", json!(CLIENT)),
            ("iat", json!(START)),
            ("exp", json!(START + 600)),
        ] {
            claims[name] = value;
        }
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        claims
    }

    fn id_token(&self, issuer: &str, nonce: Option<&str>) -> Option<String> {
        let mut claims = self.claims(issuer, nonce);
        let (kid, key) = self.keys.last().unwrap();
        let mut header = json!({ "alg": key.alg(), "kid": kid, "typ": "JWT" });
        Some(match self.lie {
            Lie::Missing => return None,
            Lie::None | Lie::Answers(..) => key.token(&header, &claims),
            Lie::Claims(change) => {
                change(&mut claims);
                key.token(&header, &claims)
            }
            Lie::Header(change) => {
                change(&mut header);
                key.token(&header, &claims)
            }
            Lie::OtherKey => Key::es256().token(&header, &claims),
            Lie::Unsigned(alg) => {
                header["alg"] = json!(alg);
                format!("{}.", unsigned(&header, &claims))
            }
            Lie::PublicKeyAsSecret => {
                header["alg"] = json!("HS256");
                let message = unsigned(&header, &claims);
                let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key.public());
                let tag = aws_lc_rs::hmac::sign(&secret, message.as_bytes());
                format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
            }
            Lie::Spliced => {
                let signed = key.token(&header, &json!({ "sub": "somebody" }));
                let signature = signed.rsplit('.').next().unwrap();
                format!("{}.{signature}", unsigned(&header, &claims))
            }
        })
    }
}

/// The values of a query, a fragment or a form.
pub fn pairs(query: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn is_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
