// A person with a browser at an identity provider: follows redirects, keeps cookies, fills forms in.
import assert from "node:assert/strict";

/** Where the provider sends a person who logs in with this name, as soon as it leaves `stops`' doors. */
export async function walk(url, login, { stops, cancels = false }) {
  const cookies = new Map();
  let ask = { url };
  for (let steps = 0; steps < 20; steps++) {
    const answer = await fetch(ask.url, {
      redirect: "manual",
      method: ask.form ? "POST" : "GET",
      body: ask.form,
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      cookies.set(name, value);
    }
    const next = answer.headers.get("location");
    if (next) {
      const target = new URL(next, ask.url).href;
      if (target.startsWith(stops)) return target;
      ask = { url: target };
      continue;
    }
    const page = await answer.text();
    assert.equal(answer.status, 200, page);
    const field = (name) => page.match(new RegExp(`<${name}="([^"]+)"`))?.[1];
    const abort = page.match(/href="([^"]+\/abort)"/)?.[1];
    if (cancels) {
      assert.ok(abort, page);
      ask = { url: new URL(abort, ask.url).href };
      continue;
    }
    const action = field(`form[^>]*action`);
    assert.ok(action, page);
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const form = new URLSearchParams(hidden.map(([, name, value]) => [name, value]));
    if (page.includes('name="login"')) {
      form.set("login", login);
      form.set("password", "any");
    }
    ask = { url: new URL(action, ask.url).href, form };
  }
  throw new Error(`no end at ${ask.url}`);
}
