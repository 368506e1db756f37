// Security keys and passkeys with @supabase/supabase-js as it is published: the browser's part is played
// by device.mjs. The calls beneath are in factors.mjs.
import assert from "node:assert/strict";
import test from "node:test";

import { Device, browse } from "./device.mjs";
import { PASSWORD, SITE, bad, claimsOf, fresh, good, member, service } from "./setup.mjs";

/** A page of the application, seen in a browser with a new device. */
function device() {
  const made = new Device();
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
  const stranger = device();
  await bad(fresh().auth.signInWithPasskey(), "webauthn_credential_not_found", 404);
  [stranger.id, stranger.handle] = [key.id, key.handle];
  await bad(fresh().auth.signInWithPasskey(), "webauthn_verification_failed", 400);
  browse(key);
  key.origin = "http://localhost.evil.example:3000";
  await bad(fresh().auth.signInWithPasskey(), "webauthn_verification_failed", 400);
  key.origin = SITE;
  key.counter = 10;
  await good(fresh().auth.signInWithPasskey());
});

test("an administrator sees passkeys and takes them away", async () => {
  const { id, passkey } = await remembered();
  const { passkey: theirs } = service.auth.admin;
  assert.deepEqual((await good(theirs.listPasskeys({ userId: id }))).map((known) => known.id), [passkey.id]);
  assert.equal((await theirs.deletePasskey({ userId: id, passkeyId: passkey.id })).error, null);
  assert.deepEqual(await good(theirs.listPasskeys({ userId: id })), []);
  await bad(fresh().auth.signInWithPasskey(), "webauthn_credential_not_found", 404);
});
