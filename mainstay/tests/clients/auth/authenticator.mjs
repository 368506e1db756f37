// A security key in software, behind the functions of a browser: what `auth.mfa.webauthn` and
// `auth.signInWithPasskey` of the client call. ES256, no attestation (WebAuthn level 3, sections 6 and 8.7).
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const sha256 = (data) => createHash("sha256").update(data).digest();
const base64url = (data) => Buffer.from(data).toString("base64url");
const exact = (buffer) => Uint8Array.from(buffer).buffer;

/** CBOR (RFC 8949) of what attestations are made of: integers, bytes, text and maps. */
function cbor(value) {
  const head = (major, size) => {
    if (size < 24) return Buffer.from([(major << 5) | size]);
    if (size < 256) return Buffer.from([(major << 5) | 24, size]);
    return Buffer.from([(major << 5) | 25, size >> 8, size & 255]);
  };
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flat().map(cbor)]);
}

class PublicKeyCredential {
  constructor(id, response) {
    Object.assign(this, { id: base64url(id), rawId: exact(id), type: "public-key", authenticatorAttachment: "cross-platform", response });
  }

  getClientExtensionResults() {
    return {};
  }

  toJSON() {
    const response = Object.fromEntries(Object.entries(this.response).map(([name, value]) => [name, value && base64url(value)]));
    return { id: this.id, rawId: this.id, type: this.type, authenticatorAttachment: this.authenticatorAttachment, clientExtensionResults: {}, response };
  }
}

/** One device with its keys. `origin` is the page that it believes to be on; `counter` can be turned back. */
export class Authenticator {
  keys = new Map();
  counter = 0;

  constructor(origin) {
    this.origin = origin;
  }

  /** What is signed: whose party, what was checked, how often the device was used. */
  #data(party, flags) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.counter);
    return Buffer.concat([sha256(party), Buffer.from([flags]), counter]);
  }

  #client(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge: base64url(challenge), origin: this.origin, crossOrigin: false }));
  }

  async create({ publicKey }) {
    const { publicKey: open, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const id = randomBytes(32);
    const { x, y } = open.export({ format: "jwk" });
    const key = new Map([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, "base64url")], [-3, Buffer.from(y, "base64url")]]);
    this.keys.set(base64url(id), { privateKey, party: publicKey.rp.id, user: Buffer.from(publicKey.user.id) });
    // Present, verified, and with a key attached: 0x45.
    const data = Buffer.concat([this.#data(publicKey.rp.id, 0x45), Buffer.alloc(16), Buffer.from([0, id.length]), id, cbor(key)]);
    const attestation = cbor(new Map([["fmt", "none"], ["attStmt", new Map()], ["authData", data]]));
    return new PublicKeyCredential(id, { clientDataJSON: exact(this.#client("webauthn.create", publicKey.challenge)), attestationObject: exact(attestation) });
  }

  async get({ publicKey }) {
    const allowed = (publicKey.allowCredentials ?? []).map(({ id }) => base64url(id));
    const known = [...this.keys].find(([id, { party }]) => party === publicKey.rpId && (!allowed.length || allowed.includes(id)));
    if (!known) throw new DOMException("no such key on this device", "NotAllowedError");
    const [id, { privateKey, user }] = known;
    const data = this.#data(publicKey.rpId, 0x05);
    const client = this.#client("webauthn.get", publicKey.challenge);
    const signature = sign("sha256", Buffer.concat([data, sha256(client)]), privateKey);
    const response = { clientDataJSON: exact(client), authenticatorData: exact(data), signature: exact(signature), userHandle: exact(user) };
    return new PublicKeyCredential(Buffer.from(id, "base64url"), response);
  }
}

/** Makes the client believe that it is on a page of a browser which has this device. */
export function browse(device) {
  const location = new URL(device.origin);
  const quiet = { addEventListener() {}, removeEventListener() {} };
  const window = { ...quiet, PublicKeyCredential, location };
  const document = { ...quiet, visibilityState: "visible" };
  for (const [name, value] of Object.entries({ window, document, PublicKeyCredential, navigator: { credentials: device } })) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}
