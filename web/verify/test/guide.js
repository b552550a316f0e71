/** The pages of `docs/guide/verify`: their code is taken out, put into a folder, and started as a service. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { until } from "./issuer.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const GUIDE = join(PACKAGE, "../../docs/guide/verify");
/** Debian's, which has the modules; others of that name may not. */
const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

/** Serves the handler of serverless.md, as the platforms do. */
const HOST = `
import { createServer } from "node:http";
import handler from "./function.js";
createServer(async (req, res) => {
  const answer = await handler.fetch(new Request("http://localhost" + req.url, { headers: req.headers }));
  res.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
}).listen(process.env.PORT, "127.0.0.1");
`;

/** How each page's service is started. */
const COMMANDS = {
  node: [process.execPath, "service.js"],
  express: [process.execPath, "service.js"],
  serverless: [process.execPath, "host.js"],
  python: [PYTHON, "service.py"],
};

/** The code blocks of a page that have a file's name: \`\`\`js auth.js. */
export async function files(page) {
  const text = await readFile(join(GUIDE, `${page}.md`), "utf8");
  return [...text.matchAll(/^```\w+ (\S+\.\w+)\n(.*?)^```$/gms)].map(([, name, code]) => ({ name, code }));
}

/** A page's service, which says what it answers. */
export class Service {
  static async start(page, environment) {
    const service = new Service();
    service.folder = await mkdtemp(join(tmpdir(), `rotunda-${page}-`));
    const code = [...(await files(page)), { name: "host.js", code: HOST }, { name: "package.json", code: '{"type": "module"}' }];
    for (const { name, code: text } of code) await writeFile(join(service.folder, name), text);
    const modules = join(service.folder, "node_modules");
    await mkdir(join(modules, "@rotunda"), { recursive: true });
    await symlink(PACKAGE, join(modules, "@rotunda/verify"));
    for (const name of ["jose", "express"]) await symlink(join(PACKAGE, "node_modules", name), join(modules, name));

    service.port = await freePort();
    const env = { PATH: process.env.PATH, PORT: String(service.port), PYTHONDONTWRITEBYTECODE: "1", ...environment };
    const [command, file] = COMMANDS[page];
    service.process = spawn(command, [file], { cwd: service.folder, env, stdio: ["ignore", "ignore", "pipe"] });
    let says = "";
    service.process.stderr.on("data", (text) => (says = (says + text).slice(-4096)));
    await until(`${page} listens`, () => {
      if (service.process.exitCode !== null) throw new Error(`${page} has ended: ${service.process.exitCode}\n${says}`);
      return fetch(`http://127.0.0.1:${service.port}/`).then((response) => response.text().then(() => true), () => false);
    });
    return service;
  }

  async stop() {
    if (this.process.exitCode === null) {
      this.process.kill("SIGKILL");
      await once(this.process, "exit");
    }
    await rm(this.folder, { recursive: true });
  }

  /** Asks it to end, and says with which code it does. */
  async end() {
    this.process.kill("SIGTERM");
    const [code] = await once(this.process, "exit");
    return code;
  }

  /** `{ status, challenge, body }`. */
  async ask(token, path = "/orders") {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers });
    return { status: response.status, challenge: response.headers.get("www-authenticate"), body: await response.json() };
  }

  async status(token, path) {
    return (await this.ask(token, path)).status;
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
