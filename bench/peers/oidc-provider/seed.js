// seed.js COUNT PORT: as many sessions, each by a walk through the authorization code flow; prints refresh tokens, one a line.
import { createHash, randomBytes } from 'node:crypto'
import { CALLBACK, CLIENT } from './client.js'

const [count, port] = process.argv.slice(2).map(Number)
const origin = `http://127.0.0.1:${port}`
const AT_ONCE = 16

/** Follows redirects with the cookies of one visitor until they leave the provider; where to. */
async function walk(path) {
  const jar = new Map()
  let url = new URL(path, origin)
  for (let steps = 0; steps < 6; steps += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} })
    await response.arrayBuffer()
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';', 1)[0].split(/=(.*)/s)
      value ? jar.set(name, value) : jar.delete(name)
    }
    const location = response.headers.get('location')
    if (!location) throw new Error(`${url.pathname} answered ${response.status} and leads nowhere`)
    url = new URL(location, origin)
    if (url.origin !== origin) return url
  }
  throw new Error('the flow has no end')
}

async function session(user) {
  const verifier = randomBytes(32).toString('base64url')
  const asked = new URLSearchParams({
    client_id: CLIENT, response_type: 'code', redirect_uri: CALLBACK, scope: 'api', login_hint: user,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  })
  const code = (await walk(`/auth?${asked}`)).searchParams.get('code')
  const response = await fetch(`${origin}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code', client_id: CLIENT, redirect_uri: CALLBACK, code, code_verifier: verifier,
    }),
  })
  const answer = await response.json()
  if (!answer.refresh_token) throw new Error(`no refresh token: ${JSON.stringify(answer)}`)
  return answer.refresh_token
}

let next = 0
async function walker() {
  while (next < count) {
    const user = `user${next++}`
    console.log(await session(user))
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, walker))
