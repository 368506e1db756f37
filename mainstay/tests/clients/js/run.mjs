// Runs the scenarios of a file with @supabase/supabase-js. A step is a method of the client's own
// builders and its arguments; the same file is run by ../python/run.py.
// Says `ok NAME` or `not ok NAME: why` for each, then one line of JSON with the counts.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { createClient } from "@supabase/supabase-js";

// Realtime wants a WebSocket as soon as it is made; Node 20 has none, and nothing here uses it.
class NoSocket {}

const clients = new Map();

function client({ url, anon, tokens }, role) {
  const known = `${url} ${role}`;
  if (!clients.has(known)) {
    clients.set(
      known,
      createClient(url, anon, {
        auth: { persistSession: false, autoRefreshToken: false },
        realtime: { transport: NoSocket },
        global: { headers: { Authorization: `Bearer ${tokens[role]}` } },
      }),
    );
  }
  return clients.get(known);
}

async function call(from, steps) {
  let query = from;
  for (const [method, ...given] of steps) query = query[method](...given);
  return await query;
}

const shown = (value) => JSON.stringify(value) ?? "nothing";

/** What one expectation asks for, and what came: null where they agree. */
function difference(what, expected, answer) {
  const differs = (is, wanted) => (isDeepStrictEqual(is, wanted) ? null : `${what}: ${shown(is)}, not ${shown(wanted)}`);
  switch (what) {
    case "error":
      if (!answer.error) return `no error, but ${shown(answer.data)}`;
      for (const [key, wanted] of Object.entries(expected)) {
        const found = differs(answer.error[key], wanted);
        if (found) return `error.${key} of ${found} in ${shown(answer.error)}`;
      }
      return null;
    case "rows":
      return differs(answer.data?.length, expected);
    case "contains":
      return String(answer.data).includes(expected) ? null : `${shown(answer.data)} lacks ${shown(expected)}`;
    default:
      return differs(answer[what], expected);
  }
}

/** How many things one expectation compares. */
const weight = (what, expected) => (what === "error" ? Object.keys(expected).length : 1);

async function run(scenario, apps) {
  let assertions = 0;
  for (const { as = "service", steps, expect, javascript = {} } of scenario.calls) {
    const answer = await call(client(apps[scenario.app], as), steps);
    const wanted = { ...expect, ...javascript };
    if (answer.error && !wanted.error) throw new Error(`refused: ${shown(answer.error)}`);
    for (const [what, expected] of Object.entries(wanted)) {
      const found = difference(what, expected, answer);
      if (found) throw new Error(found);
      assertions += weight(what, expected);
    }
  }
  return assertions;
}

const { apps, scenarios } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const counts = { scenarios: 0, assertions: 0, failed: 0 };
for (const scenario of scenarios) {
  counts.scenarios += 1;
  try {
    counts.assertions += await run(scenario, apps);
    console.log(`ok ${scenario.name}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`not ok ${scenario.name}: ${error.message}`);
  }
}
console.log(JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
