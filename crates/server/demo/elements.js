/** Elements, made by name: never from text that could be taken for markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element of the page. Properties that begin with `on` are listeners, `true` and `false` set or leave an attribute;
 * children that are `null` are left out.
 */
export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An element of a drawing. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text with `code` in it: what stands between two grave accents is set as code. */
export function rich(text) {
  return text.split("`").map((part, number) => (number % 2 ? el("code", {}, part) : part));
}

/** Says something in an element, and touches it only where it says something else already. */
export function say(element, text) {
  if (element.dataset.says === text) return;
  element.dataset.says = text;
  element.replaceChildren(...rich(text));
}

/** A button that stays where it is when it cannot be pressed, so that nobody loses their place. */
export function button(text, press, kind = "") {
  const made = el("button", { type: "button", class: kind }, text);
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") !== "true") press();
  });
  return made;
}

/** Whether a button can be pressed. */
export function enable(made, can) {
  made.setAttribute("aria-disabled", String(!can));
}
