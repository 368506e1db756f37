// What the tests of accounts share: clients of one server, its letters, and codes of an app.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import { createClient } from "@supabase/supabase-js";

const env = (name) => {
  const value = process.env[name];
  assert.ok(value, `${name} is set by mainstay/tests/e2e/accounts.rs`);
  return value;
};

export const URL_OF = env("AUTH_URL");
export const ANON = env("AUTH_ANON");
export const SERVICE = env("AUTH_SERVICE");
export const SITE = "http://localhost:3000";
export const PASSWORD = "nine wild geese over water";

class NoSocket {}

export const fresh = (key = ANON, auth = {}) =>
  createClient(URL_OF, key, {
    auth: { persistSession: false, autoRefreshToken: false, ...auth },
    realtime: { transport: NoSocket },
  });

export const service = fresh(SERVICE);

let people = 0;
/** An address that nobody has used. */
export const someone = () => `user${people++}.${process.pid}@example.com`;

/** The data of an answer that must have gone well. */
export async function good(answer) {
  const { data, error } = await answer;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

/** The error of an answer that must not have gone well. */
export async function bad(answer, code, status) {
  const { error } = await answer;
  assert.ok(error, "refused");
  assert.equal(error.code, code, JSON.stringify(error));
  if (status) assert.equal(error.status, status);
  return error;
}

/** The client says of a session that has ended that there is none. */
export async function missing(answer) {
  const { error } = await answer;
  assert.equal(error?.name, "AuthSessionMissingError", JSON.stringify(error));
}

/** A client of somebody who is signed in. */
export async function member() {
  const [client, email] = [fresh(), someone()];
  const { user } = await good(service.auth.admin.createUser({ email, password: PASSWORD, email_confirm: true }));
  await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  return { client, email, id: user.id };
}

const seen = new Set();
/** The newest letter to an address that was not looked at before. */
export async function letterTo(address) {
  const headers = { apikey: SERVICE, authorization: `Bearer ${SERVICE}` };
  for (let tries = 0; tries < 400; tries++) {
    const { letters } = await (await fetch(`${URL_OF}/auth/v1/admin/letters`, { headers })).json();
    const found = letters.find((letter) => letter.to === address && !seen.has(letter.id));
    if (found) {
      seen.add(found.id);
      return { ...found, code: found.text.match(/\b\d{6}\b/)?.[0], hash: found.link && new URL(found.link).searchParams.get("token") };
    }
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`no letter to ${address}`);
}

/** Where a click on a link leads. */
export async function click(link) {
  const answer = await fetch(link, { redirect: "manual" });
  assert.equal(answer.status, 303);
  return answer.headers.get("location");
}

/** The values behind `#`. */
export const fragment = (url) => Object.fromEntries(new URLSearchParams(url.split("#")[1]));

/** What an access token says. */
export const claimsOf = (session) => JSON.parse(Buffer.from(session.access_token.split(".")[1], "base64url"));

/** A place for what a client keeps between calls. */
export function kept() {
  const values = new Map();
  return {
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => void values.set(name, value),
    removeItem: (name) => void values.delete(name),
  };
}

/** The code of an app (RFC 6238), some steps from now. */
export function totp(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/=+$/, "")].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hmac = createHmac("sha1", key).update(counter).digest();
  return String((hmac.readUInt32BE(hmac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
