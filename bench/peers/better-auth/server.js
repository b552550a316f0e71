// better-auth over SQLite. It has no refresh token: a session's token stays, and its expiry moves.
//
// 1. `updateAge: 0`: every reading of the session writes the new expiry, durably. By default it does so once a day.
// 2. Its answer carries no signed token, unless BETTER_AUTH_SIGNED=1 turns its `jwt` plugin on (ES256).
// 3. The file is as Rotunda's: WAL, and `synchronous=FULL` on each connection.
// 4. Users are written in one transaction, through its own adapter.
import { existsSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import argon2 from 'argon2'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import { secrets } from './secrets.js'
import { workers } from './workers.js'

const [port, users] = process.argv.slice(2).map(Number)
// Rotunda's: 46 MiB, one pass, one lane.
const HASH = { type: argon2.argon2id, memoryCost: 46 * 1024, timeCost: 1, parallelism: 1 }
const PASSWORD = 'correct horse battery staple'
const isNew = !existsSync('auth.db')

const database = new DatabaseSync('auth.db', { timeout: 5000 })
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: secrets(() => ({ secret: randomBytes(32).toString('hex') })).secret,
  database,
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password) => argon2.hash(password, HASH),
      verify: ({ hash, password }) => argon2.verify(hash, password),
    },
  },
  session: { updateAge: 0 },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  trustedOrigins: ['https://app.example'],
  plugins: process.env.BETTER_AUTH_SIGNED === '1' ? [jwt({ jwks: { keyPairConfig: { alg: 'ES256' } } })] : [],
})

async function prepare() {
  const { runMigrations } = await getMigrations(auth.options)
  await runMigrations()
  if (!isNew) return
  const { internalAdapter } = await auth.$context
  const hash = await argon2.hash(PASSWORD, HASH)
  database.exec('BEGIN')
  for (let n = 0; n < users; n += 1) {
    const user = await internalAdapter.createUser({ email: `user${n}@example.org`, name: `User ${n}`, emailVerified: true })
    await internalAdapter.linkAccount({ userId: user.id, providerId: 'credential', accountId: user.id, password: hash })
  }
  database.exec('COMMIT')
}

await workers(port, prepare, () => createServer(toNodeHandler(auth)).listen(port, '127.0.0.1'))
