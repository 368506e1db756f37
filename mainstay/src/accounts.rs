//! Puts the accounts of an application together: from its settings, on its store, behind its gate.
//! `application` calls it; what accounts do stands in `gate`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use mainstay_base::{Clock, Code, Error, Result};
use mainstay_credentials::password::{Hasher, Pool, Rules};
use mainstay_credentials::signing::{Ring, Secret, Settings as Signing};
use mainstay_federation::{External, Reach};
use mainstay_gate::accounts::session::{Life, Pepper};
use mainstay_gate::accounts::{Book, Moment, declared};
use mainstay_gate::auth::{Auth, Config, Issuer, Letters, More, Paces, Parts, is_fit};
use mainstay_gate::sealer::Sealer;
use mainstay_gate::{Gate, Keys, Verifier};
use mainstay_mail::address::Address;
use mainstay_mail::smtp::{Security, Settings as Smtp};
use mainstay_mail::{Catcher, Post, Sender, Templates};
use mainstay_schema::{Catalog, Module};
use mainstay_store::Store;
use mainstay_store::sqlite::compile::compile;
use mainstay_telemetry::Telemetry;

use crate::settings::{Configured, DEVELOPMENT, Settings, Span};

mainstay_telemetry::events! {
    WITHOUT_LETTERS = Warn "auth.without_letters" [],
        "Accounts by address of mail are off: all but development needs server.public_url and mail.host for them.";
}

/// The module of accounts, compiled by the engine.
///
/// # Errors
/// Never, unless what is built in is wrong.
pub fn module(clock: &Arc<dyn Clock>) -> Result<Arc<Module>> {
    let mut catalog =
        Catalog { name: "auth".into(), modules: vec![Arc::new(declared()?)], default_module: 0 };
    match compile(&mut catalog, clock)?.first() {
        None => Ok(Arc::clone(&catalog.modules[0])),
        Some(refused) => Err(Error::internal(format!("{}: {}", refused.place, refused.why))),
    }
}

/// Where accounts stand in the store.
pub struct Place {
    pub store: Arc<Store>,
    pub module: usize,
    pub declared: Arc<Module>,
}

/// The gate of an application and its accounts.
///
/// # Errors
/// Whatever is wrong with the settings, as a sentence with a hint.
pub async fn open(
    path: &Path,
    place: Place,
    configured: &Configured,
    keys: &Keys,
    address: SocketAddr,
    telemetry: &Telemetry,
) -> Result<(Arc<Gate>, Arc<Auth>)> {
    let (settings, secret) = (&configured.settings, keys.jwt_secret.as_bytes());
    let config = config(configured, address)?;
    // Whoever wants devices hears at once why there would be none.
    if config.passkeys || !config.webauthn_origins.is_empty() {
        config.relying_party()?;
    }
    let post = post(settings, telemetry)?;
    if !config.email && settings.auth.email {
        telemetry.log.line(&WITHOUT_LETTERS).send();
    }
    let sealer = Arc::new(Sealer::new(secret)?);
    let Place { store, module, declared } = place;
    let book = Book::open(store, (module, &declared), sealer, telemetry.log.clone())?;
    let callback = format!("{}/auth/v1/callback", config.public_url);
    let providers = &settings.auth.external;
    let external = External::new(providers, callback, Reach::default(), &telemetry.clock)?;
    let now = Moment(telemetry.clock.now());
    if configured.flags.new_secret {
        book.take_secret().await?;
    }
    let ring = book.first_ring(signing(settings, secret)?, now).await?;
    let issuer = issuer(&config, &ring, settings)?;
    let verifier = Verifier::of_ring(&ring, &config.roles, issuer.expected());
    let gate = Gate::of(verifier, Arc::clone(&telemetry.clock));
    let gate = Arc::new(gate.requiring_aal2(raised(settings)?));
    let auth = Auth::new(Parts {
        book,
        gate: Arc::clone(&gate),
        hasher: Hasher::start(Pool::default())?,
        rules: Rules::new(settings.auth.password_min, settings.auth.password_required.clone())?,
        pepper: Pepper::new(secret),
        issuer,
        letters: Letters::new(templates(path)?, &config),
        post,
        external,
        config,
        clock: Arc::clone(&telemetry.clock),
        log: telemetry.log.clone(),
    });
    let auth = Arc::new(auth);
    // Keys and ended sessions of the past hold from the first request on.
    auth.follow().await?;
    Ok((gate, auth))
}

/// The roles that must have proven a second factor.
fn raised(settings: &Settings) -> Result<&[String]> {
    let auth = &settings.auth;
    let known = |role: &&String| *role == "authenticated" || auth.roles.contains(role);
    match auth.require_aal2.iter().find(|role| !known(role)) {
        None => Ok(&auth.require_aal2),
        Some(role) => {
            let message = format!("auth.require_aal2 names {role}, which is no role of users");
            let hint = "Write authenticated, or roles of auth.roles.";
            Err(Error::new(Code::Internal, message).hint(hint))
        }
    }
}

fn seconds(span: Span) -> i64 {
    i64::try_from(span.0.as_secs()).unwrap_or(i64::MAX)
}

fn signing(settings: &Settings, secret: &[u8]) -> Result<Signing> {
    let auth = &settings.auth;
    let secret_signs = match auth.signing.as_str() {
        "ES256" => false,
        "HS256" => true,
        other => {
            let message = format!("auth.signing is \"{other}\"");
            return Err(Error::new(Code::Internal, message).hint("Write ES256 or HS256."));
        }
    };
    Ok(Signing {
        token_seconds: seconds(auth.access_token_ttl),
        secret: Some(Secret { bytes: secret.to_vec(), kid: None }),
        secret_signs,
        trusted: Vec::new(),
    })
}

fn issuer(config: &Config, ring: &Ring, settings: &Settings) -> Result<Issuer> {
    let name = format!("{}/auth/v1", config.public_url);
    let rotates_after = seconds(settings.auth.rotate_keys_after);
    let claims = settings.auth.claims.iter();
    let more = More::read(claims.map(|(name, formula)| (name.as_str(), formula.as_str())))?;
    Ok(Issuer::new(ring.clone(), name, config.life.access, rotates_after).with(more))
}

fn config(configured: &Configured, address: SocketAddr) -> Result<Config> {
    let (settings, auth) = (&configured.settings, &configured.settings.auth);
    let public_url = match settings.server.public_url.as_deref() {
        None => format!("http://{address}"),
        Some(url) => fit("server.public_url", url)?.trim_end_matches('/').to_owned(),
    };
    let site_url = match auth.site_url.as_deref() {
        None => public_url.clone(),
        Some(url) => fit("auth.site_url", url)?.to_owned(),
    };
    for url in &auth.redirect_urls {
        fit("auth.redirect_urls", url)?;
    }
    let reachable = settings.server.public_url.is_some() && settings.mail.host.is_some();
    Ok(Config {
        name: configured.name.clone(),
        signup: auth.signup,
        anonymous: auth.anonymous,
        // A letter that only the operator can read proves nothing to people elsewhere.
        email: auth.email && (reachable || configured.environment == DEVELOPMENT),
        phone: auth.phone,
        confirm_email: auth.confirm_email,
        confirm_both_addresses: auth.confirm_both_addresses,
        reauthenticate: auth.reauthenticate,
        link_page: auth.link_page,
        manual_linking: auth.manual_linking,
        public_url,
        site_url,
        redirect_urls: auth.redirect_urls.clone(),
        roles: auth.roles.clone(),
        code_digits: auth.code_digits,
        proof_life: seconds(auth.code_ttl),
        factor_issuer: configured.name.clone(),
        passkeys: auth.passkeys,
        webauthn_origins: auth.webauthn_origins.clone(),
        life: Life {
            access: seconds(auth.access_token_ttl),
            grace: seconds(auth.refresh_grace),
            idle: auth.session_idle.map(seconds),
            whole: auth.session_lifetime.map(seconds),
        },
        paces: paces(settings),
    })
}

fn paces(settings: &Settings) -> Paces {
    let (auth, mut paces) = (&settings.auth, Paces::default());
    paces.letter.first_wait = seconds(auth.letter_pause);
    paces.letter.longest_wait = seconds(auth.letter_pause);
    paces.letter.memory = seconds(auth.letter_pause);
    paces.letters.free = auth.letters_per_hour;
    paces.sign_up.free = auth.signups_per_hour;
    paces.place.free = auth.failures_per_place;
    paces
}

fn fit<'u>(key: &str, url: &'u str) -> Result<&'u str> {
    match is_fit(url) {
        true => Ok(url),
        false => {
            let message = format!("{key}: \"{url}\" is no address that a browser can be sent to");
            Err(Error::new(Code::Internal, message)
                .hint("Write it whole and plain: https://shop.example/welcome."))
        }
    }
}

fn templates(path: &Path) -> Result<Templates> {
    let folder = match path.is_dir() {
        true => path.join("mail"),
        // A one-file application has no folder of its own.
        false => path.with_extension("mail"),
    };
    Templates::load(&folder).map_err(|flaws| {
        let lines: Vec<String> = flaws.iter().map(|flaw| format!("\n  {flaw}")).collect();
        let message = format!("Templates of letters that cannot be used{}", lines.concat());
        Error::new(Code::Internal, message).hint("docs/mail.md lists what a template may name.")
    })
}

fn post(settings: &Settings, telemetry: &Telemetry) -> Result<Arc<Post>> {
    let mail = &settings.mail;
    let Some(host) = &mail.host else {
        return Ok(Arc::new(Post::Catcher(Catcher::new(telemetry.log.clone()))));
    };
    let (security, port) = match mail.security.as_str() {
        "implicit" => (Security::Implicit, 465),
        "starttls" => (Security::StartTls, 587),
        "clear" => (Security::Clear, 25),
        other => {
            let message = format!("mail.security is \"{other}\"");
            return Err(
                Error::new(Code::Internal, message).hint("Write implicit, starttls or clear.")
            );
        }
    };
    let login = match (&mail.username, &mail.password) {
        (Some(name), Some(password)) => Some((name.clone(), password.clone())),
        (None, None) => None,
        _ => {
            let message = "mail.username and mail.password belong together";
            return Err(Error::new(Code::Internal, message));
        }
    };
    let authorities = mail.authorities.as_ref().map(|file| {
        std::fs::read_to_string(file).map_err(|error| {
            let message = format!("mail.authorities: {file} cannot be read");
            Error::new(Code::Internal, message).details(error.to_string())
        })
    });
    let smtp = mainstay_mail::Smtp::new(Smtp {
        host: host.clone(),
        port: mail.port.unwrap_or(port),
        security,
        login,
        authorities: authorities.transpose()?,
        sender: sender(settings)?,
        timeout: mail.timeout.0,
    })?;
    Ok(Arc::new(Post::Smtp(Box::new(smtp))))
}

fn sender(settings: &Settings) -> Result<Sender> {
    let mail = &settings.mail;
    let unset = || {
        Error::new(Code::Internal, "mail.host is set and mail.from is not")
            .hint("Write the address that letters come from: from = \"no-reply@shop.example\".")
    };
    let from = mail.from.as_deref().ok_or_else(unset)?;
    let address = Address::parse(from).map_err(|_| {
        Error::new(Code::Internal, format!("mail.from: \"{from}\" is no address of mail"))
    })?;
    let plain = || Error::new(Code::Internal, "mail.from_name has control characters");
    Sender::new(&mail.from_name, address).ok_or_else(plain)
}
