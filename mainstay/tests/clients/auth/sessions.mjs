// Signing up, in and out with @supabase/supabase-js as it is published.
import assert from "node:assert/strict";
import test from "node:test";

import { ANON, PASSWORD, SITE, URL_OF, bad, click, fragment, fresh, good, kept, letterTo, member, missing, service, someone } from "./setup.mjs";

test("an address is confirmed by its code, and then its password opens the account", async () => {
  const [client, email] = [fresh(), someone()];
  const { user, session } = await good(client.auth.signUp({ email, password: PASSWORD, options: { data: { name: "Ann" } } }));
  assert.equal(session, null);
  assert.equal(user.user_metadata.name, "Ann");
  assert.equal(user.identities.length, 1);
  await bad(client.auth.signInWithPassword({ email, password: PASSWORD }), "email_not_confirmed", 400);
  const { code } = await letterTo(email);
  await bad(client.auth.verifyOtp({ email, token: code === "000000" ? "000001" : "000000", type: "email" }), "otp_expired", 403);
  const confirmed = await good(client.auth.verifyOtp({ email, token: code, type: "email" }));
  assert.ok(confirmed.session.access_token && confirmed.user.email_confirmed_at);
  const { session: own } = await good(fresh().auth.signInWithPassword({ email, password: PASSWORD }));
  assert.equal(own.token_type, "bearer");
  assert.equal(own.user.email, email);
});

test("a link leads to the page of the application with a session that the client takes", async () => {
  const [client, email] = [fresh(), someone()];
  await good(client.auth.signUp({ email, password: PASSWORD, options: { emailRedirectTo: `${SITE}/welcome` } }));
  const target = await click((await letterTo(email)).link);
  assert.ok(target.startsWith(`${SITE}/welcome#`), target);
  const { access_token, refresh_token } = fragment(target);
  const { user } = await good(client.auth.setSession({ access_token, refresh_token }));
  assert.equal(user.email, email);
});

test("an address that is taken is answered as a new one, without identities", async () => {
  const { email } = await member();
  const { user, session } = await good(fresh().auth.signUp({ email, password: PASSWORD }));
  assert.deepEqual([session, user.identities], [null, []]);
});

test("a common or short password is refused with its reasons", async () => {
  const common = await bad(fresh().auth.signUp({ email: someone(), password: "password123" }), "weak_password", 422);
  assert.deepEqual(common.reasons, ["pwned"]);
  const short = await bad(fresh().auth.signUp({ email: someone(), password: "geese" }), "weak_password", 422);
  assert.ok(short.reasons.includes("length"));
  await good(fresh().auth.signUp({ email: someone(), password: "g".repeat(32) + " ünd ".repeat(6) }));
});

test("wrong passwords and unknown addresses are answered alike", async () => {
  const { email } = await member();
  const wrong = await bad(fresh().auth.signInWithPassword({ email, password: "not it" }), "invalid_credentials", 400);
  const unknown = await bad(fresh().auth.signInWithPassword({ email: someone(), password: "not it" }), "invalid_credentials", 400);
  assert.equal(wrong.message, "Invalid login credentials");
  assert.equal(unknown.message, wrong.message);
});

test("a telephone number and a password are an account", async () => {
  const phone = `47${String(Date.now()).slice(-8)}`;
  const { user } = await good(fresh().auth.signUp({ phone, password: PASSWORD }));
  assert.equal(user.phone, phone);
  await good(fresh().auth.signInWithPassword({ phone, password: PASSWORD }));
});

test("an anonymous user keeps its rows when it gets an address", async () => {
  const [client, email] = [fresh(), someone()];
  const { user } = await good(client.auth.signInAnonymously({ options: { data: { colour: "red" } } }));
  assert.equal(user.is_anonymous, true);
  await good(client.from("notes").insert({ body: "before" }));
  await good(client.auth.updateUser({ email }));
  const { user: known } = await good(client.auth.verifyOtp({ email, token: (await letterTo(email)).code, type: "email_change" }));
  assert.deepEqual([known.id, known.is_anonymous, known.email], [user.id, false, email]);
  await good(client.auth.updateUser({ password: PASSWORD }));
  const again = fresh();
  await good(again.auth.signInWithPassword({ email, password: PASSWORD }));
  assert.deepEqual(await good(again.from("notes").select("body")), [{ body: "before" }]);
});

test("a code by mail makes a user, or finds one", async () => {
  const [client, email] = [fresh(), someone()];
  await bad(client.auth.signInWithOtp({ email, options: { shouldCreateUser: false } }), "otp_disabled", 422);
  for (const _ of [1, 2]) {
    await good(client.auth.signInWithOtp({ email }));
    const { session } = await good(client.auth.verifyOtp({ email, token: (await letterTo(email)).code, type: "email" }));
    assert.equal(session.user.email, email);
  }
});

test("a forgotten password is replaced by way of a letter", async () => {
  const { email } = await member();
  const client = fresh();
  await good(client.auth.resetPasswordForEmail(email, { redirectTo: `${SITE}/welcome` }));
  await good(client.auth.verifyOtp({ token_hash: (await letterTo(email)).hash, type: "recovery" }));
  await bad(client.auth.updateUser({ password: PASSWORD }), "same_password", 422);
  await good(client.auth.updateUser({ password: "ten wild geese over water" }));
  await bad(fresh().auth.signInWithPassword({ email, password: PASSWORD }), "invalid_credentials");
  await good(fresh().auth.signInWithPassword({ email, password: "ten wild geese over water" }));
  const nobody = await client.auth.resetPasswordForEmail(someone());
  assert.equal(nobody.error, null, "nobody learns who has an account");
});

test("a letter is sent again", async () => {
  const [client, email] = [fresh(), someone()];
  await good(client.auth.signUp({ email, password: PASSWORD }));
  const first = await letterTo(email);
  await good(client.auth.resend({ type: "signup", email }));
  const second = await letterTo(email);
  await bad(client.auth.verifyOtp({ token_hash: first.hash, type: "email" }), "otp_expired", 403);
  await good(client.auth.verifyOtp({ token_hash: second.hash, type: "email" }));
});

test("with PKCE the link brings a code that the client exchanges", async () => {
  const [client, email] = [fresh(ANON, { flowType: "pkce", storage: kept(), persistSession: true }), someone()];
  await good(client.auth.signUp({ email, password: PASSWORD, options: { emailRedirectTo: `${SITE}/welcome` } }));
  const target = new URL(await click((await letterTo(email)).link));
  assert.equal(target.hash, "");
  const { session } = await good(client.auth.exchangeCodeForSession(target.searchParams.get("code")));
  assert.equal(session.user.email, email);
  const again = await client.auth.exchangeCodeForSession(target.searchParams.get("code"));
  assert.ok(again.error, "a code is good for one answer");
});

test("an address changes when both addresses agree", async () => {
  const { client, email } = await member();
  const next = someone();
  const { user } = await good(client.auth.updateUser({ email: next }));
  assert.deepEqual([user.email, user.new_email], [email, next]);
  const half = await good(client.auth.verifyOtp({ email, token: (await letterTo(email)).code, type: "email_change" }));
  assert.equal(half.session, null);
  const whole = await good(client.auth.verifyOtp({ email: next, token: (await letterTo(next)).code, type: "email_change" }));
  assert.equal(whole.user.email, next);
});

test("what a user says of itself is merged, and a code confirms who asks", async () => {
  const { client, email } = await member();
  await good(client.auth.updateUser({ data: { a: 1, b: 2 } }));
  const { user } = await good(client.auth.updateUser({ data: { b: null, c: 3 } }));
  assert.deepEqual([user.user_metadata.a, user.user_metadata.b, user.user_metadata.c], [1, undefined, 3]);
  await good(client.auth.reauthenticate());
  const { code } = await letterTo(email);
  await good(client.auth.updateUser({ password: "ten wild geese over water", nonce: code }));
});

test("a session is refreshed, told by its claims, and verified by the published keys", async () => {
  const { client, email, id } = await member();
  const before = (await good(client.auth.getSession())).session;
  const { session: after } = await good(client.auth.refreshSession());
  assert.notEqual(before.refresh_token, after.refresh_token);
  const { claims, header } = await good(client.auth.getClaims());
  assert.deepEqual([header.alg, claims.sub, claims.email, claims.role], ["ES256", id, email, "authenticated"]);
  assert.deepEqual([claims.aud, claims.aal, claims.is_anonymous], ["authenticated", "aal1", false]);
  assert.equal(claims.iss, `${URL_OF}/auth/v1`);
  assert.equal(claims.amr[0].method, "password");
  const { keys } = await (await fetch(`${URL_OF}/auth/v1/.well-known/jwks.json`)).json();
  assert.ok(keys.some((key) => key.kid === header.kid && key.d === undefined));
  const { user } = await good(client.auth.getUser());
  assert.equal(user.id, id);
});

test("tabs that refresh at once get one successor", async () => {
  const { client } = await member();
  const { refresh_token } = (await good(client.auth.getSession())).session;
  const tabs = await Promise.all(Array.from({ length: 20 }, () => good(fresh().auth.refreshSession({ refresh_token }))));
  assert.equal(new Set(tabs.map((tab) => tab.session.refresh_token)).size, 1);
  await bad(fresh().auth.refreshSession({ refresh_token: "no such token" }), "validation_failed", 400);
});

test("signing out ends what it says it ends, also for the data API", async () => {
  const { client: here, email } = await member();
  const [there, third] = [fresh(), fresh()];
  await good(there.auth.signInWithPassword({ email, password: PASSWORD }));
  await good(third.auth.signInWithPassword({ email, password: PASSWORD }));
  const tokens = {};
  for (const [name, client] of Object.entries({ here, there, third })) {
    tokens[name] = (await good(client.auth.getSession())).session.access_token;
  }
  const opens = async (name) => {
    const headers = { apikey: ANON, authorization: `Bearer ${tokens[name]}` };
    return (await fetch(`${URL_OF}/rest/v1/notes`, { headers })).status;
  };
  assert.deepEqual([await opens("here"), await opens("there"), await opens("third")], [200, 200, 200]);
  assert.equal((await third.auth.signOut({ scope: "local" })).error, null);
  assert.deepEqual([await opens("here"), await opens("there"), await opens("third")], [200, 200, 401]);
  assert.equal((await here.auth.signOut({ scope: "others" })).error, null);
  assert.deepEqual([await opens("here"), await opens("there")], [200, 401]);
  assert.equal((await here.auth.signOut()).error, null);
  assert.equal(await opens("here"), 401);
  await missing(there.auth.refreshSession());
});

test("rules know who is signed in", async () => {
  const { client: ann, id } = await member();
  const { client: bob } = await member();
  await good(ann.from("notes").insert({ body: "ann's" }));
  assert.deepEqual(await good(ann.from("notes").select("owner, body")), [{ owner: id, body: "ann's" }]);
  assert.deepEqual(await good(bob.from("notes").select("body")), []);
  assert.equal((await fresh().from("notes").select("body")).error.code, "42501");
  await good(service.auth.admin.updateUserById((await good(bob.auth.getUser())).user.id, { role: "staff" }));
  await good(bob.auth.refreshSession());
  assert.ok((await good(bob.from("notes").select("body"))).some((note) => note.body === "ann's"));
  assert.equal((await ann.from("vault").select()).error.code, "42501", "aal1");
});

test("what this server has and has not is told", async () => {
  const settings = await (await fetch(`${URL_OF}/auth/v1/settings`, { headers: { apikey: ANON } })).json();
  assert.deepEqual([settings.external.email, settings.external.anonymous_users, settings.disable_signup], [true, true, false]);
  const health = await (await fetch(`${URL_OF}/auth/v1/health`)).json();
  assert.ok(health.name && health.version && health.description);
  await bad(fresh().auth.signInWithSSO({ domain: "example.com" }), "saml_provider_disabled", 404);
});
