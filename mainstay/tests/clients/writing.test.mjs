// Writing with supabase-js, and the errors that applications branch on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { column, forged, lab, refusal, rows, staff, types, visitor } from "./setup.mjs";

test("insert, one and many, with and without the rows", async () => {
  const silent = await lab.from("people").insert({ handle: "ada" });
  assert.deepEqual([silent.status, silent.data, silent.error], [201, null, null]);
  const one = await rows(lab.from("people").insert({ handle: "bela" }).select().single());
  assert.equal(one.handle, "bela");
  const many = await rows(lab.from("people").insert([{ handle: "carla" }, { handle: "dan" }]).select("handle"));
  assert.deepEqual(many, [{ handle: "carla" }, { handle: "dan" }]);
  const counted = await lab.from("people").insert([{ handle: "e1" }, { handle: "e2" }], { count: "exact" });
  assert.equal(counted.count, 2);
  assert.deepEqual(await rows(lab.from("people").insert([]).select()), []);
});

test("a bulk with differing keys takes nulls, or defaults when asked", async () => {
  const mixed = [{ name: "Bulk A", size: 7 }, { name: "Bulk B", note: "n" }];
  const refused = await refusal(lab.from("things").insert(mixed).select(), 400);
  assert.equal(refused.code, "23502");
  const made = await rows(lab.from("things").insert(mixed, { defaultToNull: false }).select("name,size,note"));
  assert.deepEqual(made, [
    { name: "Bulk A", size: 7, note: null },
    { name: "Bulk B", size: 1, note: "n" },
  ]);
});

test("upsert merges, ignores, and names its target", async () => {
  await rows(lab.from("things").insert({ name: "Up", size: 1, note: "kept" }));
  const merged = await rows(lab.from("things").upsert({ name: "Up", size: 2 }, { onConflict: "name" }).select("size,note").single());
  assert.deepEqual(merged, { size: 2, note: "kept" });
  const ignored = await rows(
    lab.from("things").upsert([{ name: "Up", size: 3 }, { name: "Up 2", size: 3 }], { onConflict: "name", ignoreDuplicates: true }).select("name"),
  );
  assert.deepEqual(ignored, [{ name: "Up 2" }]);
  assert.deepEqual(await column(lab.from("things").select("size").eq("name", "Up"), "size"), [2]);
  const pair = { a: "k", b: 1, v: "one" };
  assert.equal((await lab.from("pairs").upsert(pair)).status, 201);
  assert.equal((await lab.from("pairs").upsert({ ...pair, v: "two" })).status, 200);
  assert.deepEqual(await rows(lab.from("pairs").select()), [{ ...pair, v: "two" }]);
  const unfit = await refusal(lab.from("things").upsert({ name: "Up", size: 1 }, { onConflict: "size" }), 400);
  assert.equal(unfit.code, "42P10");
});

test("update changes what is found", async () => {
  await rows(lab.from("things").insert([{ name: "Old 1", size: 100 }, { name: "Old 2", size: 100 }]));
  const changed = await rows(lab.from("things").update({ size: 101 }).eq("size", 100).select("name").order("name"));
  assert.deepEqual(changed, [{ name: "Old 1" }, { name: "Old 2" }]);
  const silent = await lab.from("things").update({ size: 102 }).eq("size", 101);
  assert.deepEqual([silent.status, silent.data], [204, null]);
  assert.deepEqual(await rows(lab.from("things").update({ size: 1 }).eq("size", 999).select()), []);
  const counted = await lab.from("things").update({ size: 103 }, { count: "exact" }).eq("size", 102);
  assert.equal(counted.count, 2);
  assert.equal((await refusal(lab.from("things").update({ size: 1 }), 400)).code, "21000");
});

test("delete takes what is found", async () => {
  await rows(lab.from("things").insert([{ name: "Gone 1", size: 200 }, { name: "Gone 2", size: 200 }]));
  const gone = await rows(lab.from("things").delete().eq("name", "Gone 1").select("name").single());
  assert.deepEqual(gone, { name: "Gone 1" });
  const counted = await lab.from("things").delete({ count: "exact" }).eq("size", 200);
  assert.deepEqual([counted.status, counted.count], [204, 1]);
  const none = await rows(lab.from("things").delete().eq("size", 200).select().maybeSingle());
  assert.equal(none, null);
});

test("maxAffected and rollback", async () => {
  await rows(lab.from("things").insert([{ name: "Max 1", size: 300 }, { name: "Max 2", size: 300 }]));
  const refused = await refusal(lab.from("things").update({ size: 301 }).eq("size", 300).maxAffected(1), 400);
  assert.equal(refused.code, "PGRST124");
  assert.equal((await rows(lab.from("things").delete().eq("size", 300).rollback().select())).length, 2);
  assert.equal((await rows(lab.from("things").select().eq("size", 300))).length, 2);
});

test("constraint errors carry code, message and details", async () => {
  await rows(lab.from("people").insert({ handle: "twin" }));
  const twice = await refusal(lab.from("people").insert({ handle: "twin" }), 409);
  assert.equal(twice.code, "23505");
  assert.equal(twice.message, 'duplicate key value violates unique constraint "people_handle_key"');
  assert.equal(twice.details, "Key (handle)=(twin) already exists.");
  assert.equal(twice.hint, null);
  const orphan = await refusal(lab.from("things").insert({ name: "Orphan", owner: 9999 }), 409);
  assert.equal(orphan.code, "23503");
  assert.equal(orphan.details, 'Key (owner)=(9999) is not present in table "people".');
  const nothing = await refusal(lab.from("things").insert({ name: null }), 400);
  assert.equal(nothing.code, "23502");
  const check = await refusal(lab.from("things").insert({ name: "Big", size: 700 }), 400);
  assert.equal(check.code, "23514");
});

test("names and literals that are wrong", async () => {
  const codes = async (query, status) => (await refusal(query, status)).code;
  assert.equal(await codes(lab.from("things").select().eq("size", "many"), 400), "22P02");
  assert.equal(await codes(lab.from("things").select("nonsense"), 400), "42703");
  assert.equal(await codes(lab.from("things").insert({ nonsense: 1 }), 400), "PGRST204");
  assert.equal(await codes(lab.from("nonsense").select(), 404), "PGRST205");
  assert.equal(await codes(lab.rpc("nonsense"), 404), "PGRST202");
  assert.equal(await codes(lab.from("things").select("id,pairs(*)"), 400), "PGRST200");
});

test("who may not is told apart from who is not known", async () => {
  assert.equal((await refusal(visitor.from("closed").select(), 401)).code, "42501");
  assert.equal((await refusal(visitor.from("things").insert({ name: "No" }), 401)).code, "42501");
  assert.equal((await refusal(staff.from("closed").select(), 403)).code, "42501");
  assert.equal((await staff.from("things").insert({ name: "By staff" })).status, 201);
  const lie = await refusal(forged.from("things").select(), 401);
  assert.deepEqual([lie.code, lie.message], ["PGRST301", "The token is not valid"]);
});

test("throwOnError throws the error", async () => {
  await assert.rejects(
    async () => await lab.from("nonsense").select().throwOnError(),
    (error) => error.code === "PGRST205",
  );
  const { data } = await lab.from("people").select("handle").eq("handle", "ada").throwOnError();
  assert.deepEqual(data, [{ handle: "ada" }]);
});

test("every type comes back in the form that clients know", async () => {
  const given = {
    t: "héllo", si: -1, i: 7, n: 10.5, long: "12345678901234567890.1", r: 1.5, d: 0.1, b: true,
    u: "0192F0C1-0000-7000-8000-0000000000AB", tz: "2024-01-31T11:20:30.5+01:00",
    ts: "2024-01-31 10:20:30", da: "2024-01-31", ti: "10:20:30", j: { a: [1, null, { b: "c" }] },
    by: "\\x6869", e: "red", texts: ["a", "b,c", null], ints: [1, 2], uuids: [],
  };
  const row = await rows(types.from("kinds").insert(given).select("*,long::text,bi").single());
  assert.equal(row.u, "0192f0c1-0000-7000-8000-0000000000ab");
  assert.equal(row.tz, "2024-01-31T10:20:30.5+00:00");
  assert.equal(row.ts, "2024-01-31T10:20:30");
  assert.equal(row.n, 10.5);
  assert.equal(row.b, true);
  assert.equal(row.by, "\\x6869");
  assert.equal(row.long, "12345678901234567890.1000000000");
  assert.equal(row.bi, null);
  assert.deepEqual(row.j, given.j);
  assert.deepEqual(row.texts, given.texts);
  assert.deepEqual([row.ints, row.uuids, row.e, row.da, row.ti], [[1, 2], [], "red", "2024-01-31", "10:20:30"]);
});

test("a bigint beyond a double is exact as text", async () => {
  const made = await types.from("kinds").insert({ bi: "9007199254740993" }).select("id,bi::text").single();
  assert.equal(made.data.bi, "9007199254740993");
  const found = await rows(types.from("kinds").select("id").eq("bi", "9007199254740993"));
  assert.deepEqual(found, [{ id: made.data.id }]);
});
