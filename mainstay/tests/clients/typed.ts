// What TypeScript finds out from the types of mainstay/tests/e2e/apps/typed.toml. It is compiled,
// never run: each line that must not compile says so.

import { createClient } from "@supabase/supabase-js";
import type { Database, Enums, Json, Tables, TablesInsert, TablesUpdate } from "#database";
import { Constants } from "#database";

const client = createClient<Database>("http://127.0.0.1", "key");

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const same = <A, B>(..._: Same<A, B> extends true ? [] : ["these types differ"]): void => {};

type Rows<Answer> = Answer extends { data: infer D } ? NonNullable<D> : never;

export async function rows() {
  const plain = await client.from("books").select();
  same<Rows<typeof plain>[number]["status"], "draft" | "printed">();
  same<Rows<typeof plain>[number]["extra"], Json | null>();
  same<Rows<typeof plain>[number]["tags"], string[]>();

  const chosen = await client.from("books").select("name:title, price, doubled");
  same<Rows<typeof chosen>, { name: string; price: number; doubled: number | null }[]>();

  const one = await client.from("books").select("id").single();
  same<Rows<typeof one>, { id: string }>();

  // @ts-expect-error there is no such table
  client.from("boks");
  // @ts-expect-error there is no such column to filter by
  client.from("books").select().eq("titel", "x");
  // @ts-expect-error a price is a number
  client.from("books").select().eq("price", "x");
}

export async function embeds() {
  const toMany = await client.from("authors").select("name, books!books_author_fkey(title)");
  same<Rows<typeof toMany>, { name: string; books: { title: string }[] }[]>();

  const toOne = await client.from("books").select("title, written:authors!books_author_fkey(name)");
  same<Rows<typeof toOne>, { title: string; written: { name: string } }[]>();

  const maybe = await client.from("books").select("title, editor(name)");
  same<Rows<typeof maybe>, { title: string; editor: { name: string } | null }[]>();

  const single = await client.from("authors").select("name, profiles(bio)");
  same<Rows<typeof single>, { name: string; profiles: { bio: string | null } | null }[]>();

  const nested = await client
    .from("profiles")
    .select("bio, authors(name, books!books_author_fkey(title, genres(name)))");
  same<
    Rows<typeof nested>,
    {
      bio: string | null;
      authors: { name: string; books: { title: string; genres: { name: string }[] }[] };
    }[]
  >();

  const spread = await client.from("profiles").select("bio, ...authors(name)");
  same<Rows<typeof spread>, { bio: string | null; name: string }[]>();

  const spreadMany = await client.from("genres").select("name, ...books(titles:title)");
  same<Rows<typeof spreadMany>, { name: string; titles: string[] }[]>();

  const ofView = await client.from("printed").select("title, authors(name)");
  same<Rows<typeof ofView>, { title: string; authors: { name: string } }[]>();

  const unknown = await client.from("genres").select("name, ledgers(amount)");
  // @ts-expect-error nothing relates the two, so what stands in place of rows is an error
  const rows: { ledgers: { amount: number }[] }[] | null = unknown.data;
  return rows;
}

export async function writes() {
  await client.from("books").insert({ title: "a", author: 1, price: 2 });
  await client.from("books").insert([{ title: "a", author: 1, price: 2, status: "printed" }]);
  await client.from("books").update({ editor: null }).eq("id", "x").maxAffected(1);
  await client.from("authors").upsert({ name: "a", email: null }, { onConflict: "email" });

  // @ts-expect-error a title is needed
  await client.from("books").insert({ author: 1, price: 2 });
  // @ts-expect-error the status is one of two
  await client.from("books").insert({ title: "a", author: 1, price: 2, status: "lost" });
  // @ts-expect-error only the database numbers authors
  await client.from("authors").insert({ id: 1, name: "a" });
  // @ts-expect-error a computed column cannot be written
  await client.from("books").update({ doubled: 4 });
  // @ts-expect-error a title cannot be null
  await client.from("books").update({ title: null });
  // @ts-expect-error a view of groups can only be read
  await client.from("totals").insert({ author: 1 });
}

export async function calls() {
  const set = await client.rpc("books_of", { author: 1 });
  same<Rows<typeof set>[number]["title"], string>();
  const embedded = await client.rpc("books_of", { author: 1 }).select("title, genres(name)");
  same<Rows<typeof embedded>, { title: string; genres: { name: string }[] }[]>();
  const value = await client.rpc("how_many");
  same<Rows<typeof value>, number>();
  await client.rpc("reprice", { factor: 1.1 });

  // @ts-expect-error an argument is missing
  await client.rpc("reprice", {});
  // @ts-expect-error an argument of another type
  await client.rpc("reprice", { factor: "much" });
  // @ts-expect-error no such function
  await client.rpc("unknown");
}

same<Tables<"genres">, { id: string; name: string }>();
same<Tables<"totals">["books"], Tables<{ schema: "typed" }, "totals">["books"]>();
same<TablesInsert<"genres">, { id?: string; name: string }>();
same<TablesUpdate<"genres">, { id?: string; name?: string }>();
same<Enums<"books_status">, "draft" | "printed">();
same<(typeof Constants)["typed"]["Enums"]["books_status"], readonly ["draft", "printed"]>();
// @ts-expect-error there is no such table
export type Wrong = Tables<"genre">;
