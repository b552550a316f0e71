/**
 * What a network and the machines in it do to a request. A fault is given the exchange: `pass()` asks the server and answers its
 * reply without sending it on, `send(reply)` sends one, `request`, `response` and `socket` are Node's.
 */

const html = (status, headers = {}) => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8", ...headers },
  body: Buffer.from(`<!doctype html><title>${status}</title><h1>${status}</h1><p>Please sign in to the network.</p>`),
});

/** The connection breaks before the server has seen the request. */
export const reset = ({ socket }) => socket.resetAndDestroy();

/** No answer ever comes, and the server never sees the request. */
export const hang = () => {};

/** The server has done what was asked; its reply is lost. */
export const lost = async ({ pass, socket }) => {
  await pass();
  socket.destroy();
};

/** The server has done what was asked; its reply never comes, and the connection stays. */
export const mute = async ({ pass }) => {
  await pass();
};

/** A machine on the way answers with a page of its own. */
export const page = (status, headers) => ({ send }) => send(html(status, headers));

/** The reply breaks off in the middle of its body. */
export const truncated = async ({ pass, response, socket }) => {
  const { status, headers, body } = await pass();
  response.writeHead(status, { ...headers, "content-length": body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => socket.destroy());
};

/** Half of the reply, passed off as all of it. */
export const halved = async ({ pass, send }) => {
  const reply = await pass();
  send({ ...reply, body: reply.body.subarray(0, Math.floor(reply.body.length / 2)) });
};

/**
 * Holds back the replies to what the server has already done. `held()` counts those that wait; `release()` lets them go, and
 * holds no more.
 */
export function holding() {
  const waiting = [];
  let open = false;
  const fault = async ({ pass, send }) => {
    const reply = await pass();
    if (open) send(reply);
    else waiting.push(() => send(reply));
  };
  const release = () => {
    open = true;
    for (const go of waiting.splice(0)) go();
  };
  return { fault, held: () => waiting.length, release };
}
