// Clients of the three applications that the Rust end-to-end test serves, and what tests share.

import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";

const env = (name) => {
  const value = process.env[name];
  assert.ok(value, `${name} is set by mainstay/tests/e2e/clients.rs`);
  return value;
};

// Realtime wants a WebSocket as soon as it is made; Node 20 has none, and nothing here uses it.
class NoSocket {}

const client = (url, key, more = {}) =>
  createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: NoSocket },
    ...more,
  });

export const lab = client(env("LAB_URL"), env("LAB_SERVICE"));
export const visitor = client(env("LAB_URL"), env("LAB_ANON"));
export const forged = client(env("LAB_URL"), env("LAB_FORGED"));
export const staff = client(env("LAB_URL"), env("LAB_ANON"), {
  global: { headers: { Authorization: `Bearer ${env("LAB_STAFF")}` } },
});
export const types = client(env("TYPES_URL"), env("TYPES_SERVICE"));
export const shop = client(env("SHOP_URL"), env("SHOP_SERVICE"));
export const shopper = client(env("SHOP_URL"), env("SHOP_ANON"));

/** The data of an answer that must have gone well. */
export async function rows(query) {
  const { data, error } = await query;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

/** One column of the rows. */
export async function column(query, name) {
  return (await rows(query)).map((row) => row[name]);
}

/** The error of an answer that must not have gone well. */
export async function refusal(query, status) {
  const answer = await query;
  assert.ok(answer.error, `refused: ${JSON.stringify(answer.data)}`);
  assert.equal(answer.status, status, JSON.stringify(answer.error));
  assert.equal(answer.data, null);
  return answer.error;
}
