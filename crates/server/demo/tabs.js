/**
 * How the two tabs of a story speak with each other, from memory to memory: nothing is stored.
 *
 * | message | from | what it says |
 * |---|---|---|
 * | `hello`, `bye` | second | here I am; I am gone |
 * | `sent`, `answered` | second | a request of mine leaves; its answer |
 * | `story` | first | the story so far, whenever it has changed |
 * | `both` | first | refresh now, and I do as well |
 * | `full`, `over` | first | there is a second tab already; I am gone |
 */
export class Line {
  #channel;
  /** Each tab has its own name, so that the first one knows who speaks. */
  #name;

  constructor(story, name, hear) {
    this.#name = name;
    this.#channel = new BroadcastChannel(`rotunda-demo-${story}`);
    this.#channel.addEventListener("message", ({ data }) => {
      if (data.to === undefined || data.to === name) hear(data);
    });
  }

  /** Says something to all, or to one. */
  say(is, more = {}, to) {
    this.#channel.postMessage({ ...more, is, to, from: this.#name });
  }
}
