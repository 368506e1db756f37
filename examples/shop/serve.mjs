// Serves this application for the programs beside this file: from a temporary folder, on a free port,
// until they are done. Installs supabase-js and builds mainstay where they are missing.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const SHOP = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MINUTE = 60_000;
/** Settings of whoever runs this are for another server. */
const CLEAN = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MAINSTAY_")));

/** The client, installed into this folder where it is missing. */
export async function supabase() {
  try {
    return await import("@supabase/supabase-js");
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  }
  console.log("Installing @supabase/supabase-js beside this file ...");
  const quiet = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = spawnSync("npm", quiet, { cwd: SHOP, stdio: "inherit" });
  if (npm.status !== 0) throw new Error("@supabase/supabase-js is missing: npm install --prefix examples/shop");
  return await import("@supabase/supabase-js");
}

/** The executable; built where there is none. */
function executable() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const made = ["release", "debug"].map((profile) => join(target, profile, "mainstay"));
  const found = [process.env.MAINSTAY_BIN, ...made].find((path) => path && existsSync(path));
  if (found) return found;
  console.log("Building mainstay (cargo build --release) ...");
  const cargo = spawnSync("cargo", ["build", "--release"], { cwd: ROOT, stdio: "inherit" });
  if (cargo.status !== 0) throw new Error("mainstay cannot be built: see what cargo says");
  return made[0];
}

/** Serves the shop on a free port until `stop`; `mainstay` runs its other commands over the same data. */
export async function serve() {
  const program = executable();
  const data = mkdtempSync(join(tmpdir(), "shop-"));
  const anywhere = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data", data];
  const server = spawn(program, ["serve", SHOP, ...anywhere], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...CLEAN, MAINSTAY_TELEMETRY_LOG_FORMAT: "json" },
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const url = await listening(server);
    const mainstay = (command, ...args) => {
      const said = spawnSync(program, [...command, SHOP, "--data", data, ...args], { encoding: "utf8", env: CLEAN });
      if (said.status !== 0) throw new Error(said.stderr);
      return said.stdout.trim();
    };
    const keys = JSON.parse(mainstay(["keys"], "--json"));
    return { url, anon: keys.anon, service: keys.service_role, mainstay, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address, as soon as the log says it. */
function listening(server) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the shop did not start in a minute")), MINUTE);
    server.once("exit", (code) => reject(new Error(`mainstay ended with ${code}`)));
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (!line.includes("server.listening")) return;
      clearTimeout(late);
      resolve(`http://${JSON.parse(line).address}`);
    });
  });
}

/** Realtime wants a WebSocket as soon as it is made; Node 20 has none, and nothing here uses it. */
export class NoSocket {}
