// What the clients learn of codes of an app, and what a second factor does to the sessions of its user,
// with @supabase/supabase-js as it is published.
import assert from "node:assert/strict";
import test from "node:test";

import { PASSWORD, bad, claimsOf, fresh, good, member, service, totp } from "./setup.mjs";

/** Somebody with a verified app, whose session is raised. */
async function careful() {
  const who = await member();
  const { mfa } = who.client.auth;
  const factor = await good(mfa.enroll({ factorType: "totp", friendlyName: "phone" }));
  const code = totp(factor.totp.secret);
  await good(mfa.challengeAndVerify({ factorId: factor.id, code }));
  return { ...who, mfa, factor, code, secret: factor.totp.secret };
}

/** A code that is not right now, nor soon. */
const wrong = (secret) => {
  const near = new Set([-2, -1, 0, 1, 2].map((steps) => totp(secret, steps)));
  return ["111111", "222222", "333333", "444444", "555555", "666666"].find((code) => !near.has(code));
};

const level = async (client) => {
  const { currentLevel, nextLevel } = await good(client.auth.mfa.getAuthenticatorAssuranceLevel());
  return [currentLevel, nextLevel];
};

test("an app is enrolled by its first right code, which raises the session", async () => {
  const { client } = await member();
  const { mfa } = client.auth;
  const before = claimsOf((await good(client.auth.getSession())).session);
  const factor = await good(mfa.enroll({ factorType: "totp", friendlyName: "phone", issuer: "Members" }));
  assert.deepEqual([factor.type, factor.friendly_name], ["totp", "phone"]);
  assert.ok(factor.totp.qr_code.startsWith("data:image/svg+xml;utf-8,<"), factor.totp.qr_code.slice(0, 60));
  assert.match(factor.totp.secret, /^[A-Z2-7]{16,}=*$/);
  const uri = new URL(factor.totp.uri);
  assert.deepEqual([uri.protocol, uri.searchParams.get("issuer"), uri.searchParams.get("secret")], ["otpauth:", "Members", factor.totp.secret]);
  assert.deepEqual(await level(client), ["aal1", "aal1"], "what is not verified asks for nothing");
  const open = await good(mfa.listFactors());
  assert.deepEqual([open.all.length, open.all[0].status, open.totp.length], [1, "unverified", 0]);
  const challenge = await good(mfa.challenge({ factorId: factor.id }));
  assert.equal(challenge.type, "totp");
  assert.ok(challenge.expires_at > Date.now() / 1000);
  await bad(mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: wrong(factor.totp.secret) }), "mfa_verification_failed", 422);
  const session = await good(mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: totp(factor.totp.secret) }));
  const claims = claimsOf(session);
  assert.deepEqual([claims.aal, claims.session_id], ["aal2", before.session_id], "the session keeps its id");
  assert.ok(claims.amr.some((step) => step.method === "totp") && claims.amr.some((step) => step.method === "password"));
  assert.deepEqual(await level(client), ["aal2", "aal2"]);
  assert.equal((await good(mfa.listFactors())).totp[0].id, factor.id);
});

test("the vault opens after the second factor and not before", async () => {
  const { email, secret, factor, client: raised } = await careful();
  await good(service.from("vault").insert({ body: `of ${email}` }));
  const opens = async (client) => (await good(client.from("vault").select("body"))).some((row) => row.body === `of ${email}`);
  assert.equal(await opens(raised), true);
  const client = fresh();
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  assert.deepEqual(await level(client), ["aal1", "aal2"]);
  assert.equal((await client.from("vault").select("body")).error.code, "42501");
  await good(client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(secret, 1) }));
  assert.equal(await opens(client), true);
  await good(client.auth.refreshSession());
  assert.equal(await opens(client), true, "a refresh keeps the level");
});

test("no code and no challenge is taken twice", async () => {
  const { mfa, factor, secret, code } = await careful();
  await bad(mfa.challengeAndVerify({ factorId: factor.id, code }), "mfa_verification_failed", 422);
  const challenge = await good(mfa.challenge({ factorId: factor.id }));
  await good(mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: totp(secret, 1) }));
  const { error } = await mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: totp(secret, 1) });
  assert.ok(error.status >= 400 && error.status < 500, JSON.stringify(error));
});

test("verifying ends the other sessions of the lower level", async () => {
  const { client, email } = await member();
  const other = fresh();
  await good(other.auth.signInWithPassword({ email, password: PASSWORD }));
  const { refresh_token } = (await good(other.auth.getSession())).session;
  const factor = await good(client.auth.mfa.enroll({ factorType: "totp" }));
  await good(client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }));
  assert.ok((await fresh().auth.refreshSession({ refresh_token })).error);
  assert.ok((await other.auth.getUser()).error);
});

test("names of factors are unique, and nobody proves the factor of somebody else", async () => {
  const { mfa, factor, secret } = await careful();
  await bad(mfa.enroll({ factorType: "totp", friendlyName: "phone" }), "mfa_factor_name_conflict", 422);
  await bad(mfa.enroll({ factorType: "phone", phone: "4790000000" }), "mfa_phone_enroll_not_enabled", 422);
  const { client: bob } = await member();
  await bad(bob.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(secret, 1) }), "mfa_factor_not_found", 404);
  await bad(bob.auth.mfa.unenroll({ factorId: factor.id }), "mfa_factor_not_found", 404);
});
