// An identity provider on loopback, for the tests of accounts: npm's oidc-provider with people who are
// called what they type. Says its address on the first line; ends when its input does.
import { Console } from "node:console";
import http from "node:http";

import Provider from "oidc-provider";

// The first line is what the test reads, and it may stop reading then.
const say = (line) => process.stdout.write(`${line}\n`);
globalThis.console = new Console(process.stderr);

const SITE = "http://localhost:3000";

/** Somebody whose login is an address of mail. Who begins with "unproven" has not shown that it is theirs. */
const person = (login) => ({
  sub: login,
  email: login.replace(/^[^:]*:/, ""),
  email_verified: !login.startsWith("unproven"),
  name: `Person ${login}`,
});

function provider(issuer, callback) {
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: "members at the provider",
        client_secret: "s3cret/with+signs",
        redirect_uris: [callback],
        grant_types: ["authorization_code", "refresh_token"],
      },
      {
        client_id: "telephone",
        token_endpoint_auth_method: "none",
        redirect_uris: [`${SITE}/telephone`],
      },
      {
        client_id: "another application",
        token_endpoint_auth_method: "none",
        redirect_uris: [`${SITE}/telephone`],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { claimsParameter: { enabled: true } },
    pkce: { required: () => true },
    cookies: { keys: ["of this test"] },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => person(id) }),
  });
  return made.callback();
}

let answer;
const server = http.createServer(async (request, response) => {
  if (answer) return answer(request, response);
  // The first request says where people come back to: the server under test starts after this one.
  let text = "";
  for await (const part of request) text += part;
  answer = provider(`http://127.0.0.1:${server.address().port}`, text);
  response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", () => say(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
