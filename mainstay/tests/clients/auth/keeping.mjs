// Sessions that a client keeps, and what is left of accounts beside sessions.mjs and admin.mjs, with
// @supabase/supabase-js as it is published.
import assert from "node:assert/strict";
import { randomBytes, randomUUID, scryptSync } from "node:crypto";
import test from "node:test";

import { ANON, PASSWORD, SERVICE, SITE, URL_OF, bad, click, fragment, fresh, good, kept, letterTo, member, service, someone } from "./setup.mjs";

const admin = service.auth.admin;

/** A client that keeps its session where a test can look. */
const keeper = (storage, more = {}) => fresh(ANON, { storage, storageKey: "members", persistSession: true, ...more });

/** What a client tells of itself, until it has told of this. */
function story(client, last) {
  const events = [];
  return new Promise((done) => {
    client.auth.onAuthStateChange((event, session) => {
      events.push([event, session?.user.id]);
      if (event === last) done(events);
    });
  });
}

test("a client tells what becomes of its session", async () => {
  const { email, id } = await member();
  const client = keeper(kept());
  const told = story(client, "SIGNED_OUT");
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  await good(client.auth.refreshSession());
  await good(client.auth.updateUser({ data: { city: "Bergen" } }));
  assert.equal((await client.auth.signOut()).error, null);
  const names = (await told).filter(([event]) => event !== "INITIAL_SESSION");
  assert.deepEqual(names, [["SIGNED_IN", id], ["TOKEN_REFRESHED", id], ["USER_UPDATED", id], ["SIGNED_OUT", undefined]]);
});

test("a kept session that is over is refreshed, by whoever asks and by the client itself", async () => {
  const { email, id } = await member();
  for (const itself of [false, true]) {
    const storage = kept();
    await good(keeper(storage).auth.signInWithPassword({ email, password: PASSWORD }));
    const old = JSON.parse(storage.getItem("members"));
    storage.setItem("members", JSON.stringify({ ...old, expires_at: 1, expires_in: 0 }));
    const client = keeper(storage, { autoRefreshToken: itself });
    const told = story(client, "TOKEN_REFRESHED");
    if (itself) {
      await client.auth.startAutoRefresh();
      assert.ok((await told).some(([event, user]) => event === "TOKEN_REFRESHED" && user === id));
      await client.auth.stopAutoRefresh();
    }
    const { session } = await good(client.auth.getSession());
    assert.notEqual(session.refresh_token, old.refresh_token);
    assert.equal(JSON.parse(storage.getItem("members")).refresh_token, session.refresh_token);
    assert.deepEqual(await good(client.from("notes").select("body")), []);
  }
});

test("an identity of an address is listed, and the last one stays", async () => {
  const { client, email, id } = await member();
  const { identities } = await good(client.auth.getUserIdentities());
  assert.equal(identities.length, 1);
  const [{ provider, user_id, identity_data }] = identities;
  assert.deepEqual([provider, user_id, identity_data.email, identity_data.sub], ["email", id, email, id]);
  await bad(client.auth.unlinkIdentity(identities[0]), "single_identity_not_deletable", 422);
});

test("a change of address is announced again, and needs both addresses", async () => {
  const { client, email } = await member();
  const next = someone();
  await good(client.auth.updateUser({ email: next }));
  const first = await letterTo(next);
  await good(client.auth.resend({ type: "email_change", email }));
  const second = await letterTo(next);
  await bad(fresh().auth.verifyOtp({ token_hash: first.hash, type: "email_change" }), "otp_expired", 403);
  await good(fresh().auth.verifyOtp({ token_hash: second.hash, type: "email_change" }));
  assert.equal((await good(client.auth.getUser())).user.email, email, "the old address has not agreed");
});

test("an address that somebody has is not taken", async () => {
  const [{ email }, { client }] = [await member(), await member()];
  await bad(client.auth.updateUser({ email }), "email_exists", 422);
});

test("with PKCE a forgotten password leads back to the client that asked", async () => {
  const { email } = await member();
  const client = keeper(kept(), { flowType: "pkce" });
  await good(client.auth.resetPasswordForEmail(email, { redirectTo: `${SITE}/welcome` }));
  const target = new URL(await click((await letterTo(email)).link));
  const told = story(client, "PASSWORD_RECOVERY");
  await good(client.auth.exchangeCodeForSession(target.searchParams.get("code")));
  assert.ok((await told).some(([event]) => event === "PASSWORD_RECOVERY"));
  await good(client.auth.updateUser({ password: "ten wild geese over water" }));
});

test("a link that was used or leads elsewhere brings an error, and never to a stranger", async () => {
  const email = someone();
  await good(fresh().auth.signInWithOtp({ email, options: { emailRedirectTo: "https://evil.example/" } }));
  const { link } = await letterTo(email);
  assert.ok((await click(link)).startsWith(`${SITE}#access_token=`));
  const again = fragment(await click(link));
  assert.deepEqual([again.error, again.error_code], ["access_denied", "otp_expired"]);
});

test("users come with hashes from elsewhere, ids of their own and telephones", async () => {
  const [email, id] = [someone(), randomUUID()];
  const salt = randomBytes(16);
  const key = scryptSync(PASSWORD, salt, 32, { N: 16384, r: 8, p: 1 });
  const plain = (bytes) => bytes.toString("base64").replace(/=+$/, "");
  const password_hash = `$scrypt$ln=14,r=8,p=1$${plain(salt)}$${plain(key)}`;
  const { user } = await good(admin.createUser({ id, email, password_hash, email_confirm: true }));
  assert.equal(user.id, id);
  for (const _ of ["as it came", "as it is kept now"]) {
    await good(fresh().auth.signInWithPassword({ email, password: PASSWORD }));
  }
  await bad(admin.createUser({ email: someone(), password_hash: "$1$old$geese" }), "validation_failed", 400);
  const phone = `46${randomBytes(4).readUInt32BE().toString().padStart(10, "0")}`;
  await good(admin.createUser({ phone, phone_confirm: true, password: PASSWORD }));
  await bad(admin.createUser({ phone }), "phone_exists", 422);
  await bad(admin.createUser({ email }), "email_exists", 422);
});

test("links of every kind are made", async () => {
  const { email } = await member();
  const next = someone();
  const invited = await good(admin.generateLink({ type: "invite", email: someone(), options: { data: { name: "Eve" } } }));
  assert.deepEqual([invited.properties.verification_type, invited.user.user_metadata.name], ["invite", "Eve"]);
  await good(fresh().auth.verifyOtp({ type: "invite", token_hash: invited.properties.hashed_token }));
  const change = { email, newEmail: next };
  const current = await good(admin.generateLink({ type: "email_change_current", ...change }));
  const half = await good(fresh().auth.verifyOtp({ type: "email_change", token_hash: current.properties.hashed_token }));
  assert.equal(half.session, null);
  const renewed = await good(admin.generateLink({ type: "email_change_new", ...change }));
  const { user } = await good(fresh().auth.verifyOtp({ type: "email_change", token_hash: renewed.properties.hashed_token }));
  assert.equal(user.email, next);
});

test("a user who is only marked as removed is gone for everybody", async () => {
  const { client, email, id } = await member();
  await good(admin.deleteUser(id, true));
  assert.ok((await client.auth.getUser()).error);
  await bad(fresh().auth.signInWithPassword({ email, password: PASSWORD }), "invalid_credentials", 400);
  await good(admin.createUser({ email, password: PASSWORD, email_confirm: true }));
});

test("what is not here is refused by name", async () => {
  const ask = (path, init = {}) =>
    fetch(`${URL_OF}/auth/v1${path}`, { ...init, headers: { apikey: SERVICE, authorization: `Bearer ${SERVICE}`, "content-type": "application/json" } });
  const codes = [
    ["/token?grant_type=web3", { method: "POST", body: JSON.stringify({ chain: "solana", message: "m", signature: "s" }) }, "web3_provider_disabled"],
    ["/sso", { method: "POST", body: JSON.stringify({ domain: "example.com" }) }, "saml_provider_disabled"],
    ["/admin/users?page=none", {}, "validation_failed"],
    ["/admin/users/none", {}, "validation_failed"],
  ];
  for (const [path, init, code] of codes) {
    const answer = await ask(path, init);
    assert.equal((await answer.json()).error_code, code, path);
    assert.ok(answer.status >= 400 && answer.status < 500, path);
  }
  const discovery = await (await ask("/.well-known/openid-configuration")).json();
  assert.deepEqual([discovery.issuer, discovery.jwks_uri], [`${URL_OF}/auth/v1`, `${URL_OF}/auth/v1/.well-known/jwks.json`]);
});
