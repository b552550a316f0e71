/**
 * Reading `text/event-stream` (HTML, "Server-sent events", §9.2.6), piece by piece as it arrives.
 *
 * 1. Lines end with LF, CR or CR LF; a piece may end anywhere, also between CR and LF or inside a character.
 * 2. `event` and `data` are read; several `data` lines are joined by LF; comments and other fields are skipped.
 * 3. An empty line completes an event, if it has data.
 * 4. Bounded: an event that grows beyond `MOST_EVENT_LENGTH` ends the stream.
 */

/** The longest event, all its lines together, in characters. The server sends what is longer in several. */
export const MOST_EVENT_LENGTH = 4 * 1024 * 1024;

/** Takes pieces, gives events. */
export class Parser {
  #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The line that has begun, in parts. */
  #line = [];
  #afterCr = false;
  #length = 0;
  #name = "";
  #data = [];

  /**
   * Takes the next piece; answers with the events that it completes. Throws for what is too long, or no text.
   *
   * @param {Uint8Array} piece
   */
  push(piece) {
    let text = this.#decoder.decode(piece, { stream: true });
    if (text === "") return [];
    if (this.#afterCr && text.startsWith("\n")) text = text.slice(1);
    this.#afterCr = text.endsWith("\r");
    // The last of these is not ended yet.
    const lines = text.split(/\r\n|\n|\r/);
    const events = [];
    lines.forEach((part, index) => {
      this.#grow(part);
      if (index < lines.length - 1) events.push(...this.#lineEnded());
    });
    return events;
  }

  #grow(part) {
    this.#length += part.length;
    if (this.#length > MOST_EVENT_LENGTH) throw new RangeError(`an event of more than ${MOST_EVENT_LENGTH} characters`);
    if (part !== "") this.#line.push(part);
  }

  #lineEnded() {
    const line = this.#line.join("");
    this.#line = [];
    if (line === "") return this.#eventEnded();
    const colon = line.includes(":") ? line.indexOf(":") : line.length;
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (line.slice(0, colon) === "event") this.#name = value;
    if (line.slice(0, colon) === "data") this.#data.push(value);
    return [];
  }

  #eventEnded() {
    const event = { name: this.#name, data: this.#data.join("\n") };
    const events = this.#data.length > 0 ? [event] : [];
    [this.#name, this.#data, this.#length] = ["", [], 0];
    return events;
  }
}
