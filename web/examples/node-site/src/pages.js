/** The pages. Whatever is put into one is escaped, unless it is a part of a page itself. */

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

class Html {
  constructor(text) {
    this.text = text;
  }
}

function html(strings, ...values) {
  const put = (value) => {
    if (value instanceof Html) return value.text;
    if (Array.isArray(value)) return value.map(put).join("");
    return String(value ?? "").replace(/[&<>"']/g, (character) => ESCAPES[character]);
  };
  return new Html(strings.reduce((text, string, index) => text + put(values[index - 1]) + string));
}

function page(title, body) {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
${body}
</html>
`.text;
}

export const front = () => page("Corner shop", html`<p><a href="/dashboard">Your dashboard</a></p>`);

/** `said`: why the page is shown, if there is something to say. */
export const signIn = ({ to, email, said }) =>
  page("Sign in", html`${said ? html`<p role="alert">${said}</p>` : ""}
<form method="post" action="/login">
<input type="hidden" name="to" value="${to}">
<p><label>Address <input type="email" name="email" value="${email}" autocomplete="username" required></label></p>
<p><label>Password <input type="password" name="password" autocomplete="current-password" required></label></p>
<p><label><input type="checkbox" name="remember" value="yes" checked> Stay signed in</label></p>
<p><button>Sign in</button></p>
</form>`);

/** `parts`: name and what the API says of it, or `null` where it says nothing. */
export const dashboard = (parts) =>
  page("Your dashboard", html`<dl>${parts.map(([name, said]) => html`
<dt>${name}</dt><dd>${said === null ? "Not available just now." : JSON.stringify(said)}</dd>`)}
</dl>
<form method="post" action="/logout"><button>Sign out</button></form>`);

export const notice = (title, text) => page(title, html`<p>${text}</p><p><a href="/">To the start</a></p>`);
