// Accounts with supabase-js, unchanged: sign up, confirm, sign in, a second factor, refresh, own rows
// only, sign out.
//
//   node examples/shop/auth.mjs
//
// serves the shop from a temporary folder, walks through it, says what it sees, and stops it again.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import { NoSocket, serve, supabase } from "./serve.mjs";

const { createClient } = await supabase();
const shop = await serve();

// --- what a browser and a mailbox would do -----------------------------------------------------

const fresh = (key = shop.anon) =>
  createClient(shop.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: NoSocket },
  });

/** The newest letter to an address; in development the shop keeps letters instead of sending them. */
async function letterTo(address) {
  const headers = { apikey: shop.service, authorization: `Bearer ${shop.service}` };
  for (let tries = 0; tries < 200; tries++) {
    const { letters } = await (await fetch(`${shop.url}/auth/v1/admin/letters`, { headers })).json();
    const found = letters.find((letter) => letter.to === address);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`no letter to ${address}`);
}

/** The code of an authenticator app (RFC 6238). */
function totp(secret, at = Date.now()) {
  const bits = [...secret.replace(/=+$/, "")]
    .map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hmac = createHmac("sha1", key).update(counter).digest();
  const offset = hmac[19] & 15;
  return String((hmac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const fine = ({ data, error }) => {
  if (error) throw error;
  return data;
};
const says = (text) => console.log(text);

try {
  await walk();
} finally {
  await shop.stop();
}

async function walk() {
  // --- sign up, confirm, sign in -----------------------------------------------------------------

  const ann = fresh();
  const password = "nine wild geese over water";
  const signedUp = fine(await ann.auth.signUp({ email: "ann@example.com", password, options: { data: { name: "Ann" } } }));
  assert.equal(signedUp.session, null);
  says(`signed up      ${signedUp.user.email}, not confirmed yet`);

  const early = await fresh().auth.signInWithPassword({ email: "ann@example.com", password });
  assert.equal(early.error.code, "email_not_confirmed");

  const code = (await letterTo("ann@example.com")).text.match(/\b\d{6}\b/)[0];
  fine(await ann.auth.verifyOtp({ type: "email", email: "ann@example.com", token: code }));
  says("confirmed      by the code in the letter");

  const wrong = await fresh().auth.signInWithPassword({ email: "ann@example.com", password: "not it, sorry" });
  assert.equal(wrong.error.message, "Invalid login credentials");
  fine(await ann.auth.signInWithPassword({ email: "ann@example.com", password }));
  says(`signed in      as ${fine(await ann.auth.getUser()).user.user_metadata.name}`);

  // --- own rows only -----------------------------------------------------------------------------

  const customer = fine(
    await ann
      .schema("orders")
      .from("customers")
      .insert({ email: "ann@example.com", name: "Ann", address: { city: "Bergen" } })
      .select()
      .single(),
  );
  fine(await ann.schema("orders").from("orders").insert({ customer: customer.id, note: "leave it at the door" }));
  const own = fine(await ann.schema("orders").from("orders").select("note, customer:customers(name)"));
  assert.deepEqual(own, [{ note: "leave it at the door", customer: { name: "Ann" } }]);
  says("own rows       one order, her own");

  const service = fresh(shop.service);
  const bob = fresh();
  fine(await service.auth.admin.createUser({ email: "bob@example.com", password: "ten wild geese over water", email_confirm: true }));
  fine(await bob.auth.signInWithPassword({ email: "bob@example.com", password: "ten wild geese over water" }));
  assert.deepEqual(fine(await bob.schema("orders").from("orders").select()), []);
  says("               Bob sees none of it");

  // --- staff -------------------------------------------------------------------------------------

  const made = JSON.parse(shop.mainstay(["user", "create"], "eve@example.com", "--role", "staff", "--json"));
  assert.equal(made.role, "staff");
  const eve = fresh();
  const token_hash = new URL(made.action_link).searchParams.get("token");
  fine(await eve.auth.verifyOtp({ type: "recovery", token_hash }));
  fine(await eve.auth.updateUser({ password: "eleven geese, no water" }));
  const all = fine(await eve.schema("orders").from("orders").select("note"));
  assert(all.some((order) => order.note === "leave it at the door"));
  says(`staff          Eve sees all ${all.length} orders`);

  // --- a second factor ---------------------------------------------------------------------------

  const factor = fine(await ann.auth.mfa.enroll({ factorType: "totp", friendlyName: "telephone" }));
  assert(factor.totp.qr_code.startsWith("data:image/svg+xml"));
  fine(await ann.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }));
  const level = fine(await ann.auth.mfa.getAuthenticatorAssuranceLevel());
  assert.deepEqual([level.currentLevel, level.nextLevel], ["aal2", "aal2"]);
  says("second factor  enrolled, the session is at aal2");

  const again = fresh();
  fine(await again.auth.signInWithPassword({ email: "ann@example.com", password }));
  const behind = fine(await again.auth.mfa.getAuthenticatorAssuranceLevel());
  assert.deepEqual([behind.currentLevel, behind.nextLevel], ["aal1", "aal2"]);
  const refused = await again.auth.updateUser({ password: "somebody else's geese" });
  assert.equal(refused.error.code, "insufficient_aal");
  const spent = await again.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) });
  assert.equal(spent.error.code, "mfa_verification_failed");
  says("               a new session is at aal1, and a used code is refused");

  // --- refresh and sign out ----------------------------------------------------------------------

  const before = fine(await ann.auth.getSession()).session.refresh_token;
  const after = fine(await ann.auth.refreshSession()).session.refresh_token;
  assert.notEqual(before, after);
  says("refreshed      one new token, the old one is spent");

  const { access_token } = fine(await ann.auth.getSession()).session;
  fine({ data: null, error: (await ann.auth.signOut()).error });
  const headers = { apikey: shop.anon, authorization: `Bearer ${access_token}`, "accept-profile": "orders" };
  const late = await fetch(`${shop.url}/rest/v1/orders`, { headers });
  assert.equal(late.status, 401);
  says("signed out     her access token opens nothing any more");
}
