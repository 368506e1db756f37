// `auth.mfa` with codes of an app, with @supabase/supabase-js as it is published.
import assert from "node:assert/strict";
import test from "node:test";

import { ANON, PASSWORD, bad, claimsOf, fresh, good, member, service, someone, totp } from "./setup.mjs";

/** Somebody with a verified app, whose session is raised. */
async function careful() {
  const who = await member();
  const { mfa } = who.client.auth;
  const factor = await good(mfa.enroll({ factorType: "totp", friendlyName: "phone" }));
  await good(mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }));
  return { ...who, mfa, factor, secret: factor.totp.secret };
}

/** A code that no factor has now: one digit of the right one is another. */
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
  const { mfa, factor, secret } = await careful();
  await bad(mfa.challengeAndVerify({ factorId: factor.id, code: totp(secret) }), "mfa_verification_failed", 422);
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

test("who has only the password changes neither password, address nor factors", async () => {
  const { email, factor } = await careful();
  const thief = fresh();
  await good(thief.auth.signInWithPassword({ email, password: PASSWORD }));
  await bad(thief.auth.updateUser({ password: "ten wild geese over water" }), "insufficient_aal", 401);
  await bad(thief.auth.updateUser({ email: someone() }), "insufficient_aal", 401);
  await bad(thief.auth.mfa.unenroll({ factorId: factor.id }), "insufficient_aal", 403);
  await bad(thief.auth.mfa.enroll({ factorType: "totp", friendlyName: "mine" }), "insufficient_aal", 403);
  await good(thief.auth.updateUser({ data: { city: "Bergen" } }));
});

test("a factor is taken away by a raised session, and the next refresh is at the lower level", async () => {
  const { client, mfa, factor } = await careful();
  assert.equal((await good(mfa.unenroll({ factorId: factor.id }))).id, factor.id);
  assert.deepEqual((await good(mfa.listFactors())).all, []);
  const { session } = await good(client.auth.refreshSession());
  assert.equal(claimsOf(session).aal, "aal1");
  await bad(mfa.unenroll({ factorId: factor.id }), "mfa_factor_not_found", 404);
});

test("names of factors are unique, and nobody proves the factor of somebody else", async () => {
  const { mfa, factor, secret } = await careful();
  await bad(mfa.enroll({ factorType: "totp", friendlyName: "phone" }), "mfa_factor_name_conflict", 422);
  await bad(mfa.enroll({ factorType: "phone", phone: "4790000000" }), "mfa_phone_enroll_not_enabled", 422);
  const { client: bob } = await member();
  await bad(bob.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(secret, 1) }), "mfa_factor_not_found", 404);
  await bad(bob.auth.mfa.unenroll({ factorId: factor.id }), "mfa_factor_not_found", 404);
});

test("an administrator sees factors and takes them away, with the sessions", async () => {
  const { id, factor, client } = await careful();
  const { mfa } = service.auth.admin;
  const { factors } = await good(mfa.listFactors({ userId: id }));
  assert.deepEqual([factors.length, factors[0].id, factors[0].status], [1, factor.id, "verified"]);
  assert.equal(JSON.stringify(factors).includes("secret"), false);
  // The client puts the whole answer, with its own `data`, into `data`.
  assert.equal((await good(mfa.deleteFactor({ userId: id, id: factor.id }))).data.id, factor.id);
  assert.deepEqual((await good(mfa.listFactors({ userId: id }))).factors, []);
  assert.ok((await client.auth.getUser()).error, "its sessions have ended");
  const { error } = await client.auth.admin.mfa.listFactors({ userId: id });
  assert.ok([401, 403].includes(error.status), JSON.stringify(error));
});

test("recovery codes stand in for a lost device, each once", async () => {
  const { email, client: raised } = await careful();
  const { session } = await good(raised.auth.getSession());
  const experimental = { experimental: { recoveryCodes: true } };
  const owner = fresh(ANON, experimental);
  await good(owner.auth.setSession(session));
  const { codes } = (await good(owner.auth.mfa.recoveryCodes.generate()));
  assert.equal(new Set(codes).size, 10);
  const status = await good(owner.auth.mfa.recoveryCodes.getStatus());
  assert.deepEqual([status.total, status.remaining], [10, 10]);
  assert.equal(JSON.stringify(status).includes(codes[0]), false, "they are shown once");
  const stranded = fresh(ANON, experimental);
  await good(stranded.auth.signInWithPassword({ email, password: PASSWORD }));
  await bad(stranded.auth.mfa.recoveryCodes.regenerate(), "insufficient_aal", 403);
  await good(stranded.auth.mfa.recoveryCodes.verify({ code: codes[3].toLowerCase() }));
  assert.equal(claimsOf((await good(stranded.auth.getSession())).session).aal, "aal2");
  const again = fresh(ANON, experimental);
  await good(again.auth.signInWithPassword({ email, password: PASSWORD }));
  await bad(again.auth.mfa.recoveryCodes.verify({ code: codes[3] }), "mfa_verification_failed", 422);
  const next = (await good(stranded.auth.mfa.recoveryCodes.regenerate())).codes;
  await bad(again.auth.mfa.recoveryCodes.verify({ code: codes[4] }), "mfa_verification_failed", 422);
  await good(again.auth.mfa.recoveryCodes.verify({ code: next[0] }));
  assert.equal((await good(again.auth.mfa.recoveryCodes.getStatus())).remaining, 9);
  await good(again.auth.mfa.recoveryCodes.unenroll());
  assert.ok((await again.auth.mfa.recoveryCodes.getStatus()).error);
  assert.equal((await raised.auth.getUser()).error, null);
});
