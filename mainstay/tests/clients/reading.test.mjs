// Reading with supabase-js: every filter, order, page, form and count.

import assert from "node:assert/strict";
import { test } from "node:test";
import { column, refusal, rows, shop, shopper } from "./setup.mjs";

const products = () => shopper.from("products").select("sku").order("sku");
const skus = (query) => column(query, "sku");

test("the whole catalog is there", async () => {
  const { count, data, status } = await shopper
    .from("products")
    .select("*", { count: "exact", head: true });
  assert.equal(status, 200);
  assert.equal(data, null);
  assert.equal(count, 216);
  assert.equal((await rows(shopper.from("categories").select())).length, 12);
});

test("comparisons", async () => {
  assert.deepEqual(await skus(products().eq("sku", "KI-0001")), ["KI-0001"]);
  assert.equal((await skus(products().neq("sku", "KI-0001"))).length, 215);
  const cheap = await rows(shopper.from("products").select("price").lt("price", 10));
  assert.ok(cheap.length > 0 && cheap.every((row) => row.price < 10));
  const dear = await rows(shopper.from("products").select("price").gt("price", 190));
  assert.ok(dear.length > 0 && dear.every((row) => row.price > 190));
  const between = await rows(
    shopper.from("products").select("price").gte("price", 50).lte("price", 60),
  );
  assert.ok(between.length > 0 && between.every(({ price }) => price >= 50 && price <= 60));
});

test("lists", async () => {
  assert.deepEqual(await skus(products().in("sku", ["KI-0002", "KI-0001"])), ["KI-0001", "KI-0002"]);
  assert.deepEqual(await skus(products().in("sku", [])), []);
  assert.equal((await skus(products().not("sku", "in", "(KI-0001,KI-0002)"))).length, 214);
  const odd = shopper.from("products").select("name").in("name", ["Kettle, large", "x, (c)"]);
  assert.deepEqual(await column(odd, "name"), ["Kettle, large"]);
});

test("null and truth", async () => {
  const never = await rows(shopper.from("products").select("sku").is("price_before", null));
  const once = await rows(shopper.from("products").select("sku").not("price_before", "is", null));
  assert.ok(never.length > 0 && once.length > 0);
  assert.equal(never.length + once.length, 216);
});

test("patterns", async () => {
  assert.equal((await skus(products().like("sku", "KI-%"))).length, 18);
  assert.equal((await skus(products().like("sku", "ki-%"))).length, 0);
  assert.equal((await skus(products().ilike("sku", "ki-%"))).length, 18);
  assert.equal((await skus(products().not("sku", "like", "KI-%"))).length, 198);
  const regex = await skus(products().regexMatch("sku", "^(KI|GA)-000[12]$"));
  assert.deepEqual(regex, ["GA-0001", "GA-0002", "KI-0001", "KI-0002"]);
  assert.deepEqual(await skus(products().regexIMatch("sku", "^ki-0001$")), ["KI-0001"]);
});

test("match asks for equality on many columns", async () => {
  const found = await skus(products().match({ sku: "KI-0001", status: "on_sale" }));
  assert.deepEqual(found, ["KI-0001"]);
  assert.deepEqual(await skus(products().match({ sku: "KI-0001", status: "draft" })), []);
});

test("or, and, not, filter", async () => {
  assert.deepEqual(await skus(products().or("sku.eq.KI-0001,sku.eq.GA-0001")), ["GA-0001", "KI-0001"]);
  const tree = products().or("and(sku.gte.KI-0001,sku.lte.KI-0003),not.and(sku.gte.AA-0000,sku.lte.TR-0017)");
  assert.deepEqual(await skus(tree), ["KI-0001", "KI-0002", "KI-0003", "TR-0018"]);
  assert.deepEqual(await skus(products().filter("sku", "eq", "KI-0001")), ["KI-0001"]);
  assert.deepEqual(await skus(products().filter("sku", "in", '("KI-0001")')), ["KI-0001"]);
  const both = products().or("sku.like.KI*,sku.like.GA*").or("sku.like.*1,sku.like.*2").like("sku", "%000%");
  assert.deepEqual(await skus(both), ["GA-0001", "GA-0002", "KI-0001", "KI-0002"]);
  assert.equal((await skus(products().isDistinct("price_before", 0))).length, 216, "nulls differ from 0");
});

test("order, and where nulls go", async () => {
  const first = (query) => rows(query.limit(1).single());
  const all = () => shopper.from("products").select("price_before");
  assert.equal((await first(all().order("price_before", { ascending: false }))).price_before, null);
  assert.notEqual((await first(all().order("price_before"))).price_before, null);
  assert.equal((await first(all().order("price_before", { nullsFirst: true }))).price_before, null);
  const last = all().order("price_before", { ascending: false, nullsFirst: false });
  assert.notEqual((await first(last)).price_before, null);
  const two = await rows(shopper.from("products").select("status,sku").order("status").order("sku", { ascending: false }).limit(1));
  assert.deepEqual(two, [{ status: "draft", sku: two[0].sku }]);
});

test("limit and range", async () => {
  assert.deepEqual(await skus(products().limit(2)), ["BA-0001", "BA-0002"]);
  assert.deepEqual(await skus(products().range(2, 3)), ["BA-0003", "BA-0004"]);
  assert.deepEqual(await skus(products().range(216, 220)), []);
  const page = await shopper.from("products").select("sku", { count: "exact" }).order("sku").range(0, 9);
  assert.deepEqual([page.status, page.count, page.data.length], [206, 216, 10]);
  const beyond = shopper.from("products").select("sku", { count: "exact" }).range(500, 509);
  assert.equal((await refusal(beyond, 416)).code, "PGRST103");
  for (const count of ["planned", "estimated"]) {
    assert.equal((await shopper.from("categories").select("id", { count })).count, 12);
  }
});

test("single and maybeSingle", async () => {
  const one = await rows(shopper.from("products").select("name").eq("sku", "KI-0001").single());
  assert.deepEqual(one, { name: "Kettle" });
  const none = await refusal(shopper.from("products").select().eq("sku", "XX-0000").single(), 406);
  assert.deepEqual([none.code, none.details], ["PGRST116", "The result contains 0 rows"]);
  const many = await refusal(shopper.from("products").select().like("sku", "KI%").single(), 406);
  assert.deepEqual([many.code, many.details], ["PGRST116", "The result contains 18 rows"]);
  assert.equal(await rows(shopper.from("products").select().eq("sku", "XX-0000").maybeSingle()), null);
  const maybe = await rows(shopper.from("products").select("name").eq("sku", "KI-0001").maybeSingle());
  assert.deepEqual(maybe, { name: "Kettle" });
  const manyMaybe = await shopper.from("products").select().like("sku", "KI%").maybeSingle();
  assert.equal(manyMaybe.error.code, "PGRST116");
});

test("csv", async () => {
  const text = await rows(shopper.from("products").select("sku,name").in("sku", ["KI-0001", "KI-0002"]).order("sku").csv());
  assert.equal(text, 'sku,name\nKI-0001,Kettle\nKI-0002,"Kettle, large"');
});

test("json paths in select and filter", async () => {
  const grey = shopper.from("products").select("sku,details->>colour,w:details->weight_g").eq("details->>colour", "grey");
  const found = await rows(grey.order("sku").limit(1).single());
  assert.deepEqual(Object.keys(found), ["sku", "colour", "w"]);
  assert.equal(found.colour, "grey");
  assert.equal(typeof found.w, "number");
  const heavy = await rows(shopper.from("products").select("details").gt("details->weight_g", 4000));
  assert.ok(heavy.length > 0 && heavy.every((row) => row.details.weight_g > 4000));
});

test("aliases and casts", async () => {
  const query = shopper.from("products").select("label:name,price::text").eq("sku", "KI-0001").single();
  assert.deepEqual(await rows(query), { label: "Kettle", price: "94.04" });
});

test("schema names another module", async () => {
  const orders = shop.schema("orders").from("orders");
  const { count } = await orders.select("id", { count: "exact", head: true });
  assert.equal(count, 60);
  const lines = await rows(shop.schema("orders").from("order_lines").select().eq("order_id", 1).order("line"));
  assert.equal(lines[0].total, Number((lines[0].quantity * lines[0].price).toFixed(2)));
  const closed = await refusal(shopper.schema("orders").from("orders").select(), 401);
  assert.equal(closed.code, "42501");
  const unknown = await refusal(shop.schema("nothing").from("orders").select(), 406);
  assert.equal(unknown.code, "PGRST106");
});

test("an aborted request ends in an error and harms nobody", async () => {
  const stop = new AbortController();
  stop.abort();
  const { error } = await shopper.from("products").select().abortSignal(stop.signal);
  assert.ok(error);
  const later = await rows(shopper.from("products").select("sku").limit(1).abortSignal(new AbortController().signal));
  assert.equal(later.length, 1);
});

test("stripNulls leaves keys out", async () => {
  const row = await rows(shopper.from("products").select("sku,price_before").eq("sku", "KI-0001").stripNulls().single());
  assert.deepEqual(row, { sku: "KI-0001" });
});
