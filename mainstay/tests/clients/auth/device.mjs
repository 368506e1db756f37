// A device with a browser before it, for the tests of passkeys: it answers what a browser is asked
// (WebAuthn Level 3, 7.1 and 7.2), counts its uses and says that it has verified its user.
import { createHash, generateKeyPairSync, sign } from "node:crypto";

import { SITE } from "./setup.mjs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const encode = (bytes) => Buffer.from(bytes).toString("base64url");
/** A challenge as it is on the wire, also when the client has made bytes of it. */
const text = (challenge) => (typeof challenge === "string" ? challenge : encode(challenge));

export class Device {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.key = privateKey;
    this.point = publicKey.export({ format: "jwk" });
    this.id = createHash("sha256").update(this.point.x).digest().subarray(0, 16);
    this.counter = 0;
    this.origin = SITE;
  }

  /** The answer to `navigator.credentials.create`. */
  create(options) {
    this.handle = text(options.user.id);
    const [x, y] = [this.point.x, this.point.y].map((part) => Buffer.from(part, "base64url"));
    const cose = [Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]), x, Buffer.from([0x22, 0x58, 32]), y];
    const made = Buffer.concat([this.#data(options.rp.id, 64), Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, ...cose]);
    const object = Buffer.concat([Buffer.from("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58", "latin1"), Buffer.from([made.length]), made]);
    const client = this.#client("webauthn.create", options);
    return this.#envelope({ clientDataJSON: encode(client), attestationObject: encode(object) });
  }

  /** The answer to `navigator.credentials.get`. */
  get(options) {
    const data = this.#data(options.rpId, 0);
    const client = this.#client("webauthn.get", options);
    const signature = sign("sha256", Buffer.concat([data, sha256(client)]), this.key);
    return this.#envelope({ clientDataJSON: encode(client), authenticatorData: encode(data), signature: encode(signature), userHandle: this.handle });
  }

  #client(type, { challenge }) {
    return Buffer.from(JSON.stringify({ type, challenge: text(challenge), origin: this.origin, crossOrigin: false }));
  }

  #data(party, flags) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.counter);
    return Buffer.concat([sha256(party), Buffer.from([flags | 5]), counter]);
  }

  #envelope(response) {
    const id = encode(this.id);
    const json = { id, rawId: id, type: "public-key", response, clientExtensionResults: {} };
    return { ...json, toJSON: () => json };
  }
}

class PublicKeyCredential {}

/** Makes the client believe that it is on a page of a browser which has this device. */
export function browse(device) {
  const credential = (made) => Object.setPrototypeOf(made, PublicKeyCredential.prototype);
  const credentials = {
    create: async ({ publicKey }) => credential(device.create(publicKey)),
    get: async ({ publicKey }) => credential(device.get(publicKey)),
  };
  const quiet = { addEventListener() {}, removeEventListener() {} };
  const window = { ...quiet, PublicKeyCredential, location: new URL(device.origin) };
  const document = { ...quiet, visibilityState: "visible" };
  for (const [name, value] of Object.entries({ window, document, PublicKeyCredential, navigator: { credentials } })) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}
