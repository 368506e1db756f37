// `auth.admin` with @supabase/supabase-js as it is published.
import assert from "node:assert/strict";
import test from "node:test";

import { PASSWORD, SITE, bad, click, fragment, fresh, good, letterTo, member, missing, service, someone } from "./setup.mjs";

const admin = service.auth.admin;

test("users are added, found, changed, banned and removed", async () => {
  const email = someone();
  const { user } = await good(
    admin.createUser({ email, password: PASSWORD, email_confirm: true, user_metadata: { name: "Ann" }, app_metadata: { tenant: "t1" } }),
  );
  assert.equal((await good(admin.getUserById(user.id))).user.email, email);
  const changed = await good(admin.updateUserById(user.id, { user_metadata: { city: "Bergen" }, role: "staff" }));
  assert.deepEqual([changed.user.user_metadata.name, changed.user.user_metadata.city, changed.user.role], ["Ann", "Bergen", "staff"]);
  const client = fresh();
  const { session } = await good(client.auth.signInWithPassword({ email, password: PASSWORD }));
  const claims = JSON.parse(Buffer.from(session.access_token.split(".")[1], "base64url"));
  assert.deepEqual([claims.role, claims.tenant], ["staff", "t1"]);
  await good(admin.updateUserById(user.id, { ban_duration: "24h" }));
  await bad(fresh().auth.signInWithPassword({ email, password: PASSWORD }), "user_banned", 400);
  await missing(client.auth.refreshSession());
  await good(admin.updateUserById(user.id, { ban_duration: "none" }));
  await good(fresh().auth.signInWithPassword({ email, password: PASSWORD }));
  await good(admin.deleteUser(user.id));
  await bad(admin.getUserById(user.id), "user_not_found", 404);
  await bad(admin.createUser({ email: "no address" }), "validation_failed", 400);
});

test("users are listed in pages", async () => {
  for (const _ of [1, 2, 3]) await member();
  const first = await good(admin.listUsers({ page: 1, perPage: 2 }));
  assert.equal(first.users.length, 2);
  assert.equal(first.nextPage, 2);
  assert.ok(first.total >= 3 && first.lastPage >= 2);
});

test("somebody is invited and comes in", async () => {
  const email = someone();
  const { user } = await good(admin.inviteUserByEmail(email, { data: { name: "Eve" }, redirectTo: `${SITE}/welcome` }));
  assert.ok(user.invited_at);
  const target = await click((await letterTo(email)).link);
  assert.equal(fragment(target).type, "invite");
  await bad(admin.inviteUserByEmail(email), "email_exists", 422);
});

test("links are made without letters", async () => {
  const email = someone();
  const { properties, user } = await good(admin.generateLink({ type: "signup", email, password: PASSWORD, options: { redirectTo: `${SITE}/welcome` } }));
  assert.deepEqual([user.email, properties.verification_type, properties.redirect_to], [email, "signup", `${SITE}/welcome`]);
  assert.ok((await click(properties.action_link)).startsWith(`${SITE}/welcome#access_token=`));
  const magic = await good(admin.generateLink({ type: "magiclink", email }));
  await good(fresh().auth.verifyOtp({ type: "magiclink", token_hash: magic.properties.hashed_token }));
  const recovery = await good(admin.generateLink({ type: "recovery", email }));
  await good(fresh().auth.verifyOtp({ type: "recovery", email, token: recovery.properties.email_otp }));
});

test("an administrator ends somebody's sessions", async () => {
  const { client } = await member();
  const { access_token } = (await good(client.auth.getSession())).session;
  assert.equal((await admin.signOut(access_token, "global")).error, null);
  await missing(client.auth.getUser());
});

test("nobody else is an administrator", async () => {
  const { client } = await member();
  const { access_token } = (await good(client.auth.getSession())).session;
  for (const key of [access_token]) {
    const other = fresh(key);
    const { error } = await other.auth.admin.listUsers();
    assert.deepEqual([error.status, error.code], [403, "not_admin"]);
  }
  const { error } = await fresh().auth.admin.createUser({ email: someone() });
  assert.deepEqual([error.status, error.code], [403, "not_admin"]);
});
