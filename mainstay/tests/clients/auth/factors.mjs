// Second factors, recovery codes and passkeys with @supabase/supabase-js as it is published.
import assert from "node:assert/strict";
import test from "node:test";

import { Device } from "./device.mjs";
import { ANON, PASSWORD, SITE, bad, fresh, good, member, service, totp } from "./setup.mjs";

const levels = async (client) => {
  const { currentLevel, nextLevel } = await good(client.auth.mfa.getAuthenticatorAssuranceLevel());
  return [currentLevel, nextLevel];
};

/** Another client of the same person, by password alone. */
async function again(email, auth) {
  const client = fresh(ANON, auth);
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  return client;
}

/** Somebody with an app of codes whose session is raised. */
async function raised() {
  const { client, email, id } = await member();
  const factor = await good(client.auth.mfa.enroll({ factorType: "totp", friendlyName: "phone" }));
  const code = totp(factor.totp.secret);
  await good(client.auth.mfa.challengeAndVerify({ factorId: factor.id, code }));
  return { client, email, id, factor, code };
}

test("an app of codes raises a session, and rules see it", async () => {
  const { client, email } = await member();
  assert.deepEqual(await levels(client), ["aal1", "aal1"]);
  assert.equal((await client.from("vault").select()).error.code, "42501");
  const factor = await good(client.auth.mfa.enroll({ factorType: "totp", friendlyName: "phone" }));
  assert.ok(factor.totp.qr_code.startsWith("data:image/svg+xml;utf-8,<svg"));
  assert.equal(factor.totp.uri.split("?")[0], `otpauth://totp/members:${encodeURIComponent(email)}`);
  const code = totp(factor.totp.secret);
  const wrong = code === "000000" ? "000001" : "000000";
  const { id: challengeId } = await good(client.auth.mfa.challenge({ factorId: factor.id }));
  await bad(client.auth.mfa.verify({ factorId: factor.id, challengeId, code: wrong }), "mfa_verification_failed", 422);
  const session = await good(client.auth.mfa.verify({ factorId: factor.id, challengeId, code }));
  assert.equal(session.user.factors[0].status, "verified");
  assert.deepEqual(await levels(client), ["aal2", "aal2"]);
  assert.deepEqual(await good(client.from("vault").select()), []);
  await good(client.auth.refreshSession());
  assert.deepEqual(await levels(client), ["aal2", "aal2"]);
  const { totp: apps } = await good(client.auth.mfa.listFactors());
  assert.deepEqual(apps.map(({ id, friendly_name }) => [id, friendly_name]), [[factor.id, "phone"]]);

  // Whoever has the password alone is not let near the account.
  const low = await again(email);
  assert.deepEqual(await levels(low), ["aal1", "aal2"]);
  assert.equal((await low.from("vault").select()).error.code, "42501");
  await bad(low.auth.updateUser({ password: "another nine wild geese" }), "insufficient_aal", 401);
  await bad(low.auth.mfa.enroll({ factorType: "totp", friendlyName: "mine" }), "insufficient_aal", 403);
  await bad(low.auth.mfa.unenroll({ factorId: factor.id }), "insufficient_aal", 403);
  await bad(low.auth.mfa.challengeAndVerify({ factorId: factor.id, code }), "mfa_verification_failed", 422);
  const next = totp(factor.totp.secret, 1);
  await good(low.auth.mfa.challengeAndVerify({ factorId: factor.id, code: next }));
  await good(low.auth.updateUser({ password: "another nine wild geese" }));
  assert.deepEqual(await good(low.auth.mfa.unenroll({ factorId: factor.id })), { id: factor.id });
  await good(low.auth.refreshSession());
  assert.deepEqual(await levels(low), ["aal1", "aal1"]);
});

test("recovery codes stand in for a lost device", async () => {
  const experimental = { experimental: { recoveryCodes: true } };
  const { email, factor } = await raised();
  const client = await again(email, experimental);
  await bad(client.auth.mfa.recoveryCodes.generate(), "insufficient_aal", 403);
  await good(client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret, 1) }));
  const { codes, total, friendly_name } = await good(client.auth.mfa.recoveryCodes.generate());
  assert.deepEqual([codes.length, total, friendly_name], [10, 10, "Recovery codes"]);
  await bad(client.auth.mfa.recoveryCodes.generate(), "mfa_verified_factor_exists", 422);
  const { recovery_code: sets } = await good(client.auth.mfa.listFactors());
  assert.equal(sets.length, 1);

  const lost = await again(email, experimental);
  await good(lost.auth.mfa.recoveryCodes.verify({ code: codes[0].toUpperCase().match(/.{4}/g).join("-") }));
  assert.deepEqual(await levels(lost), ["aal2", "aal2"]);
  const { remaining } = await good(lost.auth.mfa.recoveryCodes.getStatus());
  assert.equal(remaining, 9);
  const thief = await again(email, experimental);
  await bad(thief.auth.mfa.recoveryCodes.verify({ code: codes[0] }), "mfa_verification_failed", 422);
  const made = await good(lost.auth.mfa.recoveryCodes.regenerate());
  await bad(thief.auth.mfa.recoveryCodes.verify({ code: codes[1] }), "mfa_verification_failed", 422);
  await good(thief.auth.mfa.recoveryCodes.verify({ code: made.codes[1] }));
  assert.equal((await good(lost.auth.mfa.recoveryCodes.unenroll())).id, sets[0].id);
  await bad(lost.auth.mfa.recoveryCodes.getStatus(), "mfa_factor_not_found", 404);
});

test("a device is a second factor", async () => {
  const [{ client, email }, device] = [await member(), new Device()];
  const party = { rpId: "localhost", rpOrigins: [SITE] };
  const { id: factorId } = await good(client.auth.mfa.enroll({ factorType: "webauthn", friendlyName: "key" }));
  const made = await good(client.auth.mfa.challenge({ factorId, webauthn: party }));
  assert.equal(made.webauthn.type, "create");
  const created = device.create(made.webauthn.credential_options.publicKey);
  const create = { ...party, type: "create", credential_response: created };
  await good(client.auth.mfa.verify({ factorId, challengeId: made.id, webauthn: create }));
  assert.deepEqual(await levels(client), ["aal2", "aal2"]);

  const low = await again(email);
  await bad(low.auth.mfa.challenge({ factorId, webauthn: { rpId: "evil.example" } }), "validation_failed", 400);
  const asked = await good(low.auth.mfa.challenge({ factorId, webauthn: party }));
  assert.equal(asked.webauthn.type, "request");
  const got = device.get(asked.webauthn.credential_options.publicKey);
  const request = { ...party, type: "request", credential_response: got };
  await good(low.auth.mfa.verify({ factorId, challengeId: asked.id, webauthn: request }));
  assert.deepEqual(await levels(low), ["aal2", "aal2"]);
  await bad(low.auth.mfa.verify({ factorId, challengeId: asked.id, webauthn: request }), "mfa_factor_not_found", 404);
});

test("a passkey signs in at the second level", async () => {
  const [{ client, id }, device] = [await member(), new Device()];
  const begun = await good(client.auth.passkey.startRegistration());
  const credential = device.create(begun.options);
  const { id: passkeyId } = await good(client.auth.passkey.verifyRegistration({ challengeId: begun.challenge_id, credential }));
  await bad(client.auth.passkey.startRegistration(), "insufficient_aal", 403);

  const door = fresh();
  const asked = await good(door.auth.passkey.startAuthentication());
  const answer = { challengeId: asked.challenge_id, credential: device.get(asked.options) };
  const { session } = await good(door.auth.passkey.verifyAuthentication(answer));
  assert.equal(session.user.id, id);
  assert.deepEqual(await levels(door), ["aal2", "aal2"]);
  assert.deepEqual(await good(door.from("vault").select()), []);
  await bad(fresh().auth.passkey.verifyAuthentication(answer), "webauthn_challenge_not_found", 400);

  await good(door.auth.passkey.update({ passkeyId, friendlyName: "laptop" }));
  const [known] = await good(door.auth.passkey.list());
  assert.deepEqual([known.id, known.friendly_name], [passkeyId, "laptop"]);
  assert.ok(known.last_used_at);
  await good(door.auth.passkey.delete({ passkeyId }));
  assert.deepEqual(await good(door.auth.passkey.list()), []);
});

test("an administrator removes what its owner has lost", async () => {
  const { client, id, factor } = await raised();
  const { factors } = await good(service.auth.admin.mfa.listFactors({ userId: id }));
  assert.deepEqual(factors.map((known) => known.id), [factor.id]);
  await good(service.auth.admin.mfa.deleteFactor({ userId: id, id: factor.id }));
  assert.equal((await client.auth.getUser()).error.name, "AuthSessionMissingError");
  const { factors: left } = await good(service.auth.admin.mfa.listFactors({ userId: id }));
  assert.deepEqual(left, []);
});
