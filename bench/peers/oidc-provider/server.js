// oidc-provider, as quick as its configuration goes while a refresh does what Rotunda's does: it replaces the refresh
// token and answers with one access token signed by ES256.
//
// 1. Scope `api` of one resource server and no `openid`, so that there is no identity token to sign as well.
// 2. Access tokens are JWTs, which this provider does not store.
// 3. Refresh tokens don't depend on the provider's own browser session, which would be read each time.
// 4. The client is public, as a browser's is: PKCE, no secret.
// 5. A visitor is signed in by `login_hint`, without a password: how a person signs in is left to whoever installs it, so
//    its logins are not compared.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { Adapter } from './adapter.js'
import { API, CALLBACK, CLIENT } from './client.js'
import { secrets } from './secrets.js'
import { workers } from './workers.js'

const port = Number(process.argv[2])
const DAY = 24 * 60 * 60
const keys = secrets(() => ({
  cookie: randomBytes(32).toString('hex'),
  signing: {
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    kid: 'first', use: 'sig', alg: 'ES256',
  },
}))

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Adapter,
  clients: [{
    client_id: CLIENT,
    token_endpoint_auth_method: 'none',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [keys.signing] },
  cookies: { keys: [keys.cookie] },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  rotateRefreshToken: true,
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'api', audience: API, accessTokenTTL: 900, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  ttl: { AuthorizationCode: 60, Grant: 14 * DAY, Interaction: 600, RefreshToken: 14 * DAY, Session: DAY },
})
provider.on('server_error', (_context, error) => console.error(error))

/** Whoever `login_hint` names is signed in and has consented. */
async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response)
  const grant = new provider.Grant({ accountId: params.login_hint, clientId: params.client_id })
  grant.addResourceScope(API, 'api')
  const grantId = await grant.save()
  await provider.interactionFinished(request, response, {
    login: { accountId: params.login_hint },
    consent: { grantId },
  })
}

function serve() {
  const handle = provider.callback()
  const server = createServer((request, response) => {
    if (!request.url.startsWith('/interaction/')) return handle(request, response)
    interact(request, response).catch((error) => {
      console.error(error)
      response.writeHead(400).end()
    })
  })
  server.listen(port, '127.0.0.1')
}

await workers(port, async () => {}, serve)
