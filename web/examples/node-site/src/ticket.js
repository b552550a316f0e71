/**
 * The ticket: the one thing that a browser has of its session, 32 random bytes in a cookie.
 *
 * 1. It says nothing, and it stays the same for as long as the session lives. A refresh does not touch it, so replies may
 *    reach the browser in any order.
 * 2. The store has the session under a name that is made from the ticket, sealed with a key that is made from it too. So a
 *    copy of the store signs nobody in, and it is no use to write somebody else's record into it.
 */

import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const [IV, TAG] = [12, 16];

export class Ticket {
  #secret;

  constructor(secret) {
    this.#secret = secret;
    /** Under which the store has its session. */
    this.name = this.#derive("name").toString("base64url");
  }

  static make() {
    return new Ticket(randomBytes(32));
  }

  /** The ticket that a cookie holds; `null` when that cannot be one. */
  static read(text) {
    return /^[\w-]{43}$/.test(text ?? "") ? new Ticket(Buffer.from(text, "base64url")) : null;
  }

  /** What the cookie holds. */
  text() {
    return this.#secret.toString("base64url");
  }

  seal(text) {
    const iv = randomBytes(IV);
    const cipher = createCipheriv(CIPHER, this.#derive("seal"), iv);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
  }

  /** Throws when this was not sealed with the same ticket. */
  open(sealed) {
    const bytes = Buffer.from(sealed, "base64url");
    const decipher = createDecipheriv(CIPHER, this.#derive("seal"), bytes.subarray(0, IV), { authTagLength: TAG });
    decipher.setAuthTag(bytes.subarray(IV, IV + TAG));
    return decipher.update(bytes.subarray(IV + TAG), undefined, "utf8") + decipher.final("utf8");
  }

  #derive(purpose) {
    return createHmac("sha256", this.#secret).update(purpose).digest();
  }
}
