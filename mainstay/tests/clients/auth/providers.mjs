// Signing in by way of an identity provider with @supabase/supabase-js as it is published. The provider
// is another program: provider.mjs.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import test, { before } from "node:test";

import { ANON, PASSWORD, SITE, URL_OF, bad, claimsOf, fragment, fresh, good, kept, letterTo, member, service, someone } from "./setup.mjs";
import { walk } from "./walk.mjs";

const PROVIDER = process.env.AUTH_PROVIDER;
assert.ok(PROVIDER, "AUTH_PROVIDER is set by mainstay/tests/e2e/providers.rs");
const WELCOME = `${SITE}/welcome`;

before(async () => {
  const told = await fetch(PROVIDER, { method: "POST", body: `${URL_OF}/auth/v1/callback` });
  assert.equal(told.status, 204);
});

/** The address that the client would send a browser to. */
async function leave(client, redirectTo = WELCOME, options = {}) {
  const { url } = await good(client.auth.signInWithOAuth({ provider: "keycloak", options: { redirectTo, skipBrowserRedirect: true, ...options } }));
  return url;
}

/** Signs in with the provider, and gives where that leads. */
const arrive = async (client, login, more = {}) => walk(await leave(client, WELCOME, more.options), login, { stops: SITE, ...more });

async function signedIn(login) {
  const client = fresh();
  const arrived = fragment(await arrive(client, login));
  const { user, session } = await good(client.auth.setSession(arrived));
  return { client, user, session, arrived };
}

const pkce = () => fresh(ANON, { flowType: "pkce", storage: kept(), persistSession: true });

test("a person comes back with a session that rules know", async () => {
  const login = someone();
  const { client, user, session, arrived } = await signedIn(login);
  assert.ok(arrived.provider_token, "the provider's own token comes along");
  assert.deepEqual([arrived.token_type, Number(arrived.expires_in) > 0], ["bearer", true]);
  assert.equal(user.email, login);
  assert.ok(user.email_confirmed_at);
  assert.deepEqual(user.app_metadata, { provider: "keycloak", providers: ["keycloak"] });
  assert.deepEqual([user.identities.length, user.identities[0].provider, user.identities[0].id], [1, "keycloak", login]);
  const { sub, email, email_verified, full_name, name } = user.identities[0].identity_data;
  assert.deepEqual([sub, email, email_verified, full_name ?? name], [login, login, true, `Person ${login}`]);
  const claims = claimsOf(session);
  assert.deepEqual([claims.aal, claims.amr[0].method, claims.amr[0].provider], ["aal1", "oauth", "keycloak"]);
  await good(client.from("notes").insert({ body: "by way of the provider" }));
  assert.deepEqual(await good(client.from("notes").select("owner, body")), [{ owner: user.id, body: "by way of the provider" }]);
  const again = await signedIn(login);
  assert.equal(again.user.id, user.id, "the same person is the same user");
});

test("with PKCE the session is fetched, once, by who has the verifier", async () => {
  const [client, login] = [pkce(), someone()];
  const target = new URL(await arrive(client, login));
  assert.deepEqual([target.hash, target.pathname], ["", "/welcome"]);
  const code = target.searchParams.get("code");
  const stranger = await fetch(`${URL_OF}/auth/v1/token?grant_type=pkce`, {
    method: "POST",
    headers: { apikey: ANON, "content-type": "application/json" },
    body: JSON.stringify({ auth_code: code, code_verifier: "v".repeat(64) }),
  });
  assert.deepEqual([stranger.status, (await stranger.json()).error_code], [400, "bad_code_verifier"]);
  const second = new URL(await arrive(client, login)).searchParams.get("code");
  const { session, user } = await good(client.auth.exchangeCodeForSession(second));
  assert.equal(user.email, login);
  assert.ok(session.provider_token, "the provider's own token comes along");
  assert.equal(session.access_token, (await good(client.auth.getSession())).session.access_token);
  const spent = await client.auth.exchangeCodeForSession(second);
  assert.ok(spent.error, "a code is good for one answer");
});

test("the journey is bound to one answer", async () => {
  const url = await leave(fresh());
  const back = await walk(url, someone(), { stops: `${URL_OF}/auth/v1/callback` });
  const once = await fetch(back, { redirect: "manual" });
  assert.ok(fragment(once.headers.get("location")).access_token);
  const twice = await fetch(back, { redirect: "manual" });
  const said = twice.headers.get("location") ?? (await twice.text());
  assert.ok(!said.includes("access_token"), said);
});

test("an ID token that an application brings is taken with its nonce only", async () => {
  const login = someone();
  const nonce = randomBytes(16).toString("hex");
  const hashed = createHash("sha256").update(nonce).digest("hex");
  const token = await idToken("telephone", login, hashed);
  await bad(fresh().auth.signInWithIdToken({ provider: "keycloak", token }), "bad_jwt", 400);
  await bad(fresh().auth.signInWithIdToken({ provider: "keycloak", token, nonce: "another" }), "bad_jwt", 400);
  const { user, session } = await good(fresh().auth.signInWithIdToken({ provider: "keycloak", token, nonce }));
  assert.deepEqual([user.email, user.app_metadata.provider], [login, "keycloak"]);
  assert.ok(session.access_token);
  const elsewhere = await idToken("another application", login, hashed);
  await bad(fresh().auth.signInWithIdToken({ provider: "keycloak", token: elsewhere, nonce }), "bad_jwt", 400);
  const [head, body, mark] = token.split(".");
  const forged = [head, Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, "base64url")), email: "ann@example.com" })).toString("base64url"), mark].join(".");
  await bad(fresh().auth.signInWithIdToken({ provider: "keycloak", token: forged, nonce }), "bad_jwt", 400);
});

/** What an application on a telephone gets from the provider. */
async function idToken(client_id, login, nonce) {
  const verifier = randomBytes(32).toString("base64url");
  const asked = {
    client_id,
    nonce,
    response_type: "code",
    redirect_uri: `${SITE}/telephone`,
    scope: "openid email",
    claims: JSON.stringify({ id_token: { email: null, email_verified: null } }),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  const back = new URL(await walk(`${PROVIDER}/auth?${new URLSearchParams(asked)}`, login, { stops: SITE }));
  const code = back.searchParams.get("code");
  const body = new URLSearchParams({ grant_type: "authorization_code", code, client_id, redirect_uri: asked.redirect_uri, code_verifier: verifier });
  const answer = await (await fetch(`${PROVIDER}/token`, { method: "POST", body })).json();
  assert.ok(answer.id_token, JSON.stringify(answer));
  return answer.id_token;
}

/** Somebody with a password, at a client that links by PKCE. */
async function linker() {
  const { email, id } = await member();
  const client = pkce();
  const enter = () => good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  await enter();
  return { client, id, email, enter };
}

test("without PKCE no identity is linked", async () => {
  const { client } = await member();
  await bad(client.auth.linkIdentity({ provider: "keycloak", options: { redirectTo: WELCOME, skipBrowserRedirect: true } }), "validation_failed", 400);
});

test("an identity is linked to who is signed in, and taken away again", async () => {
  const { client, id, email, enter } = await linker();
  const login = someone();
  const { url } = await good(client.auth.linkIdentity({ provider: "keycloak", options: { redirectTo: WELCOME, skipBrowserRedirect: true } }));
  const target = new URL(await walk(url, login, { stops: SITE }));
  await good(client.auth.exchangeCodeForSession(target.searchParams.get("code")));
  await enter();
  const { identities } = await good(client.auth.getUserIdentities());
  assert.deepEqual(identities.map((identity) => identity.provider).sort(), ["email", "keycloak"]);
  const linked = identities.find((identity) => identity.provider === "keycloak");
  assert.equal(linked.identity_data.email, login);
  const { user } = await signedIn(login);
  assert.deepEqual([user.id, user.email], [id, email], "either way leads to the same user");
  assert.deepEqual([...user.app_metadata.providers].sort(), ["email", "keycloak"]);
  await good(client.auth.unlinkIdentity(linked));
  assert.deepEqual((await good(client.auth.getUserIdentities())).identities.map((identity) => identity.provider), ["email"]);
  const last = (await good(client.auth.getUserIdentities())).identities[0];
  await bad(client.auth.unlinkIdentity(last), "single_identity_not_deletable", 422);
  await bad(client.auth.unlinkIdentity(linked), "identity_not_found", 422);
  assert.notEqual((await signedIn(login)).user.id, id, "what was taken away opens nothing");
});

test("with PKCE an identity is linked when the code is exchanged, not before", async () => {
  const { client, id } = await linker();
  const { url } = await good(client.auth.linkIdentity({ provider: "keycloak", options: { redirectTo: WELCOME, skipBrowserRedirect: true } }));
  const target = new URL(await walk(url, someone(), { stops: SITE }));
  const providers = async () => (await good(service.auth.admin.getUserById(id))).user.identities.map((identity) => identity.provider).sort();
  assert.deepEqual(await providers(), ["email"]);
  await good(client.auth.exchangeCodeForSession(target.searchParams.get("code")));
  assert.deepEqual(await providers(), ["email", "keycloak"]);
});

test("somebody else's identity is not linked", async () => {
  const login = someone();
  await signedIn(login);
  const { client } = await linker();
  const { url } = await good(client.auth.linkIdentity({ provider: "keycloak", options: { redirectTo: WELCOME, skipBrowserRedirect: true } }));
  assert.equal(fragment(await walk(url, login, { stops: SITE })).error_code, "identity_already_exists");
  assert.equal((await good(client.auth.getUserIdentities())).identities.length, 1);
});

test("an unknown provider is refused", async () => {
  const { url } = await good(fresh().auth.signInWithOAuth({ provider: "github", options: { skipBrowserRedirect: true } }));
  const answer = await fetch(url, { redirect: "manual" });
  assert.deepEqual([answer.status, (await answer.json()).error_code], [400, "validation_failed"]);
  await bad(fresh().auth.signInWithIdToken({ provider: "github", token: "a.b.c" }), "validation_failed", 400);
});

test("nobody is sent to an address that is not listed", async () => {
  for (const address of ["https://evil.example/", `${SITE}.evil.example/`, `${WELCOME}/more`]) {
    const url = await leave(fresh(), address);
    const target = await walk(url, someone(), { stops: SITE });
    assert.ok(target.startsWith(`${SITE}#`) || target.startsWith(`${SITE}/#`), target);
  }
});

test("who cancels comes back with the reason and without a session", async () => {
  const plain = fragment(await arrive(fresh(), someone(), { cancels: true }));
  assert.deepEqual([plain.error, plain.access_token], ["access_denied", undefined]);
  const target = new URL(await arrive(pkce(), someone(), { cancels: true }));
  assert.deepEqual([target.searchParams.get("error"), target.searchParams.get("code")], ["access_denied", null]);
});

test("an address that the provider has not verified is refused", async () => {
  const login = `unproven.${someone()}`;
  const refused = fragment(await arrive(fresh(), login));
  assert.deepEqual([refused.error_code, refused.access_token], ["provider_email_needs_verification", undefined]);
});

test("who took an address before its owner came loses the account to the owner", async () => {
  const [squatter, email] = [fresh(), someone()];
  await good(squatter.auth.signUp({ email, password: PASSWORD, options: { data: { name: "planted" } } }));
  const letter = await letterTo(email);
  const { user } = await signedIn(email);
  assert.equal(user.email, email);
  assert.notEqual(user.user_metadata.name, "planted");
  assert.ok(!user.identities.some((identity) => identity.provider === "email" && !identity.identity_data.email_verified));
  await bad(fresh().auth.signInWithPassword({ email, password: PASSWORD }), "invalid_credentials", 400);
  await bad(fresh().auth.verifyOtp({ type: "email", token_hash: letter.hash }), "otp_expired", 403);
});

test("a proven address is the same user by either way", async () => {
  const { email, id } = await member();
  const { user } = await signedIn(email);
  assert.equal(user.id, id);
  await good(fresh().auth.signInWithPassword({ email, password: PASSWORD }));
});
