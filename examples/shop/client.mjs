// A small shop front on this application, with @supabase/supabase-js as it is published.
//
//   node examples/shop/client.mjs
//
// serves the shop from a temporary folder, talks to it, shows what is said, and stops it again. To
// talk to a shop that runs already, set MAINSTAY_URL, MAINSTAY_ANON_KEY, MAINSTAY_STAFF_TOKEN and
// MAINSTAY_CUSTOMER_TOKEN (`mainstay keys examples/shop --anon`, `… --role staff`, `… --role
// authenticated --uid ID`).

import { randomUUID } from "node:crypto";

import { serve, supabase } from "./serve.mjs";

/** The shop, with the tokens of somebody of the staff and of a customer. */
async function shopHere() {
  const { url, anon, mainstay, stop } = await serve();
  const token = (...flags) => mainstay(["keys"], ...flags);
  const customer = token("--role", "authenticated", "--uid", randomUUID());
  return { url, anon, staff: token("--role", "staff"), customer, stop };
}

function running({ MAINSTAY_URL, MAINSTAY_ANON_KEY, MAINSTAY_STAFF_TOKEN, MAINSTAY_CUSTOMER_TOKEN }) {
  if (!MAINSTAY_ANON_KEY || !MAINSTAY_STAFF_TOKEN || !MAINSTAY_CUSTOMER_TOKEN) {
    throw new Error("MAINSTAY_URL also needs MAINSTAY_ANON_KEY, MAINSTAY_STAFF_TOKEN and MAINSTAY_CUSTOMER_TOKEN");
  }
  const tokens = { anon: MAINSTAY_ANON_KEY, staff: MAINSTAY_STAFF_TOKEN, customer: MAINSTAY_CUSTOMER_TOKEN };
  return { url: MAINSTAY_URL, ...tokens, stop: async () => {} };
}

const title = (text) => console.log(`\n${text}`);
const row = (...cells) => console.log(`  ${cells.join("  ")}`);

/** The rows of an answer that must be good. */
async function rows(query) {
  const { data, error } = await query;
  if (error) throw new Error(`${error.code}: ${error.message}`);
  return data;
}

async function visit(shopper, staff, customer) {
  title("The shelves, and what the cheapest things on them cost");
  const shelves = await rows(
    shopper
      .from("categories")
      .select("name, products(sku, name, price)")
      .eq("products.status", "on_sale")
      .order("position")
      .order("price", { referencedTable: "products" })
      .limit(2, { referencedTable: "products" })
      .limit(3),
  );
  for (const { name, products } of shelves) {
    row(name);
    for (const product of products) row(" ", product.sku, product.name.padEnd(16), product.price.toFixed(2));
  }

  title("Lanterns, from the dearest, with the shelf that they stand on");
  const { data: lanterns, count } = await shopper
    .from("products")
    .select("sku, name, price, colour:details->>colour, category(name)", { count: "exact" })
    .textSearch("name", "lantern", { type: "websearch" })
    .order("price", { ascending: false })
    .range(0, 2)
    .throwOnError();
  for (const lantern of lanterns) {
    row(lantern.sku, lantern.name.padEnd(16), lantern.price.toFixed(2), lantern.colour.padEnd(7), lantern.category.name);
  }
  row(`${lanterns.length} of ${count}`);

  title("What a shelf costs, asked of a function");
  const range = await rows(shopper.rpc("price_range", { slug: "garden" }));
  row(`garden: ${range.products} things from ${range.lowest.toFixed(2)} to ${range.highest.toFixed(2)}`);

  title("The staff puts a bell on sale, twice: the second time changes the first");
  const [garden] = await rows(shopper.from("categories").select("id").eq("slug", "garden"));
  const bell = { sku: "BL-0001", name: "Bell", stock: 3, status: "on_sale", category: garden.id };
  for (const price of ["12.50", "11.90"]) {
    const answer = await staff
      .from("products")
      .upsert({ ...bell, price }, { onConflict: "sku" })
      .select("sku, price, category(name)")
      .single()
      .throwOnError();
    row(answer.status === 201 ? "added  " : "changed", answer.data.sku, answer.data.price.toFixed(2), answer.data.category.name);
  }

  title("Two bells are reserved, then two more than there are");
  await rows(staff.rpc("reserve", { sku: "BL-0001", amount: 2 }));
  const { error } = await staff.rpc("reserve", { sku: "BL-0001", amount: 2 });
  if (error?.code !== "23514") throw new Error("the shop sold what it does not have");
  row(`refused with ${error.code}: ${error.message} (${error.details})`);
  const left = await rows(shopper.from("products").select("stock").eq("sku", "BL-0001").single());
  row(`in stock: ${left.stock}`);

  title("A customer signs up, fills a cart, and cannot write its price");
  const orders = customer.schema("orders");
  const person = { email: `kim.${randomUUID().slice(0, 8)}@example.org`, name: "Kim", address: { city: "Oslo" } };
  const [kim] = await rows(orders.from("customers").insert(person).select("id, name"));
  const [cart] = await rows(orders.from("orders").insert({ customer: kim.id }).select("id, status"));
  const line = { order_id: cart.id, line: 1, sku: "BL-0001", name: "Bell", quantity: 2 };
  await rows(orders.from("order_lines").insert(line));
  const cheap = await orders.from("order_lines").update({ price: "0.01" }).eq("order_id", cart.id);
  if (cheap.error?.code !== "42501") throw new Error("a customer wrote a price");
  row(`refused with ${cheap.error.code}: ${cheap.error.message}`);
  const early = await orders.from("orders").update({ status: "placed" }).eq("id", cart.id);
  if (early.error?.code !== "42501") throw new Error("a cart was placed without its prices");
  await rows(staff.schema("orders").from("order_lines").update({ price: "11.90" }).eq("order_id", cart.id));
  await rows(orders.from("orders").update({ status: "placed" }).eq("id", cart.id));
  const mine = await rows(orders.from("orders").select("status, customer(name), order_lines(name, quantity, total)"));
  const { count: all } = await staff.schema("orders").from("orders").select("*", { count: "exact", head: true });
  for (const { status, customer, order_lines } of mine) {
    row(status, customer.name, ...order_lines.map((line) => `${line.quantity} ${line.name} ${line.total.toFixed(2)}`));
  }
  row(mine.length < all ? "sees only that" : "sees too much");

  title("What nobody but the staff may see");
  const absent = await shopper.from("products").select("sku, cost").limit(1);
  if (absent.error?.code !== "42703") throw new Error("the shop told that it has costs");
  row(`a visitor gets ${absent.status}: ${absent.error.message}`);
  const hidden = await shopper.from("products").select("sku, purchase_prices(cost)").limit(1);
  if (hidden.error?.code !== "42501") throw new Error("the shop told what it pays");
  row(`a visitor gets ${hidden.status}: ${hidden.error.message}`);
  const [told] = await rows(staff.from("products").select("sku, purchase_prices(cost)").eq("sku", "KI-0001"));
  row(`the staff gets ${told.sku}: ${told.purchase_prices.cost.toFixed(2)}`);
}

async function main() {
  const { createClient } = await supabase();
  const shop = process.env.MAINSTAY_URL ? running(process.env) : await shopHere();
  // Node 20 has no WebSocket, which the client wants to know of before anything uses it.
  const realtime = globalThis.WebSocket ? {} : { realtime: { transport: class {} } };
  const client = (token) =>
    createClient(shop.url, shop.anon, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { headers: { Authorization: `Bearer ${token}` } },
      ...realtime,
    });
  try {
    console.log(`The shop answers on ${shop.url}`);
    await visit(client(shop.anon), client(shop.staff), client(shop.customer));
  } finally {
    await shop.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
