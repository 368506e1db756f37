// Security keys and passkeys with @supabase/supabase-js as it is published: the browser's part is played
// by authenticator.mjs.
import assert from "node:assert/strict";
import test from "node:test";

import { PASSWORD, SITE, bad, claimsOf, fresh, good, member, service } from "./setup.mjs";
import { Authenticator, browse } from "./authenticator.mjs";

/** A page of the application, seen in a browser with a new device. */
function device(origin = SITE) {
  const made = new Authenticator(origin);
  browse(made);
  return made;
}

const current = async (client) => claimsOf((await good(client.auth.getSession())).session);

/** Somebody with a key as second factor. */
async function careful() {
  const [key, who] = [device(), await member()];
  await good(who.client.auth.mfa.webauthn.register({ friendlyName: "key" }));
  const { webauthn } = await good(who.client.auth.mfa.listFactors());
  return { ...who, key, factorId: webauthn[0].id };
}

/** Somebody with a passkey. */
async function remembered() {
  const [key, who] = [device(), await member()];
  const passkey = await good(who.client.auth.registerPasskey());
  return { ...who, key, passkey };
}

test("a key is registered and raises the session, then and later", async () => {
  const { client, email, factorId } = await careful();
  const claims = await current(client);
  assert.equal(claims.aal, "aal2");
  assert.ok(claims.amr.some((step) => step.method === "mfa/webauthn"), JSON.stringify(claims.amr));
  const later = fresh();
  await good(later.auth.signInWithPassword({ email, password: PASSWORD }));
  assert.equal((await current(later)).aal, "aal1");
  assert.equal((await later.from("vault").select()).error.code, "42501");
  await good(later.auth.mfa.webauthn.authenticate({ factorId }));
  assert.equal((await current(later)).aal, "aal2");
  await good(later.from("vault").select());
});

test("a copy of a key whose counter stands still is refused", async () => {
  const { email, key, factorId } = await careful();
  const client = fresh();
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  key.counter -= 1;
  await bad(client.auth.mfa.webauthn.authenticate({ factorId }), "mfa_verification_failed", 422);
  assert.equal((await current(client)).aal, "aal1");
});

test("a key that was asked on another page is refused", async () => {
  const { email, key, factorId } = await careful();
  const client = fresh();
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  key.origin = "http://localhost:3000.evil.example";
  await bad(client.auth.mfa.webauthn.authenticate({ factorId }), "mfa_verification_failed", 422);
  key.origin = SITE;
  await good(client.auth.mfa.webauthn.authenticate({ factorId }));
});

test("an answer of a device counts once", async () => {
  const { email, key, factorId } = await careful();
  const client = fresh();
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  const { mfa } = client.auth;
  const asked = await good(mfa.challenge({ factorId, webauthn: { rpId: "localhost", rpOrigins: [SITE] } }));
  assert.equal(asked.webauthn.type, "request");
  const credential_response = await key.get({ publicKey: asked.webauthn.credential_options.publicKey });
  const answer = { factorId, challengeId: asked.id, webauthn: { type: "request", rpId: "localhost", rpOrigins: [SITE], credential_response } };
  await good(mfa.verify(answer));
  const { error } = await mfa.verify(answer);
  assert.ok(error.status >= 400 && error.status < 500, JSON.stringify(error));
});

test("a passkey signs in without an address", async () => {
  const { id, passkey } = await remembered();
  assert.ok(passkey.id);
  const client = fresh();
  const { user } = await good(client.auth.signInWithPasskey());
  assert.equal(user.id, id);
  const claims = await current(client);
  assert.deepEqual([claims.aal, claims.amr[0].method], ["aal2", "webauthn"]);
  await good(client.from("vault").select());
});

test("a passkey of another device or another page opens nothing", async () => {
  const { key } = await remembered();
  device();
  assert.ok((await fresh().auth.signInWithPasskey()).error, "this device has none");
  browse(key);
  key.origin = "http://localhost.evil.example:3000";
  await bad(fresh().auth.signInWithPasskey(), "webauthn_verification_failed", 400);
  key.origin = SITE;
  const stranger = device();
  await member().then(({ client }) => good(client.auth.registerPasskey()));
  const [[known]] = key.keys;
  const [[, forged]] = stranger.keys;
  stranger.keys = new Map([[known, forged]]);
  await bad(fresh().auth.signInWithPasskey(), "webauthn_verification_failed", 400);
});

test("passkeys are listed, named and taken away", async () => {
  const { client, passkey, id } = await remembered();
  await good(client.auth.signInWithPasskey());
  const { passkey: keys } = client.auth;
  await good(keys.update({ passkeyId: passkey.id, friendlyName: "laptop" }));
  const [listed] = await good(keys.list());
  assert.deepEqual([listed.id, listed.friendly_name], [passkey.id, "laptop"]);
  const { passkey: theirs } = service.auth.admin;
  assert.equal((await good(theirs.listPasskeys({ userId: id })))[0].id, passkey.id);
  assert.equal((await keys.delete({ passkeyId: passkey.id })).error, null);
  assert.deepEqual(await good(keys.list()), []);
  await bad(fresh().auth.signInWithPasskey(), "webauthn_credential_not_found", 404);
});
